"""Bad keys: one person under two ids, two people under one, managers in a circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.case import (
    ASSIGNMENTS,
    OUTCOMES,
    PEOPLE,
    SECRET,
    SOURCE,
    Bad,
    Good,
    accept,
    judge,
    people,
    spells,
)

TRIAL = "unit_type,unit_id,period,name,value,arm,received\n"
LONG = TRIAL + "person,1,,days,1,t,yes\nperson,2,,days,2,c,no\n"
IDS = "employee_id,start\n"
WHO = '[tables.people]\npath = "people.csv"\n'
HOURS = '[tables.workload]\npath = "hours.csv"\n'
LED = "employee_id,start,end,manager_id\n"
CIRCLE = "a,2020-01-01,,b\nb,2020-01-01,,c\nc,2021-01-01,,a\nd,2020-01-01,,a\n"
AGAIN = "employee_id,start,end,exit_reason\n1,1990-01-01,1999-12-31,voluntary\n1,2020-01-01,,\n"


CASES = (
    Bad(name="duplicate rows", rule="duplicate_rows", content=spells("1,2020-01-01,2021-12-31,voluntary\n"),
        rows=(3,)),
    Bad(name="key twice", rule="unique_key", content=spells("2,2020-01-01,2022-01-01,other\n"), rows=(3,)),
    Bad(name="missing id", rule="required", content=spells(",2020-01-01,,\n"), rows=(3,)),
    Bad(name="row_id without a subject", rule="row_id", content="programme,date,kind,amount,currency\n",
        sections='[tables.costs]\npath = "spells.csv"\nrow_id = true\n'),
    Bad(name="parts that overlap", rule="unique_key", rows=(1,),
        sections=SOURCE + '[tables.more]\npart_of = "spells"\npath = "spells.csv"\n'),
    Bad(name="unit in two arms", rule="one_arm_per_unit", sections=OUTCOMES, rows=(3,),
        content=LONG + "person,2,later,days,2,t,no\n"),
    Bad(name="ids in upper and lower case (E7 and e7)", rule="case_twins", rows=(2,),
        content=IDS + "E7,2020-01-01\ne7,2020-02-01\n"),
    Bad(name="lost leading zeros in a column (007 and 7)", rule="lost_leading_zeros", rows=(2,),
        content=IDS + "007,2020-01-01\n7,2020-02-01\n"),
    Bad(name="lost leading zeros between tables", rule="lost_leading_zeros", rows=(1,),
        content=IDS + "007,2020-01-01\n", sections=SOURCE + WHO, files={"people_csv": "employee_id\n7\n"},
        also="spells writes them otherwise than people"),
    Bad(name="lost leading zeros between tables, none of them people", rule="lost_leading_zeros",
        content=IDS + "007,2020-01-01\n", sections=SOURCE + HOURS,
        files={"hours_csv": "employee_id,period,hours\n7,2023-01-01,10\n"}),
    Bad(name="ids in two cases between tables", rule="case_twins", content=IDS + "e7,2020-01-01\n",
        sections=SOURCE + WHO, files={"people_csv": "employee_id\nE7\n"}),
    Bad(name="ids that became decimals (7 and 7.0)", rule="decimal_ids", rows=(2,),
        content=IDS + "7,2020-01-01\n7.0,2020-02-01\n"),
    Bad(name="id that nobody bears", rule="person_is_known", sections=SOURCE + WHO, rows=(1,),
        files={"people_csv": "employee_id\n2\n"}),
    Bad(name="id given again, two people in one table", rule="unique_key", sections=PEOPLE, rows=(2,),
        content="employee_id,birth_year\n1,1960\n1,1995\n"),
    Bad(name="id given again after an exit, by year of birth", rule="working_age_at_start", content=AGAIN,
        sections=SOURCE + WHO, files={"people_csv": "employee_id,birth_year\n1,1995\n"}, rows=(1,)),
    Bad(name="id given again after an exit, by first day", rule="not_before_hire", content=AGAIN,
        sections=SOURCE + WHO, files={"people_csv": "employee_id,hire_date\n1,2020-01-01\n"}, rows=(1,)),
    Bad(name="own manager", rule="not_own_manager", content=LED + "a,2020-01-01,,a\n",
        sections=ASSIGNMENTS, rows=(1,)),
    Bad(name="managers in a circle of two", rule="no_manager_circle", sections=ASSIGNMENTS, rows=(1, 2),
        content=LED + "a,2020-01-01,,b\nb,2020-01-01,,a\n"),
    Bad(name="managers in a circle of three, closed later", rule="no_manager_circle", sections=ASSIGNMENTS,
        content=LED + CIRCLE, rows=(3,)),
    Bad(name="same person as both managers", rule="two_managers", sections=ASSIGNMENTS, rows=(1,),
        content="employee_id,start,manager_id,secondary_manager_id\na,2020-01-01,b,b\n"),
    Bad(name="id of blanks", rule="no_edge_blanks", content=IDS + '" ",2020-01-01\n', rows=(1,)),
    Bad(name="figure of nobody", rule="person_exists", rows=(1,),
        sections=WHO + '[tables.performance]\npath = "spells.csv"\n', files={"people_csv": people("fte",
        "1")},
        content=f"unit_type,unit_id,period,indicator,kind,value\nperson,{SECRET},2023-01-01,x,output,1\n"),
)  # fmt: skip

TWINS = (
    Good(name="rehired under the same id", content=AGAIN, sections=SOURCE + WHO,
         files={"people_csv": "employee_id,birth_year,hire_date\n1,1960,1990-01-01\n"}),
    Good(name="hired before the spells begin to be recorded", content=IDS + "1,2020-01-01\n",
         sections=SOURCE + WHO, files={"people_csv": "employee_id,hire_date\n1,1990-01-01\n"}),
    Good(name="two who lead each other one after the other", sections=ASSIGNMENTS,
         content=LED + "a,2020-01-01,2020-12-31,b\nb,2021-01-01,,a\n"),
    Good(name="managers who swap on one day", sections=ASSIGNMENTS,
         content=LED + "a,2020-01-01,2020-12-31,b\nb,2020-01-01,2020-12-31,\n"
         + "a,2021-01-01,,\nb,2021-01-01,,a\n"),
    Good(name="chain of managers", sections=ASSIGNMENTS,
         content=LED + "a,2020-01-01,,b\nb,2020-01-01,,c\nc,2020-01-01,,\n"),
    Good(name="ids that differ in case on purpose", sections=SOURCE + 'twins = "keep"\n',
         content=IDS + "E7,2020-01-01\ne7,2020-02-01\n"),
    Good(name="ids of digits and of letters", content=IDS
        + "070,2020-01-01\n007,2020-02-01\n70a,2020-01-01\n"),
)  # fmt: skip


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_keys(bad: Bad, tmp_path: Path) -> None:
    judge(bad, tmp_path)


@pytest.mark.parametrize("good", TWINS, ids=lambda good: good.name)
def test_twins_pass(good: Good, tmp_path: Path) -> None:
    accept(good, tmp_path)
