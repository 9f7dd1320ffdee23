"""Landmarks and forecasts: nothing later than the day is used, cells are exact, shares add up."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from tests.turnover.risk.worlds import dated, durations
from wellperf_models.cells import build_cells
from wellperf_models.errors import DesignError
from wellperf_models.turnover import TurnoverFrame, build_frame
from wellperf_models.turnover.risk.checks import forward_in_time
from wellperf_models.turnover.risk.foretelling import Watched, fit_foreteller, foretell_average
from wellperf_models.turnover.risk.forward import LEAST_HISTORY, foretell_folds, foretell_forward
from wellperf_models.turnover.risk.frame import Landmarks, build_landmarks
from wellperf_models.turnover.risk.person_months import Bands, choose_bands, collapse

TABLES = dated(1, n=500)
SECTION = TABLES.study.turnover


@pytest.fixture(scope="module")
def frame() -> TurnoverFrame:
    return build_frame(TABLES)


@pytest.fixture(scope="module")
def landmarks(frame: TurnoverFrame) -> Landmarks:
    return build_landmarks(frame, SECTION)


def test_landmarks_are_who_was_at_work_on_the_day(frame: TurnoverFrame, landmarks: Landmarks) -> None:
    assert landmarks.n_months == 36
    assert sorted(landmarks.labels) == [0, 6, 12, 18, 24, 30, 36]
    assert landmarks.labels[12] == "1 January 2022"
    assert frame.months is not None
    for start in (0, 18):
        there = frame.months.filter(
            pl.col("period").dt.year() * 12 + pl.col("period").dt.month() == 2021 * 12 + 1 + start
        )
        own = landmarks.start == start
        assert sorted(landmarks.person[own]) == sorted(there["person"])
        assert sorted(landmarks.tenure[own]) == sorted(there["start_months"])
        assert (landmarks.months[own] <= 36 - start).all()
        # who was not watched to the end has left
        assert (landmarks.event[own][landmarks.months[own] < 36 - start] > 0).all()
    now = landmarks.start == 36
    assert (landmarks.months[now] == 0).all()
    assert (landmarks.event[now] == 0).all()
    assert now.sum() == frame.n_people - (frame.spells.event > 0).sum()


def test_training_knows_nothing_after_the_day(landmarks: Landmarks) -> None:
    train = landmarks.training(18)
    earlier = landmarks.start < 18
    assert train.months.size == earlier.sum()
    assert (landmarks.start[earlier] + train.months).max() == 18
    full = landmarks.event[earlier]
    assert (train.event[train.months < landmarks.months[earlier]] == 0).all()
    assert 0 < (train.event > 0).sum() < (full > 0).sum()


def test_what_happens_later_changes_no_forecast(frame: TurnoverFrame, landmarks: Landmarks) -> None:
    day = 18
    before = foretell_forward(landmarks, frame.covariates, SECTION, seed=4)
    # after the day: everybody leaves at once, and scores turn round
    late = landmarks.start + landmarks.months > day
    months = np.where(late, np.maximum(1, day + 1 - landmarks.start), landmarks.months)
    words = landmarks.words.with_columns(
        pl.when(pl.Series(landmarks.start > day))
        .then(-pl.col("exhaustion"))
        .otherwise("exhaustion")
        .alias("exhaustion")
    )
    other = dataclasses.replace(
        landmarks,
        words=words,
        months=np.where(landmarks.start <= day, months, landmarks.months),
        event=np.where(late, 2, landmarks.event),
    )
    after = foretell_forward(other, frame.covariates, SECTION, seed=4)
    assert before.latest == 0
    changed = {}
    for occasion in (12, 18, 24):
        own = before.occasion == occasion
        assert (own == (after.occasion == occasion)).all()
        changed[occasion] = {
            name: float(np.nanmax(np.abs(before.risk[name][own] - after.risk[name][own])))
            for name in before.risk
        }
    assert max(changed[12].values()) == max(changed[18].values()) == 0.0
    # and the test can fail: the next day has learned it
    assert min(changed[24].values()) > 0.01


def _uncut(self: Landmarks, day: int) -> Watched:
    return self.watched(np.flatnonzero(self.start < day))


def _exits_kept(self: Landmarks, day: int) -> Watched:
    """Watched up to the day, but an exit after it is counted in its last month."""
    rows = np.flatnonzero(self.start < day)
    cut = self.watched(rows, np.asarray(day - self.start[rows]))
    return dataclasses.replace(cut, event=self.event[rows])


def _later_too(self: Landmarks, day: int) -> Watched:
    return self.watched(np.arange(self.start.size), np.ones(self.start.size, np.int64))


@pytest.mark.parametrize("leak", [_uncut, _exits_kept, _later_too])
def test_a_planted_leak_is_seen(leak: object, landmarks: Landmarks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Landmarks, "training", leak)
    found = foretell_forward(landmarks, {}, SECTION, seed=4)
    assert found.latest is not None
    assert found.latest > 0
    assert forward_in_time(found.latest, 0).passed is False


def _yearly(seed: int, *, delayed: bool) -> Watched:
    """Whole years: one in four leaves at the end of each, and one in ten is lost."""
    rng = np.random.default_rng(seed)
    n = 1500
    left, lost = rng.geometric(0.25, n), rng.geometric(0.1, n)
    return Watched(
        words=pl.DataFrame({"one": ["a"] * n}),
        tenure=12 * rng.integers(0, 4, n) if delayed else np.zeros(n, np.int64),
        months=12 * np.minimum(left, lost),
        event=(left <= lost).astype(np.int64),
        group=np.arange(n),
        n_causes=1,
    )


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("edges", [None, (24.0, 60.0)])
def test_whole_years_are_foretold_as_they_are(edges: tuple[float, ...] | None, *, delayed: bool) -> None:
    """A hazard level within the year would foretell 22 per 100 where 25 leave."""
    rows = _yearly(1, delayed=delayed)
    fit = fit_foreteller(rows, {}, edges=edges, seed=4)
    assert (fit.bands.step, fit.bands.phase) == (12, 11)
    months = (11, 12, 24, 36)
    _, incidence = fit.incidence(rows.words, rows.tenure, months)
    told, truth = incidence[:, :, 0].mean(axis=0), foretell_average(rows, months)[:, 0]
    # of months in which nobody can leave next to nothing is foretold
    assert told[0] < 0.003
    assert told[1] == pytest.approx(truth[1], rel=0.02)
    # the ridge draws the years to each other, and so to what they were made by
    np.testing.assert_allclose(told[1:], 1 - 0.75 ** np.array([1, 2, 3]), rtol=0.05)
    # beyond the last band years stay years
    far = fit.incidence(rows.words[:2], np.array([1200, 1206]), (6, 12))[1][:, :, 0]
    assert far[0, 0] < 0.003 < 0.1 < far[1, 0]
    assert far[:, 1] == pytest.approx(far[0, 1], abs=0.01)


def test_other_tenures_show_no_step(landmarks: Landmarks) -> None:
    train = landmarks.training(24)
    bands = choose_bands(train.tenure, train.months, train.event, None)
    assert (bands.step, bands.between) == (1, False)


def test_long_tenures_stay_above_an_edge_within_a_month() -> None:
    bands = Bands(tenure=np.array([6.5]), ahead=None, longest=12)
    tenure = np.array([0, 6, 7, 500])
    assert bands.tenure_of(tenure).tolist() == bands.tenure_of(bands.cap(tenure)).tolist() == [0, 0, 1, 1]
    ones = np.ones(4, np.int64)
    cells = collapse(np.zeros((4, 0), np.int64), tenure, ones, ones, 0 * ones, bands, 1)
    assert dict(zip(cells.tenure.tolist(), cells.n[0].tolist(), strict=True)) == {0: 2.0, 1: 2.0}


def test_only_observed_horizons_are_scored(frame: TurnoverFrame, landmarks: Landmarks) -> None:
    found = foretell_forward(landmarks, frame.covariates, SECTION, seed=4)
    known = {
        (int(day), horizon): bool(np.isfinite(found.risk["model"][found.occasion == day, i]).all())
        for day in np.unique(found.occasion)
        for i, horizon in enumerate(found.horizons)
    }
    assert known == {(day, horizon): day + horizon <= 36 for day in (12, 18, 24, 30) for horizon in (6, 12)}
    assert min(day for day, _ in known) >= LEAST_HISTORY
    assert found.gap <= 1e-12


def test_too_short_a_history_is_no_forecast(frame: TurnoverFrame, landmarks: Landmarks) -> None:
    short = landmarks.start < 14
    few = dataclasses.replace(landmarks, n_months=14, start=np.where(short, landmarks.start, 99))
    with pytest.raises(DesignError, match="Too few months"):
        foretell_forward(few, frame.covariates, SECTION, seed=4)


def test_cells_are_the_person_months(frame: TurnoverFrame, landmarks: Landmarks) -> None:
    train = landmarks.training(24)
    fit = fit_foreteller(train, frame.covariates, seed=4)
    codes = fit.coding.codes(train.words)
    bands = choose_bands(train.tenure, train.months, train.event, None)
    fold = train.group % 3
    cells = collapse(codes, train.tenure, train.months, train.event, fold, bands, 2)
    rows = [
        {
            **{f"c{i}": int(c) for i, c in enumerate(codes[j])},
            "t": int(bands.tenure_of(train.tenure[j] + m)),
            "a": int(bands.ahead_of(np.array(m))),
            "fold": int(fold[j]),
            "event": int(train.event[j]) if m == train.months[j] - 1 else 0,
        }
        for j in range(train.months.size)
        for m in range(train.months[j])
    ]
    by = [*(f"c{i}" for i in range(codes.shape[1])), "t", "a", "fold"]
    wanted = build_cells(pl.DataFrame(rows), by, n_causes=2)
    assert cells.n.sum() == len(rows)
    found = {
        (*cells.codes[j], cells.tenure[j], cells.ahead[j], f): (cells.n[f, j], *cells.events[f, j])
        for f in range(3)
        for j in range(cells.tenure.size)
        if cells.n[f, j]
    }
    assert found == {
        tuple(r[c] for c in by): (r["n"], r["events_1"], r["events_2"]) for r in wanted.to_dicts()
    }


def test_order_of_rows_and_cap_of_tenure_change_nothing(frame: TurnoverFrame, landmarks: Landmarks) -> None:
    train = landmarks.training(24)
    turned = np.random.default_rng(0).permutation(train.months.size)
    other = dataclasses.replace(
        train,
        words=train.words[turned],
        **{n: getattr(train, n)[turned] for n in ("tenure", "months", "event", "group")},
    )
    fits = [fit_foreteller(rows, frame.covariates, seed=4) for rows in (train, other)]
    assert fits[0].coding.blocks[0].levels == fits[1].coding.blocks[0].levels
    ridge = {f.strength for f in fits}
    assert len(ridge) == 1
    np.testing.assert_allclose(fits[0].hazard.beta, fits[1].hazard.beta, atol=1e-10)
    survival, incidence = fits[0].incidence(train.words, train.tenure, (1, 6, 12))
    assert np.abs(survival + incidence.sum(axis=2) - 1).max() <= 1e-12
    far = fits[0].incidence(train.words, np.full(train.tenure.size, 9999), (6,))[0]
    last = fits[0].incidence(train.words, np.full(train.tenure.size, 500), (6,))[0]
    assert (far == last).all()


def test_the_null_is_aalen_johansen() -> None:
    from wellperf_models.inference.aalen_johansen import fit_aalen_johansen

    tables = durations(2)
    frame = build_frame(tables)
    rows = build_landmarks(frame, tables.study.turnover).watched(np.arange(frame.n_people))
    found = foretell_average(rows, (6, 12, 24))
    seen = rows.months > 0
    curve = fit_aalen_johansen(np.zeros(seen.sum()), rows.months[seen].astype(float), rows.event[seen], 1)
    np.testing.assert_allclose(found[:, 0], [curve.at(h, 1)[0] for h in (6, 12, 24)], atol=1e-12)


def test_without_dates_people_are_left_out_in_folds() -> None:
    tables = durations(3)
    frame = build_frame(tables)
    landmarks = build_landmarks(frame, tables.study.turnover)
    assert not landmarks.dated
    # exits end their month, and who was censored within one was not watched to its end
    exits = landmarks.event > 0
    assert (landmarks.months[exits] == np.ceil(landmarks.time[exits])).all()
    assert (landmarks.months[~exits] == np.floor(landmarks.time[~exits])).all()
    found = foretell_folds(landmarks, frame.covariates, tables.study.turnover, seed=4)
    assert found.row.size == 2 * frame.n_people
    assert np.unique(found.stratum).size == 8
    for occasion in (0, 1):
        assert sorted(found.row[found.occasion == occasion]) == list(range(frame.n_people))
    # everybody starts at hire: tenure alone and the average say the same to all of a fold
    for stratum in range(8):
        assert np.ptp(found.risk["tenure"][found.stratum == stratum], axis=0).max() == 0.0
    assert found.training_error((1,)) == 0.0
