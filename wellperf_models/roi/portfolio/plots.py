"""Released → candidates by what they return, with what is to be paid for marked."""

from __future__ import annotations

from typing import Final

from wellperf_models.disclosure import Released
from wellperf_models.evidence import Row, Table
from wellperf_models.figures import (
    INK,
    MARKERS,
    PALETTE,
    QUIET,
    Picture,
    new_figure,
    require_evidence,
    style,
)
from wellperf_models.roi.scenarios.plots import in_units, interval_of, number, short

_EVIDENCE: Final = "roi.portfolio"
_MAX_ALT: Final = 1150
_CHOSEN: Final = 7
_EVIDENCE_AT: Final = 8


def plot_portfolio(released: Released) -> Picture | None:
    """Net present value of each candidate under the first set of priors that judges, in rank.

    Args:
        released: Evidence "roi.portfolio" after the gate.

    Returns:
        The picture, or None where nothing was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, _EVIDENCE)
    table = next((t for t in released.tables if t.name == "candidates"), None)
    rows = _judged(released, table) if table else []
    if table is None or not rows:
        return None
    names = [r.key[0] for r in rows]
    title = _title(rows)
    divisor, unit = in_units([abs(v) for r in rows for v in interval_of(r)], table.measures[0].unit)
    with style():
        figure, axes = new_figure(width=8.6, height=1.9 + 0.55 * len(rows))
        for at, row in enumerate(rows):
            middle, low, high = (v / divisor for v in interval_of(row))
            paid = row.values[_CHOSEN] == "yes"
            colour = PALETTE[0] if paid else QUIET
            axes.plot([low, high], [at, at], color=colour, linestyle="-", lw=2.2 if paid else 1.2)
            axes.plot(
                middle,
                at,
                marker=MARKERS[0] if paid else MARKERS[1],
                linestyle="none",
                color=colour,
                markerfacecolor=colour if paid else "white",
            )
            axes.annotate(
                f"{row.values[_EVIDENCE_AT]}; truly first: {number(_value(row, 6))} %",
                (1.0, at),
                xycoords=("axes fraction", "data"),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                annotation_clip=False,
            )
        axes.axvline(0.0, color=INK, lw=1.0, linestyle="-")
        axes.set_yticks(range(len(rows)), [short(n) for n in names], fontsize=9)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"Net present value, {unit} (95 %; filled: to pay for), {rows[0].key[1]}")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(
        f"{r.key[0]} ({r.values[_EVIDENCE_AT]}): {number(m / divisor)} ({number(low / divisor)} to "
        f"{number(high / divisor)}), to pay for: {r.values[_CHOSEN]}"
        for r in rows
        for m, low, high in [interval_of(r)]
    )
    alt = f"{title}. Net present value, {unit}, {rows[0].key[1]}: {told}"
    alt = f"{alt}." if len(alt) < _MAX_ALT else f"{alt[: _MAX_ALT - 1].rsplit('; ', 1)[0]} …"
    return Picture(figure=figure, alt=alt, title=title)


def _judged(released: Released, table: Table) -> list[Row]:
    """Rows of the first set of priors that judges."""
    judged = [r for r in table.rows if "(beside)" not in r.key[1] and interval_of(r)]
    return [r for r in judged if r.key[1] == judged[0].key[1]]


def _value(row: Row, place: int) -> float:
    value = row.values[place]
    return float(value) if isinstance(value, int | float) else 0.0


def _title(rows: list[Row]) -> str:
    paid = [r.key[0].partition(". ")[2] for r in rows if r.values[_CHOSEN] == "yes"]
    if not paid:
        return "None is to be paid for: too dear, or not expected to return what it costs"
    told = short(" and ".join(paid))
    return f"Within the budget, most is expected of {told}"
