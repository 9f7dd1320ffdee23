"""Bad times: misread dates, exits before entries, what happened after it was over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.case import (
    ASSIGNMENTS,
    PEOPLE,
    SOURCE,
    SURVEYS,
    WORKLOAD,
    Bad,
    Good,
    accept,
    judge,
    people,
    spells,
)
from tests.bad_input.made import parquet

IDS = "employee_id,start\n"
SLASHED = SOURCE + 'date_format = "%d/%m/%Y"\n'
MOOD = "[measures.mood]\nlow = 0\nhigh = 6\n"
ASKED = '[tables.surveys]\npath = "asked.csv"\n' + MOOD
TYPED = '[tables.spells]\npath = "spells.parquet"\n'


def days(*written: str) -> str:
    """Spells that begin on the days given."""
    return IDS + "".join(f"{i},{day}\n" for i, day in enumerate(written, start=1))


SWAPPED = days(*(f"{i % 12 + 1:02}/{i % 7 + 1:02}/2020" for i in range(60)))
PLAIN = days(*(f"{i % 28 + 1:02}/{i % 7 + 1:02}/2020" for i in range(60)))
FIRSTS = days(*(f"01/{i % 12 + 1:02}/{2000 + i // 12}" for i in range(60)))
EARLY = days("01/02/2020", "03/04/2020", "05/06/2020", "07/08/2020")


CASES = (
    Bad(name="other date format", rule="parses_as_date", content=spells("3,31.12.2020,,\n"), rows=(3,)),
    Bad(name="impossible date", rule="parses_as_date", content=spells("3,2023-02-29,,\n"), rows=(3,)),
    Bad(name="two-digit year", rule="two_digit_years", content="employee_id,start\n1,05/01/21\n",
        sections=SOURCE + 'date_format = "%m/%d/%Y"\n', rows=(1,)),
    Bad(name="tenure of no whole year", rule="positive_duration", rows=(1,),
        content="employee_id,duration_months,exit_reason\n1,0,other\n2,12,\n"),
    Bad(name="exit before entry", rule="end_not_before_start", rows=(3,),
        content=spells("3,2020-01-01,2019-01-01,other\n")),
    Bad(name="exit after the extract", rule="not_after_as_of", rows=(3,),
        content=spells("3,2020-01-01,2024-07-01,other\n")),
    Bad(name="open end as 9999", rule="plausible_date", content=spells("3,2020-01-01,9999-12-31,other\n"),
        rows=(3,)),
    Bad(name="reason of who stays", rule="reason_has_exit", content=spells("3,2020-01-01,,other\n"),
        rows=(3,)),
    Bad(name="overlapping spells", rule="no_overlap", content=spells("1,2021-06-01,,\n"), rows=(3,)),
    Bad(name="month given by a later day", rule="first_of_month", sections=WORKLOAD, rows=(1,),
        content="employee_id,period\n1,2024-01-31\n"),
    Bad(name="day numbers of a spreadsheet (1900)", rule="excel_days", content=days("43831", "43832"),
        rows=(1, 2)),
    Bad(name="day numbers read in the wrong calendar (1904)", rule="not_after_as_of", content=days("44927"),
        sections=SOURCE + 'date_formats.start = "excel-1904"\n', rows=(1,)),
    Bad(name="day numbers, declared", rule="excel_days", content=days("43831"), says="note",
        sections=SOURCE + 'date_formats.start = "excel-1900"\n'),
    Bad(name="typed day numbers", rule="parses_as_date", sections=TYPED, rows=(1,),
        files={"spells_parquet": parquet(employee_id=["1"], start=[43831])}),
    Bad(name="day and month swapped", rule="day_month_order", content=SWAPPED, sections=SLASHED, rows=(1, 2)),
    Bad(name="day and month that nothing tells apart", rule="day_month_open", content=EARLY, sections=SLASHED,
        says="note"),
    Bad(name="dd/mm and mm/dd in one column", rule="parses_as_date", sections=SLASHED, rows=(2,),
        content=days("13/01/2020", "01/13/2020")),
    Bad(name="two ways to write a date in one column", rule="mixed_date_formats", rows=(3,),
        content=days("2020-01-31", "2020-02-28", "31.03.2020")),
    Bad(name="times of several zones", rule="time_zone", rows=(1, 2),
        content=days("2020-01-01T23:30:00+02:00", "2020-01-01T23:30:00Z")),
    Bad(name="typed times that are no midnights", rule="parses_as_date", sections=TYPED, rows=(1,),
        files={"spells_parquet": parquet(employee_id=["1"], start=["2020-01-01T23:00:00"], times="start")}),
    Bad(name="typed open end (9999-12-31)", rule="plausible_date", sections=TYPED, rows=(1,),
        files={"spells_parquet": parquet(employee_id=["1"], start=["9999-12-31"], dates="start")}),
    Bad(name="date of zeros", rule="parses_as_date", content=days("0000-00-00"), rows=(1,)),
    Bad(name="date with a time of day", rule="parses_as_date", content=days("2020-01-01 13:45"), rows=(1,)),
    Bad(name="years alone", rule="partial_date", content=days("2019", "2020"), rows=(1, 2)),
    Bad(name="months alone among days", rule="partial_date", content=days("2020-01-01", "03/2020"),
        rows=(2,)),
    Bad(name="years alone without a rule", rule="partial_dates", content=days("2019"),
        sections=SOURCE + 'date_formats.start = "%Y"\n'),
    Bad(name="years alone with a rule", rule="partial_dates", content=days("2019"), says="note",
        sections=SOURCE + 'date_formats.start = "%Y"\npartial_dates.start = "middle"\n'),
    Bad(name="two-digit years without a century", rule="two_digit_years", content=days("01/02/20",
        "01/31/20"),
        sections=SOURCE + 'date_format = "%m/%d/%y"\n', says="note", also="1970 to 2069"),
    Bad(name="day of birth as a year", rule="two_digit_years", sections=PEOPLE, rows=(1,),
        content=people("birth_year", "07/10/83")),
    Bad(name="day of birth of which the year is kept", rule="year_of_date", sections=PEOPLE
        + 'date_formats.birth_year = "%m/%d/%y"\ntwo_digit_years_until = 2005\n', says="note",
        content=people("birth_year", "07/10/83", "11/24/51")),
    Bad(name="hired as a child", rule="working_age", sections=PEOPLE, rows=(1,),
        content="employee_id,birth_year,hire_date\n1,2012,2020-01-01\n"),
    Bad(name="survey after the exit", rule="inside_spell", sections=SOURCE + ASKED, rows=(1,),
        files={"asked_csv": "employee_id,wave,measure,value,date\n1,w,mood,3,2022-06-01\n"}),
    Bad(name="survey before the entry", rule="inside_spell", sections=SOURCE + ASKED, rows=(1,),
        files={"asked_csv": "employee_id,wave,measure,value,date\n1,w,mood,3,2019-06-01\n"}),
    Bad(name="survey after the as-of date", rule="not_after_as_of", sections=SURVEYS + MOOD, rows=(1,),
        content="employee_id,wave,measure,value,date\n1,w,mood,3,2024-07-01\n"),
    Bad(name="work after the exit", rule="inside_spell", rows=(1,),
        sections=SOURCE + '[tables.workload]\npath = "hours.csv"\n',
        files={"hours_csv": "employee_id,period,hours\n1,2022-02-01,10\n"}),
    Bad(name="absence after the exit", rule="inside_spell", rows=(1,),
        sections=SOURCE + '[tables.absences]\npath = "away.csv"\n',
        files={"away_csv": "employee_id,start,cause,days\n1,2022-02-01,other,1\n"}),
    Bad(name="work after the as-of date", rule="not_after_as_of", sections=WORKLOAD, rows=(1,),
        content="employee_id,period,hours\n1,2024-07-01,10\n"),
    Bad(name="overlapping stays in teams", rule="no_overlap", sections=ASSIGNMENTS, rows=(2,),
        content="employee_id,start,end,team\n1,2020-01-01,2020-12-31,a\n1,2020-12-31,,b\n"),
    Bad(name="stay in a team that ends before it begins", rule="end_not_before_start", sections=ASSIGNMENTS,
        content="employee_id,start,end,team\n1,2020-01-01,2019-12-31,a\n", rows=(1,)),
)  # fmt: skip

TWINS = (
    Good(name="days all over the month", content=PLAIN, sections=SLASHED, not_said="day_month_open"),
    Good(name="first days of months", content=FIRSTS, sections=SLASHED, not_said="day_month_open"),
    Good(name="open end mapped to missing", sections=SOURCE + 'null_values = ["", "9999-12-31"]\n',
         content=spells("3,2020-01-01,9999-12-31,\n")),
    Good(name="typed open end mapped to missing", sections=TYPED + 'null_values = ["9999-12-31"]\n',
         files={"spells_parquet": parquet(employee_id=["1"], start=["2020-01-01"], end=["9999-12-31"],
                                          dates="start end")}),
    Good(name="month of the exit", sections=SOURCE + '[tables.workload]\npath = "hours.csv"\n',
         files={"hours_csv": "employee_id,period,hours\n1,2021-12-01,10\n"}),
    Good(name="several ways to write a date, declared", content=days("2020-01-31", "31.03.2020", "2019"),
         sections=SOURCE + 'date_formats.start = ["%Y-%m-%d", "%d.%m.%Y", "%Y"]\n'
         + 'partial_dates.start = "last"\n'),
    Good(name="typed days", sections=TYPED, files={
         "spells_parquet": parquet(employee_id=["1"], start=["2020-01-01"], dates="start")}),
)  # fmt: skip


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_time(bad: Bad, tmp_path: Path) -> None:
    judge(bad, tmp_path)


@pytest.mark.parametrize("good", TWINS, ids=lambda good: good.name)
def test_twins_pass(good: Good, tmp_path: Path) -> None:
    accept(good, tmp_path)
