"""Bad values: signs, units, codes for "missing", scales, columns that say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.bad_input.case import (
    OUTCOMES,
    PEOPLE,
    SECRET,
    SOURCE,
    SURVEYS,
    WORKLOAD,
    Bad,
    Good,
    accept,
    attribute,
    judge,
    people,
    spells,
)
from tests.bad_input.made import parquet

TRIAL = "unit_type,unit_id,period,name,value,arm,received\n"
LONG = TRIAL + "person,1,,days,1,t,yes\nperson,2,,days,2,c,no\n"
COSTS = '[tables.costs]\npath = "spells.csv"\n[money]\nreporting_currency = "EUR"\n'
WIDE = (
    OUTCOMES + '[tables.outcomes.wide]\nname = "name"\nvalue = "value"\n'
    '[tables.outcomes.wide.columns]\nd1 = "days"\n[tables.outcomes.wide.beside.weight]\ndays = "w1"\n'
)
WIDE_TEXT = "unit_type,unit_id,d1,w1\nperson,1,3,1\n"
AGE = '[tables.people.attributes]\nage = "age"\n[covariates.age]\ntable = "people"\ntiming = "before"\n'
MOOD = "[measures.mood]\nlow = 0\nhigh = 6\n"
MODEL = '[turnover]\ncovariates = ["age"]\n'
TWO = (
    PEOPLE
    + '[tables.people.attributes]\nage = "age"\nmonths = "months"\n'
    + "".join(f'[covariates.{n}]\ntable = "people"\ntiming = "before"\n' for n in ("age", "months"))
    + '[turnover]\ncovariates = ["age", "months"]\n'
)


def values(*cells: object) -> str:
    """Outcomes of so many units."""
    rows = (f"person,{i},,days,{cell},t,yes\n" for i, cell in enumerate(cells, start=1))
    return TRIAL + "".join(rows)


def items(n: int, *, reversed_item: bool, related: bool = True, noise: float = 1.0, seed: int = 7) -> str:
    """Answers of n people to four items of one scale."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    rows = []
    for j in range(4):
        own = (mood if related else 0) + noise * rng.normal(size=n)
        if j == 3 and reversed_item:
            own = -own
        score = np.clip(np.round(3 + own), 0, 6)
        rows += [f"{i},w,mood,q{j},{score[i]:g}\n" for i in range(n)]
    return "employee_id,wave,measure,item,value\n" + "".join(rows)


AGES = "".join(f"{i},{20 + i},{12 * (20 + i)}\n" for i in range(1, 15))


CASES = (
    Bad(name="text in a number", rule="parses_as_number", content=people("fte", "1", SECRET),
        sections=PEOPLE, rows=(2,)),
    Bad(name="decimal comma", rule="parses_as_number", content=people("fte", "1", '"0,5"'),
        sections=PEOPLE, rows=(2,)),
    Bad(name="comma that groups no thousands", rule="parses_as_number", content=people("fte", "1", '"1,5"'),
        sections=PEOPLE + 'thousands = ","\n', rows=(2,)),
    Bad(name="the word nan", rule="parses_as_number", content=people("fte", "1", "nan"), sections=PEOPLE,
        rows=(2,)),
    Bad(name="number too large", rule="finite", content=people("fte", "1", "1e999"), sections=PEOPLE,
        rows=(2,)),
    Bad(name="half a birth year", rule="parses_as_whole_number",
        content=people("birth_year", "1980", "1980.5"),
        sections=PEOPLE, rows=(2,)),
    Bad(name="percent as fraction", rule="range", content=people("fte", "1", "80"), sections=PEOPLE,
        rows=(2,)),
    Bad(name="unit that does not convert", rule="unit", content=people("fte", "1"),
        sections=PEOPLE + '[tables.people.units]\nfte = "years"\n'),
    Bad(name="value the mapping does not list", rule="unlisted_value",
        content=spells(f"3,2020-01-01,2021-01-01,{SECRET}\n"), rows=(3,),
        sections=SOURCE + '[tables.spells.values.exit_reason]\nvoluntary = "voluntary"\n'),
    Bad(name="mapping to an unknown word", rule="allowed",
        sections=SOURCE + '[tables.spells.values.exit_reason]\nvoluntary = "quit"\n', rows=(1,)),
    Bad(name="mapping of a missing word", rule="value_is_null",
        sections=SOURCE + 'null_values = ["voluntary"]\n'
        + '[tables.spells.values.exit_reason]\nvoluntary = "other"\n'),
    Bad(name="more overtime than hours", rule="overtime_within_hours", sections=WORKLOAD, rows=(1,),
        content="employee_id,period,hours,overtime_hours\n1,2024-01-01,10,11\n"),
    Bad(name="scale that is not declared", rule="measure_declared", sections=SURVEYS, rows=(1,),
        content="employee_id,wave,measure,value\n1,1,mood,3\n"),
    Bad(name="covariate that is no number", rule="parses_as_number", content=people("age", "30", SECRET),
        sections=PEOPLE + AGE, rows=(2,)),
    Bad(name="yes and no in another coding", rule="yes_no", content=people("age", "yes", "1"), rows=(2,),
        sections=PEOPLE + AGE.replace('timing', 'type = "yes_no"\ntiming')),
    Bad(name="currency without money", rule="currency_declared", rows=(1,),
        content="programme,date,kind,amount,currency\np,2024-01-01,other,5,EUR\n",
        sections='[tables.costs]\npath = "spells.csv"\n'),
    Bad(name="negative weight beside", rule="range", content=WIDE_TEXT.replace("3,1", "3,-1"), rows=(1,),
        sections=WIDE),
    Bad(name="text in a weight beside", rule="parses_as_number", rows=(1,), sections=WIDE,
        content=WIDE_TEXT.replace("3,1", f"3,{SECRET}")),
    Bad(name="participation in another coding", rule="allowed", sections=OUTCOMES, rows=(1,),
        content=LONG.replace("yes", SECRET)),
    Bad(name="decimal comma, told as such", rule="decimal_comma", content=people("fte", "1", '"0,5"'),
        sections=PEOPLE, rows=(2,)),
    Bad(name="thousands separators", rule="thousands_separators", rows=(1,), sections=PEOPLE + AGE,
        content=people("age", '"1,234.5"', "7")),
    Bad(name="Swiss thousands separators", rule="thousands_separators", rows=(1,), sections=PEOPLE + AGE,
        content=people("age", "1'234", "7")),
    Bad(name="thousands read as decimals", rule="thousands_or_decimals", sections=attribute("pay"), rows=(1,),
        content=people("pay", "1.250", "2.300", "3.100", "950")),
    Bad(name="per cent signs", rule="percent_sign", content=people("fte", "0.8", "80%"), sections=PEOPLE,
        rows=(2,)),
    Bad(name="per cent and fractions mixed", rule="range", content=people("fte", "0.8", "80"),
        sections=PEOPLE,
        rows=(2,)),
    Bad(name="currencies in the cells", rule="currency_sign", sections=COSTS, rows=(1, 2),
        content="programme,date,kind,amount,currency\np,2024-01-01,other,$5,EUR\n"
        "p,2024-01-02,other,5 EUR,EUR\n"),
    Bad(name="mixed currencies, one of them undeclared", rule="currency_declared", sections=COSTS, rows=(2,),
        content="programme,date,kind,amount,currency\np,2024-01-01,other,5,EUR\np,2024-01-02,other,5,CHF\n"),
    Bad(name="negative hours", rule="range", sections=WORKLOAD, rows=(1,),
        content="employee_id,period,hours\n1,2024-01-01,-8\n"),
    Bad(name="more than 168 hours a week", rule="hours_in_month", sections=WORKLOAD, rows=(1,),
        content="employee_id,period,hours\n1,2023-02-01,673\n"),
    Bad(name="more hours than any month", rule="range", sections=WORKLOAD, rows=(1,),
        content="employee_id,period,hours\n1,2024-01-01,745\n"),
    Bad(name="-99 for missing", rule="sentinel_value", sections=OUTCOMES, content=values(3, 5, -99, 4),
        rows=(3,)),
    Bad(name="-99 for missing in an attribute", rule="sentinel_value", sections=attribute("score"), rows=(2,),
        content=people("score", "3.5", "-99", "4.5")),
    Bad(name="-9 for missing, again and again", rule="sentinel_value", sections=OUTCOMES, rows=(1, 2),
        content=values(-9, -9, *range(40))),
    Bad(name="9999 for missing", rule="sentinel_value", sections=OUTCOMES, rows=(11, 12),
        content=values(*range(10), 9999, 9999)),
    Bad(name="-99 in a column with a range", rule="range", content=people("fte", "1", "-99"), sections=PEOPLE,
        rows=(2,)),
    Bad(name="NA in a number", rule="missing_word", content=people("fte", "1", "NA"), sections=PEOPLE,
        rows=(2,),
        also="found: 'NA'"),
    Bad(name="NA in a group", rule="missing_word", content=people("dept", "a", "NA"), sections=attribute(),
        rows=(2,)),
    Bad(name="Not Stated in a group", rule="missing_word", content=people("dept", "a", "not stated"),
        sections=attribute(), rows=(2,)),
    Bad(name="infinity", rule="finite", content=people("fte", "1", "-Inf"), sections=PEOPLE, rows=(2,)),
    Bad(name="typed infinity", rule="finite", sections='[tables.people]\npath = "p.parquet"\n', rows=(2,),
        files={"p_parquet": parquet(employee_id=["1", "2"], fte=[1.0, float("inf")])}),
    Bad(name="1e308", rule="finite", sections=OUTCOMES, content=values(3, "1e308"), rows=(2,)),
    Bad(name="1e308 in an attribute", rule="finite", sections=attribute("pay"), content=people("pay", "3",
        "1e308"),
        rows=(2,)),
    Bad(name="error of a spreadsheet", rule="spreadsheet_error", sections=attribute(), rows=(2,),
        content=people("dept", "a", "#REF!")),
    Bad(name="groups in two cases", rule="case_twins", sections=attribute(), rows=(2,),
        content=people("dept", "Sales", "sales")),
    Bad(name="reversed item of a scale", rule="reversed_items", sections=SURVEYS + MOOD, says="note",
        content=items(120, reversed_item=True)),
    Bad(name="score off its scale", rule="value_in_measure_range", sections=SURVEYS + MOOD, rows=(2,),
        content="employee_id,wave,measure,value\n1,w,mood,6\n2,w,mood,7\n"),
    Bad(name="constant covariate", rule="constant", sections=PEOPLE + AGE + MODEL, says="note",
        content=people("age", "30", "30", "30")),
    Bad(name="covariate of which every cell is missing", rule="covariate_empty", sections=PEOPLE + AGE
        + MODEL,
        content=people("age", "", "", "")),
    Bad(name="column of which every cell is missing", rule="missing_cells", sections=attribute(), says="note",
        content=people("dept", "", ""), also="dept every cell"),
    Bad(name="covariates that follow from each other", rule="collinear", sections=TWO, says="note",
        content="employee_id,age,months\n" + AGES),
    Bad(name="category of 10,000 levels", rule="too_many_levels",
        sections=PEOPLE + AGE.replace("timing", 'type = "category"\ntiming') + MODEL,
        content=people("age", *(f"a{i}" for i in range(10_000)))),
    Bad(name="yes and no where a number is declared", rule="parses_as_number", sections=PEOPLE + AGE,
        rows=(1,),
        content=people("age", "TRUE", "3")),
    Bad(name="born in the future", rule="range", sections=PEOPLE, content=people("birth_year", "2980"),
        rows=(1,)),
    Bad(name="score without a number", rule="required", sections=SURVEYS + MOOD, rows=(1,),
        content="employee_id,wave,measure,value\n1,w,mood,\n"),
)  # fmt: skip

TWINS = (
    Good(name="decimals of three digits", sections=attribute("score"),
         content=people("score", "1.250", "2.300", "3.100", "0.950")),
    Good(name="thousands declared", sections=attribute("pay").replace("[tables.people.attributes]",
         'thousands = "."\ndecimal = ","\n[tables.people.attributes]'),
         content=people("pay", "1.250", "2.300", "3.100", "950")),
    Good(name="negative measurements", sections=OUTCOMES, content=values(-99, -3, 5, 8)),
    Good(name="one negative nine", sections=OUTCOMES, content=values(-9, *range(40))),
    Good(name="-99 declared as missing", sections=OUTCOMES + 'null_values = ["", "-99"]\n',
         content=values(3, 5, -99, 4)),
    Good(name="typed -99 declared as missing in one column", files={
         "p_parquet": parquet(employee_id=["1", "2"], score=[1, -99])},
         sections='[tables.people]\npath = "p.parquet"\ncolumn_nulls = { score = ["-99"] }\n'
         + '[tables.people.attributes]\nscore = "score"\n'),
    Good(name="NA that is a region", content=people("dept", "EU", "NA"),
         sections=attribute().replace("[tables.people.attributes]", 'not_missing = ["NA"]\n'
                                      "[tables.people.attributes]")),
    Good(name="items that agree", sections=SURVEYS + MOOD, content=items(120, reversed_item=False),
         not_said="reversed_items"),
    Good(name="reversed item among few people", sections=SURVEYS + MOOD, not_said="reversed_items",
         content=items(25, reversed_item=True, noise=0.1)),
    Good(name="items that run against each other by chance", sections=SURVEYS + MOOD,
         content=items(31, reversed_item=False, related=False, seed=0), not_said="reversed_items"),
    Good(name="decimals of three digits and of one", sections=attribute("pay"),
         content=people("pay", "1.250", "2.300", "3.100", "950", "0.5")),
    Good(name="decimals of three digits and thousands", sections=attribute("pay"),
         content=people("pay", "1.250", "2.300", "3.100", "950", "1200")),
    Good(name="items that have nothing in common", sections=SURVEYS + MOOD, not_said="reversed_items",
         content=items(200, reversed_item=True, related=False)),
    Good(name="a full February", sections=WORKLOAD,
         content="employee_id,period,hours\n1,2023-02-01,672\n1,2024-02-01,696\n"),
    Good(name="covariates that go together", sections=TWO, not_said="collinear",
         content="employee_id,age,months\n" + AGES.replace("252", "250")),
    Good(name="blanks trimmed because declared", sections=PEOPLE + 'edge_blanks = "trim"\n'
         '[tables.people.attributes]\ndept = "dept"\n', content=people("dept", "Alpha", "Alpha ")),
)  # fmt: skip


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_values(bad: Bad, tmp_path: Path) -> None:
    judge(bad, tmp_path)


@pytest.mark.parametrize("good", TWINS, ids=lambda good: good.name)
def test_twins_pass(good: Good, tmp_path: Path) -> None:
    accept(good, tmp_path)
