"""Contrasts that are no effect: who took part against who did not, after against before."""

from __future__ import annotations

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.least_squares import fit_wls
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.comparison import MIN_CLUSTERS, design_of, difference, require_sides
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame


def contrast_of(rows: OutcomeRows, *, inside_treated: bool) -> Effect:
    """Those who took part against those who did not, other covariates equal.

    Args:
        rows: One outcome.
        inside_treated: True where there are arms: only people who were offered the programme are compared.

    Raises:
        DesignError: Nobody's receipt is known, or all are on one side.
    """
    if rows.received is None:
        raise DesignError("It is not recorded who took part.", where="outcomes.received")
    chosen = np.isfinite(rows.received)
    if inside_treated:
        chosen &= rows.treated
    took_part = rows.received[chosen] == 1
    require_sides(rows, chosen, took_part, "side")
    return difference(rows, chosen, design_of(rows, chosen), took_part, "contrast")


def change_of(rows: OutcomeRows, frame: RoiFrame) -> Effect:
    """Mean of after minus before over units measured at both times; a unit counts once, unweighted.

    Args:
        rows: The outcome measured after.
        frame: Holds the outcome measured before, the first one that `adjust_for` names.

    Raises:
        DesignError: There is none, or too few units were measured twice.
    """
    where = f"outcome {rows.name}"
    paired = [n for n in rows.declared.adjust_for if n in frame.outcomes]
    if rows.declared.timing == "before" or not paired:
        raise DesignError(
            "There is no measurement before to compare with.",
            where=where,
            expected="the same outcome measured before, named in adjust_for",
        )
    before = frame.outcomes[paired[0]]
    units, first = np.unique(rows.unit, return_index=True)
    then, now = _unit_means(before, units), _unit_means(rows, units)
    both = np.isfinite(then) & np.isfinite(now)
    cluster = rows.cluster[first][both]
    change, n = (now - then)[both], int(both.sum())
    if np.unique(cluster).size < 2 or not np.ptp(change) > 0:
        raise DesignError("Too few units were measured both before and after.", where=where)
    alone = np.unique(cluster).size == n >= MIN_CLUSTERS
    fit = fit_wls(change, np.ones((n, 1)), np.ones(n), None if alone else cluster)
    low, high = fit.interval(0)
    return Effect(
        outcome=rows.name,
        kind="contrast",
        value=float(fit.beta[0]),
        std_error=float(fit.std_error[0]),
        low=low,
        high=high,
        df=float(fit.df[0]),
        p_value=float(fit.p_values[0]),
        method=f"{fit.method}, after minus before",
        control_mean=float(then[both].mean()),
        control_sd=float(then[both].std(ddof=1)),
        n_rows=n,
        n_people=n,
        smallest_side=n,
        n_parameters=1,
        n_clusters=None if alone else fit.codes.size,
        n_events=min(int(np.sum(v[both] > 0)) for v in (then, now)) if rows.binary else None,
        n_non_events=min(int(np.sum(v[both] < 1)) for v in (then, now)) if rows.binary else None,
        members=rows.members(np.isin(rows.unit, units[both])),
    )


def _unit_means(rows: OutcomeRows, units: Ints) -> Floats:
    """Weighted mean of each unit; nan where it was not measured."""
    at = np.searchsorted(units, rows.unit)
    known = (at < units.size) & (units[np.minimum(at, units.size - 1)] == rows.unit)
    total = np.bincount(at[known], weights=(rows.weight * rows.value)[known], minlength=units.size)
    weight = np.bincount(at[known], weights=rows.weight[known], minlength=units.size)
    return np.divide(total, weight, out=np.full(units.size, np.nan), where=weight > 0)
