"""Rules between columns of a table and between tables."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from wellperf_models.study import Study
from wellperf_models.tables.plausible import PLAUSIBLE
from wellperf_models.tables.rules import ROW, Frames, Rule, column_rules, present
from wellperf_models.tables.schema import SCHEMA

_YOUNGEST = 14  # years at hire; below the minimum age for employment of ILO convention 138 (light work: 13)


def _ends_after_start(table: str, start: str, end: str) -> Rule:
    return Rule(
        name="end_not_before_start",
        table=table,
        columns=(start, end),
        text=f"{end} is {start} or later",
        what_to_do="correct the dates; check that day and month are not swapped (date_format)",
        where=lambda _: nw.col(end) < nw.col(start),
    )


def _no_overlap(table: str) -> Rule:
    def find(frames: Frames, _: Study) -> Any:
        rows = frames[table].filter(present("employee_id"), present("start"))
        before = {
            f"_{name}": nw.col(name).shift(1).over("employee_id", order_by="start")
            for name in ("start", "end")
        }
        return rows.with_columns(**before).filter(
            present("_start") & (nw.col("_end").is_null() | (nw.col("_end") >= nw.col("start")))
        )

    return Rule(
        name="no_overlap",
        table=table,
        columns=("employee_id", "start", "end"),
        text="rows of a person do not overlap in time (end is the last day, included)",
        what_to_do="end the earlier row the day before the later one starts",
        find=find,
    )


def _inside_spell(table: str, column: str, *, month: bool = False) -> Rule:
    def find(frames: Frames, _: Study) -> Any:
        spells = frames["spells"]
        if "start" not in spells.collect_schema().names():
            return None  # the duration form has no dates
        start = nw.col("start").dt.truncate("1mo") if month else nw.col("start")
        spells = spells.filter(present("employee_id"), present("start")).select(
            "employee_id", start.alias("_start"), nw.col("end").alias("_end")
        )
        rows = frames[table].filter(present("employee_id"), present(column))
        joined = rows.select(ROW, "employee_id", column).join(spells, on="employee_id", how="inner")
        inside = (nw.col(column) >= nw.col("_start")) & (
            nw.col("_end").is_null() | (nw.col(column) <= nw.col("_end"))
        )
        outside = joined.filter(~inside.fill_null(False)).select(ROW).unique()
        # only people with several spells can be outside one and inside another
        again = spells.group_by("employee_id").agg(nw.len().alias("_n")).filter(nw.col("_n") > 1)
        somewhere = joined.join(again.select("employee_id"), on="employee_id", how="semi").filter(inside)
        return outside.join(somewhere.select(ROW), on=ROW, how="anti")

    return Rule(
        name="inside_spell",
        table=table,
        columns=("employee_id", column),
        text="not before the start or after the end of the person's employment",
        what_to_do="correct the date, or the spell (a late exit entered wrongly, a missing rehire)",
        needs=("spells",),
        find=find,
    )


def _two_arms(frames: Frames, _: Study) -> Any:
    rows = frames["outcomes"].filter(present("unit_type"), present("unit_id"), present("arm"))
    arms = rows.group_by("unit_type", "unit_id").agg(
        nw.col("arm").min().alias("_first"), nw.col("arm").max().alias("_last"), nw.col(ROW).max()
    )
    # the last row of the unit stands for it, as in unique_key
    return arms.filter(nw.col("_first") != nw.col("_last"))


def _unit_exists(table: str, kind: str, other: str, column: str) -> Rule:
    def find(frames: Frames, _: Study) -> Any:
        rows = frames[table].filter(nw.col("unit_type") == kind, present("unit_id"))
        known = frames[other].filter(present(column)).select(column)
        return rows.join(known, left_on="unit_id", right_on=column, how="anti")

    return Rule(
        name=f"{kind}_exists",
        table=table,
        columns=("unit_type", "unit_id"),
        text=f"a unit of type {kind} occurs in {other}.{column}",
        what_to_do=f"correct the unit's name, or add it to {other}; names compare letter by letter",
        needs=(other,),
        find=find,
    )


def _not_declared(study: Study) -> nw.Expr:
    """Neither a scale nor, for items, the name under which those of a scale stand."""
    unknown = ~nw.col("measure").is_in(list(study.measures)) & present("measure")
    carriers = {scale.items_under for scale in study.measures.values() if scale.items_under}
    if not carriers:
        return unknown
    return unknown & ~(nw.col("measure").is_in(sorted(carriers)) & present("item"))


def _score_in_range(study: Study) -> nw.Expr | None:
    wrong: nw.Expr | None = None
    for name, scale in study.measures.items():
        here = (nw.col("measure") == name) & ((nw.col("value") < scale.low) | (nw.col("value") > scale.high))
        wrong = here if wrong is None else wrong | here
    return None if wrong is None else wrong & nw.col("item").is_null()


def _currency_unknown(study: Study) -> nw.Expr:
    known = study.money.currencies if study.money else ()
    return ~nw.col("currency").is_in(known) & present("currency")


_ROW_RULES = (
    Rule(
        name="working_age",
        table="people",
        columns=("birth_year", "hire_date"),
        text=f"hired at {_YOUNGEST} or older",
        what_to_do="correct the year of birth or the date; a two-digit year may be in the wrong century",
        where=lambda _: nw.col("hire_date").dt.year() - nw.col("birth_year") < _YOUNGEST,
    ),
    _ends_after_start("assignments", "start", "end"),
    _ends_after_start("spells", "start", "end"),
    _ends_after_start("programmes", "start", "end"),
    _ends_after_start("consent", "from_date", "to_date"),
    Rule(
        name="not_own_manager",
        table="assignments",
        columns=("employee_id", "manager_id"),
        text="nobody is their own line manager",
        what_to_do="leave manager_id empty at the top of the organisation",
        where=lambda _: nw.col("manager_id") == nw.col("employee_id"),
    ),
    Rule(
        name="two_managers",
        table="assignments",
        columns=("manager_id", "secondary_manager_id"),
        text="the secondary manager is somebody else",
        what_to_do="leave secondary_manager_id empty where there is no second manager",
        where=lambda _: nw.col("manager_id") == nw.col("secondary_manager_id"),
    ),
    Rule(
        name="exit_has_reason",
        table="spells",
        columns=("end", "exit_reason"),
        text="an exit has a reason",
        what_to_do="give the reason; 'other' where it is not known",
        where=lambda _: present("end") & nw.col("exit_reason").is_null(),
    ),
    Rule(
        name="reason_has_exit",
        table="spells",
        columns=("end", "exit_reason"),
        text="who is still employed has no exit reason",
        what_to_do="give the last day, or leave the reason empty (map the word for 'still here' to \"\")",
        where=lambda _: nw.col("end").is_null() & present("exit_reason"),
    ),
    Rule(
        name="positive_duration",
        table="spells",
        columns=("duration_months",),
        text="tenure is above 0; tenure of 0: the source counts whole years or months",
        what_to_do='write zero_durations = "half_step" in [tables.spells], or give the exact tenure',
        # a negative one is out of its declared range
        where=lambda _: nw.col("duration_months") == 0,
    ),
    Rule(
        name="entry_before_exit",
        table="spells",
        columns=("entry_months", "duration_months"),
        text="observation begins before tenure ends",
        what_to_do="leave out people who left before observation began",
        where=lambda _: (nw.col("entry_months") > 0) & (nw.col("entry_months") >= nw.col("duration_months")),
    ),
    Rule(
        name="overtime_within_hours",
        table="workload",
        columns=("overtime_hours", "hours"),
        text="overtime is a part of the hours worked",
        what_to_do="give hours with overtime included, both for the whole month",
        where=lambda _: nw.col("overtime_hours") > nw.col("hours"),
    ),
    Rule(
        name="measure_declared",
        table="surveys",
        columns=("measure",),
        text="a scale declared in [measures]",
        what_to_do="declare the scale with its range in [measures.NAME], or map its name",
        where=_not_declared,
    ),
    Rule(
        name="value_in_measure_range",
        table="surveys",
        columns=("measure", "value"),
        text="a scale score lies in the range of its [measures.NAME]",
        what_to_do="correct low and high to the instrument's scoring (sum or mean), or the score",
        where=_score_in_range,
    ),
    Rule(
        name="self_rates_self",
        table="ratings",
        columns=("ratee_id", "rater_id", "role"),
        text="exactly self-ratings have the same person as rater and rated",
        what_to_do="correct the role or the ids",
        where=lambda _: (
            present("role")
            & present("ratee_id")
            & present("rater_id")
            & ((nw.col("role") == "self") != (nw.col("ratee_id") == nw.col("rater_id")))
        ),
    ),
    Rule(
        name="currency_declared",
        table="costs",
        columns=("currency",),
        text="a currency declared in [money]",
        what_to_do="add reporting_currency, or a dated rate for it, to [money]",
        where=_currency_unknown,
    ),
)

_TABLE_RULES = (
    _no_overlap("assignments"),
    _no_overlap("spells"),
    _inside_spell("workload", "period", month=True),
    _inside_spell("surveys", "date"),
    _inside_spell("absences", "start"),
    Rule(
        name="one_arm_per_unit",
        table="outcomes",
        columns=("unit_type", "unit_id", "arm"),
        text="a unit has one arm, in every period and outcome; counted are the units that have several",
        what_to_do="give the arm that was drawn, whatever was received later: that belongs in received",
        find=_two_arms,
    ),
    _unit_exists("performance", "person", "people", "employee_id"),
    _unit_exists("performance", "team", "assignments", "team"),
    _unit_exists("programmes", "person", "people", "employee_id"),
    _unit_exists("programmes", "team", "assignments", "team"),
    _unit_exists("programmes", "department", "assignments", "department"),
    _unit_exists("programmes", "site", "assignments", "site"),
)

RULES: tuple[Rule, ...] = (
    *(rule for schema in SCHEMA.values() for rule in column_rules(schema)),
    *_ROW_RULES,
    *_TABLE_RULES,
    *PLAUSIBLE,
)
"""Every rule on declared tables."""
