"""Pictures of posterior and decision; every number in them has passed the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate, print_value
from wellperf_models.evidence import Estimate, Table
from wellperf_models.figures import INK, MARKERS, PALETTE, Picture, new_figure, require_evidence, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EVIDENCE: Final = "roi.decision"
_ESTIMATE: Final = "the trial's estimate"
_STEP: Final = 0.24
# of the distance between two labels, all intervals of one take so much
_ROOM: Final = 0.8
_BESIDE: Final = " (beside)"
_MAX_LABEL: Final = 44
_MAX_ALT: Final = 1150
# who judges → marker and colour; the words are those of the released tables
_LOOK: Final = {
    _ESTIMATE: (MARKERS[3], PALETTE[6]),
    "flat prior": (MARKERS[0], PALETTE[0]),
    "sceptical prior": (MARKERS[1], PALETTE[1]),
    "prior for changes of organisation": (MARKERS[2], PALETTE[2]),
    "optimistic prior": (MARKERS[4], PALETTE[3]),
}
_FOR: Final = {
    "flat": "by these data alone",
    "sceptical": "for a sceptic",
    "organisational": "for one who trusts changes of organisation",
    "optimistic": "for an optimist",
}
_NET: Final = "Net present value"


@dataclass(frozen=True, kw_only=True)
class _Bar:
    """One released interval: what it is about, who judges, and its three numbers."""

    label: str
    by: str
    value: float
    low: float
    high: float

    @property
    def beside(self) -> bool:
        """Whether its set of priors does not judge."""
        return self.by.endswith(_BESIDE)

    @property
    def clear(self) -> bool:
        """Whether the interval excludes 0."""
        return not self.low <= 0 <= self.high


def plot_posterior(released: Released) -> Picture | None:
    """What to believe of each effect under each prior, beside the trial's estimate, in standard deviations.

    Args:
        released: Evidence "roi.decision" after the gate.

    Returns:
        The picture, or None where no posterior was released.

    Raises:
        DesignError: It is another answer.
    """
    bars = _bars(released, "posteriors", "standardised")
    if not bars:
        return None
    title = _posterior_title(bars)
    # the most sceptical of those that judge comes last
    judges = [by for by in _LOOK if any(b.by == by for b in bars)]
    with style():
        figure, axes = new_figure(width=8.4, height=1.9 + _height(bars) * len(_labels(bars)))
        _draw(axes, bars)
        axes.set_xlabel("Effect of the offer in standard deviations (95 %; filled: excludes 0)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    told = "; ".join(
        f"{b.label} {_two(b.value)} ({_two(b.low)} to {_two(b.high)})" for b in bars if b.by == judges[-1]
    )
    alt = f"{title}. Effects in standard deviations of the control arm under the {judges[-1]}: {told}"
    return Picture(figure=figure, alt=_cut(alt), title=title)


def plot_net_present_value(released: Released) -> Picture | None:
    """Present value of each channel, costs and the difference, under each prior, around 0.

    Args:
        released: Evidence "roi.decision" after the gate.

    Returns:
        The picture, or None where the net present value was not released.

    Raises:
        DesignError: It is another answer.
    """
    bars = _bars(released, "present_value", "present_value")
    # the title and the alt text tell these; a reader's role may see the table without them
    judges = [e.name.removeprefix("npv_") for e in released.estimates if _is_headline(e)]
    titled = judges and all(released.has(f"p_positive_{prior}") for prior in judges)
    if not titled or not any(b.label == _NET for b in bars):
        return None
    title = value_title({prior: print_value(released.estimate(f"p_positive_{prior}")) for prior in judges})
    unit = released.estimate(f"npv_{judges[0]}").unit
    divisor = {"million": 1e6, "thousand": 1e3}.get(unit.partition(" ")[0], 1.0)
    bars = [
        _Bar(label=b.label, by=b.by, value=b.value / divisor, low=b.low / divisor, high=b.high / divisor)
        for b in bars
    ]
    with style():
        figure, axes = new_figure(width=8.4, height=1.9 + _height(bars) * len(_labels(bars)))
        _draw(axes, bars)
        axes.set_xlabel(f"Present value, {unit} (95 %; filled: excludes 0)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    told = "; ".join(
        f"judged with the {prior} prior {print_estimate(released.estimate(f'npv_{prior}'))}"
        for prior in judges
    )
    return Picture(figure=figure, alt=_cut(f"{title}. Net present value, {unit}: {told}"), title=title)


def _table(released: Released, name: str) -> Table | None:
    require_evidence(released, _EVIDENCE)
    return next((t for t in released.tables if t.name == name), None)


def _bars(released: Released, name: str, column: str) -> list[_Bar]:
    """Rows of a released table that were shown, as intervals."""
    table = _table(released, name)
    if table is None:
        return []
    place = {m.name: index for index, m in enumerate(table.measures)}
    bars = []
    for row in table.rows:
        cells = [row.values[place[c]] for c in (column, f"{column}_low", f"{column}_high")]
        numbers = [float(c) for c in cells if isinstance(c, int | float)]
        if len(numbers) == 3:
            value, low, high = numbers
            bars.append(_Bar(label=row.key[0], by=row.key[1], value=value, low=low, high=high))
    return bars


def _labels(bars: Sequence[_Bar]) -> list[str]:
    return list(dict.fromkeys(b.label for b in bars))


def _draw(axes: Axes, bars: Sequence[_Bar]) -> None:
    """One line for each label from the top, one interval below another for each who judges."""
    labels = _labels(bars)
    order = list(dict.fromkeys(b.by for b in bars))
    seen: set[str] = set()
    for bar in bars:
        marker, colour = _LOOK[bar.by.removesuffix(_BESIDE)]
        offset = (order.index(bar.by) - (len(order) - 1) / 2) * min(_STEP, _ROOM / len(order))
        position = labels.index(bar.label) + offset
        axes.plot(
            [bar.low, bar.high],
            [position, position],
            color=colour,
            linestyle="-",
            lw=1.0 if bar.beside else 1.6,
        )
        # filled where the interval excludes 0: not by colour alone
        axes.plot(
            bar.value,
            position,
            marker=marker,
            linestyle="none",
            color=colour,
            markerfacecolor=colour if bar.clear else "white",
            label=None if bar.by in seen else bar.by,
        )
        seen.add(bar.by)
    axes.axvline(0.0, color=INK, lw=1.0, linestyle="-")
    short = [t if len(t) <= _MAX_LABEL else f"{t[: _MAX_LABEL - 1]}…" for t in labels]
    axes.set_yticks(range(len(labels)), short, fontsize=9)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")


def _posterior_title(bars: Sequence[_Bar]) -> str:
    """States which effects are clear whatever one believed beforehand."""
    judged = [b for b in bars if b.by != _ESTIMATE and not b.beside]
    clear = [label for label in _labels(judged) if all(b.clear for b in judged if b.label == label)]
    if not clear:
        return "No effect is clear whatever one believed beforehand"
    if len(clear) > 1:
        return f"{len(clear)} of {len(_labels(judged))} effects are clear whatever one believed beforehand"
    name = clear[0] if len(clear[0]) <= _MAX_LABEL else f"{clear[0][: _MAX_LABEL - 1]}…"
    return f"Clear whatever one believed beforehand: {name}"


def value_title(told: Mapping[str, str]) -> str:
    """The headline of a picture of money.

    Args:
        told: Set of priors that judges → printed probability that it returns more than it costs.
    """
    (_, first), *others = told.items()
    again = ", ".join(f"{_FOR.get(prior, prior)} {printed}" for prior, printed in others)
    return f"It returns more than it costs with probability {first}{f' ({again})' if again else ''}"


def _is_headline(estimate: Estimate) -> bool:
    """The net present value under a set of priors that judges."""
    per_person = estimate.name.startswith("npv_per_person")
    return estimate.name.startswith("npv_") and not per_person and _BESIDE not in estimate.label


def _height(bars: Sequence[_Bar]) -> float:
    """Inches for one label."""
    return 0.26 + 0.11 * len({b.by for b in bars})


def _two(value: float) -> str:
    """Two decimals, with a minus sign and without a "−0.00"."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _cut(text: str) -> str:
    return f"{text}." if len(text) < _MAX_ALT else f"{text[: _MAX_ALT - 1].rsplit('; ', 1)[0]} …"
