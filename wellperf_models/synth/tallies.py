"""Sums over one block of simulated people from which every estimand is a function.

Sums of independent blocks add up; leaving one block out at a time gives the Monte Carlo error (jackknife).
"""

from __future__ import annotations

import numpy as np

from wellperf_models.synth import dynamics
from wellperf_models.synth.appraisal import cycles, manager_scores
from wellperf_models.synth.dynamics import CAUSES, Policy, State
from wellperf_models.synth.forecast import count_forecasts
from wellperf_models.synth.large_sample import count_cells, tenure_steps
from wellperf_models.synth.measures import answered, scores_of
from wellperf_models.synth.path import Path, begin, record
from wellperf_models.synth.policies import tally_policies
from wellperf_models.synth.streams import Streams
from wellperf_models.synth.structure import Structure
from wellperf_models.synth.trial import tally_trial
from wellperf_models.synth.world import World

LONGEST_MONTHS = 36
FOLLOW_UP_MONTHS = 12
PROGRAMMES: dict[str, Policy] = {"none": Policy(programme="none"), "programme": Policy(programme="all")}

Tally = dict[str, np.ndarray]


def tally_block(world: World, seed: int, block: int, posts: int) -> Tally:
    """Lives one block under every policy and as it happened, and adds up what the estimands need."""
    structure, streams, state = begin(world, seed, block, posts)
    sums: Tally = {}
    for name, policy in PROGRAMMES.items():
        sums |= {
            f"{name}.{key}": value
            for key, value in _arm(world, structure, streams, state.copy(), policy).items()
        }
    without = record(world, structure, streams, state.copy(), PROGRAMMES["none"])
    policies = tally_policies(world, structure, streams, state.copy())
    path = record(world, structure, streams, state)
    cells = count_cells(path)
    return (
        sums
        | {"at_risk": cells.at_risk, "events": cells.events, "forecasts": count_forecasts(path)}
        | {f"policy.{name}": value for name, value in policies.items()}
        | {f"trial.{name}": value for name, value in tally_trial(path, without).items()}
        | _tenure(path)
        | _gaps(path)
        | _scores(path)
    )


def _arm(world: World, structure: Structure, streams: Streams, state: State, policy: Policy) -> Tally:
    """A year with the programme everywhere or nowhere: voluntary exits, exhaustion at the end."""
    dynamics.roll_out(world, structure, streams, state, policy)
    exits = 0
    for month in range(FOLLOW_UP_MONTHS):
        lived = dynamics.advance(world, structure, streams, state, month, policy)
        exits += int((lived.cause == CAUSES.index("voluntary")).sum())
    return {
        "people": np.array(float(len(state.team))),
        "exits": np.array(float(exits)),
        "exhaustion": np.array(float(state.exhaustion.sum())),
    }


def _tenure(path: Path) -> Tally:
    """People by tenure at entry into observation and at exit (31sts of a month), person-years, exits."""
    r = path.register
    here = r.hire_day < path.first_day[-1]
    hire, cause = r.hire_day[here], r.cause[here]
    entry = tenure_steps(np.maximum(hire, path.first_day[0]), hire)
    after = np.where(cause >= 0, r.end_day[here] + 1, path.first_day[-1])
    end = tenure_steps(after, hire)
    most = LONGEST_MONTHS * 31 + 1
    within = entry < most
    years = (after - np.maximum(hire, path.first_day[0])).sum() / 365.25
    left = [
        np.bincount(np.minimum(end[within & (cause == k)], most), minlength=most + 1) for k in (-1, 0, 1, 2)
    ]
    return {
        "entered": np.bincount(entry[within], minlength=most + 1),
        "left": np.stack(left),
        "person_years": np.array(float(years)),
        "exits": np.bincount(cause[cause >= 0], minlength=len(CAUSES)).astype(float),
        "exhaustion_sum": np.array(float(path.exhaustion.sum())),
        "person_months": np.array(float(path.exhaustion.size)),
    }


def _gaps(path: Path) -> Tally:
    """Score points that managers' gaps cost, all else and all draws equal, summed over those concerned."""
    month = cycles(path)[-1]
    biased, fair = manager_scores(path, month), manager_scores(path, month, with_gaps=False)
    person = path.person[month]
    women, temporary = path.register.gender[person] == 1, path.register.temporary[person] == 1
    sums: Tally = {}
    for group, who in (("women", women & ~temporary), ("temporary", temporary & ~women)):
        sums[f"n_{group}"] = np.array(float(who.sum()))
        for stage, with_gap, without in zip(("before", "after"), biased, fair, strict=True):
            sums[f"gap_{group}_{stage}"] = np.array(float((with_gap - without).mean(axis=0)[who].sum()))
    return sums


def _scores(path: Path) -> Tally:
    """Moments of exhaustion scores a wave apart, of those who answered both."""
    apart, total = path.world.survey_every_months, np.zeros(6)
    for month in range(0, path.world.months - apart, apart):
        both = (
            (path.person[month] == path.person[month + apart])
            & answered(path, month)
            & answered(path, month + apart)
        )
        x, y = (scores_of(path, m)["exhaustion"][both] for m in (month, month + apart))
        total += [both.sum(), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()]
    return {"moments": total}
