"""Coverage of hazard ratios' intervals with few clusters: `python -m tests.recovery.few_clusters`.

Teams share a gamma frailty; one covariate belongs to the team, the other to the person (and is commoner in
some teams). The truth is the fitted model's large-sample target: a million simulated people in 20,000 teams.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from wellperf_models.inference.cox import fit_cox
from wellperf_models.inference.hazard import fit_hazard
from wellperf_models.inference.jackknife import cluster_jackknife

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COVARIATES = ("of the team", "of the person")
MODELS = ("Cox", "hazard on cells")
ERRORS = ("sandwich", "jackknife")
_TARGET_TEAMS = 20_000
# what `target()` gives; the command looks again
TARGET = (0.40943, 0.30493)
_HAZARD_RATIOS = np.log([1.6, 1.4])


@dataclass(frozen=True, kw_only=True)
class Clustered:
    """People of an organisation of few teams, in whole months; arrays of shape (n,)."""

    entry: Floats
    exit: Floats
    event: NDArray[np.bool_]
    X: Floats
    team: Ints


def simulate(seed: int, teams: int, size: int = 60, variance: float = 0.25) -> Clustered:
    """One organisation: 2 % leave a month times the team's frailty; half enter late; 36 months.

    Args:
        seed: Of the organisation.
        teams: Their number; a quarter of them, whichever, has the covariate of the team.
        size: People in the middle team; two thirds of the teams have between half and twice as many.
        variance: Of the frailty.
    """
    rng = np.random.default_rng(seed)
    sizes = np.maximum(np.rint(size * rng.lognormal(0, 0.7, teams)), 8).astype(np.int64)
    team = np.repeat(np.arange(teams), sizes)
    frailty = rng.gamma(1 / variance, variance, teams)
    # their number is a design, not luck
    of_team = rng.permutation(np.arange(teams) < round(0.25 * teams)).astype(float)
    share = rng.uniform(0.2, 0.8, teams)
    X = np.column_stack([of_team[team], rng.uniform(size=team.size) < share[team]])
    time = np.ceil(rng.exponential(1 / (0.02 * frailty[team] * np.exp(X @ _HAZARD_RATIOS))))
    entry = np.where(rng.uniform(size=team.size) < 0.5, 0.0, rng.integers(0, 24, team.size))
    end = entry + 36.0
    seen = time > entry
    return Clustered(
        entry=entry[seen],
        exit=np.minimum(time, end)[seen],
        event=(time <= end)[seen],
        X=X[seen],
        team=team[seen],
    )


def target() -> tuple[float, ...]:
    """What both models estimate with ever more teams of 50: not the ratios given the frailty."""
    world = simulate(0, _TARGET_TEAMS, 50)
    return tuple(fit_cox(world.entry, world.exit, world.event, world.X).beta.tolist())


def intervals(world: Clustered) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """(model, errors) → (coefficients, standard errors), each of shape (2,)."""
    found = {}
    fit = fit_cox(world.entry, world.exit, world.event, world.X, cluster=world.team)
    found["Cox", "sandwich"] = fit.beta, fit.std_error

    def refit(kept: NDArray[np.bool_]) -> Floats:
        return fit_cox(
            world.entry[kept], world.exit[kept], world.event[kept], world.X[kept], start=fit.beta
        ).beta

    found["Cox", "jackknife"] = fit.beta, _errors(cluster_jackknife(refit, fit.beta, world.team))
    period, n, events, X, team = _cells(world)
    hazard = fit_hazard(period, n, events, X, cluster=team)
    found["hazard on cells", "sandwich"] = hazard.beta, hazard.std_error

    def again(kept: NDArray[np.bool_]) -> Floats:
        return fit_hazard(period[kept], n[kept], events[kept], X[kept], start=hazard.beta).beta

    found["hazard on cells", "jackknife"] = hazard.beta, _errors(cluster_jackknife(again, hazard.beta, team))
    return found


def _errors(covariance: Floats) -> Floats:
    return np.sqrt(np.diag(covariance))


def _cells(world: Clustered) -> tuple[Ints, Floats, Floats, Floats, Ints]:
    """Person-months by (half-year of tenure, team, both covariates)."""
    months = (world.exit - world.entry).astype(int)
    row = np.repeat(np.arange(months.size), months)
    ends = np.cumsum(months)
    month = world.entry[row] + (np.arange(row.size) - (ends - months)[row])
    event = np.zeros(row.size)
    event[ends - 1] = world.event
    keys = np.column_stack([month // 6, world.team[row], world.X[row]])
    pattern, code = np.unique(keys, axis=0, return_inverse=True)
    n, events = np.bincount(code), np.bincount(code, weights=event)
    return (
        pattern[:, 0].astype(np.int64),
        n.astype(float),
        events,
        pattern[:, 2:],
        pattern[:, 1].astype(np.int64),
    )


def cover(seeds: range, teams: int) -> dict[tuple[str, str, str], tuple[int, float]]:
    """(covariate, model, errors) → (worlds whose interval holds the truth, mean width)."""
    from tqdm import tqdm

    quantile = float(stats.t.ppf(0.975, teams - 1))
    truth = np.array(TARGET)
    hits = {(c, m, e): [0, 0.0] for c in COVARIATES for m in MODELS for e in ERRORS}
    for seed in tqdm(seeds, desc=f"{teams} teams", disable=not sys.stderr.isatty()):
        for (model, errors), (beta, error) in intervals(simulate(seed, teams)).items():
            for place, covariate in enumerate(COVARIATES):
                hits[covariate, model, errors][0] += (
                    abs(beta[place] - truth[place]) <= quantile * error[place]
                )
                hits[covariate, model, errors][1] += 2 * quantile * error[place] / len(seeds)
    return {key: (int(n), width) for key, (n, width) in hits.items()}


def main() -> int:
    """Prints the table; exit code 1 where a jackknife interval covers less than it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.recovery.few_clusters", description=__doc__)
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--teams", type=int, nargs="+", default=[12, 20, 40])
    arguments = parser.parse_args()
    print(
        "| teams | covariate | model | errors | coverage | 99 % | mean width |\n|---|---|---|---|---|---|---|"
    )
    off = False
    for teams in arguments.teams:
        for (covariate, model, errors), (hits, width) in cover(range(arguments.worlds), teams).items():
            interval = stats.binomtest(hits, arguments.worlds).proportion_ci(0.99, "exact")
            off |= errors == "jackknife" and interval.high < 0.95
            print(
                f"| {teams} | {covariate} | {model} | {errors} | {hits / arguments.worlds:.3f} | "
                f"{interval.low:.3f} to {interval.high:.3f} | {width:.2f} |"
            )
    return int(off)


if __name__ == "__main__":
    sys.exit(main())
