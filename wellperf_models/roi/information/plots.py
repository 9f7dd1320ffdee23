"""Pictures of the value of information: the tornado, and what trials bring by size and clusters."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from wellperf_models.disclosure import Released
from wellperf_models.evidence import Row, Table
from wellperf_models.figures import (
    INK,
    LINE_STYLES,
    MARKERS,
    PALETTE,
    Picture,
    new_figure,
    require_evidence,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EVIDENCE: Final = "roi.information"
_MAX_ALT: Final = 1150
_MAX_LABEL: Final = 44
_MOST_BARS: Final = 12
# of the bold title
_LETTERS_PER_INCH: Final = 8.8


def plot_tornado(released: Released) -> Picture | None:
    """Net present value with one unknown at the ends of its interval, under the first set of priors.

    Args:
        released: Evidence "roi.information" after the gate.

    Returns:
        The picture, or None where no swing was released.

    Raises:
        DesignError: It is another answer.
    """
    table = _table(released, "tornado")
    if table is None or not table.rows:
        return None
    prior = table.rows[0].key[1]
    bars = [
        (row.key[0], *_numbers(row, table, "npv_at_low", "npv_at_high"))
        for row in table.rows
        if row.key[1] == prior
    ]
    shown = [(label, low, high) for label, low, high in bars if low is not None and high is not None]
    if not shown:
        return None
    shown = sorted(shown, key=lambda bar: -abs(bar[2] - bar[1]))[:_MOST_BARS]
    divisor, unit = _unit(table)
    title = _tornado_title(shown)
    with style():
        figure, axes = new_figure(width=8.4, height=1.7 + 0.42 * len(shown))
        for place, (_, low, high) in enumerate(shown):
            for value, colour, marker in ((low, PALETTE[0], MARKERS[0]), (high, PALETTE[1], MARKERS[1])):
                axes.plot(value / divisor, place, marker=marker, color=colour, linestyle="none", zorder=3)
            axes.plot(
                [low / divisor, high / divisor], [place, place], color=INK, lw=5, alpha=0.25, linestyle="-"
            )
        axes.plot([], [], marker=MARKERS[0], color=PALETTE[0], linestyle="none", label="at its 2.5 %")
        axes.plot([], [], marker=MARKERS[1], color=PALETTE[1], linestyle="none", label="at its 97.5 %")
        axes.axvline(0.0, color=INK, lw=1.0, linestyle="-")
        axes.set_yticks(range(len(shown)), [_short(label) for label, _, _ in shown], fontsize=9)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"Net present value, {unit}, all other numbers at their middle ({prior})")
        _headline(figure, title)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    told = "; ".join(f"{label}: {low / divisor:.3g} to {high / divisor:.3g}" for label, low, high in shown)
    return Picture(
        figure=figure, alt=_cut(f"{title}. Net present value, {unit}, {prior}: {told}"), title=title
    )


def _tornado_title(bars: list[tuple[str, float, float]]) -> str:
    label, low, high = bars[0]
    crossing = [name for name, a, b in bars if min(a, b) < 0 < max(a, b)]
    if not crossing:
        side = "below" if max(low, high) <= 0 else "above"
        return f"No single number would bring the net present value to the other side: it stays {side} 0"
    if len(crossing) == 1:
        return f"One number alone can change the sign: “{_short(crossing[0])}”"
    return f"{len(crossing)} numbers can each change the sign; most moves with “{_short(label)}”"


def plot_sampling(released: Released) -> Picture | None:
    """Expected net benefit of a trial by its size, a line for each number of clusters and set of priors.

    Args:
        released: Evidence "roi.information" after the gate.

    Returns:
        The picture, or None where no trial was released.

    Raises:
        DesignError: It is another answer.
    """
    table = _table(released, "trials")
    lines = {} if table is None else _lines(table)
    if table is None or not lines:
        return None
    divisor, unit = _unit(table)
    title = _sampling_title(lines)
    priors = list(dict.fromkeys(prior for prior, _ in lines))
    clusters = list(dict.fromkeys(among for _, among in lines))
    with style():
        figure, axes = new_figure(width=8.2, height=4.6)
        for (prior, among), points in lines.items():
            number = priors.index(prior)
            axes.errorbar(
                [n for n, _, _ in points],
                [net / divisor for _, net, _ in points],
                yerr=[error / divisor for _, _, error in points],
                color=PALETTE[number],
                linestyle=LINE_STYLES[clusters.index(among) % len(LINE_STYLES)],
                marker=MARKERS[clusters.index(among) % len(MARKERS)],
                markerfacecolor="white" if clusters.index(among) else PALETTE[number],
                # lines of several numbers of clusters often lie on each other: both markers stay visible
                markersize=max(9 - 3 * clusters.index(among), 3),
                capsize=3,
                label=f"{among}, {prior}",
            )
        _frame(axes, lines, unit)
        _headline(figure, title)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    told = "; ".join(
        f"{among}, {prior}: " + ", ".join(f"{net / divisor:.3g} with {n:,.0f} people" for n, net, _ in points)
        for (prior, among), points in lines.items()
    )
    return Picture(figure=figure, alt=_cut(f"{title}. Expected net benefit, {unit}: {told}"), title=title)


def _frame(axes: Axes, lines: dict[tuple[str, str], list[tuple[float, float, float]]], unit: str) -> None:
    sizes = sorted({n for points in lines.values() for n, _, _ in points})
    axes.axhline(0.0, color=INK, lw=1.0, linestyle="-")
    axes.set_xticks(sizes, [f"{n:,.0f}" for n in sizes])
    axes.set_xlabel("People in the trial (above 0: worth more than it costs; bars: ± simulation error, 95 %)")
    axes.set_ylabel(f"Expected net benefit,\n{unit}")


def _sampling_title(lines: dict[tuple[str, str], list[tuple[float, float, float]]]) -> str:
    """As the advice: one trial has to pay under every set of priors, clear of its simulation error."""
    pays = {
        (prior, among, size): net - error > 0
        for (prior, among), points in lines.items()
        for size, net, error in points
    }
    priors = {prior for prior, _, _ in pays}
    if any(all(pays.get((prior, *trial), False) for prior in priors) for trial in {key[1:] for key in pays}):
        every = "" if len(priors) == 1 else ", whatever one believed beforehand"
        return f"A trial first is worth more than it costs{every}"
    if any(pays.values()):
        return "Whether a trial first is worth it depends on what one believed beforehand"
    return "No trial declared is worth what it costs"


def _lines(table: Table) -> dict[tuple[str, str], list[tuple[float, float, float]]]:
    """(prior, lots among) → size, net and its error, of rows that were shown."""
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for row in table.rows:
        net, error = _numbers(row, table, "net", "error")
        if net is not None and error is not None:
            size = float(row.key[0].replace(",", ""))
            found.setdefault((row.key[2], row.key[1]), []).append((size, net, error))
    return found


def _table(released: Released, name: str) -> Table | None:
    require_evidence(released, _EVIDENCE)
    return next((t for t in released.tables if t.name == name), None)


def _numbers(row: Row, table: Table, first: str, second: str) -> tuple[float | None, float | None]:
    names = [m.name for m in table.measures]
    a, b = (row.values[names.index(name)] for name in (first, second))
    return (
        float(a) if isinstance(a, int | float) else None,
        float(b) if isinstance(b, int | float) else None,
    )


def _unit(table: Table) -> tuple[float, str]:
    """Divisor and unit in which a picture tells money: as large as its numbers are."""
    currency = table.measures[0].unit
    most = max(
        (abs(float(v)) for row in table.rows for v in row.values[:2] if isinstance(v, int | float)), default=0
    )
    if most >= 1e6:
        return 1e6, f"million {currency}"
    return (1e3, f"thousand {currency}") if most >= 1e4 else (1.0, currency)


def _headline(figure: Figure, title: str) -> None:
    width = int(_LETTERS_PER_INCH * figure.get_figwidth())
    figure.suptitle(textwrap.fill(title, width), x=0.01, ha="left", fontweight="bold", fontsize=12)


def _short(text: str) -> str:
    return text if len(text) <= _MAX_LABEL else f"{text[: _MAX_LABEL - 1]}…"


def _cut(text: str) -> str:
    return f"{text}." if len(text) < _MAX_ALT else f"{text[: _MAX_ALT - 1].rsplit('; ', 1)[0]} …"
