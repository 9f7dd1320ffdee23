"""Released → picture of the partially pooled rates by group."""

from __future__ import annotations

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_interval, print_value
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

_MOST_ROWS = 40


def plot_group_hazards(released: Released) -> Picture | None:
    """Each group's rate with its 95 % credible interval, by name, beside that of everyone.

    Args:
        released: Evidence "turnover.groups" after the gate.

    Returns:
        The picture (the first forty groups by name), or None where fewer than two were released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "turnover.groups")
    table = next((t for t in released.tables if t.name == "rates_by_group"), None)
    rows = [] if table is None else [r for r in table.rows if r.values[1] is not None]
    if table is None or len(rows) < 2:
        return None
    kept = rows[:_MOST_ROWS]
    title = _title(released, table.keys[0])
    with style():
        figure, axes = new_figure(width=7.6, height=1.6 + 0.24 * len(kept))
        if released.has("everyone"):
            axes.axvline(released.estimate("everyone").value, color=INK, lw=1.0, linestyle=LINE_STYLES[1])
        for place, row in enumerate(kept):
            value, low, high = _numbers(row)
            axes.plot([low, high], [place, place], color=PALETTE[0], lw=1.5, linestyle=LINE_STYLES[0])
            axes.plot(value, place, marker=MARKERS[0], linestyle="none", color=PALETTE[0])
        axes.set_yticks(range(len(kept)), [r.key[-1] for r in kept], fontsize=8.5)
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.grid(visible=False, axis="y")
        dashed = " (dashed: everyone)" if released.has("everyone") else ""
        axes.set_xlabel(f"Exits expected per 100 person-years{dashed}", color=QUIET)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(
        f"{r.key[-1]} {v:.3g} ({low:.3g} to {high:.3g})" for r in kept[:16] for v, low, high in [_numbers(r)]
    )
    more = "" if len(rows) <= 16 else f" And {len(rows) - 16} more, in the table."
    alt = f"{title}. Exits per 100 person-years with 95 % credible intervals, by name: {told}.{more}"
    return Picture(figure=figure, alt=alt[:1190], title=title)


def _numbers(row: Row) -> tuple[float, float, float]:
    value, low, high = (float(v) for v in row.values[1:4] if isinstance(v, int | float))
    return value, low, high


def _title(released: Released, what: str) -> str:
    if not released.has("median_rate_ratio"):
        return f"Rates of leaving by {what}, partially pooled"
    ratio = released.estimate("median_rate_ratio")
    return f"Two {what}s at random differ by a factor of {print_value(ratio)} ({print_interval(ratio)})"
