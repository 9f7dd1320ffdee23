"""Simulation-based calibration of the outcome models with ratios (not of the Student t).

    python -m tests.recovery.calibration --likelihood count --fits 500
    python -m tests.recovery.calibration --likelihood hazard --clusters 20 --fits 300

Truths are drawn from the very priors that are fitted (a sceptical one of the effect, tight ones of the rest
so that data stay possible; the costs too), data from the truths, and the rank of each truth among the draws
of its posterior must be uniform: of the effect on the outcome's scale, of the net present value, and of the
joint log-likelihood of the data, as ranks of parameters alone pass where the posterior is the prior (Modrák
et al. 2023, Bayesian Analysis 18:461). Draws are thinned to what they are worth; the empirical distribution
of the ranks must stay inside a simultaneous 99 % band (Säilynoja, Bürkner & Vehtari 2022, Statistics and
Computing 32:32). Fits that the gate refuses are counted. The committed table is CALIBRATION.md.
"""

from __future__ import annotations

import argparse
import functools
import sys
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.roi.models.fit import fit_once
from wellperf_models.roi.models.prepare import Prepared, prepare
from wellperf_models.roi.models.standardise import means_of, patterns_of
from wellperf_models.roi.models.structure import FIRST, SECOND, Priors
from wellperf_models.roi.rows import OutcomeRows
from wellperf_models.study import Likelihood, Outcome

QUANTITIES: Final = ("effect", "net present value", "log-likelihood")
PRIORS: Final = Priors(level_sd=0.3, slope_sd=0.3, spread_sd=0.3, shape_mean=0.2, shape_sd=0.3, part_sd=0.25)
# of the contrast, as of the sceptical and the optimistic sets together
CONTRAST: Final = (-0.05, 0.2)
PEOPLE: Final = 300
THINNED: Final = 99
_CRUDE: Final = {FIRST: np.log(0.3), SECOND: np.log(4.0)}
_LEAN_SD: Final = 0.8
_DRAWS, _TUNE = 400, 300


@dataclass(frozen=True, kw_only=True)
class World:
    """A truth, and data drawn from it."""

    rows: OutcomeRows
    parameters: dict[str, Floats]


def draw_world(likelihood: Likelihood, seed: int, clusters: int = 0) -> World:
    """A truth from the priors, and data from the truth.

    Args:
        likelihood: Of the model.
        seed: Of everything.
        clusters: Assigned as a whole; 0: people one by one.
    """
    rng = np.random.default_rng([seed, 0x5BC])
    parts = (FIRST, SECOND) if likelihood == "hurdle" else (FIRST,)
    x = rng.normal(size=(PEOPLE, 1))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    cluster = np.arange(PEOPLE) % clusters if clusters else np.arange(PEOPLE)
    treated = cluster % 2 == 1
    p = _truth(likelihood, parts, rng, clusters)
    linear = {}
    deviate = rng.normal(size=max(clusters, 1))
    for part in parts:
        linear[part] = p[f"level_{part}"] + p[f"effect_{part}"] * treated + x @ p[f"slopes_{part}"]
        if clusters:
            if part == SECOND:
                deviate = p["lean"] * deviate + np.sqrt(1 - p["lean"] ** 2) * rng.normal(size=clusters)
            spread = p[f"spread_{part}"][(np.arange(clusters) % 2)]
            middle = -0.5 * spread**2
            linear[part] = linear[part] + (middle + spread * deviate)[cluster]
    value = _draw(likelihood, p, linear, rng)
    rows = OutcomeRows(
        name="o",
        declared=Outcome(likelihood=likelihood),
        value=value,
        weight=np.ones(PEOPLE),
        treated=treated,
        received=None,
        unit=np.arange(PEOPLE),
        cluster=cluster,
        block=None,
        X=x,
        covariates=("x",),
        binary=likelihood == "hazard",
        n_assigned=(int((~treated).sum()), int(treated.sum())),
        n_left_out=0,
    )
    return World(rows=rows, parameters=p)


def _truth(
    likelihood: str, parts: tuple[str, ...], rng: np.random.Generator, clusters: int
) -> dict[str, Any]:
    """Parameters from the priors that are fitted; by rejection, as the contrast has a prior too."""
    mean, sd = CONTRAST
    while True:
        p: dict[str, Any] = {}
        for part in parts:
            p[f"level_{part}"] = _crude(likelihood, part) + PRIORS.level_sd * rng.normal()
            p[f"slopes_{part}"] = PRIORS.slope_sd * rng.normal(size=1)
            p[f"effect_{part}"] = PRIORS.part_sd * rng.normal()
            if clusters:
                number = 2 if clusters >= 16 else 1
                spread = np.abs(PRIORS.spread_sd * rng.normal(size=number))
                p[f"spread_{part}"] = spread[[0, number - 1]]
        if likelihood in ("count", "hurdle"):
            p["log_shape"] = PRIORS.shape_mean + PRIORS.shape_sd * rng.normal()
        if likelihood == "hurdle" and clusters:
            p["lean"] = np.tanh(_LEAN_SD * rng.normal())
        contrast = p[f"effect_{FIRST}"]
        if likelihood == "hurdle":
            share = [-np.expm1(-np.exp(p[f"level_{FIRST}"] + a * contrast)) for a in (0, 1)]
            contrast = p[f"effect_{SECOND}"] + np.log(share[1] / share[0])
        if rng.uniform() < np.exp(-0.5 * ((contrast - mean) / sd) ** 2):
            return p


def _crude(likelihood: str, part: str) -> float:
    if likelihood == "count":
        return float(np.log(4.0))
    return float(_CRUDE[part])


def _draw(likelihood: str, p: dict[str, Any], linear: dict[str, Floats], rng: np.random.Generator) -> Floats:
    first = linear[FIRST]
    if likelihood == "count":
        alpha = float(np.exp(p["log_shape"]))
        return rng.poisson(np.exp(first) * rng.gamma(alpha, 1 / alpha, first.size)).astype(float)
    happened = (rng.uniform(size=first.size) < -np.expm1(-np.exp(first))).astype(float)
    if likelihood == "hazard":
        return happened
    a = float(np.exp(p["log_shape"]))
    return np.asarray(happened * rng.gamma(a, np.exp(linear[SECOND]) / a))


def ranks(likelihood: Likelihood, seed: int, clusters: int = 0, *, fault: str = "") -> Ints | None:
    """Rank of each truth among thinned draws, 0 … `THINNED`; None where the fit was refused.

    Args:
        likelihood, seed, clusters: As of `draw_world`.
        fault: "prior" puts draws of the prior in place of the posterior, to see that ranks notice.
    """
    world = draw_world(likelihood, seed, clusters)
    try:
        prepared = prepare(world.rows, likelihood, 1)
        drawn = _prior(likelihood, seed, clusters) if fault == "prior" else _fit(prepared, seed)
    except (ConvergenceError, DesignError):
        return None
    truth = {name: np.asarray([v]) for name, v in world.parameters.items()}
    both = []
    for p in (truth, drawn):
        control, treated = means_of(
            prepared.structure, p, patterns_of(prepared.units, truth, prepared.structure)
        )
        both.append(_quantities(prepared, p, seed + len(both), prepared.scale * (treated - control)))
    true, draws = both
    return np.array([_rank(t[0], d, seed) for t, d in zip(true, draws, strict=True)])


def _fit(prepared: Prepared, seed: int) -> dict[str, Floats]:
    """Draws under the priors the truth came from."""
    likelihood = prepared.structure.likelihood
    parts = {n: replace(d, crude=_crude(likelihood, n)) for n, d in prepared.parts.items()}
    prior = (CONTRAST[0], CONTRAST[1] ** -2)
    fitted = fit_once(
        replace(prepared, parts=parts),
        prior,
        seed=seed,
        where="calibration",
        priors=PRIORS,
        draws=_DRAWS,
        tune=_TUNE,
    )
    return fitted.parameters


def _prior(likelihood: Likelihood, seed: int, clusters: int) -> dict[str, Floats]:
    """Draws of the prior: what a posterior that learnt nothing would be."""
    seeds = np.random.default_rng([seed, 9]).integers(2**31, size=200)
    many = [draw_world(likelihood, int(s), clusters).parameters for s in seeds]
    return {name: np.stack([one[name] for one in many]) for name in many[0]}


def _quantities(
    prepared: Prepared, p: dict[str, Floats], seed: int, effect: Floats
) -> tuple[Floats, Floats, Floats]:
    """Effect, net present value with costs drawn from their prior, and log-likelihood at average clusters."""
    rng = np.random.default_rng([seed, 1])
    cost = 20 * np.exp(0.3 * rng.normal(size=effect.size))
    worth = 100 * np.exp(0.2 * rng.normal(size=effect.size))
    return effect, -effect * worth - cost, log_likelihood(prepared, p)


def log_likelihood(prepared: Prepared, p: dict[str, Floats]) -> Floats:
    """Joint log-likelihood of the rows for each draw, at the mean over clusters; shape (n,)."""
    from scipy import stats

    units = prepared.units
    eta = {
        part: p[f"level_{part}"][:, None]
        + p[f"effect_{part}"][:, None] * units.treated
        + p[f"slopes_{part}"] @ units.X.T
        for part in prepared.structure.parts
    }
    y, first = units.value[None, :], eta[FIRST]
    likelihood = prepared.structure.likelihood
    if likelihood == "count":
        alpha = np.exp(p["log_shape"])[:, None]
        return np.asarray(stats.nbinom.logpmf(y, alpha, alpha / (alpha + np.exp(first))).sum(axis=1))
    share = -np.expm1(-np.exp(first))
    value = np.where(y > 0, np.log(share), np.log1p(-share)).sum(axis=1)
    if likelihood == "hurdle":
        above = units.value > 0
        a = np.exp(p["log_shape"])[:, None]
        value = value + stats.gamma.logpdf(y[:, above], a, scale=np.exp(eta[SECOND][:, above]) / a).sum(
            axis=1
        )
    return np.asarray(value)


def _rank(truth: float, draws: Floats, seed: int) -> int:
    """Draws below the truth, of as many as are independent, at most `THINNED`; then on the scale of all."""
    import arviz as az

    worth = float(az.ess(draws.reshape(4, -1))) if draws.size > 400 else float(draws.size)
    kept = int(min(THINNED, max(worth / 2, 20)))
    chosen = draws[np.linspace(0, draws.size - 1, kept).astype(int)]
    below = int(np.sum(chosen < truth))
    # a rank among fewer is spread evenly over its part of the scale
    rng = np.random.default_rng([seed, 3, kept])
    return int((below + rng.uniform()) / (kept + 1) * (THINNED + 1))


@functools.cache
def band(n: int, coverage: float = 0.99, worlds: int = 4_000) -> float:
    """Pointwise p at which the band of n uniform ranks holds everywhere with this probability."""
    rng = np.random.default_rng(99)
    smallest = [_smallest(rng.integers(0, THINNED + 1, n)) for _ in range(worlds)]
    return float(np.quantile(smallest, 1 - coverage))


def _smallest(found: Ints) -> float:
    """Smallest two-sided p of the ranks' empirical distribution over all places."""
    from scipy import stats

    z = np.arange(1, THINNED + 1)
    at_most = np.searchsorted(np.sort(found), z, side="left")
    share = z / (THINNED + 1)
    lower = stats.binom.cdf(at_most, found.size, share)
    upper = stats.binom.sf(at_most - 1, found.size, share)
    return float(2 * np.minimum(lower, upper).min())


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """What a quantity's ranks say: inside the band, the smallest p, their mean (½) and spread (.289)."""

    inside: bool
    smallest: float
    mean: float
    spread: float


def judge(found: list[Ints]) -> dict[str, Calibrated]:
    """Quantity → whether its ranks are uniform."""
    made = {}
    for k, name in enumerate(QUANTITIES):
        own = np.array([one[k] for one in found])
        scaled = (own + 0.5) / (THINNED + 1)
        p = _smallest(own)
        made[name] = Calibrated(
            inside=p >= band(own.size), smallest=p, mean=float(scaled.mean()), spread=float(scaled.std())
        )
    return made


def main() -> int:
    """Runs the fits; exit code 1 where ranks leave the band."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m tests.recovery.calibration", description=__doc__)
    parser.add_argument("--likelihood", choices=["hazard", "count", "hurdle"], default="count")
    parser.add_argument("--fits", type=int, default=500)
    parser.add_argument("--clusters", type=int, default=0)
    parser.add_argument("--first-seed", type=int, default=0)
    chosen = parser.parse_args()
    jobs = range(chosen.first_seed, chosen.first_seed + chosen.fits)
    found, refused = [], 0
    for seed in tqdm(jobs, disable=not sys.stderr.isatty()):
        one = ranks(chosen.likelihood, seed, chosen.clusters)
        if one is None:
            refused += 1
        else:
            found.append(one)
    judged = judge(found)
    who = f"{chosen.clusters} clusters" if chosen.clusters else "one by one"
    for name, c in judged.items():
        print(
            f"| {chosen.likelihood} | {who} | {len(found)} | {refused} | {name} | {c.mean:.3f} | "
            f"{c.spread:.3f} | "
            f"{c.smallest:.4f} ({band(len(found)):.4f}) | {'inside' if c.inside else 'OUTSIDE'} |",
            flush=True,
        )
    return int(not all(c.inside for c in judged.values()))


if __name__ == "__main__":
    raise SystemExit(main())
