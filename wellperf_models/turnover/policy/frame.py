"""Person-months → histories: what was known of each person as each month began, and what came next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Covariate
from wellperf_models.turnover.policy.frame_memory import Dated, Flags, Memory
from wellperf_models.turnover.policy.frame_static import Static, read_static
from wellperf_models.turnover.rows import TurnoverFrame

_DATED = ("surveys", "workload")
_MIN_FRESH = 0.02
# people measured twice, below which nothing can be said on how a value moves
_LEAST_AGAIN = 10


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Spells × months of the study; arrays (n, months) unless said otherwise.

    Attributes:
        dated: The covariates measured over time.
        static: What does not change or is carried as it is, strata too.
        at_risk, event: In the month; event is 0, 1..K.
        tenure: Completed months as the month began.
        value: By covariate: the value that became known with the month, NaN where none did.
        features: By covariate: `Memory.features` as the month began, shape (n, months, 4).
        firsts, paces: By covariate: `Memory.first` (deviation) and `Memory.pace`.
        memories: By covariate and month, for landmarks: `Memory` as the month began.
        waves: By covariate: months with which new values become known, shape (months,).
        season: Month of the year of each month, shape (months,).
        person, cluster: Codes, shape (n,). n_clusters: Of them.
        causes: Exit reasons by code from 1.
        late: Some value was measured in or after the month it is used for.
    """

    dated: tuple[Dated, ...]
    static: Static
    at_risk: Flags
    event: Ints
    tenure: Floats
    value: tuple[Floats, ...]
    features: tuple[Floats, ...]
    firsts: tuple[Floats, ...]
    paces: tuple[Floats, ...]
    memories: tuple[tuple[Memory, ...], ...]
    waves: tuple[Flags, ...]
    season: Ints
    person: Ints
    cluster: Ints
    n_clusters: int
    causes: tuple[str, ...]
    late: bool

    @property
    def n_months(self) -> int:
        """Months of the study."""
        return self.at_risk.shape[1]

    def number_of(self, name: str) -> int:
        """Place of a dated covariate.

        Raises:
            DesignError: It has no date.
        """
        names = [d.name for d in self.dated]
        if name not in names:
            raise DesignError(
                "A policy changes a covariate that is not a number measured time and again.",
                where=f"turnover.policies: covariate = {name!r}",
                expected="a number of the tables workload or surveys",
            )
        return names.index(name)

    def base(self, rows: Ints, month: Ints, known: Ints | None = None) -> Floats:
        """What every model has, for rows in months: see `base_at`."""
        return self.base_at(rows, month, self.tenure[rows, month], month if known is None else known)

    def base_at(self, rows: Ints, month: Ints, tenure: Floats, known: Ints) -> Floats:
        """Tenure (log and linear), time, season and what is carried as it is, shape (m, q + 5).

        Args:
            rows, month: Spell and month of the study, shape (m,).
            tenure: Completed months; also where a spell did not last that long.
            known: Month as of which categories are known, shape (m,): what comes after a landmark is not.
        """
        angle = 2 * np.pi * self.season[month] / 12
        # what changes for everyone over the years: a programme rolled out, a labour market
        time = (month - self.n_months / 2) / 12
        early = np.log((tenure + 6) / 36)
        return np.column_stack(
            [early, tenure / 120, time, np.cos(angle), np.sin(angle), self.static.at(rows, known)]
        )

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Histories({self.at_risk.shape[0]} spells × {self.n_months} months, {len(self.dated)} dated)"


def join(blocks: Sequence[Floats]) -> Floats:
    """Blocks of columns, shapes (m, q), as a design with a constant first, shape (m, 1 + Σq)."""
    return np.column_stack([np.ones(len(blocks[0])), *blocks])


def predict(blocks: Sequence[Floats], beta: Floats) -> Floats:
    """`join(blocks) @ beta` without building the design.

    Args:
        blocks: As of `join`.
        beta: Shape (p,) or (p, k).
    """
    found, at = beta[0], 1
    for block in blocks:
        found = found + block @ beta[at : at + block.shape[1]]
        at += block.shape[1]
    assert at == len(beta)
    return np.asarray(found)


def build_histories(frame: TurnoverFrame, strata: Sequence[str] = ()) -> Histories:
    """Histories from the months as known.

    Args:
        frame: The turnover frame.
        strata: Of the study: covariates that people are told apart by, whatever changes them.

    Raises:
        DesignError: The spells have no dates, no covariate is measured over time, or a stratum is not known.
    """
    months = frame.months
    if months is None or not frame.dated or "period" not in months.columns:
        raise DesignError(
            "What a change of work would do can't be said without dates: nothing is known to come before.",
            where="spells",
            remedy="spells with start and end dates, and workload or surveys by date",
        )
    candidates = [n for n, c in frame.covariates.items() if c.table in _DATED and c.type == "number"]
    order = months["period"].dt.year().cast(pl.Int64) * 12 + months["period"].dt.month().cast(pl.Int64) - 1
    first = int(order.min())  # type: ignore[arg-type]
    column = (order - first).to_numpy().astype(np.int64)
    codes, row = np.unique(months["spell"].to_numpy(), return_inverse=True)
    shape = (codes.size, int(column.max()) + 1)
    at_risk, event, tenure = np.zeros(shape, bool), np.zeros(shape, np.int64), np.zeros(shape)
    at_risk[row, column] = True
    event[row, column] = months["event"].to_numpy()
    tenure[row, column] = months["start_months"].to_numpy()
    first_row = np.r_[True, row[1:] != row[:-1]]
    firsts = months.filter(pl.Series(first_row))
    read = {name: _new_values(months, name, row, column, shape) for name in candidates}
    # what is asked once is carried like what does not change
    again = {name: (np.isfinite(v).sum(axis=1) > 1).sum() for name, v in read.items()}
    names = [name for name in candidates if again[name] >= _LEAST_AGAIN]
    if not names:
        raise DesignError(
            "No number among the covariates is measured over time, so there is no course of work to change.",
            where="turnover.covariates",
            remedy="a covariate of the tables workload or surveys",
        )
    values = [read[name] for name in names]
    waves = [_wave_months(v, at_risk, frame.covariates[n].table) for v, n in zip(values, names, strict=True)]
    dated = tuple(
        _describe(n, frame.covariates[n], v, w) for n, v, w in zip(names, values, waves, strict=True)
    )
    remembered = [_remember(d, v) for d, v in zip(dated, values, strict=True)]
    static = read_static(
        months, row, column, shape,
        declared=frame.covariates, dated=names, strata=strata, minimum=frame.minimum,
    )  # fmt: skip
    cluster = firsts["cluster_key" if "cluster_key" in firsts.columns else "person"].cast(pl.String)
    cluster_code = (cluster.rank("dense") - 1).cast(pl.Int64).to_numpy()
    return Histories(
        dated=dated,
        static=static,
        at_risk=at_risk,
        event=event,
        tenure=tenure,
        value=tuple(values),
        features=tuple(
            np.stack([m.features(d) for m in r], axis=1) for d, r in zip(dated, remembered, strict=True)
        ),
        firsts=tuple(
            np.stack([(m.n > 0) * (m.first - d.centre) for m in r], axis=1)
            for d, r in zip(dated, remembered, strict=True)
        ),
        paces=tuple(np.stack([m.pace() for m in r], axis=1) for r in remembered),
        memories=tuple(tuple(r) for r in remembered),
        waves=tuple(waves),
        season=(first + np.arange(shape[1])) % 12,
        person=firsts["person"].to_numpy().astype(np.int64),
        cluster=cluster_code,
        n_clusters=int(cluster_code.max()) + 1,
        causes=frame.causes,
        late=any(
            bool((months[f"{n}_measured_day"] >= months["period_day"]).fill_null(False).any()) for n in names
        ),
    )


def _new_values(months: pl.DataFrame, name: str, row: Ints, column: Ints, shape: tuple[int, int]) -> Floats:
    """Where the day of the last measurement moved since the row before, its value is new."""
    day = months[f"{name}_measured_day"].cast(pl.Float64).to_numpy()
    value = months[name].cast(pl.Float64).to_numpy()
    before = np.r_[np.nan, day[:-1]]
    before[np.r_[True, row[1:] != row[:-1]]] = np.nan
    new = np.isfinite(day) & np.isfinite(value) & (day != before)
    found = np.full(shape, np.nan)
    found[row[new], column[new]] = value[new]
    return found


def _wave_months(value: Floats, at_risk: Flags, table: str) -> Flags:
    """Months with which enough new values become known; every month for what is recorded monthly."""
    if table == "workload":
        return np.ones(value.shape[1], dtype=bool)
    # a spell's first row tells what was known before it, not what was asked in the month before
    follows = at_risk[:, 1:] & at_risk[:, :-1]
    share = (np.isfinite(value[:, 1:]) & follows).sum(axis=0) / np.maximum(follows.sum(axis=0), 1)
    return np.r_[False, share >= _MIN_FRESH]


def _describe(name: str, declared: Covariate, value: Floats, waves: Flags) -> Dated:
    """The range is that of the values seen: a policy's floor is no part of how things are."""
    known = value[np.isfinite(value)]
    if known.size == 0 or not known.std() > 0:
        raise DesignError("A dated covariate has a single value, or none.", where=f"[covariates.{name}]")
    low, high = float(known.min()), float(known.max())
    gaps = np.diff(np.flatnonzero(waves))
    return Dated(
        name=name,
        label=declared.label or name.replace("_", " "),
        unit=declared.unit,
        monthly=declared.table == "workload",
        centre=float(known.mean()),
        spread=float(known.std()),
        floor=low,
        low=low,
        high=high,
        usual_age=0 if declared.table == "workload" else int(np.median(gaps)) - 1 if gaps.size else 0,
    )


def _remember(dated: Dated, value: Floats) -> list[Memory]:
    """The memory as each month began."""
    memory, found = Memory.empty(value.shape[0], monthly=dated.monthly), []
    for month in range(value.shape[1]):
        seen = np.isfinite(value[:, month])
        memory.update(np.nan_to_num(value[:, month]), seen)
        found.append(memory.copy())
    return found
