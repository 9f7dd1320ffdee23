"""What the findings say of the pillar on returns."""

from __future__ import annotations

from wellperf_models.evidence import plain
from wellperf_models.method_check.words import Words
from wellperf_models.roi import OutcomeRows, RoiFrame
from wellperf_models.roi.findings_words import unit_of, unit_words

_VERDICTS = (
    "A programme that changes nothing would have been funded in {funded_nothing.estimate}; one that works as "
    "hoped for (the optimistic set of priors; after its costs it is worth {worth_if_it_works} CURRENCY "
    "today), in {funded_works.estimate}.",
    "Of programmes drawn from what is believed beforehand (the BELIEVED set of priors), {do_pay.estimate} "
    "pay; the probabilities told of them came to {said_to_pay.estimate} on average.",
)


def words_of_returns(
    frame: RoiFrame, planted: str, rows: OutcomeRows, believed: str | None, share: float
) -> Words:
    """Words of the pillar on returns.

    Args:
        frame: The return frame.
        planted: Label of the primary outcome.
        rows: Its rows.
        believed: Set of priors that effects are drawn from; None where no decision could be tried.
        share: Of the study's rows that were simulated.
    """
    what, unit, level = plain(planted), unit_words(rows), frame.section.level
    told = (
        ()
        if believed is None
        else tuple(s.replace("BELIEVED", believed).replace("CURRENCY", frame.currency) for s in _VERDICTS)
    )
    return Words(
        estimand="How far the estimated change by the offer lies from the truth on average, how often its "
        "95 % interval holds it, how often the first outcome is said to have changed, and what the decision "
        f"rule says, over simulated trials with the units, weights and lots (by {level}) of this one, in "
        "which the lots are drawn again and every outcome is drawn anew from how its values are spread here "
        "and how much those who were assigned together are alike.",
        alarm=f"Where nothing was there, it said in {{false_alarms.estimate}} that “{what}” had changed.",
        alarm_label=f"simulated trials without any change in which one was found: {what}",
        found=f"A change in “{what}” of {{planted_gain}} {unit}, as is hoped for (the optimistic set of "
        "priors), it found in {effect_found.estimate}.",
        found_label=f"simulated trials in which the planted change was found: {what}",
        detectable=f"A change in “{what}” of {{detectable}} {unit} or more, to either side, would have "
        "been found in 8 of 10.",
        detectable_label=f"smallest change in “{what}” found in 8 of 10: of the offer",
        unit=unit_of(rows),
        detectable_column="Smallest change found in 8 of 10",
        ratio=False,
        no_gain=0.0,
        no_claims="the programme",
        more=told,
        assumptions=(
            "What is offered changes the mean of an outcome by the same in everybody.",
            "Outcomes do not go together but through the programme, and whoever is not measured is so by "
            "chance.",
            "What was known before goes with an outcome in a straight line.",
        ),
        limits=_limits(frame, believed, share),
    )


def _limits(frame: RoiFrame, believed: str | None, share: float) -> tuple[str, ...]:
    limits = [
        "In a simulated trial the lots are lots. Arms that were unlike from the start, people who were lost "
        "from one of them, or amounts of money that are wrong, can't show here: other checks look for them.",
        "Found means: the 95 % interval of the first outcome excludes no change, and where few were assigned "
        "drawing the lots again confirms it. The effect of taking part, and outcomes measured before, are "
        "not tried here.",
    ]
    if frame.section.design != "randomised":
        limits.append(
            "In the simulated trials it is chance who got the programme, or when, and without it all would "
            "have gone the same way. What a comparison without lots may be off by can't show here; the "
            "decision allows for it as far as is declared."
        )
    if believed is not None:
        limits.append(
            "Probabilities are computed from each trial's estimate and its error. Where the page models an "
            "outcome in another way (counts, yes or no), its probabilities may differ a little from these."
        )
    if share < 1:
        limits.append(
            "What is found in the part that was tried is told of the whole: errors of the part, made smaller "
            "by the root of its share."
        )
    if frame.not_measured:
        limits.append("Outcomes that could not be used are not tried.")
    return tuple(limits)
