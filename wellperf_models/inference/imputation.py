"""A roll-out at different times: what groups would have had without it, imputed from those not yet in it.

Borusyak, Jaravel & Spiess (2024, Review of Economic Studies 91:3253). Group and period effects are fitted on
the cells that are not yet treated, α_g + β_t; a treated cell's effect is what it has less what these say; and
effects are averaged with declared weights. No treated cell is ever a comparison for another, which is what
plain two-way fixed effects do: there, effects that grow with time are subtracted from each other
(Goodman-Bacon 2021, Journal of Econometrics 225:254).

Errors are those of leaving out one group at a time (MacKinnon, Nielsen & Webb 2023, Journal of Applied
Econometrics 38:671). How many start when is part of the design: the others of a group's starting time take
its place, so that effects which differ by starting time are not taken for chance. The left-out estimates are
linear in y, so under independent errors of variance 1 / weight the mean of the sum of their squares is known:
the error is scaled to be right there, as CR2 is, and has Satterthwaite's degrees of freedom. A test for lots
that were drawn over starting times draws them again, studentised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints

_STREAM = 0x5A66E2
# smallest share of the largest eigenvalue that still counts
_RANK = 1e-10
_ESTIMABLE = 1e-7
# numbers held at a time while groups are left out
_CHUNK = 4_000_000
# groups up to which the degrees of freedom are Satterthwaite's in full
_FULL_DF = 300
_SAME = 1e-9


@dataclass(frozen=True, kw_only=True)
class RollOutCells:
    """Groups by periods.

    Attributes:
        y: Mean of the outcome in each cell, shape (G, T); anything where there is no weight.
        w: People or exposure behind it, shape (G, T); 0 where a cell is empty.
        adopted: First treated period of each group, shape (G,); T or more: not within these periods.
    """

    y: Floats
    w: Floats
    adopted: Ints

    @property
    def treated(self) -> NDArray[np.bool_]:
        """Cells in which a group had started, shape (G, T)."""
        return np.arange(self.w.shape[1])[None, :] >= self.adopted[:, None]

    @property
    def event_time(self) -> Ints:
        """Periods since the first treated one, shape (G, T); below 0 before it."""
        return np.asarray(np.arange(self.w.shape[1])[None, :] - self.adopted[:, None], dtype=np.int64)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"RollOutCells({self.w.shape[0]} groups × {self.w.shape[1]} periods)"


@dataclass(frozen=True, kw_only=True)
class ImputationFit:
    """Averages of imputed effects, K of them.

    Attributes:
        value: Shape (K,).
        covariance: Shape (K, K); nan for an average that rests on one group alone.
        df: Degrees of freedom of each one's t quantile, shape (K,).
        influence: Of each group, shape (G, K): the covariance is influence' influence.
        without: Mean of what the same cells would have had, shape (K,).
    """

    value: Floats
    covariance: Floats
    df: Floats
    influence: Floats
    without: Floats

    @property
    def std_error(self) -> Floats:
        """Square roots of the variances, shape (K,)."""
        return np.sqrt(np.diag(self.covariance))

    def interval(self, index: int, coverage: float = 0.95) -> tuple[float, float]:
        """Interval of one average by its own t quantile."""
        from scipy import stats

        half = float(stats.t.ppf(0.5 + coverage / 2, self.df[index]) * self.std_error[index])
        return float(self.value[index]) - half, float(self.value[index]) + half

    def p_value(self, index: int) -> float:
        """Two-sided, of one average being 0."""
        from scipy import stats

        return float(2 * stats.t.sf(abs(self.value[index]) / self.std_error[index], self.df[index]))

    def joint_p(self) -> float:
        """Of all averages being 0: Hotelling's T² with the smallest of the degrees of freedom."""
        from scipy import stats

        k, df = self.value.size, float(np.min(self.df))
        if df - k + 1 <= 0 or not np.all(np.isfinite(self.covariance)):
            raise DesignError("Too few groups for a joint test.", expected=f"more than {k}")
        square = float(self.value @ np.linalg.pinv(self.covariance, hermitian=True) @ self.value)
        return float(stats.f.sf(square * (df - k + 1) / (k * df), k, df - k + 1))


def comparable(cells: RollOutCells) -> NDArray[np.bool_]:
    """Treated cells of a group with untreated ones, in periods with two groups not yet treated, (G, T)."""
    known = cells.w > 0
    not_yet = known & ~cells.treated
    return known & cells.treated & not_yet.any(axis=1)[:, None] & (not_yet.sum(axis=0) >= 2)[None, :]


def fit_imputation(cells: RollOutCells, targets: NDArray[np.bool_]) -> ImputationFit:
    """Imputes what treated cells would have had, and averages the effects.

    Args:
        cells: Groups by periods.
        targets: Treated cells of each average, shape (K, G, T); each is weighted by its weight.

    Raises:
        DesignError: Without any treated cell that can be compared, an average has no value.
    """
    parts = _Parts(cells, targets)
    value = parts.estimate()
    if not np.all(np.isfinite(value)):
        raise DesignError(
            "No period has both units that had started and units that had not.",
            expected="in each period compared, at least two units that start later or never",
            remedy="keep some units for a later start, or look at earlier periods",
        )
    # a mean that rests on one group is gone without it: nothing says how far chance reaches
    scale, df = parts.scale_and_df()
    influence = np.sqrt(scale) * (value - parts.leave_one_out())
    weight = parts.target / parts.size[:, None, None]
    with np.errstate(invalid="ignore"):
        reached = (weight * np.nan_to_num(cells.y)[None]).sum(axis=(1, 2))
    return ImputationFit(
        value=value,
        covariance=influence.T @ influence,
        df=df,
        influence=influence,
        without=reached - value,
    )


class _Parts:
    """Sums over groups from which every estimate, with or without one of them, is made."""

    def __init__(self, cells: RollOutCells, targets: NDArray[np.bool_]) -> None:
        known = cells.w > 0
        self.y = np.where(known, cells.y, 0.0)
        self.w = cells.w
        # weights of what is not yet treated, and of what is averaged
        self.free = np.where(known & ~cells.treated, cells.w, 0.0)
        usable = known & cells.treated & (self.free.sum(axis=1) > 0)[:, None]
        self.target = np.where(targets & usable[None], cells.w[None], 0.0)
        total = self.free.sum(axis=1)
        self.total = np.where(total > 0, total, 1.0)
        self.mean = (self.free * self.y).sum(axis=1) / self.total
        self.moved = self.y - self.mean[:, None]
        self.share = self.free / self.total[:, None]
        # by group: normal equations of the periods, and each average's parts
        self.b_own = self.free * self.moved
        self.b = self.b_own.sum(axis=0)
        self.A = np.diag(self.free.sum(axis=0)) - self.free.T @ self.share
        self.size_own = self.target.sum(axis=2)
        self.size = self.size_own.sum(axis=1)
        self.number_own = (self.target * self.moved[None]).sum(axis=2)
        self.number = self.number_own.sum(axis=1)
        own_c = self.target - self.size_own[:, :, None] * self.share[None]
        self.c = own_c.sum(axis=1)
        # of those that start together: they take each other's place
        self.start, at = np.unique(cells.adopted, return_inverse=True)
        self.start_of = at
        together = at[:, None] == np.arange(self.start.size)
        self.size_start = self.size_own @ together
        self.number_start = self.number_own @ together
        self.c_start = np.einsum("kgt,gs->kst", own_c, together.astype(float))
        self.own_c = own_c

    def estimate(self) -> Floats:
        """All groups in, shape (K,)."""
        back = np.linalg.pinv(self.A, rcond=_RANK, hermitian=True)
        return _average(self.number, self.size, self.c, back, self.A, self.b)

    def leave_one_out(self) -> Floats:
        """Each group left out in turn, shape (G, K); nan where an average can't be had without it."""
        groups, periods = self.w.shape
        found = np.empty((groups, self.size.size))
        step = max(1, _CHUNK // (periods * periods))
        for first in range(0, groups, step):
            own = np.arange(first, min(groups, first + step))
            A, back = self._without(own)
            for place, g in enumerate(own):
                number, size, c = self._without_one(int(g))
                found[g] = _average(
                    number,
                    size,
                    c,
                    back[place],
                    A[place],
                    self.b - self.b_own[g],
                )
        return found

    def _without(self, own: Ints) -> tuple[Floats, Floats]:
        free, share = self.free[own], self.share[own]
        A = self.A + free[:, :, None] * share[:, None, :]
        A[:, np.arange(free.shape[1]), np.arange(free.shape[1])] -= free
        return A, np.linalg.pinv(A, rcond=_RANK, hermitian=True)

    def _factor(self, g: int) -> Floats:
        """By how much the others that start with a group count more without it, shape (K,); 0: none left."""
        whole = self.size_start[:, self.start_of[g]]
        rest = whole - self.size_own[:, g]
        left = rest > _SAME * whole
        return np.where(left, np.divide(whole, rest, out=np.ones_like(whole), where=left), 0.0)

    def _without_one(self, g: int) -> tuple[Floats, Floats, Floats]:
        """Each average's number, size and part of the periods without a group: (K,), (K,) and (K, T)."""
        s, factor = self.start_of[g], self._factor(g)
        size = self.size - np.where(factor > 0, 0.0, self.size_start[:, s])
        number = self.number - self.number_start[:, s]
        number = number + factor * (self.number_start[:, s] - self.number_own[:, g])
        c = self.c - self.c_start[:, s] + factor[:, None] * (self.c_start[:, s] - self.own_c[:, g])
        return number, np.where(size > _SAME * self.size, size, 0.0), c

    def scale_and_df(self) -> tuple[Floats, Floats]:
        """What the sum of squares is scaled by, and Satterthwaite's degrees of freedom, both (K,)."""
        groups = self.w.shape[0]
        if groups > _FULL_DF:
            return np.full(self.size.size, (groups - 1) / groups), self._df_of_many()
        back = self._without(np.arange(groups))[1]
        inverse = np.where(self.w > 0, 1 / np.where(self.w > 0, self.w, 1.0), 0.0).ravel()
        whole_back = np.linalg.pinv(self.A, rcond=_RANK, hermitian=True)
        scale, df = np.full(self.size.size, np.nan), np.full(self.size.size, np.nan)
        without = [self._without_one(g) for g in range(groups)]
        for k in range(self.size.size):
            whole = self._weights(k, whole_back @ self.c[k], self.size[k], None).ravel()
            moves = np.empty((groups, whole.size))
            for g in range(groups):
                _, size, c = without[g]
                if size[k] <= 0:
                    moves[g] = np.nan
                    continue
                moves[g] = self._weights(k, back[g] @ c[k], size[k], g).ravel() - whole
            square = (moves * inverse) @ moves.T
            if np.all(np.isfinite(square)):
                df[k] = np.trace(square) ** 2 / (square**2).sum()
                scale[k] = min(1.0, float((whole**2) @ inverse) / np.trace(square))
        return scale, df

    def _df_of_many(self) -> Floats:
        """With many groups: what each adds to the variance, taken as independent of the others."""
        back = np.linalg.pinv(self.A, rcond=_RANK, hermitian=True)
        inverse = np.where(self.w > 0, 1 / np.where(self.w > 0, self.w, 1.0), 0.0)
        df = np.empty(self.size.size)
        for k in range(self.size.size):
            own = (self._weights(k, back @ self.c[k], self.size[k], None) ** 2 * inverse).sum(axis=1)
            df[k] = own.sum() ** 2 / (own**2).sum()
        return df

    def _weights(self, k: int, direction: Floats, size: float, without: int | None) -> Floats:
        """What each cell's y counts in an average, shape (G, T): the estimate is their sum product."""
        centred = direction[None, :] - (self.share @ direction)[:, None]
        own = self.own_c[k]
        if without is not None:
            same = self.start_of == self.start_of[without]
            own = np.where(same[:, None], self._factor(without)[k] * own, own)
        weights = own - self.free * centred
        if without is not None:
            weights[without] = 0.0
        return np.asarray(weights / size)

    def residuals(self, value: float) -> Floats:
        """What groups add to the error of the first average: their weights on what is left, shape (G,)."""
        back = np.linalg.pinv(self.A, rcond=_RANK, hermitian=True)
        periods = back @ self.b
        rest = self.moved - periods[None, :] + (self.share @ periods)[:, None]
        rest = np.where(self.free > 0, rest, rest - value)
        return np.asarray((self._weights(0, back @ self.c[0], self.size[0], None) * rest).sum(axis=1))


def _average(number: Floats, size: Floats, c: Floats, back: Floats, A: Floats, b: Floats) -> Floats:
    """Averages from sums; nan where nothing is left of one, or periods can't be told from groups."""
    found = np.full(size.size, np.nan)
    for k in range(size.size):
        if size[k] <= 0:
            continue
        direction = back @ c[k]
        scale = max(float(np.abs(c[k]).max()), _ESTIMABLE * float(size[k]))
        if np.abs(A @ direction - c[k]).max() <= _ESTIMABLE * scale:
            found[k] = (number[k] - direction @ b) / size[k]
    return found


def roll_out_test(
    cells: RollOutCells,
    target_of: Callable[[RollOutCells], NDArray[np.bool_]],
    *,
    n_permutations: int = 1000,
    seed: int = 0,
) -> float:
    """p-value of no effect on any group at any time, where lots were drawn over starting times.

    Args:
        cells: Groups by periods.
        target_of: Cells → those averaged, shape (G, T).
        n_permutations: Draws.
        seed: The study's.

    Returns:
        (1 + draws at least as extreme) / (1 + draws), of |average| over its error (Wu & Ding 2021).

    Raises:
        DesignError: All groups start at one time.
    """
    if np.unique(cells.adopted).size < 2:
        raise DesignError("The lots could have fallen in one way only.", where="randomisation test")
    rng = np.random.default_rng([seed, _STREAM])
    observed = _statistic(cells, target_of)
    extreme = 0
    for _ in range(n_permutations):
        drawn = RollOutCells(y=cells.y, w=cells.w, adopted=rng.permutation(cells.adopted))
        extreme += _statistic(drawn, target_of) >= observed * (1 - _SAME)
    return (1 + extreme) / (1 + n_permutations)


def _statistic(cells: RollOutCells, target_of: Callable[[RollOutCells], NDArray[np.bool_]]) -> float:
    parts = _Parts(cells, target_of(cells)[None])
    value = float(parts.estimate()[0])
    if not np.isfinite(value):
        return 0.0
    error = float(np.sqrt((parts.residuals(value) ** 2).sum()))
    return abs(value) / error if error > 0 else 0.0
