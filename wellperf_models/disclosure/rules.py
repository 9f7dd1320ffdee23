"""Every threshold of the gate, in one place, with the function that applies it.

A function returns None where the number may be shown, else the reason in words. Anything it does not
know is refused: the gate fails closed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Estimate, Support
from wellperf_models.study import HARD_FLOOR, Study, current_role

COUNT_BASE = 5
ALL_OR_NONE = "nobody or everybody, or nearly"
# an extreme is one person's value, whatever the group's size
_EXTREMES = re.compile(
    r"(?:^|_)(?:min|max|minimum|maximum|lowest|highest|smallest|largest|range|top|bottom|extreme"
    r"|(?:p|q|quantile_?|percentile_?)(?:0|1|2|98|99|100))(?:_|$)"
)
_SHARES = frozenset({"probability", "share", "rate", "%"})


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Thresholds of the gate.

    Attributes:
        min_group_size: People behind a described cell, in its complement, and in every level of a model.
        min_model_people: People behind a model estimate.
        min_model_events: Events, and non-events, behind a model estimate.
        min_residual_df: Residual degrees of freedom of a model: with fewer it is a lookup of its people.
        max_parameter_share: Parameters per person of a model, for the same reason.
        count_base: Counts are rounded to multiples of this; a cell of 0 or of everybody is not shown.
        curve_block_events: A curve is shown at the ends of blocks of at least this many events.
        largest_two_share: Dominance: the two largest amounts may not make up more than this of a sum.
        rest_share: p % rule: what all others add must be at least this share of the largest amount, or the
            second largest contributor could work out the largest.
        in_full: Published microdata: everything is shown, unrounded.
    """

    min_group_size: int = 10
    min_model_people: int = 30
    min_model_events: int = 10
    min_residual_df: int = 10
    max_parameter_share: float = 0.33
    count_base: int = COUNT_BASE
    curve_block_events: int = 10
    largest_two_share: float = 0.9
    rest_share: float = 0.1
    in_full: bool = False

    def __post_init__(self) -> None:
        if min(self.min_group_size, self.min_model_people, self.min_model_events) < HARD_FLOOR:
            raise DisclosureError(
                "A disclosure threshold is below the floor.",
                expected=f"at least {HARD_FLOOR} everywhere; no study can lower it",
            )

    @classmethod
    def of(cls, study: Study) -> Self:
        """The rules of a study for who reads: its own thresholds or more, never below the floor."""
        least = study.min_group_size_for(current_role())
        return cls(
            min_group_size=least,
            min_model_people=study.disclosure.min_model_people,
            min_model_events=study.disclosure.min_model_events,
            curve_block_events=least,
            in_full=study.study.public_microdata,
        )


def judge_people(support: Support, rules: Rules) -> str | None:
    """Whether enough people are in it and, unless it is everyone, outside it; no outcome is looked at."""
    if rules.in_full:
        return None
    if support.n_people < rules.min_group_size:
        return f"fewer than {rules.min_group_size} people"
    # a complement of nobody is the whole population: nothing is left to subtract
    if support.n_complement is not None and 0 < support.n_complement < rules.min_group_size:
        return f"fewer than {rules.min_group_size} people outside the group"
    return None


def judge_group(support: Support, rules: Rules) -> str | None:
    """A described group: people first; then its smallest level, and the amounts that are added up."""
    if rules.in_full:
        return None
    if reason := judge_people(support, rules):
        return reason
    if support.smallest_level is not None and support.smallest_level < rules.min_group_size:
        return f"a level with fewer than {rules.min_group_size} people"
    return None if support.total is None else judge_sum(support, rules)


def judge_sum(support: Support, rules: Rules) -> str | None:
    """A sum of people's amounts: no two dominate it, and nobody can work out the largest from the rest.

    Source: Hundepool et al. (2012), Statistical Disclosure Control, chapter 4: (n, k) dominance and p %.
    """
    if rules.in_full:
        return None
    if support.total is None or support.largest is None or support.second is None:
        raise DisclosureError(
            "A sum is released only with its two largest amounts known.",
            expected="total, largest and second in its support",
        )
    total, largest, second = (abs(v) for v in (support.total, support.largest, support.second))
    rest = total - largest - second
    if largest + second > rules.largest_two_share * total or rest < rules.rest_share * largest:
        return "one or two people's amounts make up most of the sum"
    return None


def judge_model(support: Support, rules: Rules) -> str | None:
    """A model estimate: enough people, events and non-events, and a model that is not a lookup of them."""
    if rules.in_full:
        return None
    if support.n_people < rules.min_model_people:
        return f"fewer than {rules.min_model_people} people"
    for name, count in (("events", support.n_events), ("non-events", support.n_non_events)):
        if count is not None and count < rules.min_model_events:
            return f"fewer than {rules.min_model_events} {name}"
    if support.smallest_level is not None and support.smallest_level < rules.min_group_size:
        return f"a level with fewer than {rules.min_group_size} people"
    if support.residual_df is not None and support.residual_df < rules.min_residual_df:
        return f"fewer than {rules.min_residual_df} residual degrees of freedom"
    if (
        support.n_parameters is not None
        and support.n_parameters > rules.max_parameter_share * support.n_people
    ):
        return f"more than {rules.max_parameter_share:.2f} parameters per person"
    if support.n_complement is not None and 0 < support.n_complement < rules.min_group_size:
        return f"fewer than {rules.min_group_size} people outside the group"
    return None


def judge_estimate(estimate: Estimate, rules: Rules) -> str | None:
    """Applies the row of the disclosure table that the estimate's kind names."""
    refuse_extremes(estimate.name, estimate.name, rules)
    if estimate.kind == "model":
        return judge_model(estimate.support, rules)
    if estimate.kind not in ("count", "description", "group"):
        raise DisclosureError(
            "The gate does not know this kind of estimate.",
            where=estimate.name,
            expected="count, description, group or model",
            got=repr(estimate.kind),
        )
    if reason := judge_group(estimate.support, rules):
        return reason
    if estimate.kind == "description" and estimate.unit in _SHARES and not rules.in_full:
        events, others = estimate.support.n_events, estimate.support.n_non_events
        if all_or_none(events, others, rules) or not 0 < estimate.value < (
            100 if estimate.unit == "%" else 1
        ):
            return ALL_OR_NONE
    return None


def all_or_none(part: float | None, others: float | None, rules: Rules) -> bool:
    """Whether a count, or what it leaves of its whole, rounds to nobody: then everybody's value is told."""
    return any(count is not None and round_count(count, rules) == 0 for count in (part, others))


def refuse_extremes(name: str, where: str, rules: Rules) -> None:
    """No minima or maxima, by name: they are one person's value."""
    if not rules.in_full and _EXTREMES.search(name):
        raise DisclosureError(
            "A minimum or maximum is one person's value and is never released.",
            where=where,
            expected="a mean, a quantile of a large group, or a count above a declared line",
        )


def floor_count(count: float) -> int:
    """A count as a check may tell it: down to a multiple of the base; an exact one would give people away."""
    return COUNT_BASE * (int(count) // COUNT_BASE)


def round_count(count: int | float, rules: Rules) -> int:
    """To the nearest multiple of the base; halves go up, so that the rule has no exceptions to learn."""
    if rules.in_full:
        return int(count)
    base = rules.count_base
    return int((count + base / 2) // base) * base
