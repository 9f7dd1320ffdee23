"""Released → how foretold exits compare with what came about; every number has passed the gate."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.evidence import Row
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

_MOST_PANELS = 4
# of the bold title
_LETTERS_PER_INCH = 9.5
# columns of the table: people, foretold, observed, low, high
_FORETOLD, _OBSERVED, _LOW, _HIGH = 1, 2, 3, 4


def plot_calibration(released: Released) -> Picture | None:
    """Exits that came about against those foretold, by group of foretold risk; a panel a cause.

    Args:
        released: Evidence "turnover.risk" after the gate.

    Returns:
        The picture, or None where fewer than two groups were released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "turnover.risk")
    panels: dict[str, list[Row]] = {}
    for table in released.tables:
        for row in table.rows if table.name == "calibration" else ():
            if all(v is not None for v in row.values[: _OBSERVED + 1]):
                panels.setdefault(row.key[0], []).append(row)
    panels = {name: rows for name, rows in list(panels.items())[:_MOST_PANELS] if len(rows) > 1}
    if not panels:
        return None
    title = _title(released)
    columns = min(2, len(panels))
    lines = math.ceil(len(panels) / columns)
    with style():
        figure, axes = new_figure(width=(6.4 if columns == 1 else 8.0), height=1.6 + 3.1 * lines)
        axes.remove()
        grid = figure.subplots(lines, columns, squeeze=False)
        for panel in grid.flat[len(panels) :]:
            panel.set_visible(False)
        for panel, (name, rows) in zip(grid.flat, panels.items(), strict=False):
            _panel(panel, rows)
            panel.set_title(name.capitalize(), fontsize=9.5)
        wide = int(_LETTERS_PER_INCH * figure.get_figwidth())
        figure.suptitle(textwrap.fill(title, wide), x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.supxlabel("Foretold exits per 100 people (dashed: as foretold)", fontsize=10)
        figure.supylabel("Came about per 100 (95 % interval)", fontsize=10)
    told = "; ".join(f"{name}: {_words(rows)}" for name, rows in panels.items())
    return Picture(
        figure=figure,
        alt=f"{title}. Foretold and observed per 100, lowest risk first. {told}"[:1190],
        title=title,
    )


def _numbers(row: Row) -> tuple[float, ...]:
    # a group without an interval is drawn as its value
    found = [float(v) if isinstance(v, int | float) else math.nan for v in row.values]
    return tuple(found[_OBSERVED] if math.isnan(v) else v for v in found)


def _panel(axes: Axes, rows: list[Row]) -> None:
    values = [_numbers(row) for row in rows]
    end = 1.08 * max(max(v[_FORETOLD], v[_HIGH]) for v in values)
    axes.plot([0, end], [0, end], color=INK, lw=1.0, linestyle=LINE_STYLES[1])
    for v in values:
        axes.plot([v[_FORETOLD]] * 2, [v[_LOW], v[_HIGH]], color=PALETTE[0], lw=1.8, linestyle="-")
        axes.plot(v[_FORETOLD], v[_OBSERVED], marker=MARKERS[0], linestyle="none", color=PALETTE[0])
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)


def _title(released: Released) -> str:
    if not released.has("calibration_ratio"):
        return "Foretold exits and what came about"
    ratio = released.estimate("calibration_ratio")
    assert ratio.low is not None
    assert ratio.high is not None
    if ratio.low <= 1 <= ratio.high:
        return f"As many left as were foretold: {print_estimate(ratio)} exits for each one foretold"
    how = "More" if ratio.low > 1 else "Fewer"
    return f"{how} left than were foretold: {print_estimate(ratio)} exits for each one foretold"


def _words(rows: list[Row]) -> str:
    return ", ".join(f"{v[_FORETOLD]:.3g} and {v[_OBSERVED]:.3g}" for v in map(_numbers, rows))
