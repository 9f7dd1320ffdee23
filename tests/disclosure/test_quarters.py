"""A pack each quarter, or each month, still shows enough to be useful."""

from pathlib import Path

import pytest

from tests.disclosure.quarters import MONTHS, QUARTERS, Organisation, Pack, packs
from wellperf_models.synth import simulate

DEFAULT = Path(__file__).parents[2] / "data_synthetic"
MERGER = {"Corporate": ("Finance", "People and law")}


def made(folder: Path, preset: str) -> Organisation:
    simulate(folder / preset, preset=preset, truth_people=0)
    return Organisation(folder=folder / preset)


def merged(pack: Pack) -> dict[str, str]:
    return {d: s for d, s in pack.states.items() if d.endswith("/Corporate")}


def test_four_quarterly_packs_of_the_default_organisation(tmp_path: Path) -> None:
    """Exits come in late, and two departments become one in the third quarter."""
    found = packs(tmp_path, Organisation(folder=DEFAULT, merged=MERGER), QUARTERS)
    assert all(len(p.states) > 45 for p in found)
    assert min(p.shown() for p in found) >= 0.9
    # most of it is not old news either. One quarter's share hangs on who happened to join (.59 to .75 over
    # ten organisations of this kind); the mean of the three quarters does not (.75 to .78 in five of them)
    later = [p.fresh() for p in found[1:]]
    assert sum(later) / len(later) >= 0.7
    assert min(later) >= 0.5
    assert set(merged(found[2]).values()) <= {"fresh"}
    assert len(merged(found[2])) == 4
    # what holds the rest is what it should be: something is held in every quarter but the first
    assert [("held" in p.states.values()) for p in found] == [False, True, True, True]


def test_monthly_packs_with_late_exits_and_a_merger(tmp_path: Path) -> None:
    found = packs(tmp_path, Organisation(folder=DEFAULT, merged=MERGER, late_share=0.3), MONTHS[4:9])
    assert min(p.shown() for p in found) >= 0.9
    assert min(p.fresh() for p in found) >= 0.4
    assert [len(merged(p)) for p in found] == [0, 0, 4, 4, 4]


def test_four_quarterly_packs_of_a_small_organisation(tmp_path: Path) -> None:
    found = packs(tmp_path, made(tmp_path, "small"), QUARTERS)
    assert min(p.shown() for p in found) >= 0.5
    # measured .38 to .50; a quarter brings too few joiners to most groups
    assert min(p.fresh() for p in found) >= 0.25


def test_four_quarterly_packs_of_eighty_people_show_the_organisation(tmp_path: Path) -> None:
    found = packs(tmp_path, made(tmp_path, "micro"), QUARTERS)
    assert min(p.shown("organisation") for p in found) >= 0.9
    whole = "turnover.description/table/exits_by_group/organisation: all"
    assert [p.states[whole] for p in found] != ["fresh"] * 4
    assert all(p.states[whole] in ("fresh", "held") for p in found)


@pytest.mark.parametrize("late_share", [0.0, 1.0])
def test_late_exits_are_in_the_test_data(tmp_path: Path, late_share: float) -> None:
    """The organisation the tests above use does register exits late, and only where it is told to."""
    organisation = Organisation(folder=DEFAULT, late_share=late_share)
    then, now = (organisation.known(day) for day in QUARTERS[:2])
    seen_then = set(then.filter("left")["employee_id"])
    late = now.filter("left").filter(~now.filter("left")["employee_id"].is_in(seen_then))
    before = late["end"].to_list()
    assert any(day.isoformat() < "2024-03-31" for day in before) == bool(late_share)
