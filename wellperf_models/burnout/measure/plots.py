"""Released → how reliable the score is, wave by wave; every number has passed the gate."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.evidence import Row
from wellperf_models.figures import (
    INK,
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

_LINE = 0.7
_MOST_ROWS = 24
_LETTERS = 66
# columns of the tables: alpha, low, high, omega, low, high
_OMEGA, _ALPHA = 3, 0


def plot_reliability(released: Released) -> Picture | None:
    """Reliability with its interval by wave, or by group where there is one wave.

    Args:
        released: Evidence "burnout.measurement" after the gate.

    Returns:
        The picture, or None where fewer than two waves or groups were released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.measurement")
    for name in ("reliability_by_wave", "reliability_by_group"):
        table = next((t for t in released.tables if t.name == name), None)
        rows = [] if table is None else [row for row in table.rows if _place(row) is not None]
        if table is not None and 2 <= len(rows) <= _MOST_ROWS:
            return _draw(released, rows, table.keys[0].replace("_", " "))
    return None


def _place(row: Row) -> int | None:
    """Where the coefficient shown stands: ω, else α."""
    return next((at for at in (_OMEGA, _ALPHA) if row.values[at] is not None), None)


def _numbers(row: Row) -> tuple[float, float, float]:
    at = _place(row)
    assert at is not None
    value, low, high = (float(v) for v in row.values[at : at + 3] if isinstance(v, int | float))
    return value, low, high


def _draw(released: Released, rows: list[Row], what: str) -> Picture:
    title = _title(released)
    values = [_numbers(row) for row in rows]
    with style():
        figure, axes = new_figure(width=7.0, height=1.6 + 0.3 * len(rows))
        for place, (value, low, high) in enumerate(reversed(values)):
            axes.plot([low, high], [place, place], color=PALETTE[0], linestyle="-", lw=1.8)
            axes.plot(value, place, marker=MARKERS[0], linestyle="none", color=PALETTE[0])
        axes.set_yticks(range(len(rows)), [row.key[-1] for row in reversed(rows)])
        _mark(axes, min(low for _, low, _ in values), len(rows))
        axes.set_xlabel("Reliability of the score: share of its variance that is not error of items (95 %)")
        axes.set_ylabel(what.capitalize())
        axes.set_title(textwrap.fill(title, _LETTERS))
        axes.grid(visible=False)
    told = ", ".join(f"{row.key[-1]} {v:.2f} ({low:.2f} to {high:.2f})" for row, (v, low, high) in zip(
        rows, values, strict=True
    ))  # fmt: skip
    return Picture(figure=figure, alt=f"{title}. Reliability by {what}: {told}."[:1190], title=title)


def _mark(axes: Axes, least: float, n: int) -> None:
    """The usual line for comparing groups."""
    axes.axvline(_LINE, color=QUIET, lw=1.0, linestyle=LINE_STYLES[1])
    axes.annotate(
        "usual line for comparing groups",
        (_LINE, n - 0.45),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=8.5,
        color=INK,
        va="bottom",
    )
    axes.set_xlim(max(-0.1, min(_LINE, least) - 0.05), 1.0)
    axes.set_ylim(-0.6, n - 0.1)


def _title(released: Released) -> str:
    name = next((n for n in ("omega", "alpha") if released.has(n)), None)
    outcome = released.question.removeprefix("How well is ").removesuffix(" measured?")
    if name is None:
        return f"How reliable the score of {outcome} is"
    found = released.estimate(name)
    low = found.value if found.low is None else found.low
    high = found.value if found.high is None else found.high
    how = (
        "reliable enough to compare groups"
        if low >= _LINE
        else "not reliable enough to compare groups"
        if high < _LINE
        else "perhaps reliable enough to compare groups"
    )
    return f"The score of {outcome} is {how}: {print_estimate(found)}"
