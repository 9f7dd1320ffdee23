"""Tables → what the turnover models eat: spells, counting-process rows, a binned panel; dates asserted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.design import NOT_MEASURED, yes_no
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import Source, build_panel, build_spells, has_dates, tally_left_out, to_polars
from wellperf_models.panel.covariates import GROUPS
from wellperf_models.study import Covariate, Study, Turnover
from wellperf_models.turnover.causes import ANOTHER
from wellperf_models.turnover.design import (
    Design,
    Minimum,
    bin_number,
    count_levels,
    encode,
    pool_levels,
)


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What did not enter as it stood, for one reason: rows (spells, person-months, …) and whose they are."""

    rows: int
    people: int


@dataclass(frozen=True, kw_only=True)
class Spells:
    """One row per spell; all arrays of shape (n,).

    Attributes:
        entry, duration: Exact tenure in months at entry into observation and at exit or censoring.
        event: 0 censored, 1..K by order of the frame's causes.
        person: Code of the employee.
        group: Group at entry into observation ("not assigned" where there was none), or None without groups.
    """

    entry: Floats
    duration: Floats
    event: Ints
    person: Ints
    group: NDArray[np.str_] | None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Spells({self.entry.size} rows)"


@dataclass(frozen=True, kw_only=True)
class ModelRows:
    """Counting-process rows with every covariate known; arrays of shape (n,).

    Attributes:
        entry, exit: At risk for entry < t ≤ exit, months of tenure: exact ones where covariates stay as they
            are, whole months of the panel where they change.
        event: 0, 1..K.
        design: X and its columns; levels too rare to be shown are pooled.
        unpooled: X with every level a column of its own, for refits that choose by their own rows alone.
        person, fold_group: Codes of the employee and of what must not be split between folds.
        cluster, stratum: Codes, or None.
        varying: True where the rows are person-months.
        n_rows_left_out, n_people_left_out, n_exits_left_out: What lacked a covariate.
        measured_day, period_day: Of each dated covariate value and of its interval, days since 1970.
    """

    entry: Floats
    exit: Floats
    event: Ints
    design: Design
    unpooled: Design
    person: Ints
    fold_group: Ints
    cluster: Ints | None
    stratum: Ints | None
    varying: bool
    n_rows_left_out: int
    n_people_left_out: int
    n_exits_left_out: int
    measured_day: Ints
    period_day: Ints

    def __repr__(self) -> str:
        """Shapes only."""
        return f"ModelRows({self.entry.size} rows × {len(self.design.columns)} columns)"


@dataclass(frozen=True, kw_only=True)
class TurnoverFrame:
    """What the turnover models eat.

    Attributes:
        causes: Exit reasons, in order; the first is the one modelled. Where anyone left for a reason the
            study does not name, "another_reason" is the last: described like a cause, censored in the models.
        spells: For description.
        panel: Person-months with binned covariates ("not measured" is a level), start_months, event, person,
            cluster (where declared): the hazard's rows; None without covariates.
        covariates: Name → declaration, of the modelled ones.
        rows: For Cox and validation; None without covariates, or where they can't be modelled.
        no_rows: Why covariates can't be modelled; None where they can, or where there are none.
        group_by: What groups are, or None.
        left_out: Reason in words → rows and people; everything that did not enter as it stood.
        dated: False for the duration form.
        delayed_entry: Whether anyone enters observation after hire.
        minimum: People, exits and stays a model level needs.
        min_group_size: People a described group or risk set needs.
        population: Who it is about, in words.
        seed: The study's.
        in_full: Published microdata: nothing needs to be kept back.
    """

    causes: tuple[str, ...]
    spells: Spells
    panel: pl.DataFrame | None
    covariates: dict[str, Covariate]
    rows: ModelRows | None
    no_rows: Unanswered | None
    group_by: str | None
    left_out: dict[str, LeftOut]
    dated: bool
    delayed_entry: bool
    minimum: Minimum
    min_group_size: int
    population: str
    seed: int
    in_full: bool = False

    @property
    def n_people(self) -> int:
        """Distinct people."""
        return int(np.unique(self.spells.person).size)

    def __repr__(self) -> str:
        """Shapes only."""
        panel = "no panel" if self.panel is None else f"{self.panel.height} person-months"
        return f"TurnoverFrame({self.spells!r}, {panel}, causes: {', '.join(self.causes)})"


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
    panel = rows = no_rows = None
    minimum = Minimum(people=study.disclosure.min_model_people, events=study.disclosure.min_model_events)
    if section.covariates:
        # what can't be modelled can still be described
        built = attempt(_modelled, tables, names, groups, raw, minimum, left_out)
        if isinstance(built, Unanswered):
            no_rows = built
        else:
            panel, rows, no_rows = built
    another = bool((raw["event"] > len(section.causes)).any())
    return TurnoverFrame(
        causes=(*section.causes, *([ANOTHER] if another else [])),
        spells=_spells(raw, section.group_by),
        panel=panel,
        covariates={name: study.covariates[name] for name in section.covariates},
        rows=rows,
        no_rows=no_rows,
        group_by=section.group_by,
        left_out=left_out,
        dated=dated,
        delayed_entry=bool((raw["entry_months"] > 0).any()),
        minimum=minimum,
        min_group_size=study.disclosure.min_group_size,
        population=_population(study, dated=dated),
        seed=study.study.seed,
        in_full=study.study.public_microdata,
    )


def _modelled(
    tables: Source,
    names: Sequence[str],
    groups: Sequence[str],
    raw: pl.DataFrame,
    minimum: Minimum,
    left_out: dict[str, LeftOut],
) -> tuple[pl.DataFrame, ModelRows | None, Unanswered | None]:
    """Panel, and model rows or why there are none; a `DesignError` says why there is not even a panel."""
    study = tables.study
    section = study.turnover
    months = _months(tables, names, groups, raw, section)
    inside = months.filter(pl.col("event") > 0).select("spell")
    lost = raw.filter(pl.col("event") > 0).join(inside, on="spell", how="anti")
    if lost.height:
        why = "exits outside the months observed to their end (described, not in the panel)"
        left_out[why] = _left_out(lost)
    panel = _binned(months, study.covariates, section, minimum, left_out)
    varying = any(study.covariates[n].table != "people" for n in names)
    built = attempt(_model_rows, months if varying else raw, study, varying, minimum, left_out)
    return (panel, None, built) if isinstance(built, Unanswered) else (panel, built, None)


def _left_out(rows: pl.DataFrame) -> LeftOut:
    return LeftOut(rows=rows.height, people=rows["person"].n_unique())


def _spells_left_out(tables: Source) -> dict[str, LeftOut]:
    left_out = {why: LeftOut(rows=n, people=who) for why, (n, who) in tally_left_out(tables).items()}
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


def _spells(raw: pl.DataFrame, group_by: str | None) -> Spells:
    entry, duration = raw["entry_months"].to_numpy(), raw["duration_months"].to_numpy()
    if not np.all(duration > entry):
        raise DesignError(
            "A spell ends before it enters observation.", where="spells", expected="entry before exit"
        )
    group = None
    if group_by is not None:
        named = raw[group_by].cast(pl.String)
        if named.null_count() == named.len():
            raise StudyError(
                "The group of the curves is nowhere to be found.",
                where="turnover.group_by",
                got=group_by,
                expected="a column of assignments or people",
            )
        group = named.fill_null("not assigned").to_numpy().astype(str)
    return Spells(
        entry=entry,
        duration=duration,
        event=raw["event"].to_numpy().astype(np.int64),
        person=raw["person"].to_numpy().astype(np.int64),
        group=group,
    )


def _months(
    tables: Source, names: Sequence[str], groups: Sequence[str], raw: pl.DataFrame, section: Turnover
) -> pl.DataFrame:
    months = to_polars(build_panel(tables, names, groups=groups))
    keys = ["employee_id", *(["spell_start"] if "spell_start" in raw.columns else [])]
    months = months.join(raw.select(*keys, "spell", "person", "pattern"), on=keys, how="left")
    for name in [c for c in months.columns if c.endswith("_measured_day")]:
        seen = months.drop_nulls(name)
        if not (seen[name] < seen["period_day"]).all():
            raise DesignError(
                "A covariate was measured in or after the interval it is meant to predict.",
                where=name.removesuffix("_measured_day"),
            )
    if section.cluster is not None:
        source = "pattern" if section.cluster == "covariate_pattern" else section.cluster
        months = months.with_columns(pl.col(source).cast(pl.String).fill_null("none").alias("cluster_key"))
    return months.sort("spell", "stop_months")


def _binned(
    months: pl.DataFrame,
    declared: dict[str, Covariate],
    section: Turnover,
    minimum: Minimum,
    left_out: dict[str, LeftOut],
) -> pl.DataFrame:
    """Binned covariates; "not measured" is a level, or, too rare to be one, left out and counted."""
    binned = months.with_columns((pl.col("event") == 1).alias("left"))
    for name in section.covariates:
        kind = declared[name].type
        values = binned[name]
        if kind == "number":
            values = bin_number(values, declared[name].bins)
        else:
            values = yes_no(values, name) if kind == "yes_no" else values.cast(pl.String)
        binned = binned.with_columns(values.fill_null(NOT_MEASURED).alias(name))
    for name in section.covariates:
        people, exits, stays = count_levels(binned, name).get(NOT_MEASURED, (0, 0, 0))
        if people and (people < minimum.people or min(exits, stays) < minimum.events):
            unknown = pl.col(name) == NOT_MEASURED
            why = f"person-months without {name}, too few to be a level of the hazard"
            left_out[why] = _left_out(binned.filter(unknown))
            binned = binned.filter(~unknown)
    for name in section.covariates:
        binned = binned.with_columns(pool_levels(binned, name, minimum).alias(name))
    strata = [pl.col(s).cast(pl.String).fill_null(NOT_MEASURED) for s in section.strata]
    extra = ["cluster_key"] if section.cluster is not None else []
    return binned.select(
        "person", "start_months", "stop_months", "event", "left", *section.covariates, *strata, *extra
    )


def _model_rows(
    source: pl.DataFrame, study: Study, varying: bool, minimum: Minimum, left_out: dict[str, LeftOut]
) -> ModelRows:
    section = study.turnover
    needed = [*section.covariates, *section.strata]
    source = source.with_columns((pl.col("event") == 1).alias("left"))
    known = source.drop_nulls(needed)
    missing = source.filter(pl.any_horizontal([pl.col(n).is_null() for n in needed]))
    people_lost = source["person"].n_unique() - known["person"].n_unique()
    if missing.height:
        what = "person-months" if varying else "spells"
        left_out[f"{what} without every covariate, left out of the Cox model"] = _left_out(missing)
    if people_lost:
        why = "people never measured, left out of the Cox model"
        left_out[why] = LeftOut(rows=people_lost, people=people_lost)
    if not known["left"].any():
        raise DesignError(
            "Nobody with every covariate known left for the modelled cause.",
            where="turnover.causes, turnover.covariates",
            expected=f"exits for {section.causes[0]!r}",
        )
    times = ("start_months", "stop_months") if varying else ("entry_months", "duration_months")
    measured = [c for c in known.columns if c.endswith("_measured_day")]
    return ModelRows(
        entry=known[times[0]].cast(pl.Float64).to_numpy(),
        exit=known[times[1]].cast(pl.Float64).to_numpy(),
        event=known["event"].to_numpy().astype(np.int64),
        design=encode(known, section.covariates, study.covariates, minimum),
        unpooled=encode(known, section.covariates, study.covariates, Minimum(people=1, events=0)),
        person=known["person"].to_numpy(),
        fold_group=_fold_group(known, section),
        cluster=None if section.cluster is None else _code(known, _cluster_column(section)),
        stratum=_stratum(known, section.strata),
        varying=varying,
        n_rows_left_out=missing.height,
        n_people_left_out=people_lost,
        n_exits_left_out=int(missing["left"].sum()),
        measured_day=_stacked(known, measured, measured),
        period_day=_stacked(known, measured, ["period_day"] * len(measured)),
    )


def _cluster_column(section: Turnover) -> str:
    return "pattern" if section.cluster == "covariate_pattern" else str(section.cluster)


def _fold_group(known: pl.DataFrame, section: Turnover) -> Ints:
    chosen = section.validation.group_by
    if chosen == "cluster" and section.cluster is None:
        raise StudyError(
            "Folds are grouped by cluster, but there is none.",
            where="turnover.validation.group_by",
            remedy="name turnover.cluster",
        )
    column = {"person": "person", "covariate_pattern": "pattern"}.get(chosen) or _cluster_column(section)
    return _code(known, column)


def _code(frame: pl.DataFrame, column: str) -> Ints:
    values = frame[column].cast(pl.String).fill_null("not assigned")
    return (values.rank("dense") - 1).cast(pl.Int64).to_numpy()


def _stratum(known: pl.DataFrame, strata: Sequence[str]) -> Ints | None:
    if not strata:
        return None
    joined = known.select(
        pl.concat_str([pl.col(s).cast(pl.String) for s in strata], separator="\x1f").alias("s")
    )
    return _code(joined, "s")


def _stacked(known: pl.DataFrame, measured: Sequence[str], columns: Sequence[str]) -> Ints:
    parts = [known.drop_nulls(m)[c].to_numpy() for m, c in zip(measured, columns, strict=True)]
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, np.int64)
