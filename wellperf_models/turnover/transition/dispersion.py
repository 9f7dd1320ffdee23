"""Do completions come one by one, as a Poisson count takes them, or in bunches?

Bunches (an employer who takes on ten at once) make the counts vary more than Poisson's, and every interval
too narrow. Two looks: by the study's clusters, if it names any; else month by month, each against the same
month of the other period, so that seasons fall out.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.turnover.rows import TurnoverFrame
from wellperf_models.turnover.transition.periods import Period, Tally, cut_period, tally

_ALPHA = 0.05
_DRAWS = 4_000


@dataclass(frozen=True, kw_only=True)
class Dispersion:
    """Variance of the completions relative to Poisson's.

    Attributes:
        by_month: Pearson's statistic over its degrees of freedom; None where no month has any completion.
        p_value: Of it, under Poisson counts.
        by_cluster: Clustered variance of the log ratio over Poisson's; None without clusters.
        clustered_by: What a cluster is; "" without.
        used: What the intervals are widened by (a variance): at least 1.
    """

    by_month: float | None
    p_value: float | None
    by_cluster: float | None
    clustered_by: str
    used: float


def assess_dispersion(
    frame: TurnoverFrame, code: int, periods: tuple[Period, Period], edges: Floats, months: int
) -> Dispersion:
    """Looks for bunches of completions.

    Args:
        frame: The turnover frame, with dates.
        code: Of the exit that is the aim.
        periods: The later and the earlier one.
        edges: Of the bands of tenure.
        months: Length of a period.
    """
    by_month, p_value = _by_month(frame, code, periods, months)
    by_cluster = _by_cluster(frame, periods, edges)
    bunched = by_month if by_month is not None and p_value is not None and p_value < _ALPHA else 1.0
    return Dispersion(
        by_month=by_month,
        p_value=p_value,
        by_cluster=by_cluster,
        clustered_by=frame.spells.clustered_by,
        used=max(1.0, bunched, by_cluster or 1.0),
    )


def _by_month(
    frame: TurnoverFrame, code: int, periods: tuple[Period, Period], months: int
) -> tuple[float | None, float | None]:
    """Pearson's statistic of the later share of each pair of months, and its p-value by simulation.

    By simulation, since a month holds few completions; the stream is the study's.
    """
    spells = frame.spells
    assert spells.start is not None
    if months < 2:
        return None, None
    began = spells.start
    pairs = np.array(
        [
            [
                (part.n_events, part.months)
                for part in (
                    cut_period(spells, began, code, period.start + m, period.start + m + 1)
                    for period in periods
                )
            ]
            for m in range(months)
        ]
    )
    events, at_risk = pairs[:, :, 0], pairs[:, :, 1]
    used = (events.sum(axis=1) > 0) & (at_risk > 0).all(axis=1)
    if used.sum() < 2 or not events[used].sum(axis=0).all():
        return None, None
    n = events[used].sum(axis=1).astype(int)
    weight = at_risk[used]
    observed = _pearson(events[used][:, :1].T, n, weight)[0]
    rng = np.random.default_rng([frame.seed, 0x7472616E])
    rates = events[used].sum(axis=0) / weight.sum(axis=0)
    p = rates[0] * weight[:, 0] / (weight @ rates)
    drawn = _pearson(rng.binomial(n, p, size=(_DRAWS, n.size)).astype(float), n, weight)
    return float(observed / (n.size - 1)), float((1 + np.sum(drawn >= observed - 1e-9)) / (1 + _DRAWS))


def _pearson(later: Floats, n: np.ndarray, weight: Floats) -> Floats:
    """Σ (d − n p)² / (n p (1 − p)) with the ratio of rates fitted to each row of `later`, shape (r,)."""
    total = later.sum(axis=1)
    ratio = ((total + 0.5) / weight[:, 0].sum()) / ((n.sum() - total + 0.5) / weight[:, 1].sum())
    odds = ratio[:, None] * (weight[:, 0] / weight[:, 1])
    p = odds / (1 + odds)
    return np.asarray(((later - n * p) ** 2 / (n * p * (1 - p))).sum(axis=1))


def _by_cluster(frame: TurnoverFrame, periods: tuple[Period, Period], edges: Floats) -> float | None:
    """Clustered (sandwich, G / (G − 1)) over Poisson variance of the log ratio within bands of tenure."""
    spells = frame.spells
    if spells.cluster is None:
        return None
    whole = [tally(spells, period, edges) for period in periods]
    found = _poisson_fit(*whole)
    if found is None:
        return None
    ratio, rate = found
    p = ratio * whole[0].months / np.maximum(ratio * whole[0].months + whole[1].months, 1e-300)
    information = float(((whole[0].events + whole[1].events) * p * (1 - p)).sum())
    number = np.unique(spells.cluster).size
    scores = np.zeros(number)
    _, code = np.unique(spells.cluster, return_inverse=True)
    for period, weight, scale in ((periods[0], 1 - p, ratio), (periods[1], -p, 1.0)):
        band = np.searchsorted(edges, spells.duration, side="left") - 1
        done = period.completed
        scores += np.bincount(code[done], weights=weight[band[done]], minlength=number)
        for b, (low, high) in enumerate(itertools.pairwise(edges)):
            months = np.maximum(np.minimum(period.exit, high) - np.maximum(period.entry, low), 0.0)
            scores -= np.bincount(code, weights=weight[b] * scale * rate[b] * months, minlength=number)
    if information <= 0:
        return None
    return float((scores**2).sum() * number / (number - 1) / information)


def _poisson_fit(later: Tally, earlier: Tally) -> tuple[float, Floats] | None:
    """(ratio, earlier rate by band) of largest likelihood; None where one period has no completion."""
    if not later.events.sum() or not earlier.events.sum():
        return None
    n, ratio = later.events + earlier.events, 1.0
    for _ in range(200):
        at_risk = ratio * later.months + earlier.months
        rate = np.divide(n, at_risk, out=np.zeros_like(n), where=at_risk > 0)
        expected = float((rate * later.months).sum())
        new = float(later.events.sum()) / expected if expected > 0 else ratio
        if abs(new - ratio) < 1e-12 * ratio:
            break
        ratio = new
    return ratio, rate
