"""Bad study files: names that nothing answers to, settings that contradict each other or the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.case import (
    OUTCOMES,
    PEOPLE,
    SECRET,
    SOURCE,
    SURVEYS,
    Bad,
    Good,
    accept,
    judge,
    people,
)
from tests.tables.folder import HEAD, SPELLS

TRIAL = "unit_type,unit_id,period,name,value,arm,received\n"
LONG = TRIAL + "person,1,,days,1,t,yes\nperson,2,,days,2,c,no\n"
ROI = (
    '[roi]\nprogramme = "p"\ndesign = "randomised"\nlevel = "person"\ntreated = "t"\ncontrol = "c"\n'
    "[roi.outcomes.days]\n"
)
WORTH = (
    'higher_is = "worse"\n[roi.outcomes.days.value]\nchannel = "absence"\namount = 1.0\ncurrency = "EUR"\n'
    'source = "s"\ntier = "measured"\n'
)
BURNOUT = (
    '[measures.mood]\nlow = 0\nhigh = 6\nhigher_is = "worse"\n'
    '[burnout]\noutcome = "mood"\ncase_share = 0.25\n[burnout.models.age]\ncovariates = ["age"]\n'
)
WIDE = (
    OUTCOMES + '[tables.outcomes.wide]\nname = "name"\nvalue = "value"\n'
    '[tables.outcomes.wide.columns]\nd1 = "days"\n[tables.outcomes.wide.beside.weight]\ndays = "w1"\n'
)
WIDE_TEXT = "unit_type,unit_id,d1,w1\nperson,1,3,1\n"
AGE = '[tables.people.attributes]\nage = "age"\n[covariates.age]\ntable = "people"\ntiming = "before"\n'
WHO = '[tables.people]\npath = "people.csv"\n'
TWO_PEOPLE = {"people_csv": people("age", "30", "40")}
COSTS = '[tables.costs]\npath = "costs.csv"\n[money]\nreporting_currency = "EUR"\n'
DECISION = (
    '[roi.decision]\ndiscount_rate = 0.03\nperspective = "employer"\nhorizon_years = 1\nfade_out = 0.5\n'
)
TEAMS = "unit_type,unit_id,name,value,arm,cluster\n" + "".join(
    f"person,{i},days,{i % 7},{'t' if i // 10 % 2 else 'c'},k{i // 10}\n" for i in range(80)
)
MIXED = TEAMS.replace("k0", "k1").replace("k3", "k2")
ASKED = SURVEYS + WHO + AGE + BURNOUT
WAVES = "employee_id,wave,measure,value\n1,wave 1,mood,3\n1,wave 2,mood,4\n2,wave 1,mood,2\n"


def in_burnout(line: str) -> str:
    """The study of two waves with one more line in [burnout]."""
    return ASKED.replace("case_share", f"{line}\ncase_share")


CASES = (
    Bad(name="missing column", rule="missing_column", content=SPELLS.replace("employee_id", "employee")),
    Bad(name="mapped column missing", rule="missing_column",
        sections=SOURCE + '[tables.spells.columns]\nend = "until"\n'),
    Bad(name="two columns of one name", rule="ambiguous_column",
        content="employee_id,start,end,end,exit_reason\n1,2020-01-01,,,\n"),
    Bad(name="third of two columns", rule="missing_column",
        content="employee_id,start,end,end,exit_reason\n1,2020-01-01,,,\n",
        sections=SOURCE + '[tables.spells.columns]\nend = "end[3]"\n'),
    Bad(name="unknown table", rule="unknown_table", sections=SOURCE.replace("tables.spells", "tables.spels")),
    Bad(name="no table", rule="no_tables", sections=""),
    Bad(name="unknown declared column", rule="unknown_column",
        sections=SOURCE + '[tables.spells.columns]\nexit_raeson = "exit_reason"\n'),
    Bad(name="column and constant", rule="one_origin",
        sections=SOURCE + '[tables.spells.columns]\nend = "end"\n'
        + '[tables.spells.constants]\nend = "2024-01-01"\n'),
    Bad(name="attribute with a declared name", rule="one_origin",
        sections=SOURCE + '[tables.spells.attributes]\nend = "end"\n'),
    Bad(name="constant of the wrong type", rule="constant",
        content="employee_id\n1\n", sections=SOURCE + '[tables.spells.constants]\nstart = "31.1.2020"\n'),
    Bad(name="neither start nor duration", rule="one_form", content="employee_id,end\n1,2020-01-01\n"),
    Bad(name="both start and duration", rule="one_form",
        content="employee_id,start,duration_months\n1,2020-01-01,5\n"),
    Bad(name="date format without signs", rule="date_format",
        sections=SOURCE + 'date_format = "YYYY-MM-DD"\n'),
    Bad(name="no header row", rule="missing_column", content=f"17,2020-01-01,2021-12-31,{SECRET}\n"),
    Bad(name="no header row, name first", rule="missing_column", content=f"{SECRET},2020-01-01,,voluntary\n"),
    Bad(name="covariate of no column", rule="covariate_column", content=people("age", "30"),
        sections=PEOPLE + AGE.replace("covariates.age", "covariates.aeg")),
    Bad(name="category declared a number", rule="covariate_type", content=people("gender", "f"),
        sections=PEOPLE + '[covariates.gender]\ntable = "people"\ntiming = "before"\n'),
    Bad(name="group of no column", rule="group_column",
        sections=SOURCE + '[turnover]\ngroup_by = "departement"\n'),
    Bad(name="amount without currency", rule="missing_column",
        content="programme,date,kind,amount\np,2024-01-01,other,5\n",
        sections='[tables.costs]\npath = "spells.csv"\n'),
    Bad(name="part of no table", rule="unknown_table", sections=SOURCE + 'part_of = "spels"\n'),
    Bad(name="part named like another table", rule="part_name", sections=SOURCE + 'part_of = "people"\n'),
    Bad(name="weight of no header", rule="missing_column", content=WIDE_TEXT,
        sections=WIDE.replace('"w1"', '"w2"')),
    Bad(name="beside of no column", rule="unknown_column", content=WIDE_TEXT,
        sections=WIDE.replace("beside.weight", "beside.wheight")),
    Bad(name="beside and column", rule="one_origin", content=WIDE_TEXT,
        sections=WIDE + '[tables.outcomes.columns]\nweight = "w1"\n'),
    Bad(name="outcome that no row has", rule="name_in_outcomes", content=LONG,
        sections=OUTCOMES + ROI.replace("outcomes.days", "outcomes.dais")),
    Bad(name="period that no row has", rule="period_in_outcomes", content=LONG.replace(",,", ",y1,"),
        sections=OUTCOMES + ROI + 'period = "y2"\n'),
    Bad(name="value in an unknown currency", rule="roi_currency", content=LONG,
        sections=OUTCOMES + ROI + WORTH),
    Bad(name="covariate of no column of the trial", rule="covariate_column", content=LONG,
        sections=OUTCOMES + '[covariates.age]\ntable = "outcomes"\ntiming = "before"\n'),
    Bad(name="covariate of a trial on turnover", rule="covariate_of_outcomes", content=LONG,
        sections=OUTCOMES + '[covariates.weight]\ntable = "outcomes"\ntiming = "before"\n'
        + '[turnover]\ncovariates = ["weight"]\n'),
    Bad(name="burnout by a group of no column", rule="group_column", content=people("age", "30"),
        sections=PEOPLE + AGE + BURNOUT.replace("case_share", 'group_by = "departement"\ncase_share')),
    Bad(name="misspelt arm", rule="arm_in_outcomes", content=LONG.replace(",t,", ",treated,"),
        sections=OUTCOMES
        + ROI.replace('"t"', '"treatd"'), also="did you mean 'treated'?"),
    Bad(name="misspelt control arm", rule="arm_in_outcomes", content=LONG.replace(",c,", ",control,"),
        sections=OUTCOMES + ROI.replace('"c"', '"Control"'), also="did you mean 'control'?"),
    Bad(name="programme that begins after the data", rule="roi_start", content=LONG,
        sections=OUTCOMES + ROI.replace("[roi.outcomes", "start = 2025-01-01\n[roi.outcomes")),
    Bad(name="programme table that begins after the data", rule="roi_start", content=LONG, sections=OUTCOMES
        + '[tables.programmes]\npath = "p.csv"\n' + ROI,
        files={"p_csv": "programme,unit_type,unit_id,start,assigned_by,level\n"
        + "p,person,1,2025-01-01,randomised,person\n"}),
    Bad(name="programme without costs", rule="programme_in_costs", content=LONG, also="did you mean 'yoga'?",
        sections=OUTCOMES + ROI.replace('"p"', '"Yoga"') + DECISION + COSTS,
        files={"costs_csv": "programme,date,kind,amount,currency\nyoga,2024-01-01,other,5,EUR\n"}),
    Bad(name="level finer than the lots", rule="level_finer_than_lots", content=TEAMS, sections=OUTCOMES
        + ROI),
    Bad(name="units larger than the level", rule="unit_above_level", sections=OUTCOMES + ROI,
        content=LONG.replace("person,", "team,")),
    Bad(name="adjusting for what came during", rule="adjust_for_timing", content=LONG, sections=OUTCOMES + WHO
        + AGE.replace("before", "during") + ROI + 'adjust_for = ["age"]\n', files=TWO_PEOPLE),
    Bad(name="adjusting for an outcome that came after", rule="only what has timing", content=LONG,
        says="error",
        sections=OUTCOMES + ROI + 'adjust_for = ["spend"]\n[roi.outcomes.spend]\n'),
    Bad(name="cut-off that the scale does not reach", rule="case_at_in_scale", content=WAVES,
        files=TWO_PEOPLE,
        sections=ASKED.replace("case_share = 0.25", "case_at = 27")),
    Bad(name="scale without a bad end", rule="case_has_an_end", content=WAVES, files=TWO_PEOPLE,
        sections=ASKED.replace('higher_is = "worse"', "")),
    Bad(name="misspelt wave", rule="wave_in_surveys", content=WAVES, files=TWO_PEOPLE,
        sections=in_burnout('waves = ["wave 1", "wave2"]'), also="did you mean 'wave 2'?"),
    Bad(name="wave left out of the order", rule="wave_order_complete", content=WAVES, files=TWO_PEOPLE,
        sections=in_burnout('waves = ["wave 1"]')),
    Bad(name="outcome that nobody was asked", rule="outcome_in_surveys", files=TWO_PEOPLE,
        content=WAVES.replace("mood", "joy"), sections=ASKED + "[measures.joy]\nlow = 0\nhigh = 6\n"),
    Bad(name="predictor of burnout from afterwards", rule="covariate_timing", content=WAVES, files=TWO_PEOPLE,
        sections=ASKED.replace('timing = "before"', 'timing = "after"')),
    Bad(name="predictor of turnover from afterwards", rule="covariate_timing", content=people("age", "30"),
        sections=PEOPLE + AGE.replace("before", "during") + '[turnover]\ncovariates = ["age"]\n'),
    Bad(name="cause that is no exit reason", rule="turnover_cause", sections=SOURCE
        + '[turnover]\ncauses = ["volontary"]\n', also="did you mean 'voluntary'?"),
    Bad(name="format of a column that is none", rule="date_format",
        sections=SOURCE + 'date_formats.start = "DD.MM.YYYY"\n'),
    Bad(name="dates of an unknown column", rule="unknown_column", also="did you mean 'start'?",
        sections=SOURCE + 'date_formats.strat = "%Y-%m-%d"\n'),
    Bad(name="rows dropped by an unknown column", rule="unknown_column",
        sections=SOURCE + 'drop_missing = ["employe_id"]\n'),
    Bad(name="misspelt key", rule="did you mean 'separator'?", says="error", sections=SOURCE
        + 'seperator = ";"\n'),
    Bad(name="word that is missing and is not", rule="both name", says="error",
        sections=SOURCE + 'null_values = ["NA"]\nnot_missing = ["NA"]\n'),
    Bad(name="study file that is no TOML", rule="not valid TOML", says="error", sections="[tables.spells\n"),
    Bad(name="key twice in the study file", rule="not valid TOML", says="error", sections=SOURCE + SOURCE),
    Bad(name="date that is a text", rule="as_of", says="error", head=HEAD.replace("2024-06-30", '"soon"')),
    Bad(name="two decimal signs", rule="same character", says="error",
        sections=SOURCE + 'decimal = ","\nthousands = ","\n'),
)  # fmt: skip

TWINS = (
    Good(name="lots for teams, declared", content=TEAMS.replace("person,", "person,"),
         sections=OUTCOMES + ROI.replace('level = "person"', 'level = "team"')),
    Good(name="lots for people inside teams", content=TEAMS.replace("k1,", "k0,").replace("k1\n", "k0\n")
         .replace("k3\n", "k2\n").replace("k5\n", "k4\n").replace("k7\n", "k6\n"), sections=OUTCOMES + ROI),
    Good(name="waves in their order", content=WAVES, files=TWO_PEOPLE,
         sections=in_burnout('waves = ["wave 1", "wave 2"]')),
    Good(name="a wave still to come", content=WAVES, files=TWO_PEOPLE,
         sections=in_burnout('waves = ["wave 1", "wave 2", "wave 3"]')),
    Good(name="costs of the programme", content=LONG, sections=OUTCOMES + ROI + DECISION + COSTS,
         files={"costs_csv": "programme,date,kind,amount,currency\np,2024-01-01,other,5,EUR\n"}),
)  # fmt: skip


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_study_file(bad: Bad, tmp_path: Path) -> None:
    judge(bad, tmp_path)


@pytest.mark.parametrize("good", TWINS, ids=lambda good: good.name)
def test_twins_pass(good: Good, tmp_path: Path) -> None:
    accept(good, tmp_path)
