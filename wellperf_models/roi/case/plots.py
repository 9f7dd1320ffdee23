"""Released → the business case: net present value by set, and the first channel against its break-even."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wellperf_models.disclosure import Released
from wellperf_models.figures import INK, MARKERS, PALETTE, Picture, new_figure, require_evidence, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BREAK_EVEN: Final = "break-even"
# letters of an axis label
_WIDTH: Final = 52
_SHORT: Final = {
    "sceptical prior": "Sceptic",
    "prior for changes of organisation": "Expects much of\nchanges of organisation",
    "optimistic prior": "Optimist",
}


@dataclass(frozen=True, kw_only=True)
class _Bar:
    """One released interval."""

    key: str
    value: float
    low: float
    high: float

    def over(self, divisor: float) -> _Bar:
        """In another unit."""
        return _Bar(
            key=self.key, value=self.value / divisor, low=self.low / divisor, high=self.high / divisor
        )


def plot_case(released: Released) -> Picture | None:
    """Net present value by set; what each set believes of the first channel, and what would be needed.

    Args:
        released: Evidence "roi.case" after the gate.

    Returns:
        The picture, or None where its tables were not released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "roi.case")
    money, first = _bars(released, "by_set"), _bars(released, "first_channel")
    needed = next((b for b in first if b.key == _BREAK_EVEN), None)
    believed = [b for b in first if b.key != _BREAK_EVEN]
    if not money or needed is None or not believed:
        return None
    currency = released.table("by_set").measures[0].unit
    divisor, word = _scale(money)
    money = [b.over(divisor) for b in money]
    currency = f"{word}{currency}"
    unit = released.table("first_channel").measures[0].unit
    label = released.table("first_channel").title.partition(":")[0]
    chances = _chances(released)
    spread = " to ".join(dict.fromkeys(f"{c:.0f} %" for c in (min(chances), max(chances))))
    # "No local evidence" or "Before any data", as the answer begins
    start = released.answer.partition(":")[0].partition(" (")[0]
    title = f"{start}: by belief alone it pays with probability {spread}"
    with style():
        figure, axes = new_figure(width=9.6, height=3.6)
        axes.remove()
        left, right = figure.subplots(1, 2, sharey=True)
        _draw(left, money)
        left.axvline(0.0, color=INK, lw=1.0, linestyle="-")
        left.set_xlabel(textwrap.fill(f"Net present value, {currency} (95 %; filled: excludes 0)", _WIDTH))
        _draw(right, believed)
        right.axvspan(needed.low, needed.high, color=PALETTE[1], alpha=0.15, lw=0)
        right.axvline(needed.value, color=PALETTE[1], lw=1.6, linestyle=(0, (6, 2)))
        right.axvline(0.0, color=INK, lw=1.0, linestyle="-")
        right.set_xlabel(
            textwrap.fill(f"Change in {label}, {unit} (95 %; dashed: would pay for it alone)", _WIDTH)
        )
        left.set_yticks(range(len(money)), [_SHORT.get(b.key, b.key) for b in money])
        left.set_ylim(len(money) - 0.5, -0.5)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(
        f"{b.key}: net present value {_digits(b)} {currency}, believed change {_digits(c)} {unit}"
        for b, c in zip(money, believed, strict=True)
    )
    alt = f"{title}. {told}. Change that would pay alone: {_digits(needed)} {unit}."
    return Picture(figure=figure, alt=alt, title=title)


def _bars(released: Released, name: str) -> list[_Bar]:
    """Rows of a released table that were shown, by their first three columns."""
    table = next((t for t in released.tables if t.name == name), None)
    found = []
    for row in () if table is None else table.rows:
        cells = [float(c) for c in row.values[:3] if isinstance(c, int | float)]
        if len(cells) == 3:
            found.append(_Bar(key=row.key[0], value=cells[0], low=cells[1], high=cells[2]))
    return found


def _scale(bars: list[_Bar]) -> tuple[float, str]:
    """Divisor and word of a unit of money, by the widest end."""
    widest = max(max(abs(b.low), abs(b.high)) for b in bars)
    if widest >= 1e7:
        return 1e6, "million "
    return (1e3, "thousand ") if widest >= 1e4 else (1.0, "")


def _chances(released: Released) -> list[float]:
    """Probability of a return under each set, in per cent."""
    table = released.table("by_set")
    place = [m.name for m in table.measures].index("p_positive")
    return [float(v) for row in table.rows if isinstance(v := row.values[place], int | float)]


def _draw(axes: Axes, bars: list[_Bar]) -> None:
    for position, bar in enumerate(bars):
        axes.plot([bar.low, bar.high], [position, position], color=PALETTE[0], linestyle="-", lw=1.7)
        clear = not bar.low <= 0 <= bar.high
        axes.plot(
            bar.value,
            position,
            marker=MARKERS[0],
            linestyle="none",
            color=PALETTE[0],
            # filled where the interval excludes 0: not by colour alone
            markerfacecolor=PALETTE[0] if clear else "white",
        )
    axes.grid(visible=False, axis="y")


def _digits(bar: _Bar) -> str:
    """Value and interval to three digits, large ones whole."""

    def told(value: float) -> str:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"

    return f"{told(bar.value)} ({told(bar.low)} to {told(bar.high)})".replace("-", "−")
