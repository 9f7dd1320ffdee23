"""What a correct model tends to: a person-period cloglog hazard on exact cells of a large sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import ConvergenceError
from wellperf_models.synth.measures import answered, scores_of
from wellperf_models.synth.path import Path
from wellperf_models.synth.streams import Ints

# upper ends of the tenure bands in calendar months since the month of hire, as in the default study file
BAND_EDGES = (6, 12, 24, 36, 60, 120)
_SCORE_STEPS, _N_SCORES = 5, 31
_OVERTIME_STEPS, _N_OVERTIME = 2, 201
SHAPE = (len(BAND_EDGES) + 1, _N_SCORES, _N_OVERTIME)


@dataclass(frozen=True, kw_only=True)
class HazardCells:
    """Person-months at risk and voluntary exits by (tenure band, exhaustion, overtime); arrays of `SHAPE`.

    The score is the last one answered in a wave before the month, the overtime that of the month before:
    nothing from the month itself. Person-months with either missing are left out.
    """

    at_risk: Ints
    events: Ints


def count_cells(path: Path) -> HazardCells:
    """Counts the cells of one block."""
    register = path.register
    last_score = np.full(len(register.hire_day), -1)
    hire_month = register.hire_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first_month = int(np.datetime64(int(path.first_day[0]), "D").astype("datetime64[M]").astype(np.int64))
    at_risk, events = np.zeros(np.prod(SHAPE), dtype=np.int64), np.zeros(np.prod(SHAPE), dtype=np.int64)
    for month in range(path.world.months):
        person = path.person[month]
        if month:
            before = path.first_day[month - 1]
            known = (last_score[person] >= 0) & (register.hire_day[person] <= before)
            known &= path.consented("workload", person, before)
            at = np.flatnonzero(known)
            who = person[at]
            band = np.searchsorted(BAND_EDGES, first_month + month - hire_month[who] + 1)
            overtime = np.minimum(np.round(path.overtime[month - 1][at] * _OVERTIME_STEPS), _N_OVERTIME - 1)
            cell = np.ravel_multi_index((band, last_score[who], overtime.astype(np.int64)), SHAPE)
            at_risk += np.bincount(cell, minlength=len(at_risk))
            leaves = path.ended[month][at] & (register.cause[who] == 0)
            events += np.bincount(cell[leaves], minlength=len(events))
        if month % path.world.survey_every_months == 0:
            posts = np.flatnonzero(
                answered(path, month) & path.consented("surveys", person, path.first_day[month])
            )
            score = scores_of(path, month)["exhaustion"][posts]
            last_score[person[posts]] = np.round(score * _SCORE_STEPS).astype(np.int64)
    return HazardCells(at_risk=at_risk.reshape(SHAPE), events=events.reshape(SHAPE))


def fit_hazard(at_risk: Ints, events: Ints) -> tuple[float, float]:
    """Log hazard ratios of exhaustion (per point) and overtime (per hour) given the tenure band.

    Maximum likelihood of events ~ Binomial(at_risk, 1 − exp(−exp(η))), η linear, by Fisher scoring.

    Args:
        at_risk, events: Counts of `SHAPE`.

    Raises:
        ConvergenceError: Not settled after 50 steps.
    """
    used = np.flatnonzero(at_risk.ravel())
    band, score, overtime = np.unravel_index(used, SHAPE)
    n, d = at_risk.ravel()[used].astype(float), events.ravel()[used].astype(float)
    # a band without an exit has no finite effect; it says nothing about the slopes either
    lively = np.bincount(band, d, len(BAND_EDGES) + 1) > 0
    keep = lively[band]
    band, score, overtime, n, d = band[keep], score[keep], overtime[keep], n[keep], d[keep]
    dummies = (band[:, None] == np.flatnonzero(lively)[None, :]).astype(float)
    x = np.column_stack([score / _SCORE_STEPS - 2.0, overtime / _OVERTIME_STEPS - 10.0, dummies])
    beta = np.concatenate([[0.0, 0.0], np.full(dummies.shape[1], np.log(d.sum() / n.sum()))])
    for _ in range(50):
        hazard = np.exp(np.minimum(x @ beta, 3.0))
        p = -np.expm1(-hazard)
        slope = hazard * (1.0 - p)
        weight = n * slope**2 / (p * (1.0 - p))
        step = np.linalg.solve(x.T @ (x * weight[:, None]), x.T @ ((d - n * p) * slope / (p * (1.0 - p))))
        beta = beta + step
        if float(np.abs(step).max()) < 1e-10:
            return float(beta[0]), float(beta[1])
    raise ConvergenceError("The large-sample hazard did not settle.", where="synth.large_sample.fit_hazard")


def tenure_steps(day: Ints, hire_day: Ints) -> Ints:
    """Tenure on a day in 31sts of a month: calendar months and days / 31, so anniversaries are whole."""
    months = [d.astype("datetime64[D]").astype("datetime64[M]") for d in (day, hire_day)]
    of_month = [
        d - m.astype("datetime64[D]").astype(np.int64) for d, m in zip((day, hire_day), months, strict=True)
    ]
    return 31 * (months[0].astype(np.int64) - months[1].astype(np.int64)) + of_month[0] - of_month[1]
