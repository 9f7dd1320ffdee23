import dataclasses
import datetime as dt

import numpy as np
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.synth import PRESETS, VARIANTS, World
from wellperf_models.synth.path import live_block
from wellperf_models.synth.policies import CAP_HOURS


def test_world_is_frozen_and_keyword_only():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRESETS["default"].people = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        World("x")  # type: ignore[misc]


def test_presets_have_the_promised_sizes():
    sizes = {name: world.people for name, world in PRESETS.items()}
    assert sizes == {"micro": 80, "small": 120, "default": 2500, "large": 50_000, "million": 1_000_000}
    assert {world.months for world in PRESETS.values()} == {36}
    assert all(name == world.name for name, world in PRESETS.items())


def test_as_of_is_the_last_day_of_the_extract():
    assert World(observed_from=dt.date(2023, 11, 1), months=4).as_of == dt.date(2024, 2, 29)


@pytest.mark.parametrize("changes", [{"people": 20}, {"months": 0}, {"observed_from": dt.date(2022, 1, 2)}])
def test_impossible_worlds_are_refused(changes):
    with pytest.raises(DesignError):
        World(**changes)


def test_variants_change_only_what_they_say_and_are_named():
    base = PRESETS["small"]
    for name, changes in VARIANTS.items():
        world = base.variant(name)
        differs = {
            field.name
            for field in dataclasses.fields(World)
            if getattr(world, field.name) != getattr(base, field.name)
        }
        assert differs <= {*changes, "name"}
        assert world.name == f"small.{name}"
    with pytest.raises(DesignError, match="variant"):
        base.variant("nul")


def test_every_parameter_is_documented():
    text = World.__doc__ or ""
    assert [f.name for f in dataclasses.fields(World) if f.name not in text] == []


def _yearly_correlation(world: World) -> float:
    path = live_block(world, 11, 0, world.people)
    stayed = path.person[2] == path.person[5]
    return float(np.corrcoef(path.exhaustion[2][stayed], path.exhaustion[5][stayed])[0, 1])


def test_variants_do_what_they_say():
    base = PRESETS["default"].but(people=4000, months=8, history_months=40)
    correlation = {name: _yearly_correlation(base.variant(name)) for name in VARIANTS}
    plain = _yearly_correlation(base)
    # four standard errors of a correlation of 3,900 people
    assert abs(correlation["no_persistence"]) < 0.065
    assert plain > 0.4
    assert correlation["feedback"] > plain + 0.05
    # people of the null world persist all the same: nothing but effects is missing
    assert correlation["null"] > 0.4


def test_levels_are_those_of_an_organisation():
    world = PRESETS["default"].but(people=6000)
    path = live_block(world, 5, 0, world.people)
    years = path.person[:-1].size / 12
    rates = [100 * float((path.register.cause == k).sum()) / years for k in range(3)]
    assert 10 < rates[0] < 14
    assert 3 < rates[1] < 4
    assert 2 < rates[2] < 3
    assert 1.9 < path.exhaustion.mean() < 2.5
    assert path.exhaustion.min() >= 0
    assert path.exhaustion.max() <= 6
    # about six hours a week, and half of the months above the cap of the policy question
    assert 23 < path.overtime.mean() < 27
    assert 11 < path.overtime.std() < 14
    assert 0.5 < (path.overtime > CAP_HOURS).mean() < 0.75


def test_self_selected_teams_are_more_exhausted_before_and_randomised_are_not():
    base = PRESETS["default"].but(people=12_000, months=12, history_months=40)
    gaps = {}
    for how in ("randomised", "self_selected"):
        path = live_block(base.but(programme_assignment=how), 8, 0, base.people)
        early = path.starts == base.programme_starts[0]
        before = path.exhaustion[0]
        gaps[how] = float(before[early[path.team[0]]].mean() - before[~early[path.team[0]]].mean())
    assert gaps["self_selected"] > 0.25
    assert abs(gaps["randomised"]) < 0.1
