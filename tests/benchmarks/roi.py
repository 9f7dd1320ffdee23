"""What the absence model costs on a large organisation: cells against row-level PyMC.

    python -m tests.benchmarks.roi                  everything, at full size (row-level PyMC takes minutes)
    python -m tests.benchmarks.roi rows             the two posteriors of the same 20,000 people
    python -m tests.benchmarks.roi million          20,000 and 1,000,000 people, from cells
    python -m tests.benchmarks.roi refits --fits 500

60 teams, lots drawn by team, days of absence with two covariates (negative binomial, team effects). Times are
CPU seconds of the process, compilation excluded. Stops where the posteriors differ or a limit is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import compile_once, diagnose
from wellperf_models.roi.models.fit import Fitted, fit_once
from wellperf_models.roi.models.likelihoods import build_model
from wellperf_models.roi.models.prepare import Prepared, prepare
from wellperf_models.roi.models.structure import Priors
from wellperf_models.roi.rows import OutcomeRows
from wellperf_models.study import Outcome

PEOPLE, MANY, TEAMS, FITS = 20_000, 1_000_000, 60, 500
FLAT = (0.0, 0.0)
MOST_OFF, MOST_SPREAD, LEAST_RATIO, MOST_TIMES, MOST_MINUTES = 0.05, 0.03, 50.0, 2.0, 3.0


def absence(people: int, seed: int = 0) -> OutcomeRows:
    """Days of absence of a year, whole, by team."""
    rng = np.random.default_rng([seed, 0xAB5])
    team = np.arange(people) % TEAMS
    treated = team % 2 == 1
    X = (rng.uniform(size=(people, 2)) < [0.4, 0.2]).astype(float)
    # the same teams at every size
    between = 0.25 * np.random.default_rng(7).normal(size=TEAMS)[team]
    mean = np.exp(np.log(6.0) + X @ [0.2, -0.3] - 0.06 * treated + between)
    days = rng.negative_binomial(0.9, 0.9 / (0.9 + mean)).astype(float)
    return OutcomeRows(
        name="absence",
        declared=Outcome(likelihood="count", higher_is="worse"),
        value=days,
        weight=np.ones(people),
        treated=treated,
        received=None,
        unit=np.arange(people),
        cluster=team,
        block=None,
        X=X - X.mean(axis=0),
        covariates=("part-time", "shift"),
        binary=False,
        n_assigned=(int((~treated).sum()), int(treated.sum())),
        n_left_out=0,
    )


def compiled(prepared: Prepared) -> None:
    """Compiles the structure, so that no time below holds it."""
    compile_once(("roi.models", prepared.structure), lambda: build_model(prepared.structure))


def timed(prepared: Prepared, *, draws: int, tune: int, seed: int = 1) -> tuple[Fitted, float, float]:
    """A fit, its CPU seconds and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    fitted = fit_once(prepared, FLAT, seed=seed, where="benchmark", draws=draws, tune=tune)
    return fitted, time.process_time() - cpu, time.perf_counter() - wall


def by_rows(prepared: Prepared, *, draws: int, tune: int) -> tuple[Floats, float, float]:
    """Effect (log ratio) by row-level PyMC with the same priors; draws, CPU and wall seconds of sampling."""
    import nutpie
    import pymc as pm
    import pytensor.tensor as pt

    units, priors = prepared.units, Priors()
    part = prepared.parts["first"]
    arm = units.arm_of_cluster
    with pm.Model() as model:
        level = pm.Normal("level", part.crude, priors.level_sd)
        effect = pm.Flat("effect")
        slopes = pm.Normal("slopes", 0.0, priors.slope_sd, shape=units.X.shape[1])
        spread = pm.HalfNormal("spread", priors.spread_sd, shape=2)
        own = spread[arm.astype(int)]
        team = pm.Normal("team", level + effect * arm - own**2 / 2, own, shape=units.n_clusters)
        log_shape = pm.Normal("log_shape", priors.shape_mean, priors.shape_sd)
        mean = pt.exp(team[units.cluster] + pt.dot(units.X, slopes))
        pm.NegativeBinomial("y", mu=mean, alpha=pt.exp(log_shape), observed=units.value.astype(int))
    ready = nutpie.compile_pymc_model(model)
    cpu, wall = time.process_time(), time.perf_counter()
    tree = nutpie.sample(
        ready, draws=draws, tune=tune, chains=4, cores=2, seed=3, target_accept=0.9, progress_bar=False
    )
    took = time.process_time() - cpu, time.perf_counter() - wall
    return np.asarray(tree["posterior"]["effect"].values, float), *took


def rows(people: int = PEOPLE, draws: int = 1_000, tune: int = 400) -> None:
    """The same posterior from cells and from rows, and what an effective draw costs."""
    import arviz as az

    prepared = prepare(absence(people), "count", 2)
    compiled(prepared)
    fitted, cpu, wall = timed(prepared, draws=5_000, tune=600)
    cells = fitted.parameters["effect_first"].reshape(4, -1)
    theirs, their_cpu, their_wall = by_rows(prepared, draws=draws, tune=tune)
    off = abs(cells.mean() - theirs.mean()) / cells.std()
    error = np.hypot(float(az.mcse(cells)), float(az.mcse(theirs))) / cells.std()
    spread = abs(theirs.std() / cells.std() - 1)
    spread_error = float(az.mcse(theirs, method="sd")) / theirs.std()
    worth = [float(az.ess(d)) / s for d, s in ((cells, cpu), (theirs, their_cpu))]
    print(f"{people:,} people, {prepared.n_cells} cells; R-hat by rows {diagnose({'e': theirs}).r_hat:.4f}")
    _line("means apart, posterior sd", off, f"(Monte Carlo error {error:.3f})", most=MOST_OFF + 2 * error)
    _line("sds apart, share", spread, f"(error {spread_error:.3f})", most=MOST_SPREAD + 2 * spread_error)
    _line("effective draws a CPU second, cells", worth[0], f"({cpu:.1f} s CPU, {wall:.1f} s)")
    _line("effective draws a CPU second, rows", worth[1], f"({their_cpu:.1f} s CPU, {their_wall:.1f} s)")
    least = LEAST_RATIO if people >= PEOPLE else None
    _line("cells by rows", worth[0] / worth[1], "times", least=least)


def million(people: int = MANY, fewer: int = PEOPLE) -> None:
    """Sampling time of many people over that of few; the cells are told apart."""
    took: dict[int, tuple[float, float]] = {}
    for n in (fewer, people):
        data = absence(n)
        start = time.perf_counter()
        prepared = prepare(data, "count", 2)
        group = time.perf_counter() - start
        compiled(prepared)
        _, cpu, wall = timed(prepared, draws=5_000, tune=600)
        took[n] = cpu, wall
        print(f"{n:>9,} people: {prepared.n_cells} cells in {group:.1f} s, fit {cpu:.1f} s CPU, {wall:.1f} s")
    _line("time of the many by that of the few", took[people][0] / took[fewer][0], "", most=MOST_TIMES)


def refits(fits: int = FITS, people: int = PEOPLE) -> None:
    """New data, the same compiled model, short chains: what a simulation study asks."""
    from tqdm import tqdm

    made = [prepare(absence(people, seed), "count", 2) for seed in range(min(fits, 20))]
    compiled(made[0])
    cpu, wall = time.process_time(), time.perf_counter()
    for k in tqdm(range(fits), disable=not sys.stderr.isatty()):
        timed(made[k % len(made)], draws=400, tune=200, seed=k)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    full = MOST_MINUTES if fits >= FITS else None
    _line(f"{fits} refits of {people:,} people", cpu / 60, f"minutes CPU ({wall / 60:.2f} wall)", most=full)


def _line(
    name: str, value: float, unit: str, *, most: float | None = None, least: float | None = None
) -> None:
    asked = f" (at most {most:.3g})" if most is not None else f" (at least {least:g})" if least else ""
    print(f"  {name:<44}{value:>9.4g} {unit}{asked}", flush=True)
    if (most is not None and not value <= most) or (least is not None and not value >= least):
        raise SystemExit(f"{name} is not what it should be")


def main(*arguments: str) -> None:
    """Runs one part, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", nargs="?", choices=["rows", "million", "refits"])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--fits", type=int, default=FITS)
    chosen = parser.parse_args(arguments)
    parts: dict[str, Any] = {
        "million": million,
        "refits": lambda: refits(chosen.fits),
        "rows": lambda: rows(chosen.people),
    }
    for name, run in parts.items():
        if chosen.part in (None, name):
            print(f"-- {name}", flush=True)
            run()


if __name__ == "__main__":
    main(*sys.argv[1:])
