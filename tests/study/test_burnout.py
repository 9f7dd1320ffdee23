"""`[burnout]`: one way to say what a case is, and names that resolve."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.test_file import MINIMAL, problem, write
from wellperf_models.study import load_study

DECLARED = (
    MINIMAL
    + """
[tables.people]
path = "p.csv"
[tables.surveys]
path = "s.csv"
[measures.exhaustion]
low = 0
high = 6
higher_is = "worse"
[covariates.age]
table = "people"
timing = "before"
[covariates.engagement]
table = "surveys"
timing = "before"
"""
)
BURNOUT = """
[burnout]
outcome = "exhaustion"
case_share = 0.25
[burnout.models.background]
covariates = ["age"]
"""


def test_defaults(tmp_path: Path) -> None:
    burnout = load_study(write(tmp_path, DECLARED + BURNOUT)).burnout
    assert burnout is not None
    assert (burnout.waves, burnout.test_share, burnout.group_by, burnout.cluster) == ((), 0.3, None, None)
    assert (burnout.validation.folds, burnout.validation.repeats) == (5, 5)
    assert load_study(write(tmp_path, DECLARED)).burnout is None


def test_covariates_of_all_models_once(tmp_path: Path) -> None:
    more = '[burnout.models.all]\ncovariates = ["engagement", "age"]\nlabel = "All"\n'
    burnout = load_study(write(tmp_path, DECLARED + BURNOUT + more)).burnout
    assert burnout is not None
    assert burnout.covariates == ("age", "engagement")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("case_share = 0.25", "", "exactly one of case_at (a cut-off) and case_share"),
        ("case_share = 0.25", "case_share = 0.25\ncase_at = 3.0", "exactly one of case_at"),
        ("case_share = 0.25", "case_share = 1.0", "burnout.case_share: Input should be less than 1"),
        ("case_share = 0.25", "case_share = 0.0", "burnout.case_share: Input should be greater than 0"),
        ('"exhaustion"', '"exhaustoin"', "burnout.outcome names 'exhaustoin', which is not in [measures]"),
        ('"exhaustion"', '"exhaustoin"', "did you mean 'exhaustion'?"),
        ('["age"]', '["agee"]', "burnout.models.background.covariates names 'agee'"),
        ('["age"]', '["agee"]', "did you mean 'age'?"),
        ('["age"]', "[]", "burnout.models.background.covariates"),
        ('[burnout.models.background]\ncovariates = ["age"]', "[burnout.models]", "burnout.models"),
        ('[burnout.models.background]\ncovariates = ["age"]', "", "burnout.models: missing"),
        ("case_share = 0.25", 'case_share = 0.25\nwaves = ["1", "1"]', "waves are distinct"),
        ("case_share = 0.25", "case_share = 0.25\ntest_share = 1.0", "burnout.test_share"),
        ("case_share = 0.25", 'case_share = 0.25\ncluster = "town"', "burnout.cluster"),
        ("case_share = 0.25", 'case_share = 0.25\ngroup = "site"', "unknown key"),
        ("models.background", "models.Background", "burnout.models"),
    ],
)
def test_what_breaks_a_rule_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert expected in problem(tmp_path, DECLARED + BURNOUT.replace(old, new))
