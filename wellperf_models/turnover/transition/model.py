"""Completions (the exit that is the aim) in the latest period against the one before it, per month at risk.

A rate per person-month, not a count: people who come and go change both sides of it. And within bands of
tenure: after a wave of new placements fewer people are at the tenure at which one moves on, which would look
like a worse programme.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.aalen_johansen import fit_aalen_johansen
from wellperf_models.inference.rate_ratio import RateRatio, fit_rate_ratio
from wellperf_models.inference.risk_sets import Floats, Ints, smallest_risk_set
from wellperf_models.study import Turnover
from wellperf_models.study.turnover_questions import Transition
from wellperf_models.turnover.model import Description, fit_description
from wellperf_models.turnover.rows import TurnoverFrame
from wellperf_models.turnover.transition.dispersion import Dispersion, assess_dispersion
from wellperf_models.turnover.transition.periods import Period, Tally, cut_period, tally

# width of the bands of tenure where the study file names none
_BAND_MONTHS = 6.0


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """People whose placement began in a period: (share, standard error, low, high) with the aim reached."""

    share: tuple[float, float, float, float]
    people: Ints
    completers: Ints
    n_non_events: int


@dataclass(frozen=True, kw_only=True)
class TransitionModel:
    """The answer to "how many reach the aim, and was the goal reached?".

    Attributes:
        cause: The exit that is the aim.
        target: The goal, a relative change.
        months: Length of each period.
        description: Cumulative incidence at all tenures, or why there is none.
        later, earlier: The latest period, and the one before it.
        ratio: Of the two rates, at the same tenure.
        crude: Of the two rates, whatever the tenure.
        unwidened: Both again as if completions came one by one.
        dispersion: Of the counts relative to Poisson's, and how it was found.
        same_tenure: Share of the completions at tenures that both periods have people of.
        observed_before: Whether all of the earlier period was observed.
        cohort_months: Months since the start that the shares of `cohorts` are about; None: not identifiable.
        cohorts: Those who began in the later and in the earlier period.
    """

    cause: str
    target: float
    months: int
    description: Description | Unanswered
    later: Period
    earlier: Period
    ratio: RateRatio
    crude: RateRatio
    unwidened: tuple[RateRatio, RateRatio]
    dispersion: Dispersion
    same_tenure: float
    observed_before: bool
    cohort_months: float | None
    cohorts: tuple[Cohort, Cohort] | None = field(repr=False)

    @property
    def goal(self) -> float:
        """The ratio that was set as the goal."""
        return 1 + self.target

    def prob_reached(self) -> tuple[float, float, float]:
        """Probability that the goal was reached; lowest and highest of the ways to look at it."""
        value = self.ratio.prob_at_least(self.goal)
        others = [r.prob_at_least(self.goal) for r in (self.crude, *self.unwidened)]
        return value, min(value, *others), max(value, *others)

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"TransitionModel({self.cause!r}, {self.months} months; not released)"


def fit_transition(frame: TurnoverFrame, section: Turnover) -> TransitionModel:
    """Fits the rates of both periods, their ratio, and the shares by tenure.

    Args:
        frame: The turnover frame.
        section: `[turnover]`, with `[turnover.transition]`.

    Raises:
        NotAskedError: The study does not ask.
        DesignError: Spells have no dates, the period before was not observed, or
            there is nothing to compare.
    """
    asked = section.transition
    if asked is None:
        raise NotAskedError("The study does not ask it.", remedy="add [turnover.transition] to ask it")
    later, earlier = _periods(frame, asked)
    spells = frame.spells
    code = frame.causes.index(asked.cause) + 1
    edges = _edges(section, float(spells.duration.max()))
    strata = [tally(spells, period, edges) for period in (later, earlier)]
    found = assess_dispersion(frame, code, (later, earlier), edges, asked.months)
    horizon, cohorts = _cohorts(frame, section, code, (later, earlier), asked.months)
    whole = [t.whole() for t in strata]
    return TransitionModel(
        cause=asked.cause,
        target=asked.target,
        months=asked.months,
        description=attempt(fit_description, frame, section),
        later=later,
        earlier=earlier,
        ratio=_ratio(strata, found.used),
        crude=_ratio(whole, found.used),
        unwidened=(_ratio(strata, 1.0), _ratio(whole, 1.0)),
        dispersion=found,
        same_tenure=_same_tenure(*strata),
        observed_before=frame.observed_from is None or frame.observed_from <= earlier.start + 1e-6,
        cohort_months=horizon,
        cohorts=cohorts,
    )


def _periods(frame: TurnoverFrame, asked: Transition) -> tuple[Period, Period]:
    """The latest period and the one before it."""
    spells, until, months = frame.spells, frame.observed_until, float(asked.months)
    if spells.start is None or until is None:
        raise DesignError(
            "Spells have no dates, so that no period can be compared with the one before it.",
            where="tables.spells",
            expected="start and end of each spell",
            remedy="give the first and the last day of each spell instead of months of tenure",
        )
    if frame.observed_from is not None and frame.observed_from >= until - months - 1e-6:
        raise DesignError(
            "The period before the latest one was not observed.",
            where="study.observed_from, turnover.transition.months",
            expected=f"observation since {2 * asked.months} months",
            remedy="compare shorter periods, or read an earlier extract",
        )
    code = frame.causes.index(asked.cause) + 1
    return (
        cut_period(spells, spells.start, code, until - months, until),
        cut_period(spells, spells.start, code, until - 2 * months, until - months),
    )


def _edges(section: Turnover, longest: float) -> Floats:
    """Bands (edge, next edge] of tenure from 0 to beyond the longest."""
    inner = section.period_edges_months or tuple(np.arange(_BAND_MONTHS, longest, _BAND_MONTHS).tolist())
    return np.array([0.0, *[e for e in inner if e < longest], longest + 1])


def _ratio(strata: list[Tally], dispersion: float) -> RateRatio:
    later, earlier = strata
    return fit_rate_ratio(later.events, earlier.events, later.months, earlier.months, dispersion=dispersion)


def _same_tenure(later: Tally, earlier: Tally) -> float:
    """Share of the completions at tenures that both periods have people of."""
    events = later.events + earlier.events
    both = (later.months > 0) & (earlier.months > 0)
    return float(events[both].sum() / max(1.0, events.sum()))


def _cohorts(
    frame: TurnoverFrame, section: Turnover, code: int, periods: tuple[Period, Period], months: int
) -> tuple[float | None, tuple[Cohort, Cohort] | None]:
    """Shares among those who began in each period, at the longest horizon that both were followed to."""
    spells = frame.spells
    assert spells.start is not None
    began = [(spells.start >= p.start - 1e-9) & (spells.start < p.end - 1e-9) for p in periods]
    for horizon in reversed([h for h in section.horizons_months if h <= months]):
        enough = [
            own.any()
            and smallest_risk_set(spells.entry[own], spells.duration[own], 0.0, horizon)
            >= frame.min_group_size
            for own in began
        ]
        if all(enough):
            later, earlier = (_cohort(frame, code, own, horizon) for own in began)
            return horizon, (later, earlier)
    return None, None


def _cohort(frame: TurnoverFrame, code: int, own: np.ndarray, horizon: float) -> Cohort:
    spells = frame.spells
    event = np.where(spells.event == code, 1, np.where(spells.event > 0, 2, 0))[own]
    cluster = None if spells.cluster is None else spells.cluster[own]
    curve = fit_aalen_johansen(spells.entry[own], spells.duration[own], event, 2, cluster=cluster)
    person, reached = spells.person[own], (event == 1) & (spells.duration[own] <= horizon)
    people, completers = np.unique(person), np.unique(person[reached])
    return Cohort(
        share=curve.at(horizon, 1),
        people=people,
        completers=completers,
        n_non_events=people.size - completers.size,
    )
