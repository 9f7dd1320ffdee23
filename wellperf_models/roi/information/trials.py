"""A further trial by lot: how surely it would tell the effects, what it costs, and what it would bring.

With n people in two equal arms, lots drawn among m clusters and ρ the share of an outcome's variance between
them, an effect is estimated with the variance

    v = 4 σ² / n × (1 + (n / m − 1) ρ)          (lots by person: 4 σ² / n),

σ² being what a person's outcome varies by over a year in these data, see `spread` (Donner & Klar 2000,
Design and Analysis of Cluster Randomization Trials). Estimates of several outcomes are correlated as they are
in these data. Half of the people are offered the programme at once; after D years everybody else is, where
what was learnt says so. With s the share of those the decision is about who are offered it in the trial, N_0
the net present value for everybody now and N_D that of a decision put off by D years (the years counted end
when they would have ended), the expected net benefit of sampling is

    ENBS = s E N_0 + (1 − s) E max(0, E[N_D | S]) − cost − max(0, E N_0).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.inference.rank_correlation import complete
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.value_of_information import Gain, evsi
from wellperf_models.roi.information.results import Sampled, Spread, Trial
from wellperf_models.roi.information.spread import spread_of
from wellperf_models.roi.information.unknowns import put_off, repeated, true_effects
from wellperf_models.roi.model_effects import joint_correlation
from wellperf_models.roi.rows import Effect, RoiFrame
from wellperf_models.roi.terms import Draws, Terms, cash_of, share_of
from wellperf_models.study import Pilot, Roi

_SEED: Final = 43


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every trial that can be run, and what it would tell.

    Attributes:
        trials: Which, k of them.
        covariances: Of the errors of the channels' effects in each, k times shape (c, c).
        spreads: Outcome → spread.
        impossible: Declared trials that can't be run, and why, in words.
        delay_years: By how much the decision for everybody is put off.
        cost_once, cost_per_person: In the reporting currency, of whose money is counted.
    """

    trials: tuple[Trial, ...]
    covariances: tuple[Floats, ...]
    spreads: dict[str, Spread]
    impossible: tuple[str, ...]
    delay_years: float
    cost_once: float
    cost_per_person: float


def plan_trials(frame: RoiFrame, effects: Mapping[str, Effect], terms: Terms, section: Roi) -> Plan:
    """The trials declared in `[roi.pilot]`.

    Args:
        frame: Gives spreads and clusters.
        effects: Outcome with a value → effect: gives correlations.
        terms: Channels, and how many people it is about.
        section: `[roi]`.

    Raises:
        NotAskedError: No `[roi.pilot]`.
        DesignError: Its costs are in a currency without a rate, an outcome does not vary, or none of its
            trials can be run.
    """
    pilot, decision = section.pilot, section.decision
    if pilot is None:
        raise NotAskedError(
            "The study declares no trial that could be run before deciding.",
            where="[roi.pilot]",
            remedy="declare its sizes and what it would cost in [roi.pilot]",
        )
    assert decision is not None
    rate = _rate(frame, pilot) * share_of({"employer": 1.0}, decision.perspective)
    spreads = {}
    for channel in terms.channels:
        name = channel.outcome
        spreads[name] = spread_of(frame.outcomes[name], effects[name], pilot.icc)
    correlation = complete(joint_correlation([effects[name] for name in spreads]), decision.correlation)
    trials, impossible = _possible(pilot, terms.people, section.level)
    if not trials:
        raise DesignError(
            "None of the trials declared can be run: " + "; ".join(impossible) + ".",
            where="[roi.pilot] people, clusters",
            expected=f"at most {2 * terms.people} people, and no more clusters than people",
        )
    return Plan(
        trials=trials,
        covariances=tuple(_covariance(trial, list(spreads.values()), correlation) for trial in trials),
        spreads=spreads,
        impossible=impossible,
        delay_years=pilot.delay_years,
        cost_once=pilot.cost_once * rate,
        cost_per_person=pilot.cost_per_person * rate,
    )


def _rate(frame: RoiFrame, pilot: Pilot) -> float:
    if pilot.currency == frame.currency:
        return 1.0
    if pilot.currency not in frame.money_rates:
        raise DesignError(
            "What a trial costs is in a currency that nothing else is in, so it can't be converted.",
            where="[roi.pilot] currency",
            expected=f"{frame.currency}, or a currency of a value or cost",
            got=pilot.currency,
        )
    return frame.money_rates[pilot.currency]


def _possible(pilot: Pilot, people: int, level: str) -> tuple[tuple[Trial, ...], tuple[str, ...]]:
    """Trials that can be run, by size and number of clusters, and those that can't, in words."""
    every = [
        Trial(people=n, clusters=m)
        for n in sorted(set(pilot.people))
        for m in (*sorted(set(pilot.clusters)), *([] if pilot.clusters else [None]))
    ]
    named = level if level != "person" else "team"
    can, refused = [], []
    for trial in every:
        if trial.people > 2 * people:
            refused.append(f"{trial.words(named)}: half of them are more than the decision is about")
        elif trial.clusters is not None and trial.clusters > trial.people:
            refused.append(f"{trial.words(named)}: more {named}s than people")
        else:
            can.append(trial)
    return tuple(can), tuple(refused)


def _covariance(trial: Trial, spreads: Sequence[Spread], correlation: Floats) -> Floats:
    """Covariance of the errors of the effects a trial would estimate."""
    errors = np.array([math.sqrt(variance_of(trial, spread)) for spread in spreads])
    return correlation * np.outer(errors, errors)


def variance_of(trial: Trial, spread: Spread) -> float:
    """Variance of an effect that a trial would estimate.

    Args:
        trial: Size, and clusters among which lots are drawn.
        spread: Of the outcome.
    """
    inflation = 1.0
    if trial.clusters is not None:
        inflation += (trial.people / trial.clusters - 1) * spread.icc
    return 4 * spread.sd**2 / trial.people * inflation


def value_trials(
    plan: Plan, draws: Draws, terms: Terms, n_effective: float, seed: int
) -> tuple[Sampled, ...]:
    """What every trial would bring; the same draws and noise for all (common random numbers).

    Args:
        plan: From `plan_trials`.
        draws: Of everything unknown, under one set of priors.
        terms: What is not drawn.
        n_effective: Independent draws that these are worth.
        seed: The study's.
    """
    effects = np.column_stack(list(true_effects(draws, terms).values()))
    noise = np.random.default_rng([seed, _SEED]).standard_normal(effects.shape)
    cash = cash_of(draws, terms)
    now, late = cash.npv, later(draws, terms, plan.delay_years)
    nothing, together = np.zeros_like(now), repeated(draws, terms)
    at_once = evsi(np.column_stack([nothing, now]), effects, plan.covariances, noise, n_effective, together)
    put = at_once
    if plan.delay_years > 0 and late.any():
        put = evsi(np.column_stack([nothing, late]), effects, plan.covariances, noise, n_effective, together)
    return tuple(
        _sampled(plan, trial, gain, then, now, late, cash.pv_cost, terms.people, n_effective)
        for trial, gain, then in zip(plan.trials, at_once, put, strict=True)
    )


def later(draws: Draws, terms: Terms, delay: float) -> Floats:
    """Net present value of funding it after a delay; between whole years in proportion, shape (n,)."""
    whole, part = int(delay), delay - int(delay)
    n = next(iter(draws.values())).size
    found = np.zeros(n)
    for years, weight in ((whole, 1 - part), (whole + 1, part)):
        then = put_off(terms, years)
        if weight and then is not None:
            found += weight * cash_of(draws, then).npv
    return found


def _sampled(
    plan: Plan,
    trial: Trial,
    gain: Gain,
    then: Gain,
    now: Floats,
    late: Floats,
    pv_cost: Floats,
    people: int,
    n_effective: float,
) -> Sampled:
    share = trial.people / 2 / people
    measuring = plan.cost_once + plan.cost_per_person * trial.people
    best_now = max(0.0, float(now.mean()))
    # with a delay that leaves no year nothing is decided any more
    decided = max(0.0, float(late.mean())) + (then.value if late.any() else 0.0)
    net = share * float(now.mean()) + (1 - share) * decided - measuring - best_now
    cost = measuring + share * float(pv_cost.mean())
    told = late * (then.choice == 1)
    drawn = share * now + (1 - share) * told - (now if best_now > 0 else 0.0)
    return Sampled(
        trial=trial,
        gain=gain,
        cost=cost,
        waiting=gain.value - cost - net,
        net=net,
        net_error=float(drawn.std(ddof=1)) / math.sqrt(n_effective),
    )
