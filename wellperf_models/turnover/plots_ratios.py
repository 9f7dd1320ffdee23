"""Released → forest plot of hazard ratios."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.evidence import Estimate
from wellperf_models.figures import (
    INK,
    MARKERS,
    PALETTE,
    Picture,
    draw_estimate,
    new_figure,
    require_evidence,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_hazard_ratios(released: Released) -> Picture | None:
    """Forest plot of the hazard ratios with their 95 % intervals.

    Args:
        released: Evidence "turnover.explained" after the gate.

    Returns:
        The picture, or None where no hazard ratio was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "turnover.explained")
    ratios = [e for e in released.estimates if e.name.startswith("hazard_ratio_")]
    if not ratios:
        return None
    ratios = sorted(ratios, key=lambda e: e.value)
    title = _ratio_title(ratios)
    with style():
        figure, axes = new_figure(width=8.4, height=1.5 + 0.32 * len(ratios))
        for position, item in enumerate(ratios):
            # filled where the interval excludes 1: not by colour alone
            draw_estimate(
                axes,
                item,
                position,
                colour=PALETTE[0],
                hollow=not _excludes_one(item),
                marker=MARKERS[1],
                width=1.6,
            )
        axes.axvline(1.0, color=INK, lw=1.0, linestyle="-")
        axes.set_xscale("log")
        _ratio_ticks(axes, ratios)
        axes.set_yticks(range(len(ratios)), [e.label for e in ratios], fontsize=9)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("Hazard ratio (log scale; filled: 95 % interval excludes 1)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(f"{e.label} {print_estimate(e)}" for e in reversed(ratios[-6:]))
    alt = f"{title}. Hazard ratios with 95 % intervals, highest first: {told}"[:1100] + "."
    return Picture(figure=figure, alt=alt, title=title)


def _excludes_one(estimate: Estimate) -> bool:
    return estimate.low is not None and estimate.high is not None and not estimate.low <= 1 <= estimate.high


def _ratio_title(ratios: Sequence[Estimate]) -> str:
    clear = [e for e in ratios if _excludes_one(e)]
    if not clear:
        return "No covariate is clearly associated with leaving"
    first = max(clear, key=lambda e: abs(math.log(e.value)) / (e.se or 1.0))
    return f"{first.label}: hazard ratio {print_estimate(first)}"


def _ratio_ticks(axes: Axes, ratios: Sequence[Estimate]) -> None:
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    low = min(e.low or e.value for e in ratios)
    high = max(e.high or e.value for e in ratios)
    wanted = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
    shown = [t for t in wanted if low * 0.95 <= t <= high * 1.05] or [1.0]
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.set_xticklabels([f"{t:g}" for t in shown])
