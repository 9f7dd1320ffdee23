"""Weights for censoring and scores at a horizon, against identities, brute force and lifelines."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference import auc as plain_auc, risk_scores
from wellperf_models.inference.calibration import recalibrate
from wellperf_models.inference.ipcw import fit_censoring, weights_at
from wellperf_models.inference.risk_scores import Drawn, Outcomes, draw_clusters, observed_to_foretold
from wellperf_models.inference.risk_sets import Floats, Ints

ZERO = np.zeros(600)


def make(seed: int, n: int = 600) -> tuple[Floats, Floats, Ints, Floats]:
    """Exact times without ties: (censored time, uncensored time, event, risk score)."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    time = rng.exponential(20 / np.exp(0.7 * score))
    cause = rng.integers(1, 3, n)
    censoring = rng.exponential(25, n)
    return np.minimum(time, censoring), time, np.where(time <= censoring, cause, 0), score


def outcomes_of(case: np.ndarray, weight: Floats, **changes: np.ndarray) -> Outcomes:
    n = case.size
    cluster = changes.get("cluster", np.arange(n))
    return Outcomes(
        case=case,
        weight=weight,
        stratum=changes.get("stratum", np.zeros(n, np.int64)),
        cluster=cluster,
        draws=draw_clusters(int(cluster.max()) + 1, samples=100, seed=1),
    )


def test_censoring_is_that_of_lifelines() -> None:
    from lifelines import KaplanMeierFitter

    time, _, event, _ = make(0)
    curve = fit_censoring(ZERO, time, event)
    theirs = KaplanMeierFitter().fit(time, event == 0)
    np.testing.assert_allclose(curve.watched, theirs.predict(curve.times).to_numpy(), rtol=1e-12)


def test_censoring_under_delayed_entry_is_that_of_lifelines() -> None:
    from lifelines import KaplanMeierFitter

    time, _, event, _ = make(1)
    # a small first risk set would end the curve at once
    entry = np.where(np.arange(600) < 300, 0.0, np.random.default_rng(1).uniform(0, 5, 600))
    kept = time > entry
    entry, time, event = entry[kept], time[kept], event[kept]
    curve = fit_censoring(entry, time, event)
    theirs = KaplanMeierFitter().fit(time, event == 0, entry=entry)
    np.testing.assert_allclose(curve.watched, theirs.predict(curve.times).to_numpy(), rtol=1e-12)
    # given entry at 3, being watched at 3 is certain
    assert curve.before(np.array([3.0]), np.array([3.0])) == pytest.approx([1.0])


def test_who_leaves_at_a_time_can_not_be_censored_at_it() -> None:
    time, event = np.array([1.0, 2.0, 2.0, 3.0, 3.0]), np.array([1, 1, 0, 0, 1])
    curve = fit_censoring(np.zeros(5), time, event)
    # at 2: three of the four at risk did not leave, one of them is censored
    assert curve.watched[0] == pytest.approx(1 - 1 / 3)
    weights = weights_at(curve, 3.0, np.zeros(5), time, event)
    np.testing.assert_allclose(weights, [1, 1, 0, 1.5, 1.5])


def test_weights_add_up_to_everybody() -> None:
    time, _, event, _ = make(2)
    curve = fit_censoring(ZERO, time, event)
    for horizon in (5.0, 10.0, 20.0):
        weights = weights_at(curve, horizon, ZERO, time, event)
        assert weights.sum() == pytest.approx(600, rel=1e-10)
        assert (weights[(event == 0) & (time < horizon)] == 0).all()


def test_administrative_censoring_alone_weighs_nobody() -> None:
    _, time, _, _ = make(3)
    ended = np.minimum(time, 12.0)
    event = (time <= 12).astype(np.int64)
    curve = fit_censoring(ZERO, ended, event)
    assert (weights_at(curve, 12.0, ZERO, ended, event) == 1).all()
    assert (weights_at(curve, 6.0, ZERO, ended, event) == 1).all()
    with pytest.raises(DesignError, match="watched up to the horizon"):
        weights_at(curve, 13.0, ZERO, ended, event)


def test_without_censoring_scores_are_the_plain_ones() -> None:
    _, time, _, score = make(4)
    case, risk = time <= 10, 1 / (1 + np.exp(-score))
    outcomes = outcomes_of(case, np.ones(600))
    assert risk_scores.brier(outcomes, risk).value == pytest.approx(np.mean((case - risk) ** 2), rel=1e-12)
    assert risk_scores.auc(outcomes, risk).value == pytest.approx(plain_auc.auc(case, risk), rel=1e-12)
    assert risk_scores.share(outcomes).value == pytest.approx(case.mean())
    ratio = risk_scores.observed_to_foretold(outcomes, risk).value
    assert np.exp(ratio) == pytest.approx(case.sum() / risk.sum())
    theirs = recalibrate(case, score, np.arange(600))
    slope = risk_scores.calibration_slope(outcomes, risk)
    assert slope.value == pytest.approx(theirs.slope, rel=1e-8)
    assert slope.std_error == pytest.approx(theirs.slope_std_error, rel=1e-6)


def test_weighted_scores_find_what_no_censoring_would_show() -> None:
    found, wanted, naive = [], [], []
    for seed in range(30):
        time, full, event, score = make(seed + 100)
        risk = 1 / (1 + np.exp(-score))
        weights = weights_at(fit_censoring(ZERO, time, event), 15.0, ZERO, time, event)
        case = (event > 0) & (time <= 15)
        own = outcomes_of(case, weights)
        found.append([risk_scores.share(own).value, risk_scores.auc(own, risk).value])
        wanted.append([np.mean(full <= 15), plain_auc.auc(full <= 15, risk)])
        naive.append([case.mean(), 0.0])
    off = np.mean(found, axis=0) - np.mean(wanted, axis=0)
    error = np.std(np.subtract(found, wanted), axis=0) / np.sqrt(30)
    assert (np.abs(off) < 3 * error).all()
    # who was censored is not who stayed
    assert np.mean(naive, axis=0)[0] < np.mean(wanted, axis=0)[0] - 0.05


def test_auc_counts_pairs_of_a_stratum_by_brute_force() -> None:
    rng = np.random.default_rng(5)
    case, weight = rng.uniform(size=60) < 0.4, rng.uniform(0.5, 2, 60)
    weight[:6] = 0
    risk, stratum = rng.integers(0, 6, 60).astype(float), rng.integers(0, 2, 60)
    right = pairs = 0.0
    for i, j in itertools.product(range(60), repeat=2):
        if case[i] and not case[j] and stratum[i] == stratum[j]:
            pairs += weight[i] * weight[j]
            right += weight[i] * weight[j] * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    outcomes = outcomes_of(case, weight, stratum=stratum)
    assert risk_scores.auc(outcomes, risk).value == pytest.approx(right / pairs, rel=1e-12)


def test_a_bootstrap_sample_is_the_data_with_clusters_repeated() -> None:
    rng = np.random.default_rng(6)
    case, risk = rng.uniform(size=90) < 0.4, rng.uniform(size=90)
    cluster = np.repeat(np.arange(30), 3)
    outcomes = outcomes_of(case, np.ones(90), cluster=cluster)
    again = np.repeat(np.arange(90), outcomes.draws[7][cluster].astype(int))
    assert risk_scores.auc(outcomes, risk).samples[7] == pytest.approx(
        plain_auc.auc(case[again], risk[again])
    )
    loss = np.mean((case[again] - risk[again]) ** 2)
    assert risk_scores.brier(outcomes, risk).samples[7] == pytest.approx(loss)


def test_chunks_do_not_change_the_auc(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    outcomes, risk = outcomes_of(rng.uniform(size=80) < 0.3, np.ones(80)), rng.uniform(size=80)
    whole = risk_scores.auc(outcomes, risk)
    monkeypatch.setattr(risk_scores, "_CHUNK", 500)
    np.testing.assert_allclose(risk_scores.auc(outcomes, risk).samples, whole.samples)


def test_bootstrap_errors_are_those_of_the_world() -> None:
    found, errors = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        shared = np.repeat(rng.normal(size=60), 5)
        case = rng.uniform(size=300) < 1 / (1 + np.exp(1 - shared))
        outcomes = outcomes_of(case, np.ones(300), cluster=np.repeat(np.arange(60), 5))
        drawn = risk_scores.share(outcomes).score(60)
        found.append(drawn.value)
        errors.append(drawn.std_error)
    # rows as independent would say .026
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.25)
    assert np.mean(errors) > 0.032


def test_what_can_not_be_scored_says_so() -> None:
    everybody = outcomes_of(np.ones(40, bool), np.ones(40))
    with pytest.raises(DesignError, match="people who left"):
        risk_scores.auc(everybody, np.arange(40.0))
    with pytest.raises(ConvergenceError, match="recalibrated"):
        risk_scores.calibration_slope(everybody, np.linspace(0.1, 0.9, 40))
    with pytest.raises(DesignError, match="two clusters"):
        draw_clusters(1, samples=10, seed=0)


def test_samples_without_an_event_are_dropped_and_too_many_of_them_refused() -> None:
    """One leaver in one of three clusters: a third of the samples holds none of them."""
    case = np.array([True, False, False, False, False, False])
    risk, cluster = np.full(6, 0.2), np.array([0, 0, 1, 1, 2, 2])
    rare = Outcomes(
        case=case,
        weight=np.ones(6),
        stratum=np.zeros(6, np.int64),
        cluster=cluster,
        draws=draw_clusters(3, samples=300, seed=1),
    )
    drawn = observed_to_foretold(rare, risk)
    assert np.isneginf(drawn.samples).mean() > 0.2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DesignError, match="Too few people left"):
            drawn.score(3)
        few = Drawn(value=0.0, samples=np.append(np.linspace(-1, 1, 99), -np.inf))
        assert few.score(20).std_error == pytest.approx(np.linspace(-1, 1, 99).std(ddof=1))
