"""What the burnout pillar costs on a large organisation, and its logistic from cells against scikit-learn.

    python -m tests.benchmarks.burnout                          everything, at full size
    python -m tests.benchmarks.burnout protocol --people 5000   one part, fewer people
    python -m tests.benchmarks.burnout logistic --rows 50000

Each part runs in a process of its own (`burnout_sides.py`), so its peak memory is its own. Stops where
answers differ or, at full size, a limit is missed. Figures are in RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# nothing heavy here: a child's peak memory begins at its parent's
ROOT = Path(__file__).resolve().parents[2]

PEOPLE, ROWS = 100_000, 1_000_000
MOST_MINUTES, MOST_GB, MOST_SHAP = 15.0, 8.0, 0.10
LEAST_RATIO, MOST_OFF = 15.0, 1e-8


def side(name: str, **arguments: Any) -> dict[str, Any]:
    """What a part found, how long its stages took and its peak memory."""
    command = [sys.executable, "-m", "tests.benchmarks.burnout_sides", name, json.dumps(arguments)]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def protocol(people: int = PEOPLE) -> dict[str, Any]:
    """Frame → forecasts → every candidate → evidence → explanation, 12 waves and 30 predictors."""
    found = side("protocol", people=people)
    print(f"{people:,} people × 12 waves: {found['rows']:,} linked answers, {found['columns']} columns")
    for stage, (wall, cpu) in found["stages"].items():
        print(f"  {stage:<44}{wall:>9.1f} s {cpu:>9.1f} s CPU")
    total = sum(wall for wall, _ in found["stages"].values())
    for learner, auc in found["auc"].items():
        print(f"  {'AUC of ' + learner:<44}{auc:>9.3f}")
    full = people >= PEOPLE
    _line("whole protocol", total / 60, "minutes", most=MOST_MINUTES if full else None)
    _line("peak memory", found["peak_gb"], "GB", most=MOST_GB if full else None)
    if "explanation" in found["stages"]:
        cpu = sum(cpu for _, cpu in found["stages"].values())
        _line("explanation, share of the whole, CPU", found["stages"]["explanation"][1] / cpu, "")
        share = found["shap"][1] / cpu
        _line("contributions (SHAP) of it, CPU", share, "", most=MOST_SHAP if full else None)
    return found


def logistic(rows: int = ROWS) -> dict[str, Any]:
    """Words in memory → encoded → fitted without a penalty, on cells and on rows, in the same process."""
    found = side("logistic", rows=rows)
    print(f"{rows:,} rows, six covariates of five levels, {found['n_cells']:,} cells")
    _line("largest difference of a coefficient", found["off"], "", most=MOST_OFF)
    total = {}
    for name, words in (("cells", "on cells"), ("rows", "on rows, newton-cholesky")):
        laps = dict(
            zip(("grouped and encoded" if name == "cells" else "encoded", "fitted"), found[name], strict=True)
        )
        for lap, (wall, cpu) in laps.items():
            print(f"  {f'{lap}, {words}':<44}{wall:>9.3f} s {cpu:>9.3f} s CPU")
        total[name] = [sum(lap[i] for lap in found[name]) for i in (0, 1)]
    _line("rows by cells, CPU", total["rows"][1] / total["cells"][1], "times")
    ratio = total["rows"][0] / total["cells"][0]
    _line("rows by cells, wall", ratio, "times", least=LEAST_RATIO if rows >= ROWS else None)
    return found


def _line(
    name: str, value: float, unit: str, *, most: float | None = None, least: float | None = None
) -> None:
    asked = f" (at most {most:g})" if most is not None else f" (at least {least:g})" if least else ""
    print(f"  {name:<44}{value:>9.4g} {unit}{asked}")
    if (most is not None and not value <= most) or (least is not None and not value >= least):
        raise SystemExit(f"{name} is not what it should be")


def main(*arguments: str) -> None:
    """Runs one part, or both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", nargs="?", choices=["protocol", "logistic"])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rows", type=int, default=ROWS)
    chosen = parser.parse_args(arguments)
    if chosen.part in (None, "logistic"):
        print("-- logistic", flush=True)
        logistic(chosen.rows)
    if chosen.part in (None, "protocol"):
        print("-- protocol", flush=True)
        protocol(chosen.people)


if __name__ == "__main__":
    main(*sys.argv[1:])
