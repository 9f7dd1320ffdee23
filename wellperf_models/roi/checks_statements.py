"""Statements about a comparison that can fail; each takes what it judges: a test can plant a fault."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check, Support, plain
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.randomisation import log_ways
from wellperf_models.roi.checks_balance import ALPHA
from wellperf_models.roi.comparison import MIN_CLUSTERS
from wellperf_models.roi.lots import LEVELS
from wellperf_models.roi.model_effects import MIN_FIRST_STAGE, NOT_BY_LOT
from wellperf_models.roi.rows import Effect, OutcomeRows

# an effect 2.8 standard errors away is found four times in five
_POWER = 0.8
# twice the Monte Carlo error of a randomisation test at the line
_NEAR_THE_LINE = 0.01


def labels_of(outcomes: Mapping[str, OutcomeRows]) -> dict[str, str]:
    """Outcome → what a reader sees, each different."""
    labels: dict[str, str] = {}
    for name, rows in outcomes.items():
        label = rows.declared.label or name.replace("_", " ")
        labels[name] = f"{label} ({name})" if label in labels.values() else label
    return labels


def resting_on(check: Check, n_people: int, smallest_side: int) -> Check:
    """The check with what its p rests on: of too few it keeps the verdict only."""
    support = Support(n_people=n_people, smallest_level=smallest_side)
    return check if check.value is None else replace(check, support=support)


def design_of_contrast(design: str) -> Check:
    """A contrast is no effect, whatever its number: it fails always."""
    if design == "before_after":
        why = (
            "After against before in one group: whatever else changed in that time is in the difference, and "
            "people picked because they were doing badly do better by themselves."
        )
    else:
        why = (
            "People chose whether to take part. Those who do are other people than those who do not, before "
            "any programme: the difference between them is not what the programme did, whatever its number."
        )
    return Check(name="design_of_contrast", passed=False, text=why, computation="exact")


def assigned_as_declared(
    design: str, level: str, assigned_by: Sequence[str], assigned_level: Sequence[str]
) -> Check:
    """What the programme's owner recorded agrees with what the study file says."""
    name = "assigned_as_declared"
    if not assigned_by:
        text = (
            "The table programmes says nothing of it: how units came to their arm is the study's declaration."
        )
        return Check(name=name, passed=None, text=text, computation="exact")
    told = ", ".join(assigned_by).replace("_", " ")
    by_lot = design == "randomised"
    coarser = [v for v in assigned_level if LEVELS.index(v) > LEVELS.index(level)]
    if by_lot and (NOT_BY_LOT.intersection(assigned_by) or coarser):
        said = told if NOT_BY_LOT.intersection(assigned_by) else f"by {coarser[0]}, not by {level}"
        text = f"The study says lots were drawn by {level}; the table programmes says: {said}."
        return Check(name=name, passed=False, text=text, computation="exact")
    if by_lot and "randomised" not in assigned_by:
        text = f"The table programmes says: {told}. Whether by lot it does not say."
        return Check(name=name, passed=None, text=text, computation="exact")
    text = f"The study file and the table programmes agree on how the programme was assigned ({told})."
    return Check(name=name, passed=True, text=text, computation="exact")


def smallest_p(rows: OutcomeRows) -> float:
    """The smallest two-sided p that the lots themselves allow: few clusters can fall in few ways only."""
    codes, first = np.unique(rows.cluster, return_index=True)
    arm = rows.treated[first].astype(float)
    blocks = np.zeros(codes.size, np.int64) if rows.block is None else rows.block[first]
    # exchanging the arms gives the same difference with the other sign, where both have as many
    mirrored = all(arm[blocks == b].sum() * 2 == np.sum(blocks == b) for b in np.unique(blocks))
    return min(1.0, (2 if mirrored else 1) * math.exp(-log_ways(arm, blocks)))


def enough_clusters(n_clusters: int | None, smallest: float, level: str) -> Check:
    """Enough was assigned for chance to be judged; below 40 by methods made for few."""
    name = "enough_clusters"
    if n_clusters is None:
        text = "Lots were drawn one by one among many, so chance is judged by ordinary errors (HC1)."
        return Check(name=name, passed=True, text=text, computation="exact")
    unit = {"person": "people"}.get(level, f"{level}s")
    count = float(floor_count(n_clusters))
    if smallest > ALPHA:
        return Check(
            name=name,
            passed=False,
            value=count,
            threshold=float(MIN_CLUSTERS),
            text=f"So few {unit} were assigned that no way the lots could fall would be surprising: nothing "
            "can be concluded from a test at 5 %.",
            computation="exact",
        )
    few = n_clusters < MIN_CLUSTERS
    return Check(
        name=name,
        passed=None if few else True,
        value=count,
        threshold=float(MIN_CLUSTERS),
        text=f"At least {{value}} {unit} were assigned, fewer than {{threshold}}: errors are those made for "
        "few (CR2 with Satterthwaite's degrees of freedom), and the lots are drawn again as a test."
        if few
        else f"At least {{value}} {unit} were assigned, and errors are at their level (CR2; enough from "
        "{threshold}).",
        computation="exact",
    )


def randomisation_agrees(effect: Effect) -> Check:
    """With few clusters, the error and the lots themselves come to the same verdict at 5 %."""
    name = "randomisation_agrees"
    p = effect.randomisation_p
    if p is None:
        text = "Enough was assigned for errors to be trusted: the lots were not drawn again."
        return Check(name=name, passed=None, text=text)
    same = (effect.p_value < ALPHA) == (p < ALPHA) or abs(p - ALPHA) <= _NEAR_THE_LINE
    return Check(
        name=name,
        passed=same,
        value=p,
        threshold=ALPHA,
        text="Drawing the lots again (p = {value}) and the error of the estimate come to the same verdict at "
        "{threshold}."
        if same
        else "Drawing the lots again (p = {value}) and the error of the estimate do not come to the same "
        "verdict at {threshold}: trust the one that is less sure.",
        computation="exact",
        support=support_of(effect),
    )


def first_stage(values: Sequence[float], support: Support | None = None) -> Check:
    """The offer changed enough who took part for an effect in compliers (F of the first stage ≥ 10)."""
    if not values:
        text = "No effect of taking part is estimated."
        return Check(name="first_stage", passed=None, text=text)
    weakest = min(min(values), 1e6)
    strong = weakest >= MIN_FIRST_STAGE
    return Check(
        name="first_stage",
        passed=strong,
        value=weakest,
        threshold=MIN_FIRST_STAGE,
        support=support,
        text="The offer changed clearly who took part (F = {value}, needed {threshold})."
        if strong
        else "The offer hardly changed who took part (F = {value}, needed {threshold}): the effect of taking "
        "part is given with an interval that allows for it (Anderson–Rubin), and may be very wide.",
    )


def several_outcomes(p_values: Mapping[str, float]) -> Check:
    """Which effects stay clear after correction for looking at several outcomes (Holm)."""
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    clear = [plain(label) for label, p in adjusted.items() if p < ALPHA]
    lost = [plain(label) for label, p in p_values.items() if p < ALPHA <= adjusted[label]]
    text = f"Outcomes looked at: {len(p_values)}. "
    text += f"Clear after correction for looking at several (Holm): {'; '.join(clear) or 'none'}."
    if lost:
        text += f" Clear alone but not after it: {'; '.join(lost)}; these may be chance."
    return Check(name="several_outcomes", passed=None, text=text)


def smallest_detectable(effect: Effect, unit: str) -> Check:
    """The effect that a trial of this size finds four times in five."""
    from scipy import stats

    reach = float(stats.t.ppf(1 - ALPHA / 2, effect.df) + stats.t.ppf(_POWER, effect.df))
    return Check(
        name="smallest_detectable",
        passed=None,
        value=reach * effect.std_error,
        text="On the primary outcome a trial like this finds a true effect of {value} "
        f"{plain(unit)}".rstrip()
        + " or more four times in five; it easily misses smaller ones.",
        support=support_of(effect),
    )


def support_of(effect: Effect) -> Support:
    """What an effect rests on."""
    return Support(
        n_people=effect.n_people,
        n_events=effect.n_events,
        n_non_events=effect.n_non_events,
        residual_df=effect.n_people - effect.n_parameters,
        n_parameters=effect.n_parameters,
        smallest_level=effect.smallest_side,
        n_clusters=effect.n_clusters,
        members=effect.members,
    )
