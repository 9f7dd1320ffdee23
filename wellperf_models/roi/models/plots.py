"""The picture of `roi.models`: comparison and models side by side; every number has passed the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wellperf_models.disclosure import Released
from wellperf_models.evidence import Table
from wellperf_models.figures import INK, MARKERS, PALETTE, Picture, new_figure, require_evidence, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EVIDENCE: Final = "roi.models"
_FLAT: Final = ", flat prior"
_COMPARISON: Final = "plain comparison of means"
_GAUSSIAN: Final = "Gaussian model"
_DECLARED: Final = "its own model"
_ORDER: Final = (_COMPARISON, _GAUSSIAN, _DECLARED)
_STEP: Final = 0.22
_MOST_LABEL: Final = 44
_MOST_ALT: Final = 1150

_Bar = tuple[float, float, float]


def plot_models(released: Released) -> Picture | None:
    """Effects of outcomes with a model of their own, each over half the width of its comparison's interval.

    Args:
        released: Evidence "roi.models" after the gate.

    Returns:
        The picture, or None where no such outcome was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, _EVIDENCE)
    table = next((t for t in released.tables if t.name == "models"), None)
    bars = {} if table is None else _bars(table)
    if not bars:
        return None
    agree = sum(_clear(b[_COMPARISON]) == _clear(b[_DECLARED]) for b in bars.values())
    title = (
        "Models and plain comparisons agree on what is clear"
        if agree == len(bars)
        else f"Model and plain comparison agree for {agree} of {len(bars)} outcomes"
    )
    with style():
        figure, axes = new_figure(width=8.4, height=1.9 + 0.9 * len(bars))
        _draw(axes, bars)
        axes.axvline(0.0, color=INK, lw=1.0, linestyle="-")
        short = [t if len(t) <= _MOST_LABEL else f"{t[: _MOST_LABEL - 1]}…" for t in bars]
        axes.set_yticks(range(len(bars)), short, fontsize=9)
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("Effect in half widths of the comparison's interval (95 %; filled: excludes 0)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    told = "; ".join(
        f"{label}: "
        + ", ".join(f"{by} {own[by][0]:.2g} ({own[by][1]:.2g} to {own[by][2]:.2g})" for by in _ORDER)
        for label, own in bars.items()
    )
    alt = f"{title}. {told}"
    alt = alt if len(alt) <= _MOST_ALT else f"{alt[: _MOST_ALT - 1]}…"
    return Picture(figure=figure, alt=alt, title=title)


def _draw(axes: Axes, bars: dict[str, dict[str, _Bar]]) -> None:
    """One line for each outcome from the top, who says it one below another."""
    seen: set[str] = set()
    for place, own in enumerate(bars.values()):
        _, low, high = own[_COMPARISON]
        half = (high - low) / 2
        for number, by in enumerate(_ORDER):
            value, low, high = (v / half for v in own[by])
            at = place + (number - 1) * _STEP
            colour = PALETTE[(6, 0, 1)[number]]
            axes.plot([low, high], [at, at], color=colour, linestyle="-", lw=1.6)
            axes.plot(
                value,
                at,
                marker=MARKERS[number],
                linestyle="none",
                color=colour,
                markerfacecolor=colour if not low <= 0 <= high else "white",
                label=None if by in seen else by,
            )
            seen.add(by)


def _clear(bar: _Bar) -> bool:
    return not bar[1] <= 0 <= bar[2]


def _bars(table: Table) -> dict[str, dict[str, _Bar]]:
    """Outcome with a model of its own → who says → released interval, under the flat prior."""
    place = {m.name: k for k, m in enumerate(table.measures)}
    found: dict[str, dict[str, _Bar]] = {}
    for row in table.rows:
        label, by = row.key
        numbers = [row.values[place[c]] for c in ("effect", "effect_low", "effect_high")]
        shown = [float(v) for v in numbers if isinstance(v, int | float)]
        if len(shown) < 3 or not (by == _COMPARISON or by.endswith(_FLAT)):
            continue
        who = by.removesuffix(_FLAT)
        who = who if who in (_COMPARISON, _GAUSSIAN) else _DECLARED
        found.setdefault(label, {})[who] = (shown[0], shown[1], shown[2])
    complete = {label: own for label, own in found.items() if set(own) == set(_ORDER)}
    return {label: own for label, own in complete.items() if own[_COMPARISON][2] > own[_COMPARISON][1]}
