"""Released → ratio of the two rates against no change and the goal."""

from __future__ import annotations

import re

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate, print_value
from wellperf_models.figures import (
    INK,
    MARKERS,
    PALETTE,
    QUIET,
    Picture,
    draw_estimate,
    new_figure,
    require_evidence,
    style,
)

_NAMES = {"rate_ratio_any_tenure": "Whatever the tenure", "rate_ratio": "At the same tenure"}


def plot_transition(released: Released) -> Picture | None:
    """The ratio of the latest rate to the one before it with its interval, the goal as a line.

    Args:
        released: Evidence "turnover.transition" after the gate.

    Returns:
        The picture, or None where the ratio was not released (also: where the study does not ask).

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "turnover.transition")
    ratios = [released.estimate(name) for name in _NAMES if released.has(name)]
    found = re.search(r"at least ([0-9.]+)\.$", released.estimand)
    if not ratios or not released.has("rate_ratio") or found is None:
        return None
    goal, main = float(found[1]), released.estimate("rate_ratio")
    title = f"The latest rate is {print_value(main)} times the one before; the goal was {goal:g}"
    with style():
        figure, axes = new_figure(width=7.6, height=2.5)
        for position, item in enumerate(ratios):
            hollow = item.low is not None and item.high is not None and item.low <= 1 <= item.high
            # filled where the interval excludes 1: not by colour alone
            draw_estimate(axes, item, position, colour=PALETTE[0], hollow=hollow, marker=MARKERS[1])
        axes.axvline(1.0, color=INK, lw=1.0, linestyle="-")
        axes.axvline(goal, color=QUIET, lw=1.4, linestyle="--")
        axes.annotate("goal", (goal, 1), xycoords=("data", "axes fraction"), fontsize=9, ha="center",
                      xytext=(0, 3), textcoords="offset points")  # fmt: skip
        axes.set_ylim(-0.6, len(ratios) - 0.4)
        axes.set_yticks(range(len(ratios)), [_NAMES[e.name] for e in ratios], fontsize=9)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("Latest rate over the one before (filled: 95 % interval excludes 1)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(f"{_NAMES[e.name].lower()} {print_estimate(e)}" for e in reversed(ratios))
    reached = ""
    if released.has("goal_reached_probability"):
        chance = print_value(released.estimate("goal_reached_probability"))
        reached = f" Probability that the goal was reached: {chance}."
    return Picture(figure=figure, alt=f"{title}. Ratio with 95 % interval: {told}.{reached}", title=title)
