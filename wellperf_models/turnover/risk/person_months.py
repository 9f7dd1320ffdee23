"""Rows watched for some months → exact cells of (covariate codes, band of tenure, band of months ahead)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.inference.risk_sets import Floats, Ints

# months ahead of the landmark within which the hazard is taken as level: what is known grows old
AHEAD_EDGES = (3, 6, 12, 18, 24, 36)
# bands of tenure where the study declares none
TENURE_EDGES = (3.0, 6.0, 12.0, 24.0, 36.0, 60.0, 120.0)
# steps in which tenures may have been recorded, in months, the longest first
_STEPS = (12, 6, 4, 3, 2)
# share of the exits, and fewest of them, that show that tenures were recorded in steps
_IN_STEP, _LEAST_IN_STEP = 0.99, 20
# months with exits, up to which each is a band of its own where tenures come in steps
_MOST_OWN = 40


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Bands of tenure and of months since the landmark; a band holds its lower edge.

    Attributes:
        tenure: Edges in months, shape (t,): t + 1 bands.
        ahead: Edges in months, shape (a,), or None where tenure and time since the landmark are one clock.
        longest: Months ahead that training has seen; later ones count as the last of them.
        step: Months between those in which exits can be at all: 12 where tenures are whole years. 1: any.
        phase: Month of tenure modulo `step` in which they are.
    """

    tenure: Floats
    ahead: Floats | None
    longest: int
    step: int = 1
    phase: int = 0

    def tenure_of(self, months: Ints) -> Ints:
        """Band of tenure, shape of `months`; where tenures come in steps, 0 holds the months between."""
        band = np.searchsorted(self.tenure, months, side="right").astype(np.int64)
        if self.step == 1:
            return band
        return np.where(months % self.step == self.phase, band + 1, 0)

    def cap(self, tenure: Ints) -> Ints:
        """Tenures of the last band as short as they can be, so that rows alike there are one; same shape."""
        top = math.ceil(self.tenure[-1]) if self.tenure.size else 0
        return np.where(tenure > top, top + (tenure - top) % self.step, tenure)

    def ahead_of(self, months: Ints) -> Ints:
        """Band of months since the landmark (0 is the first month), shape of `months`."""
        if self.ahead is None:
            return np.zeros_like(months)
        seen = np.minimum(months, self.longest - 1)
        return np.searchsorted(self.ahead, seen, side="right").astype(np.int64)

    @property
    def between(self) -> bool:
        """Whether band 0 of tenure holds the months in which hardly anybody leaves."""
        return self.step > 1

    @property
    def n_tenure(self) -> int:
        """Bands of tenure."""
        return self.tenure.size + 1 + self.between

    @property
    def n_columns(self) -> int:
        """Columns of the baseline."""
        return self.n_tenure + (0 if self.ahead is None else self.ahead.size + 1)

    def design(self, tenure: Ints, ahead: Ints) -> Floats:
        """One column a band, of bands of shape (m,); shape (m, n_columns)."""
        parts = [np.eye(self.n_tenure)[tenure]]
        if self.ahead is not None:
            parts.append(np.eye(self.ahead.size + 1)[ahead])
        return np.column_stack(parts)


def choose_bands(tenure: Ints, months: Ints, event: Ints, edges: Sequence[float] | None) -> Bands:
    """Bands that training rows can tell apart.

    Tenures in whole years have every exit in one month of twelve: a hazard level within longer bands would
    spread them over the year and foretell too few, 1 − (1 − d/12n)^12 in place of d/n. Months in which exits
    can be are then told from those between.

    Args:
        tenure, months, event: Of the training rows: tenure at the landmark, months watched, how the last of
            them ended, shape (n,).
        edges: `turnover.period_edges_months`.
    """
    seen = months > 0
    longest = int(months.max(initial=1))
    least, most = int(tenure[seen].min(initial=0)), int((tenure + months)[seen].max(initial=1))
    left = (tenure + months - 1)[seen & (event > 0)]
    step, phase = _step_of(left)
    own = np.unique(left[left % step == phase])
    usual = own if step > 1 and own.size <= _MOST_OWN else TENURE_EDGES
    chosen = np.asarray(usual if edges is None else edges, float)
    # one clock: everybody starts at the same tenure
    one = bool(np.unique(tenure[seen]).size <= 1)
    ahead = np.asarray([e for e in AHEAD_EDGES if e < longest], float)
    return Bands(
        # of whole years, the first edge would leave a band without a month in which anybody could leave
        tenure=chosen[(chosen > (own[0] if step > 1 and edges is None else least)) & (chosen < most)],
        ahead=None if one else ahead,
        longest=longest,
        step=step,
        phase=phase,
    )


def _step_of(left: Ints) -> tuple[int, int]:
    """Longest step in which the months of tenure of the exits come, and their remainder; (1, 0): none."""
    if left.size >= _LEAST_IN_STEP:
        for step in _STEPS:
            count = np.bincount(left % step)
            # one and the same month shows no step
            if count.max() >= _IN_STEP * left.size and np.unique(left).size > 1:
                return step, int(count.argmax())
    return 1, 0


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Person-months alike in covariate codes and bands, by fold.

    Attributes:
        codes: Shape (m, covariates).
        tenure, ahead: Bands, shape (m,).
        n: Person-months in each fold, shape (F, m).
        events: Exits by cause, shape (F, m, K).
    """

    codes: Ints
    tenure: Ints
    ahead: Ints
    n: Floats
    events: Floats

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Cells({self.codes.shape[0]} cells, {self.events.shape[2]} causes)"


def collapse(
    codes: Ints, tenure: Ints, months: Ints, event: Ints, fold: Ints, bands: Bands, n_causes: int
) -> Cells:
    """Exact cells of rows, each at risk in `months` months from the landmark on, the last ending in `event`.

    The cluster is no part of the pattern: no error is taken from the model, and coefficients do not need it.
    The fold by which the ridge is chosen is.

    Args:
        codes: Shape (n, covariates).
        tenure: Whole months of tenure at the landmark, shape (n,).
        months: Months at risk after it, shape (n,); 0 adds nothing.
        event: 0, 1..K in the last of them, shape (n,).
        fold: Shape (n,).
        bands: Of tenure and months ahead.
        n_causes: K.

    Returns:
        The cells, in an order that does not depend on that of the rows.
    """
    names = [f"c{i}" for i in range(codes.shape[1])]
    own = {"fold": fold, "tenure": bands.cap(tenure), "months": months, "event": event}
    parts = {name: codes[:, i] for i, name in enumerate(names)} | own
    table = pl.DataFrame({name: np.asarray(v, np.int64) for name, v in parts.items()})
    # rows that are alike first: what follows costs as much as there are different ones
    alike = table.filter(pl.col("months") > 0).group_by(table.columns).len("weight").sort(table.columns)
    patterns = alike.select(names).unique().sort(names) if names else pl.DataFrame({"one": [0]})
    alike = alike.with_columns(_number_of(alike, patterns, names))
    length = alike["months"].to_numpy()
    row = np.repeat(np.arange(alike.height), length)
    ahead = np.arange(row.size) - np.repeat(np.cumsum(length) - length, length)
    weight = alike["weight"].to_numpy()[row].astype(float)
    happened = np.where(ahead == length[row] - 1, alike["event"].to_numpy()[row], 0)
    t_band, a_band = bands.tenure_of(alike["tenure"].to_numpy()[row] + ahead), bands.ahead_of(ahead)
    n_tenure, n_ahead = bands.n_tenure, 1 if bands.ahead is None else bands.ahead.size + 1
    keys, place = np.unique(
        (alike["pattern"].to_numpy()[row] * n_tenure + t_band) * n_ahead + a_band, return_inverse=True
    )
    folds = int(fold.max(initial=0)) + 1
    place = alike["fold"].to_numpy()[row] * keys.size + place

    def count(weights: Floats) -> Floats:
        return np.bincount(place, weights, minlength=folds * keys.size).reshape(folds, keys.size)

    pattern, rest = np.divmod(keys, n_tenure * n_ahead)
    held = patterns.to_numpy().astype(np.int64)[pattern]
    return Cells(
        codes=held if names else held[:, :0],
        tenure=rest // n_ahead,
        ahead=rest % n_ahead,
        n=count(weight),
        events=np.stack([count(weight * (happened == k)) for k in range(1, n_causes + 1)], axis=2),
    )


def _number_of(alike: pl.DataFrame, patterns: pl.DataFrame, names: list[str]) -> pl.Series:
    """Number of each row's pattern."""
    if not names:
        return pl.Series("pattern", np.zeros(alike.height, np.int64))
    numbered = patterns.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("pattern"))
    return alike.select(names).join(numbered, on=names, how="left", maintain_order="left")["pattern"]
