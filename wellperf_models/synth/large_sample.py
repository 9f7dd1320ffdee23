"""What a correct model tends to: a person-period cloglog hazard on exact cells of a large sample."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from wellperf_models.errors import ConvergenceError
from wellperf_models.synth.measures import answered, scores_of
from wellperf_models.synth.path import Path
from wellperf_models.synth.streams import Floats, Ints

# upper ends of the tenure bands in calendar months since the month of hire, as in the default study file
BAND_EDGES = (6, 12, 24, 36, 60, 120)
# cut points of the same file: a level is above one and up to the next
EXHAUSTION_CUTS, OVERTIME_CUTS = (1.5, 2.5, 3.5), (15.0, 25.0, 35.0)
_SCORE_STEPS, _N_SCORES = 5, 31
_OVERTIME_STEPS, _N_OVERTIME = 2, 201
# the last place of a covariate's axis is "not measured"
SHAPE = (len(BAND_EDGES) + 1, _N_SCORES + 1, _N_OVERTIME + 1)


@dataclass(frozen=True, kw_only=True)
class HazardCells:
    """Person-months at risk and voluntary exits by (tenure band, exhaustion, overtime); arrays of `SHAPE`.

    The score is the last one answered in a wave before the month, the overtime the last one of an earlier
    month: nothing from the month itself.
    """

    at_risk: Ints
    events: Ints


def count_cells(path: Path) -> HazardCells:
    """Counts the cells of one block: every calendar month with a day of employment in the extract."""
    register, world = path.register, path.world
    n = len(register.hire_day)
    score, overtime = np.full(n, _N_SCORES), np.full(n, _N_OVERTIME)
    hire_month = _months(register.hire_day)
    months = _months(path.first_day)
    at_risk, events = np.zeros(np.prod(SHAPE), dtype=np.int64), np.zeros(np.prod(SHAPE), dtype=np.int64)
    for month in range(world.months):
        person, begin = path.person[month], path.first_day[month]
        # who was hired during the month is at risk in it as well, with nothing measured yet
        hired = np.flatnonzero((hire_month == months[month]) & (register.hire_day > begin))
        who = np.concatenate([person, hired])
        band = np.searchsorted(BAND_EDGES, months[month] - hire_month[who] + 1)
        cell = np.ravel_multi_index((band, score[who], overtime[who]), SHAPE)
        at_risk += np.bincount(cell, minlength=len(at_risk))
        leaves = np.flatnonzero(path.ended[month] & (register.cause[person] == 0))
        events += np.bincount(cell[leaves], minlength=len(events))
        if month % world.survey_every_months == 0:
            posts = np.flatnonzero(answered(path, month) & path.consented("surveys", person, begin))
            values = scores_of(path, month)["exhaustion"][posts]
            score[person[posts]] = np.round(values * _SCORE_STEPS).astype(np.int64)
        posts = np.flatnonzero(
            (register.hire_day[person] <= begin) & path.consented("workload", person, begin)
        )
        hours = np.minimum(np.round(path.overtime[month][posts] * _OVERTIME_STEPS), _N_OVERTIME - 1)
        overtime[person[posts]] = hours.astype(np.int64)
    return HazardCells(at_risk=at_risk.reshape(SHAPE), events=events.reshape(SHAPE))


def _months(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def fit_slopes(at_risk: Ints, events: Ints) -> dict[str, float]:
    """Log hazard ratios per point of exhaustion and per hour of overtime given the tenure band.

    Person-months with both measured; `_per_sd` is per standard deviation over those person-months.

    Args:
        at_risk, events: Counts of `SHAPE`.
    """
    n, d = at_risk[:, :-1, :-1], events[:, :-1, :-1]
    used = np.flatnonzero(n.ravel())
    band, score, overtime = np.unravel_index(used, n.shape)
    counts = n.ravel()[used].astype(float)
    x = np.column_stack([score / _SCORE_STEPS, overtime / _OVERTIME_STEPS])
    mean = counts @ x / counts.sum()
    spread = np.sqrt(counts @ np.square(x - mean) / counts.sum())
    beta = fit_cloglog(band, x - mean, counts, d.ravel()[used].astype(float))
    names = ("log_hazard_ratio_exhaustion_voluntary", "log_hazard_ratio_overtime_voluntary")
    found = {name: float(b) for name, b in zip(names, beta, strict=True)}
    return found | {f"{name}_per_sd": float(b * s) for name, b, s in zip(names, beta, spread, strict=True)}


def fit_levels(at_risk: Ints, events: Ints) -> dict[str, float]:
    """Log hazard ratios of levels against one of their covariate; "not measured" is a level of each.

    Args:
        at_risk, events: Counts of `SHAPE`.
    """
    by_score = np.searchsorted(EXHAUSTION_CUTS, np.arange(_N_SCORES) / _SCORE_STEPS)
    by_hours = np.searchsorted(OVERTIME_CUTS, np.arange(_N_OVERTIME) / _OVERTIME_STEPS)
    levels = (np.append(by_score, len(EXHAUSTION_CUTS) + 1), np.append(by_hours, len(OVERTIME_CUTS) + 1))
    shape = (SHAPE[0], len(EXHAUSTION_CUTS) + 2, len(OVERTIME_CUTS) + 2)
    n, d = np.zeros(shape), np.zeros(shape)
    for cells, counts in ((n, at_risk), (d, events)):
        np.add.at(
            cells,
            (np.arange(SHAPE[0])[:, None, None], levels[0][None, :, None], levels[1][None, None, :]),
            counts,
        )
    used = np.flatnonzero(n.ravel())
    band, exhaustion, overtime = np.unravel_index(used, shape)
    columns: dict[str, np.ndarray] = {}
    for name, level, cuts, reference in (
        ("exhaustion", exhaustion, EXHAUSTION_CUTS, 1),
        ("overtime", overtime, OVERTIME_CUTS, 0),
    ):
        words = _words(cuts)
        columns |= {
            f"log_hazard_ratio_{name}_{word}_against_{words[reference]}": level == k
            for k, word in enumerate(words)
            if k != reference
        }
    # a level nobody is in has no effect to find
    names = [name for name, inside in columns.items() if inside.any()]
    x = np.column_stack([columns[name] for name in names]).astype(float)
    beta = dict(zip(names, fit_cloglog(band, x, n.ravel()[used], d.ravel()[used]).tolist(), strict=True))
    return {name: beta.get(name, float("nan")) for name in columns if "not_measured" not in name}


def _words(cuts: tuple[float, ...]) -> list[str]:
    """Names of the levels, "not measured" last."""
    text = [f"{c:g}" for c in cuts]
    return [
        f"up_to_{text[0]}",
        *(f"{a}_to_{b}" for a, b in pairwise(text)),
        f"over_{text[-1]}",
        "not_measured",
    ]


def fit_cloglog(band: Ints, x: Floats, n: Floats, d: Floats) -> Floats:
    """Maximum likelihood of d ~ Binomial(n, 1 − exp(−exp(α_band + x β))) by Fisher scoring; returns β.

    Args:
        band: Baseline of each cell, (cells,).
        x: Covariates, (cells, p).
        n, d: At risk, events, (cells,).

    Raises:
        ConvergenceError: Not settled after 50 steps.
    """
    # a band without an exit has no finite intercept; it says nothing about the slopes either
    lively = np.bincount(band, d) > 0
    keep = lively[band]
    band, x, n, d = band[keep], x[keep], n[keep], d[keep]
    dummies = (band[:, None] == np.flatnonzero(lively)[None, :]).astype(float)
    x = np.column_stack([x, dummies])
    beta = np.append(
        np.zeros(x.shape[1] - dummies.shape[1]), np.full(dummies.shape[1], np.log(d.sum() / n.sum()))
    )
    for _ in range(50):
        hazard = np.exp(np.minimum(x @ beta, 3.0))
        p = -np.expm1(-hazard)
        slope = hazard * (1.0 - p)
        weight = n * slope**2 / (p * (1.0 - p))
        step = np.linalg.solve(x.T @ (x * weight[:, None]), x.T @ ((d - n * p) * slope / (p * (1.0 - p))))
        beta = beta + step
        if float(np.abs(step).max()) < 1e-10:
            return beta[: x.shape[1] - dummies.shape[1]]
    raise ConvergenceError("The large-sample hazard did not settle.", where="synth.large_sample.fit_cloglog")


def tenure_steps(day: Ints, hire_day: Ints) -> Ints:
    """Tenure on a day in 31sts of a month: calendar months and days / 31, so anniversaries are whole."""
    months = [d.astype("datetime64[D]").astype("datetime64[M]") for d in (day, hire_day)]
    of_month = [
        d - m.astype("datetime64[D]").astype(np.int64) for d, m in zip((day, hire_day), months, strict=True)
    ]
    return 31 * (months[0].astype(np.int64) - months[1].astype(np.int64)) + of_month[0] - of_month[1]
