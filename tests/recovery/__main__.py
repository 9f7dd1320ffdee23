"""The full study: `python -m tests.recovery --worlds 200` prints bias and coverage of every estimand."""

from __future__ import annotations

import argparse
import sys

from tests.recovery.worlds import committed_truth, estimate, judge, variant_of


def main() -> int:
    """Runs the worlds; exit code 1 where bias or coverage lies outside its Monte Carlo interval."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m tests.recovery", description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=10_000)
    arguments = parser.parse_args()
    _, truth, own = committed_truth()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.worlds)
    world = variant_of("")
    found = [estimate(world, s) for s in tqdm(seeds, desc="worlds", disable=not sys.stderr.isatty())]
    rows = judge(found, truth, own)
    print(f"{'estimand':<58}{'truth':>9}{'mean':>9}{'bias/se':>9}{'p':>7}{'coverage':>10}{'p':>7}")
    for row in rows:
        print(
            f"{row.name:<58}{row.truth:>9.4f}{row.mean:>9.4f}{row.bias_in_errors:>9.3f}{row.bias_p:>7.3f}"
            f"{row.coverage:>10.3f}{row.coverage_p:>7.3f}"
        )
    return int(any(min(r.bias_p, r.coverage_p) < 0.01 for r in rows))


if __name__ == "__main__":
    raise SystemExit(main())
