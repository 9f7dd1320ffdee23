"""Words and estimates that the findings on effects and contrasts share."""

from __future__ import annotations

from wellperf_models.evidence import Estimate, Evidence, Provenance, Unanswered
from wellperf_models.roi.checks_balance import plain
from wellperf_models.roi.checks_effects import support_of
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame


def unit_of(rows: OutcomeRows) -> str:
    """Unit of an estimate; a yes/no outcome is a share and printed in per cent."""
    return "share" if rows.binary else plain(rows.declared.unit or "points")


def unit_words(rows: OutcomeRows) -> str:
    """What follows the number in a sentence."""
    return "of people" if rows.binary else unit_of(rows)


def estimate_of(effect: Effect, name: str, label: str, rows: OutcomeRows) -> Estimate:
    """An effect or contrast as an estimate.

    Args:
        effect: The difference.
        name: Of the estimate.
        label: What a reader sees.
        rows: Its outcome.
    """
    return Estimate(
        name=name,
        label=label,
        value=effect.value,
        low=effect.low,
        high=effect.high,
        coverage=0.95,
        interval="confidence",
        unit=unit_of(rows),
        se=effect.std_error,
        support=support_of(effect),
    )


def programme_of(frame: RoiFrame) -> str:
    """The programme in a sentence."""
    return f"“{plain(frame.section.label or frame.section.programme.replace('_', ' '))}”"


def unanswered(
    identifier: str, question: str, why: Unanswered, frame: RoiFrame, provenance: Provenance, **more: object
) -> Evidence:
    """An evidence without a number: the question, and why these data do not answer it.

    Args:
        identifier, question: Of the evidence.
        why: The reason.
        frame: The return frame.
        provenance: Where the data come from.
        more: Checks, and limits instead of the usual one.
    """
    parts: dict[str, object] = {"limits": ("Nothing can be concluded from the absence of an answer.",)}
    return Evidence(
        id=identifier,
        question=question,
        answer=plain(why.words),
        estimand="None: not estimated.",
        population=frame.population,
        design="not answered",
        provenance=provenance,
        **(parts | more),  # type: ignore[arg-type]
    )


def includes_none(effect: Effect) -> bool:
    """Whether the interval includes no change."""
    return effect.low <= 0 <= effect.high
