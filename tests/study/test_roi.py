"""`[roi]`: nothing counts twice, nothing measured too late is adjusted for, nothing has a silent default."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.test_file import MINIMAL, problem, write
from wellperf_models.study import Roi, load_study

ROI = """
[tables.outcomes]
path = "o.csv"
[covariates.age]
table = "outcomes"
timing = "before"
[roi]
programme = "walk"
design = "randomised"
level = "team"
treated = "t"
control = "c"
[roi.outcomes.absent]
higher_is = "worse"
adjust_for = ["absent_before", "age"]
[roi.outcomes.absent.value]
channel = "absence"
amount = 200.0
currency = "EUR"
source = "payroll"
tier = "measured"
[roi.outcomes.output]
higher_is = "better"
[roi.outcomes.absent_before]
timing = "before"
[roi.outcomes.steps]
timing = "during"
[[roi.costs]]
kind = "programme"
amount = 50.0
per = "person_year"
currency = "EUR"
source = "contract"
tier = "measured"
[roi.decision]
discount_rate = 0.03
perspective = "employer"
horizon_years = 3
fade_out = 0.5
"""
VALUE = (
    '[roi.outcomes.output.value]\nchannel = "{}"\namount = 1.0\ncurrency = "EUR"\nsource = "s"\ntier = "{}"\n'
)
ABSENT = 'channel = "absence"\n'


def _load(folder: Path, text: str) -> Roi:
    roi = load_study(write(folder, MINIMAL + text)).roi
    assert roi is not None
    return roi


def _with(channel: str, *, first: str = "absence", tier: str = "measured") -> str:
    changed = ROI.replace(ABSENT, f'channel = "{first}"\n')
    return changed.replace(
        "[roi.outcomes.absent_before]", VALUE.format(channel, tier) + "[roi.outcomes.absent_before]"
    )


def test_a_whole_section(tmp_path: Path) -> None:
    roi = _load(tmp_path, ROI)
    assert roi.primary == "absent"
    assert roi.decision is not None
    assert (roi.decision.fund_above, roi.decision.stop_below, roi.decision.programme_years) == (0.9, 0.1, 1)
    assert load_study(write(tmp_path, MINIMAL)).roi is None


def test_the_primary_outcome_is_the_first_after(tmp_path: Path) -> None:
    text = ROI.replace(
        "[roi.outcomes.absent]\n", '[roi.outcomes.first]\ntiming = "before"\n[roi.outcomes.absent]\n'
    )
    assert _load(tmp_path, text).primary == "absent"


def test_other_channels_may_repeat(tmp_path: Path) -> None:
    roi = _load(tmp_path, _with("other", first="other"))
    assert [o.value.channel for o in roi.outcomes.values() if o.value] == ["other", "other"]


@pytest.mark.parametrize("pair", [("productivity", "presenteeism"), ("presenteeism", "productivity")])
def test_presenteeism_is_productivity_measured_again(tmp_path: Path, pair: tuple[str, str]) -> None:
    message = problem(tmp_path, MINIMAL + _with(pair[1], first=pair[0]))
    assert "presenteeism and productivity are the same money measured twice" in message


@pytest.mark.parametrize("tier", ["measured", "transported", "asserted"])
def test_one_channel_counts_once_whatever_its_tier(tmp_path: Path, tier: str) -> None:
    message = problem(tmp_path, MINIMAL + _with("absence", tier=tier))
    assert "absent and output both count money through absence: keep one" in message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("discount_rate = 0.03\n", "", "roi.decision.discount_rate: missing, and there is no default"),
        ("discount_rate = 0.03", "discount_rate = 3", "roi.decision.discount_rate"),
        ("fade_out = 0.5\n", "", "roi.decision.fade_out: missing"),
        ('perspective = "employer"\n', "", "roi.decision.perspective: missing"),
        ('level = "team"\n', "", "roi.level: missing, and there is no default"),
        ('level = "team"', 'level = "country"', "roi.level"),
        ('design = "randomised"\n', "", "roi.design: missing"),
        ('control = "c"\n', "", "a randomised design has a control arm"),
        ('control = "c"', 'control = "t"', "treated and control are different arms"),
        ('"absent_before", "age"', '"steps"', "names 'steps', measured during the treatment"),
        ('"absent_before", "age"', '"output"', "names 'output', measured after the treatment"),
        ('"absent_before", "age"', '"agee"', "roi.outcomes.absent.adjust_for names 'agee'"),
        ('"absent_before", "age"', '"agee"', "did you mean 'age'?"),
        ('[roi.outcomes.absent]\nhigher_is = "worse"', "[roi.outcomes.absent]", "which way is better"),
        ('higher_is = "worse"', 'higher_is = "worse"\ntiming = "before"', "only an outcome with timing"),
        ("amount = 200.0", "amount = -200.0", "roi.outcomes.absent.value.amount"),
        ("amount = 200.0\n", "", "roi.outcomes.absent.value.amount: missing"),
        ('source = "payroll"', 'source = ""', "roi.outcomes.absent.value.source"),
        ('"payroll"\ntier = "measured"', '"payroll"', "roi.outcomes.absent.value.tier: missing"),
        (ABSENT, 'channel = "morale"\n', "roi.outcomes.absent.value.channel"),
        ('currency = "EUR"\nsource = "contract"', 'source = "contract"', "currency: missing"),
        ('per = "person_year"\n', "", "per: missing"),
        ("horizon_years = 3", "horizon_years = 2\nprogramme_years = 3", "inside horizon_years"),
        ("horizon_years = 3", "horizon_years = 3\ncorrelation = 1.0", "roi.decision.correlation"),
        ("horizon_years = 3", "horizon_years = 3\nfund_above = 0.5", "roi.decision.fund_above"),
        ("horizon_years = 3", "horizon = 3", "did you mean 'horizon_years'?"),
        ('[tables.outcomes]\npath = "o.csv"\n', "", "there is no [tables.outcomes]"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in ROI
    assert expected in problem(tmp_path, MINIMAL + ROI.replace(old, new, 1))


def test_something_is_evaluated(tmp_path: Path) -> None:
    text = ROI[: ROI.index("[roi.outcomes.absent]")] + '[roi.outcomes.x]\ntiming = "before"\n'
    assert 'no outcome has timing = "after"' in problem(tmp_path, MINIMAL + text)
    none = ROI[: ROI.index("[roi.outcomes.absent]")]
    assert "roi.outcomes: missing" in problem(tmp_path, MINIMAL + none)


def test_a_design_without_lots_needs_no_control_arm(tmp_path: Path) -> None:
    for design in ("participation", "before_after"):
        text = ROI.replace('"randomised"', f'"{design}"').replace('control = "c"\n', "")
        assert _load(tmp_path, text).control is None


def test_parts_count_as_the_table(tmp_path: Path) -> None:
    text = ROI.replace("[tables.outcomes]\n", '[tables.claims]\npart_of = "outcomes"\n')
    study = load_study(write(tmp_path, MINIMAL + text))
    assert list(study.sources_of("outcomes")) == ["claims"]
    assert study.sources_of("claims") == {}
