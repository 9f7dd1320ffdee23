"""Released → calibration of a published model here, before and after mending."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_value
from wellperf_models.evidence import Row
from wellperf_models.figures import (
    LINE_STYLES,
    MARKERS,
    PALETTE,
    QUIET,
    Picture,
    new_figure,
    require_evidence,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Z = 1.959963984540054
_LETTERS_PER_INCH = 9.5


def plot_external(released: Released) -> Picture | None:
    """Observed against predicted cases by group of predicted risk: as published, and mended here.

    Intervals are Wilson's, from the counts as released, for one share of as many independent answers.

    Args:
        released: Evidence "burnout.external" after the gate.

    Returns:
        The picture, or None where fewer than two groups were released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.external")
    panels: dict[str, list[Row]] = {}
    for table in released.tables:
        for row in table.rows if table.name == "calibration" else ():
            if all(v is not None for v in row.values):
                panels.setdefault(row.key[0], []).append(row)
    panels = {name: rows for name, rows in panels.items() if len(rows) > 1}
    if not panels:
        return None
    title = _title(released)
    end = 1.05 * max(max(v[3], v[4]) for rows in panels.values() for v in map(_numbers, rows))
    with style():
        figure, axes = new_figure(width=1.4 + 3.4 * len(panels), height=5.0)
        axes.remove()
        grid = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)
        for number, (panel, (name, rows)) in enumerate(zip(grid.flat, panels.items(), strict=True)):
            _panel(panel, rows, end, number)
            panel.set_title(name, fontsize=9.5)
        wide = int(_LETTERS_PER_INCH * figure.get_figwidth())
        figure.suptitle(textwrap.fill(title, wide), x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.supxlabel("Predicted cases per 100, by group of predicted risk", fontsize=10)
        figure.supylabel("Observed cases per 100 (dashed: as predicted)", fontsize=10)
    told = "; ".join(f"{name}: {_words(rows)}" for name, rows in panels.items())
    alt = (
        f"{title}. Predicted and observed cases per 100 in the lowest and the highest group of risk. {told}."
    )
    return Picture(figure=figure, alt=alt[:1190], title=title)


def _title(released: Released) -> str:
    if not (released.has("calibration_intercept") and released.has("calibration_slope")):
        return "A published model here: predicted and observed cases"
    level, slope = (released.estimate(f"calibration_{n}") for n in ("intercept", "slope"))
    assert level.low is not None
    assert level.high is not None
    assert slope.low is not None
    assert slope.high is not None
    told = []
    if not level.low <= 0 <= level.high:
        told.append("too low" if level.value > 0 else "too high")
    if not slope.low <= 1 <= slope.high:
        told.append("too extreme" if slope.value < 1 else "too cautious")
    what = " and ".join(told) if told else "as observed, within their error"
    return f"Risks of the published model are {what} here (slope {print_value(slope)})"


def _numbers(row: Row) -> tuple[float, float, float, float, float]:
    """Predicted, observed, and Wilson's interval, per 100; predicted once more."""
    answers, cases, observed, predicted = (float(v) for v in row.values if isinstance(v, int | float))
    share = min(1.0, cases / answers)
    centre = (share + _Z**2 / (2 * answers)) / (1 + _Z**2 / answers)
    half = _Z * math.sqrt(share * (1 - share) / answers + _Z**2 / (4 * answers**2)) / (1 + _Z**2 / answers)
    return predicted, observed, 100 * max(0.0, centre - half), 100 * min(1.0, centre + half), predicted


def _panel(axes: Axes, rows: list[Row], end: float, number: int) -> None:
    axes.plot([0, end], [0, end], color=QUIET, lw=1.0, linestyle=LINE_STYLES[1])
    for predicted, observed, low, high, _ in map(_numbers, rows):
        axes.plot([predicted, predicted], [low, high], color=PALETTE[number], linestyle="-", lw=1.4)
        axes.plot(predicted, observed, marker=MARKERS[number], linestyle="none", color=PALETTE[number])
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)


def _words(rows: list[Row]) -> str:
    ends = [_numbers(rows[0]), _numbers(rows[-1])]
    return " and ".join(f"{v[0]:.0f} predicted, {v[1]:.0f} observed" for v in ends)
