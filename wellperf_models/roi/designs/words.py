"""Words of designs that are not lots by arm: every effect is told with what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.evidence import Check, plain
from wellperf_models.roi.findings_words import programme_of
from wellperf_models.roi.rows import RoiFrame

# checks after which a difference is no longer told as what the programme did
_UNDERMINES = {
    "no_effect_before_start": "already before it began, those who got it moved away from the others",
    "no_regression_to_the_mean": "those who got it seem to have been picked for doing badly just before, "
    "and such people do better by themselves",
    "negative_controls_unmoved": "something it cannot have changed did change too",
}


def design_words(frame: RoiFrame) -> str:
    """The design of the evidence."""
    return {
        "staggered": "roll-out at different times",
        "controlled_before_after": "before and after with a comparison group, not by lot",
    }.get(frame.section.design, "randomised")


def short_label(frame: RoiFrame) -> str:
    """What the difference is, in a column head or beside an estimate."""
    return {
        "staggered": "change in the first year after the start",
        "controlled_before_after": "change beyond that of the comparison group",
    }.get(frame.section.design, "change by the offer")


def condition(frame: RoiFrame) -> str:
    """What has to hold for the difference to be an effect; "" where lots decided."""
    if frame.by_lot:
        return ""
    if frame.section.design == "staggered":
        return "If those who had not started yet show how the others would have gone on"
    return "If the comparison group shows how the others would have gone on"


def undermined(frame: RoiFrame, checks: Sequence[Check]) -> str:
    """Why the difference is not told as an effect after all; "" where nothing speaks against it."""
    if frame.section.design == "randomised":
        return ""
    failed = [_UNDERMINES[c.name] for c in checks if c.passed is False and c.name in _UNDERMINES]
    return ", and ".join(failed)


def changed(frame: RoiFrame, checks: Sequence[Check], label: str, number: str) -> str:
    """The first sentence of the answer.

    Args:
        frame: The return frame.
        checks: From `check_effects`.
        label: Of the outcome, plain.
        number: The number with its unit, as a template.
    """
    programme = programme_of(frame)
    if why := undermined(frame, checks):
        return (
            f"These data do not show what {programme} changed: {why}. The difference found in “{label}” is "
            f"{number}."
        )
    within = {
        "staggered": ", in the first year after it began",
        "controlled_before_after": ", compared with those who did not get it",
    }.get(frame.section.design, "")
    doing = "Offering " if frame.section.design == "randomised" else ""
    if told := condition(frame):
        return f"{told} (parallel trends), {programme} changed “{label}” by {number}{within}."
    start = f"{doing}{programme}" if doing else f"Starting {programme}"
    return f"{start} changed “{label}” by {number}{within}."


def estimand(frame: RoiFrame) -> str:
    """The estimand of a design that is not lots by arm."""
    level = frame.section.level
    if frame.section.design == "staggered":
        rests = (
            "Starting times were drawn by lot."
            if frame.by_lot
            else "It is an effect if, without the programme, those who started would have changed as those "
            "who had not started yet did (parallel trends)."
        )
        return (
            f"Mean difference, over every {level} and period in the first year after its start, between the "
            f"outcome and what it would have been without the programme, imputed from {level}s not yet "
            f"treated (Borusyak, Jaravel & Spiess 2024); weighted by people or their exposure. {rests}"
        )
    return (
        "Change of the outcome from before to after in those assigned to "
        f"“{plain(frame.section.treated)}” less the change in the comparison group "
        f"“{plain(frame.section.control or '')}”, in those measured at both times. It is an effect if, "
        "without the programme, both groups would have changed alike (parallel trends)."
    )


def assumptions(frame: RoiFrame) -> tuple[str, ...]:
    """What must hold, where lots did not decide by arm."""
    level = frame.section.level
    shared = (
        f"What was assigned is the {level}, as declared; errors are at that level.",
        "What one gets does not change the outcomes of another who was assigned apart.",
        "Outcomes were measured alike at all times and in everybody.",
    )
    trends = (
        "Starting times were drawn by lot, as recorded."
        if frame.by_lot
        else "Parallel trends: without the programme, those who got it would have changed as those they are "
        "compared with did. It is assumed: data from before can speak against it, and never prove it."
    )
    if frame.section.design == "staggered":
        return (
            trends,
            "Nobody changed because the programme was about to begin (no anticipation).",
            "Once started, it goes on.",
            *shared,
        )
    return (
        trends,
        "Those who got it were not picked for a bad value just before (regression to the mean is checked).",
        *shared,
    )


def limits(frame: RoiFrame) -> tuple[str, ...]:
    """What the answer does not show."""
    level = frame.section.level
    doubt = (
        ()
        if frame.by_lot
        else (
            "Nobody drew lots: this is weaker than a trial, and how far it may mislead beyond its interval "
            "is believed beforehand and told in a table.",
        )
    )
    own = {
        "staggered": (
            "Only times at which somebody had not started yet are compared: what the programme does once all "
            "have it, these data do not say.",
            "Effects may differ by starting time and grow or fade with time: the tables tell them apart.",
        ),
        "controlled_before_after": (
            "Those who were measured only once do not enter.",
            "What happened to one of the groups alone in that time, besides the programme, is in the number.",
        ),
    }
    made = any(rows.declared.measured_in != "outcomes" for rows in frame.outcomes.values())
    moved = (
        f"Who changed {level} counts in each month with the one held then: people who move because of the "
        "programme are in the number.",
    )
    open_groups = moved if made and level != "person" and frame.section.design == "staggered" else ()
    return (*doubt, *own.get(frame.section.design, ()), *open_groups)
