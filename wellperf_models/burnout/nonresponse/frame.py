"""Who was asked again and who answered: people with a score in one wave, and what the next has of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.answers import FIRST_SEEN_IN, with_first_seen_in
from wellperf_models.burnout.frame import BurnoutFrame, period_of
from wellperf_models.evidence import Members
from wellperf_models.inference.design import as_declared
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import (
    NO_GROUP,
    LeftOut,
    Roster,
    Source,
    WaveOrder,
    build_waves,
    has_stable_ids,
    left_out_rows,
    members_of,
    read_wave_order,
    roster_of,
    to_polars,
)
from wellperf_models.panel.covariates import GROUPS
from wellperf_models.panel.engine import day_of, days, table
from wellperf_models.study import Burnout

# tables that say who is still there, the better one first
_WHO_IS_THERE = ("spells", "assignments")


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """One row per answer that the next wave could follow; arrays of shape (n,).

    Attributes:
        person, cluster: Codes; a person has one cluster, the one they were first seen in.
        wave: Position of the earlier wave.
        last: Score in it, turned so that more is worse.
        answered: Whether the person has a score in the next wave.
        strain: That score, turned likewise; missing where there is none.
        covariates: As known when the earlier wave was answered, n rows.
    """

    person: Ints
    cluster: Ints
    wave: Ints
    last: Floats
    answered: NDArray[np.bool_]
    strain: Floats
    covariates: pl.DataFrame

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Pairs({self.person.size} rows × {self.covariates.width} covariates)"


@dataclass(frozen=True, kw_only=True)
class ResponseFrame:
    """Who answered of those who were asked.

    Attributes:
        pairs: The rows; None where nobody could answer twice.
        why: Why there are none; "" where there are.
        outcome, case, population: In words.
        higher_is_worse: Which end of the scale is bad.
        section: `[burnout]`.
        model: Set of predictors that foretells who answers, as a reader calls it.
        asked_by: Table that says who was still employed; "": none does, and all count as asked.
        waves: Names of the waves, oldest first.
        left_out: Reason → answers that the next wave was not asked of.
        min_people, min_cases, min_group_size: As in `BurnoutFrame`.
        in_full: Published microdata.
        consent: Whether answers without consent were set aside: they count as not given.
        roster: Who the codes of people are, for the ledger.
    """

    pairs: Pairs | None
    why: str
    outcome: str
    case: str
    population: str
    higher_is_worse: bool
    section: Burnout
    model: str
    asked_by: str
    waves: tuple[str, ...]
    left_out: dict[str, LeftOut]
    min_people: int
    min_cases: int
    min_group_size: int
    in_full: bool
    consent: bool
    roster: Roster | None = field(default=None, repr=False)

    def members(self, own: NDArray[np.bool_] | None = None) -> Members:
        """Who is behind a number of some pairs (None: all); the events are those who did not answer."""
        assert self.pairs is not None
        chosen = np.ones(self.pairs.person.size, bool) if own is None else own
        silent = chosen & ~self.pairs.answered
        return members_of(self.roster, self.pairs.person[chosen], self.pairs.person[silent])

    def __repr__(self) -> str:
        """Shapes only."""
        return f"ResponseFrame({self.pairs!r})"


def build_response(tables: Source, frame: BurnoutFrame) -> ResponseFrame:
    """Who was asked in each wave but the first, of those with a score in the wave before, and who answered.

    Asked is who was still employed when the next wave began, by dated spells or else by assignments; where
    neither says, everybody who answered the wave before.

    Args:
        tables: Holds `surveys`, and whatever the study's covariates, spells and assignments are read from.
        frame: From `build_frame`.

    Returns:
        The frame; without pairs, and with the reason, where nobody could answer twice.

    Raises:
        StudyError: As in `build_frame`.
    """
    study, section = tables.study, frame.section
    asked = section.nonresponse
    model = next(iter(section.models)) if asked is None or asked.predictors is None else asked.predictors
    made = _Made(pairs=None, why=frame.why, asked_by="", left_out={}, roster=None)
    if frame.design == "forward":
        made = _pairs(tables, frame, frame.sets[model])
    return ResponseFrame(
        pairs=made.pairs,
        why=made.why,
        outcome=frame.outcome,
        case=frame.case,
        population=f"People of the study “{study.study.title or study.study.name}” with a score of "
        f"{frame.outcome} in one wave"
        + (" who were still employed when the next began" if made.asked_by else ", asked again in the next"),
        higher_is_worse=frame.higher_is_worse,
        section=section,
        model=frame.name_of(model),
        asked_by=made.asked_by,
        waves=made.waves,
        left_out=made.left_out,
        min_people=frame.min_people,
        min_cases=frame.min_cases,
        min_group_size=frame.min_group_size,
        in_full=frame.in_full,
        consent=study.consent is not None and "surveys" in study.consent.streams,
        roster=made.roster,
    )


@dataclass(frozen=True, kw_only=True)
class _Made:
    pairs: Pairs | None
    why: str
    asked_by: str
    left_out: dict[str, LeftOut]
    roster: Roster | None
    waves: tuple[str, ...] = ()


def _pairs(tables: Source, frame: BurnoutFrame, covariates: tuple[str, ...]) -> _Made:
    study, section = tables.study, frame.section
    extra = [g for g in (section.cluster,) if g and g != "person"]
    order = read_wave_order(tables, covariates)
    rows = to_polars(build_waves(tables, covariates, groups=tuple(dict.fromkeys((*GROUPS, *extra)))))
    rows = rows.sort("employee_id", "wave_order", "wave").with_columns(
        (pl.col("employee_id").rank("dense") - 1).cast(pl.Int64).alias("person"),
        (pl.col("wave_order").rank("dense") - 1).cast(pl.Int64).alias("wave_order"),
    )
    waves = tuple(rows.sort("wave_order", "wave")["wave"].unique(maintain_order=True))
    roster = roster_of(
        rows, code="person", identifier="employee_id", stable=has_stable_ids(study, ("people", "surveys"))
    ).during(period_of(waves[1:]))
    after = rows.select(
        "person", (pl.col("wave_order") - 1).alias("wave_order"), pl.col("score").alias("next_score")
    )
    # each has a cluster before the rows are thinned out: the one they were first seen in
    rows = with_first_seen_in(rows, section)
    rows = rows.with_columns(pl.Series("cluster", _cluster(rows, section.cluster)))
    rows = rows.filter(pl.col("wave_order") < len(waves) - 1).join(
        after, on=["person", "wave_order"], how="left", maintain_order="left"
    )
    asked_by, there = _still_there(tables, rows, order, waves)
    gone = rows.filter(~there)
    left_out = {}
    if gone.height:
        why = "answers of people no longer employed when the next wave began"
        left_out[why] = left_out_rows(gone["person"].to_numpy(), roster)
    rows = rows.filter(there)
    sign = 1 if frame.higher_is_worse else -1
    pairs = Pairs(
        person=rows["person"].to_numpy(),
        cluster=rows["cluster"].to_numpy(),
        wave=rows["wave_order"].to_numpy(),
        last=sign * rows["score"].to_numpy(),
        answered=rows["next_score"].is_not_null().to_numpy(),
        strain=sign * rows["next_score"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        covariates=as_declared(rows, covariates, study.covariates) if covariates else pl.DataFrame(),
    )
    return _Made(pairs=pairs, why="", asked_by=asked_by, left_out=left_out, roster=roster, waves=waves)


def _cluster(rows: pl.DataFrame, chosen: str | None) -> Ints:
    """The person, or the declared cluster they were first seen in."""
    if chosen in (None, "person"):
        return rows["person"].to_numpy()
    first = rows[FIRST_SEEN_IN].fill_null(NO_GROUP)
    return (first.rank("dense") - 1).cast(pl.Int64).to_numpy()


def _still_there(
    tables: Source, rows: pl.DataFrame, order: WaveOrder, waves: tuple[str, ...]
) -> tuple[str, pl.Series]:
    """Which table says who was employed on the first day of the next wave, and for which rows it does."""
    everybody = pl.Series("there", np.ones(rows.height, bool))
    name = next((n for n in _WHO_IS_THERE if n in tables and _has_days(tables, n)), "")
    if not name or not order.dated:
        return "", everybody
    as_of = float(days(tables.study.study.as_of))
    held = to_polars(table(tables, name).select("employee_id", start=day_of("start"), end=day_of("end")))
    held = held.with_columns(pl.col("end").fill_nan(None).fill_null(as_of)).drop_nulls("start")
    begins = {wave: order.begins[order.names.index(wave)] for wave in waves}
    following = [begins[wave] for wave in waves[1:]]
    placed = rows.select("employee_id", "wave_order").with_row_index("row")
    placed = placed.with_columns(pl.col("wave_order").replace_strict(dict(enumerate(following))).alias("day"))
    found = (
        placed.join(held, on="employee_id")
        .filter((pl.col("start") <= pl.col("day")) & (pl.col("day") <= pl.col("end")))["row"]
        .unique()
    )
    return name, placed["row"].is_in(found.implode()).alias("there")


def _has_days(tables: Source, name: str) -> bool:
    """Whether rows have a first and a last day, and some a first day that is known."""
    frame = table(tables, name)
    if not {"start", "end"} <= set(frame.collect_schema().names()):
        return False
    return bool(to_polars(frame.select(n=nw.col("start").count()))["n"].item() > 0)
