"""Evidence `burnout.use`: what acting on a predicted risk is worth, and how firm risk and cut-off are."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.use.checks import agree, what_is_judged
from wellperf_models.burnout.use.cut_offs import AtCutOff
from wellperf_models.burnout.use.decision import AtThreshold, Decision
from wellperf_models.burnout.use.findings_estimates import estimates_of, name_of
from wellperf_models.burnout.use.findings_tables import tables_of
from wellperf_models.burnout.use.intervals import Intervals
from wellperf_models.burnout.use.measured import Measured
from wellperf_models.burnout.use.model import Use
from wellperf_models.burnout.use.trust import Recalibrated
from wellperf_models.evidence import Check, Evidence, Provenance, Unanswered, plain, unanswered
from wellperf_models.inference.calibration_error import CalibrationError
from wellperf_models.inference.scores import Score


def judge_use(
    frame: BurnoutFrame, use: Use | Unanswered, checks: Sequence[Check], *, provenance: Provenance
) -> Evidence:
    """Builds the evidence on what a predicted risk is good for; aggregates only.

    Args:
        frame: The burnout frame.
        use: From `fit_use`; an `Unanswered` gives an evidence that says why.
        checks: From `check_use`.
        provenance: Where the numbers come from.
    """
    question = (
        f"Would acting on a predicted risk of a case of {frame.outcome} be worth more than acting without "
        "one, and how firm are risk and cut-off?"
    )
    if isinstance(use, Unanswered):
        return unanswered("burnout.use", question, use, population=frame.population, provenance=provenance)
    return Evidence(
        id="burnout.use",
        question=question,
        answer=_answer(frame, use),
        estimand=_estimand(frame, use),
        population=frame.population,
        design="prediction" if frame.design == "forward" else "cross-section",
        provenance=provenance,
        estimates=estimates_of(use),
        tables=tables_of(frame, use),
        checks=tuple(checks),
        assumptions=_assumptions(frame, use),
        limits=_limits(frame, use),
        members=use.forecasts.scored.members(),
    )


def _answer(frame: BurnoutFrame, use: Use) -> str:
    name = f"“{plain(frame.name_of(use.chosen.name))}”"
    told = [] if frame.design == "forward" else ["Cross-section only: nothing is forecast."]
    told += _decision_words(frame, use, name)
    told += _trust_words(use)
    told += _interval_words(frame, use)
    told += _measured_words(frame, use)
    told += _cut_off_words(use)
    return " ".join(told)


def _decision_words(frame: BurnoutFrame, use: Use, name: str) -> list[str]:
    if isinstance(use.decision, Unanswered):
        reason = plain(use.decision.reason)
        return [f"Whether acting on a risk would help is not judged: {reason[:1].lower()}{reason[1:]}"]
    points = told_at(frame, use.decision)
    if not points:
        return ["Whether acting on a risk would help can't be told: too few people are on one side of it."]
    default, last = _against_default(points, name), _against_last(points)
    gains = any(p.over_last is not None and p.over_last.low > 0 for p in points)
    # where nothing is gained over the last score alone, that comes first
    return [*default, *last] if gains else [*last, *default]


def told_at(frame: BurnoutFrame, decision: Decision) -> list[AtThreshold]:
    """Declared thresholds with enough people on both sides, and enough between them."""
    return [p for p in decision.declared if frame.in_full or p.fewest >= frame.min_group_size]


def _against_default(points: Sequence[AtThreshold], name: str) -> list[str]:
    """Against acting on everybody, and on nobody."""
    good = [p for p in points if p.model.low > 0 and p.over_everybody.low > 0]
    what = f"acting on the risks of {name} is worth more than acting on everybody or on nobody"
    if len(good) == len(points):
        first = f"Yes, {what}" + ("" if len(points) == 1 else " at every threshold told")
    elif good:
        first = f"Only at some thresholds (a risk of {_listed(good)}) do these data show that {what}"
    else:
        first = f"These data do not show that {what}"
    numbers = ", ".join(
        f"{{{name_of('net_benefit', p.threshold)}.estimate}} at {p.threshold:g}" for p in points
    )
    unit = "cases per 100 answers, needless actions deducted at their price"
    return [f"[{first}: {numbers} ({unit}).]"]


def _against_last(points: Sequence[AtThreshold]) -> list[str]:
    """Against acting on the last score alone: a sentence for each verdict."""
    found: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for point in points:
        if point.over_last is not None:
            number = f"{{{name_of('gain_last', point.threshold)}.estimate}} at {point.threshold:g}"
            found[_verdict(point.over_last)].append(number)
    what = {
        1: "Acting on the model rather than on the last score alone finds more",
        -1: "Acting on the model is worth less than acting on the last score alone",
        0: "These data do not show a gain over acting on the last score alone",
    }
    return [f"[{what[state]}: {', '.join(numbers)}.]" for state, numbers in found.items() if numbers]


def _verdict(gain: Score) -> int:
    return int(gain.low > 0) - int(gain.high < 0)


def _listed(points: Sequence[AtThreshold]) -> str:
    return ", ".join(f"{p.threshold:g}" for p in points)


def _trust_words(use: Use) -> list[str]:
    told = []
    found = use.recalibrated
    if isinstance(found, Recalibrated):
        if found.brier_change.high < 0:
            told.append("Setting risks right by an earlier wave would have made them better.")
        elif found.brier_change.low > 0:
            told.append("Setting risks right by an earlier wave would have made them worse.")
    return told


def _interval_words(frame: BurnoutFrame, use: Use) -> list[str]:
    if not isinstance(use.intervals, Intervals):
        return []
    asked = f"{100 * use.intervals.nominal:g} in 100"
    what = "The next score of somebody" if frame.design == "forward" else "The score of somebody else"
    return [
        f"[{what} is foretold within ± {{interval_half_width}} points (± {{interval_half_width_blind}} for "
        f"who knows nothing of them): {{interval_coverage.estimate}} fell inside, {asked} were asked for.]"
    ]


def _measured_words(frame: BurnoutFrame, use: Use) -> list[str]:
    if not isinstance(use.measured, Measured):
        return []
    return [
        "[The score itself is measured with error: {near_cut_off.estimate} of the answers are so near to the "
        "cut-off that this alone could put them on the other side.]",
    ]


def _cut_off_words(use: Use) -> list[str]:
    answered = [a for a in use.cut_offs.values() if isinstance(a, AtCutOff)]
    if len(answered) < 2:
        return []
    what = what_is_judged(answered[0])
    words = {
        True: f"Whether the model {what} does not hang on the cut-off: it is the same at every one tried.",
        None: f"That the model {what} shows at some cut-offs and not at others, which may be chance.",
        False: f"Whether the model {what} hangs on the cut-off: see the table.",
    }
    return [words[agree(answered)]]


def _estimand(frame: BurnoutFrame, use: Use) -> str:
    model = f"“{frame.name_of(use.chosen.name)}”"
    return (
        f"Net benefit of acting on answers that {model} gives a risk at or above a threshold t: the share "
        "that is acted on and a case, less the share acted on needlessly at t / (1 − t) each; for answers it "
        f"has not seen. A case is {frame.case}."
    )


def _assumptions(frame: BurnoutFrame, use: Use) -> tuple[str, ...]:
    found = [
        "The next waves resemble those observed."
        if frame.design == "forward"
        else "Who answered is like who did not, given the predictors."
    ]
    if isinstance(use.decision, Decision):
        found.append(
            "A threshold says what a missed case is worth: at 0.2 as much as four needless actions. That an "
            "action helps, and harms nobody, is taken as given."
        )
    if isinstance(use.measured, Measured):
        found.append(
            f"Reliability: {plain(use.measured.reliability.source)}. True scores and errors are taken as "
            "normal, errors as equally large for everybody; what changes from day to day counts as true."
        )
    return tuple(found)


def _limits(frame: BurnoutFrame, use: Use) -> tuple[str, ...]:
    limits = [
        "For offers to groups only: nobody's own risk is shown, and none may be used to decide on anyone.",
        "A net benefit counts cases that would be reached, not cases that would be avoided: whether an offer "
        "helps is another question.",
    ]
    if during := [frame.label_of(c) for c in frame.during[use.chosen.name]]:
        limits.append(
            f"Asked in the same questionnaire as the outcome: {plain(', '.join(during))}. Nobody would know "
            f"them "
            "before acting."
        )
    if isinstance(use.decision, Decision):
        told = told_at(frame, use.decision)
        hidden = [p for p in use.decision.declared if p not in told]
        if hidden:
            limits.append(
                f"Not told at a threshold of {_listed(hidden)}: too few people are on one side of it."
            )
    if isinstance(use.decision, Decision) and len(use.decision.declared) > 1:
        limits.append("Each interval is for its threshold alone; with several, one may miss by chance.")
    if not frame.time_split:
        limits.append(
            "Intervals of net benefits are over repeated folds; those of calibration and of coverage take "
            "the fitted models as they are."
        )
    if isinstance(use.error, CalibrationError):
        limits.append(
            "A mean distance of shares is never below 0 and so biased upwards; the one told is corrected for "
            "it, over groups of predicted risk, and hides what differs within them."
        )
    if isinstance(use.intervals, Intervals):
        limits.append(
            "Intervals for scores are as wide for everybody, before they are cut at the ends of the scale."
        )
    limits += [
        f"Not told: {plain(part.reason)}"
        for part in (use.error, use.recalibrated, use.intervals, use.measured)
        if isinstance(part, Unanswered)
    ]
    missing = [f"{cut:g}" for cut, a in use.cut_offs.items() if isinstance(a, Unanswered)]
    if missing:
        limits.append(f"Not told at a cut-off of {', '.join(missing)}: too few cases, or too few others.")
    return tuple(limits)
