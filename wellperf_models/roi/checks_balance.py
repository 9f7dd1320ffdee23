"""Were the sides alike to begin with, and were they measured alike? Holm over everything looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Check, plain
from wellperf_models.inference.least_squares import fit_wls
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.comparison import MIN_CLUSTERS
from wellperf_models.roi.rows import Assigned, OutcomeRows

ALPHA = 0.05


def arms_alike_at_start(p_values: Mapping[str, float]) -> Check:
    """The lots made the arms alike in what was measured before (Holm over what was measured)."""
    return none_differs(
        "arms_alike_at_start",
        p_values,
        nothing="Nothing was measured before the programme, so whether the arms were alike cannot be seen.",
        good="The arms were alike before the programme in everything measured then (smallest Holm-corrected "
        "p = {value}, line at {threshold}).",
        bad="Before the programme the arms differed in {what} (smallest Holm-corrected p = {value}, line at "
        "{threshold}): the lots, or what became of them, need a look.",
    )


def participants_differ_at_start(p_values: Mapping[str, float]) -> Check:
    """Whether those who took part were other people to begin with (Holm over what was measured)."""
    return none_differs(
        "participants_differ_at_start",
        p_values,
        nothing="How those who took part differed to begin with cannot be seen: nothing was measured then, "
        "or there is nobody to compare them with.",
        good="No sign in what was measured before that those who took part were other people to begin with "
        "(smallest Holm-corrected p = {value}, line at {threshold}); in what was not measured they may be.",
        bad="Before the programme began, those who took part already differed in {what} (smallest "
        "Holm-corrected p = {value}, line at {threshold}).",
    )


def negative_controls_unmoved(p_values: Mapping[str, float]) -> Check:
    """What the programme cannot have changed did not change (Holm over negative controls)."""
    return none_differs(
        "negative_controls_unmoved",
        p_values,
        nothing="There is no outcome that the programme cannot have changed.",
        good="Outcomes that the programme cannot have changed did not change (smallest Holm-corrected p = "
        "{value}, line at {threshold}).",
        bad="Something the programme cannot have changed did change: {what} (Holm-corrected p = {value}, "
        "line at {threshold}). The comparison is broken.",
    )


def attrition_alike(assigned: Mapping[str, Assigned | None]) -> Check:
    """The same share of both arms was measured, outcome by outcome (Holm over outcomes)."""
    p_values = {}
    everyone = True
    for label, units in assigned.items():
        if units is None:
            continue
        everyone &= bool(units.measured.all())
        p = _p_of_difference(units.measured.astype(float), units.treated, units.cluster, units.block)
        if p is not None:
            p_values[label] = p
    if p_values and everyone:
        text = (
            "Everybody listed was measured. Whether somebody was assigned and is not listed cannot be seen: "
            "list who was assigned, with a missing value."
        )
        return Check(name="attrition_alike", passed=None, text=text, computation="exact")
    return none_differs(
        "attrition_alike",
        p_values,
        nothing="Who was assigned but not measured is not known.",
        good="As large a share of one arm was measured as of the other (smallest Holm-corrected p = {value}, "
        "line at {threshold}).",
        bad="The arms were not measured to the same extent: {what} (smallest Holm-corrected p = {value}, "
        "line at {threshold}). Who is missing may be why the arms differ.",
    )


def none_differs(name: str, p_values: Mapping[str, float], *, nothing: str, good: str, bad: str) -> Check:
    """Passes where no p is below the line after Holm's correction."""
    if not p_values:
        return Check(name=name, passed=None, text=nothing)
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    differing = [label for label, p in adjusted.items() if p < ALPHA]
    what = ", ".join(plain(label) for label in differing)
    return Check(
        name=name,
        passed=not differing,
        value=min(adjusted.values()),
        threshold=ALPHA,
        text=bad.replace("{what}", what) if differing else good,
    )


def background_p(
    rows: OutcomeRows, side: NDArray[np.bool_], chosen: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Covariate known before the programme → p of the difference between two sides, not yet corrected.

    Args:
        rows: One outcome.
        side: One of the two sides, shape (n,).
        chosen: Rows compared; None: all.
    """
    if rows.background is None:
        return {}
    result = {}
    for column, label in enumerate(rows.background_labels):
        values = rows.background[:, column]
        known = np.isfinite(values) if chosen is None else np.isfinite(values) & chosen
        block = None if rows.block is None else rows.block[known]
        p = _p_of_difference(values[known], side[known], rows.cluster[known], block)
        if p is not None:
            result[label] = p
    return result


def _p_of_difference(
    values: Floats, side: NDArray[np.bool_], cluster: Ints, block: Ints | None = None
) -> float | None:
    """The p of a difference between two sides, within the blocks of the lots.

    1 where nothing varies, None where nothing can be said.
    """
    number = np.unique(cluster).size
    if not values.size or not np.ptp(values) > 0:
        return 1.0 if values.size else None
    alone = number == values.size >= MIN_CLUSTERS
    # lots drawn with other shares in each block leave blocks, and what goes with them, unlike in the arms
    dummies = [] if block is None else [(block == b).astype(float) for b in np.unique(block)[1:]]
    X = np.column_stack([np.ones(values.size), *dummies, side])
    try:
        fit = fit_wls(values, X, np.ones(values.size), None if alone else cluster)
    except DesignError:
        return None
    p = float(fit.p_values[-1])
    return p if math.isfinite(p) else None
