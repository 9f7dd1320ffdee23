"""Released → odds ratios and contributions side by side; every number has passed the gate."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate, print_value
from wellperf_models.evidence import Estimate, Row
from wellperf_models.figures import (
    INK,
    LINE_STYLES,
    PALETTE,
    Picture,
    draw_estimate,
    new_figure,
    require_evidence,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTERS_PER_INCH = 9.5
_MOST = 14
_WIDE_LABEL = 44


def plot_contributions(released: Released) -> Picture | None:
    """Odds ratios with their intervals, and below them what each group of predictors moves.

    Args:
        released: Evidence "burnout.explained" after the gate.

    Returns:
        The picture, or None where nothing to draw was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.explained")
    odds = [e for e in released.estimates if e.name.startswith("odds_ratio_")][:_MOST]
    weights = _weights(released)
    if not odds and not weights:
        return None
    title = _title(odds)
    with style():
        parts = [(_space([_label(e) for e in odds]), "odds")] if odds else []
        parts += [(_space([r.key[1] for r in rows]), words) for words, rows in weights.items()]
        ratios = [space + 1.5 for space, _ in parts]
        figure, axes = new_figure(width=9.6, height=1.0 + 0.36 * sum(ratios))
        axes.remove()
        grid = figure.subplots(len(parts), 1, squeeze=False, gridspec_kw={"height_ratios": ratios})
        for panel, (_, what) in zip(grid.flat, parts, strict=True):
            if what == "odds":
                _draw_odds(panel, odds)
            else:
                _draw_weights(panel, what, weights[what])
        wide = int(_LETTERS_PER_INCH * figure.get_figwidth())
        figure.suptitle(textwrap.fill(title, wide), x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(f"{_label(e)} {print_estimate(e)}" for e in odds[:8])
    heavy = "; ".join(
        f"{words}: {', '.join(f'{r.key[1]} {_number(r, 4):.0%}' for r in rows[:4])}"
        for words, rows in weights.items()
    )
    alt = f"{title}. Odds ratios: {told}. Share of what moves predictions: {heavy}."
    return Picture(figure=figure, alt=alt[:1190], title=title)


def _weights(released: Released) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for table in released.tables:
        for row in table.rows if table.name == "contributions" else ():
            if all(v is not None for v in row.values):
                found.setdefault(row.key[0], []).append(row)
    return {words: rows[:_MOST] for words, rows in list(found.items())[:3]}


def _space(labels: list[str]) -> float:
    """Lines of a panel: as many for each row as its longest label needs."""
    longest = max(len(textwrap.wrap(label, _WIDE_LABEL)) for label in labels)
    return len(labels) * max(1.0, 0.55 * longest)


def _label(estimate: Estimate) -> str:
    return estimate.label.removeprefix("odds ratio: ")


def _title(odds: list[Estimate]) -> str:
    clear = [e for e in odds if e.low is not None and e.high is not None and not e.low <= 1 <= e.high]
    if not odds:
        return "What moves predicted risks"
    if not clear:
        return "No predictor clearly goes with being a case"
    best = max(clear, key=lambda e: abs(math.log(e.value)))
    return f"Goes with being a case: {_label(best)} (odds ratio {print_value(best)})"


def _draw_odds(axes: Axes, odds: list[Estimate]) -> None:
    for position, item in enumerate(reversed(odds)):
        assert item.low is not None
        assert item.high is not None
        clear = not item.low <= 1 <= item.high
        draw_estimate(axes, item, position, colour=PALETTE[0], hollow=not clear)
    axes.set_xscale("log")
    axes.axvline(1.0, color=INK, lw=1.0, linestyle=LINE_STYLES[1])
    names = [textwrap.fill(_label(e), _WIDE_LABEL) for e in reversed(odds)]
    axes.set_yticks(range(len(odds)), names, fontsize=9)
    axes.set_ylim(-0.6, len(odds) - 0.4)
    axes.grid(visible=False, axis="y")
    low = min(0.8, *(e.low for e in odds if e.low is not None))
    high = max(1.25, *(e.high for e in odds if e.high is not None))
    ticks = [t for t in (0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20) if low / 1.1 <= t <= high * 1.1]
    axes.set_xlim(low / 1.1, high * 1.1)
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("Odds ratio, 95 % interval (hollow: the interval holds 1)", fontsize=9.5)


def _draw_weights(axes: Axes, words: str, rows: list[Row]) -> None:
    for position, row in enumerate(reversed(rows)):
        size, low, high = (_number(row, i) for i in range(3))
        axes.barh(position, size, color=PALETTE[4], height=0.55)
        axes.plot([low, high], [position, position], color=INK, linestyle="-", lw=1.3)
        axes.annotate(
            f"{_number(row, 4):.0%}",
            (1.0, position),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            annotation_clip=False,
        )
    names = [textwrap.fill(r.key[1], _WIDE_LABEL) for r in reversed(rows)]
    axes.set_yticks(range(len(rows)), names, fontsize=9)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(left=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(
        textwrap.fill(f"Mean size of contributions, {rows[0].values[3]}: {words} (right: share of all)", 80),
        fontsize=9.5,
    )


def _number(row: Row, index: int) -> float:
    value = row.values[index]
    return float(value) if isinstance(value, int | float) else math.nan
