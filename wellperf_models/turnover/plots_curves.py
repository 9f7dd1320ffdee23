"""Released → curves of staying and leaving; every number in a title or label has passed the gate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.rules import COUNT_BASE
from wellperf_models.evidence import Curve
from wellperf_models.figures import (
    LINE_STYLES,
    PALETTE,
    QUIET,
    Picture,
    new_figure,
    require_evidence,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# a difference in shares that a reader would see in the labels
_SEEN = 0.005
_MAX_PANELS = 12
_HATCHES = ("", "///", "...", "\\\\\\", "xxx", "+++", "ooo")


def plot_survival(released: Released) -> Picture | None:
    """Share still employed by tenure, with its band and the number at risk below.

    Args:
        released: Evidence "turnover.description" after the gate.

    Returns:
        The picture, or None where the curve was not released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "turnover.description")
    curves = released.curves_of("survival")
    if not curves:
        return None
    curve = curves[0]
    title = _survival_title(released, curve)
    with style():
        figure, axes = new_figure(height=4.6)
        _draw(axes, curve, PALETTE[0], LINE_STYLES[0])
        axes.annotate(
            curve.label, (curve.x[-1], curve.y[-1]), xytext=(-4, 14), textcoords="offset points", ha="right"
        )
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=curve.x[0])
        _percent(axes)
        axes.set_ylabel("Still employed (% of people)")
        late = curve.support.n_people > curve.at_risk[0]
        axes.set_xlabel("Months of tenure" + (" (some people come under observation later)" if late else ""))
        _risk_table(axes, curve)
        axes.set_title(title)
    end = f"The curve ends at {curve.x[-1]:.0f} months at {100 * curve.y[-1]:.0f} %"
    band = f"(95 % band {100 * curve.low[-1]:.0f} to {100 * curve.high[-1]:.0f} %)."
    return Picture(figure=figure, alt=f"{title}. {end} {band}", title=title)


def plot_survival_by_group(released: Released) -> Picture | None:
    """Small panels: each group's curve with its band over everyone's in grey.

    Args:
        released: Evidence "turnover.description" after the gate.

    Returns:
        The picture (the largest twelve groups), or None where fewer than two groups were released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "turnover.description")
    groups = sorted(released.curves_of("survival_by_group"), key=lambda c: -c.support.n_people)[:_MAX_PANELS]
    if len(groups) < 2:
        return None
    groups = sorted(groups, key=lambda c: c.group)
    everyone = released.curves_of("survival")
    columns = min(4, len(groups))
    lines = math.ceil(len(groups) / columns)
    title, alt = _group_words(groups, _last_horizon(released, min(c.x[-1] for c in groups)))
    with style():
        figure, axes = new_figure(width=7.6, height=1.1 + 1.9 * lines)
        axes.remove()
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for position, panel in enumerate(panels.flat):
            if position >= len(groups):
                panel.set_visible(False)
                continue
            for curve in everyone[:1]:
                panel.step(curve.x, curve.y, where="post", color=QUIET, linestyle=LINE_STYLES[1], lw=1.0)
            _draw(panel, groups[position], PALETTE[0], LINE_STYLES[0])
            panel.set_title(groups[position].group, fontsize=9.5)
            panel.set_ylim(0, 1.02)
            _percent(panel)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.supxlabel("Months of tenure", fontsize=10)
        figure.supylabel("Still employed (%); dashed: everyone", fontsize=10)
    return Picture(figure=figure, alt=alt, title=title)


def plot_incidence(released: Released) -> Picture | None:
    """Stacked shares who have left for each cause; what is left above is still employed.

    Args:
        released: Evidence "turnover.description" after the gate.

    Returns:
        The picture, or None where no curve of a cause was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "turnover.description")
    curves = released.curves_of("cumulative_incidence")
    if not curves:
        return None
    grid = sorted({x for c in curves for x in c.x})
    layers = [[_value_at(c, x) for x in grid] for c in curves]
    ends = [layer[-1] for layer in layers]
    # the curve of a cause is known at the ends of blocks of exits only: their sum may lag behind
    everyone = released.curves_of("survival")
    hidden = any(s.what.startswith("curve incidence_") for s in released.suppressed)
    rest = " or left otherwise" if hidden else ""
    stayed = _value_at(everyone[0], grid[-1]) if everyone and not hidden else 1 - sum(ends)
    largest = max(range(len(curves)), key=lambda i: ends[i])
    at = _last_horizon(released, grid[-1])
    # the exact estimate where it passed; the curve is only known at the ends of blocks of exits
    asked = f"{curves[largest].name.removeprefix('incidence_')}_exits_{f'{at:g}'.replace('.', '_')}_months"
    exact = released.has(asked)
    if not exact:
        at = min(at, curves[largest].x[-1])
    share = released.estimate(asked).value if exact else _value_at(curves[largest], at)
    title = f"{_percent_of(share)} {_lower(curves[largest].label)} within {at:g} months"
    with style():
        figure, axes = new_figure(width=7.6)
        floor = [0.0] * len(grid)
        for number, (curve, layer) in enumerate(zip(curves, layers, strict=True)):
            top = [a + b for a, b in zip(floor, layer, strict=True)]
            colour = PALETTE[number % len(PALETTE)]
            axes.fill_between(
                grid,
                floor,
                top,
                step="post",
                facecolor=colour,
                alpha=0.55,
                hatch=_HATCHES[number % len(_HATCHES)],
                edgecolor="white",
                linewidth=0.0,
            )
            axes.step(grid, top, where="post", color=colour, lw=1.2, linestyle="-")
            # direct label beside the layer it names
            axes.annotate(
                f"{curve.label} ({100 * layer[-1]:.0f} %)",
                (grid[-1], (floor[-1] + top[-1]) / 2),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                annotation_clip=False,
            )
            floor = top
        remaining = float(1 - floor[-1])
        if not rest and remaining - stayed > _SEEN:
            # causes are known up to their last block; who left since is not in any of them
            rest = ", or left since the last steps shown"
        axes.annotate(
            f"Still employed{rest} ({100 * remaining:.0f} %)",
            (grid[-1], (1 + floor[-1]) / 2),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            annotation_clip=False,
        )
        axes.set_xlim(grid[0], grid[-1])
        axes.set_ylim(0, 1)
        _percent(axes)
        axes.set_xlabel(f"Months of tenure (shares on the right: by month {grid[-1]:.0f})")
        axes.set_ylabel("Have left (% of people), by cause")
        axes.set_title(title)
    told = "; ".join(f"{_lower(c.label)} {100 * e:.0f} %" for c, e in zip(curves, ends, strict=True))
    stay = f"still employed{rest} {_percent_of(remaining)}"
    alt = f"{title}. Stacked by cause at {grid[-1]:.0f} months: {told}; {stay}."
    return Picture(figure=figure, alt=alt, title=title)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _draw(axes: Axes, curve: Curve, colour: str, line: object) -> None:
    axes.fill_between(curve.x, curve.low, curve.high, step="post", color=colour, alpha=0.18, linewidth=0)
    axes.step(curve.x, curve.y, where="post", color=colour, linestyle=line)


def _percent(axes: Axes) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=""))


def _value_at(curve: Curve, x: float, values: Sequence[float] = ()) -> float:
    """A curve at x, by straight lines between its released points; after the last one as there.

    A released point stands for a block of exits since the one before: read as a step, the curve would say
    that nobody had left until then.
    """
    values = values or curve.y
    after = next((i for i, at in enumerate(curve.x) if at > x), None)
    if after is None or after == 0:
        return values[-1] if after is None else values[0]
    if max(curve.events) < COUNT_BASE:
        # every exit is a point: published microdata, in full
        return values[after - 1]
    left, right = curve.x[after - 1], curve.x[after]
    weight = (x - left) / (right - left)
    return (1 - weight) * values[after - 1] + weight * values[after]


def _risk_table(axes: Axes, curve: Curve) -> None:
    """Numbers at risk under five ticks, as released."""
    ticks = [t for t in axes.get_xticks() if curve.x[0] <= t <= curve.x[-1]][:9]
    axes.set_xticks(ticks)
    axes.xaxis.labelpad = 22
    for tick in ticks:
        later = [n for at, n in zip(curve.x, curve.at_risk, strict=True) if at >= tick]
        axes.annotate(
            f"{later[0]}" if later else "",
            (tick, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, -26),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=QUIET,
            annotation_clip=False,
        )
    axes.annotate(
        "at risk",
        (0, 0),
        xycoords="axes fraction",
        xytext=(-14, -26),
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
        color=QUIET,
        annotation_clip=False,
    )


def _survival_title(released: Released, curve: Curve) -> str:
    asked = [e for e in released.estimates if e.name.startswith("survival_")]
    if asked:
        return f"{_percent_of(asked[-1].value)} are {asked[-1].label}"
    return f"{_percent_of(curve.y[-1])} are still employed after {curve.x[-1]:.0f} months"


def _percent_of(value: float) -> str:
    return f"{100 * value:.0f} %"


def _last_horizon(released: Released, end: float) -> float:
    """The last tenure reported that lies before `end`, else `end`."""
    asked = [e.name.split("_")[1:-1] for e in released.estimates if e.name.startswith("survival_")]
    inside = [float(".".join(parts)) for parts in asked if float(".".join(parts)) <= end]
    return max(inside, default=end)


def _apart(lowest: Curve, highest: Curve, at: float, n_groups: int) -> bool:
    """Whether two groups differ although they were picked as the extremes of several (Bonferroni)."""
    quantile = NormalDist().inv_cdf
    # half-widths of 95 % bands add up to √2 times the error of a difference of two alike
    needed = quantile(1 - 0.025 / math.comb(n_groups, 2)) / (math.sqrt(2) * quantile(0.975))
    down = _value_at(highest, at) - _value_at(highest, at, highest.low)
    up = _value_at(lowest, at, lowest.high) - _value_at(lowest, at)
    return _value_at(highest, at) - _value_at(lowest, at) > needed * (down + up)


def _group_words(groups: Sequence[Curve], at: float) -> tuple[str, str]:
    """Title and alt text: the extremes at a tenure that all groups reach, if their bands are apart."""
    values = {c.group: _value_at(c, at) for c in groups}
    highest = max(groups, key=lambda c: values[c.group])
    lowest = min(groups, key=lambda c: values[c.group])
    told = "; ".join(f"{g} {_percent_of(v)}" for g, v in values.items())
    alt = f"Still employed after {at:.0f} months by group: {told}."
    if not _apart(lowest, highest, at, len(groups)):
        title = f"No clear difference between groups in how long people stay (at {at:.0f} months)"
        return title, f"{title}. {alt}"
    title = (
        f"After {at:.0f} months {_percent_of(values[lowest.group])} remain in {lowest.group}, "
        f"{_percent_of(values[highest.group])} in {highest.group}"
    )
    return title, f"{title}. {alt}"
