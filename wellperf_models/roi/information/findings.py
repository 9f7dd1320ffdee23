"""Evidence `roi.information`: what knowing more before deciding would be worth, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.disclosure.wording import print_whole
from wellperf_models.evidence import Check, Estimate, Evidence, Provenance, Support, Unanswered, unanswered
from wellperf_models.inference.value_of_information import Gain
from wellperf_models.roi.findings_decision import doubts_of, money_unit, support_of_decision
from wellperf_models.roi.information.advice import Advice, advise, trials_of
from wellperf_models.roi.information.findings_tables import level_of, tables_of
from wellperf_models.roi.information.results import BY_TRIAL, Information, Trial, UnderPrior
from wellperf_models.roi.prior_words import BELIEF
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.study import Decision

_QUESTION = (
    "Fund it, stop it, run a trial, or measure something else first: what would knowing more be worth?"
)


def judge_information(
    frame: RoiFrame | Unanswered,
    information: Information | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on the value of information; aggregates only.

    Args:
        frame: The return frame.
        information: From `fit_information`; an `Unanswered` gives an evidence that says why.
        checks: From `check_information`.
        provenance: Where the numbers come from.
    """
    if isinstance(frame, Unanswered):
        return unanswered("roi.information", _QUESTION, frame, population="", provenance=provenance)
    if isinstance(information, Unanswered):
        return unanswered(
            "roi.information",
            _QUESTION,
            information,
            population=getattr(frame, "population", ""),
            provenance=provenance,
            checks=tuple(checks),
        )
    declared = frame.section.decision
    assert declared is not None
    doubts = doubts_of(frame, information.effects)
    advice = advise(information, doubts)
    support = support_of_decision(information.decision)
    return Evidence(
        id="roi.information",
        question=_QUESTION,
        answer=_answer(frame, information, advice, doubts),
        estimand=_estimand(information),
        population=frame.population,
        design=frame.section.design.replace("_", " "),
        provenance=provenance,
        estimates=_estimates(frame, information, advice, support),
        tables=tables_of(frame, information, support),
        checks=tuple(checks),
        assumptions=_assumptions(frame, information, declared),
        limits=_limits(frame, information),
        members=support.members,
    )


def _answer(frame: RoiFrame, information: Information, advice: Advice, doubts: Sequence[str]) -> str:
    unit = money_unit(information.decision)[1]
    told = [_verdict(frame, information, advice)]
    if doubts and information.decision.answer != "undecided":
        told.append(f"By the probabilities alone the rule says more, but {' and '.join(doubts)}.")
    told += _trial_words(frame, information, advice, unit)
    whole = _by_prior(information, "evpi", unit)
    told.append(
        f"[Knowing everything that is unknown before deciding would be worth {whole}: no study, of whatever "
        "kind, can be worth more.]"
    )
    if advice.most is not None:
        part, name = _by_prior(information, "evppi", unit), advice.most.label
        told.append(f"[What is worth most to know by itself is “{name}”: {part}.]")
    told.append(_rule(information))
    return " ".join(told)


def _by_prior(information: Information, name: str, unit: str) -> str:
    """The same number under each set of priors, in a sentence."""
    return " and ".join(f"{{{name}_{p}.estimate}} {unit} {BELIEF[p]}" for p in information.under)


def _verdict(frame: RoiFrame, information: Information, advice: Advice) -> str:
    """The answer itself, first."""
    if advice.verdict in ("fund", "stop"):
        first = "Fund it" if advice.verdict == "fund" else "Stop it"
        if advice.pays:
            return (
                f"{first}, as the declared rule says: it is sure enough. On average a trial would still be "
                "worth more than it costs, as the little doubt that is left is about much money."
            )
        if advice.group is not None:
            what = _lower(advice.group.label)
            return (
                f"{first}, as the declared rule says: it is sure enough. Knowing more could still change "
                f"that choice, if it can be had for less than it is worth (told below): {what}."
            )
        return f"{first}; nothing is worth measuring first: what is known is enough to decide."
    if advice.verdict == "pilot":
        assert advice.trial is not None
        words = _words(frame, information, advice.trial)
        return f"Run a trial first, with {words}: it is worth more than it costs."
    if advice.verdict == "measure":
        assert advice.group is not None
        what = _lower(advice.group.label)
        again = ", by a further trial," if advice.group.kind in BY_TRIAL else ""
        return f"Measure this first{again} if it can be had for less than it is worth: {what}."
    return _enough(list(information.under.values()))


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def _enough(sets: Sequence[UnderPrior]) -> str:
    """The rule leaves it undecided, and nothing that could be measured is worth what it costs."""
    gains = {under.mean > 0 for under in sets}
    if gains == {False}:
        return (
            "Leave it, and do not measure more: on average it costs more than it returns, and being surer "
            "would cost more than it could bring. (The declared probabilities alone leave it undecided.)"
        )
    average = (
        "on average it returns more than it costs, though not surely enough for that rule"
        if gains == {True}
        else "whether it returns more than it costs on average depends on what one believed beforehand"
    )
    return (
        "Do not measure more: being surer would cost more than it could bring. The declared rule is not sure "
        f"enough for “fund” or “stop”; {average}."
    )


def _words(frame: RoiFrame, information: Information, place: int) -> str:
    return _trial(information, place).words(level_of(frame))


def _trial(information: Information, place: int) -> Trial:
    return trials_of(next(iter(information.under.values())))[place].trial


def _trial_words(frame: RoiFrame, information: Information, advice: Advice, unit: str) -> list[str]:
    if advice.trial is None:
        trials = next(iter(information.under.values())).trials
        assert isinstance(trials, Unanswered)
        return ["What a trial would be worth is not told: " + trials.reason[:1].lower() + trials.reason[1:]]
    words = _words(frame, information, advice.trial)
    net = _by_prior(information, "enbs", unit)
    if advice.pays:
        return [f"[What it is expected to bring, less what it costs and what waiting loses, is {net}.]"]
    return [
        f"[Of the trials declared, the best, with {words}, would be expected to bring {net}, its cost and "
        "what waiting loses taken off: that does not pay under every belief that judges.]"
    ]


def _rule(information: Information) -> str:
    every = "" if len(information.under) == 1 else " whatever one believed beforehand"
    return (
        "The rule: fund and stop as the declared probabilities say; otherwise a trial that is expected to "
        f"bring more than it costs{every}; otherwise what no trial tells, if knowing it is worth at least a "
        "tenth of knowing everything."
    )


def _estimand(information: Information) -> str:
    return (
        f"In {information.decision.currency}, for everybody the decision is about: by how much the expected "
        "net present value of the better choice (fund, or do not) would grow if something unknown were "
        "known before choosing. Everything known: the expected value of perfect information (EVPI). One "
        "group of unknowns known: that of partial perfect information (EVPPI). What a trial would tell: that "
        "of sample information (EVSI); less its cost and what waiting loses: the expected net benefit of "
        "sampling (ENBS)."
    )


def _estimates(
    frame: RoiFrame, information: Information, advice: Advice, support: Support
) -> tuple[Estimate, ...]:
    divisor, unit = money_unit(information.decision)
    found = []

    def add(name: str, label: str, value: float, error: float) -> None:
        error = max(error / divisor, 1e-12)
        found.append(
            Estimate(
                name=name,
                label=label,
                value=value / divisor,
                unit=unit,
                support=support,
                se=error,
                computation="sampled",
                monte_carlo_error=error,
            )
        )

    for prior, under in information.under.items():
        by = BELIEF[prior]
        add(f"evpi_{prior}", f"Value of knowing everything (EVPI), {by}", *_pair(under.perfect))
        add(
            f"mean_npv_{prior}",
            f"Expected net present value of funding it now, {by}",
            under.mean,
            under.mean_error,
        )
        for group, gain in under.groups:
            if group == advice.most:
                add(f"evppi_{prior}", f"Value of knowing (EVPPI): {group.label}, {by}", *_pair(gain))
        if advice.trial is not None:
            one = trials_of(under)[advice.trial]
            words = one.trial.words(level_of(frame))
            add(f"evsi_{prior}", f"Value of what a trial with {words} tells (EVSI), {by}", *_pair(one.gain))
            label = f"Expected net benefit of a trial with {words} (ENBS), {by}"
            add(f"enbs_{prior}", label, one.net, one.net_error)
    return tuple(found)


def _pair(gain: Gain) -> tuple[float, float]:
    return gain.value, gain.std_error


def _assumptions(frame: RoiFrame, information: Information, declared: Decision) -> tuple[str, ...]:
    under = next(iter(information.under.values()))
    found = [
        "The choice is to fund the programme for everybody the decision is about, or not to; who is to "
        "decide minds money, and not how surely it comes.",
        f"Values rest on {print_whole(under.perfect.choice.size)} draws of the decision itself, worth about "
        f"{_hundreds(information)} independent ones. What would be known on "
        "average given a part is a regression on it (penalised splines; Strong and others 2014, 2015). The "
        "“±” of a table is 1.96 times the simulation error, that of the regression included.",
        "Where a number is moved to the ends of its 95 % interval, all others are at their middle (median).",
    ]
    if trials_of(under):
        assert frame.section.pilot is not None
        delay = frame.section.pilot.delay_years
        found += [
            "A trial is by lot, in equal halves, of the same people, programme and outcomes, everybody "
            "measured; outcomes vary as the table of spreads says, and that is taken to be known.",
            "Those offered the programme in a trial get it at once, at the same cost a head; all others only "
            f"after {delay:g} year(s), if what was learnt says so. The years counted end when they would "
            "have ended without a trial, so each year of waiting loses a year of what the programme brings.",
        ]
    return tuple(found)


def _hundreds(information: Information) -> str:
    """Independent draws that those of the worst set of priors are worth."""
    fewest = min(under.n_effective for under in information.under.values())
    return f"{max(round(fewest, -2), 100):,.0f}"


def _limits(frame: RoiFrame, information: Information) -> tuple[str, ...]:
    found = [
        "It is the value to this decision alone: others may learn from it too.",
        "What something would cost to find out is known for the declared trials only; a value of knowing it "
        "is the most that finding it out may cost.",
        "What is not in the net present value has no value here either.",
    ]
    found += [f"Declared, but it can't be run: a trial with {words}." for words in information.impossible]
    return tuple(found)
