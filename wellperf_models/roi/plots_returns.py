"""Pictures of what comes back: density, acceptability, cumulative cash; every number passed the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_value
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
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.plots_decision import value_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EVIDENCE: Final = "roi.decision"
_BESIDE: Final = "(beside)"
# of the quantiles a smooth curve needs
_FEWEST: Final = 7
_GRID: Final = 181
_DEGREE: Final = 5
_MISS: Final = 0.02
_ALPHA: Final = 0.15
_MAX_ALT: Final = 1150


@dataclass(frozen=True, kw_only=True)
class Line:
    """One released series: a set of priors, and its numbers.

    Attributes:
        label: As in the table.
        x, y: Numbers that were shown.
        number: Place in palette and line styles.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    number: int

    @property
    def judges(self) -> bool:
        """Whether the set is one that judges."""
        return _BESIDE not in self.label


def plot_density(released: Released) -> Picture | None:
    """Density of the net present value under each set of priors, from the 5 % to the 95 % quantile.

    Args:
        released: Evidence "roi.decision" after the gate.

    Returns:
        The picture, or None where the quantiles were not released, or are all alike.

    Raises:
        DesignError: It is another answer.
    """
    lines = [line for line in _by_set(released, "npv_quantiles") if len(set(line.y)) >= _FEWEST]
    title = _title(released)
    if not lines or title is None:
        return None
    currency = _unit(released, "npv_quantiles")
    divisor, unit = _scale([abs(v) for line in lines for v in line.y], currency)
    with style():
        figure, axes = new_figure(width=8.0, height=4.4)
        for line in lines:
            x, density = smooth(np.array(line.x) / 100, np.array(line.y) / divisor)
            _draw(axes, x, density, line)
            if line.judges:
                axes.fill_between(x, density, color=PALETTE[line.number], alpha=_ALPHA, lw=0)
        axes.axvline(0.0, color=INK, lw=1.0, linestyle="-")
        axes.set_ylim(bottom=0)
        axes.set_yticks([])
        axes.set_ylabel("More probable →")
        axes.set_xlabel(f"Net present value, {unit} (from the 5 % to the 95 % quantile; line: breaks even)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    told = "; ".join(
        f"{line.label}: {_number(line.y[0] / divisor)} to {_number(line.y[-1] / divisor)}, middle "
        f"{_number(float(np.median(line.y)) / divisor)}"
        for line in lines
    )
    alt = f"{title}. Net present value, {unit}, from the lowest to the highest twentieth: {told}"
    return Picture(figure=figure, alt=_cut(alt), title=title)


def plot_acceptability(released: Released) -> Picture | None:
    """Probability that the return is at least what is asked, under each set of priors.

    Args:
        released: Evidence "roi.decision" after the gate.

    Returns:
        The picture, or None where the probabilities were not released or one return alone is asked.

    Raises:
        DesignError: It is another answer.
    """
    lines = [line for line in _by_set(released, "acceptability") if len(line.x) > 1]
    judging = [line for line in lines if line.judges]
    if not judging:
        return None
    first = judging[0]
    title = (
        f"A return of {first.x[-1]:g} % or more: probability {_number(first.y[-1])} %, of 0 % or more: "
        f"{_number(first.y[0])} %"
    )
    with style():
        figure, axes = new_figure(width=7.6, height=4.4)
        for line in lines:
            _draw(axes, line.x, line.y, line, marked=True)
        axes.set_ylim(-2, 102)
        axes.set_xlabel("Return asked on top of what is spent (%)")
        axes.set_ylabel("Probability that it returns as much (%)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    told = "; ".join(
        f"{line.label} "
        + ", ".join(f"{_number(y)} % at {x:g} %" for x, y in zip(line.x, line.y, strict=True))
        for line in lines
    )
    return Picture(figure=figure, alt=_cut(f"{title}. Probability by the return asked: {told}"), title=title)


def plot_cumulative_cash(released: Released) -> Picture | None:
    """Benefits less costs up to the end of each year, with their interval, under the sets that judge.

    Args:
        released: Evidence "roi.decision" after the gate.

    Returns:
        The picture, or None where the years were not released.

    Raises:
        DesignError: It is another answer.
    """
    table = _table(released, "cumulative")
    rows = [r for r in table.rows if _BESIDE not in r.key[1] and _numbers(r, 3)] if table else []
    if not rows:
        return None
    sets = list(dict.fromkeys(row.key[1] for row in rows))
    divisor, unit = _scale([abs(v) for r in rows for v in _numbers(r, 3)], _unit(released, "cumulative"))
    title = _payback_title(released, sets[0])
    with style():
        figure, axes = new_figure(width=7.6, height=4.4)
        for number, name in enumerate(sets):
            own = [r for r in rows if r.key[1] == name]
            offset = 0.06 * (number - (len(sets) - 1) / 2)
            x = [float(r.key[0]) + offset for r in own]
            middle, low, high = (
                [v / divisor for v in part] for part in zip(*(_numbers(r, 3) for r in own), strict=True)
            )
            axes.vlines(x, low, high, color=PALETTE[number], lw=1.6, linestyles=LINE_STYLES[number])
            if not number:
                axes.fill_between(x, low, high, color=PALETTE[number], alpha=_ALPHA, lw=0)
            _draw(axes, x, middle, Line(label=name, x=(), y=(), number=number), marked=True)
        axes.axhline(0.0, color=INK, lw=1.0, linestyle="-")
        axes.set_xticks(sorted({int(r.key[0]) for r in rows}))
        axes.set_xlabel("Up to the end of year")
        axes.set_ylabel(f"Benefits less costs so far, {unit} (95 %)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    told = "; ".join(
        f"{r.key[1]}, year {r.key[0]}: {_number(m / divisor)} ({_number(lo / divisor)} to "
        f"{_number(hi / divisor)})"
        for r in rows
        for m, lo, hi in [_numbers(r, 3)]
    )
    return Picture(
        figure=figure, alt=_cut(f"{title}. Benefits less costs so far, {unit}: {told}"), title=title
    )


def smooth(share: Floats, value: Floats) -> tuple[Floats, Floats]:
    """A density through released quantiles, and nothing beyond them.

    The quantiles are a curve against those of a normal, a straight line for a normal, whose slope gives the
    density: φ(z) / (dq/dz). A polynomial of degree 5 takes out the noise of single quantiles; where it misses
    one by more than a fiftieth of their range, or does not increase, they are joined as they are.

    Args:
        share: Shape (k,), increasing, between 0 and 1.
        value: Quantiles, shape (k,); equal ones, as printing makes them, are taken once.

    Returns:
        (x, density), shape (181,).
    """
    from scipy import interpolate, stats

    kept = np.concatenate([[True], np.diff(value) > 0])
    normal, quantile = stats.norm.ppf(share[kept]), value[kept]
    z = np.linspace(normal[0], normal[-1], _GRID)
    width = float(np.ptp(quantile))
    line = np.polynomial.Polynomial.fit(normal, quantile, _DEGREE)
    x, slope = line(z), line.deriv()(z)
    if slope.min() <= 0 or np.abs(line(normal) - quantile).max() > _MISS * width:
        joined = interpolate.PchipInterpolator(normal, quantile)
        x, slope = joined(z), np.maximum(joined(z, 1), 1e-3 * width / np.ptp(normal))
    return x, stats.norm.pdf(z) / slope


def _draw(
    axes: Axes, x: Sequence[float] | Floats, y: Sequence[float] | Floats, line: Line, *, marked: bool = False
) -> None:
    axes.plot(
        x,
        y,
        color=PALETTE[line.number],
        linestyle=LINE_STYLES[line.number],
        marker=MARKERS[line.number] if marked else "",
        label=line.label,
        lw=1.9 if line.judges else 1.2,
    )


def _table(released: Released, name: str) -> Table | None:
    require_evidence(released, _EVIDENCE)
    return next((t for t in released.tables if t.name == name), None)


def _by_set(released: Released, name: str) -> list[Line]:
    """A released table with a row for each share or hurdle and a column for each set, as lines."""
    table = _table(released, name)
    if table is None:
        return []
    found = []
    for number, measure in enumerate(table.measures):
        points = [(_percent(r), r.values[number]) for r in table.rows]
        shown = [(x, float(y)) for x, y in points if isinstance(y, int | float)]
        if shown:
            x, y = zip(*shown, strict=True)
            label = measure.label[:1].lower() + measure.label[1:]
            found.append(Line(label=label, x=x, y=y, number=number))
    return found


def _percent(row: Row) -> float:
    return float(row.key[0].removesuffix(" %"))


def _numbers(row: Row, n: int) -> list[float]:
    """The first values of a row; [] where one of them is kept back."""
    found = [float(v) for v in row.values[:n] if isinstance(v, int | float)]
    return found if len(found) == n else []


def _unit(released: Released, name: str) -> str:
    table = _table(released, name)
    return table.measures[0].unit if table else ""


def _scale(sizes: Sequence[float], currency: str) -> tuple[float, str]:
    largest = max(sizes)
    for divisor, word in ((1e6, "million "), (1e3, "thousand ")):
        if largest >= 10 * divisor:
            return divisor, word + currency
    return 1.0, currency


def _judging(released: Released) -> Mapping[str, str]:
    """Set that judges → its printed probability, in the order of the answer."""
    prefix = "p_positive_"
    return {
        e.name.removeprefix(prefix): print_value(e)
        for e in released.estimates
        if e.name.startswith(prefix) and _BESIDE not in e.label
    }


def _title(released: Released) -> str | None:
    told = _judging(released)
    return value_title(told) if told else None


def _payback_title(released: Released, name: str) -> str:
    lines = [line for line in _never(released) if line[0] == name]
    if not lines:
        return "Benefits less costs so far, year by year"
    _, words, value = lines[0]
    return f"What is spent is not back {words.removeprefix('not ')} with probability {_number(value)} %"


def _never(released: Released) -> list[tuple[str, str, float]]:
    """(Set, "not within … years", probability) of the last row of the table of payback."""
    table = _table(released, "payback")
    if table is None or not table.rows:
        return []
    row = table.rows[-1]
    return [
        (m.label[:1].lower() + m.label[1:], row.key[0], float(v))
        for m, v in zip(table.measures, row.values, strict=True)
        if isinstance(v, int | float)
    ]


def _number(value: float) -> str:
    """Three digits at most, with a minus sign."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return "0" if text in ("-0", "0") else text.replace("-", "−")


def _cut(text: str) -> str:
    return f"{text}." if len(text) < _MAX_ALT else f"{text[: _MAX_ALT - 1].rsplit('; ', 1)[0]} …"
