"""Released → the share of cases, were the silent worse off; every number in it has passed the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate, print_interval
from wellperf_models.evidence import Estimate
from wellperf_models.figures import (
    INK,
    LINE_STYLES,
    PALETTE,
    QUIET,
    RULE,
    Picture,
    new_figure,
    require_evidence,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_tipping(released: Released) -> Picture | None:
    """Share of cases by how much worse off those who did not answer are supposed to be.

    Args:
        released: Evidence "burnout.nonresponse" after the gate.

    Returns:
        The picture, or None where its numbers were kept back.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.nonresponse")
    found = {e.name: e for e in released.estimates}
    points = _points(released)
    if len(points) < 2 or "share_as_answered" not in found:
        return None
    answered, bounds, tips = (found.get(n) for n in ("share_as_answered", "share_bounds", "tips_share"))
    assert answered is not None
    title = _title(tips, points)
    with style():
        figure, axes = new_figure(width=7.4, height=4.2)
        across = [p[0] for p in points]
        axes.plot(across, [p[1] for p in points], color=PALETTE[0], linestyle="-", marker="o")
        axes.fill_between(
            across, [p[2] for p in points], [p[3] for p in points], color=PALETTE[0], alpha=0.15, lw=0
        )
        _level(axes, 100 * answered.value, "as answered", across[-1])
        if bounds is not None and bounds.low is not None and bounds.high is not None:
            axes.axhspan(100 * bounds.low, 100 * bounds.high, color=RULE, alpha=0.35, lw=0)
            axes.annotate(
                "possible at worst", (across[0], 100 * bounds.high), xytext=(4, -12),
                textcoords="offset points", color=QUIET, fontsize=9,
            )  # fmt: skip
        if tips is not None:
            axes.axvline(tips.value, color=PALETTE[1], linestyle=LINE_STYLES[1], lw=1.3)
        axes.set_xlim(across[0], across[-1])
        axes.set_ylim(bottom=0)
        axes.set_xlabel(
            "Points by which those who did not answer are supposed to be worse off than alike people"
        )
        axes.set_ylabel("Cases per 100 people asked (band: 95 %)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(f"{p[0]:g} points: {p[1]:.1f} ({p[2]:.1f} to {p[3]:.1f})" for p in points)
    alt = f"{title}. Cases per 100 people asked, by points supposed: {told}. As answered: "
    alt += f"{print_estimate(answered)}."
    if bounds is not None:
        alt += f" At worst: {print_interval(bounds)}."
    return Picture(figure=figure, alt=alt, title=title)


def _points(released: Released) -> list[tuple[float, float, float, float]]:
    found = []
    for table in released.tables:
        for row in table.rows if table.name == "differences" else ():
            share, low, high = row.values[:3]
            if isinstance(share, float) and isinstance(low, float) and isinstance(high, float):
                found.append((float(row.key[0]), share, low, high))
    return found


def _level(axes: Axes, value: float, label: str, end: float) -> None:
    axes.axhline(value, color=INK, linestyle=LINE_STYLES[2], lw=1.2)
    axes.annotate(
        label, (end, value), xytext=(-4, -12), textcoords="offset points", ha="right", color=INK, fontsize=9
    )


def _title(tips: Estimate | None, points: list[tuple[float, float, float, float]]) -> str:
    if tips is not None:
        return f"The silent would have to be {tips.value:g} points worse off to change the picture"
    return f"No difference up to {points[-1][0]:g} points changes the picture by as much as matters"
