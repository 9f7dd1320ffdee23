"""Released → what each kind of model gains; every number in a title or label has passed the gate."""

from __future__ import annotations

import math
import textwrap

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.evidence import Estimate
from wellperf_models.figures import (
    INK,
    LINE_STYLES,
    PALETTE,
    QUIET,
    Picture,
    draw_estimate,
    new_figure,
    require_evidence,
    style,
)

_HEAD = "difference in AUC: "
# as in the table of models
_RECOMMENDED, _BETTER = "recommended", "better"
# of the bold title
_LETTERS_PER_INCH = 9.5


def plot_candidates(released: Released) -> Picture | None:
    """Gain in AUC of each kind of model over the last score alone, with its 95 % interval.

    Args:
        released: Evidence "burnout.candidates" after the gate.

    Returns:
        The picture, or None where no gain was released.

    Raises:
        DesignError: It is another answer.
    """
    require_evidence(released, "burnout.candidates")
    gains = [e for e in released.estimates if e.name.startswith("delta_auc_")]
    if not gains:
        return None
    verdicts = _verdicts(released)
    title = _title(gains, verdicts)
    against = gains[0].label.partition(" less ")[2]
    with style():
        figure, axes = new_figure(width=8.0, height=2.1 + 0.42 * len(gains))
        for position, item in enumerate(reversed(gains)):
            chosen = _RECOMMENDED in verdicts.get(_name(item), ())
            draw_estimate(axes, item, position, colour=PALETTE[0] if chosen else QUIET, hollow=not chosen)
        axes.axvline(0.0, color=INK, lw=1.0, linestyle=LINE_STYLES[1])
        axes.set_yticks(range(len(gains)), [_name(e) for e in reversed(gains)], fontsize=9.5)
        axes.set_ylim(-0.6, len(gains) - 0.4)
        ends = [v for e in gains for v in (e.low, e.high, e.value) if v is not None]
        step = 0.01
        axes.set_xlim(
            step * (math.floor(min(0.0, *ends) / step) - 1), step * (math.ceil(max(0.0, *ends) / step) + 1)
        )
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"Gain in AUC, with 95 % interval (dashed: {against})\nfilled: recommended")
        wide = int(_LETTERS_PER_INCH * figure.get_figwidth())
        figure.suptitle(textwrap.fill(title, wide), x=0.01, ha="left", fontweight="bold", fontsize=12)
    told = "; ".join(f"{_name(e)} {print_estimate(e)}" for e in gains)
    named = next((n for n, words in verdicts.items() if _RECOMMENDED in words), "none of them")
    alt = f"{title}. Gain in AUC over {against}, with 95 % interval: {told}. Recommended: {named}."
    return Picture(figure=figure, alt=alt, title=title)


def _name(gain: Estimate) -> str:
    return gain.label.removeprefix(_HEAD).partition(" less ")[0]


def _verdicts(released: Released) -> dict[str, tuple[str, ...]]:
    """Model → the words of its verdict, as released."""
    return {
        row.key[0]: tuple(str(row.values[-1] or "").split(", "))
        for table in released.tables
        if table.name == "models"
        for row in table.rows
    }


def _title(gains: list[Estimate], verdicts: dict[str, tuple[str, ...]]) -> str:
    """Who beats the last score alone is decided with all models tried in mind, not by one interval."""
    against = gains[0].label.partition(" less ")[2]
    clear = [e for e in gains if _BETTER in verdicts.get(_name(e), ())]
    if not clear:
        return f"No kind of model is shown to order people better than: {against}"
    best = next((e for e in clear if _RECOMMENDED in verdicts[_name(e)]), clear[0])
    return f"{_name(best)}: AUC higher by {print_estimate(best)} than {against}"
