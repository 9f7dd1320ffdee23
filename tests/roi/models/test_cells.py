"""Cells hold all a likelihood needs of the rows; a person counts once, however often the year is cut."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from tests.roi.models.made import LIKELIHOODS, rows_of
from wellperf_models.errors import DesignError
from wellperf_models.roi.models.likelihoods import build_model
from wellperf_models.roi.models.prepare import prepare
from wellperf_models.roi.models.structure import FIRST, SECOND, Priors, Structure, data_of
from wellperf_models.roi.models.units import units_of, with_power


def _density(structure: Structure):
    """The model as a function of data and point → (log-likelihood, log prior); evaluated without "
    "compiling."""
    import pytensor

    model = build_model(structure)
    mode = pytensor.compile.mode.Mode(linker="py", optimizer=None)
    function = model.compile_fn(model.logp(sum=False), mode=mode)
    names = [variable.name for variable in model.basic_RVs + model.potentials]

    def at(data, point):
        for name, value in data.items():
            model.set_data(name, value)
        return {n: float(np.sum(v)) for n, v in zip(names, function(point), strict=True)}

    return at


def _point(structure: Structure, rng) -> dict:
    point = {f"effect_{part}": rng.normal() * 0.3 for part in structure.parts}
    point["free"] = 0.3 * rng.normal(size=len(structure.free))
    if structure.n_clusters:
        point["raw"] = rng.normal(size=(len(structure.parts), structure.n_clusters))
    return point


def _by_rows(prepared, point) -> float:
    """Log-likelihood of the rows one by one, by scipy; constants included."""
    s, units = prepared.structure, prepared.units
    eta, deviate = {}, None
    for k, part in enumerate(s.parts):
        level = prepared.parts[part].crude + point["free"][s.free.index(f"shift_{part}")]
        slopes = point["free"][s.place(f"slope_{part}")]
        at = level + point[f"effect_{part}"] * units.treated
        if s.n_clusters:
            log_spread = point["free"][s.place(f"log_spread_{part}")]
            spread = np.exp(log_spread[[0, -1]])[units.arm_of_cluster.astype(int)]
            middle = level + point[f"effect_{part}"] * units.arm_of_cluster - (spread**2 / 2) * s.on_ratio
            own = spread
            if part == SECOND:
                lean = np.tanh(point["free"][s.free.index("raw_lean")])
                middle, own = middle + lean * spread * deviate, spread * np.sqrt(1 - lean**2)
            centring = prepared.parts[part].centring
            z = (point["raw"][k] - centring * middle) / own**centring
            deviate = z
            at = (middle + own * z)[units.cluster]
        eta[part] = at + units.X @ slopes
    y, first = units.value, eta[FIRST]
    if s.likelihood == "student_t":
        sigma = np.exp(point["free"][s.place("log_sigma")])[units.treated.astype(int)]
        nu = np.exp(point["free"][s.free.index("log_nu")])
        return float(stats.t.logpdf(y, nu, first, sigma).sum())
    if s.likelihood == "count":
        alpha = np.exp(point["free"][s.free.index("log_shape")])
        mean = np.exp(first) * units.exposure
        return float(stats.nbinom.logpmf(y * units.exposure, alpha, alpha / (alpha + mean)).sum())
    share = -special.expm1(-np.exp(first))
    value = float(np.where(y > 0, np.log(share), np.log1p(-share)).sum())
    if s.likelihood == "hurdle":
        a, above = np.exp(point["free"][s.free.index("log_shape")]), y > 0
        value += float(stats.gamma.logpdf(y[above], a, scale=np.exp(eta[SECOND][above]) / a).sum())
    return value


@pytest.mark.parametrize("clusters", [0, 20])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_cells_are_the_rows_up_to_a_constant(likelihood, clusters):
    prepared = prepare(rows_of(likelihood, clusters=clusters), likelihood, 1)
    structure = prepared.structure
    assert structure.n_clusters == clusters
    assert structure.n_spreads == (2 if clusters else 1)
    at, rng = _density(structure), np.random.default_rng(3)
    data = data_of(prepared.parts, prepared.units.arm_of_cluster, Priors(), (0.0, 0.0))
    points = [_point(structure, rng) for _ in range(3)]
    ours = np.array([at(data, p)["likelihood"] for p in points])
    theirs = np.array([_by_rows(prepared, p) for p in points])
    if likelihood == "student_t":
        # what holds no parameter is left out
        theirs = theirs + prepared.units.value.size * 0.5 * np.log(np.pi)
    assert np.diff(ours - theirs) == pytest.approx([0, 0], abs=1e-10 * abs(ours).max())
    if not clusters and likelihood != "student_t":
        assert prepared.n_cells < prepared.units.value.size


def test_the_prior_of_the_contrast_is_the_one_declared():
    structure = Structure(likelihood="count", n_slopes=0, n_clusters=0, n_spreads=1)
    prepared = prepare(rows_of("count", X=np.zeros((240, 0))), "count", 0)
    at, point = _density(structure), {"effect_first": 0.4, "free": np.zeros(2)}
    told = [
        at(data_of(prepared.parts, np.zeros(0), Priors(), prior), point)["prior"]
        for prior in ((0.0, 0.0), (-0.02, 0.08**-2))
    ]
    assert told[1] - told[0] == pytest.approx(-0.5 * ((0.4 + 0.02) / 0.08) ** 2)


@pytest.mark.parametrize("likelihood", ["count", "hurdle", "student_t"])
def test_twelve_rows_a_year_are_the_same_person_as_one(likelihood):
    whole = rows_of(likelihood, n=60, X=np.zeros((60, 0)))
    rng, unit = np.random.default_rng(5), np.repeat(np.arange(60), 12)
    if likelihood == "count":
        months = rng.multinomial(whole.value.astype(int), np.full(12, 1 / 12)).astype(float)
    else:
        months = 12 * rng.dirichlet(np.ones(12), 60) * whole.value[:, None] / 12
    cut = rows_of(
        likelihood,
        value=months.ravel() * 12,
        treated=np.repeat(whole.treated, 12),
        unit=unit,
        cluster=unit,
        weight=np.full(720, 1 / 12),
        X=np.zeros((720, 0)),
    )
    one, other = prepare(whole, likelihood, 0), prepare(cut, likelihood, 0)
    assert one.structure == other.structure
    for part, data in one.parts.items():
        for name in ("arm", "n", "y", "values", "counts"):
            assert getattr(other.parts[part].cells, name) == pytest.approx(getattr(data.cells, name))


def test_what_does_not_fit_its_likelihood_is_refused():
    half = rows_of("count", value=np.arange(240) / 2)
    with pytest.raises(DesignError, match="whole number") as error:
        prepare(half, "count", 1)
    assert "tweedie" in str(error.value.remedy)
    assert "hurdle" in str(error.value.remedy)
    # averages whose totals are whole are counts with an exposure
    averages = rows_of("count", value=np.arange(240) / 4.0, weight=np.full(240, 4.0))
    assert prepare(averages, "count", 1).parts[FIRST].cells.y.sum() == np.arange(240).sum()
    with pytest.raises(DesignError, match="happened or did not"):
        prepare(rows_of("count"), "hazard", 1)
    twice = rows_of("hazard", value=np.arange(240) % 2, treated=np.arange(240) % 4 < 2, unit=np.zeros(240))
    with pytest.raises(DesignError, match="twice"):
        prepare(twice, "hazard", 1)
    with pytest.raises(DesignError, match="0 or more"):
        prepare(rows_of("student_t"), "hurdle", 1)
    with pytest.raises(DesignError, match="values of 0"):
        prepare(rows_of("hurdle", value=1.0 + np.arange(240)), "hurdle", 1)
    assert prepare(rows_of("hurdle"), "tweedie", 1).structure.likelihood == "hurdle"


def test_unequal_weights_lower_the_power_as_much_as_they_widen_the_robust_error():
    weight = np.where(np.arange(240) % 3 == 0, 12.0, 1.0)
    rows = rows_of("hurdle", weight=weight)
    units = with_power(units_of(rows, 1))
    assert units.power.sum() < 0.75 * 240
    equal = with_power(units_of(rows_of("hurdle"), 1))
    assert np.all(equal.power == 1)
