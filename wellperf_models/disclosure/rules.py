"""Every threshold of the gate, in one place, with the function that applies it.

A function returns None where the number may be shown, else the reason in words. Anything it does not
know is refused: the gate fails closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Estimate, Support
from wellperf_models.study import HARD_FLOOR, Study

COUNT_BASE = 5


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Thresholds of the gate.

    Attributes:
        min_group_size: People behind a described cell, and in its complement.
        min_model_people: People behind a model estimate.
        min_model_events: Events, and non-events, behind a model estimate.
        min_residual_df: Residual degrees of freedom of a model.
        max_parameter_share: Parameters per person of a model.
        count_base: Counts are rounded to multiples of this.
        curve_block_events: A curve is shown at the ends of blocks of at least this many events.
        in_full: Published microdata: everything is shown, unrounded.
    """

    min_group_size: int = 10
    min_model_people: int = 30
    min_model_events: int = 10
    min_residual_df: int = 10
    max_parameter_share: float = 0.33
    count_base: int = COUNT_BASE
    curve_block_events: int = 10
    in_full: bool = False

    def __post_init__(self) -> None:
        if min(self.min_group_size, self.min_model_people, self.min_model_events) < HARD_FLOOR:
            raise DisclosureError(
                "A disclosure threshold is below the floor.",
                expected=f"at least {HARD_FLOOR} everywhere; no study can lower it",
            )

    @classmethod
    def of(cls, study: Study) -> Self:
        """The rules of a study: its own thresholds, never below the floor."""
        return cls(
            min_group_size=study.disclosure.min_group_size,
            min_model_people=study.disclosure.min_model_people,
            min_model_events=study.disclosure.min_model_events,
            curve_block_events=study.disclosure.min_group_size,
            in_full=study.study.public_microdata,
        )


def judge_group(support: Support, rules: Rules) -> str | None:
    """A described group: enough people in it and, unless it is everyone, outside it."""
    if rules.in_full:
        return None
    if support.n_people < rules.min_group_size:
        return f"fewer than {rules.min_group_size} people"
    # a complement of nobody is the whole population: nothing is left to subtract
    if support.n_complement is not None and 0 < support.n_complement < rules.min_group_size:
        return f"fewer than {rules.min_group_size} people outside the group"
    if support.smallest_level is not None and support.smallest_level < rules.min_group_size:
        return f"a level with fewer than {rules.min_group_size} people"
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
    if estimate.kind in ("count", "description", "group"):
        return judge_group(estimate.support, rules)
    if estimate.kind == "model":
        return judge_model(estimate.support, rules)
    raise DisclosureError(
        "The gate does not know this kind of estimate.",
        where=estimate.name,
        expected="count, description, group or model",
        got=repr(estimate.kind),
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
