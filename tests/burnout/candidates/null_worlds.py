"""How often a model is claimed to beat the last score where none does, and where one does.

    python -m tests.burnout.candidates.null_worlds [--worlds 100]

In the clean worlds persistent people keep their score and nothing else foretells it; in the others last
month's overtime does. Every learner is tried in each.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from tests.burnout.builders import make_tables
from wellperf_models.burnout import build_frame, fit_forecasts
from wellperf_models.burnout.candidates.model import fit_candidates

CLEAN, GAIN = 0.0, 0.8
LEARNERS = ("ridge", "forest", "boosting", "network")


@dataclass(frozen=True)
class Claim:
    """What was claimed in one world."""

    winners: tuple[str, ...]
    recommended: str
    background: bool


def claim(seed: int, effect: float, learners: tuple[str, ...] = LEARNERS, n: int = 200) -> Claim:
    """One world of so many people and three waves, one of which is scored."""
    asked = {"learners": list(learners), "background": ["noise"]}
    tables = make_tables(seed, candidates=asked, frames={"n": n, "waves": 4, "effect": effect})
    section = tables.study.burnout
    assert section is not None
    frame = build_frame(tables)
    found = fit_candidates(frame, fit_forecasts(frame, section), section)
    signal = getattr(found.background, "scores", None)
    return Claim(found.winners, found.recommended, signal is not None and signal.auc.low > 0.5)


def main(*arguments: str) -> None:
    """Prints how often each was claimed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    worlds = parser.parse_args(arguments).worlds
    for words, effect in (("nothing to gain", CLEAN), ("overtime foretells", GAIN)):
        claims = [claim(1000 + seed, effect) for seed in range(worlds)]
        told = {"any beats the last score": sum(bool(c.winners) for c in claims)}
        told |= {f"{name} beats it": sum(name in c.winners for c in claims) for name in LEARNERS}
        told |= {
            f"{n} recommended": sum(c.recommended == n for c in claims) for n in ("last_score", *LEARNERS)
        }
        told["noise alone carries a signal"] = sum(c.background for c in claims)
        print(f"{words}: {worlds} worlds")
        for name, times in told.items():
            print(f"  {name:<36}{times:>5}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
