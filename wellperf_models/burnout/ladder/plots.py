"""Released → the ladder as a picture; every number in a title or label has passed the gate."""

from __future__ import annotations

import math
import textwrap

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.evidence import Estimate
from wellperf_models.figures import (
    INK,
    LINE_STYLES,
    PALETTE,
    QUIET,
    Picture,
    draw_estimate,
    new_figure,
    require_evidence,
    style,
)

# of the bold title
_LETTERS_PER_INCH = 9.5
_LABEL_WIDTH = 44


def plot_ladder(released: Released) -> Picture | None:
    """AUC of the same model on every rung with its 95 % interval, the most forgiving rung at the top.

    Args:
        released: Evidence "burnout.ladder" after the gate.

    Returns:
        The picture, or None where fewer than two rungs were released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.ladder")
    rungs = [e for e in released.estimates if e.name.startswith("auc_")]
    if len(rungs) < 2:
        return None
    title = _title(released)
    with style():
        figure, axes = new_figure(width=8.4, height=1.9 + 0.55 * len(rungs))
        for position, item in enumerate(reversed(rungs)):
            late = item.name.startswith("auc_within_wave")
            draw_estimate(axes, item, position, colour=QUIET if late else PALETTE[0], hollow=late)
        axes.axvline(0.5, color=INK, lw=1.0, linestyle=LINE_STYLES[1])
        names = [textwrap.fill(_name(e), _LABEL_WIDTH) for e in reversed(rungs)]
        axes.set_yticks(range(len(rungs)), names, fontsize=9)
        axes.set_ylim(-0.6, len(rungs) - 0.4)
        low = min(0.5, *(e.low if e.low is not None else e.value for e in rungs))
        axes.set_xlim(math.floor(20 * (low - 0.01)) / 20, 1.0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("AUC, with 95 % interval (dashed: a coin; hollow: with what is known too late)")
        wide = int(_LETTERS_PER_INCH * figure.get_figwidth())
        figure.suptitle(textwrap.fill(title, wide), x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(f"{_name(e)}: {print_estimate(e)}" for e in rungs)
    alt = f"{title}. AUC with 95 % interval, the most forgiving rung first. {told}."
    return Picture(figure=figure, alt=alt[:1190], title=title)


def _name(item: Estimate) -> str:
    return item.label.removeprefix("AUC: ")


def _title(released: Released) -> str:
    if not (released.has("leakage") and released.has("above_a_coin")):
        return "The same model, scored in ways that forgive less and less"
    gone, above = released.estimate("leakage"), released.estimate("above_a_coin")
    assert gone.low is not None
    if gone.low > 0:
        return (
            f"Of the {print_estimate(above)} above a coin that the most forgiving score shows, "
            f"{print_estimate(gone)} is leakage"
        )
    return "No leakage to be seen: the honest score is as good as the most forgiving one"
