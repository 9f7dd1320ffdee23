"""How much of a change regression to the mean alone would bring.

Who is picked for a bad value is, next time, nearer to the average by himself (Galton 1886; Barnett, van der
Pols & Dobson 2005, International Journal of Epidemiology 34:215). Of a gap g before, a share 1 − b is gone
next time, b being the slope of the later on the earlier value in the group that was not picked.

A gap alone is no sign of picking: groups may always have differed. Picking leaves a trace beside it: the gap
opened just before, where an earlier time was measured; or the values inside the groups spread more the next
time (picking cuts distributions off, and the next value is not cut off: Morgan 1939, Pitman 1939,
Biometrika 31); or hardly anybody picked did better than anybody who was not. In one group alone the first two
remain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Members
from wellperf_models.inference.least_squares import LinearFit, fit_wls
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel.roster import UNKNOWN
from wellperf_models.roi.comparison import MIN_CLUSTERS
from wellperf_models.roi.designs.controlled import Twice, baselines_of, measured_twice, unit_means
from wellperf_models.roi.rows import OutcomeRows, RoiFrame

Trace = Literal["gap", "earlier", "spread"]
# chance that one of the picked was worse than one who was not, from which they were picked by a line
_APART = 0.95


@dataclass(frozen=True, kw_only=True)
class Regression:
    """Traces of picking by a bad value, and what regression to the mean alone would bring.

    Attributes:
        outcome: Name.
        trace: What was looked at: the gap before to those who were not picked; in one group the jump from an
            earlier time to the one before the programme; or the spread that grows.
        p_value: Of a gap towards bad (either way where neither is bad) and a trace of picking beside it, the
            larger of the two.
        gap: In the outcome's unit, before; nan for "spread".
        slope: Of the later on the earlier value; nan where not estimable.
        expected, low, high: Change that regression to the mean alone would bring, 95 %; nan where not
            estimable.
        n_people, smallest_side: Units compared.
        n_clusters: What the errors are between.
        members: Who they are, for the ledger.
    """

    outcome: str
    trace: Trace
    p_value: float
    gap: float
    slope: float = math.nan
    expected: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n_people: int = 0
    smallest_side: int = 0
    n_clusters: int | None = None
    members: Members = UNKNOWN

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"Regression({self.outcome!r}, {self.trace}; not released)"


def fit_regression(rows: OutcomeRows, frame: RoiFrame) -> Regression | None:
    """Looks for picking by a bad value on one outcome.

    Args:
        rows: An outcome measured after.
        frame: Holds its measurements before; its design says who is compared with whom.

    Returns:
        What is found; None where nothing was measured before, or too little.
    """
    before = baselines_of(rows, frame)
    if rows.declared.timing != "after" or not before:
        return None
    twice = measured_twice(rows, before[0], frame)
    try:
        if frame.section.design != "before_after":
            earlier = unit_means(before[1], twice.rows.unit) if len(before) > 1 else None
            return _between(twice, earlier, frame.section.design == "participation")
        if len(before) > 1:
            return _earlier(twice, before[1])
        return _spread(twice)
    except DesignError:
        return None


def _towards(rows: OutcomeRows) -> float:
    """1 where more is bad, −1 where less is, 0 where neither."""
    return {"worse": 1.0, "better": -1.0, "neither": 0.0}[rows.declared.higher_is]


def _one_sided(fit: LinearFit, index: int, towards: float) -> float:
    from scipy import stats

    t = float(fit.beta[index] / fit.std_error[index])
    if not math.isfinite(t):
        raise DesignError("It rests on a single cluster.")
    if towards == 0:
        return float(fit.p_values[index])
    return float(stats.t.sf(towards * t, fit.df[index]))


def _fit(y: Floats, X: Floats, weight: Floats, cluster: Ints) -> LinearFit:
    alone = np.unique(cluster).size == y.size >= MIN_CLUSTERS
    return fit_wls(y, X, weight, None if alone else cluster)


def _between(twice: Twice, earlier: Floats | None, by_receipt: bool) -> Regression:
    """Those who got it against those who did not, before; the slope in those who did not."""
    rows = twice.rows
    chosen = np.ones(twice.then.size, bool)
    side = rows.treated
    if by_receipt and rows.received is not None:
        chosen = np.isfinite(rows.received)
        side = rows.received == 1
    gap = _gap(twice.then, rows, chosen, side)
    others = chosen & ~side
    smallest = min(int((chosen & side).sum()), int(others.sum()))
    found = _told(rows, "gap", gap, chosen, smallest, _slope(twice, others))
    picked = _picked(twice, earlier, chosen, side)
    return replace(found, p_value=max(found.p_value, picked))


def _gap(values: Floats, rows: OutcomeRows, chosen: NDArray[np.bool_], side: NDArray[np.bool_]) -> LinearFit:
    X = np.column_stack([np.ones(int(chosen.sum())), side[chosen]])
    return _fit(values[chosen], X, rows.weight[chosen], rows.cluster[chosen])


def _picked(
    twice: Twice, earlier: Floats | None, chosen: NDArray[np.bool_], side: NDArray[np.bool_]
) -> float:
    """The p of a trace of picking beside a gap; 0 where the sides hardly overlap, and did before."""
    rows, towards = twice.rows, _towards(twice.rows)
    apart = _apart(twice.then, rows, chosen, side) >= _APART
    if earlier is not None:
        known = chosen & np.isfinite(earlier)
        if apart and _apart(earlier, rows, known, side) < _APART:
            return 0.0
        return _one_sided(_gap(twice.then - earlier, rows, known, side), 1, towards)
    if apart:
        return 0.0
    change, total = (rows.value - twice.then)[chosen], (rows.value + twice.then)[chosen]
    X = np.column_stack([np.ones(change.size), side[chosen], total])
    return _one_sided(_fit(change, X, np.ones(change.size), rows.cluster[chosen]), 2, 1.0)


def _apart(values: Floats, rows: OutcomeRows, chosen: NDArray[np.bool_], side: NDArray[np.bool_]) -> float:
    """Chance that one of those who got it was worse than one who did not, of what was assigned as a whole."""
    codes, first, place = np.unique(rows.cluster[chosen], return_index=True, return_inverse=True)
    mean = np.bincount(place, rows.weight[chosen] * values[chosen]) / np.bincount(place, rows.weight[chosen])
    got = side[chosen][first]
    if not 0 < got.sum() < codes.size:
        return 0.0
    below = np.sort(mean[~got])
    at = np.searchsorted(below, mean[got], "left") + np.searchsorted(below, mean[got], "right")
    chance = float(at.mean() / (2 * below.size))
    towards = _towards(rows)
    return max(chance, 1 - chance) if towards == 0 else chance if towards > 0 else 1 - chance


def _slope(twice: Twice, chosen: NDArray[np.bool_]) -> tuple[float, float]:
    """Of the later on the earlier value; nan where it can't be had."""
    rows = twice.rows
    try:
        X = np.column_stack([np.ones(int(chosen.sum())), twice.then[chosen]])
        fit = _fit(rows.value[chosen], X, rows.weight[chosen], rows.cluster[chosen])
    except DesignError:
        return math.nan, math.nan
    return float(fit.beta[1]), float(fit.std_error[1])


def _told(
    rows: OutcomeRows,
    trace: Trace,
    fit: LinearFit,
    chosen: NDArray[np.bool_],
    smallest: int,
    slope: tuple[float, float],
) -> Regression:
    from scipy import stats

    index = fit.beta.size - 1
    gap, error = float(fit.beta[index]), float(fit.std_error[index])
    # of a gap, the share 1 − slope is gone next time; a jump from an earlier time goes back as a whole
    share, share_se = 1 - slope[0], slope[1]
    expected = -share * gap
    spread = math.hypot(share * error, gap * share_se)
    half = float(stats.t.ppf(0.975, fit.df[index])) * spread
    return Regression(
        outcome=rows.name,
        trace=trace,
        p_value=_one_sided(fit, index, _towards(rows)),
        gap=gap,
        slope=slope[0],
        expected=expected,
        low=expected - half,
        high=expected + half,
        n_people=int(chosen.sum()),
        smallest_side=smallest,
        n_clusters=fit.codes.size,
        members=rows.members(chosen),
    )


def _earlier(twice: Twice, before: OutcomeRows) -> Regression:
    """From an earlier time to the one before the programme: a jump towards bad goes back by itself."""
    rows = twice.rows
    earlier = unit_means(before, rows.unit)
    known = np.isfinite(earlier)
    jump = (twice.then - earlier)[known]
    fit = _fit(jump, np.ones((jump.size, 1)), rows.weight[known], rows.cluster[known])
    found = _told(rows, "earlier", fit, known, int(known.sum()), (0.0, 0.0))
    return found


def _spread(twice: Twice) -> Regression:
    """Whether the values spread more after than before: the slope of their difference on their sum."""
    rows = twice.rows
    change, total = rows.value - twice.then, rows.value + twice.then
    X = np.column_stack([np.ones(change.size), total - total.mean()])
    fit = _fit(change, X, np.ones(change.size), rows.cluster)
    return Regression(
        outcome=rows.name,
        trace="spread",
        p_value=_one_sided(fit, 1, 1.0),
        gap=math.nan,
        n_people=change.size,
        smallest_side=change.size,
        n_clusters=fit.codes.size,
        members=rows.members(np.ones(change.size, bool)),
    )
