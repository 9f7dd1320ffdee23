"""What the turnover pillar costs against a named alternative on the same data, the same answer first.

    python -m tests.benchmarks.turnover                        everything, at full size
    python -m tests.benchmarks.turnover hazard 20000           one part, fewer people
    python -m tests.benchmarks.turnover million 200000 20000 --data FOLDER

Every side runs in a process of its own (`turnover_sides.py`), so its peak memory is its own; each is timed
from Parquet to estimate. Stops where the answers differ or a ratio is missed. Figures are in RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# nothing heavy here: a child's peak memory begins at its parent's
ROOT = Path(__file__).resolve().parents[2]
Found = dict[str, Any]

# 83,000 people × 36 months: 3,000,000 person-months
HAZARD_PEOPLE = 83_000
MOST_TIME, MOST_MEMORY, MOST_ERRORS = 1 / 10, 1 / 3, 0.02
MOST_GB, MOST_GROWTH = 8.0, 2.0


def side(name: str, **arguments: Any) -> Found:
    """What a side found, how long it took and its peak memory."""
    command = [sys.executable, "-m", "tests.benchmarks.turnover_sides", name, json.dumps(arguments)]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def hazard(folder: Path, people: int = HAZARD_PEOPLE) -> None:
    """Saturated complementary log-log hazard on cells against lifelines' `CoxTimeVaryingFitter`."""
    study, file = folder / f"people_{people}", folder / f"person_months_{people}.parquet"
    side("organisation", folder=str(study), people=people)
    if not file.exists():
        side("person_months", folder=str(study), file=str(file), n_parts=_parts(people))
    ours = side("cells", file=str(file))
    theirs = side("lifelines", file=str(file), levels=ours["levels"])
    assert ours["rows"] == theirs["rows"]
    off = max(abs(a - b) / e for a, b, e in zip(ours["beta"], theirs["beta"], theirs["error"], strict=True))
    print(f"{ours['rows']:,} person-months, {len(ours['levels'])} coefficients, {ours['cells']:,} cells")
    _line("largest difference of a coefficient", off, "standard errors", MOST_ERRORS)
    for name, found in (("cells and cloglog", ours), ("CoxTimeVaryingFitter", theirs)):
        print(
            f"  {name:<44}{found['seconds']:>9.2f} s {found['cpu_seconds']:>9.2f} s CPU"
            f"{found['peak_gb']:>8.2f} GB"
        )
    _line("time, ratio", ours["seconds"] / theirs["seconds"], "", MOST_TIME)
    _line("peak memory, ratio", ours["peak_gb"] / theirs["peak_gb"], "", MOST_MEMORY)


def million(folder: Path, people: int = 1_000_000, fewer: int = 100_000) -> None:
    """Parquet → panel → cells → fit of a million people, and how the fit grows with people."""
    found = {}
    for n in (fewer, people):
        study = folder / f"people_{n}"
        side("organisation", folder=str(study), people=n)
        found[n] = side("whole_path", folder=str(study), n_parts=_parts(n))
        assert found[n]["events"] == found[n]["events_in_spells"]
        print(f"{n:,} people, {found[n]['rows']:,} person-months, {found[n]['cells']:,} cells")
        print(f"  {'Parquet → panel → cells':<44}{found[n]['group_by_seconds']:>9.1f} s")
        print(f"  {'fit, an intercept a month':<44}{found[n]['saturated_fit_seconds']:>9.3f} s CPU")
        print(f"  {'fit, bands of tenure of the study file':<44}{found[n]['banded_fit_seconds']:>9.3f} s CPU")
        print(f"  {'peak memory':<44}{found[n]['peak_gb']:>9.2f} GB")
    _same_world(found[fewer], found[people])
    _line("peak memory", found[people]["peak_gb"], "GB", MOST_GB)
    for name in ("saturated", "banded"):
        grown = found[people][f"{name}_fit_seconds"] / found[fewer][f"{name}_fit_seconds"]
        _line(f"{name} fit, {people:,} against {fewer:,}", grown, "times", MOST_GROWTH)


def hierarchical(folder: Path, people: int = 1_000_000, fewer: int = 20_000) -> None:
    """Partially pooled hazards of as many departments, whatever the number of people."""
    found = {}
    for n in (fewer, people):
        study = folder / f"people_{n}"
        side("organisation", folder=str(study), people=n)
        found[n] = side("groups", folder=str(study), n_parts=_parts(n))
        print(f"{n:,} people, {found[n]['rows']:,} person-months, {found[n]['groups']} departments")
        print(f"  {'Parquet → panel → cells':<44}{found[n]['group_by_seconds']:>9.1f} s")
        print(f"  {'sampled fit, compiled before':<44}{found[n]['fit_seconds']:>9.2f} s CPU")
        print(f"  {'peak memory':<44}{found[n]['peak_gb']:>9.2f} GB")
    assert found[fewer]["groups"] == found[people]["groups"]
    grown = found[people]["fit_seconds"] / found[fewer]["fit_seconds"]
    _line(f"sampled fit, {people:,} against {fewer:,}", grown, "times", MOST_GROWTH)


def _same_world(fewer: Found, more: Found) -> None:
    """The same coefficients, within what fewer people can tell: 4.5 standard errors over a dozen of them."""
    known = {tuple(k): v for k, *v in zip(more["levels"], more["beta"], more["error"], strict=True)}
    for level, beta, error in zip(fewer["levels"], fewer["beta"], fewer["error"], strict=True):
        # the reference is the largest level; where that is another one, nothing is compared
        if tuple(level) in known and len(known) == len(fewer["levels"]):
            other, its_error = known[tuple(level)]
            if abs(beta - other) > 4.5 * (error**2 + its_error**2) ** 0.5:
                raise SystemExit(f"{level}: another answer with more people")


def _parts(people: int) -> int:
    """Parts of 50,000 people, leavers not counted."""
    return max(1, round(people / 50_000))


def _line(name: str, value: float, unit: str, most: float) -> None:
    print(f"  {name:<44}{value:>9.4g} {unit} (at most {most:.4g})")
    if not value <= most:
        raise SystemExit(f"{name} is more than it may be")


PARTS = {"hazard": hazard, "million": million, "hierarchical": hierarchical}


def main(*arguments: str) -> None:
    """Runs one part, or all of them at full size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", nargs="?", choices=list(PARTS))
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--data", type=Path, help="keep what is simulated here, and use it again")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        for name in [chosen.part] if chosen.part else PARTS:
            print(f"-- {name}", flush=True)
            PARTS[name](chosen.data or Path(folder), *chosen.sizes)


if __name__ == "__main__":
    main(*sys.argv[1:])
