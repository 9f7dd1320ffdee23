"""Tables → what turnover models are fitted on: a binned panel for the hazard, spells or months for Cox."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.design import NOT_MEASURED, yes_no
from wellperf_models.inference.risk_sets import Ints
from wellperf_models.panel import NO_GROUP, LeftOut, Roster, Source, build_panel, left_out_rows, to_polars
from wellperf_models.study import Covariate, Study, Turnover
from wellperf_models.turnover.design import Minimum, bin_number, count_levels, encode, pool_levels
from wellperf_models.turnover.rows import ModelRows


def build_models(
    tables: Source,
    names: Sequence[str],
    groups: Sequence[str],
    raw: pl.DataFrame,
    minimum: Minimum,
    left_out: dict[str, LeftOut],
    roster: Roster,
) -> tuple[pl.DataFrame, pl.DataFrame, ModelRows | None, Unanswered | None]:
    """Months as known, the binned panel, and model rows or why there are none.

    Args:
        tables: As of `build_frame`.
        names, groups: Covariates and strata; columns of groups.
        raw: Spells with codes.
        minimum: What a level of a model needs.
        left_out: Gets what these rows leave out.
        roster: Who the codes of people are.

    Raises:
        DesignError: There is not even a panel.
    """
    study = tables.study
    section = study.turnover
    months = _months(tables, names, groups, raw, section)
    inside = months.filter(pl.col("event") > 0).select("spell")
    lost = raw.filter(pl.col("event") > 0).join(inside, on="spell", how="anti")
    if lost.height:
        why = "exits outside the months observed to their end (described, not in the panel)"
        left_out[why] = left_out_rows(lost["person"].to_numpy(), roster)
    panel = _binned(months, study.covariates, section, minimum, left_out, roster)
    varying = any(study.covariates[n].table != "people" for n in names)
    built = attempt(_model_rows, months if varying else raw, study, varying, minimum, left_out, roster)
    if isinstance(built, Unanswered):
        return months, panel, None, built
    return months, panel, built, None


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
    roster: Roster,
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
            left_out[why] = left_out_rows(binned.filter(unknown)["person"].to_numpy(), roster)
            binned = binned.filter(~unknown)
    for name in section.covariates:
        binned = binned.with_columns(pool_levels(binned, name, minimum).alias(name))
    strata = [pl.col(s).cast(pl.String).fill_null(NOT_MEASURED) for s in section.strata]
    extra = ["cluster_key"] if section.cluster is not None else []
    return binned.select(
        "person", "start_months", "stop_months", "event", "left", *section.covariates, *strata, *extra
    )


def _model_rows(
    source: pl.DataFrame,
    study: Study,
    varying: bool,
    minimum: Minimum,
    left_out: dict[str, LeftOut],
    roster: Roster,
) -> ModelRows:
    section = study.turnover
    needed = [*section.covariates, *section.strata]
    source = source.with_columns((pl.col("event") == 1).alias("left"))
    known = source.drop_nulls(needed)
    missing = source.filter(pl.any_horizontal([pl.col(n).is_null() for n in needed]))
    never = np.setdiff1d(source["person"].to_numpy(), known["person"].to_numpy())
    if missing.height:
        what = "person-months" if varying else "spells"
        why = f"{what} without every covariate, left out of the Cox model"
        left_out[why] = left_out_rows(missing["person"].to_numpy(), roster)
    if never.size:
        why = "people never measured, left out of the Cox model"
        left_out[why] = left_out_rows(never, roster)
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
        n_people_left_out=never.size,
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
    values = frame[column].cast(pl.String).fill_null(NO_GROUP)
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
