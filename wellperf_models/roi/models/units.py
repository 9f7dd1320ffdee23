"""One row a person: what every outcome model but the hazard starts from, so that cut rows count once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.gaussian_blocks import sandwich_power
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.rows import OutcomeRows

# rows an arm needs, as for the Gaussian model
MIN_ROWS = 5
_WHOLE = 1e-6
# standard deviations from the mean beyond which a covariate tells no more
_FARTHEST: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class Units:
    """Independent rows given their cluster; arrays of shape (n,).

    Attributes:
        value: Mean over the rows of a unit, by weight.
        exposure: Sum of the weights of its rows.
        power: Power its likelihood is raised to; 1 where weights do not differ (see `match_sandwich`).
        share: Share of the whole in the weighted estimate; sums to 1.
        treated: Arm.
        cluster: 0 ≤ code < `n_clusters`; all 0 where units were assigned one by one.
        arm_of_cluster: Arm of each cluster, shape (c,); empty where units were assigned one by one.
        X: Covariates in standard deviations, centred, at most three from the mean, shape (n, p).
    """

    value: Floats
    exposure: Floats
    power: Floats
    share: Floats
    treated: NDArray[np.bool_]
    cluster: Ints
    arm_of_cluster: Floats
    X: Floats

    @property
    def n_clusters(self) -> int:
        """Clusters that were assigned as a whole; 0 where units were assigned one by one."""
        return int(self.arm_of_cluster.size)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Units({self.value.size} rows, {self.n_clusters} clusters)"


def units_of(rows: OutcomeRows, n_slopes: int, *, by_row: bool = False) -> Units:
    """One row a unit.

    Args:
        rows: One outcome.
        n_slopes: Columns of X wanted, at least those of the outcome; the others are 0.
        by_row: Keep every row, as a hazard does, where each interval is conditional on the one before.

    Raises:
        DesignError: A unit or a cluster in both arms, an arm with too few units or without variation.
    """
    X = np.zeros((rows.value.size, n_slopes))
    if rows.X.shape[1]:
        # under a log link a far value of a covariate would be exponentiated, and one person make the mean;
        # between arms drawn by lot any function of what was known before may be adjusted for
        X[:, : rows.X.shape[1]] = np.clip(rows.X / rows.X.std(axis=0), -_FARTHEST, _FARTHEST)
    value, weight, treated = rows.value, rows.weight, rows.treated
    cluster, unit = rows.cluster, rows.unit
    if not by_row:
        codes, first, place = np.unique(unit, return_index=True, return_inverse=True)
        if codes.size < unit.size:
            _refuse_both(treated, place, rows.name)
            weight = np.bincount(place, weights=rows.weight)
            value = np.bincount(place, weights=rows.weight * rows.value) / weight
            X = np.column_stack(
                [np.bincount(place, weights=rows.weight * x) / weight for x in X.T]
                or [np.zeros((len(first), 0))]
            ).reshape(codes.size, n_slopes)
            treated, cluster, unit = treated[first], cluster[first], codes
    _refuse_thin(value, treated, rows.name)
    share = weight / weight.sum()
    clusters, place = np.unique(cluster, return_inverse=True)
    # a person's own rows are no cluster: they were put together above, or are conditional on each other
    alone = clusters.size == np.unique(unit).size
    if not alone:
        _refuse_both(treated, place, rows.name)
    arm_of = np.bincount(place, weights=treated) / np.bincount(place)
    return Units(
        value=value,
        exposure=weight,
        power=np.ones(value.size),
        share=share,
        treated=treated,
        cluster=np.zeros(value.size, np.int64) if alone else place.astype(np.int64),
        arm_of_cluster=np.zeros(0) if alone else arm_of,
        X=X,
    )


def with_power(units: Units) -> Units:
    """Raises the likelihood to the power that gives a weighted mean its robust error, arm by arm.

    A weight that says how much of a year a value covers is not a number of values (`match_sandwich`).
    """
    if np.ptp(units.exposure) == 0:
        return units
    design = np.column_stack([np.ones(units.value.size), units.treated, units.X])
    power = sandwich_power(units.value, design, units.exposure, units.treated)
    weight = units.exposure / units.exposure.mean()
    return replace(units, power=weight * power[units.treated.astype(int)])


def whole_totals(units: Units, name: str) -> tuple[Floats, Floats]:
    """Total and exposure of each unit, for a count.

    A value is a rate where it has a weight: the total is value × weight, as the weighted estimate takes it.

    Returns:
        Totals and exposures, shape (n,) each.

    Raises:
        DesignError: Totals are not whole numbers of 0 or more.
    """
    total = units.value * units.exposure
    if np.all(np.abs(total - np.round(total)) < _WHOLE * np.maximum(1.0, total)) and total.min() >= -_WHOLE:
        return np.round(total), units.exposure
    raise DesignError(
        "A count is a whole number of 0 or more, one total a person.",
        where=f"[roi.outcomes.{name}] likelihood = 'count'",
        expected="whole values, or averages whose product with their weight is whole",
        remedy='for averages declare likelihood = "tweedie" or "hurdle"',
    )


def _refuse_both(treated: NDArray[np.bool_], place: Ints, name: str) -> None:
    arm = np.bincount(place, weights=treated) / np.bincount(place)
    if np.any((arm > 0) & (arm < 1)):
        raise DesignError(
            "Something that was assigned as a whole is in both arms.",
            where=f"[roi.outcomes.{name}]",
            expected="one arm for all rows of a unit and of a cluster",
        )


def _refuse_thin(value: Floats, treated: NDArray[np.bool_], name: str) -> None:
    for arm, chosen in (("control", ~treated), ("treated", treated)):
        if int(chosen.sum()) < MIN_ROWS or not np.ptp(value[chosen]) > 0:
            raise DesignError(
                f"An outcome has too few rows in the {arm} arm, or does not vary in it.",
                where=f"[roi.outcomes.{name}]",
                expected=f"at least {MIN_ROWS} rows that are not all alike",
                remedy="leave the outcome out, or measure more units",
            )
