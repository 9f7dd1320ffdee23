"""By how much a comparison without lots may mislead, as draws in the unit of each outcome.

Nothing in the data says how large it is, so it is believed beforehand (`[roi.bias]`) and makes the answer
less sure. On the logarithm of a ratio of means it is b ~ Normal(m, s), below 0 where it flatters the
programme: a true mean μ + e of those who were treated then shows as μ exp(b) + e, with μ that of the
comparison group. Where there is no ratio, or more is better, it is −b standard deviations of that group,
towards better. It is the same b for every outcome: whoever differs in one way does so in others (Greenland
2005, Journal of the Royal Statistical Society A 168:267).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.rows import Effect, RoiFrame
from wellperf_models.roi.terms import Channel, stream, unknown
from wellperf_models.study import Bias, Roi

# where a study says nothing: a comparison group of its own, measured before and after
_COMPARED: Final = (0.0, 0.1)


def believed_bias(section: Roi, assigned_by: Sequence[str] = ()) -> tuple[float, float] | None:
    """Mean and standard deviation of b; None where lots were drawn, so that there is none.

    Args:
        section: `[roi]`.
        assigned_by: What the table programmes says; it decides for a staggered roll-out, which may be by lot.
    """
    if section.design == "randomised" or (
        section.design == "staggered" and set(assigned_by) == {"randomised"}
    ):
        return None
    if section.bias is not None:
        return section.bias.mean, section.bias.sd
    if section.design in ("staggered", "controlled_before_after"):
        return _COMPARED
    own = Bias()
    return own.mean, own.sd


def draw_bias(
    frame: RoiFrame, section: Roi, channels: Sequence[Channel], effects: Mapping[str, Effect], n: int
) -> dict[str, Floats]:
    """Draws of "bias.OUTCOME" in the outcome's unit, shape (n,); nothing where lots were drawn.

    Args:
        frame: The return frame.
        section: `[roi]`.
        channels: Outcomes in the money.
        effects: Outcome → effect: gives the comparison group's mean and spread.
        n: Draws.
    """
    believed = believed_bias(section, frame.assigned_by)
    if believed is None:
        return {}
    mean, sd = believed
    b = mean + sd * stream(frame.seed, "bias").standard_normal(n)
    return {unknown("bias", c.outcome): in_unit(b, c.sign, effects[c.outcome]) for c in channels}


def in_unit(b: Floats, sign: int, effect: Effect) -> Floats:
    """Draws of b in the unit of an outcome.

    Args:
        b: On the logarithm of a ratio of means, below 0 where it flatters.
        sign: 1 where more is better, −1 where more is worse.
        effect: Gives the comparison group's mean and spread.
    """
    if sign < 0 and effect.control_mean > 0:
        return effect.control_mean * np.expm1(b)
    return -sign * effect.control_sd * b
