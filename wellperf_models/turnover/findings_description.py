"""Evidence `turnover.description`: how long people stay and why they leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wellperf_models.evidence import (
    Check,
    Curve,
    Estimate,
    Evidence,
    Measure,
    Provenance,
    Row,
    Support,
    Table,
)
from wellperf_models.inference.kaplan_meier import Z_95
from wellperf_models.turnover.frame import TurnoverFrame
from wellperf_models.turnover.model import Description

_LEAVE = {
    "voluntary": "left of their own accord",
    "involuntary": "were let go",
    "other": "left for another or an unknown reason",
    "permanent_job": "moved to a permanent job",
}


def describe(
    frame: TurnoverFrame, description: Description, checks: Sequence[Check], *, provenance: Provenance
) -> Evidence:
    """Builds the evidence; aggregates only.

    Args:
        frame: The turnover frame.
        description: Its description.
        checks: From `check_description`.
        provenance: Where the numbers come from.
    """
    given = f" among those who reach {description.start:g} months" if description.start > 0 else ""
    return Evidence(
        id="turnover.description",
        question="How long do people stay, and why do they leave?",
        answer=_answer(description, frame.causes),
        estimand="Probability of still being employed, and of having left for each cause while the other "
        f"causes act as they do, by months of tenure{given}; months employed up to the last horizon.",
        population=frame.population,
        design="description",
        provenance=provenance,
        estimates=_estimates(frame, description),
        tables=tuple(_tables(frame)),
        curves=tuple(_curves(frame, description)),
        checks=tuple(checks),
        assumptions=(
            "Who enters observation late stays as long as who of the same tenure was there already.",
            "Censoring (the day of the extract) has nothing to do with the wish to leave.",
            "Bands take people as independent of each other.",
        ),
        limits=_limits(frame, description),
    )


def month_name(months: float) -> str:
    """A tenure as part of an identifier: 12 → "12", 4.5 → "4_5"."""
    return f"{months:g}".replace(".", "_")


def leave_words(cause: str) -> str:
    """A cause as the predicate of a sentence."""
    return _LEAVE.get(cause, f"left ({cause.replace('_', ' ')})")


def _answer(description: Description, causes: Sequence[str]) -> str:
    if not description.horizons:
        return "These data can't speak about the tenures asked for: too few people are at risk there."
    who = "people" if description.start == 0 else f"people who reach {description.start:g} months"
    first, last = description.horizons[0], description.horizons[-1]
    # the horizons between are in the table; a committee remembers two numbers
    stay = [
        f"[ After {h:g} months {{survival_{month_name(h)}_months.estimate}} of {who} are still employed.]"
        for h in dict.fromkeys((first, last))
    ]
    named = f"exits_{month_name(last)}_months.estimate"
    leave = [f"[ By then {{{cause}_{named}}} {leave_words(cause)}.]" for cause in causes]
    return "".join([*stay, *leave])


def _estimates(frame: TurnoverFrame, description: Description) -> tuple[Estimate, ...]:
    found = []
    given = f", of those who reach {description.start:g} months" if description.start > 0 else ""
    for horizon in description.horizons:
        people, leavers = description.people_behind[horizon]
        support = Support(n_people=people, n_events=leavers, n_non_events=people - leavers)
        named = f"{month_name(horizon)}_months"
        label = f"still employed after {horizon:g} months{given}"
        found.append(_probability(f"survival_{named}", label, description.survival.at(horizon), support))
        for number, cause in enumerate(frame.causes, start=1):
            by_cause = _support_of_cause(frame, description, number, horizon, people)
            label = f"{leave_words(cause)} within {horizon:g} months{given}"
            name = f"{cause}_exits_{named}"
            found.append(_probability(name, label, description.incidence.at(horizon, number), by_cause))
    if description.restricted_mean is not None:
        found.append(_restricted_mean(description))
    return tuple(found)


def _support_of_cause(
    frame: TurnoverFrame, description: Description, number: int, horizon: float, people: int
) -> Support:
    spells = frame.spells
    left = (spells.event == number) & (spells.duration > description.start) & (spells.duration <= horizon)
    leavers = int(np.unique(spells.person[left]).size)
    return Support(n_people=people, n_events=leavers, n_non_events=people - leavers)


def _probability(
    name: str, label: str, found: tuple[float, float, float, float], support: Support
) -> Estimate:
    value, error, low, high = found
    return Estimate(
        name=name,
        label=label,
        value=value,
        low=low,
        high=high,
        coverage=0.95,
        interval="confidence",
        unit="probability",
        se=error,
        support=support,
        computation="exact",
    )


def _restricted_mean(description: Description) -> Estimate:
    assert description.restricted_mean is not None
    value, error = description.restricted_mean
    horizon = description.horizons[-1]
    people, leavers = description.people_behind[horizon]
    span = f"the first {horizon:g} months"
    if description.start > 0:
        span = f"months {description.start:g} to {horizon:g}"
    return Estimate(
        name=f"restricted_mean_{month_name(horizon)}_months",
        label=f"months employed in {span}, on average",
        value=value,
        low=max(0.0, value - Z_95 * error),
        high=min(horizon - description.start, value + Z_95 * error),
        coverage=0.95,
        interval="confidence",
        unit="months",
        se=error,
        support=Support(n_people=people, n_events=leavers, n_non_events=people - leavers),
        computation="exact",
    )


def _curves(frame: TurnoverFrame, description: Description) -> list[Curve]:
    whole = Support(
        n_people=description.n_people,
        n_events=description.n_leavers,
        n_non_events=description.n_people - description.n_leavers,
    )
    km = description.survival
    parts = (km.times, km.survival, km.low, km.high, km.at_risk, km.events)
    curves = [_curve(description, "survival", "Still employed", parts, whole, start_value=1.0)]
    for item in description.groups:
        own = item.curve
        parts = (own.times, own.survival, own.low, own.high, own.at_risk, own.events)
        support = Support(
            n_people=item.n_people,
            n_complement=description.n_people - item.n_people,
            n_events=item.n_leavers,
            n_non_events=item.n_people - item.n_leavers,
        )
        curves.append(
            _curve(
                description,
                "survival_by_group",
                item.group,
                parts,
                support,
                start_value=1.0,
                group=item.group,
            )
        )
    aj = description.incidence
    for k, cause in enumerate(frame.causes):
        parts = (
            aj.times, aj.incidence[:, k], aj.low[:, k], aj.high[:, k], aj.at_risk, aj.events.sum(axis=1)
        )  # fmt: skip
        label = leave_words(cause).capitalize()
        curves.append(
            _curve(description, f"incidence_{cause}", label, parts, whole, series="cumulative_incidence")
        )
    return curves


def _curve(
    description: Description,
    name: str,
    label: str,
    parts: tuple[np.ndarray, ...],
    support: Support,
    *,
    start_value: float = 0.0,
    group: str = "",
    series: str = "",
) -> Curve:
    """A curve from the start of the range to its end; its first point holds nobody's exit."""
    times, *rest = parts
    inside = times <= description.end
    y, low, high, at_risk, events = (r[inside].tolist() for r in rest)
    first = at_risk[0] if at_risk else support.n_people
    return Curve(
        name=name,
        label=label,
        group=group,
        series=series or name,
        x=(description.start, *times[inside].tolist()),
        y=(start_value, *y),
        low=(start_value, *low),
        high=(start_value, *high),
        at_risk=(first, *at_risk),
        events=(0, *events),
        support=support,
        x_unit="months of tenure",
        y_unit="probability",
    )


def _tables(frame: TurnoverFrame) -> list[Table]:
    tables = [_table_of_causes(frame)]
    if frame.spells.group is not None:
        tables.insert(0, _table_of_groups(frame, frame.spells.group))
    if frame.left_out:
        tables.append(left_out_table(frame.left_out))
    return tables


def _table_of_groups(frame: TurnoverFrame, group: np.ndarray) -> Table:
    spells = frame.spells
    rows = []
    for name in np.unique(group):
        own = group == name
        people = int(np.unique(spells.person[own]).size)
        leavers = int(np.unique(spells.person[own & (spells.event > 0)]).size)
        exits = int(np.sum(spells.event[own] > 0))
        years = float((spells.duration - spells.entry)[own].sum() / 12)
        support = Support(
            n_people=people,
            n_complement=frame.n_people - people,
            n_events=leavers,
            n_non_events=people - leavers,
        )
        values = (people, round(years), exits, 100 * exits / round(years) if round(years) else None)
        rows.append(Row(key=(str(name),), values=values, support=support))
    return Table(
        name="exits_by_group",
        title=f"People and exits by {str(frame.group_by).replace('_', ' ')}, the one they were first seen in",
        keys=(str(frame.group_by),),
        measures=(
            Measure(name="people", kind="count", unit="people", label="People observed"),
            Measure(name="person_years", kind="count", unit="years", label="Person-years"),
            Measure(name="exits", kind="count", unit="exits", label="Exits"),
            Measure(
                name="exit_rate",
                kind="rate",
                unit="exits per 100 person-years",
                label="Exits per 100 person-years",
                numerator="exits",
                denominator="person_years",
                per=100.0,
            ),
        ),
        rows=tuple(rows),
    )


def _table_of_causes(frame: TurnoverFrame) -> Table:
    spells = frame.spells
    total = int(np.sum(spells.event > 0))
    rows = []
    for number, cause in enumerate(frame.causes, start=1):
        left = spells.event == number
        people, exits = int(np.unique(spells.person[left]).size), int(left.sum())
        # an empty row would be suppressed like a small one, and say as much
        support = Support(n_people=people, n_complement=frame.n_people - people, n_events=people)
        rows.append(
            Row(key=(cause.replace("_", " "),), values=(exits, total, 100 * exits / total), support=support)
        )
    return Table(
        name="exits_by_cause",
        title="Exits by cause",
        keys=("cause",),
        measures=(
            Measure(name="exits", kind="count", unit="exits", label="Exits"),
            Measure(name="all_exits", kind="count", unit="exits", label="All exits"),
            Measure(
                name="share",
                kind="rate",
                unit="per 100 exits",
                label="Per 100 exits",
                numerator="exits",
                denominator="all_exits",
                per=100.0,
            ),
        ),
        rows=tuple(rows),
    )


def left_out_table(left_out: dict[str, int]) -> Table:
    """What did not enter as it stood: nothing is dropped silently."""
    return Table(
        name="left_out",
        title="What did not enter as it stood",
        keys=("reason",),
        measures=(Measure(name="n", kind="count", label="Number"),),
        rows=tuple(
            Row(key=(reason,), values=(n,), support=Support(n_people=n)) for reason, n in left_out.items()
        ),
        partition=False,
    )


def _limits(frame: TurnoverFrame, description: Description) -> tuple[str, ...]:
    limits = ["Describes who left; it says nothing about what would keep people."]
    if frame.delayed_entry:
        limits.append(
            "People hired before observation began are seen only because they had stayed until then; the "
            "curves count them from the tenure at which they come into sight."
        )
    if description.start > 0:
        limits.append(
            f"Nothing can be said about the first {description.start:g} months: too few people were "
            "observed in them."
        )
    if description.horizons_left_out:
        asked = ", ".join(f"{h:g}" for h in description.horizons_left_out)
        limits.append(f"Not answered, too few people at risk: {asked} months.")
    if description.groups_left_out:
        limits.append(f"Groups too small for a curve of their own: {description.groups_left_out}.")
    if frame.group_by:
        limits.append("People stay in the group they were first seen in, also after a move.")
        limits.append("The curves of groups are not adjusted for who works there.")
    return tuple(limits)
