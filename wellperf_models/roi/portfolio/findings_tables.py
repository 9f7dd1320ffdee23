"""Tables of the choice: candidates, choices under each set of priors, and what initiatives rest on."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.disclosure.wording import print_whole
from wellperf_models.evidence import Measure, Row, Support, Table, interval_measures, plain
from wellperf_models.roi.checks_effects import labels_of
from wellperf_models.roi.findings_returns import ENDS, in_percent, row_of
from wellperf_models.roi.findings_words import programme_of
from wellperf_models.roi.portfolio.candidates import Candidate
from wellperf_models.roi.portfolio.model import Portfolio
from wellperf_models.roi.prior_words import words_of
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.roi.summaries import Drawn, average, quantiles, share

LOCAL = "measured here"
NOT_LOCAL = "no local evidence"


def label_of(frame: RoiFrame, candidate: Candidate) -> str:
    """What a reader sees of a candidate."""
    if candidate.local:
        return programme_of(frame)
    declared = frame.section.initiatives[candidate.name]
    return plain(declared.label or candidate.name.replace("_", " "))


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def tables_of_portfolio(frame: RoiFrame, portfolio: Portfolio, support: Support) -> tuple[Table, ...]:
    """Every table of the choice.

    Args:
        frame: The return frame.
        portfolio: From `fit_portfolio`.
        support: What the programme's numbers rest on.
    """
    tables = (
        _choices(frame, portfolio, support),
        _candidates(frame, portfolio, support),
        _believed(frame, portfolio),
    )
    return tuple(table for table in tables if table.rows)


def _choices(frame: RoiFrame, portfolio: Portfolio, support: Support) -> Table:
    decision, rows = portfolio.decision, []
    for prior, choice in portfolio.choices.items():
        n = decision.returns[prior].n_effective
        chosen = listed([label_of(frame, portfolio.candidates[place]) for place in choice.chosen])
        worth: tuple[Drawn | None, ...] = (None,) * 3
        expected: Drawn | None = None
        if choice.chosen:
            worth, expected = quantiles(choice.together, ENDS, n), average(choice.together, n)
        rows.append(
            row_of(
                (words_of(prior, decision),),
                (
                    chosen or "none",
                    *worth,
                    in_percent(choice.best_choice),
                    in_percent(choice.right_order),
                    choice.regret,
                    expected,
                ),
                support,
            )
        )
    budget = (
        "no limit" if portfolio.budget is None else f"{print_whole(portfolio.budget)} {decision.currency}"
    )
    return Table(
        name="choices",
        title=f"What to pay for (budget: {budget}), and how sure that is ({decision.currency})",
        keys=("prior",),
        measures=(
            Measure(name="chosen", kind="text", label="To pay for"),
            *interval_measures("npv", "Net present value together", decision.currency),
            Measure(name="p_choice", kind="model", unit="%", label="No other choice is better (%)"),
            Measure(name="p_ranking", kind="model", unit="%", label="Whole ranking right (%)"),
            Measure(name="regret", kind="model", unit=decision.currency, label="Loss of choosing now"),
            Measure(name="expected", kind="model", unit=decision.currency, label="Expected (mean)"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _candidates(frame: RoiFrame, portfolio: Portfolio, support: Support) -> Table:
    """Candidates in rank, under each set of priors."""
    decision, rows = portfolio.decision, []
    for prior, choice in portfolio.choices.items():
        n = decision.returns[prior].n_effective
        for rank, place in enumerate(choice.order, start=1):
            one = portfolio.candidates[place]
            per_unit = average(one.npv[prior] / one.cost, n)
            chosen = "yes" if place in choice.chosen else "no"
            rows.append(
                row_of(
                    (f"{rank}. {label_of(frame, one)}", words_of(prior, decision)),
                    (
                        *quantiles(one.npv[prior], ENDS, n),
                        average(one.pv_cost, one.pv_cost.size),
                        per_unit,
                        in_percent(share(one.npv[prior] > 0, n)),
                        in_percent(choice.first[place]),
                        chosen if portfolio.affordable[place] else "no: above the budget",
                        LOCAL if one.local else NOT_LOCAL,
                    ),
                    support,
                )
            )
    return Table(
        name="candidates",
        title="What the money could be spent on, ranked by the net present value expected for each unit of "
        f"money ({decision.currency})",
        keys=("candidate", "prior"),
        measures=(
            *interval_measures("npv", "Net present value", decision.currency),
            Measure(name="cost", kind="model", unit=decision.currency, label="Expected cost"),
            Measure(name="per_unit", kind="model", label=f"Brings for each {decision.currency}"),
            Measure(name="p_positive", kind="model", unit="%", label="Returns more than it costs (%)"),
            Measure(name="p_first", kind="model", unit="%", label="Truly first (%)"),
            Measure(name="chosen", kind="text", label="To pay for"),
            Measure(name="evidence", kind="text", label="Evidence"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _believed(frame: RoiFrame, portfolio: Portfolio) -> Table:
    """What is believed of each initiative; nothing of it was measured here."""
    labels, nobody = labels_of(frame.outcomes), Support(n_people=0)
    rows = []
    for one in portfolio.candidates:
        if one.local:
            continue
        for outcome, believed in frame.section.initiatives[one.name].effects.items():
            rows.append(
                Row(
                    key=(label_of(frame, one), labels[outcome]),
                    values=(
                        one.people,
                        believed.mean,
                        believed.sd,
                        f"{NOT_LOCAL}: {believed.tier}",
                        believed.source,
                    ),
                    support=nobody,
                )
            )
    return Table(
        name="initiatives",
        title="What is believed of initiatives: the change for one person offered it, over a year",
        keys=("initiative", "outcome"),
        measures=(
            Measure(name="people", kind="mean", unit="people", label="Offered to"),
            Measure(name="mean", kind="mean", label="Mean"),
            Measure(name="sd", kind="mean", label="SD"),
            Measure(name="tier", kind="text", label="How known"),
            Measure(name="source", kind="text", label="Source"),
        ),
        rows=tuple(rows),
        about_people=False,
    )
