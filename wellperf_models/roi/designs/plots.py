"""The effect of a roll-out by time since the start, and before it; every number has passed the gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.figures import INK, MARKERS, PALETTE, Picture, new_figure, require_evidence, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_TOLD = 8


@dataclass(frozen=True, kw_only=True)
class _Point:
    """One period since the start: value and interval."""

    at: int
    value: float
    low: float
    high: float


def plot_event_time(released: Released) -> Picture | None:
    """The first outcome's difference by periods since the start; before it, what should be none.

    Args:
        released: Evidence "roi.effects" after the gate.

    Returns:
        The picture; None where the design is no roll-out, or nothing by time was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "roi.effects")
    table = next((t for t in released.tables if t.name == "by_event_time"), None)
    if table is None or not table.rows:
        return None
    outcome = table.rows[0].key[0]
    place = {m.name: index for index, m in enumerate(table.measures)}
    points, unit = [], ""
    for row in table.rows:
        cells = [row.values[place[c]] for c in ("difference", "difference_low", "difference_high")]
        numbers = [float(c) for c in cells if isinstance(c, int | float)]
        at = row.values[place["at"]]
        if row.key[0] == outcome and len(numbers) == 3 and isinstance(at, str):
            points.append(_Point(at=int(at), value=numbers[0], low=numbers[1], high=numbers[2]))
            unit = str(row.values[place["unit"]] or "")
    after = [p for p in points if p.at >= 0]
    if not after:
        return None
    title = _title(outcome, after)
    return Picture(figure=_draw(points, title, unit), alt=_alt(points, title, unit), title=title)


def _title(outcome: str, after: list[_Point]) -> str:
    short = outcome if len(outcome) <= 34 else outcome[:33].rstrip() + "…"
    clear = sum(not p.low <= 0 <= p.high for p in after)
    if not clear:
        return f"“{short}”: no clear change in any period after the start"
    return f"“{short}”: a clear change in {clear} of {len(after)} periods after the start"


def _draw(points: list[_Point], title: str, unit: str) -> Figure:
    with style():
        figure, axes = new_figure(width=8.4, height=3.8)
        for before, colour, marker, label in (
            (True, PALETTE[1], MARKERS[2], "before the start (should be none)"),
            (False, PALETTE[0], MARKERS[0], "after the start"),
        ):
            own = [p for p in points if (p.at < 0) == before]
            for number, p in enumerate(own):
                axes.plot([p.at, p.at], [p.low, p.high], color=colour, linestyle="-", lw=1.6)
                axes.plot(
                    p.at,
                    p.value,
                    marker=marker,
                    linestyle="none",
                    color=colour,
                    markerfacecolor="white" if p.low <= 0 <= p.high else colour,
                    label=label if number == 0 else None,
                )
        axes.axhline(0.0, color=INK, lw=1.0, linestyle="-")
        axes.axvline(-0.5, color=INK, lw=0.8, linestyle=":")
        axes.set_xticks([p.at for p in points])
        axes.set_xlabel("Periods since the start (0: the first one after it)")
        axes.set_ylabel(f"Difference, {unit}" if unit else "Difference")
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    return figure


def _alt(points: list[_Point], title: str, unit: str) -> str:
    told = "; ".join(
        f"{p.at} {_number(p.value)} ({_number(p.low)} to {_number(p.high)})" for p in points[:_MOST_TOLD]
    )
    more = "; and later ones" if len(points) > _MOST_TOLD else ""
    what = f"Difference in {unit or 'points'} with 95 % intervals by periods since the start"
    return f"{title}. {what}: {told}{more}."


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
