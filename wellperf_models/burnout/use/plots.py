"""Released → pictures of use: the decision curve, and how many scores fell into their intervals."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.evidence import Estimate, Row, Table
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
    from matplotlib.figure import Figure

# of the bold title
_LETTERS_PER_INCH = 9.5
_MOST_ROWS = 24


def plot_decision_curve(released: Released) -> Picture | None:
    """Net benefit by threshold of risk, of acting on the model, the last score, everybody and nobody.

    Args:
        released: Evidence "burnout.use" after the gate.

    Returns:
        The picture, or None where fewer than two thresholds were released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.use")
    table = _table(released, "decision_curve")
    rows = [] if table is None else [r for r in table.rows if r.values[0] is not None]
    if table is None or len(rows) < 2:
        return None
    names = [m.name for m in table.measures]
    lines = [(n, w) for n, w in _LINES if n in names]
    x = [float(row.key[0]) for row in rows]
    courses = {n: [_number(row, names.index(n)) for row in rows] for n, _ in lines}
    title = _decision_title(released)
    with style():
        figure, axes = new_figure(width=7.6, height=4.6)
        axes.set_ylim(*_reach(courses, [_number(r, names.index("model_high")) for r in rows]))
        for number, (name, words) in enumerate(lines):
            axes.plot(x, courses[name], color=PALETTE[number], linestyle=LINE_STYLES[number])
            _label(axes, x, courses[name], words, number)
        low, high = (names.index(f"model_{end}") for end in ("low", "high"))
        axes.fill_between(
            x, [_number(r, low) for r in rows], [_number(r, high) for r in rows], color=PALETTE[0], alpha=0.15
        )
        axes.axhline(0, color=INK, lw=1.0)
        axes.annotate("Nobody", (x[-1], 0), xytext=(6, -9), textcoords="offset points", fontsize=9)
        _mark_declared(released, axes)
        axes.set_xlabel("Threshold of risk at or above which one acts (dotted: declared by the study)")
        axes.set_ylabel("Net benefit, cases per 100 answers\n(band: 95 % interval of the model)")
        _headline(figure, title)
    ends = "; ".join(
        f"{words}: {courses[n][0]:.3g} at {x[0]:g}, {courses[n][-1]:.3g} at {x[-1]:g}" for n, words in lines
    )
    alt = f"{title}. Net benefit per 100 answers by threshold of risk. {ends}; nobody: 0 everywhere."
    return Picture(figure=figure, alt=alt, title=title)


_LINES = (("model", "Model"), ("last_score", "Last score alone"), ("everybody", "Everybody"))


def plot_intervals(released: Released) -> Picture | None:
    """Share of the scores that fell into their intervals, over all and by wave and group.

    Args:
        released: Evidence "burnout.use" after the gate.

    Returns:
        The picture, or None where no coverage was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.use")
    if not released.has("interval_coverage"):
        return None
    whole = released.estimate("interval_coverage")
    nominal = next((c.threshold for c in released.checks if c.name == "interval_coverage"), None)
    if nominal is None or whole.low is None or whole.high is None:
        return None
    shown = [("All scored answers", 100 * whole.value, 100 * whole.low, 100 * whole.high)]
    for table in released.tables:
        if table.name.startswith("coverage_by_"):
            shown += [
                (f"{table.keys[0].replace('_', ' ')} {r.key[0]}", *_three(r)) for r in table.rows if _told(r)
            ]
    shown = shown[:_MOST_ROWS]
    title = _interval_title(released, 100 * nominal)
    with style():
        figure, axes = new_figure(width=7.6, height=1.9 + 0.32 * len(shown))
        for position, (name, value, low, high) in enumerate(reversed(shown)):
            colour = PALETTE[0] if name == shown[0][0] else QUIET
            axes.plot([low, high], [position, position], color=colour, linestyle="-", lw=1.8)
            axes.plot(value, position, marker=MARKERS[0], linestyle="none", color=colour)
        axes.axvline(100 * nominal, color=INK, lw=1.0, linestyle=LINE_STYLES[1])
        axes.set_yticks(range(len(shown)), [s[0] for s in reversed(shown)], fontsize=9)
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("Scores inside of their intervals, per 100 (dashed: asked for; line: 95 % interval)")
        _headline(figure, title)
    told = "; ".join(f"{name} {value:.3g} ({low:.3g} to {high:.3g})" for name, value, low, high in shown[:10])
    return Picture(figure=figure, alt=f"{title}. Per 100: {told}."[:1190], title=title)


def _table(released: Released, name: str) -> Table | None:
    return next((t for t in released.tables if t.name == name), None)


def _number(row: Row, index: int) -> float:
    value = row.values[index]
    return float(value) if isinstance(value, int | float) else math.nan


def _three(row: Row) -> tuple[float, float, float]:
    return _number(row, 0), _number(row, 1), _number(row, 2)


def _told(row: Row) -> bool:
    return all(isinstance(v, int | float) for v in row.values[:3])


def _label(axes: Axes, x: Sequence[float], y: Sequence[float], words: str, number: int) -> None:
    """The name of a line where it begins; at the foot where it lies below what is drawn."""
    bottom, _ = axes.get_ylim()
    below = y[0] < bottom
    # the second line lies close to the first: its name stands under its middle
    at = len(x) // 2 if number == 1 and not below else 0
    value = f"{y[0]:.1f}".replace("-", "\N{MINUS SIGN}")
    axes.annotate(
        f"{words} ({value} at {x[0]:g}: below this picture)" if below else words,
        (x[at], bottom if below else y[at]),
        xytext=(6, 7) if not at else (-90, -14),
        textcoords="offset points",
        color=PALETTE[number],
        fontsize=9,
        fontweight="bold",
    )


def _mark_declared(released: Released, axes: Axes) -> None:
    table = _table(released, "acted_on")
    for row in () if table is None else table.rows:
        axes.axvline(float(row.key[0]), color=QUIET, lw=0.9, linestyle=LINE_STYLES[2])


def _reach(courses: dict[str, list[float]], highs: list[float]) -> tuple[float, float]:
    """Acting on everybody falls far below 0 at high thresholds: what is compared stays readable."""
    top = max(max(highs), *(v for course in courses.values() for v in course))
    top = max(top, 0.1)
    return -0.35 * top, 1.15 * top


def _decision_title(released: Released) -> str:
    gains = _named(released, "gain_last_")
    if not gains:
        return _default_title(released)
    clear = {at: e for at, e in gains.items() if e.low is not None and e.low > 0}
    if not clear:
        return "These data do not show that acting on the model gains more than on the last score alone"
    # where it is clearest
    at, best = max(clear.items(), key=lambda pair: pair[1].low or 0.0)
    where = "at every threshold declared" if len(clear) == len(gains) else "at some thresholds only"
    return (
        f"Acting on the model gains more than acting on the last score alone {where}: "
        f"{print_estimate(best)} cases per 100 answers at a risk of {_risk(at)}"
    )


def _default_title(released: Released) -> str:
    """Where there is no last score: against acting on everybody and on nobody."""
    own, others = _named(released, "net_benefit_"), _named(released, "gain_everybody_")
    clear = [at for at, e in own.items() if at in others and min(e.low or 0, others[at].low or 0) > 0]
    if not clear:
        return "These data do not show that acting on the model is worth more than on everybody or on nobody"
    where = "" if len(clear) == len(own) else f" at a risk of {', '.join(map(_risk, clear))} only"
    return f"Acting on the model is worth more than acting on everybody or on nobody{where}"


def _named(released: Released, head: str) -> dict[str, Estimate]:
    """Estimates whose names begin so, by the rest of the name."""
    return {e.name.removeprefix(head): e for e in released.estimates if e.name.startswith(head)}


def _risk(at: str) -> str:
    """The threshold in the name of an estimate: 12_5 is .125."""
    return f"{float(at.replace('_', '.')) / 100:g}"


def _interval_title(released: Released, nominal: float) -> str:
    whole = released.estimate("interval_coverage")
    state = next(c for c in released.checks if c.name == "interval_coverage")
    width = ""
    if released.has("interval_half_width"):
        width = f" of ± {print_estimate(released.estimate('interval_half_width'))} points"
    how = "hold what they promise" if state.passed else "hold less than they promise"
    return f"Intervals{width} {how}: {print_estimate(whole)} of the scores inside, {nominal:g} % asked for"


def _headline(figure: Figure, title: str) -> None:
    """The title in as many lines as the width asks for."""
    wide = int(_LETTERS_PER_INCH * figure.get_figwidth())
    figure.suptitle(textwrap.fill(title, wide), x=0.01, ha="left", fontweight="bold", fontsize=12)
