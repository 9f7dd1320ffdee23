"""Tables → what the turnover models eat: spells by person and group; dates asserted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import (
    NO_GROUP,
    LeftOut,
    Level,
    Source,
    build_spells,
    has_dates,
    has_stable_ids,
    levels_above,
    roster_of,
    tally_left_out,
    to_polars,
)
from wellperf_models.panel.covariates import GROUPS
from wellperf_models.study import Study, Turnover
from wellperf_models.turnover.causes import ANOTHER
from wellperf_models.turnover.design import Minimum
from wellperf_models.turnover.frame_models import build_models
from wellperf_models.turnover.rows import Spells, TurnoverFrame


def build_frame(tables: Source) -> TurnoverFrame:
    """Builds everything the turnover pillar fits.

    Args:
        tables: Holds `spells`, and what the study's covariates and groups are read from.

    Returns:
        The frame.

    Raises:
        StudyError: No spells table, a covariate not measured before the outcome, or one that can't be placed.
        DesignError: No spell was observed, or nobody left.
    """
    study = tables.study
    section = study.turnover
    if "spells" not in tables:
        raise StudyError("There is no table of spells.", where="[tables.spells]", remedy="declare it")
    names = (*section.covariates, *section.strata)
    _check_timing(study, names)
    groups = tuple(dict.fromkeys((*GROUPS, *([section.group_by] if section.group_by else []))))
    raw = _coded(to_polars(build_spells(tables, names, groups=groups)), names, section)
    if raw.height == 0:
        raise DesignError("No spell was observed.", where="spells", expected="at least one")
    if not (raw["event"] > 0).any():
        raise DesignError("Nobody left, so there is nothing to describe.", where="spells.exit_reason")
    dated = has_dates(tables)
    left_out = _spells_left_out(tables)
    out_of_models: dict[str, LeftOut] = {}
    roster = roster_of(
        raw, code="person", identifier="employee_id", stable=has_stable_ids(study, ("people", "spells"))
    )
    panel = months = rows = no_rows = None
    minimum = Minimum(people=study.disclosure.min_model_people, events=study.disclosure.min_model_events)
    if section.covariates:
        # what can't be modelled can still be described
        built = attempt(build_models, tables, names, groups, raw, minimum, out_of_models, roster)
        if isinstance(built, Unanswered):
            no_rows = built
        else:
            months, panel, rows, no_rows = built
    another = bool((raw["event"] > len(section.causes)).any())
    return TurnoverFrame(
        causes=(*section.causes, *([ANOTHER] if another else [])),
        spells=_spells(raw, study),
        panel=panel,
        months=months,
        covariates={name: study.covariates[name] for name in section.covariates},
        rows=rows,
        no_rows=no_rows,
        group_by=section.group_by,
        left_out=left_out,
        left_out_of_models=out_of_models,
        dated=dated,
        delayed_entry=bool((raw["entry_months"] > 0).any()),
        minimum=minimum,
        min_group_size=study.disclosure.min_group_size,
        population=_population(study, dated=dated),
        seed=study.study.seed,
        in_full=study.study.public_microdata,
        roster=roster,
        observed_from=calendar_month(study.study.observed_from) if dated else None,
        observed_until=calendar_month(study.study.as_of + dt.timedelta(days=1)) if dated else None,
    )


def calendar_month(day: dt.date | None) -> float | None:
    """Months since year 0, a day being 1/31 of a month, as in `Spells.start`."""
    return None if day is None else day.year * 12 + day.month - 1 + (day.day - 1) / 31


def _spells_left_out(tables: Source) -> dict[str, LeftOut]:
    left_out = tally_left_out(tables)
    if dropped := getattr(tables, "dropped_duplicates", {}).get("spells", 0):
        # whose copies they were is not kept: they are taken as of as many people
        why = "rows equal in every column of the file, all but the first dropped"
        left_out[why] = LeftOut(rows=dropped, people=dropped)
    if halved := getattr(tables, "n_half_steps", {}).get("spells", 0):
        why = "tenure of 0 in whole units, counted as half of the smallest step"
        left_out[why] = LeftOut(rows=halved, people=halved)
    return left_out


def _population(study: Study, *, dated: bool) -> str:
    general = study.study
    who = f"People of the study “{general.title or general.name}”"
    if not dated:
        return f"{who}, followed by months of tenure"
    since = f"between {general.observed_from} and" if general.observed_from else "at some time up to"
    return f"{who} employed {since} {general.as_of}"


def _check_timing(study: Study, names: Sequence[str]) -> None:
    for name in names:
        if study.covariates[name].timing != "before":
            raise StudyError(
                "A covariate measured during or after the outcome can't explain or predict it.",
                where=f"[covariates.{name}] timing",
                expected='"before"',
                got=repr(study.covariates[name].timing),
                remedy="leave it out of turnover.covariates and turnover.strata",
            )


def _coded(raw: pl.DataFrame, names: Sequence[str], section: Turnover) -> pl.DataFrame:
    """Adds spell, person and pattern codes, in the order of the ids: nothing depends on the engine."""
    order = ["employee_id", *(["spell_start"] if "spell_start" in raw.columns else [])]
    raw = raw.sort([*order, "duration_months"]).with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("spell"),
        (pl.col("employee_id").rank("dense") - 1).cast(pl.Int64).alias("person"),
    )
    # people without ids: those who share every covariate may be the same person
    pattern = pl.concat_str(
        [pl.col(n).cast(pl.String).fill_null("\x00") for n in sorted(names)], separator="\x1f"
    )
    coded = (pattern.rank("dense") - 1).cast(pl.Int64) if names else pl.col("person")
    return raw.with_columns(coded.alias("pattern"))


def _spells(raw: pl.DataFrame, study: Study) -> Spells:
    entry, duration = raw["entry_months"].to_numpy(), raw["duration_months"].to_numpy()
    if not np.all(duration > entry):
        raise DesignError(
            "A spell ends before it enters observation.", where="spells", expected="entry before exit"
        )
    group = None
    above: tuple[Level, ...] = ()
    if (group_by := study.turnover.group_by) is not None:
        named = raw[group_by].cast(pl.String)
        if named.null_count() == named.len():
            raise StudyError(
                "The group of the curves is nowhere to be found.",
                where="turnover.group_by",
                got=group_by,
                expected="a column of assignments or people",
            )
        group = named.fill_null(NO_GROUP).to_numpy().astype(str)
        above = levels_above(raw, Level(name=group_by, groups=group), study.disclosure.widen)
    cluster, clustered_by = _cluster(raw, study.turnover.cluster)
    return Spells(
        entry=entry,
        duration=duration,
        event=raw["event"].to_numpy().astype(np.int64),
        person=raw["person"].to_numpy().astype(np.int64),
        group=group,
        above=above,
        cluster=cluster,
        clustered_by=clustered_by,
        start=_start(raw),
    )


def _start(raw: pl.DataFrame) -> Floats | None:
    if "spell_start" not in raw.columns:
        return None
    day = pl.col("spell_start").dt
    month = day.year().cast(pl.Float64) * 12 + day.month() - 1 + (day.day().cast(pl.Float64) - 1) / 31
    return raw.select(month.alias("start"))["start"].to_numpy()


def _cluster(raw: pl.DataFrame, declared: str | None) -> tuple[Ints | None, str]:
    """Codes of the clusters of spells, and what a cluster is; none where there is only one."""
    if declared is None and raw["person"].n_unique() == raw.height:
        return None, ""
    what = declared or "person"
    column = "pattern" if what == "covariate_pattern" else what
    named = raw[column].cast(pl.String).fill_null(NO_GROUP)
    if named.n_unique() < 2:
        return None, ""
    return (named.rank("dense") - 1).cast(pl.Int64).to_numpy(), what
