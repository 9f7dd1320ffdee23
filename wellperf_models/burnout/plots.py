"""Released → pictures of the forecasts; every number in a title or label has passed the gate."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.evidence import Estimate, Row
from wellperf_models.figures import (
    INK,
    LINE_STYLES,
    MARKERS,
    PALETTE,
    QUIET,
    Picture,
    draw_estimate,
    new_figure,
    require_evidence,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Z = 1.959963984540054
_MOST_PANELS = 6
# of the bold title
_LETTERS_PER_INCH = 9.5


def plot_auc(released: Released) -> Picture | None:
    """AUC of every model with its 95 % interval, the last score alone first.

    Args:
        released: Evidence "burnout.forecast" after the gate.

    Returns:
        The picture, or None where no AUC was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.forecast")
    aucs = [e for e in released.estimates if e.name.startswith("auc_")]
    if not aucs:
        return None
    title = _auc_title(released, aucs)
    shared = _sharing(released)
    with style():
        figure, axes = new_figure(width=8.0, height=1.9 + 0.42 * len(aucs))
        for position, item in enumerate(reversed(aucs)):
            colour = QUIET if item.name == "auc_last_score" else PALETTE[0]
            draw_estimate(
                axes, item, position, colour=colour, hollow=item.name.removeprefix("auc_") in shared
            )
        axes.axvline(0.5, color=INK, lw=1.0, linestyle=LINE_STYLES[1])
        names = [e.label.removeprefix("AUC: ") for e in reversed(aucs)]
        axes.set_yticks(range(len(aucs)), names, fontsize=9.5)
        axes.set_ylim(-0.6, len(aucs) - 0.4)
        low = min(0.5, *(e.low if e.low is not None else e.value for e in aucs))
        axes.set_xlim(math.floor(20 * (low - 0.01)) / 20, 1.0)
        axes.grid(visible=False, axis="y")
        note = "\nhollow: predictors asked together with the outcome" if shared else ""
        axes.set_xlabel(f"AUC, with 95 % interval (dashed: a coin){note}")
        _headline(figure, title)
    told = "; ".join(f"{e.label.removeprefix('AUC: ')} {print_estimate(e)}" for e in aucs[:8])
    alt = f"{title}. AUC with 95 % interval: {told}."
    if shared:
        alt += " Hollow dots mark models with predictors asked together with the outcome."
    return Picture(figure=figure, alt=alt, title=title)


def plot_calibration(released: Released) -> Picture | None:
    """Observed against predicted share of cases by group of predicted risk, a panel a model.

    Intervals are Wilson's, from the counts as released, for one share of as many independent answers.

    Args:
        released: Evidence "burnout.forecast" after the gate.

    Returns:
        The picture (the first six models), or None where fewer than two groups were released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.forecast")
    panels: dict[str, list[Row]] = {}
    for table in released.tables:
        for row in table.rows if table.name == "calibration" else ():
            if all(v is not None for v in row.values):
                panels.setdefault(row.key[0], []).append(row)
    panels = {name: rows for name, rows in list(panels.items())[:_MOST_PANELS] if len(rows) > 1}
    if not panels:
        return None
    title = _calibration_title(released)
    columns = min(3, len(panels))
    lines = math.ceil(len(panels) / columns)
    end = 100 * min(1.0, 1.05 * max(_highest(row) for rows in panels.values() for row in rows))
    with style():
        figure, axes = new_figure(width=1.2 + 3.1 * columns, height=1.5 + 3.1 * lines)
        axes.remove()
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for panel in grid.flat[len(panels) :]:
            panel.set_visible(False)
        for panel, (name, rows) in zip(grid.flat, panels.items(), strict=False):
            _calibration_panel(panel, rows, end)
            panel.set_title(name, fontsize=9.5)
        _headline(figure, title)
        figure.supxlabel("Predicted cases per 100, by group of predicted risk", fontsize=10)
        figure.supylabel("Observed cases per 100 (dashed: as predicted)", fontsize=10)
    return Picture(figure=figure, alt=f"{title}. {_calibration_words(panels)}"[:1190], title=title)


def _headline(figure: Figure, title: str) -> None:
    """The title in as many lines as the width asks for."""
    wide = int(_LETTERS_PER_INCH * figure.get_figwidth())
    figure.suptitle(textwrap.fill(title, wide), x=0.01, ha="left", fontweight="bold", fontsize=12)


def _sharing(released: Released) -> frozenset[str]:
    """Models whose predictors share the wave with the outcome."""
    head = "predictors_from_before_"
    return frozenset(
        c.name.removeprefix(head) for c in released.checks if c.name.startswith(head) and c.passed is False
    )


def _auc_title(released: Released, aucs: Sequence[Estimate]) -> str:
    gains = [e for e in released.estimates if e.name.startswith("delta_auc_")]
    if released.design == "cross-section":
        values = " to ".join(dict.fromkeys(f"{v:.2f}" for v in (_least(aucs), _most(aucs))))
        return f"Across people, nothing forecast: AUC {values}"
    clear = [e for e in gains if e.low is not None and e.low > 0]
    if not clear:
        return "No model orders people better than their last score alone"
    best = max(clear, key=lambda e: e.value)
    name = best.label.removeprefix("difference in AUC: ").partition(" less ")[0]
    return f"{name}: AUC higher than that of the last score alone by {print_estimate(best)}"


def _least(aucs: Sequence[Estimate]) -> float:
    return min(e.value for e in aucs)


def _most(aucs: Sequence[Estimate]) -> float:
    return max(e.value for e in aucs)


def _calibration_title(released: Released) -> str:
    slopes = [e for e in released.estimates if e.name.startswith("calibration_slope_")]
    own = [e for e in slopes if e.name != "calibration_slope_last_score"] or slopes
    if not own:
        return "Predicted and observed cases by group of predicted risk"
    first = own[0]
    name = first.label.removeprefix("calibration slope: ")
    low = first.value if first.low is None else first.low
    high = first.value if first.high is None else first.high
    state = next((c.passed for c in released.checks if c.name == first.name), None)
    if high < 1 or low > 1:
        told = f"predicted risks are {'too extreme' if high < 1 else 'too cautious'}"
    elif state:
        told = "predicted risks are as spread out as what happened"
    else:
        told = "too few answers to tell whether predicted risks are too extreme or too cautious"
    return f"{name}: {told} (slope {print_estimate(first)})"


def _calibration_panel(axes: Axes, rows: Sequence[Row], end: float) -> None:
    axes.plot([0, end], [0, end], color=QUIET, lw=1.0, linestyle=LINE_STYLES[1])
    for row in rows:
        answers, cases, observed, predicted = (float(v) for v in row.values if isinstance(v, int | float))
        low, high = _wilson(cases, answers)
        axes.plot([predicted, predicted], [100 * low, 100 * high], color=PALETTE[0], linestyle="-", lw=1.3)
        axes.plot(predicted, observed, marker=MARKERS[0], linestyle="none", color=PALETTE[0])
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)


def _highest(row: Row) -> float:
    answers, cases, _, predicted = (float(v) for v in row.values if isinstance(v, int | float))
    return max(predicted / 100, _wilson(cases, answers)[1])


def _wilson(cases: float, answers: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (1927, Journal of the American Statistical Association 22:209)."""
    share = min(1.0, cases / answers)
    centre = (share + _Z**2 / (2 * answers)) / (1 + _Z**2 / answers)
    half = _Z * math.sqrt(share * (1 - share) / answers + _Z**2 / (4 * answers**2)) / (1 + _Z**2 / answers)
    return max(0.0, centre - half), min(1.0, centre + half)


def _calibration_words(panels: dict[str, list[Row]]) -> str:
    told = []
    for name, rows in panels.items():
        ends = [rows[0], rows[-1]]
        said = " and ".join(f"{_value(r, 3):.0f} predicted, {_value(r, 2):.0f} observed" for r in ends)
        told.append(f"{name}: lowest and highest group of risk {said} cases per 100")
    return "; ".join(told) + "."


def _value(row: Row, index: int) -> float:
    value = row.values[index]
    return float(value) if isinstance(value, int | float) else math.nan
