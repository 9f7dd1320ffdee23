"""Cox against lifelines, the hazard against statsmodels, and each against the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.cox import CoxFit, fit_cox
from wellperf_models.inference.hazard import cumulate, fit_hazard, predict_hazard
from wellperf_models.inference.proportional_hazards import assess_proportional_hazards

BETA = np.array([0.3, 0.1, -0.2, 0.5])


def simulated(seed: int, n: int = 1500, *, ties: bool = True) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(n, 3)), rng.uniform(size=n) < 0.3])
    time = rng.exponential(20 / np.exp(X @ BETA))
    censor, entry = rng.uniform(5, 40, n), rng.uniform(0, 8, n)
    if ties:
        time, censor, entry = np.ceil(time), np.ceil(censor), np.floor(entry)
    seen = np.minimum(time, censor) > entry
    return {
        "X": X[seen],
        "entry": entry[seen],
        "exit": np.minimum(time, censor)[seen],
        "event": (time <= censor)[seen],
        "stratum": (np.arange(int(seen.sum())) % 3).astype(np.int64),
        "cluster": np.arange(int(seen.sum())) // 7,
    }


def by_lifelines(data: dict[str, Any], **options: Any) -> Any:
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(data["X"], columns=list("abcd"))
    frame["exit"], frame["event"] = data["exit"], data["event"].astype(int)
    for key in ("entry_col", "strata", "cluster_col"):
        if key in options:
            name = options[key]
            frame[name] = data["stratum" if key == "strata" else name]
    return CoxPHFitter().fit(frame, "exit", "event", fit_options={"precision": 1e-12}, **options)


def fit(data: dict[str, Any], **options: Any) -> CoxFit:
    return fit_cox(data["entry"], data["exit"], data["event"], data["X"], **options)


def test_entry_strata_and_ties_as_in_lifelines() -> None:
    data = simulated(1)
    mine = fit(data, stratum=data["stratum"])
    theirs = by_lifelines(data, entry_col="entry", strata="stratum")
    np.testing.assert_allclose(mine.beta, theirs.params_, atol=1e-6)
    np.testing.assert_allclose(mine.std_error, theirs.standard_errors_, atol=1e-6)
    assert mine.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-6)


def test_clustered_errors_as_in_lifelines() -> None:
    data = simulated(2, ties=False)
    data["entry"] = np.zeros_like(data["entry"])
    mine = fit(data, cluster=data["cluster"])
    theirs = by_lifelines(data, cluster_col="cluster")
    groups = mine.n_clusters
    assert groups is not None
    # lifelines has no small-sample factor
    expected = theirs.standard_errors_.to_numpy() * np.sqrt(groups / (groups - 1))
    np.testing.assert_allclose(mine.std_error, expected, rtol=1e-6)


def test_clustered_errors_hold_with_repeated_copies() -> None:
    data = simulated(3, 600)
    once = fit(data, cluster=np.arange(data["exit"].size))
    double = {k: np.concatenate([v, v]) for k, v in data.items()}
    twice = fit(double, cluster=np.concatenate([np.arange(data["exit"].size)] * 2))
    naive = fit(double)
    # a copied row adds nothing: clustered errors stay (Efron's ties move them a little), naive ones shrink
    np.testing.assert_allclose(twice.std_error, once.std_error, rtol=0.03)
    assert (naive.std_error < 0.75 * once.std_error).all()


def test_baseline_with_entry_as_in_the_time_varying_fitter() -> None:
    from lifelines import CoxTimeVaryingFitter

    data = simulated(4, ties=False)
    frame = pd.DataFrame(data["X"], columns=list("abcd")).assign(
        start=data["entry"], stop=data["exit"], event=data["event"], id=np.arange(data["exit"].size)
    )
    theirs = CoxTimeVaryingFitter().fit(
        frame,
        event_col="event",
        start_col="start",
        stop_col="stop",
        id_col="id",
        fit_options={"precision": 1e-12},
    )
    mine = fit(data)
    np.testing.assert_allclose(mine.beta, theirs.params_, atol=1e-6)
    cumulated = np.cumsum(mine.baseline_hazard) * np.exp(data["X"].mean(axis=0) @ mine.beta)
    expected = theirs.baseline_cumulative_hazard_.iloc[:, 0]
    centred = expected[expected.index.isin(mine.baseline_times)].to_numpy()
    np.testing.assert_allclose(cumulated, centred, rtol=1e-6)


def test_splitting_spells_into_months_changes_nothing() -> None:
    data = simulated(5)
    whole, rows = fit(data), to_months(data)
    split = fit_cox(rows["start"], rows["start"] + 1, rows["event"], rows["X"])
    np.testing.assert_allclose(split.beta, whole.beta, atol=1e-9)
    np.testing.assert_allclose(split.covariance, whole.covariance, atol=1e-9)


def to_months(data: dict[str, Any]) -> dict[str, Any]:
    lengths = (data["exit"] - data["entry"]).astype(int)
    index = np.repeat(np.arange(lengths.size), lengths)
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)
    start = data["entry"][index] + (np.arange(index.size) - first)
    return {
        "start": start,
        "X": data["X"][index],
        "event": data["event"][index] & (start + 1 == data["exit"][index]),
        "person": index,
    }


def test_the_monthly_cloglog_hazard_equals_cox_and_the_logit_does_not() -> None:
    rng = np.random.default_rng(8)
    n = 60_000
    X = rng.normal(size=(n, 2))
    time = rng.exponential(200 / np.exp(X @ [0.5, -0.3]))
    data = {
        "X": X,
        "entry": np.zeros(n),
        "exit": np.minimum(np.ceil(time), 24.0),
        "event": time <= 24,
    }
    cox, rows = fit(data), to_months(data)
    arguments = (
        rows["start"].astype(int),
        np.ones(rows["start"].size),
        rows["event"].astype(float),
        rows["X"],
    )
    hazard = fit_hazard(*arguments)
    apart = np.abs(hazard.beta - cox.beta) / cox.std_error
    assert apart.max() < 0.02
    logit = fit_hazard(*arguments, link="logit")
    assert (np.abs(logit.beta - cox.beta) / cox.std_error).max() > 0.1


def test_hazard_as_in_statsmodels() -> None:
    import statsmodels.api as sm

    rows = to_months(simulated(6, 600))
    month = rows["start"].astype(int)
    used = np.isin(month, month[rows["event"]])
    dummies = (month[used][:, None] == np.unique(month[used])).astype(float)
    design = np.column_stack([dummies, rows["X"][used]])
    for link, theirs_link in (("cloglog", "CLogLog"), ("logit", "Logit")):
        family = sm.families.Binomial(link=getattr(sm.families.links, theirs_link)())
        theirs = sm.GLM(rows["event"][used].astype(float), design, family=family).fit(tol=1e-14, maxiter=200)
        mine = fit_hazard(
            month,
            np.ones(month.size),
            rows["event"].astype(float),
            rows["X"],
            link=link,  # type: ignore[arg-type]
        )
        np.testing.assert_allclose(mine.beta, theirs.params[-4:], atol=1e-8)
        np.testing.assert_allclose(mine.std_error, theirs.bse[-4:], atol=1e-8)
        np.testing.assert_allclose(mine.alpha, theirs.params[:-4], atol=1e-7)
        assert mine.log_likelihood == pytest.approx(theirs.llf, abs=1e-7)
        observed = np.linalg.inv(-theirs.model.hessian(theirs.params, observed=True))[-4:, -4:]
        np.testing.assert_allclose(mine.observed_covariance, observed, atol=1e-8)


def test_cells_give_what_rows_give() -> None:
    data = simulated(7)
    data["X"] = np.round(np.abs(data["X"][:, [3, 0]])).clip(0, 2)
    rows = to_months(data)
    frame = pd.DataFrame(rows["X"], columns=["a", "b"]).assign(m=rows["start"].astype(int), d=rows["event"])
    frame["c"] = rows["person"] // 40
    cells = frame.groupby(["m", "a", "b", "c"]).agg(n=("d", "size"), d=("d", "sum")).reset_index()
    one = fit_hazard(
        frame["m"].to_numpy(), np.ones(len(frame)), frame["d"].to_numpy(float), rows["X"],
        cluster=frame["c"].to_numpy(),
    )  # fmt: skip
    two = fit_hazard(
        cells["m"].to_numpy(), cells["n"].to_numpy(float), cells["d"].to_numpy(float),
        cells[["a", "b"]].to_numpy(), cluster=cells["c"].to_numpy(),
    )  # fmt: skip
    np.testing.assert_allclose(one.beta, two.beta, atol=1e-10)
    assert one.robust_covariance is not None
    assert two.robust_covariance is not None
    np.testing.assert_allclose(one.robust_covariance, two.robust_covariance, rtol=1e-8)
    # and the clustered errors are those of statsmodels up to its own factor
    assert one.n_clusters == frame["c"].nunique()


def test_hazard_clustered_errors_as_in_statsmodels() -> None:
    import statsmodels.api as sm

    rows = to_months(simulated(9, 500))
    band = (rows["start"] // 12).astype(int)
    cluster = rows["person"] // 5
    dummies = (band[:, None] == np.unique(band[rows["event"]])).astype(float)
    used = dummies.any(axis=1)
    family = sm.families.Binomial(link=sm.families.links.Logit())
    design = np.column_stack([dummies, rows["X"]])[used]
    theirs = sm.GLM(rows["event"][used].astype(float), design, family=family).fit(
        cov_type="cluster", cov_kwds={"groups": cluster[used], "use_correction": False}, tol=1e-14
    )
    mine = fit_hazard(
        band, np.ones(band.size), rows["event"].astype(float), rows["X"], link="logit", cluster=cluster
    )
    groups = mine.n_clusters
    assert groups is not None
    np.testing.assert_allclose(mine.std_error, theirs.bse[-4:] * np.sqrt(groups / (groups - 1)), rtol=1e-6)


def test_separation_is_an_error_not_an_estimate() -> None:
    data = simulated(10, 400)
    data["X"] = np.column_stack([data["X"], ~data["event"]]).astype(float)
    with pytest.raises((ConvergenceError, DesignError), match=r"maximum|told apart"):
        fit(data)
    rows = to_months(data)
    with pytest.raises((ConvergenceError, DesignError), match=r"maximum|told apart"):
        fit_hazard(
            rows["start"].astype(int), np.ones(rows["start"].size), rows["event"].astype(float), rows["X"]
        )


def test_columns_that_imply_each_other_are_named() -> None:
    data = simulated(11, 300)
    data["X"] = np.column_stack([data["X"], data["X"][:, 0] * 2 + 1])
    with pytest.raises(DesignError, match="imply"):
        fit(data)
    with pytest.raises(DesignError, match="no events"):
        fit_cox(np.zeros(3), np.ones(3), np.zeros(3, bool), np.ones((3, 1)))


def test_predicted_survival_and_incidence_add_up() -> None:
    rows = to_months(simulated(12))
    month = rows["start"].astype(int)
    model = fit_hazard(month, np.ones(month.size), rows["event"].astype(float), rows["X"])
    horizon = np.arange(20)
    own = np.column_stack([predict_hazard(model, horizon, np.zeros((20, 4))), np.full(20, 0.01)])
    survival, incidence = cumulate(own)
    np.testing.assert_allclose(survival + incidence.sum(axis=1), 1, atol=1e-14)
    assert predict_hazard(model, np.array([10_000]), np.zeros((1, 4)))[0] == 0


def test_proportional_hazards_test_as_in_lifelines_without_ties() -> None:
    from lifelines.statistics import proportional_hazard_test

    data = simulated(13, ties=False)
    data["entry"] = np.zeros_like(data["entry"])
    frame = pd.DataFrame(data["X"], columns=list("abcd")).assign(exit=data["exit"], event=data["event"])
    theirs = proportional_hazard_test(by_lifelines(data), frame, time_transform="rank")
    mine = assess_proportional_hazards(fit(data), {name: [i] for i, name in enumerate("abcd")})
    np.testing.assert_allclose(list(mine.values()), theirs.p_value, rtol=1e-6)


def outlier(size: float) -> dict[str, Any]:
    """True log hazard ratio 1; one who is `size` leaves first."""
    rng = np.random.default_rng(0)
    n = 300
    x = rng.normal(size=n)
    time = rng.exponential(np.exp(-x)) * 10 + 0.01
    event = rng.random(n) < 0.8
    x[0], time[0], event[0] = size, 0.005, True
    return {"X": x[:, None], "entry": np.zeros(n), "exit": time, "event": event}


@pytest.mark.parametrize("size", [15.0, 28.0, 30.0, 60.0])
def test_one_far_out_who_leaves_early_costs_no_digits(size: float) -> None:
    from lifelines import CoxPHFitter

    data = outlier(size)
    frame = pd.DataFrame({"x": data["X"][:, 0], "exit": data["exit"], "event": data["event"]})
    theirs = CoxPHFitter().fit(frame, "exit", "event", fit_options={"precision": 1e-12})
    mine = fit(data)
    np.testing.assert_allclose(mine.beta, theirs.params_, rtol=1e-5)
    np.testing.assert_allclose(mine.std_error, theirs.standard_errors_, rtol=1e-5)


def test_one_far_out_who_comes_late_is_an_error() -> None:
    data = outlier(60.0)
    # the sums before this row enters are what is left of e^60 minus e^60
    last = float(np.sort(data["exit"])[-40])
    data["entry"][0], data["exit"][0] = last, last + 1e-6
    with pytest.raises(ConvergenceError, match="digits"):
        fit(data)


def test_strata_far_apart_are_centred_each_on_its_own() -> None:
    from lifelines import CoxPHFitter

    rng = np.random.default_rng(7)
    n = 400
    stratum = np.arange(n) % 2
    x = rng.normal(size=n)
    data = {"X": (x + 50 * stratum)[:, None], "entry": np.zeros(n), "event": rng.random(n) < 0.7}
    data["exit"] = rng.exponential(np.exp(-x)) * 10 + 0.01
    mine = fit(data, stratum=stratum)
    centred = x - np.array([x[stratum == s].mean() for s in (0, 1)])[stratum]
    frame = pd.DataFrame({"x": centred, "exit": data["exit"], "event": data["event"], "s": stratum})
    theirs = CoxPHFitter().fit(frame, "exit", "event", strata=["s"], fit_options={"precision": 1e-12})
    np.testing.assert_allclose(mine.beta, theirs.params_, rtol=1e-6)
    np.testing.assert_allclose(mine.std_error, theirs.standard_errors_, rtol=1e-6)
    assert mine.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-6)
    # the baseline is that of x as given, whatever it was centred at
    alone = {key: value[stratum == 1] for key, value in data.items()}
    own = np.cumsum(mine.baseline_hazard[mine.baseline_stratum == 1])[-1]
    at_risk = [np.exp(alone["X"][alone["exit"] >= t, 0] * mine.beta[0]).sum() for t in alone["exit"]]
    assert own == pytest.approx((alone["event"] / np.array(at_risk)).sum(), rel=1e-9)


def test_a_column_that_differs_between_strata_only_is_refused() -> None:
    data = simulated(14, 300)
    data["X"] = (data["stratum"] + 0.1)[:, None]
    with pytest.raises(DesignError, match="does not vary"):
        fit(data, stratum=data["stratum"])
    data["X"] = np.zeros((data["exit"].size, 0))
    with pytest.raises(DesignError, match="no covariate"):
        fit(data)


def test_an_outlier_in_one_stratum_leaves_the_others_their_digits() -> None:
    data = outlier(60.0)
    double = {key: np.concatenate((value, value)) for key, value in data.items()}
    half = data["exit"].size
    double["X"] = double["X"].copy()
    double["X"][half, 0] = 0.0
    stratum = np.repeat([0, 1], half)
    straight = fit(double, stratum=stratum)
    turned = fit(double, stratum=1 - stratum)
    np.testing.assert_allclose(straight.beta, turned.beta, rtol=1e-9)
    np.testing.assert_allclose(straight.std_error, turned.std_error, rtol=1e-9)


def test_a_single_column_that_separates_is_an_error() -> None:
    rng = np.random.default_rng(0)
    n = 300
    time, event, rare = rng.exponential(10, n) + 0.01, rng.random(n) < 0.6, rng.random(n) < 0.1
    with pytest.raises(ConvergenceError, match="separates"):
        fit_cox(np.zeros(n), time, event & ~rare, rare[:, None].astype(float))
    for size in (5, 20, 300):
        order = -np.argsort(np.argsort(time[:size])).astype(float)[:, None]
        for sign in (1, -1):
            with pytest.raises(ConvergenceError, match="separates"):
                fit_cox(np.zeros(size), time[:size], np.ones(size, bool), sign * order)
