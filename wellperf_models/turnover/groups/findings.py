"""Evidence `turnover.groups`: how often people leave by group, and whether groups differ beyond chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Measure,
    Provenance,
    Row,
    Support,
    Table,
    Unanswered,
    interval_measures,
    plain,
    unanswered,
)
from wellperf_models.panel import Level, members_of, nested_table
from wellperf_models.turnover.findings_tables import are_names
from wellperf_models.turnover.groups.checks import verdict
from wellperf_models.turnover.groups.model import TRIVIAL_RATIO, GroupHazards, Summary
from wellperf_models.turnover.rows import TurnoverFrame

_UNIT = "exits per 100 person-years"
_Z = 1.959963984540054
_SAYS = {
    "differ": "Groups differ by more than chance.",
    "alike": "Groups hardly differ: what looks like a difference is mostly chance.",
    "open": "Whether groups differ by more than chance, these data leave open.",
}


def compare_groups(
    frame: TurnoverFrame,
    model: GroupHazards | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence: means and intervals by name, never an order of groups, never draws.

    Args:
        frame: The turnover frame.
        model: From `fit_groups`; an `Unanswered` gives an evidence that says why.
        checks: From `check_groups`.
        provenance: Where the numbers come from.
    """
    what = "group" if isinstance(model, Unanswered) else model.cells.what
    question = f"Does the rate of leaving differ between {what}s by more than chance?"
    if isinstance(model, Unanswered):
        return unanswered(
            "turnover.groups", question, model, population=frame.population, provenance=provenance
        )
    cause, told = frame.causes[0].replace("_", " "), _whole_is_told(frame)
    return Evidence(
        id="turnover.groups",
        question=question,
        answer=_SAYS[verdict(model.spread.prob_differs)]
        + (f"[ All together: {{everyone.estimate}} exits per 100 person-years ({plain(cause)}).]" * told)
        + f"[ Of two {what}s picked at random, the one with the higher rate has typically "
        "{median_rate_ratio.estimate} times the other's;]"
        f"[ the probability that this is above {TRIVIAL_RATIO:g} is {{differs_probability}}.]",
        estimand=f"Exits ({cause}) expected per 100 person-years in a {what}, were its people's tenure that "
        "of everyone; partially pooled. And how much these rates differ.",
        population=frame.population,
        design="description",
        provenance=provenance,
        estimates=_estimates(frame, model),
        tables=(_table(frame, model),),
        checks=tuple(checks),
        assumptions=(
            "Log rates of groups are normal around their mean, and a group's rate differs from the mean by "
            "the same factor at every tenure.",
            "Within group and tenure, people leave independently of each other.",
            "Prior of the spread between groups: half-normal with scale 0.5 (log rate).",
        ),
        limits=_limits(frame, model),
        members=members_of(frame.roster, *model.cells.everybody()),
    )


def _whole_is_told(frame: TurnoverFrame) -> bool:
    """Whether the rate of all may stand: not where it leaves a few exits of other causes."""
    others = np.unique(frame.spells.person[frame.spells.event > 1]).size
    return frame.in_full or not 0 < others < frame.minimum.events


def _estimates(frame: TurnoverFrame, model: GroupHazards) -> tuple[Estimate, ...]:
    people, leavers = model.cells.everybody()
    support = Support(
        n_people=people.size,
        n_events=leavers.size,
        n_non_events=people.size - leavers.size,
        n_parameters=model.cells.months.shape[1] + 1,
        n_clusters=model.cells.names.size,
        members=members_of(frame.roster, people, leavers),
    )
    spread, what = model.spread, model.cells.what
    label = "exits of all, at their mix of tenure"
    whole = _credible("everyone", label, model.everyone, _UNIT, support)
    return (
        *((whole,) if _whole_is_told(frame) else ()),
        _credible(
            "median_rate_ratio",
            f"rates of two {what}s picked at random, the higher by the lower: median ratio",
            spread.median_ratio,
            "rate ratio",
            support,
        ),
        _credible(
            "spread_of_log_rates",
            f"standard deviation of log rates between {what}s",
            spread.scale,
            "log rate",
            support,
        ),
        Estimate(
            name="differs_probability",
            label=f"probability that this median ratio is above {TRIVIAL_RATIO:g}",
            value=spread.prob_differs,
            unit="probability",
            support=support,
            se=0.01,
            computation="sampled",
            monte_carlo_error=spread.prob_error,
        ),
    )


def _credible(name: str, label: str, found: Summary, unit: str, support: Support) -> Estimate:
    return Estimate(
        name=name,
        label=label,
        value=found.mean,
        low=found.low,
        high=found.high,
        coverage=0.95,
        interval="credible",
        unit=unit,
        support=support,
        computation="sampled",
        monte_carlo_error=max(found.errors),
    )


def _table(frame: TurnoverFrame, model: GroupHazards) -> Table:
    """By name at each level, so that a group too small is shown within the next."""
    own = Level(name=model.cells.what, groups=model.cells.names)
    return nested_table(lambda level: _rates_of(frame, model, level), (own, *model.cells.above))


def _rates_of(frame: TurnoverFrame, model: GroupHazards, level: Level) -> Table:
    cells = model.cells
    everyone = model.cells.everybody()[0].size
    rows = []
    for name in np.unique(level.groups):
        inside = np.flatnonzero(level.groups == name)
        people = np.unique(np.concatenate([cells.people[i] for i in inside]))
        leavers = np.unique(np.concatenate([cells.leavers[i] for i in inside]))
        found = model.rates[level.name][str(name)]
        rate = (found.mean, found.low, found.high) if frame.in_full else blur(found)
        rows.append(
            Row(
                key=(str(name),),
                values=(people.size, *rate),
                monte_carlo_errors=(None, *found.errors),
                # judged by people alone: hiding groups in which few left would leave those with many
                support=Support(
                    n_people=people.size,
                    n_complement=everyone - people.size,
                    members=members_of(frame.roster, people, leavers),
                ),
            )
        )
    return Table(
        name="rates_by_group",
        title=f"Exits ({frame.causes[0].replace('_', ' ')}) expected by {level.name}, partially pooled",
        keys=(level.name,),
        measures=(
            Measure(name="people", kind="count", unit="people", label="People"),
            # of a model: a row needs as many people as an estimate of one
            *interval_measures("exit_rate", "Exits per 100 person-years", _UNIT, ends=""),
        ),
        rows=tuple(rows),
        computation="sampled",
        # a team that is too small to be shown is not named either
        open_keys=are_names(rows),
    )


def blur(found: Summary) -> tuple[float, float, float]:
    """Mean and interval in steps of half their standard deviation at least: 1, 2 or 5 times a power of ten.

    To more digits the rate of a group says how many left from it, as the mean rises by about as much with
    each.
    """
    half = (found.high - found.low) / (4 * _Z)
    power = 10.0 ** math.floor(math.log10(half)) if half > 0 else 1.0
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= half or s == 10)
    mean, low, high = (step * round(v / step) for v in (found.mean, found.low, found.high))
    # 3 × 0.1 is 0.30000000000000004
    return round(mean, 9), round(low, 9), round(high, 9)


def _limits(frame: TurnoverFrame, model: GroupHazards) -> tuple[str, ...]:
    what = model.cells.what
    limits = [
        f"No order of {what}s: with intervals that overlap, who is first or last is chance. They stand by "
        "name for that reason.",
        "Adjusted for tenure alone: what else differs between groups (work, pay, the labour market) may be "
        "why, and is not the doing of those who lead them.",
        "Small groups are drawn to what is usual: their own rate may lie further out.",
        f"People who moved count in each {what} they were in, for the months they were in it.",
    ]
    if not frame.in_full:
        least = max(frame.minimum.people, frame.min_group_size)
        limits.append(
            f"A {what} is shown by itself from {least} people on, with {frame.min_group_size} others outside "
            "it; the people of smaller ones are counted in the level above, up to the whole organisation. "
            "Rates are rounded to half their standard deviation or more."
        )
    if not _whole_is_told(frame):
        limits.append("The rate of all is not told: with it, what few people did could be worked out.")
    return tuple(limits)
