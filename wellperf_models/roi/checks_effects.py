"""Checks of effects and of the contrast: which statements a design asks for."""

from __future__ import annotations

import numpy as np

from wellperf_models.evidence import Check, Unanswered
from wellperf_models.roi.checks_balance import (
    arms_alike_at_start,
    attrition_alike,
    background_p,
    negative_controls_unmoved,
    participants_differ_at_start,
)
from wellperf_models.roi.checks_statements import (
    assigned_as_declared,
    design_of_contrast,
    enough_clusters,
    first_stage,
    labels_of,
    randomisation_agrees,
    resting_on,
    several_outcomes,
    smallest_detectable,
    smallest_p,
    support_of,
)
from wellperf_models.roi.designs.checks import (
    channels_apart,
    check_controlled,
    check_roll_out,
    regression_checks,
)
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.rows import Effect, RoiFrame

__all__ = ["check_contrast", "check_effects", "labels_of", "support_of"]


def check_effects(frame: RoiFrame | Unanswered, effects: Effects | Unanswered) -> tuple[Check, ...]:
    """Checks of the comparison, as its design asks; without an effect, only how the programme was assigned.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
    """
    if isinstance(frame, Unanswered):
        return ()
    section = frame.section
    declared = assigned_as_declared(section.design, section.level, frame.assigned_by, frame.assigned_level)
    if isinstance(effects, Unanswered) or effects.no_effect is not None:
        return (declared,)
    if section.design == "staggered":
        return (declared, *check_roll_out(frame, effects), *channels_apart(frame))
    if section.design == "controlled_before_after":
        return (declared, *check_controlled(frame, effects), *channels_apart(frame))
    return (declared, *_by_lot(frame, effects), *channels_apart(frame))


def _by_lot(frame: RoiFrame, effects: Effects) -> list[Check]:
    """Checks of a comparison by lot, beside how it was assigned."""
    labels = labels_of(frame.outcomes)
    treated = _answered(effects, "intention_to_treat")
    before = {labels[n]: e.p_value for n, e in treated.items() if _timing(frame, n) == "before"}
    primary_rows = frame.outcomes[effects.primary]
    alike = arms_alike_at_start(before | background_p(primary_rows, primary_rows.treated))
    lost = attrition_alike(
        {labels[n]: o.assigned for n, o in frame.outcomes.items() if _timing(frame, n) != "before"}
    )
    sizes, assigned = primary_rows.n_units, primary_rows.n_assigned
    checks = [
        resting_on(alike, sum(sizes), min(sizes)),
        resting_on(lost, sum(assigned), min(assigned)),
    ]
    primary = treated.get(effects.primary)
    if primary is not None:
        checks += [
            enough_clusters(primary.n_clusters, smallest_p(primary_rows), frame.section.level),
            randomisation_agrees(primary),
            smallest_detectable(primary, primary_rows.declared.unit),
        ]
    complied = _answered(effects, "compliers")
    weakest = min(
        (e for e in complied.values() if e.first_stage is not None),
        key=lambda e: (e.smallest_side, e.first_stage),
        default=None,
    )
    checks.append(
        first_stage(
            [e.first_stage for e in complied.values() if e.first_stage is not None],
            None if weakest is None else support_of(weakest),
        )
    )
    checks.append(several_outcomes({labels[n]: treated[n].p_value for n in effects.holm_p}))
    controls = {labels[n]: treated[n].p_value for n in frame.negative_controls if n in treated}
    if controls:
        checks.append(resting_on(negative_controls_unmoved(controls), sum(sizes), min(sizes)))
    return checks


def check_contrast(frame: RoiFrame | Unanswered, effects: Effects | Unanswered) -> tuple[Check, ...]:
    """Checks of the contrast: the first one always fails.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
    """
    if isinstance(frame, Unanswered):
        return ()
    if frame.section.design == "staggered":
        # everybody's turn comes: there is no contrast to warn of
        return ()
    design = design_of_contrast(frame.section.design)
    if isinstance(effects, Unanswered):
        return (design,)
    regression = [] if frame.section.design == "randomised" else regression_checks(frame, effects)
    if frame.section.design == "before_after":
        return (design, *regression)
    labels = labels_of(frame.outcomes)
    contrasts = _answered(effects, "contrast")
    before = {labels[n]: e.p_value for n, e in contrasts.items() if _timing(frame, n) == "before"}
    rows = frame.outcomes[effects.primary]
    background: dict[str, float] = {}
    if rows.received is not None:
        chosen = np.isfinite(rows.received)
        if frame.section.design == "randomised":
            chosen &= rows.treated
        background = background_p(rows, rows.received == 1, chosen)
    differ = participants_differ_at_start(before | background)
    sides = [(e.n_people, e.smallest_side) for e in contrasts.values()]
    told = resting_on(differ, *min(sides, key=lambda s: s[1])) if sides else differ
    return (design, told, *(regression if frame.section.design == "participation" else []))


def _answered(effects: Effects, what: str) -> dict[str, Effect]:
    found = {name: getattr(one, what) for name, one in effects.of.items()}
    return {name: effect for name, effect in found.items() if isinstance(effect, Effect)}


def _timing(frame: RoiFrame, name: str) -> str:
    return frame.outcomes[name].declared.timing
