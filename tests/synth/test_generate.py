import datetime as dt

import polars as pl
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.synth import PRESETS, generate
from wellperf_models.synth.measures import MEASURES
from wellperf_models.synth.path import blocks_of
from wellperf_models.tables.schema import SCHEMA

SMALL = PRESETS["small"].but(months=15, history_months=36)


def test_tables_have_exactly_the_declared_columns(organisation):
    assert set(organisation.tables) == set(SCHEMA)
    for name, frame in organisation.tables.items():
        declared = [column.name for column in SCHEMA[name].columns]
        # spells come in one of two forms: dates or durations
        if name == "spells":
            declared = [c for c in declared if not c.endswith("_months")]
        assert sorted(frame.columns) == sorted(declared)
        assert frame.height > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rules_hold_for_every_seed(seed):
    org = generate(SMALL, seed)
    t, world = org.tables, org.world
    spells = t["spells"]
    assert set(t["people"]["employee_id"]) == set(spells["employee_id"])
    assert spells["employee_id"].is_unique().all()
    assert (spells["end"].is_null() == spells["exit_reason"].is_null()).all()
    assert spells.filter(pl.col("end") < pl.col("start")).is_empty()
    assert spells.filter(pl.col("end") < world.observed_from).is_empty()
    assert spells.select(pl.max_horizontal(pl.col("start").max(), pl.col("end").max())).item() <= world.as_of
    for name, day in (
        ("workload", "period"),
        ("surveys", "date"),
        ("absences", "start"),
        ("assignments", "start"),
    ):
        rows = t[name].join(spells, on="employee_id", how="left", suffix="_spell")
        begin = "start_spell" if "start" in t[name].columns else "start"
        end = "end_spell" if "end" in t[name].columns else "end"
        assert rows[begin].null_count() == 0
        outside = rows.filter(
            (pl.col(day) < pl.col(begin)) | (pl.col(day) > pl.col(end)) | (pl.col(day) > world.as_of)
            | (pl.col(day) < world.observed_from)
        )  # fmt: skip
        assert outside.is_empty(), name
    for name, frame in t.items():
        key = [c.name for c in SCHEMA[name].columns if c.key and c.name in frame.columns]
        assert frame.select(key).is_unique().all(), name


def test_absences_end_inside_the_employment_and_do_not_overlap(organisation):
    rows = organisation.tables["absences"].join(
        organisation.tables["spells"].rename({"start": "hired", "end": "left"}), on="employee_id"
    )
    last = pl.col("start") + pl.duration(days=(pl.col("days") * 1.4).floor().cast(pl.Int64) - 1)
    rows = rows.with_columns(
        last=last, following=pl.col("start").shift(-1).over("employee_id", order_by="start")
    )
    left = pl.coalesce("left", pl.lit(organisation.world.as_of))
    assert rows.filter(pl.col("last") > left + dt.timedelta(days=1)).is_empty()
    assert rows.filter(pl.col("following") <= pl.col("start")).is_empty()


def test_assignments_cover_employment_without_gap(organisation):
    world, t = organisation.world, organisation.tables
    rows = (
        t["assignments"]
        .sort("employee_id", "start")
        .with_columns(following=pl.col("start").shift(-1).over("employee_id"))
    )
    inner = rows.filter(pl.col("following").is_not_null())
    assert inner.height > 20
    assert (inner["end"] + dt.timedelta(days=1) == inner["following"]).all()
    ends = rows.group_by("employee_id").agg(pl.col("start").min(), pl.col("end").last())
    both = ends.join(t["spells"], on="employee_id", suffix="_spell")
    assert both.height == t["spells"].height
    assert both["end"].eq_missing(both["end_spell"]).all()
    hired = pl.max_horizontal("start_spell", pl.lit(world.observed_from))
    assert both.filter(pl.col("start") != hired).is_empty()


def test_managers_are_other_people_employed_at_the_time(organisation):
    t = organisation.tables
    for column in ("manager_id", "secondary_manager_id"):
        rows = t["assignments"].filter(pl.col(column).is_not_null())
        assert rows.filter(pl.col(column) == pl.col("employee_id")).is_empty()
        joined = rows.join(t["spells"], left_on=column, right_on="employee_id", how="left", suffix="_manager")
        assert joined["start_manager"].null_count() == 0
        assert joined.filter(pl.col("end_manager") < pl.col("start")).is_empty()
    # one head at a time has nobody above
    heads = t["assignments"].filter(pl.col("manager_id").is_null())
    assert 1 <= heads["employee_id"].n_unique() < 15


def test_a_successor_begins_on_the_day_after_the_manager_left(organisation):
    t = organisation.tables
    rows = (
        t["assignments"]
        .sort("employee_id", "start")
        .with_columns(next_team=pl.col("team").shift(-1).over("employee_id"))
        .join(t["spells"], left_on="manager_id", right_on="employee_id", suffix="_manager")
        # the row ended while the person stayed in the team, and the manager is one who left
        .filter((pl.col("next_team") == pl.col("team")) & pl.col("end_manager").is_not_null())
        .filter(pl.col("end") >= pl.col("end_manager").dt.truncate("1mo"))
    )
    assert rows.height > 20
    assert (rows["end"] == rows["end_manager"]).mean() == 1


def test_team_moves_change_the_team_within_the_department(organisation):
    per_person = (
        organisation.tables["assignments"]
        .group_by("employee_id")
        .agg(pl.col("team").n_unique(), pl.col("department").n_unique())
    )
    assert (per_person["department"] == 1).all()
    assert (per_person["team"] > 1).sum() > 5


def test_scores_lie_on_their_scales(organisation):
    values = (
        organisation.tables["surveys"]
        .group_by("measure")
        .agg(low=pl.col("value").min(), high=pl.col("value").max(), n=pl.len())
    )
    assert set(values["measure"]) == set(MEASURES)
    for name, low, high, n in values.iter_rows():
        assert MEASURES[name][0] <= low < high <= MEASURES[name][1]
        assert n > 500


def test_the_exhausted_answer_less():
    from wellperf_models.synth.measures import answered
    from wellperf_models.synth.path import live_block

    world = PRESETS["default"].but(people=8000, months=7, history_months=36)
    path = live_block(world, 4, 0, world.people)
    who = answered(path, 6)
    tired = path.exhaustion[6] > 3
    assert who[tired].mean() < who[~tired].mean() - 0.05
    assert 0.65 < who.mean() < 0.8


def test_nothing_is_recorded_without_consent(organisation):
    t = organisation.tables
    for stream, day in (("surveys", "date"), ("workload", "period"), ("absences", "start")):
        held = t["consent"].filter(pl.col("stream") == stream)
        rows = t[stream].join(held, on="employee_id", how="left")
        assert rows["from_date"].null_count() == 0
        assert rows.filter(pl.col(day) > pl.col("to_date")).is_empty()
    refused = t["people"].height * 5 - t["consent"].height
    assert 0 < refused < 0.1 * t["consent"].height


def test_headcount_is_stable(organisation):
    spells = organisation.tables["spells"]
    for day in (dt.date(2022, 1, 1), dt.date(2023, 1, 1), dt.date(2023, 12, 1)):
        here = spells.filter((pl.col("start") <= day) & (pl.col("end").is_null() | (pl.col("end") >= day)))
        # hand-over: a successor may start some days before the first of the next month
        assert abs(here.height - 400) <= 12


def test_costs_and_programmes_belong_together(organisation):
    t = organisation.tables
    assert set(t["costs"]["programme"]) == set(t["programmes"]["programme"])
    assert set(t["costs"]["date"]) == set(t["programmes"]["start"])
    # bookings are those of a start: what the trial's year cost is booked before the second third starts
    days = sorted(set(t["costs"]["date"]))
    assert days == sorted(set(t["programmes"]["start"]))
    assert dict(t["costs"].group_by("date").len().iter_rows()) == {days[0]: 3, days[1]: 2}


def test_everyone_assigned_has_a_row_and_the_arm_of_the_first_team(organisation):
    t = organisation.tables
    first, second = sorted(set(t["programmes"]["start"]))
    here = t["assignments"].filter(
        (pl.col("start") <= first) & (pl.col("end").is_null() | (pl.col("end") >= first))
    )
    started = t["programmes"].filter(pl.col("start") == first)["unit_id"]
    expected = here.select(
        unit_id="employee_id",
        cluster="team",
        arm=pl.when(pl.col("team").is_in(started.implode()))
        .then(pl.lit("programme"))
        .otherwise(pl.lit("waiting")),
    ).sort("unit_id")
    assert {"programme", "waiting"} == set(expected["arm"])
    for name, rows in t["outcomes"].group_by("name"):
        assert rows.select(expected.columns).sort("unit_id").equals(expected), name
    assert t["outcomes"]["block"].null_count() == t["outcomes"].height
    # who did not answer, left or refused is there without a value, in both arms
    missing = t["outcomes"].filter(pl.col("value").is_null())
    assert set(missing.select("name", "arm").unique().iter_rows()) >= {
        (name, arm)
        for name in ("exhaustion_before", "exhaustion_follow_up")
        for arm in ("programme", "waiting")
    }
    left = t["spells"].filter(pl.col("end").is_between(first, second, closed="left"))
    after = t["outcomes"].filter(
        (pl.col("name") == "exhaustion_follow_up") & pl.col("unit_id").is_in(left["employee_id"].implode())
    )
    assert after.height > 20
    assert after["value"].null_count() == after.height


def test_outcomes_are_what_the_other_tables_say():
    """A trial of half a year whose first and last day are those of a wave; some withdraw their consent."""
    t = generate(
        PRESETS["default"].but(
            people=400, months=18, departments=4, history_months=36, consent_withdrawal=0.4
        ),
        3,
    ).tables
    first, second = sorted(set(t["programmes"]["start"]))
    outcomes = {name: rows for (name,), rows in t["outcomes"].group_by("name")}
    for name, day in (("exhaustion_before", first), ("exhaustion_follow_up", second)):
        scores = (pl.col("measure") == "exhaustion") & pl.col("item").is_null()
        wave = t["surveys"].filter((pl.col("date") == day) & scores)
        both = outcomes[name].join(
            wave, left_on="unit_id", right_on="employee_id", how="left", suffix="_wave"
        )
        assert both["value"].count() > 120
        assert both["value"].eq_missing(both["value_wave"]).all()
    between = pl.col("end").is_between(first, second, closed="left")
    resigned = t["spells"].filter(between & (pl.col("exit_reason") == "voluntary"))
    left = outcomes["left_voluntarily"]
    found = set(left.filter(pl.col("value") == 1)["unit_id"])
    assert found == set(resigned["employee_id"]) & set(left["unit_id"])
    assert left["value"].null_count() == 0
    days = (
        t["absences"]
        .filter(pl.col("start").is_between(first, second, closed="left"))
        .group_by("employee_id")
        .agg(pl.col("days").sum())
    )
    rows = outcomes["absence_days"].join(days, left_on="unit_id", right_on="employee_id", how="left")
    rows = rows.filter(pl.col("value").is_not_null()).with_columns(pl.col("days").fill_null(0))
    # days a year are twice those counted in half of one
    counted = (rows["value"] * rows["weight"] / 2 - rows["days"]).abs()
    assert counted.max() < 0.01
    # seen until they left or withdrew
    agreed = t["consent"].filter(pl.col("stream") == "absences").select("employee_id", "to_date")
    until = rows.join(agreed, left_on="unit_id", right_on="employee_id").join(
        t["spells"].select("employee_id", "end"), left_on="unit_id", right_on="employee_id"
    )
    assert until.height == rows.height
    assert until.filter(pl.col("to_date") < pl.min_horizontal("end", pl.lit(second))).height > 20
    last = pl.min_horizontal("to_date", "end", pl.lit(second - dt.timedelta(days=1)))
    share = ((last - first).dt.total_days() + 1) / (second - first).days
    assert until.select((pl.col("weight") - share).abs().max()).item() < 1e-4
    assert rows.filter(pl.col("weight") == 1).height > 200


def test_who_changed_team_may_have_received_it_or_not(organisation):
    rows = organisation.tables["outcomes"].select("unit_id", "arm", "received").unique()
    assert rows.height == rows["unit_id"].n_unique()
    assert set(rows.filter(pl.col("arm") == "programme")["received"]) == {"yes"}
    share = (rows.filter(pl.col("arm") == "waiting")["received"] == "yes").mean()
    assert share < 0.1
    busy = generate(SMALL.but(move_rate_month=0.2), 5).tables["outcomes"]
    crossed = busy.filter((pl.col("arm") == "waiting") & (pl.col("name") == "left_voluntarily"))
    assert (crossed["received"] == "yes").sum() > 5


def test_an_extract_of_a_month_has_no_time_between_the_starts():
    org = generate(PRESETS["micro"].but(months=1, history_months=12), 3)
    rows = org.tables["outcomes"]
    between = rows.filter(pl.col("name").is_in(["absence_days", "left_voluntarily"]))
    assert between["value"].null_count() == between.height > 0
    assert rows["value"].null_count() < rows.height


def test_lots_are_drawn_block_by_block():
    org = generate(PRESETS["small"].but(people=360, block_people=120, months=3, history_months=12), 2)
    rows = org.tables["outcomes"]
    assert set(rows["block"]) == {"B00", "B01", "B02"}
    assert rows.group_by("block").agg(pl.col("arm").n_unique())["arm"].to_list() == [2, 2, 2]


def test_the_same_seed_gives_the_same_tables_and_another_seed_does_not():
    first, again, other = generate(SMALL, 5), generate(SMALL, 5), generate(SMALL, 6)
    for name, frame in first.tables.items():
        assert frame.equals(again.tables[name], null_equal=True), name
    assert not first.tables["workload"].equals(other.tables["workload"])


@pytest.mark.parametrize(
    ("people", "sizes"), [(100, [100]), (360, [120, 120, 120]), (340, [120, 120, 100]), (250, [120, 130])]
)
def test_blocks_hold_everyone(people, sizes):
    world = PRESETS["small"].but(people=people, block_people=120)
    assert blocks_of(world) == sizes


def test_blocks_make_one_organisation_with_unique_names():
    org = generate(PRESETS["small"].but(people=360, block_people=120, months=3, history_months=12), 2)
    assert org.tables["people"]["employee_id"].is_unique().all()
    pairs = org.tables["assignments"].select("team", "department").unique()
    assert pairs["team"].is_unique().all()
    assert pairs["department"].n_unique() == 9


def test_too_large_an_organisation_is_refused_before_it_is_simulated():
    with pytest.raises(DesignError, match="write_million"):
        generate(PRESETS["million"], 1)


def test_repr_shows_shapes_only(organisation):
    assert "E00001" not in repr(organisation)
    assert "people" in repr(organisation)
