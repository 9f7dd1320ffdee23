"""Tables of the decision: present values, posteriors beside the estimate, correlations; and all others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, interval_measures
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.panel import all_members
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.findings_ledgers import asserted_table, channels_table, costs_table, priors_table
from wellperf_models.roi.findings_returns import tables_of_returns
from wellperf_models.roi.findings_words import unit_of
from wellperf_models.roi.ledger import declared_decision
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.prior_words import PRIOR_WORDS, words_of
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import RoiFrame

ESTIMATE = "the trial's estimate"
# the ends of a 95 % interval lie in thin tails: their Monte Carlo error is about 2.7 of the middle's
_TAIL = 3.0


def joint_support(supports: Sequence[Support]) -> Support:
    """What a number rests on that several outcomes make: of everything the least.

    Args:
        supports: Of the outcomes, at least one.
    """

    def least(name: str) -> int | None:
        values = [v for s in supports if (v := getattr(s, name)) is not None]
        return min(values) if values else None

    parameters = [s.n_parameters for s in supports if s.n_parameters is not None]
    return Support(
        n_people=min(s.n_people for s in supports),
        n_events=least("n_events"),
        n_non_events=least("n_non_events"),
        residual_df=least("residual_df"),
        n_parameters=max(parameters) if parameters else None,
        smallest_level=least("smallest_level"),
        n_clusters=least("n_clusters"),
        members=all_members([s.members for s in supports]),
    )


def tables_of_decision(
    frame: RoiFrame, effects: Effects, posteriors: Posteriors, decision: DecisionResult, support: Support
) -> tuple[Table, ...]:
    """Every table of the evidence on the decision.

    Args:
        frame, effects, posteriors, decision: As of `decide`.
        support: What a number rests on that all channels make.
    """
    tables = [
        _present_value(frame, decision, support),
        *tables_of_returns(frame, decision, declared_decision(frame.section), support),
        _posteriors(frame, effects, posteriors, decision),
        channels_table(frame, decision),
        costs_table(decision),
        priors_table(frame, effects, posteriors),
    ]
    if decision.sensitivity:
        tables.append(_correlations(decision, support))
    if decision.asserted:
        tables.append(asserted_table(frame, effects, decision))
    return tuple(table for table in tables if table.rows)


def _interval(draws: Floats) -> tuple[float, float, float]:
    low, middle, high = (float(v) for v in np.quantile(draws, [0.025, 0.5, 0.975]))
    return middle, low, high


def _errors(middle: float) -> tuple[float, float, float]:
    """Monte Carlo errors of a middle and of the ends of its interval."""
    return middle, _TAIL * middle, _TAIL * middle


def _present_value(frame: RoiFrame, decision: DecisionResult, support: Support) -> Table:
    """Each channel, costs and their difference, under each prior."""
    labels = labels_of(frame.outcomes)
    rows = []
    for prior, back in decision.returns.items():
        parts = [(labels[name], draws) for name, draws in back.by_outcome.items()]
        parts += [
            ("All benefits", back.pv_benefit),
            ("Costs", -back.pv_cost),
            ("Net present value", back.npv),
        ]
        rows += [
            Row(
                key=(label, words_of(prior, decision)),
                values=_interval(draws),
                support=support,
                monte_carlo_errors=_errors(back.error_of_median(draws)),
            )
            for label, draws in parts
        ]
    return Table(
        name="present_value",
        title=f"Present value of what changed, by channel ({decision.currency}, all people, all years; "
        "medians, which need not add up)",
        keys=("part", "prior"),
        measures=interval_measures("present_value", "Present value", decision.currency),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _posteriors(frame: RoiFrame, effects: Effects, posteriors: Posteriors, decision: DecisionResult) -> Table:
    """Effect by effect: the estimate, and the posterior under each prior beside what was believed before."""
    labels = labels_of(frame.outcomes)
    rows = []
    for name in dict.fromkeys(outcome for outcome, _ in posteriors):
        effect = intention_to_treat(effects, name)
        assert effect is not None
        support, unit = support_of(effect), unit_of(frame.outcomes[name])
        # a spread of 0 in the control arm alone leaves nothing to measure by
        scale = effect.control_sd if effect.control_sd > 0 else None
        told: list[tuple[str, tuple[float, float, float], tuple[CellValue, CellValue], float | None]] = [
            (ESTIMATE, (effect.value, effect.low, effect.high), (None, None), None)
        ]
        for prior in PRIOR_WORDS:
            if (name, prior) not in posteriors:
                continue
            one = posteriors[name, prior]
            before: tuple[CellValue, CellValue] = (one.prior_mean, one.prior_sd)
            if prior == "flat":
                before = (None, None)
            told.append(
                (words_of(prior, decision), (one.mean, one.low, one.high), before, one.monte_carlo_error)
            )
        for words, values, believed, error in told:
            scaled = tuple(v / scale if scale else None for v in values)
            drawn = (None,) * 3 if error is None else _errors(error)
            drawn_scaled = (None,) * 3 if error is None or scale is None else _errors(error / scale)
            rows.append(
                Row(
                    key=(labels[name], words),
                    values=(*values, unit, *believed, *scaled),
                    support=support,
                    monte_carlo_errors=(*drawn, None, None, None, *drawn_scaled),
                )
            )
    return Table(
        name="posteriors",
        title="Effect of the offer: the trial's estimate, and what to believe under each prior",
        keys=("outcome", "by"),
        measures=(
            *interval_measures("effect", "Effect"),
            Measure(name="unit", kind="text", label="Unit"),
            Measure(name="prior_mean", kind="model", label="Prior mean"),
            Measure(name="prior_sd", kind="model", label="Prior SD"),
            *interval_measures("standardised", "In standard deviations of the control arm"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _correlations(decision: DecisionResult, support: Support) -> Table:
    sets = decision.judged_by
    rows = tuple(
        Row(
            key=(f"{at.assumed:g}",),
            values=(at.used, *(100 * at.p_positive[p] for p in sets), at.answer),
            support=support,
            monte_carlo_errors=(
                None,
                *(100 * decision.returns[p].error_of_probability() for p in sets),
                None,
            ),
        )
        for at in decision.sensitivity
    )
    return Table(
        name="correlations",
        title="What an assumed correlation between outcomes that can't be joined changes",
        keys=("assumed correlation",),
        measures=(
            Measure(name="used", kind="model", label="As far as possible"),
            *(
                Measure(
                    name=f"p_{prior}",
                    kind="model",
                    unit="%",
                    label=f"Returns more than it costs, {words_of(prior, decision)} (%)",
                )
                for prior in sets
            ),
            Measure(name="answer", kind="text", label="Answer"),
        ),
        rows=rows,
        partition=False,
        computation="sampled",
    )
