"""Groups whose hazards are known: `python -m tests.recovery.groups` prints coverage and claims."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np
from scipy import stats

from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.turnover.groups.checks import verdict
from wellperf_models.turnover.groups.frame import GroupCells
from wellperf_models.turnover.groups.model import GroupHazards, fit_cells

N_GROUPS = 40
# monthly hazards by band of tenure
BANDS = np.array([0.04, 0.025, 0.015, 0.01])
SCALES = (0.0, 0.3, 0.6)


def make_groups(seed: int, scale: float) -> tuple[GroupCells, Floats]:
    """40 groups of 5 to 60 people followed for up to three years, and their true rates.

    Args:
        seed: Of the world.
        scale: Standard deviation of log hazards between groups.

    Returns:
        Cells, and exits per 100 people and year of each group at everyone's mix of tenure, shape (G,).
    """
    rng = np.random.default_rng([seed, 0x6109])
    size = np.exp(rng.uniform(np.log(5), np.log(60), N_GROUPS)).round()
    months = np.maximum(1, np.round(size[:, None] * 24 * rng.dirichlet([4, 4, 8, 8], N_GROUPS)))
    group = rng.normal(0, scale, N_GROUPS)
    hazard = -np.expm1(np.log1p(-BANDS)[None, :] * np.exp(group)[:, None])
    exits = rng.binomial(months.astype(np.int64), hazard).astype(float)
    names = np.array([f"g{i:02d}" for i in range(N_GROUPS)])
    people = tuple(np.arange(int(n)) + 1_000 * i for i, n in enumerate(size))
    cells = GroupCells(
        what="team",
        names=names,
        months=months,
        exits=exits,
        people=people,
        leavers=tuple(p[: int(e)] for p, e in zip(people, exits.sum(axis=1), strict=True)),
        above=(),
    )
    return cells, 1_200 * hazard @ (months.sum(axis=0) / months.sum())


def main() -> int:
    """Prints a table; exit code 1 where coverage is outside its Monte Carlo interval, or claims are wrong."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m tests.recovery.groups", description=__doc__)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--scales", type=float, nargs="*", default=SCALES)
    arguments = parser.parse_args()
    seeds = range(20_000, 20_000 + arguments.worlds)
    p_values: list[float] = []
    off = False
    print(
        f"{'scale':>6}{'mean':>8}{'sd':>7}{'holds scale':>13}{'holds groups':>14}{'differ':>8}{'refused':>9}"
    )
    for scale in arguments.scales:
        found: list[tuple[GroupHazards, Floats]] = []
        for seed in tqdm(seeds, desc=f"scale {scale}", disable=not sys.stderr.isatty()):
            cells, truth = make_groups(seed, scale)
            model = attempt(fit_cells, cells, seed)
            if not isinstance(model, Unanswered):
                found.append((model, truth))
        claimed = _report(scale, found, len(seeds), p_values)
        off |= claimed > 0.1 if scale == 0 else scale == SCALES[-1] and claimed < 0.9
    return int(off or min(holm(p_values), default=1.0) < 0.01)


def _report(
    scale: float, found: Sequence[tuple[GroupHazards, Floats]], n_worlds: int, p_values: list[float]
) -> float:
    """Prints the row of a scale and adds the p-values of its coverage; returns how often groups "differ"."""
    held = sum(m.spread.scale.low <= scale <= m.spread.scale.high for m, _ in found)
    groups = [_held(m, truth) for m, truth in found]
    claimed = sum(verdict(m.spread.prob_differs) == "differ" for m, _ in found) / len(found)
    means = np.array([m.spread.scale.mean for m, _ in found])
    covers = "-"
    # without any spread every interval is too wide: 0 is the edge of what a scale can be
    if scale > 0:
        covers = f"{held / len(found):.3f}"
        p_values.append(float(stats.binomtest(held, len(found), 0.95).pvalue))
        # groups of one world share its spread: the test is over worlds
        p_values.append(float(stats.ttest_1samp(groups, 0.95).pvalue))
    print(
        f"{scale:>6.1f}{means.mean():>8.3f}{means.std(ddof=1):>7.3f}{covers:>13}{np.mean(groups):>14.3f}"
        f"{claimed:>8.3f}{n_worlds - len(found):>9}",
        flush=True,
    )
    return claimed


def _held(model: GroupHazards, truth: Floats) -> float:
    """Share of the groups whose interval holds their true rate."""
    told = [model.rates[model.cells.what][str(name)] for name in model.cells.names]
    return float(np.mean([s.low <= t <= s.high for s, t in zip(told, truth, strict=True)]))


if __name__ == "__main__":
    raise SystemExit(main())
