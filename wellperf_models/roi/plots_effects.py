"""Pictures of effects and of the contrast; every number in them has passed the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wellperf_models.disclosure import Released
from wellperf_models.evidence import Table
from wellperf_models.figures import INK, MARKERS, PALETTE, Picture, new_figure, require_evidence, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MAX_LABEL = 46
_MAX_TOLD = 8
_MAX_ALT = 1150


@dataclass(frozen=True, kw_only=True)
class _Series:
    """One kind of difference in a forest: column of the table, what it is, and how it is drawn."""

    column: str
    label: str
    marker: str
    colour: str


_OFFER = _Series(column="itt", label="offered, or not, by lot", marker=MARKERS[0], colour=PALETTE[0])
_COMPLIERS = _Series(
    column="compliers", label="took part because offered", marker=MARKERS[1], colour=PALETTE[2]
)
_CONTRAST = _Series(
    column="contrast", label="took part, or not (not an effect)", marker=MARKERS[2], colour=PALETTE[1]
)

_OVER_TIME = replace(_CONTRAST, label="after less before (not an effect)")


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One outcome's released differences: column → (value, low, high)."""

    label: str
    of: dict[str, tuple[float, float, float]]

    def clear(self, column: str) -> bool:
        """Whether the interval is known and excludes no change."""
        return column in self.of and not self.of[column][1] <= 0 <= self.of[column][2]


def plot_effects(released: Released) -> Picture | None:
    """Forest of the effects of the offer and of taking part, in standard deviations of the control arm.

    Args:
        released: Evidence "roi.effects" after the gate.

    Returns:
        The picture, or None where no effect was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "roi.effects")
    lines = _lines(released, "effects_standardised", ("itt", "compliers"))
    lines = [line for line in lines if "itt" in line.of]
    if not lines:
        return None
    offer = _OFFER
    if released.design != "randomised":
        offer = replace(_OFFER, label="with it less what it would have been without")
    return _forest(lines, (offer, _COMPLIERS), _effects_title(released, lines))


def plot_contrast(released: Released) -> Picture | None:
    """The contrast beside what the lots say, outcome by outcome.

    Args:
        released: Evidence "roi.contrast" after the gate.

    Returns:
        The picture, or None where no contrast was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "roi.contrast")
    lines = _lines(released, "contrast_standardised", ("contrast", "itt"))
    lines = [line for line in lines if "contrast" in line.of]
    if not lines:
        return None
    both = any("itt" in line.of for line in lines)
    compared = _OVER_TIME if "before and after" in released.design else _CONTRAST
    shown = (compared, _OFFER) if both else (compared,)
    return _forest(lines, shown, _contrast_title(lines, both=both))


def _table(released: Released, name: str) -> Table | None:
    return next((t for t in released.tables if t.name == name), None)


def _lines(released: Released, name: str, columns: Sequence[str]) -> list[_Line]:
    """Rows of a released table with what of them was released."""
    table = _table(released, name)
    if table is None:
        return []
    place = {m.name: index for index, m in enumerate(table.measures)}
    lines = []
    for row in table.rows:
        found = {}
        for column in columns:
            names = (column, f"{column}_low", f"{column}_high")
            cells = [row.values[place[c]] for c in names if c in place]
            numbers = [float(c) for c in cells if isinstance(c, int | float)]
            if len(numbers) == 3:
                found[column] = (numbers[0], numbers[1], numbers[2])
        lines.append(_Line(label=row.key[0], of=found))
    return lines


def _effects_title(released: Released, lines: Sequence[_Line]) -> str:
    """What is clear after correction for looking at several outcomes."""
    table = _table(released, "effects")
    clear: list[str] = []
    if table is not None:
        at = [m.name for m in table.measures].index("p_holm")
        for row in table.rows:
            p = row.values[at]
            if isinstance(p, float) and p < 0.05:
                clear.append(row.key[0])
    first = _short(lines[0].label, 34)
    if not clear:
        return "The programme changed no outcome clearly"
    if len(lines) == 1:
        return f"The programme changed “{first}”"
    did = "did" if lines[0].label in clear else "did not"
    return f"{len(clear)} of {len(lines)} outcomes clearly changed; “{first}” {did}"


def _contrast_title(lines: Sequence[_Line], *, both: bool) -> str:
    if not both:
        return "A contrast, not an effect: nothing was assigned by lot"
    misled = [line for line in lines if line.clear("contrast") and not line.clear("itt")]
    if not misled:
        return "Comparing participants is no effect, even where it agrees with the lots"
    if len(misled) == 1:
        return f"Comparing participants misleads on “{_short(misled[0].label, 34)}”"
    return f"Comparing participants would claim {len(misled)} changes that the lots do not show"


def _forest(lines: Sequence[_Line], series: Sequence[_Series], title: str) -> Picture:
    step = 0.24
    with style():
        figure, axes = new_figure(width=8.4, height=1.9 + 0.48 * len(lines))
        for position, line in enumerate(reversed(lines)):
            for number, kind in enumerate(series):
                if kind.column in line.of:
                    height = position - step * (number - (len(series) - 1) / 2)
                    _draw(axes, line.of[kind.column], height, kind, filled=line.clear(kind.column))
        axes.axvline(0.0, color=INK, lw=1.0, linestyle="-")
        axes.set_yticks(range(len(lines)), [_short(line.label) for line in reversed(lines)], fontsize=9)
        axes.set_ylim(-0.6, len(lines) - 0.4)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("Difference in standard deviations (filled: 95 % interval excludes 0)")
        _legend(axes, series, lines)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(_told(line, series) for line in lines[:_MAX_TOLD])
    more = f" and {len(lines) - _MAX_TOLD} more outcomes" if len(lines) > _MAX_TOLD else ""
    alt = f"{title}. Differences in standard deviations with 95 % intervals: {told}{more}."
    if len(alt) > _MAX_ALT:
        alt = alt[: alt.rindex("; ", 0, _MAX_ALT)] + "; and more."
    return Picture(figure=figure, alt=alt, title=title)


def _draw(
    axes: Axes, bounds: tuple[float, float, float], height: float, kind: _Series, *, filled: bool
) -> None:
    value, low, high = bounds
    axes.plot([low, high], [height, height], color=kind.colour, linestyle="-", lw=1.6)
    # filled where the interval excludes no change, and a marker for each kind: not by colour alone
    axes.plot(
        value,
        height,
        marker=kind.marker,
        linestyle="none",
        color=kind.colour,
        markerfacecolor=kind.colour if filled else "white",
    )


def _legend(axes: Axes, series: Sequence[_Series], lines: Sequence[_Line]) -> None:
    from matplotlib.lines import Line2D

    drawn = [kind for kind in series if any(kind.column in line.of for line in lines)]
    handles = [
        Line2D([], [], color=k.colour, marker=k.marker, linestyle="-", lw=1.6, label=k.label) for k in drawn
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(handles))


def _told(line: _Line, series: Sequence[_Series]) -> str:
    parts = []
    for kind in series:
        if kind.column in line.of:
            value, low, high = (_two_decimals(v) for v in line.of[kind.column])
            parts.append(f"{kind.label} {value} ({low} to {high})")
    return f"{_short(line.label)}: {', '.join(parts)}"


def _two_decimals(value: float) -> str:
    # adding 0 takes the sign from a zero
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _short(label: str, most: int = _MAX_LABEL) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
