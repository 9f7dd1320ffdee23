"""Evidence `burnout.ladder`: how much of what a model seems to know is leakage."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.ladder.checks import support_of
from wellperf_models.burnout.ladder.findings_tables import overlap_table, rungs_table, without_table
from wellperf_models.burnout.ladder.frame import (
    FORWARD,
    MOST_ROWS,
    PEOPLE,
    RANDOM,
    SITE,
    WITHIN,
    WITHIN_PEOPLE,
)
from wellperf_models.burnout.ladder.model import Climbed, LadderResult, difference
from wellperf_models.burnout.ladder.pairs import pairs_differ
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.scores import Score

_ID = "burnout.ladder"
_AUC = "AUC (0.5 is chance, 1 is perfect order)"
_COIN = "AUC is the chance that a case is ranked above somebody who is none; 0.5 is a coin."
_SAME = "the same {whom} on both sides"
# what each rung no longer forgives, seen from the one above it
_STEPS = {
    (WITHIN, WITHIN_PEOPLE): _SAME,
    (WITHIN, RANDOM): "what is known too late",
    (WITHIN_PEOPLE, PEOPLE): "what is known too late",
    (RANDOM, PEOPLE): _SAME,
    (PEOPLE, FORWARD): "rows of the same and of later waves",
    (FORWARD, SITE): "the same place",
    (PEOPLE, SITE): "the same place",
}


def describe_ladder(
    frame: BurnoutFrame,
    ladder: LadderResult | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on leakage; aggregates only.

    Args:
        frame: The burnout frame.
        ladder: From `climb_ladder`; an `Unanswered` gives an evidence that says why.
        checks: From `check_ladder`.
        provenance: Where the numbers come from.
    """
    question = f"How much of what a model seems to know of {frame.outcome} is leakage?"
    if isinstance(ladder, Unanswered):
        return unanswered(
            _ID, question, ladder, population=frame.population, provenance=provenance, checks=tuple(checks)
        )
    tables = [rungs_table(frame, ladder), overlap_table(frame, ladder)]
    if ladder.without:
        tables.append(without_table(frame, ladder))
    return Evidence(
        id=_ID,
        question=question,
        answer=" ".join(_answer(frame, ladder)),
        estimand=_estimand(frame, ladder),
        population=frame.population,
        design="prediction" if frame.design == "forward" else "cross-section",
        provenance=provenance,
        estimates=tuple(_estimates(ladder)),
        tables=tuple(tables),
        checks=tuple(checks),
        assumptions=("What is declared as known before an answer was known before it.",),
        limits=_limits(frame, ladder),
        members=_any(ladder).scored.members(),
    )


def _any(ladder: LadderResult) -> Climbed:
    return ladder.honest or next(c for c in ladder.climbed.values() if isinstance(c, Climbed))


def _answer(frame: BurnoutFrame, ladder: LadderResult) -> list[str]:
    told = [] if frame.design == "forward" else ["Cross-section only: nothing is forecast."]
    if frame.design == "grouped":
        told.append(plain(frame.why))
    told += _how_much(ladder)
    told += _steps(ladder)
    if not _declared_late(ladder):
        told.append("Nothing is declared as known too late, so how much that would pretend is not shown.")
    not_climbed = [
        f"{plain(rung.label[:1].lower() + rung.label[1:])}: {plain(_reason(found))}"
        for rung in ladder.ladder.rungs
        if isinstance(found := ladder.climbed[rung.name], Unanswered)
        and rung.name not in (WITHIN, WITHIN_PEOPLE)
    ]
    if not_climbed:
        told.append(f"Not climbed – {'; '.join(not_climbed)}.")
    told.append(_COIN)
    return told


def _reason(found: Unanswered) -> str:
    reason = found.reason.rstrip(".")
    return reason[:1].lower() + reason[1:]


def _declared_late(ladder: LadderResult) -> bool:
    return bool(ladder.ladder.late)


def _how_much(ladder: LadderResult) -> list[str]:
    """The plain answer first."""
    honest, top = ladder.honest, ladder.top
    assert top is not None
    label = {rung.name: rung for rung in ladder.ladder.rungs}[top]
    most = f"{plain(label.label[:1].lower() + label.label[1:])}"
    if honest is None:
        why = ladder.climbed[ladder.ladder.honest]
        assert isinstance(why, Unanswered)
        return [
            f"There is no honest score to hold it to: {plain(_reason(why))}. At its most forgiving "
            f"({most}) the order looks like an AUC of {{auc_{top}.estimate}}; how much of that is leakage "
            "these data can't tell."
        ]
    own = ladder.ladder.honest
    if top == own or ladder.climbed[top] is ladder.climbed[own]:
        return [
            f"The model orders people with an AUC of {{auc_{own}.estimate}}, and these data allow no more "
            "forgiving score to compare it with."
        ]
    less = ladder.less.get(top)
    if less is None:
        return [
            f"How much of it is can't be told: the most forgiving score ({most}), an AUC of "
            f"{{auc_{top}.estimate}}, and the honest one ({_honest_words(ladder)}), "
            f"{{auc_{own}.estimate}}, have no pair of people in common."
        ]
    scored = (
        f"Scored at its most forgiving ({most}) the model shows an AUC of {{auc_{top}.estimate}}; scored "
    )
    scored += f"honestly ({_honest_words(ladder)}), {{auc_{own}.estimate}}."
    if pairs_differ(ladder.ladder, top, own):
        scored += " The two compare different pairs of people; the difference is told in those both compare."
    if less.low > 0:
        return [
            "Part of it is: of the {above_a_coin} above a coin that the most forgiving score "
            "shows, {leakage} is gone when nothing is forgiven (95 % interval in the table).",
            scored,
        ]
    return [
        "These data do not show that the model seems to know more than it does: of the {above_a_coin} above "
        "a coin, a difference of {leakage} to the honest score is within chance.",
        scored,
    ]


def _honest_words(ladder: LadderResult) -> str:
    if ladder.ladder.honest == FORWARD:
        return "later waves than the model saw"
    whom = ladder.ladder.whom
    return "people the model has not seen" if whom == "person" else f"no {plain(whom)} the model has seen"


def _steps(ladder: LadderResult) -> list[str]:
    """What each step takes away, in the order of the ladder; what is within chance is only named."""
    steps = _step_scores(ladder)
    if len(steps) < 2:
        return []
    clear = [f"{words} ({{{name}}})" for name, words, score in steps if score.low > 0]
    rest = [words for _, words, score in steps if score.low <= 0]
    told = [f"[What it hangs on, by step: {'; '.join(clear)}.]"] if clear else []
    if rest:
        told.append(f"[Within chance: {'; '.join(rest)}.]")
    return told


def _step_scores(ladder: LadderResult) -> list[tuple[str, str, Score]]:
    """Name, words and size of each step from one climbed rung to the next; late ones first."""
    late = [WITHIN, RANDOM, PEOPLE, FORWARD, SITE]
    path = [n for n in late if isinstance(ladder.climbed.get(n), Climbed)]
    found = []
    for above, below in itertools.pairwise(path):
        one, other = ladder.climbed[above], ladder.climbed[below]
        assert isinstance(one, Climbed)
        assert isinstance(other, Climbed)
        if one is other or (above, below) not in _STEPS:
            continue
        score = difference(ladder.ladder, ladder.climbed, above, below)
        if score is not None:
            whom = ladder.ladder.whom
            words = _STEPS[(above, below)].format(whom="people" if whom == "person" else plain(whom))
            found.append((f"step_{above}_to_{below}", words, score))
    return found


def _estimates(ladder: LadderResult) -> list[Estimate]:
    made = []
    for rung in ladder.ladder.rungs:
        found = ladder.climbed[rung.name]
        if isinstance(found, Climbed):
            made.append(found.auc.estimate(f"auc_{rung.name}", f"AUC: {rung.label}", _AUC, support_of(found)))
    top, honest = ladder.top, ladder.honest
    assert top is not None
    first = ladder.climbed[top]
    assert isinstance(first, Climbed)
    support = support_of(first)
    above = Score(
        value=first.auc.value - 0.5,
        std_error=first.auc.std_error,
        low=first.auc.low - 0.5,
        high=first.auc.high - 0.5,
    )
    made.append(above.estimate("above_a_coin", "most forgiving AUC, above a coin", "AUC", support))
    if honest is not None and top in ladder.less and first is not honest:
        label = "most forgiving AUC less the honest one"
        made.append(ladder.less[top].estimate("leakage", label, "AUC", support))
    for name, words, score in _step_scores(ladder):
        made.append(score.estimate(name, f"AUC that goes with {words}", "AUC", support))
    return made


def _estimand(frame: BurnoutFrame, ladder: LadderResult) -> str:
    where = "of the newest waves" if ladder.ladder.honest == FORWARD else "of all waves"
    return (
        f"AUC of the same ridge logistic on every rung, for the answers {where}, which no rung trains on in "
        f"the fold that scores them; a case is {frame.case}. Pairs are compared within what one fitted model "
        f"scored, and two rungs in pairs that both compare where those differ in kind. "
        f"Predictors: {plain(frame.name_of(ladder.ladder.model))}"
        + (", and the last score." if frame.answers.last is not None else ".")
    )


def _limits(frame: BurnoutFrame, ladder: LadderResult) -> tuple[str, ...]:
    limits = [
        "The rungs show leaks that are declared or built into a split. A leak nobody declared is found only "
        "where it is coarse: see the checks.",
        "Intervals are over the independent units with the fitted models as they are; they leave out what "
        "refitting on other people would change.",
        "An order of groups, not a forecast for a person; an association, not an effect.",
    ]
    if ladder.ladder.frame is not frame:
        limits.append(
            f"Climbed on a random sample of people with at most {MOST_ROWS:,} answers, so the honest AUC may "
            "differ from that of the forecast by chance."
        )
    if why := tuple(dict.fromkeys(ladder.ladder.same.values())):
        limits += why
    if PEOPLE not in ladder.ladder.same and pairs_differ(ladder.ladder, RANDOM, PEOPLE):
        limits.append(
            f"Grouped folds hold few groups (by {plain(ladder.ladder.whom)}), so their pairs are more alike "
            "than pairs at random: differences between rungs are told in pairs that both compare, not "
            "always those of the two figures."
        )
    if isinstance(ladder.climbed.get(SITE), Climbed):
        limits.append("Few places: that the model holds in places nobody has seen is not shown by them.")
    if frame.design != "forward":
        limits.append(plain(frame.why) + " What people will answer next time can't be judged from this.")
    return tuple(limits)
