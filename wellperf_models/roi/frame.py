"""Tables → what the return models eat: measured rows of each outcome, with arm, receipt and cluster."""

from __future__ import annotations

import numpy as np
import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.panel import (
    LeftOut,
    Roster,
    Source,
    has_stable_ids,
    left_out_rows,
    roster_of,
)
from wellperf_models.roi.background import columns_of, independent, known_before
from wellperf_models.roi.costs import read_costs
from wellperf_models.roi.declared import declared_rows
from wellperf_models.roi.designs.roll_out import RollOut, build_roll_out
from wellperf_models.roi.designs.whole_years import (
    are_cases,
    is_time_unsaid,
    refuse_repeated_cases,
    times_a_year,
)
from wellperf_models.roi.lots import Programme, assign, read_programme
from wellperf_models.roi.rows import Assigned, OutcomeRows, RoiFrame
from wellperf_models.study import CAUSAL_DESIGNS, Roi, Study

_UNITS = {"person": "People", "team": "Teams", "department": "Departments", "site": "Sites"}
_NO_WEIGHT = "rows without a weight, or with weight 0"
_NO_COVARIATE = "rows without every covariate adjusted for"


def build_frame(tables: Source) -> RoiFrame:
    """Builds everything the return pillar fits.

    Args:
        tables: Holds `outcomes`; `assignments`, `programmes`, `people` and `costs` where needed.

    Returns:
        The frame. Without a control arm `has_control` is False, and there will be no effect.

    Raises:
        StudyError: No `[roi]`, an outcome that is not in its table, units coarser than the level, a level
            finer than the lots, a covariate not measured before the programme.
        DesignError: No table of outcomes, nobody in the treated arm, a unit in two arms, a cluster that holds
            both, an assignment level that is nowhere to be found, an outcome without values or without
            variation, a programme that had not started.
    """
    study = tables.study
    section = study.roi
    if section is None:
        raise StudyError("The study says nothing of a programme.", where="[roi]", remedy="add the section")
    programme = read_programme(tables, section)
    found = (
        build_roll_out(tables, section, programme)
        if section.design == "staggered"
        else _by_arm(tables, section, programme)
    )
    outcomes = found.outcomes
    n_offered = max(o.n_assigned[1] for o in outcomes.values())
    # of teams nobody knows how many people are behind them, so their bookings can't be scaled to people
    costs, money_rates = read_costs(tables, section, n_offered if found.kinds == {"person"} else None)
    return RoiFrame(
        section=section,
        outcomes=outcomes,
        has_control=found.has_control,
        costs=costs,
        currency="" if study.money is None else study.money.reporting_currency,
        money_rates=money_rates,
        n_offered=n_offered,
        population=_population(study, section, found.kinds),
        min_group_size=study.disclosure.min_group_size,
        seed=study.study.seed,
        in_full=study.study.public_microdata,
        assigned_by=programme.assigned_by,
        assigned_level=programme.level,
        start=programme.start,
        not_measured=found.not_measured,
        of_people=found.kinds == {"person"},
        negative_controls=tuple(n for n in outcomes if n in study.study.negative_controls),
    )


def _by_arm(tables: Source, section: Roi, programme: Programme) -> RollOut:
    """Outcomes of designs in which a unit has one arm throughout."""
    study = tables.study
    rows, not_measured = declared_rows(tables, section, programme)
    rows = known_before(rows, tables)
    rows = assign(rows, tables, section, programme)
    groups = _sharing(rows)
    roster = _roster(rows, study)
    outcomes: dict[str, OutcomeRows] = {}
    for name in (n for n in section.outcomes if n not in not_measured):
        if name == section.primary:
            outcomes[name] = _outcome(rows, name, study, section, groups[name], roster)
            continue
        # the question is about the first one: another that can't be used does not silence it
        found = attempt(_outcome, rows, name, study, section, groups[name], roster)
        if isinstance(found, Unanswered):
            not_measured[name] = found
        else:
            outcomes[name] = found
    return RollOut(
        outcomes=outcomes,
        not_measured=not_measured,
        kinds=frozenset(rows["unit_type"]),
        has_control=section.design in CAUSAL_DESIGNS and bool((~rows["treated"].drop_nulls()).any()),
    )


def _sharing(rows: pl.DataFrame) -> dict[str, list[str]]:
    """Outcome → outcomes that share units with it, itself too, directly or through others."""
    group: dict[str, set[str]] = {name: {name} for name in rows["outcome"].unique(maintain_order=True)}
    # one entry for each set of outcomes that some unit has, however many units have it
    together = rows.group_by("unit").agg(pl.col("outcome").unique().sort()).select("outcome").unique()
    for names in together["outcome"].to_list():
        merged = set().union(*(group[n] for n in names))
        for name in merged:
            group[name] = merged
    return {name: sorted(members) for name, members in group.items()}


def _roster(rows: pl.DataFrame, study: Study) -> Roster:
    """Units by code: people by their id, so that they are those of other tables; others with their kind."""
    person = pl.col("unit_type") == "person"
    named = pl.concat_str(["unit_type", "unit_id"], separator=" ")
    told = rows.with_columns(pl.when(person).then("unit_id").otherwise(named).alias("told"))
    return roster_of(told, code="unit", identifier="told", stable=has_stable_ids(study, ("outcomes",)))


def _outcome(
    rows: pl.DataFrame, name: str, study: Study, section: Roi, sharing: list[str], roster: Roster
) -> OutcomeRows:
    """One outcome's measured rows, everything that keeps a row out being counted."""
    roster = roster.during(section.outcomes[name].period or "")
    left_out: dict[str, LeftOut] = {}
    own, X, covariates = _usable(rows, name, study, section, left_out, roster)
    declared, times = section.outcomes[name], times_a_year(section.outcomes[name])
    refuse_repeated_cases(own, name, declared)
    assigned = _assigned(rows, sharing, own)
    background = columns_of(own, name, rows, study, section, background=True)
    value = own["value"].to_numpy()
    lacking = (_NO_WEIGHT, _NO_COVARIATE)
    return OutcomeRows(
        name=name,
        declared=declared,
        value=value,
        weight=own["weight"].to_numpy(),
        treated=own["treated"].to_numpy(),
        received=_received(rows, name, own),
        unit=own["unit"].to_numpy(),
        cluster=own["whole"].to_numpy(),
        block=own["lots"].to_numpy() if section.design == "randomised" and rows["lots"].max() else None,
        X=X,
        covariates=covariates,
        binary=bool(np.isin(value, (0.0, 1.0)).all()),
        n_assigned=(int(np.sum(~assigned.treated)), int(np.sum(assigned.treated))),
        n_left_out=sum(lost.rows for why, lost in left_out.items() if why in lacking),
        left_out=left_out,
        assigned=assigned,
        background=background.X,
        background_labels=background.labels,
        roster=roster,
        per_year=times > 1,
        row_years=1 / times,
        of_cases=times > 1 and are_cases(own, declared),
        time_unsaid=is_time_unsaid(own, declared),
    )


def _usable(
    rows: pl.DataFrame,
    name: str,
    study: Study,
    section: Roi,
    left_out: dict[str, LeftOut],
    roster: Roster,
) -> tuple[pl.DataFrame, Floats, tuple[str, ...]]:
    """Rows in the order of their units, what they are adjusted for, and its names."""
    own = rows.filter(pl.col("outcome") == name).with_columns(
        pl.when(pl.col(c).is_finite()).then(pl.col(c)).alias(c) for c in ("value", "weight")
    )
    if own["value"].null_count() == own.height:
        raise DesignError(
            "An outcome has no measured value.", where=f"[roi.outcomes.{name}]", expected="at least one"
        )

    def keep(own: pl.DataFrame, kept: pl.Expr, why: str) -> pl.DataFrame:
        return _keep(own, kept, why, left_out, roster)

    own = _weighted(own).drop_nulls("value")
    own = keep(own, pl.col("treated").is_not_null() | pl.col("known_arm"), _no_arm(section))
    own = keep(own, pl.col("treated").is_not_null(), "rows of another arm")
    level = f"rows without a known {section.level} on the first day of the programme"
    own = keep(own, pl.col("whole").is_not_null(), level)
    own = keep(own, pl.col("weight") > 0, _NO_WEIGHT)
    adjusted = columns_of(own, name, rows, study, section)
    known = np.isfinite(adjusted.X).all(axis=1)
    own = own.with_columns(pl.Series("known", known))
    own = keep(own, pl.col("known"), _NO_COVARIATE)
    if own.is_empty() or own["value"].n_unique() == 1:
        raise DesignError(
            "An outcome has nothing to compare: no row can be used, or all have the same value.",
            where=f"[roi.outcomes.{name}]",
            expected="values that differ",
            got=f"{own.height} usable rows",
            remedy="leave it out of [roi.outcomes], or correct its name, period or covariates",
        )
    order = own.with_row_index("at").sort("unit", "period", "value", "weight", nulls_last=True)
    X, covariates = independent(adjusted.X[known][order["at"]], adjusted.labels, order["weight"].to_numpy())
    return order, X, covariates


def _no_arm(section: Roi) -> str:
    what = "a record of taking part" if section.design == "participation" else "an arm"
    return f"rows without {what}"


def _keep(
    own: pl.DataFrame, kept: pl.Expr, why: str, left_out: dict[str, LeftOut], roster: Roster
) -> pl.DataFrame:
    """Rows that are kept; the others are counted under the reason."""
    marked = own.with_columns(kept.fill_null(False).alias("_kept"))
    lost = marked.filter(~pl.col("_kept"))
    if lost.height:
        left_out[why] = left_out_rows(lost["unit"].to_numpy(), roster)
    return marked.filter("_kept").drop("_kept")


def _weighted(own: pl.DataFrame) -> pl.DataFrame:
    """Weight 1 where the outcome has none; where some rows have one, a row without it stays without."""
    if own["weight"].null_count() == own.height:
        return own.with_columns(pl.lit(1.0).alias("weight"))
    return own


def _received(rows: pl.DataFrame, name: str, order: pl.DataFrame) -> np.ndarray | None:
    treated = rows.filter((pl.col("outcome") == name) & pl.col("treated"))
    if treated["got"].null_count() == treated.height:
        return None
    return order["got"].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _assigned(rows: pl.DataFrame, sharing: list[str], order: pl.DataFrame) -> Assigned:
    """Units with an arm in the outcomes that share units with this one, and whether they were measured."""
    units = (
        rows.filter(pl.col("outcome").is_in(sharing))
        .drop_nulls(["treated", "whole"])
        .unique("unit")
        .sort("unit")
    )
    return Assigned(
        treated=units["treated"].to_numpy(),
        cluster=units["whole"].to_numpy(),
        measured=units["unit"].is_in(order["unit"].implode()).to_numpy(),
        block=units["lots"].to_numpy() if units["lots"].n_unique() > 1 else None,
        unit=units["unit"].to_numpy(),
    )


def _population(study: Study, section: Roi, found: frozenset[str]) -> str:
    kinds = [_UNITS[k] for k in _UNITS if k in found]
    who = f"{' and '.join(kinds).capitalize()} of the study “{study.study.title or study.study.name}”"
    if section.design == "randomised":
        lots = f"by lot, {section.level} by {section.level},"
        return f"{who} who were assigned {lots} to “{section.treated}” or “{section.control}”"
    if section.design == "staggered":
        return f"{who}, of which the programme began {section.level} by {section.level} at different times"
    if section.design == "controlled_before_after":
        return f"{who} who got “{section.treated}” or are in the comparison group “{section.control}”"
    if section.design == "participation":
        return f"{who} of whom it is recorded whether they took part"
    return f"{who} who were offered the programme"
