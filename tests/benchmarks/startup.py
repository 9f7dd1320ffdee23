"""How fast the command answers and the package imports: `python -m tests.benchmarks.startup`.

The alternative is the same import with everything the package may use loaded at once.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

REPEATS = 7
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import wellperf_models": ["-c", "import wellperf_models"],
    "wellperf --help": ["-m", "wellperf_models.cli", "--help"],
    "everything at once": [
        "-c",
        "import pandas, polars, pydantic, lifelines, sklearn, matplotlib, papermill",
    ],
}


def seconds(arguments: list[str]) -> float:
    """Median wall seconds of a fresh interpreter."""
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Prints a row per command, with its ratio to loading everything."""
    found = {name: seconds(arguments) for name, arguments in COMMANDS.items()}
    everything = found["everything at once"]
    for name, value in found.items():
        print(f"{name:<24}{value:>8.3f} s{value / everything:>8.2f} of everything at once")


if __name__ == "__main__":
    main()
