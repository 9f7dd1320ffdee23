"""Every table, declared once. Reading, checking, the data dictionary and `wellperf new` all use this.

`employee_id` is a pseudonym made before the data come here; it is always text, so that "007" stays "007".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wellperf_models.study import PERSONAL_STREAMS
from wellperf_models.tables.declare import Column, TableSchema

_HRIS = "core HR system (HRIS)"
_UNITS = ("person", "team", "department", "site")
# dates outside these years are misread ones ("21" read as the year 21)
FIRST_YEAR, LAST_YEAR = 1900, 2200


def _text(name: str, description: str, **declared: Any) -> Column:
    return Column(name=name, type="text", description=description, **declared)


def _category(name: str, description: str, *allowed: str, **declared: Any) -> Column:
    return Column(name=name, type="category", description=description, allowed=allowed, **declared)


def _number(name: str, description: str, unit: str = "", **declared: Any) -> Column:
    return Column(name=name, type="number", description=description, unit=unit, **declared)


def _whole(name: str, description: str, unit: str, **declared: Any) -> Column:
    return Column(name=name, type="whole", description=description, unit=unit, **declared)


def _date(name: str, description: str, **declared: Any) -> Column:
    return Column(name=name, type="date", description=description, **declared)


def _month(name: str) -> Column:
    return Column(name=name, type="month", description="First day of the month.", past=True)


def _required(column: Column) -> Column:
    return replace(column, required=True)


def _key(column: Column) -> Column:
    return replace(column, required=True, key=True)


_PERSON = _key(
    _text("employee_id", "Pseudonym of the person; the same in every table.", refers_to_people=True)
)

_PEOPLE = TableSchema(
    name="people",
    grain="one row per person ever employed in the observed time",
    source=_HRIS,
    columns=(
        _key(_text("employee_id", "Pseudonym of the person.")),
        _whole("birth_year", "Year of birth.", "year", low=1900, high=2100, sensitive=True),
        _category("gender", "Gender, in the organisation's own categories.", sensitive=True),
        _date("hire_date", "First day of the first employment with the organisation.", past=True),
        _category("job_family", "Job family or function."),
        _category("contract", "Kind of contract.", "permanent", "temporary"),
        _number(
            "fte",
            "Contracted working time as a share of full time.",
            "full-time equivalents",
            low=0,
            high=1.5,
            low_open=True,
        ),
    ),
)

_ASSIGNMENTS = TableSchema(
    name="assignments",
    grain="one row per person and uninterrupted stay in a team",
    source=_HRIS + ", organisation history",
    columns=(
        _PERSON,
        _key(_date("start", "First day in the team.", past=True)),
        _date("end", "Last day in the team, included; missing while it lasts."),
        _category("team", "Team."),
        _category("department", "Department the team belongs to in that time."),
        _category("site", "Place of work."),
        _text("manager_id", "Pseudonym of the line manager."),
        _text("secondary_manager_id", "Pseudonym of a second (matrix) manager; missing: none."),
    ),
)

_SPELLS = TableSchema(
    name="spells",
    grain="one row per person and uninterrupted employment",
    source=_HRIS + ", entries and exits",
    forms=(("start", "end"), ("duration_months", "entry_months")),
    columns=(
        _PERSON,
        _date("start", "First day of employment.", past=True, key=True),
        _date(
            "end", "Last day of employment, included; missing while employed at the as-of date.", past=True
        ),
        _number(
            "duration_months",
            "Tenure at exit, or at the as-of date while employed; instead of start and end.",
            "months",
            low=0,
            high=840,
        ),
        _number(
            "entry_months",
            "Tenure at which observation began (delayed entry); 0: observed from hire.",
            "months",
            low=0,
            high=840,
            default=0.0,
        ),
        _category(
            "exit_reason",
            "Why the employment ended; missing while employed. permanent_job: left transitional work for it.",
            "voluntary",
            "involuntary",
            "other",
            "permanent_job",
            source="exit interview or payroll leaving code",
            sensitive=True,
        ),
    ),
)

_WORKLOAD = TableSchema(
    name="workload",
    grain="one row per person and month",
    source="time recording; calendar and ticket systems for switches and contacts",
    columns=(
        _PERSON,
        _key(_month("period")),
        _number("hours", "Hours worked, overtime included.", "hours a month", low=0, high=744),
        _number("overtime_hours", "Hours beyond contract.", "hours a month", low=0, high=744),
        _whole(
            "task_switches",
            "Changes between projects, tickets or tasks.",
            "switches a month",
            source="ticket or project system",
            low=0,
        ),
        _whole(
            "manager_contacts",
            "One-to-one contacts with the line manager.",
            "contacts a month",
            source="calendar (counts only)",
            low=0,
        ),
    ),
)

_SURVEYS = TableSchema(
    name="surveys",
    grain="one row per person, wave, measure and item (or scale score)",
    source="survey platform; never the HR system",
    columns=(
        _PERSON,
        _key(_text("wave", "Name of the wave.")),
        _key(_category("measure", "A scale of [measures].")),
        _text("item", "Item of the scale; missing for its score.", key=True),
        _date("date", "Day of the answer.", past=True),
        _required(_number("value", "Score or answer.", "scale points", sensitive=True)),
    ),
)

_PERFORMANCE = TableSchema(
    name="performance",
    grain="one row per person or team, month and indicator",
    source="line-of-business systems (sales, tickets, quality)",
    columns=(
        _key(_category("unit_type", "Whose figure.", "person", "team")),
        _key(_text("unit_id", "employee_id or team.")),
        _key(_month("period")),
        _key(_category("indicator", "Name of the indicator.")),
        _required(
            _category(
                "kind",
                "What the indicator measures; effort is kept apart from output.",
                "output",
                "quality",
                "collaboration",
                "innovation",
                "effort",
            )
        ),
        _required(_number("value", "Measured value.", "the indicator's own", sensitive=True)),
        _number("target", "Target of the period; missing: none.", "the indicator's own"),
    ),
)

_RATINGS = TableSchema(
    name="ratings",
    grain="one row per person rated, rater, role, cycle, stage and item",
    source="performance-review system",
    columns=(
        _key(_text("ratee_id", "Who is rated (pseudonym).", refers_to_people=True)),
        _key(_text("rater_id", "Who rates (pseudonym).", refers_to_people=True)),
        _key(_category("role", "What the rater is to the person rated.", "self", "manager", "peer")),
        _key(_text("cycle", "Review cycle.")),
        _key(_category("stage", "Before or after calibration.", "before", "after")),
        _key(_text("item", "What is rated.")),
        _required(_number("score", "Rating.", "rating points", sensitive=True)),
    ),
)

_ABSENCES = TableSchema(
    name="absences",
    grain="one row per absence",
    source="payroll or absence management",
    columns=(
        _PERSON,
        _key(_date("start", "First day of the absence.", past=True)),
        _key(
            _category(
                "cause",
                "Cause, no finer than this.",
                "illness",
                "mental_health",
                "caregiving",
                "other",
                sensitive=True,
            )
        ),
        _required(
            _number("days", "Length; halves allowed.", "working days", low=0, high=1500, low_open=True)
        ),
    ),
)

_OUTCOMES = TableSchema(
    name="outcomes",
    grain="one row per unit, period and outcome",
    source="evaluation of a programme, claims, customer surveys",
    columns=(
        _key(_category("unit_type", "What the unit is.", *_UNITS)),
        _key(_text("unit_id", "The unit; need not occur in another table (row_id).")),
        _text("period", "Period in the source's own words; missing: one period.", key=True),
        _key(_category("name", "Name of the outcome.")),
        _number(
            "value",
            "Measured value; missing: assigned but not measured.",
            "the outcome's own",
            sensitive=True,
        ),
        _number("weight", "Weight of the row (such as months covered); missing: 1.", low=0),
        _category("arm", "Arm of the trial the unit was assigned to; missing: no trial."),
        _category("received", "Whether the unit took part, whatever its arm.", "yes", "no"),
        _text(
            "cluster", "What was assigned as a whole and holds the unit (a team); missing: the unit itself."
        ),
        _text("block", "Block within which lots were drawn; missing: one block."),
    ),
)

_PROGRAMMES = TableSchema(
    name="programmes",
    grain="one row per programme and unit that received it",
    source="programme owner",
    columns=(
        _key(_category("programme", "Name of the programme.")),
        _required(_category("unit_type", "What the unit is.", *_UNITS)),
        _key(_text("unit_id", "Who received it.")),
        _required(_date("start", "First day.")),
        _date("end", "Last day, included; missing while it runs."),
        _required(
            _category(
                "assigned_by",
                "How units came to receive it; decides what may be concluded.",
                "randomised",
                "self_selected",
                "manager",
                "phased",
                "everyone",
            )
        ),
        _required(_category("level", "Level at which it was assigned; inference is at this level.", *_UNITS)),
    ),
)

_COSTS = TableSchema(
    name="costs",
    grain="one row per programme, day and kind of cost",
    source="finance ledger",
    columns=(
        _key(_category("programme", "Name of the programme.")),
        _key(_date("date", "Booking date; may lie ahead (budget).")),
        _key(_category("kind", "Kind of cost.", "programme", "staff_time", "technology", "other")),
        _required(_number("amount", "Amount; negative: a refund.", "currency")),
        _required(_category("currency", "ISO 4217 code, declared in [money].")),
    ),
)

_CONSENT = TableSchema(
    name="consent",
    grain="one row per person, personal stream and day the consent began",
    source="consent register",
    columns=(
        _PERSON,
        _key(_category("stream", "Table the person agrees to.", *PERSONAL_STREAMS)),
        _key(_date("from_date", "First day it holds.")),
        _date(
            "to_date",
            "Last day it holds, included; missing: not withdrawn. Leaving withdraws nothing.",
        ),
    ),
)

SCHEMA: Mapping[str, TableSchema] = {
    table.name: table
    for table in (
        _PEOPLE,
        _ASSIGNMENTS,
        _SPELLS,
        _WORKLOAD,
        _SURVEYS,
        _PERFORMANCE,
        _RATINGS,
        _ABSENCES,
        _OUTCOMES,
        _PROGRAMMES,
        _COSTS,
        _CONSENT,
    )
}
