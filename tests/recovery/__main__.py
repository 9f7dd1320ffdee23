"""The full study of a pillar: `python -m tests.recovery PILLAR --worlds 200` prints bias and coverage.

Studies with options of their own (policies, risks, groups, few_clusters, leaks, calibration) take the options
that follow.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence

from tests.recovery import forecasts, trials, worlds
from tests.recovery.worlds import Found, Judged, judge

Estimate = Callable[[int], dict[str, Found]]


def _turnover() -> list[tuple[str, Estimate, Mapping[str, float], Mapping[str, float]]]:
    _, truth, own = worlds.committed_truth()
    world = worlds.variant_of("")
    return [("organisation of 1,200", lambda seed: worlds.estimate(world, seed), truth, own)]


def _roi() -> list[tuple[str, Estimate, Mapping[str, float], Mapping[str, float]]]:
    made = []
    for name, trial in trials.TRIALS.items():
        truth = trial.truth
        made.append((name, lambda seed, t=trial: trials.estimate(t, seed), truth, dict.fromkeys(truth, 0.0)))
    return made


def _burnout() -> list[tuple[str, Estimate, Mapping[str, float], Mapping[str, float]]]:
    return [
        (
            name,
            lambda seed, n=name: forecasts.estimate(n, seed, less_truth=n == "default"),
            *forecasts.all_truths_of(name),
        )
        for name in forecasts.WORLDS
    ]


OWN = ("policies", "risks", "groups", "few_clusters", "leaks", "calibration")
PILLARS = {"turnover": _turnover, "roi": _roi, "burnout": _burnout}
# what a pillar's study tells beside bias and coverage, and whether some of it is off
MORE: dict[str, Callable[[Sequence[dict[str, Found]]], bool]] = {"burnout": forecasts.tell_more}


def _print(rows: list[Judged]) -> None:
    print(f"{rows[0].n_worlds} worlds")
    print(f"{'estimand':<58}{'truth':>9}{'mean':>9}{'bias/se':>9}{'p':>7}{'coverage':>10}{'p':>7}")
    for row in rows:
        print(
            f"{row.name:<58}{row.truth:>9.4f}{row.mean:>9.4f}{row.bias_in_errors:>9.3f}{row.bias_p:>7.3f}"
            f"{row.coverage:>10.3f}{row.coverage_p:>7.3f}"
        )


def _decisions(seeds: range) -> int:
    """How often each answer is given where the programme does nothing, and where it does much."""
    from scipy import stats
    from tqdm import tqdm

    off = False
    for name, trial in (("no effect", trials.NULL), ("large effect", trials.GOOD)):
        jobs = tqdm(seeds, desc=name, disable=not sys.stderr.isatty())
        answers = [trials.decide(trial, seed).answer for seed in jobs]
        counts = {answer: answers.count(answer) for answer in ("fund", "undecided", "stop")}
        print(f"{name}: {len(answers)} trials, " + ", ".join(f"{k} {v}" for k, v in counts.items()))
        if trial.effect == 0:
            test = stats.binomtest(counts["fund"], len(answers), 0.05, alternative="greater")
            off |= bool(test.pvalue < 0.01)
    return int(off)


def main() -> int:
    """Runs the worlds; exit code 1 where bias or coverage lies outside its Monte Carlo interval."""
    from tqdm import tqdm

    if sys.argv[1:2] and sys.argv[1] in OWN:
        main_of_its_own = importlib.import_module(f"tests.recovery.{sys.argv.pop(1)}").main
        return int(main_of_its_own())
    parser = argparse.ArgumentParser(prog="python -m tests.recovery", description=__doc__)
    parser.add_argument("pillar", choices=[*PILLARS, "decisions"], nargs="?", default="turnover")
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=10_000)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.worlds)
    if arguments.pillar == "decisions":
        return _decisions(seeds)
    found: list[dict[str, Found]] = [{} for _ in seeds]
    truths: dict[str, float] = {}
    errors: dict[str, float] = {}
    for name, estimate, truth, own in PILLARS[arguments.pillar]():
        jobs = tqdm(seeds, desc=name, disable=not sys.stderr.isatty())
        for world, seed in zip(found, jobs, strict=True):
            world |= {f"{key} ({name})": value for key, value in estimate(seed).items()}
        truths |= {f"{key} ({name})": value for key, value in truth.items()}
        errors |= {f"{key} ({name})": value for key, value in own.items()}
    # one family: Holm runs over every estimand of the pillar
    rows = judge(found, truths, errors)
    _print(rows)
    more = MORE.get(arguments.pillar)
    off = more is not None and more(found)
    return int(off or any(min(r.bias_p, r.coverage_p) < 0.01 for r in rows))


if __name__ == "__main__":
    raise SystemExit(main())
