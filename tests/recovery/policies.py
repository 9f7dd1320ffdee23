"""Policy answers in worlds whose truth is known: `python -m tests.recovery.policies --worlds 60`.

Each world is an organisation of 1,200 people over three years. The truth is what `synth` finds by living the
same people on with and without the policy. Beside it stands what a Cox coefficient of overtime, adjusted for
current
exhaustion, would have answered: the person-months' mean change times the coefficient.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import tomllib
from collections.abc import Mapping

import numpy as np

from tests.recovery.worlds import Found, Judged, judge, variant_of
from wellperf_models.study import Study
from wellperf_models.synth import World, generate
from wellperf_models.synth.path import begin
from wellperf_models.synth.policies import CAP_HOURS, FEWER_HOURS, policy_effects, tally_policies
from wellperf_models.synth.study_file import study_text
from wellperf_models.tables import Tables
from wellperf_models.turnover import TurnoverFrame, build_frame, fit_cox
from wellperf_models.turnover.policy.model import fit_policies
from wellperf_models.turnover.policy.model_effects import Effect

VARIANTS = ("", "feedback", "null")
POLICIES = {
    "overtime_cap_20_hours": {"covariate": "overtime_hours", "label": "cap", "cap": CAP_HOURS},
    "overtime_minus_5_weekly_hours": {
        "covariate": "overtime_hours",
        "label": "less",
        "reduce_by": FEWER_HOURS,
    },
}
ESTIMANDS = {
    "voluntary_exits_averted_per_100": "exits_avoided_per_100",
    "exits_averted_per_100": "all_exits_avoided_per_100",
    "months_gained": "months_gained",
}
_REFITS = 50
_BLOCK = 25_000


def study_of(world: World, seed: int, names: Mapping[str, object]) -> Study:
    """The world's own study file with the two policies and what they need."""
    content = tomllib.loads(study_text(world, seed, list(names)))
    content["turnover"] |= {"covariates": ["exhaustion", "overtime_hours"], "policies": POLICIES}
    return Study.model_validate(content)


def estimate(world: World, seed: int) -> tuple[dict[str, Found], dict[str, Found]]:
    """The policies' effects by both estimators, and the naive answers, in one world."""
    organisation = generate(world, seed)
    study = study_of(world, seed, organisation.tables)
    frame = build_frame(Tables.from_frames(study, organisation.tables))
    fit = fit_policies(frame, study.turnover, n_refits=_REFITS)
    found, naive = {}, {}
    for result in fit.results:
        for truth, name in ESTIMANDS.items():
            found[f"{result.name}_{truth}"] = _found(result.effects[name])
        first = f"{result.name}_voluntary_exits_averted_per_100"
        naive[first + " (weighting)"] = _found(result.effects["exits_avoided_weighted_per_100"])
        risk = result.effects["exits_without_per_100"].value
        naive[first + " (Cox × change)"] = _naive(frame, study, POLICIES[result.name], risk)
    return found, naive


def _found(effect: Effect) -> Found:
    return Found(value=effect.value, error=effect.error, low=effect.low, high=effect.high)


def _naive(frame: TurnoverFrame, study: Study, policy: Mapping[str, object], risk: float) -> Found:
    """Risk × (1 − exp(−β × mean change)), with β adjusted for current exhaustion."""
    cox = fit_cox(frame, study.turnover)
    place = [c.covariate for c in cox.columns].index("overtime_hours")
    spread = cox.columns[place].spread
    assert spread is not None
    beta, error = float(cox.fit.beta[place]) / spread, float(cox.fit.std_error[place]) / spread
    assert frame.months is not None
    hours = frame.months["overtime_hours"].drop_nulls().to_numpy()
    under = np.minimum(hours, CAP_HOURS) if "cap" in policy else np.maximum(0.0, hours - FEWER_HOURS)
    less = float((hours - under).mean())
    low, value, high = (
        risk * -math.expm1(-b * less) for b in (beta - 1.96 * error, beta, beta + 1.96 * error)
    )
    return Found(value=value, error=(high - low) / 3.92, low=low, high=high)


def truth_of(world: World, posts: int, seed: int = 77) -> tuple[dict[str, float], dict[str, float]]:
    """Effects in a large organisation of that world, and their Monte Carlo errors (jackknife over blocks)."""
    tallies = [
        tally_policies(world, *begin(world, seed, 900 + block, _BLOCK)) for block in range(posts // _BLOCK)
    ]
    total = {key: sum((t[key] for t in tallies), np.zeros(())) for key in tallies[0]}
    values = policy_effects(total)
    left_out = [policy_effects({key: total[key] - t[key] for key in total}) for t in tallies]
    n = len(tallies)
    errors = {
        name: math.sqrt((n - 1) / n * sum((v[name] - values[name]) ** 2 for v in left_out)) for name in values
    }
    return values, errors


def _print(title: str, rows: list[Judged]) -> None:
    print(f"{title}: {rows[0].n_worlds} worlds")
    print(f"{'estimand':<78}{'truth':>8}{'mean':>8}{'bias/se':>9}{'p':>7}{'coverage':>10}{'p':>7}")
    for row in rows:
        print(
            f"{row.name:<78}{row.truth:>8.3f}{row.mean:>8.3f}{row.bias_in_errors:>9.2f}{row.bias_p:>7.3f}"
            f"{row.coverage:>10.3f}{row.coverage_p:>7.3f}"
        )


def main() -> int:
    """Exit code 1 where bias or coverage of the g-formula lies outside its 99 % Monte Carlo interval."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m tests.recovery.policies", description=__doc__)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--first-seed", type=int, default=30_000)
    parser.add_argument("--variants", nargs="*", choices=("default", "feedback", "null"), default=None)
    parser.add_argument("--posts", type=int, default=400_000, help="simulated people behind the truth")
    parser.add_argument("--people", type=int, default=1200)
    arguments = parser.parse_args()
    off = False
    chosen = (
        VARIANTS if arguments.variants is None else [v.replace("default", "") for v in arguments.variants]
    )
    for variant in chosen:
        world = dataclasses.replace(variant_of(variant), people=arguments.people)
        truth, own = truth_of(world, arguments.posts)
        worlds, naive = [], []
        for seed in tqdm(
            range(arguments.first_seed, arguments.first_seed + arguments.worlds),
            desc=variant or "default",
            disable=not sys.stderr.isatty(),
        ):
            one, other = estimate(world, seed)
            worlds.append(one)
            naive.append(other)
        rows = judge(worlds, truth, own)
        _print(variant or "default", rows)
        for name in worlds[0]:
            spread = np.std([w[name].value for w in worlds], ddof=1)
            error = np.mean([w[name].error for w in worlds])
            print(f"{name:<78}spread of the estimates over mean standard error {spread / error:.2f}")
        told = {name: truth[name.partition(" (")[0]] for name in naive[0]}
        _print(
            f"{variant or 'default'}, for comparison",
            judge(naive, told, {name: own[name.partition(" (")[0]] for name in told}),
        )
        sys.stdout.flush()
        off |= any(min(r.bias_p, r.coverage_p) < 0.01 for r in rows)
    return int(off)


if __name__ == "__main__":
    raise SystemExit(main())
