"""Released → picture of how a method did where the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_value
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Row, Table
from wellperf_models.figures import INK, LINE_STYLES, MARKERS, PALETTE, QUIET, Picture, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS = 14


def plot_method(released: Released) -> Picture | None:
    """Two panels: how far each estimate lies from its truth on average, and how often intervals held it.

    A line in each shows what should be.

    Args:
        released: Evidence "method_check.…" after the gate.

    Returns:
        The picture (the first fourteen rows), or None where no row was released.

    Raises:
        DesignError: It is another answer.
    """
    if not released.id.startswith("method_check."):
        raise DesignError("This picture is made from method_check.", got=released.id)
    table = next((t for t in released.tables if t.name == "recovered"), None)
    rows = [] if table is None else [r for r in table.rows if r.values[0] is not None][:_MOST_ROWS]
    if table is None or not rows:
        return None
    title = _title(released, table, rows)
    with style():
        figure, axes = new_figure(width=8.4, height=2.0 + 0.34 * len(rows))
        axes.remove()
        left, right = figure.subplots(1, 2, sharey=True)
        _panel(left, table, rows, "bias", 0.0, "Off by (standard errors)")
        _panel(right, table, rows, "held", 95.0, "Intervals that held the truth (%)")
        left.set_yticks(range(len(rows)), [_short(r.key[0]) for r in rows], fontsize=9)
        left.invert_yaxis()
        figure.supxlabel(_note(len(rows), len(table.rows)), fontsize=9, color=QUIET)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(
        f"{r.key[0]} off by {_of(table, r, 'bias'):.2f}, held in {_of(table, r, 'held'):.0f} %"
        for r in rows[:8]
    )
    alt = (
        f"{title}. Left, mean error in standard errors; right, how often 95 % intervals held the truth; "
        f"each with its 95 % Monte Carlo interval. {told}"
    )
    return Picture(figure=figure, alt=alt[:1190] + ".", title=title)


def _panel(axes: Axes, table: Table, rows: list[Row], measure: str, should_be: float, label: str) -> None:
    axes.axvline(should_be, color=INK, lw=1.0, linestyle="-")
    for place, row in enumerate(rows):
        value, low, high = (_of(table, row, f"{measure}{end}") for end in ("", "_low", "_high"))
        # hollow where the interval excludes what it should be: not by colour alone
        off = not low <= should_be <= high
        colour = PALETTE[1] if off else PALETTE[0]
        axes.plot([low, high], [place, place], color=colour, lw=1.6, linestyle=LINE_STYLES[0])
        axes.plot(
            value,
            place,
            marker=MARKERS[1 if off else 0],
            linestyle="none",
            color=colour,
            markerfacecolor="white" if off else colour,
        )
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(label, fontsize=9, color=QUIET)


def _note(shown: int, n: int) -> str:
    """What hollow marks mean, and how much of the table is drawn."""
    note = "Hollow: outside what is due by itself; of many, some are so by chance (the check looks at all)."
    return note if shown == n else f"{note} {shown} of {n} rows are drawn."


def _of(table: Table, row: Row, measure: str) -> float:
    value = row.values[[m.name for m in table.measures].index(measure)]
    assert isinstance(value, int | float)
    return float(value)


def _short(label: str) -> str:
    label = label.removesuffix(" (per standard deviation)")
    return label if len(label) <= 44 else label[:42] + "…"


def _title(released: Released, table: Table, rows: list[Row]) -> str:
    if released.has("detectable_above"):
        found = released.estimate("detectable_above")
        about = _short(found.label.partition(": ")[2])
        return f"{about}: a hazard ratio of {print_value(found)} or more\nwould have been found in 8 of 10"
    if released.has("detectable"):
        found = released.estimate("detectable")
        what = found.label.partition(" found in")[0].partition(" ")[2]
        what = what[:1].upper() + what[1:]
        # a share is printed in per cent, an AUC has no unit
        unit = "" if found.unit in ("AUC", "share") else f" {found.unit}"
        return f"{what} of {print_value(found)}{unit} or more\nwould have been found in 8 of 10"
    held = sum(_of(table, r, "held_low") <= 95.0 <= _of(table, r, "held_high") for r in rows)
    if held == len(rows):
        return "No sign that 95 % intervals hold the truth less often than they say"
    return f"Of {len(rows)} kinds of 95 % intervals, {held} hold the truth as often as they say"
