"""Cox, Kaplan–Meier, Aalen–Johansen and their errors equal R's, frozen (tests/reference/README.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.reference.survival_data import COLUMNS, FILE, make_rows
from wellperf_models.inference.aalen_johansen import AalenJohansen, fit_aalen_johansen
from wellperf_models.inference.cox import CoxFit, fit_cox
from wellperf_models.inference.kaplan_meier import (
    KaplanMeier,
    clustered_restricted_mean,
    fit_kaplan_meier,
    restricted_mean,
)
from wellperf_models.inference.proportional_hazards import assess_proportional_hazards

FOLDER = Path(__file__).parents[1] / "reference"
DATA = {name: pl.read_csv(FILE)[name].to_numpy() for name in COLUMNS}
ENTRY, EXIT, CAUSE, TEAM, PERSON = (DATA[n] for n in ("entry", "exit", "cause", "team", "person"))
NONE = np.zeros(ENTRY.size)
LATE = EXIT > 3


def frozen(name: str, **chosen: str | int) -> dict[str, np.ndarray]:
    """Columns of a result of R, the rows in which every column has the value given."""
    read = pl.read_csv(FOLDER / f"survival_{name}.csv")
    for column, value in chosen.items():
        read = read.filter(pl.col(column) == value)
    assert read.height, chosen
    return {column: read[column].to_numpy() for column in read.columns}


def same(found: object, expected: object, tolerance: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def without_factor(error: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """R's clustered errors have no G / (G − 1)."""
    number = np.unique(cluster).size
    return error * np.sqrt((number - 1) / number)


def test_the_data_are_those_of_the_generator() -> None:
    written = pl.read_csv(FILE)
    assert [tuple(row) for row in written.iter_rows()] == make_rows()
    # what the comparison is worth: ties, late entry, people with two spells, a rare cause
    assert np.unique(EXIT[CAUSE > 0]).size < (CAUSE > 0).sum() / 3
    assert (ENTRY > 0).mean() > 0.4
    assert np.unique(PERSON).size < ENTRY.size
    assert (CAUSE == 3).sum() >= 10


def cox(model: str) -> CoxFit:
    X = np.column_stack([DATA["x1"], DATA["x2"], DATA["x3"]]).astype(float)
    if model == "plain":
        return fit_cox(NONE, EXIT, CAUSE > 0, X[:, :2], cluster=PERSON)
    strata = {"stratum": DATA["stratum"], "cluster": TEAM} if model == "strata" else {}
    return fit_cox(ENTRY, EXIT, CAUSE == 1, X, **strata)


@pytest.mark.parametrize("model", ["entry", "strata", "plain"])
def test_cox_with_efron_ties(model: str) -> None:
    fit, expected = cox(model), frozen("cox", model=model)
    same(fit.beta, expected["coef"], 1e-6)
    same(np.sqrt(np.diag(fit.covariance)), expected["se"], 1e-6)
    same(fit.log_likelihood, expected["loglik"][0], 1e-6)
    if model != "entry":
        cluster = TEAM if model == "strata" else PERSON
        same(without_factor(fit.std_error, cluster), expected["robust_se"], 1e-6)


def test_breslow_baseline_with_entry_and_strata() -> None:
    fit = cox("strata")
    for stratum in np.unique(DATA["stratum"]):
        expected = frozen("baseline", stratum=int(stratum))
        own = fit.baseline_stratum == stratum
        times, total = fit.baseline_times[own], np.cumsum(fit.baseline_hazard[own])
        index = np.searchsorted(times, expected["time"], side="right")
        same(np.concatenate(([0.0], total))[index], expected["cumulative_hazard"], 1e-6)


@pytest.mark.parametrize("model", ["entry", "strata"])
def test_proportional_hazards_is_the_test_of_1994(model: str) -> None:
    """R's `cox.zph` is a score test since survival 3.0; ours is the one before it, from R's residuals."""
    found = assess_proportional_hazards(cox(model), {"x1": [0], "x2": [1], "x3": [2]})
    expected = frozen("zph", model=model)
    same(list(found.values()), expected["p_1994"], 1e-6)
    # neither finds a fault here, and none is there
    assert min(expected["p_score"]) > 0.05
    assert min(found.values()) > 0.05


def curve(name: str, *, clustered: bool) -> tuple[KaplanMeier, np.ndarray]:
    cluster = TEAM if name == "entry" else PERSON
    kept = LATE if name == "from_3" else np.ones(ENTRY.size, bool)
    entry = {"entry": ENTRY, "no_entry": NONE, "from_3": np.maximum(ENTRY, 3.0)}[name]
    chosen = cluster[kept] if clustered else None
    return fit_kaplan_meier(entry[kept], EXIT[kept], CAUSE[kept], cluster=chosen), cluster[kept]


@pytest.mark.parametrize("name", ["entry", "no_entry", "from_3"])
def test_kaplan_meier(name: str) -> None:
    expected = frozen("km", curve=name)
    plain, cluster = curve(name, clustered=False)
    clustered, _ = curve(name, clustered=True)
    same(plain.times, expected["time"], 1e-10)
    same(plain.survival, expected["survival"], 1e-10)
    # after the last one left R gives no error
    same(plain.std_error[plain.survival > 0], expected["se"][plain.survival > 0], 1e-10)
    same(clustered.survival, plain.survival, 0)
    same(without_factor(clustered.std_error, cluster), expected["cluster_se"], 1e-10)
    assert plain.n_clusters is None
    assert clustered.n_clusters == np.unique(cluster).size


def test_a_row_with_a_weight_is_as_many_rows() -> None:
    copies = np.repeat(np.arange(ENTRY.size), DATA["weight"])
    expected = frozen("km", curve="weighted")
    found = fit_kaplan_meier(ENTRY[copies], EXIT[copies], CAUSE[copies])
    same(found.survival, expected["survival"], 1e-10)
    same(found.std_error, expected["se"], 1e-10)
    incidence = fit_aalen_johansen(ENTRY[copies], EXIT[copies], CAUSE[copies], 3).incidence
    for cause in (1, 2, 3):
        same(incidence[:, cause - 1], frozen("aalen_johansen", cause=cause)["weighted"], 1e-8)


def aalen_johansen(cluster: np.ndarray | None) -> AalenJohansen:
    return fit_aalen_johansen(ENTRY, EXIT, CAUSE, 3, cluster=cluster)


@pytest.mark.parametrize("cause", [1, 2, 3])
def test_aalen_johansen(cause: int) -> None:
    expected, k = frozen("aalen_johansen", cause=cause), cause - 1
    plain = aalen_johansen(None)
    same(plain.times, expected["time"], 1e-8)
    same(plain.incidence[:, k], expected["incidence"], 1e-8)
    same(plain.std_error[:, k], expected["greenwood_se"], 1e-8)
    for cluster, error in ((TEAM, "team_se"), (DATA["row"], "row_se")):
        found = aalen_johansen(cluster)
        same(found.incidence, plain.incidence, 0)
        same(without_factor(found.std_error[:, k], cluster), expected[error], 1e-8)


def test_restricted_mean() -> None:
    expected = frozen("restricted_mean")
    whole, _ = curve("entry", clustered=False)
    late, _ = curve("from_3", clustered=False)
    same(restricted_mean(whole, 0, 18), (expected["mean"][0], expected["se"][0]), 1e-10)
    # R's begins at 0, where everyone of the later ones is still there for 3 months
    same(restricted_mean(late, 3, 18), (expected["mean"][1] - 3, expected["se"][1]), 1e-10)
    mean, error = clustered_restricted_mean(whole, ENTRY, EXIT, CAUSE, TEAM, start=0, end=18)
    same(mean, expected["mean"][0], 1e-10)
    same(without_factor(np.array(error), TEAM), expected["cluster_se"][0], 1e-10)
    spells = (np.maximum(ENTRY, 3.0)[LATE], EXIT[LATE], CAUSE[LATE], PERSON[LATE])
    _, error = clustered_restricted_mean(late, *spells, start=3, end=18)
    same(without_factor(np.array(error), PERSON[LATE]), expected["cluster_se"][1], 1e-10)
