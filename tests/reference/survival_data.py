"""Made-up spells for the comparison with R: late entry, heavy ties, strata, clusters, three causes, weights.

`python -m tests.reference.survival_data` writes `survival_data.csv`, which R and the tests read. A linear
congruential generator, so that the file is the same on every machine and with every version of numpy.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

FILE = Path(__file__).with_name("survival_data.csv")
COLUMNS = ("row", "person", "team", "stratum", "entry", "exit", "cause", "weight", "x1", "x2", "x3")
_N = 400
_SEED = 20261122


def _uniforms(seed: int) -> Iterator[float]:
    state = seed
    while True:
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        yield ((state >> 33) + 0.5) / 2**31


def make_rows() -> list[tuple[int | float, ...]]:
    """Rows in the order of `COLUMNS`; times are halves of months, so that many fall together."""
    draw = _uniforms(_SEED)
    rows: list[tuple[int | float, ...]] = []
    for person in range(_N):
        team, stratum = int(next(draw) * 35), int(next(draw) * 3)
        x1 = round(math.sqrt(-2 * math.log(next(draw))) * math.cos(2 * math.pi * next(draw)), 2)
        x2 = int(next(draw) < 0.4)
        x3 = round(0.4 * x1 + next(draw) * 2 - 1, 2)
        # one in six comes back
        for _ in range(2 if next(draw) < 1 / 6 else 1):
            entry = 0.0 if next(draw) < 0.45 else math.floor(next(draw) * 24) / 2
            rate = 0.05 * math.exp(0.5 * x1 - 0.3 * x2 + 0.02 * (team % 7) + 0.2 * stratum)
            lasted = -math.log(next(draw)) / rate
            follow = 1 + next(draw) * 20
            stop = entry + max(0.5, math.ceil(2 * min(lasted, follow)) / 2)
            cause = 1 + int(next(draw) * 6 >= 3) + int(next(draw) * 6 >= 5) if lasted <= follow else 0
            weight = 1 + int(next(draw) * 3)
            rows.append((len(rows), person, team, stratum, entry, stop, cause, weight, x1, x2, x3))
    return rows


def write() -> None:
    """Writes the file that both sides read."""
    with FILE.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(make_rows())


if __name__ == "__main__":
    write()
