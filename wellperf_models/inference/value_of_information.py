"""What knowing more before deciding is worth, from draws of what each option brings.

With NB_d the net benefit of option d, unknown by its draws, X some of what is unknown and S what a study
would tell of X,

    EVPI     = E max_d NB_d          − max_d E NB_d     everything known
    EVPPI(X) = E max_d E[NB_d | X]   − max_d E NB_d     X known
    EVSI     = E max_d E[NB_d | S]   − max_d E NB_d     a study made

(expected value of perfect, of partial perfect, and of sample information). Conditional means are regressions
of the draws: Strong, Oakley & Brennan 2014, Medical Decision Making 34:311 (EVPPI); Strong, Oakley, Brennan &
Breeze 2015, Medical Decision Making 35:570 (EVSI, on summaries of simulated studies). Since S depends on X
alone, E[NB | S] = E[E[NB | X] | S], and the second regression is of the first one's fit: far less noisy.

A mean of the largest of fitted means is a little too high, as a fit follows its own draws; what a choice made
by the other half of the draws earns (`held_out`) is a little too low, as it is a choice less good. The truth
lies between the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.spline_regression import regress


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What one state of knowledge is worth over deciding now, in the unit of the net benefits.

    Attributes:
        value: At least 0.
        std_error: One standard deviation of its Monte Carlo error, that of the regression included: the error
            of what the choices it leads to earn (the error of the fit enters through where choices change).
        held_out: Earned by choices that the other half of the draws led to; may be below 0.
        held_out_error: Of `value − held_out`.
        unexplained: Of the regression; see `spline_regression.Surface`.
        choice: Draw → option chosen there, shape (n,); never shown.
    """

    value: float
    std_error: float
    held_out: float
    held_out_error: float
    unexplained: float
    choice: Ints

    def __repr__(self) -> str:
        """What it is; its draws have not passed the gate."""
        return "Gain(not released)"


def best_now(net_benefit: Floats) -> int:
    """The option with the highest mean; the first of equal ones."""
    return int(np.argmax(net_benefit.mean(axis=0)))


def evpi(net_benefit: Floats, n_effective: float | None = None) -> Gain:
    """Expected value of perfect information.

    Args:
        net_benefit: Draws of every option, shape (n, d).
        n_effective: Independent draws that these are worth; None: n.

    Raises:
        DesignError: Fewer than two options, or something that is not a number.
    """
    over = _over_best(net_benefit)
    choice = np.argmax(over, axis=1)
    return _gain(over, over, over, choice, choice, 0.0, n_effective)


def evppi(
    net_benefit: Floats, X: Floats, n_effective: float | None = None, together: Ints | None = None
) -> Gain:
    """Expected value of knowing X, and nothing else, before deciding.

    Args:
        net_benefit: Draws of every option, shape (n, d).
        X: The same draws of what would be known, shape (n, q).
        n_effective: Independent draws that these are worth; None: n.
        together: Draws that repeat something, by a code; see `spline_regression.regress`.

    Raises:
        DesignError: Fewer than two options, or something that is not a number.
    """
    over = _over_best(net_benefit)
    found = regress(X, over, together)
    chosen, unseen = np.argmax(found.fitted, axis=1), np.argmax(found.held_out, axis=1)
    return _gain(over, found.fitted, over, chosen, unseen, found.unexplained, n_effective)


def evsi(
    net_benefit: Floats,
    X: Floats,
    covariances: Sequence[Floats],
    noise: Floats,
    n_effective: float | None = None,
    together: Ints | None = None,
) -> tuple[Gain, ...]:
    """Expected value of studies that would each estimate X with a normal error of known size.

    Every study sees the same draws and the same noise (common random numbers), so that studies differ by
    their size and not by luck.

    Args:
        net_benefit: Draws of every option, shape (n, d).
        X: The same draws of what a study would estimate, shape (n, q).
        covariances: Of the error of each study's estimates, each of shape (q, q), positive definite.
        noise: Independent standard normal draws, shape (n, q).
        n_effective: Independent draws that these are worth; None: n.
        together: Draws that repeat something, by a code; see `spline_regression.regress`.

    Raises:
        DesignError: Fewer than two options, or something that is not a number.
    """
    over = _over_best(net_benefit)
    known = regress(X, over, together)
    found = []
    for covariance in covariances:
        seen = regress(X + noise @ np.linalg.cholesky(covariance).T, known.fitted, together)
        chosen, unseen = np.argmax(seen.fitted, axis=1), np.argmax(seen.held_out, axis=1)
        gain = _gain(over, seen.fitted, known.fitted, chosen, unseen, seen.unexplained, n_effective)
        found.append(gain)
    return tuple(found)


def _over_best(net_benefit: Floats) -> Floats:
    """What each option brings over the best one now, shape (n, d)."""
    if net_benefit.ndim != 2 or net_benefit.shape[1] < 2 or not np.isfinite(net_benefit).all():
        raise DesignError(
            "Information has a value only where there is a choice.",
            where="inference.value_of_information",
            expected="finite net benefits of at least two options, a column each",
            got=f"an array of shape {net_benefit.shape}",
        )
    return net_benefit - net_benefit[:, [best_now(net_benefit)]]


def _gain(
    over: Floats,
    expected: Floats,
    truth: Floats,
    choice: Ints,
    unseen: Ints,
    unexplained: float,
    n_effective: float | None,
) -> Gain:
    """The gain of choosing the largest expectation; `truth` is what choices of unseen rows are paid by."""
    rows = np.arange(over.shape[0])
    root = math.sqrt(n_effective or rows.size)
    best, earned = expected[rows, choice], over[rows, choice]
    held_out = truth[rows, unseen]
    return Gain(
        value=float(best.mean()),
        std_error=max(float(earned.std(ddof=1)), float(best.std(ddof=1))) / root,
        held_out=float(held_out.mean()),
        held_out_error=float((best - held_out).std(ddof=1)) / root,
        unexplained=unexplained,
        choice=choice,
    )
