"""Released → net present value under other circumstances, beside what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wellperf_models.disclosure import Released
from wellperf_models.evidence import Row
from wellperf_models.figures import (
    INK,
    MARKERS,
    PALETTE,
    Picture,
    new_figure,
    require_evidence,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EVIDENCE: Final = "roi.scenarios"
_BESIDE: Final = "(beside)"
_MAX_LABEL: Final = 46
_MAX_ALT: Final = 1150
_STEP: Final = 0.24


def plot_scenarios(released: Released) -> Picture | None:
    """Net present value of each scenario under the sets of priors that judge, with the answer by the rule.

    Args:
        released: Evidence "roi.scenarios" after the gate.

    Returns:
        The picture, or None where no scenario was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, _EVIDENCE)
    table = next((t for t in released.tables if t.name == "scenarios"), None)
    rows = [r for r in table.rows if _BESIDE not in r.key[1] and interval_of(r)] if table else []
    if table is None or not rows:
        return None
    names = list(dict.fromkeys(r.key[0] for r in rows))
    answers = {r.key[0]: str(r.values[5]) for r in rows}
    title = _title(names, answers)
    currency = table.measures[0].unit
    divisor, unit = in_units([abs(v) for r in rows for v in interval_of(r)], currency)
    with style():
        figure, axes = new_figure(width=8.6, height=1.8 + 0.52 * len(names))
        _draw(axes, rows, names, divisor)
        for name in names:
            axes.annotate(
                f"“{answers[name]}”",
                (1.0, names.index(name)),
                xycoords=("axes fraction", "data"),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                annotation_clip=False,
            )
        axes.set_xlabel(f"Net present value, {unit} (95 %; filled: excludes 0)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    first = rows[0].key[1]
    told = "; ".join(
        f"{r.key[0]}: {number(m / divisor)} ({number(low / divisor)} to {number(high / divisor)}), "
        f"“{answers[r.key[0]]}”"
        for r in rows
        if r.key[1] == first
        for m, low, high in [interval_of(r)]
    )
    alt = f"{title}. Net present value, {unit}, under the {first}: {told}"
    alt = f"{alt}." if len(alt) < _MAX_ALT else f"{alt[: _MAX_ALT - 1].rsplit('; ', 1)[0]} …"
    return Picture(figure=figure, alt=alt, title=title)


def interval_of(row: Row) -> list[float]:
    """Middle and ends of a row; [] where it was kept back."""
    found = [float(v) for v in row.values[:3] if isinstance(v, int | float)]
    return found if len(found) == 3 else []


def _title(names: list[str], answers: dict[str, str]) -> str:
    declared = answers[names[0]]
    changed = [name for name in names if answers[name] != declared]
    if not changed:
        return f"Whatever the circumstances tried, the answer is “{declared}”"
    if len(changed) == 1:
        return f"The answer is another one if: {short(changed[0])}"
    return f"The answer is another one in {len(changed)} of {len(names) - 1} scenarios"


def _draw(axes: Axes, rows: list[Row], names: list[str], divisor: float) -> None:
    sets = list(dict.fromkeys(r.key[1] for r in rows))
    seen: set[str] = set()
    for row in rows:
        middle, low, high = (v / divisor for v in interval_of(row))
        place = sets.index(row.key[1])
        at = names.index(row.key[0]) + _STEP * (place - (len(sets) - 1) / 2)
        axes.plot([low, high], [at, at], color=PALETTE[place], linestyle="-", lw=1.6)
        axes.plot(
            middle,
            at,
            marker=MARKERS[place],
            linestyle="none",
            color=PALETTE[place],
            markerfacecolor="white" if low <= 0 <= high else PALETTE[place],
            label=None if row.key[1] in seen else row.key[1],
        )
        seen.add(row.key[1])
    axes.axvline(0.0, color=INK, lw=1.0, linestyle="-")
    axes.set_yticks(range(len(names)), [short(n) for n in names], fontsize=9)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")


def in_units(sizes: list[float], currency: str) -> tuple[float, str]:
    """Divisor and unit in which amounts of these sizes are drawn."""
    largest = max(sizes)
    for divisor, word in ((1e6, "million "), (1e3, "thousand ")):
        if largest >= 10 * divisor:
            return divisor, word + currency
    return 1.0, currency


def short(text: str) -> str:
    """A label that fits beside the axis."""
    return text if len(text) <= _MAX_LABEL else f"{text[: _MAX_LABEL - 1]}…"


def number(value: float) -> str:
    """Three digits at most, with a minus sign."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return "0" if text in ("-0", "0") else text.replace("-", "−")
