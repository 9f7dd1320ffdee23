"""Turnover frame → landmarks: who was at work on a day, what was known of them then, and what came after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import NO_GROUP, Level
from wellperf_models.study import Turnover
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.risk.coding import as_words
from wellperf_models.turnover.risk.foretelling import Watched
from wellperf_models.turnover.rows import TurnoverFrame


@dataclass(frozen=True, kw_only=True)
class Landmarks:
    """One row per spell and landmark it was at work at; arrays of shape (n,).

    With dates a landmark is the first day of a month, the last one the day after the last month observed
    ("now": nothing is known after it). Without dates it is each one's entry into observation.

    Attributes:
        words: Covariates and strata as known on that day, null where not known yet.
        start: Months from the first month observed to the landmark; 0 without dates.
        tenure: Whole months of tenure at it.
        months: Whole months watched after it.
        event: 0, or 1..K where the last of them ended with an exit.
        time: Time watched after it in months, exact without dates.
        person, cluster, fold_group: Codes; a person's cluster is the one of the first landmark, so that all
            rows of a person are in one.
        group: Group on that day, or None.
        above: Levels above the group, the narrowest first.
        labels: Landmark (`start`) → its day in words.
        n_months: Months observed in all; 0 without dates.
        n_causes: K.
        dated: Whether there are dates.
        known_late: Values measured on or after their landmark's day; None where nothing is dated.
    """

    words: pl.DataFrame
    start: Ints
    tenure: Ints
    months: Ints
    event: Ints
    time: Floats
    person: Ints
    cluster: Ints
    fold_group: Ints
    group: NDArray[np.str_] | None
    above: tuple[Level, ...]
    labels: dict[int, str]
    n_months: int
    n_causes: int
    dated: bool
    known_late: int | None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Landmarks({self.start.size} rows at {len(self.labels)} landmarks)"

    def training(self, day: int) -> Watched:
        """What was known at a landmark: earlier landmarks, watched up to that day and no further.

        Args:
            day: `start` of the landmark.
        """
        earlier = np.flatnonzero(self.start < day)
        return self.watched(earlier, np.asarray(day - self.start[earlier]))

    def watched(self, rows: Ints, most: Ints | None = None) -> Watched:
        """Rows to learn from, each for `most` months at the longest (shape of `rows`)."""
        months, event = self.months[rows], self.event[rows]
        if most is not None:
            event = np.where(months <= most, event, 0)
            months = np.minimum(months, most)
        return Watched(
            words=self.words[rows],
            tenure=self.tenure[rows],
            months=months,
            event=event,
            group=self.fold_group[rows],
            n_causes=self.n_causes,
            row=rows,
        )


def build_landmarks(frame: TurnoverFrame, section: Turnover) -> Landmarks:
    """Landmarks every `turnover.risk.every_months` months, or everybody's entry where there are no dates.

    Args:
        frame: The turnover frame.
        section: `[turnover]`.

    Raises:
        DesignError: No covariates.
    """
    if frame.months is None:
        require_rows(frame)
        raise DesignError("There are no person-months to learn from.", where="turnover.covariates")
    rows, start, n_months, labels = _dated(frame.months, section) if frame.dated else _undated(frame.months)
    spell = rows["spell"].to_numpy()
    months, event = rows["months"].to_numpy(), rows["last_event"].to_numpy()
    time = months.astype(float)
    if not frame.dated:
        time = frame.spells.duration[spell] - frame.spells.entry[spell]
        event = frame.spells.event[spell]
        # who was censored within a month was not watched to its end
        months = np.where(event > 0, np.ceil(time), np.floor(time)).astype(np.int64)
    group, above = _groups(frame, rows)
    person = rows["person"].to_numpy()
    return Landmarks(
        words=as_words(rows, frame.covariates, section.strata),
        start=start,
        tenure=rows["tenure"].to_numpy(),
        months=months.astype(np.int64),
        event=event.astype(np.int64),
        time=time,
        person=person,
        cluster=_first_of_person(person, start, _codes(rows, section)),
        fold_group=_fold_group(rows, section),
        group=group,
        above=above,
        labels=labels,
        n_months=n_months,
        n_causes=len(frame.causes),
        dated=frame.dated,
        known_late=_known_late(rows),
    )


def _dated(months: pl.DataFrame, section: Turnover) -> tuple[pl.DataFrame, Ints, int, dict[int, str]]:
    index = pl.col("period").dt.year().cast(pl.Int64) * 12 + pl.col("period").dt.month()
    months = months.with_columns(index.alias("index"))
    first, last = int(months["index"].min()), int(months["index"].max())  # type: ignore[arg-type]
    n_months = last - first + 1
    ends = months.group_by("spell").agg(
        pl.col("index").max().alias("end"), pl.col("event").sort_by("index").last().alias("last_event")
    )
    held = months.filter((pl.col("index") - first) % section.risk.every_months == 0)
    held = held.with_columns((pl.col("index") - first).alias("at"), pl.col("start_months").alias("tenure"))
    # the day after the last month: who is still there then, as known a month before
    now = months.filter((pl.col("index") == last) & (pl.col("event") == 0)).with_columns(
        pl.lit(n_months, pl.Int64).alias("at"), pl.col("stop_months").cast(pl.Int64).alias("tenure")
    )
    rows = pl.concat([held.with_columns(pl.col("tenure").cast(pl.Int64)), now], how="vertical_relaxed")
    rows = rows.join(ends, on="spell", how="left").sort("at", "spell")
    left = pl.col("end") - first - pl.col("at") + 1
    rows = rows.with_columns(
        left.cast(pl.Int64).alias("months"),
        pl.when(left > 0).then(pl.col("last_event")).otherwise(0).alias("last_event"),
    )
    days = rows.group_by("at").agg(pl.col("period").first()).sort("at")
    labels = {int(at): f"{day:%-d %B %Y}" for at, day in days.iter_rows()}
    labels[n_months] = "the day after the last month observed"
    return rows, rows["at"].to_numpy(), n_months, labels


def _undated(months: pl.DataFrame) -> tuple[pl.DataFrame, Ints, int, dict[int, str]]:
    rows = months.sort("spell", "start_months").group_by("spell", maintain_order=True).first()
    rows = rows.with_columns(
        pl.col("start_months").cast(pl.Int64).alias("tenure"),
        pl.lit(0, pl.Int64).alias("months"),
        pl.lit(0, pl.Int64).alias("last_event"),
    )
    return rows, np.zeros(rows.height, np.int64), 0, {0: "entry into observation"}


def _groups(frame: TurnoverFrame, rows: pl.DataFrame) -> tuple[NDArray[np.str_] | None, tuple[Level, ...]]:
    """Groups on the day, and the levels above them as the description knows them."""
    if frame.group_by is None or frame.spells.group is None or frame.group_by not in rows.columns:
        return None, ()
    group = rows[frame.group_by].cast(pl.String).fill_null(NO_GROUP).to_numpy().astype(str)
    above = []
    for level in frame.spells.above:
        parent = dict(zip(frame.spells.group.tolist(), level.groups.tolist(), strict=True))
        if not set(group.tolist()) <= set(parent):
            break
        above.append(Level(name=level.name, groups=np.array([parent[g] for g in group.tolist()], dtype=str)))
    return group, tuple(above)


def _codes(rows: pl.DataFrame, section: Turnover) -> Ints:
    """Declared clusters; the person where none is declared."""
    if section.cluster in (None, "person"):
        return np.asarray(rows["person"].to_numpy())
    return _dense(rows["cluster_key"])


def _fold_group(rows: pl.DataFrame, section: Turnover) -> Ints:
    chosen = section.validation.group_by
    if chosen == "covariate_pattern":
        return np.asarray(rows["pattern"].to_numpy())
    if chosen == "cluster" and section.cluster not in (None, "person"):
        return _dense(rows["cluster_key"])
    return np.asarray(rows["person"].to_numpy())


def _dense(values: pl.Series) -> Ints:
    return (values.rank("dense") - 1).cast(pl.Int64).to_numpy()


def _first_of_person(person: Ints, start: Ints, cluster: Ints) -> Ints:
    """A person's cluster at the first landmark: nobody is in two."""
    order = np.lexsort((start, person))
    people, first = np.unique(person[order], return_index=True)
    held = cluster[order][first]
    return np.asarray(held[np.searchsorted(people, person)])


def _known_late(rows: pl.DataFrame) -> int | None:
    dates = [c for c in rows.columns if c.endswith("_measured_day")]
    if not dates:
        return None
    return sum(int((rows[c] >= rows["period_day"]).sum()) for c in dates)
