"""Released → pictures of coverage."""

from __future__ import annotations

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.wording import print_estimate, print_interval, print_value
from wellperf_models.figures import (
    MARKERS,
    PALETTE,
    QUIET,
    Picture,
    draw_estimate,
    new_figure,
    require_evidence,
    style,
)

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


def plot_left_out(released: Released) -> Picture | None:
    """As answered, weighted to everybody employed, and whatever the others would have answered.

    Args:
        released: Evidence "data_quality.consent" after the gate.

    Returns:
        The picture, or None where the three numbers were not released.

    Raises:
        DesignError: The answer is another one.
    """
    require_evidence(released, "data_quality.consent")
    found = {e.name: e for e in released.estimates}
    if not {"as_answered", "weighted", "at_worst"} <= set(found):
        return None
    answered, weighted, worst = (found[name] for name in ("as_answered", "weighted", "at_worst"))
    what = answered.label.partition(":")[0]
    title = f"{what}: {print_value(answered)} as answered, {print_value(weighted)} weighted to everybody"
    names = ("as answered", "weighted to everybody", "whatever the others\nwould have answered")
    percent = answered.unit == "share"
    with style():
        figure, axes = new_figure(width=8.4, height=2.6)
        drawn = zip((worst, weighted, answered), (QUIET, PALETTE[0], PALETTE[1]), MARKERS, strict=False)
        for position, (item, colour, marker) in enumerate(drawn):
            draw_estimate(axes, item, position, colour=colour, hollow=item is worst, marker=marker)
        axes.set_yticks(range(3), names[::-1])
        axes.set_ylim(-0.6, 2.6)
        axes.grid(visible=False, axis="y")
        if percent:
            from matplotlib.ticker import PercentFormatter

            axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))
        axes.set_xlabel(f"{what} ({'%' if percent else answered.unit} of those employed at the newest wave)")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    alt = (
        f"{title}. With 95 % intervals: {print_estimate(answered)} as answered, {print_estimate(weighted)} "
        f"weighted; whatever the others would have answered, {print_interval(worst)}."
    )
    return Picture(figure=figure, alt=alt, title=title)
