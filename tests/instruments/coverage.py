"""How often intervals of α and ω hold the truth: `python -m tests.instruments.coverage`.

Five congeneric items; normal, or whole answers from 0 to 6 that pile up at 0. Nominal .95; 1,000 samples a
line, so that a share is known within .014. Run on 2026-11-22, before the intervals were chosen:

    answers    people   α, delta   α, Feldt (1965)   ω, delta
    normal         60       .937              .948       .937
    normal        200       .944              .953       .948
    piled up       60       .932              .943       .936
    piled up      200       .926              .936       .926

Feldt's is a little better for rows that are independent, has no counterpart for ω and none for several
answers of one person, whose rows count as one unit only in the delta interval. That one is used for both.
"""

from __future__ import annotations

import sys

import numpy as np

from wellperf_models.errors import ConvergenceError
from wellperf_models.inference.reliability import alpha_of, omega_of, reliability

LOADINGS = np.array([0.9, 0.7, 0.5, 0.8, 0.6])
ERRORS = np.array([0.5, 0.6, 0.9, 0.4, 0.8])


def feldt_interval(alpha: float, n: int, k: int, coverage: float = 0.95) -> tuple[float, float]:
    """Interval of α for parallel, normal items (Feldt 1965, Psychometrika 30:357).

    Args:
        alpha: The coefficient.
        n: People. k: Items.
        coverage: Nominal.
    """
    from scipy.stats import f

    first, second = n - 1, (n - 1) * (k - 1)
    tail = (1 - coverage) / 2
    return (
        float(1 - (1 - alpha) * f.ppf(1 - tail, first, second)),
        float(1 - (1 - alpha) * f.ppf(tail, first, second)),
    )


def _answers(rng: np.random.Generator, n: int, *, piled: bool) -> np.ndarray:
    raw = rng.normal(size=(n, 1)) * LOADINGS + rng.normal(size=(n, 5)) * np.sqrt(ERRORS)
    return np.clip(np.round(1 + 1.2 * raw), 0, 6) if piled else raw


def main(samples: int = 1_000) -> None:
    """Prints the table."""
    rng = np.random.default_rng(0)
    for piled in (False, True):
        truth = np.cov(_answers(rng, 1_000_000, piled=piled), rowvar=False)
        for n in (60, 200):
            held, failed = np.zeros(3), 0
            for _ in range(samples):
                x = _answers(rng, n, piled=piled)
                alpha = reliability(x, kind="alpha")
                low, high = feldt_interval(alpha.value, n, 5)
                held[0] += alpha.low <= alpha_of(truth) <= alpha.high
                held[1] += low <= alpha_of(truth) <= high
                try:
                    omega = reliability(x, kind="omega")
                except ConvergenceError:
                    failed += 1
                    continue
                held[2] += omega.low <= omega_of(truth) <= omega.high
            shares = held / (samples, samples, samples - failed)
            told = "  ".join(f"{share:.3f}" for share in shares)
            print(f"{'piled up' if piled else 'normal':<9} {n:>4}  {told}  without ω: {failed}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
