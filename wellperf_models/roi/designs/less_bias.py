"""What a comparison without lots leaves after the bias believed beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.roi.bias import believed_bias, in_unit
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame

# steps of each of the two distributions; their sum is read off a grid, so that nothing is drawn
_STEPS = 801


@dataclass(frozen=True, kw_only=True)
class LessBias:
    """A difference less the bias believed of its comparison: mean and 95 % interval, in its unit."""

    value: float
    low: float
    high: float

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return "LessBias(not released)"


def less_bias(difference: Effect, rows: OutcomeRows, frame: RoiFrame) -> LessBias | None:
    """Takes the believed bias off a difference; its own error and what is not known of the bias add up.

    Args:
        difference: Contrast or effect.
        rows: Its outcome.
        frame: Says the design, and the bias believed.

    Returns:
        What is left; None where lots were drawn, or where neither way is better, so that nothing flatters.
    """
    from scipy import stats

    believed = believed_bias(frame.section, frame.assigned_by)
    if believed is None or rows.declared.higher_is == "neither":
        return None
    middle = (np.arange(_STEPS) + 0.5) / _STEPS
    mean, sd = believed
    bias = in_unit(
        mean + sd * stats.norm.ppf(middle), 1 if rows.declared.higher_is == "better" else -1, difference
    )
    error = difference.std_error * stats.t.ppf(middle, difference.df)
    left = (difference.value + error[:, None] - bias[None, :]).ravel()
    low, high = (float(v) for v in np.quantile(left, [0.025, 0.975]))
    return LessBias(value=float(difference.value - bias.mean()), low=low, high=high)


def bias_words(frame: RoiFrame) -> str:
    """What is believed of the bias, in a sentence; "" where lots were drawn."""
    believed = believed_bias(frame.section, frame.assigned_by)
    if believed is None:
        return ""
    mean, sd = believed
    declared = frame.section.bias
    source = "judgement" if declared is None else declared.source
    return (
        f"Believed beforehand of how far such a comparison misleads: normal, mean {_number(mean)}, standard "
        f"deviation {_number(sd)}, on the logarithm of a ratio of means where more is worse, elsewhere in "
        f"standard deviations (below 0: it flatters the programme). Source: {source}."
    )


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
