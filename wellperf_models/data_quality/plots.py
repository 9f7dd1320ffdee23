"""Released → pictures of coverage."""

from __future__ import annotations

from wellperf_models.disclosure import Released
from wellperf_models.figures import PALETTE, Picture, new_figure, require_evidence, style

# wave names are as long as a date; more of them than this run into each other
_MOST_LABELS = 7


def plot_response(released: Released) -> Picture | None:
    """Share of those employed who answered, wave by wave.

    Args:
        released: Evidence "data_quality.description" after the gate.

    Returns:
        The picture, or None where the study has no dated survey waves to show.

    Raises:
        DesignError: The answer is another one.
    """
    require_evidence(released, "data_quality.description")
    if not any(t.name == "response" for t in released.tables):
        return None
    rows = [(r.key[0], r.values[2]) for r in released.table("response").rows]
    shown = [(wave, float(rate)) for wave, rate in rows if isinstance(rate, int | float)]
    if len(shown) < 2:
        return None
    first, last = shown[0], shown[-1]
    title = f"{last[1]:.0f} % of those employed answered the last survey, {first[1]:.0f} % the first"
    with style():
        figure, axes = new_figure()
        positions = range(len(shown))
        axes.plot(positions, [rate for _, rate in shown], marker="o", color=PALETTE[0])
        step = max(1, -(-len(shown) // _MOST_LABELS))
        axes.set_xticks(list(positions)[::step], [wave for wave, _ in shown][::step])
        axes.set_ylim(0, 100)
        axes.set_xlabel("Survey wave")
        axes.set_ylabel("Answered (% of those employed)")
        axes.set_title(title)
    low, high = min(r for _, r in shown), max(r for _, r in shown)
    alt = f"{title}. Over {len(shown)} waves the response lies between {low:.0f} and {high:.0f} %."
    return Picture(figure=figure, alt=alt, title=title)
