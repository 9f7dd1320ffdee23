"""Released → the courses with and without a policy; every number in a title has passed the gate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.evidence import Estimate, Table
from wellperf_models.figures import LINE_STYLES, PALETTE, Picture, new_figure, require_evidence, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WITHOUT = "as things are"
_COLUMNS = 2
_EXITS = "_exits_avoided_per_100"


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One released course: months, and the share who have left, with its band."""

    label: str
    months: list[int]
    left: list[float]
    low: list[float]
    high: list[float]


def plot_policies(released: Released) -> Picture | None:
    """Small panels, one a policy: people who have left of 100, with the policy and without.

    Args:
        released: Evidence "turnover.policy" after the gate.

    Returns:
        The picture, or None where no course was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "turnover.policy")
    panels = [(t, lines) for t in released.tables if t.name.startswith("course_") and (lines := _lines(t))]
    if not panels:
        return None
    title = _title(_effects(released))
    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    with style():
        figure, axes = new_figure(width=4.2 * columns + 0.6, height=1.0 + 3.1 * rows)
        axes.remove()
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for panel in list(grid.flat)[len(panels) :]:
            panel.set_visible(False)
        seen = _supported(released, len(panels))
        for panel, (table, lines), inside in zip(grid.flat, panels, seen, strict=False):
            _draw(panel, lines)
            beyond = "" if inside else "\n(beyond what these data have seen)"
            panel.set_title(table.title.partition(":")[0] + beyond, fontsize=9.5)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.supxlabel("Months since the policy began", fontsize=10)
        figure.supylabel("Have left (of 100 people; band: 95 %)", fontsize=10)
    told = " ".join(
        f"{table.title.partition(':')[0]}: after {line.months[-1]} months {line.left[-1]:.1f} of 100 have "
        f"left {line.label} (95 % {line.low[-1]:.1f} to {line.high[-1]:.1f})."
        for table, lines in panels
        for line in lines
    )
    return Picture(figure=figure, alt=f"{title}. {told}", title=title)


def _lines(table: Table) -> list[_Line]:
    """The courses of a released table; nothing where a row was kept back."""
    found: dict[str, _Line] = {}
    for row in table.rows:
        left, low, high = row.values[:3]
        if not (isinstance(left, float) and isinstance(low, float) and isinstance(high, float)):
            return []
        line = found.setdefault(row.key[1], _Line(label=row.key[1], months=[], left=[], low=[], high=[]))
        line.months.append(int(row.key[0]))
        line.left.append(left)
        line.low.append(low)
        line.high.append(high)
    return list(found.values())


def _draw(axes: Axes, lines: list[_Line]) -> None:
    for number, line in enumerate(lines):
        without = line.label == _WITHOUT
        months, left = [0, *line.months], [0.0, *line.left]
        axes.plot(months, left, color=PALETTE[number], linestyle=LINE_STYLES[number], label=line.label)
        axes.fill_between(
            months, [0.0, *line.low], [0.0, *line.high], color=PALETTE[number], alpha=0.15, lw=0
        )
        # above its band half-way, or below its band at the end: clear of both lines
        at = len(line.months) // 2 if without else -1
        place = (line.months[at], line.high[at] if without else line.low[at])
        axes.annotate(
            line.label, place, xytext=(-4, 6 if without else -28),
            textcoords="offset points", ha="right", color=PALETTE[number],
        )  # fmt: skip
    axes.set_xlim(0, lines[0].months[-1])
    axes.set_ylim(bottom=0)


def _supported(released: Released, n: int) -> list[bool]:
    """By policy, in order: whether these data have seen the like of it; all where no check is shown."""
    passed = [bool(c.passed) for c in released.checks if c.name.startswith("positivity")]
    return passed if len(passed) == n else [True] * n


def _effects(released: Released) -> list[Estimate]:
    """Exits avoided by each policy that these data have seen the like of."""
    found = [
        e for e in released.estimates if e.name.endswith(_EXITS) and not e.name.endswith(f"_all{_EXITS}")
    ]
    return [e for e, seen in zip(found, _supported(released, len(found)), strict=True) if seen]


def _title(effects: list[Estimate]) -> str:
    """What is clear; the largest of what the data support."""
    clear = [e for e in effects if e.low is not None and e.low > 0]
    if not effects:
        return "Who has left with the policy and without: beyond what these data have seen"
    if not clear:
        return "The data do not tell whether fewer people would have left"
    best = max(clear, key=lambda e: e.value)
    return f"{best.label.partition(':')[0]}: {print_estimate(best)} fewer exits per 100 people"
