"""Foretold exits in organisations with a known truth: `python -m tests.recovery.risks --worlds 100`.

Forecasts are made forward in time and compared with what the same world then did. As many exits as were
foretold (the interval of the ratio holds 1 in 95 of 100 worlds), risks that differ by as much as they say
(mean slope of the penalised model between .8 and 1.3), and, where nothing but tenure goes with leaving, no
gain over tenure alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence

import numpy as np

from tests.recovery.worlds import Found, study_of, variant_of
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.scores import Score
from wellperf_models.synth import World, generate
from wellperf_models.tables import Tables
from wellperf_models.turnover import build_frame
from wellperf_models.turnover.risk.model import fit_risk

SLOPES = (0.8, 1.3)
OUTCOMES = ("any", "voluntary")


def estimate(world: World, seed: int) -> dict[str, Found]:
    """Calibration and gains at the headline horizon, for any exit and for the first cause."""
    organisation = generate(world, seed)
    study = study_of(world, seed, organisation.tables)
    frame = build_frame(Tables.from_frames(study, organisation.tables))
    result = fit_risk(frame, study.turnover)
    found = {}
    for name in OUTCOMES:
        scores = result.at(result.headline, name)
        if scores is None:
            continue
        own = {
            "log_ratio": scores.log_ratio,
            "slope": scores.slope,
            "auc": scores.auc,
            "auc_gain": scores.auc_gain,
            "scaled_brier": scores.scaled,
            "scaled_brier_gain": scores.gain,
        }
        found |= {f"{key}_{name}": _found(score) for key, score in own.items() if score is not None}
    return found


def _found(score: Score) -> Found:
    return Found(value=score.value, error=score.std_error, low=score.low, high=score.high)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """One quantity over many worlds.

    Attributes:
        name: Of it.
        mean, spread, error: Mean value, its standard deviation over worlds, and the mean standard error.
        rate: Share of worlds whose interval holds the truth, or shows a gain.
        expected: What that share should be; None where it is only told.
        p: Holm-corrected p of the rate (exact binomial), or of the mean slope lying in its range.
        passed: Not refuted at 1 %.
    """

    name: str
    mean: float
    spread: float
    error: float
    rate: float
    expected: float | None
    p: float
    passed: bool


def judge(worlds: Sequence[dict[str, Found]], *, null: bool) -> list[Line]:
    """Coverage of the ratio, mean slope, and how often a gain over tenure alone looks clear."""
    from scipy import stats

    rows = []
    for name in worlds[0]:
        own = [w[name] for w in worlds if name in w]
        values = np.array([f.value for f in own])
        expected, p, rate = None, 1.0, float(np.mean([f.low > 0 for f in own]))
        if name.startswith("log_ratio"):
            held = sum(f.low <= 0 <= f.high for f in own)
            expected, rate = 0.95, held / len(own)
            p = float(stats.binomtest(held, len(own), 0.95).pvalue)
        elif name.startswith("slope") and not null:
            rate = float(np.mean([f.low <= 1 <= f.high for f in own]))
            p = _outside(values)
        elif "gain" in name and null:
            clear = sum(f.low > 0 for f in own)
            expected = 0.025
            p = float(stats.binomtest(clear, len(own), 0.025, alternative="greater").pvalue)
        error = float(np.mean([f.error for f in own]))
        rows.append((name, float(values.mean()), float(values.std(ddof=1)), error, rate, expected, p))
    adjusted = holm([row[6] for row in rows])
    return [
        Line(
            name=row[0],
            mean=row[1],
            spread=row[2],
            error=row[3],
            rate=row[4],
            expected=row[5],
            p=p,
            passed=p >= 0.01,
        )
        for row, p in zip(rows, adjusted, strict=True)
    ]


def _outside(slopes: np.ndarray) -> float:
    """p that the mean slope lies within its range."""
    from scipy import stats

    error = float(slopes.std(ddof=1)) / np.sqrt(slopes.size)
    mean = float(slopes.mean())
    below = stats.t.cdf((mean - SLOPES[0]) / error, slopes.size - 1)
    above = stats.t.sf((mean - SLOPES[1]) / error, slopes.size - 1)
    return float(min(1.0, 2 * min(below, above)))


def print_lines(title: str, n: int, lines: Sequence[Line]) -> None:
    """One line a quantity."""
    print(f"{title}: {n} worlds")
    print(f"{'quantity':<32}{'mean':>9}{'spread':>9}{'error':>9}{'rate':>7}{'wanted':>8}{'p':>7}")
    for line in lines:
        wanted = "" if line.expected is None else f"{line.expected:.3f}"
        print(
            f"{line.name:<32}{line.mean:>9.4f}{line.spread:>9.4f}{line.error:>9.4f}{line.rate:>7.2f}"
            f"{wanted:>8}{line.p:>7.3f}"
        )


def main() -> int:
    """Runs the worlds; exit code 1 where calibration or a gain out of nothing is refuted."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m tests.recovery.risks", description=__doc__)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=20_000)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.worlds)
    off = False
    for name in ("", "null"):
        world = variant_of(name)
        jobs = tqdm(seeds, desc=name or "default", disable=not sys.stderr.isatty())
        lines = judge([estimate(world, seed) for seed in jobs], null=name == "null")
        print_lines(name or "default", len(seeds), lines)
        off |= not all(line.passed for line in lines)
    return int(off)


if __name__ == "__main__":
    raise SystemExit(main())
