"""Frames hold what was known before, count what is missing, and the fits find what is there."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.turnover.builders import FakeTables, make_frames, make_study, make_tables
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.turnover import build_frame, fit_cox, fit_description, fit_hazard, validate
from wellperf_models.turnover.design import Minimum, bin_number, encode, pool_levels, yes_no
from wellperf_models.turnover.model_validation import _columns_for


def test_shapes_and_counts() -> None:
    tables = make_tables()
    frame = build_frame(tables)
    assert frame.spells.entry.shape == frame.spells.duration.shape == frame.spells.event.shape
    assert frame.n_people == frame.spells.entry.size
    assert frame.delayed_entry
    assert frame.rows is not None
    assert frame.panel is not None
    assert frame.rows.design.X.shape == (frame.rows.entry.size, 2)
    # exits of the panel are those of the spells, the modelled ones and the others
    assert (frame.panel["event"] > 0).sum() == (frame.spells.event > 0).sum()
    missing = frame.left_out_of_models[
        "person-months without every covariate, left out of the Cox model"
    ].rows
    assert missing + frame.rows.entry.size == frame.panel.height
    assert "not measured" in frame.panel["exhaustion"].unique().to_list()
    assert "employee_id" not in frame.panel.columns
    assert "p0" not in repr(frame) + repr(frame.rows) + repr(frame.spells)


def test_a_repeat_gives_the_same_frame_whatever_the_order_of_rows() -> None:
    frames = make_frames()
    shuffled = {name: f.sample(fraction=1.0, shuffle=True, seed=3) for name, f in frames.items()}
    one, two = (build_frame(FakeTables(make_study(), f)) for f in (frames, shuffled))
    assert one.rows is not None
    assert two.rows is not None
    assert (one.rows.design.X == two.rows.design.X).all()
    assert (one.rows.fold_group == two.rows.fold_group).all()
    assert one.panel is not None
    assert one.panel.equals(two.panel)


def test_a_covariate_from_after_is_refused() -> None:
    with pytest.raises(StudyError, match="during or after"):
        build_frame(make_tables(covariates=["late"]))


def test_no_spells_no_exits() -> None:
    frames = make_frames()
    with pytest.raises(StudyError, match="no table of spells"):
        build_frame(FakeTables(make_study(), {k: v for k, v in frames.items() if k != "spells"}))
    nobody = frames["spells"].with_columns(end=pl.lit(None, pl.Date), exit_reason=pl.lit(None, pl.String))
    with pytest.raises(DesignError, match="Nobody left"):
        build_frame(FakeTables(make_study(), frames | {"spells": nobody}))
    future = frames["spells"].with_columns(start=pl.lit(dt.date(2030, 1, 1)), end=pl.lit(None, pl.Date))
    with pytest.raises(DesignError, match="No spell was observed"):
        build_frame(FakeTables(make_study(), frames | {"spells": future}))


def test_without_covariates_there_is_a_description_only() -> None:
    tables = make_tables(covariates=[])
    frame = build_frame(tables)
    assert frame.rows is None
    assert fit_description(frame, tables.study.turnover).horizons == (6.0, 12.0)
    for fit in (fit_cox, fit_hazard, validate):
        with pytest.raises(DesignError, match="no covariates"):
            fit(frame, tables.study.turnover)


def test_covariates_that_cant_be_modelled_do_not_stop_the_description() -> None:
    tables = make_tables()
    people = tables["people"].with_columns(contract=pl.lit("permanent"))
    frame = build_frame(
        FakeTables(
            make_study(covariates=["contract"]),
            {name: frame.collect() for name, frame in ({**tables, "people": people}).items()},
        )
    )
    assert frame.rows is None
    section = make_study(covariates=["contract"]).turnover
    assert fit_description(frame, section).horizons == (6.0, 12.0)
    for fit in (fit_cox, fit_hazard, validate):
        with pytest.raises(DesignError, match="single level"):
            fit(frame, section)


def test_refits_look_at_nothing_of_the_test_fold() -> None:
    """Changing outcomes in the test fold changes neither the columns used nor the coefficients."""
    frame = build_frame(make_tables())
    assert frame.rows is not None
    train = frame.rows.fold_group % 3 != 0
    shuffled = frame.rows.event.copy()
    shuffled[~train] = 1
    other = dataclasses.replace(frame.rows, event=shuffled)
    assert (_columns_for(frame.rows, train) == _columns_for(other, train)).all()
    rare = dataclasses.replace(frame.rows, event=np.where(train, 0, frame.rows.event))
    levels = [c.level is not None for c in frame.rows.unpooled.columns]
    assert not _columns_for(rare, train)[levels].any()


def test_cox_and_hazard_find_the_effect() -> None:
    tables = make_tables(seed=2)
    frame = build_frame(tables)
    cox = fit_cox(frame, tables.study.turnover)
    index = [c.name for c in cox.columns].index("exhaustion")
    assert abs(cox.fit.beta[index] - 0.6) < 3 * cox.fit.std_error[index]
    other = 1 - index
    assert abs(cox.fit.beta[other]) < 3 * cox.fit.std_error[other]
    hazard = fit_hazard(frame, tables.study.turnover)
    assert hazard.distance_from_cox < 0.1
    assert hazard.n_cells < hazard.n_person_months
    result = validate(frame, tables.study.turnover)
    assert result.concordance.scores.size == 6
    assert 0.56 < result.concordance.mean < 0.75
    again = validate(frame, tables.study.turnover)
    assert (again.concordance.scores == result.concordance.scores).all()


def test_clusters_strata_and_bands() -> None:
    tables = make_tables(cluster="team", strata=["contract"], covariates=["exhaustion"])
    section = tables.study.turnover.model_copy(update={"period_edges_months": (6.0, 12.0, 24.0)})
    frame = build_frame(tables)
    cox, hazard = fit_cox(frame, section), fit_hazard(frame, section)
    assert cox.fit.n_clusters == 60
    assert hazard.fit.n_clusters == 60
    assert set(cox.fit.baseline_stratum.tolist()) == {0, 1}
    assert hazard.fit.periods.size <= 8
    assert hazard.distance_from_cox < 0.1


def test_early_tenure_that_nobody_was_seen_in_is_conditioned_on() -> None:
    frames = make_frames()
    # nobody hired in the three years: the first months of tenure are never observed
    old = frames["spells"].filter(pl.col("start") < dt.date(2020, 7, 1))
    tables = FakeTables(make_study(covariates=[]), frames | {"spells": old})
    described = fit_description(build_frame(tables), tables.study.turnover)
    assert described.start >= 6
    assert described.start == int(described.start)
    assert described.horizons_left_out == (6.0,)
    assert described.survival.at(described.start)[0] == 1.0


def test_rare_levels_are_pooled_and_the_largest_is_the_reference() -> None:
    rows = pl.DataFrame(
        {
            "person": range(200),
            "left": [i % 2 == 0 for i in range(200)],
            "job": ["a"] * 100 + ["b"] * 60 + ["c"] * 6 + ["d"] * 4 + ["e"] * 30,
        }
    )
    minimum = Minimum(people=20, events=10)
    # c and d together are too few still, so the next smallest joins them
    assert set(pool_levels(rows, "job", minimum).unique()) == {"a", "b", "other levels"}
    study = make_study()
    design = encode(rows.rename({"job": "contract"}), ["contract"], study.covariates, minimum)
    assert [c.label for c in design.columns] == ["contract: b against a", "contract: other levels against a"]
    assert [c.n_people for c in design.columns] == [60, 40]
    assert [c.n_events for c in design.columns] == [30, 20]


def test_words_for_numbers() -> None:
    values = pl.Series("x", [1.0, 2.0, 3.0, None, 5.0])
    assert bin_number(values, (2.0, 4.0)).to_list() == ["up to 2", "up to 2", "2 to 4", None, "over 4"]
    assert bin_number(values, 2).to_list().count(None) == 1
    # the mode is the maximum: two groups, not one
    part_time = pl.Series("fte", [0.5, 0.6, 0.8] + [1.0] * 9)
    assert bin_number(part_time, 3).value_counts()["count"].sort().to_list() == [3, 9]
    assert bin_number(pl.Series("fte", [1.0, 1.0, 1.0]), 3).n_unique() == 1
    assert sorted(bin_number(pl.Series("x", [0.0] * 9 + [1.0, 2.0]), 3).value_counts()["count"]) == [2, 9]
    assert yes_no(pl.Series([True, False, None]), "x").to_list() == ["yes", "no", None]
    assert yes_no(pl.Series([1.0, 0.0]), "x").to_list() == ["yes", "no"]
    with pytest.raises(StudyError, match="yes/no"):
        yes_no(pl.Series(["maybe"]), "x")


@pytest.mark.real_data
def test_babushkin_is_reproduced() -> None:
    folder = os.environ.get("WELLPERF_DATA_DIR")
    if not folder or not Path(folder, "babushkin_turnover").exists():
        pytest.skip("WELLPERF_DATA_DIR is not set: no real data here")
    from wellperf_models.study import load_study
    from wellperf_models.tables import load_tables

    study = load_study(Path(__file__).parents[1] / "real_data" / "babushkin.toml")
    frame = build_frame(load_tables(study))
    assert frame.n_people == 1116
    result = validate(frame, study.turnover)
    # published for 5-fold grouped folds: Cox .616
    assert result.concordance.low < 0.616 < result.concordance.high
    assert abs(result.concordance.mean - 0.616) < 0.005
    assert result.n_failed == 0
    assert np.isfinite(fit_cox(frame, study.turnover).fit.beta).all()
