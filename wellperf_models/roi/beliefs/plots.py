"""Released → the net present value before and after the data, under each set of priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate, print_value
from wellperf_models.evidence import Estimate
from wellperf_models.figures import INK, MARKERS, PALETTE, Picture, new_figure, require_evidence, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SETS: Final = {
    "flat": "Data alone",
    "sceptical": "Sceptic",
    "organisational": "Expects much of\nchanges of organisation",
    "optimistic": "Optimist",
}
_STEP: Final = 0.13
# when → marker and colour; before is hollow, so that the two differ without colour
_LOOK: Final = {"before": (MARKERS[1], PALETTE[1]), "after": (MARKERS[0], PALETTE[0])}


@dataclass(frozen=True, kw_only=True)
class _Bar:
    """One released interval."""

    prior: str
    when: str
    npv: Estimate


def plot_beliefs(released: Released) -> Picture | None:
    """Net present value under each set of priors, before the data and after them.

    Args:
        released: Evidence "roi.priors" after the gate.

    Returns:
        The picture, or None where no net present value was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "roi.priors")
    bars = [
        _Bar(prior=prior, when=when, npv=released.estimate(f"npv_{when}_{prior}"))
        for prior in _SETS
        for when in _LOOK
        if released.has(f"npv_{when}_{prior}")
    ]
    if not bars:
        return None
    title = _title(released, bars)
    with style():
        sets = [p for p in _SETS if any(b.prior == p for b in bars)]
        figure, axes = new_figure(width=8.4, height=1.8 + 0.62 * len(sets))
        for bar in bars:
            _draw(axes, bar, sets.index(bar.prior))
        axes.axvline(0.0, color=INK, lw=1.0, linestyle="-")
        axes.set_yticks(range(len(sets)), [_SETS[p] for p in sets])
        axes.set_ylim(len(sets) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"Net present value, {bars[0].npv.unit} (95 %)")
        handles, labels = axes.get_legend_handles_labels()
        first = dict(zip(labels, handles, strict=True))
        figure.legend(list(first.values()), list(first), loc="outside lower center", ncols=2)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(
        f"{_SETS[b.prior].replace(chr(10), ' ').lower()} {b.when} the data {print_estimate(b.npv)}"
        for b in bars
    )
    alt = f"{title}. Net present value, {bars[0].npv.unit}: {told}."
    return Picture(figure=figure, alt=alt, title=title)


def _draw(axes: Axes, bar: _Bar, position: int) -> None:
    marker, colour = _LOOK[bar.when]
    before = bar.when == "before"
    at = position + (-_STEP if before else _STEP)
    low, high = bar.npv.low, bar.npv.high
    if low is not None and high is not None:
        axes.plot([low, high], [at, at], color=colour, linestyle=(0, (4, 2)) if before else "-", lw=1.7)
    axes.plot(
        bar.npv.value,
        at,
        marker=marker,
        linestyle="none",
        color=colour,
        markerfacecolor="white" if before else colour,
        label=f"{bar.when} the data".capitalize(),
    )


def _title(released: Released, bars: list[_Bar]) -> str:
    """How far apart the sets are before the data and after them, in the probability that it pays."""

    def spread(when: str) -> str:
        found = [
            released.estimate(f"p_{when}_{b.prior}")
            for b in bars
            if b.when == when and released.has(f"p_{when}_{b.prior}")
        ]
        if not found:
            return ""
        least, most = (
            print_value(e) for e in (min(found, key=lambda e: e.value), max(found, key=lambda e: e.value))
        )
        return least if least == most else f"{least} to {most}"

    before, after = spread("before"), spread("after")
    if not (before and after):
        return "Net present value before and after the data, under each set of priors"
    return f"Probability that it pays: {before} before the data, {after} after them"
