"""Every rule fires on one broken row and is silent on good ones, on Polars and on pandas alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from tests.tables.good import frame, frames, make_study
from wellperf_models.tables.between import RULES
from wellperf_models.tables.rules import BAD, ROW, Rule, evaluate
from wellperf_models.tables.schema import SCHEMA

D = dt.date
STUDY = make_study()

# what to write into the second row of the good table so that exactly this rule's row breaks;
# a rule between columns or tables that is not in here has no test, and that is an error
BROKEN: dict[str, dict[str, Any]] = {
    "people.birth_year+hire_date.working_age": {"birth_year": 2008},
    "assignments.start+end.end_not_before_start": {"end": D(2020, 12, 31)},
    "spells.start+end.end_not_before_start": {"end": D(2022, 12, 31)},
    "programmes.start+end.end_not_before_start": {"end": D(2022, 12, 31)},
    "consent.from_date+to_date.end_not_before_start": {"to_date": D(2019, 12, 31)},
    "assignments.employee_id+manager_id.not_own_manager": {"manager_id": "1"},
    "assignments.manager_id+secondary_manager_id.two_managers": {"secondary_manager_id": "4"},
    "spells.end+exit_reason.exit_has_reason": {"end": D(2024, 1, 1)},
    "spells.end+exit_reason.reason_has_exit": {"exit_reason": "other"},
    "spells.duration_months.positive_duration": {"duration_months": 0.0},
    "spells.entry_months+duration_months.entry_before_exit": {"entry_months": 12.0},
    "workload.overtime_hours+hours.overtime_within_hours": {"overtime_hours": 160.5},
    "surveys.measure.measure_declared": {"measure": "exhaustoin"},
    "surveys.measure+value.value_in_measure_range": {"value": 6.5},
    "ratings.ratee_id+rater_id+role.self_rates_self": {"role": "self"},
    "costs.currency.currency_declared": {"currency": "CHF"},
    "assignments.employee_id+start+end.no_overlap": {"start": D(2020, 12, 31)},
    "spells.employee_id+start+end.no_overlap": {"start": D(2021, 12, 31)},
    "workload.employee_id+period.inside_spell": {"period": D(2022, 5, 1)},
    "surveys.employee_id+date.inside_spell": {"date": D(2022, 3, 1)},
    "absences.employee_id+start.inside_spell": {"start": D(2019, 12, 31)},
    "outcomes.unit_type+unit_id+arm.one_arm_per_unit": {"unit_id": "u1", "period": "2"},
    "performance.unit_type+unit_id.person_exists": {"unit_id": "9"},
    "performance.unit_type+unit_id.team_exists": {"unit_type": "team", "unit_id": "q"},
    "programmes.unit_type+unit_id.person_exists": {"unit_id": "9"},
    "programmes.unit_type+unit_id.team_exists": {"unit_type": "team", "unit_id": "q"},
    "programmes.unit_type+unit_id.department_exists": {"unit_type": "department", "unit_id": "q"},
    "workload.period+hours.hours_in_month": {"period": D(2023, 2, 1), "hours": 700.0},
    "people.employee_id+hire_date.not_before_hire": {"hire_date": D(2020, 1, 2)},
    "people.employee_id+birth_year.working_age_at_start": {"birth_year": 2007, "hire_date": None},
    "assignments.employee_id+manager_id.no_manager_circle": {
        "employee_id": "4",
        "manager_id": "1",
        "start": D(2020, 6, 1),
    },
    "programmes.unit_type+unit_id.site_exists": {"unit_type": "site", "unit_id": "q"},
}


def _broken_cells(rule: Rule) -> dict[str, Any]:
    """The change that breaks a rule; for rules that follow from a column, from its declaration."""
    if rule.id in BROKEN:
        return BROKEN[rule.id]
    name = rule.columns[0]
    column = SCHEMA[rule.table].by_name[name]
    match rule.name:
        case "required":
            return {name: None}
        case "allowed":
            return {name: "no such word"}
        case "no_edge_blanks":
            return {name: "x "}
        case "control_characters":
            return {name: "x\u202ey"}
        case "finite":
            return {name: float("inf")}
        case "range":
            if column.low is None:
                return {name: column.high + 1}
            return {name: column.low if column.low_open else column.low - 1}
        case "plausible_date":
            return {name: D(24, 1, 1)}
        case "first_of_month":
            return {name: D(2023, 5, 2)}
        case "not_after_as_of":
            return {name: D(2024, 7, 1)}
        case "person_is_known":
            return {name: "9"}
        case "unique_key":
            first = frame(rule.table).row(0, named=True)
            return {key: first[key] for key in rule.columns}
    raise AssertionError(f"{rule.id} has no test: add it to BROKEN")


def _is_duration_rule(rule: Rule) -> bool:
    return any(name in ("duration_months", "entry_months") for name in rule.columns)


def _numbered(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return {name: table.with_row_index(ROW, offset=1) for name, table in tables.items()}


def _tables(rule: Rule, changed: dict[str, Any]) -> dict[str, pl.DataFrame]:
    broken = frame(rule.table, durations=_is_duration_rule(rule), **changed)
    every = frames(**{rule.table: broken})
    return _numbered({name: every[name] for name in (rule.table, *rule.needs)})


def _engines(tables: dict[str, pl.DataFrame]) -> dict[str, dict[str, Any]]:
    return {
        "lazy": {name: table.lazy() for name, table in tables.items()},
        "pandas": {name: table.to_pandas() for name, table in tables.items()},
        "arrow": {name: table.to_pandas(use_pyarrow_extension_array=True) for name, table in tables.items()},
    }


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))


def test_every_listed_break_belongs_to_a_rule() -> None:
    assert set(BROKEN) <= {rule.id for rule in RULES}


def test_good_tables_break_no_rule() -> None:
    for engine, tables in _engines(_numbered(frames())).items():
        assert evaluate(RULES, tables, STUDY) == (), engine


def test_good_durations_break_no_rule() -> None:
    tables = _numbered(frames(spells=frame("spells", durations=True)))
    assert evaluate(RULES, tables, STUDY) == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_fires_and_names_the_row(rule: Rule) -> None:
    tables = _tables(rule, _broken_cells(rule))
    for engine, broken in _engines(tables).items():
        found = evaluate([rule], broken, STUDY)
        assert [(v.rule, v.count, v.first_rows) for v in found] == [(rule.name, 1, (2,))], engine
        assert found[0].table == rule.table
        assert found[0].what_to_do


@pytest.mark.parametrize(
    "rule",
    [rule for rule in RULES if rule.name not in ("required", "exit_has_reason")],
    ids=lambda rule: rule.id,
)
def test_rule_ignores_missing_cells(rule: Rule) -> None:
    missing = dict.fromkeys(rule.columns)
    if rule.name == "unique_key":
        missing = {rule.columns[0]: None}
    for engine, tables in _engines(_tables(rule, missing)).items():
        assert evaluate([rule], tables, STUDY) == (), engine


@pytest.mark.parametrize(
    ("table", "column", "edge"),
    [
        (table, column.name, edge)
        for table, schema in SCHEMA.items()
        for column in schema.columns
        if not column.low_open
        for edge in (column.low, column.high)
        if edge is not None
    ],
)
def test_ends_of_a_range_are_allowed(table: str, column: str, edge: float) -> None:
    rule = next(r for r in RULES if r.id == f"{table}.{column}.range")
    assert evaluate([rule], _tables(rule, {column: edge}), STUDY) == ()


def test_rows_that_could_not_be_read_are_judged_by_no_rule() -> None:
    people = frame("people", contract="no such word").with_columns(
        pl.Series(BAD, [False, True, False, False])
    )
    assert evaluate(RULES, _numbered(frames(people=people)), STUDY) == ()


def test_a_rule_waits_for_the_tables_it_needs() -> None:
    tables = _numbered({"workload": frame("workload", employee_id="nobody")})
    assert evaluate(RULES, tables, STUDY) == ()


def test_all_broken_rules_are_listed_with_first_rows() -> None:
    bad = pl.concat([frame("absences", days=0.0, cause="flu").slice(1, 1)] * 8).with_columns(
        employee_id=pl.Series([str(i) for i in range(8)])
    )
    found = {v.rule: v for v in evaluate(RULES, _numbered({"absences": bad}), STUDY)}
    assert found["range"].count == 8
    assert found["range"].first_rows == (1, 2, 3, 4, 5)
    assert set(found) == {"range", "allowed"}


def test_currency_without_money_section_is_refused() -> None:
    study = make_study(money=None)
    found = evaluate(RULES, _numbered({"costs": frame("costs")}), study)
    assert [(v.rule, v.count) for v in found] == [("currency_declared", 2)]


def test_rehired_person_may_be_outside_one_spell_inside_another() -> None:
    rule = next(r for r in RULES if r.id == "absences.employee_id+start.inside_spell")
    assert evaluate([rule], _numbered(frames()), STUDY) == ()
    gap = _tables(rule, {"employee_id": "1", "start": D(2022, 6, 1)})
    assert [v.count for v in evaluate([rule], gap, STUDY)] == [1]


def test_month_of_entry_and_of_exit_are_inside() -> None:
    # person 3 is employed from 15 January 2020 to 10 March 2024; the good table has both months
    rule = next(r for r in RULES if r.id == "workload.employee_id+period.inside_spell")
    assert evaluate([rule], _tables(rule, {"employee_id": "3", "period": D(2024, 4, 1)}), STUDY)
    assert evaluate([rule], _tables(rule, {"employee_id": "3", "period": D(2019, 12, 1)}), STUDY)
