"""Cut-offs, waves and folds come from training rows; the scores are those of a plain pipeline."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from tests.burnout.builders import FakeTables, make_frames, make_study, make_tables
from wellperf_models.burnout import BurnoutFrame, Forecast, build_frame, fit_forecasts
from wellperf_models.burnout.ridge import STRENGTHS, fit_ridge
from wellperf_models.burnout.split import find_cut, make_splits
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.auc import auc
from wellperf_models.inference.logistic import expit


def fit(tables: FakeTables):  # type: ignore[no-untyped-def]
    frame = build_frame(tables)
    return frame, fit_forecasts(frame, tables.study.burnout)


@pytest.mark.parametrize(
    ("scores", "share", "cut"),
    [
        ([1, 2, 3, 4], 0.25, 4),
        ([1, 2, 3, 4], 0.5, 3),
        # .5 and .25 are equally far from .375: the stricter
        ([1, 2, 3, 4], 0.375, 4),
        ([1, 1, 1, 4], 0.6, 4),
        ([2, 2, 2, 2], 0.25, 2),
        # .3 and .2 of ten: rounding must not decide
        ([0] * 7 + [1, 2, 2], 0.25, 2),
    ],
)
def test_the_cut_off_is_the_share_closest_to_the_one_asked_for(
    scores: list[float], share: float, cut: float
) -> None:
    assert find_cut(np.array(scores, float), share) == cut


def _coarse_world(share: float, *, higher_is: str = "worse") -> BurnoutFrame:
    """One wave on a scale of five steps, of which the worst holds 16 % and the worst two 34 %."""
    frames = make_frames(5, n=400, waves=1, answered=1.0)
    steps = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], [80, 100, 84, 72, 64])
    value = np.random.default_rng(2).permutation(steps if higher_is == "worse" else 6 - steps)
    surveys = frames["surveys"].filter(pl.col("measure") == "exhaustion")
    frames["surveys"] = surveys.with_columns(value=pl.Series(value))
    return build_frame(FakeTables(make_study(case_share=share, higher_is=higher_is), frames))


@pytest.mark.parametrize(
    ("higher_is", "choices"), [("worse", "4 or case_at = 5"), ("better", "2 or case_at = 1")]
)
def test_a_share_between_two_scores_is_refused_not_mixed(higher_is: str, choices: str) -> None:
    """Folds that count other people as cases foretell different things; their scores have no mean."""
    with pytest.raises(DesignError, match="coarse scale") as refused:
        make_splits(_coarse_world(0.25, higher_is=higher_is))
    assert f"case_at = {choices}" in str(refused.value)


def test_a_share_that_every_fold_finds_at_one_score_is_not_refused() -> None:
    frame = _coarse_world(0.16)
    assert all(frame.answers.strain[s.case].min() == 5.0 for s in make_splits(frame))
    # a fine scale: cut-offs differ by a few rows
    fine = build_frame(make_tables(case_share=0.25, frames={"waves": 1}))
    assert len({fine.answers.strain[s.case].min() for s in make_splits(fine)}) > 1


def test_the_cut_off_and_the_model_know_nothing_of_the_scored_waves() -> None:
    """Whatever the newest wave holds, cut-off, encoding, ridge and coefficients stay as they are."""
    frames = make_frames()
    study = make_study(case_share=0.25)
    frame = build_frame(FakeTables(study, frames))
    newest = frame.answers.wave == frame.answers.wave.max()
    shifted = np.where(newest, frame.answers.strain + 3, frame.answers.strain)
    spied = dataclasses.replace(frame, answers=dataclasses.replace(frame.answers, strain=shifted))
    (split,), (other,) = make_splits(frame), make_splits(spied)
    assert np.array_equal(split.train, other.train)
    assert np.array_equal(split.case[split.train], other.case[split.train])
    assert other.case[other.test].mean() > split.case[split.test].mean() + 0.3
    assert study.burnout is not None
    one, two = fit_forecasts(frame, study.burnout), fit_forecasts(spied, study.burnout)
    for name in ("load",):
        a, b = one.answered[name], two.answered[name]
        assert np.array_equal(a.risk, b.risk)
        assert a.strength == b.strength


@pytest.mark.parametrize(
    ("share", "scored"),
    [(0.1, ("w3",)), (0.33, ("w3",)), (0.34, ("w2", "w3")), (0.99, ("w2", "w3"))],
)
def test_the_newest_waves_with_the_share_are_scored(share: float, scored: tuple[str, ...]) -> None:
    tables = make_tables(test_share=share, frames={"answered": 1.0})
    _, found = fit(tables)
    assert found.scored_waves == scored
    assert found.train_waves == tuple(w for w in ("w1", "w2") if w not in scored)


def _by_hand(frame: BurnoutFrame, *, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """The whole road with scikit-learn: training rows, standardising, dummies, ridge; then the risks."""
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    answers = frame.answers
    data = answers.covariates.with_columns(last=answers.last).to_pandas()
    train, test = answers.wave < 2, answers.wave == 2
    encode = ColumnTransformer(
        [("numbers", StandardScaler(), ["last", "overtime", "noise"]), ("words", OneHotEncoder(), ["job"])]
    )
    model = make_pipeline(encode, LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-12))
    case = answers.strain >= 3.5
    model.fit(data[train], case[train])
    return model.predict_proba(data[test])[:, 1], case[test]


def test_scores_are_those_of_a_plain_pipeline() -> None:
    frame, found = fit(make_tables(3))
    assert found.scored_waves == ("w3",)
    own = found.answered["load"]
    risk, case = _by_hand(frame, strength=own.strength)
    assert own.risk == pytest.approx(risk, abs=1e-8)
    assert own.scores.auc.value == pytest.approx(auc(case, risk), abs=1e-12)
    assert own.scores.brier.value == pytest.approx(float(np.mean((case - risk) ** 2)), abs=1e-8)
    assert found.last_score is not None
    assert own.scores.delta_auc is not None
    difference = own.scores.auc.value - found.last_score.scores.auc.value
    assert own.scores.delta_auc.value == pytest.approx(difference, abs=1e-12)
    # the last score alone orders people by nothing else
    last = frame.answers.last
    assert last is not None
    assert found.last_score.scores.auc.value == auc(case, last[frame.answers.wave == 2])
    assert found.last_score.strength == np.inf


def test_what_is_known_before_adds_and_noise_does_not() -> None:
    # 95 % intervals: of 30 worlds at most 5 may be clear by chance, with probability .998
    gained = [fit(make_tables(s))[1].answered["load"].scores.delta_auc.low > 0 for s in range(12)]
    assert sum(gained) >= 9
    null = [
        fit(make_tables(s, frames={"effect": 0.0}))[1].answered["load"].scores.delta_auc.low > 0
        for s in range(30)
    ]
    assert sum(null) <= 5


def test_a_null_world_still_has_a_good_last_score() -> None:
    aucs = [fit(make_tables(s, frames={"effect": 0.0}))[1].last_score.scores.auc.value for s in range(6)]
    assert 0.78 < float(np.mean(aucs)) < 0.88


def test_twelve_copies_of_a_person_do_not_narrow_an_interval() -> None:
    tables = make_tables(2)
    frame, found = fit(tables)
    a = frame.answers
    many = np.repeat(np.arange(a.person.size), 12)
    answers = dataclasses.replace(
        a,
        person=a.person[many],
        fold_group=a.fold_group[many],
        cluster=a.cluster[many],
        wave=a.wave[many],
        strain=a.strain[many],
        last=a.last[many],  # type: ignore[index]
        covariates=a.covariates[many],
    )
    again = fit_forecasts(dataclasses.replace(frame, answers=answers), tables.study.burnout)
    assert found.last_score is not None
    assert again.last_score is not None
    one, two = found.last_score.scores, again.last_score.scores
    assert two.auc.std_error == pytest.approx(one.auc.std_error, rel=0.02)
    assert two.brier.std_error == pytest.approx(one.brier.std_error, rel=1e-9)
    assert two.slope.std_error == pytest.approx(one.slope.std_error, rel=1e-6)


def test_folds_never_part_a_person_and_are_the_same_every_time() -> None:
    tables = make_tables(frames={"dated": False}, models={"m": {"covariates": ["noise", "mood_now"]}})
    frame, found = fit(tables)
    assert frame.design == "grouped"
    for split in make_splits(frame):
        assert not set(frame.answers.person[split.train]) & set(frame.answers.person[split.test])
    assert found.n_split_people == 0
    _, again = fit(tables)
    assert again.answered["m"].scores == found.answered["m"].scores
    assert np.array_equal(again.answered["m"].risk, found.answered["m"].risk)


def test_two_waves_are_scored_in_folds_against_the_last_score() -> None:
    _, found = fit(make_tables(frames={"waves": 2}))
    assert found.reference == "last_score"
    assert found.n_splits == 8
    assert found.answered["load"].scores.delta_auc is not None
    assert found.answered["load"].scores.n_clusters is None


def test_across_people_sets_are_compared_with_the_one_declared_first() -> None:
    models = {"a": {"covariates": ["noise"]}, "b": {"covariates": ["noise", "mood_now"]}}
    _, found = fit(make_tables(frames={"waves": 1}, models=models))
    assert found.last_score is None
    assert found.reference == "a"
    a, b = found.answered["a"].scores, found.answered["b"].scores
    assert a.delta_auc is None
    assert b.delta_auc is not None
    assert b.delta_auc.value == pytest.approx(b.auc.value - a.auc.value, abs=1e-12)
    assert b.delta_auc.low > 0.1


def test_the_ridge_is_strong_where_nothing_is_to_be_found() -> None:
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(600, 8)), rng.uniform(size=600) < 0.3
    real = rng.uniform(size=600) < expit(2 * X[:, 0] - 1)
    people = np.arange(600)
    weak, strong = (fit_ridge(X, y, people, seed=1) for y in (real, noise))
    assert strong.C <= 0.04
    assert weak.C >= 0.3
    assert {weak.C, strong.C} <= set(STRENGTHS)
    assert fit_ridge(X, real, people, seed=1).fit.beta.tolist() == weak.fit.beta.tolist()


def test_a_missing_predictor_does_not_lose_a_person() -> None:
    frames = make_frames()
    unknown = frames["workload"].filter(pl.col("employee_id") > "p0150")
    frame, found = fit(FakeTables(make_study(), frames | {"workload": unknown}))
    assert found.answered["load"].risk.size == found.scored.person.size
    assert frame.answers.covariates["overtime"].null_count() > 0
    # last score, overtime, not measured, noise, and two free levels of job
    assert found.answered["load"].n_parameters == 6


def test_a_set_that_can_not_be_used_does_not_stop_the_others() -> None:
    models = {
        "now": {"covariates": ["mood_now"]},
        "nothing": {"covariates": ["own_before"]},
        "load": {"covariates": ["overtime"]},
    }
    _, found = fit(make_tables(models=models))
    assert isinstance(found.models["now"], Unanswered)
    assert "from the wave it would have to foretell" in found.models["now"].reason
    assert isinstance(found.models["nothing"], Unanswered)
    assert "nothing but the last score" in found.models["nothing"].reason
    assert list(found.answered) == ["load"]


def test_predictors_that_lie_before_nothing_are_refused() -> None:
    models = {"m": {"covariates": ["mood"]}}
    _, one = fit(make_tables(frames={"waves": 1}, models=models))
    assert "nothing was measured before" in one.models["m"].reason
    _, unordered = fit(make_tables(frames={"dated": False}, models=models))
    assert "the waves have no order" in unordered.models["m"].reason
    frames = make_frames()
    frames["surveys"] = frames["surveys"].filter(pl.col("measure") == "exhaustion")
    _, never = fit(FakeTables(make_study(models=models), frames))
    assert "nobody was measured before" in never.models["m"].reason


@pytest.mark.parametrize("cut", [6.0, 0.0])
def test_one_class_is_refused(cut: float) -> None:
    frames = make_frames()
    frames["surveys"] = frames["surveys"].with_columns(value=pl.col("value").clip(0.5, 5.5))
    with pytest.raises(DesignError, match="body is a case"):
        fit(FakeTables(make_study(case_at=cut), frames))


def test_everybody_alike_is_one_class() -> None:
    frames = make_frames()
    frames["surveys"] = frames["surveys"].with_columns(value=pl.lit(3.0))
    with pytest.raises(DesignError, match="everybody is a case"):
        fit(FakeTables(make_study(case_share=0.25), frames))


def test_too_few_people_or_groups_are_refused() -> None:
    with pytest.raises(DesignError, match="Too few people"):
        fit(make_tables(frames={"n": 20, "waves": 1}, models={"m": {"covariates": ["noise"]}}))
    plan = {"folds": 12, "repeats": 1, "group_by": "cluster"}
    frames = make_frames(waves=1)
    frames["assignments"] = frames["assignments"].with_columns(
        team=pl.lit("t") + pl.col("team").str.slice(1, 1)
    )
    with pytest.raises(DesignError, match="fewer groups than folds"):
        fit(FakeTables(make_study(validation=plan, cluster="team"), frames))


def test_a_last_score_that_separates_has_no_estimate() -> None:
    frames = make_frames()
    # everybody's score is a flag that never changes
    frames["surveys"] = frames["surveys"].with_columns(
        value=pl.when(pl.col("employee_id") < "p0150").then(5.0).otherwise(1.0)
    )
    with pytest.raises((DesignError, ConvergenceError), match=r"outcome is among|failed to converge"):
        fit(FakeTables(make_study(), frames))


def test_nothing_of_a_person_is_in_a_repr() -> None:
    frame, found = fit(make_tables())
    own = found.answered["load"]
    assert isinstance(own, Forecast)
    for item in (found, own, found.scored, own.scores.auc, make_splits(frame)[0]):
        assert "0." not in repr(item)
        assert "p0" not in repr(item)
