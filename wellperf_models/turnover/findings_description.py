"""Evidence `turnover.description`: how long people stay and why they leave."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from wellperf_models.evidence import (
    Area,
    Check,
    Curve,
    Estimate,
    Evidence,
    Provenance,
    Support,
    Unanswered,
    unanswered,
)
from wellperf_models.inference.kaplan_meier import quantile_95
from wellperf_models.panel import members_of
from wellperf_models.turnover.causes import block_ends, leave_words
from wellperf_models.turnover.findings_description_words import assumptions_of, limits_of
from wellperf_models.turnover.findings_shown import leavers_of, month_name, probability, withheld_causes
from wellperf_models.turnover.findings_tables import support_of, tables_of
from wellperf_models.turnover.model import Description
from wellperf_models.turnover.rows import TurnoverFrame

__all__ = ["describe", "leave_words", "month_name"]


_QUESTION = "How long do people stay, and why do they leave?"


def describe(
    frame: TurnoverFrame,
    description: Description | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence; aggregates only.

    Args:
        frame: The turnover frame.
        description: Its description; an `Unanswered` gives an evidence that says why.
        checks: From `check_description`.
        provenance: Where the numbers come from.
    """
    if isinstance(description, Unanswered):
        return unanswered(
            "turnover.description", _QUESTION, description, population=frame.population,
            provenance=provenance, checks=tuple(checks),
        )  # fmt: skip
    given = f" among those who reach {description.start:g} months" if description.start > 0 else ""
    estimates = _estimates(frame, description)
    return Evidence(
        id="turnover.description",
        question=_QUESTION,
        answer=_answer(description, {e.name for e in estimates}),
        estimand="Probability of still being employed, and of having left for each cause while the other "
        f"causes act as they do, by months of tenure{given}; months employed up to the last horizon.",
        population=frame.population,
        design="description",
        provenance=provenance,
        estimates=estimates,
        tables=tuple(tables_of(frame, description)),
        curves=tuple(_curves(frame, description)),
        checks=tuple(checks),
        assumptions=assumptions_of(frame),
        limits=limits_of(frame, description),
        members=members_of(frame.roster, frame.spells.person, frame.spells.person[frame.spells.event > 0]),
    )


def _answer(description: Description, made: Collection[str]) -> str:
    if not description.horizons:
        return "These data can't speak about the tenures asked for: too few people are at risk there."
    early = ""
    if description.start > 0:
        early = (
            f" Nobody can say from these data how many leave in their first {description.start:g} months: "
            "all of this is about people who stayed that long."
        )
    who = "people" if description.start == 0 else f"people who reach {description.start:g} months"
    first, last = description.horizons[0], description.horizons[-1]
    # the horizons between are in the table; a committee remembers two numbers
    stay = [
        f"[ After {h:g} months {{survival_{month_name(h)}_months.estimate}} of {who} are still employed.]"
        for h in dict.fromkeys((first, last))
    ]
    named = f"exits_{month_name(last)}_months.estimate"
    leave = [
        f"[ By then {{{cause.name}_{named}}} {cause.words}.]"
        for cause in description.shown
        if f"{cause.name}_exits_{month_name(last)}_months" in made
    ]
    return "".join([*stay, *leave, early])


def _estimates(frame: TurnoverFrame, description: Description) -> tuple[Estimate, ...]:
    found = []
    given = f", of those who reach {description.start:g} months" if description.start > 0 else ""
    for horizon in description.horizons:
        people, leavers = description.people_behind[horizon]
        support = support_of(frame, people, leavers)
        named = f"{month_name(horizon)}_months"
        label = f"still employed after {horizon:g} months{given}"
        found.append(probability(f"survival_{named}", label, description.survival.at(horizon), support))
        withheld = withheld_causes(frame, description, horizon)
        for number, cause in enumerate(description.shown, start=1):
            if cause.name in withheld:
                continue
            by_cause = support_of(frame, people, leavers_of(frame, description, cause, horizon))
            label = f"{cause.words} within {horizon:g} months{given}"
            value = description.shown_incidence.at(horizon, number)
            found.append(probability(f"{cause.name}_exits_{named}", label, value, by_cause))
    if description.restricted_mean is not None:
        found.append(_restricted_mean(frame, description))
    return tuple(found)


def _restricted_mean(frame: TurnoverFrame, description: Description) -> Estimate:
    assert description.restricted_mean is not None
    value, error = description.restricted_mean
    quantile = quantile_95(description.survival.n_clusters)
    horizon = description.horizons[-1]
    people, leavers = description.people_behind[horizon]
    span = f"the first {horizon:g} months"
    if description.start > 0:
        span = f"months {description.start:g} to {horizon:g}"
    return Estimate(
        name=f"restricted_mean_{month_name(horizon)}_months",
        label=f"months employed in {span}, on average",
        value=value,
        low=max(0.0, value - quantile * error),
        high=min(horizon - description.start, value + quantile * error),
        coverage=0.95,
        interval="confidence",
        unit="months",
        se=error,
        support=support_of(frame, people, leavers),
        computation="exact",
        area=Area(
            curve="survival",
            start=description.start,
            end=horizon,
            at_end=f"survival_{month_name(horizon)}_months",
        ),
    )


def _curves(frame: TurnoverFrame, description: Description) -> list[Curve]:
    whole = support_of(frame, description.people, description.leavers)
    km = description.survival
    parts = (km.times, km.survival, km.low, km.high, km.at_risk, km.events)
    curves = [_curve(description, "survival", "Still employed", parts, whole, start_value=1.0)]
    for item in description.groups:
        own = item.curve
        parts = (own.times, own.survival, own.low, own.high, own.at_risk, own.events)
        support = support_of(frame, item.people, item.leavers, of=description.n_people)
        curves.append(
            _curve(
                description,
                "survival_by_group",
                item.group,
                parts,
                support,
                start_value=1.0,
                group=item.group,
                end=min(item.end, description.end),
            )
        )
    return curves + _curves_of_causes(frame, description)


def _curves_of_causes(frame: TurnoverFrame, description: Description) -> list[Curve]:
    """By cause shown, each resting on its own exits."""
    stay = description.n_people - description.n_leavers
    if not frame.in_full and stay < frame.minimum.events:
        # who stayed are too few for a curve of theirs, which is what the causes leave
        return []
    aj = description.shown_incidence
    ends = block_ends(aj.times, aj.events, frame.min_group_size)
    curves = []
    for k, cause in enumerate(description.shown):
        parts = (aj.times, aj.incidence[:, k], aj.low[:, k], aj.high[:, k], aj.at_risk, aj.events[:, k])
        leavers = leavers_of(frame, description, cause, np.inf)
        curves.append(
            _curve(
                description,
                f"incidence_{cause.name}",
                cause.words.capitalize(),
                parts,
                support_of(frame, description.people, leavers),
                series="cumulative_incidence",
                ends=ends[:, k],
            )
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
    end: float | None = None,
    ends: np.ndarray | None = None,
) -> Curve:
    """A curve from the start of the range to its end; its first point holds nobody's exit."""
    times, *rest = parts
    inside = times <= (description.end if end is None else end)
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
        block_ends=None if ends is None else (True, *ends[inside].tolist()),
        x_unit="months of tenure",
        y_unit="probability",
    )
