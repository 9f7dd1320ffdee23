"""Statements about the scenarios that can fail; each takes what it judges."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.evidence import Check, Unanswered
from wellperf_models.roi.returns import Answer
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.roi.scenarios.model import AtScenario, Scenarios


def check_scenarios(frame: RoiFrame | Unanswered, scenarios: Scenarios | Unanswered) -> tuple[Check, ...]:
    """Checks of the scenarios; none where there are none.

    Args:
        frame: The return frame.
        scenarios: From `fit_scenarios`.
    """
    if isinstance(frame, Unanswered):
        return ()
    if isinstance(scenarios, Unanswered):
        return ()
    answered = [found for found in scenarios.of.values() if isinstance(found, AtScenario)]
    return (
        answer_holds(scenarios.declared.answer, [found.answer for found in answered]),
        every_scenario_told(len(answered), len(scenarios.of)),
    )


def answer_holds(declared: Answer, others: Sequence[Answer]) -> Check:
    """The answer is the same under every set of circumstances.

    Args:
        declared: The answer as the decision has it.
        others: The answers of the scenarios that could be told.
    """
    if not others:
        return Check(
            name="answer_holds",
            passed=None,
            text="No scenario could be told, so that the answer is compared with nothing.",
            computation="exact",
        )
    changed = sum(answer != declared for answer in others)
    return Check(
        name="answer_holds",
        passed=changed == 0,
        value=float(changed),
        threshold=0.0,
        text=f"Of {len(others)} scenarios, those with another answer than what is declared: {{value}}.",
        computation="exact",
    )


def every_scenario_told(answered: int, asked: int) -> Check:
    """Every scenario could be told."""
    return Check(
        name="every_scenario_told",
        passed=answered == asked,
        value=float(asked - answered),
        threshold=0.0,
        text=f"Of {asked} scenarios declared, those that these data can't tell: {{value}}.",
        computation="exact",
    )
