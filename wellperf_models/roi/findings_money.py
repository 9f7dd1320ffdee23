"""Tables of the decision: ledgers, posteriors beside the estimate, present values, correlations, priors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, interval_measures
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.panel import all_members
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.findings_words import unit_of
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.priors import prior_of
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.study import EvidencePrior

ESTIMATE = "the trial's estimate"
PRIOR_WORDS: dict[PriorName, str] = {
    "flat": "flat prior",
    "sceptical": "sceptical prior",
    "organisational": "prior for changes of organisation",
    "optimistic": "optimistic prior",
}
_NO_PEOPLE = Support(n_people=0)
# the ends of a 95 % interval lie in thin tails: their Monte Carlo error is about 2.7 of the middle's
_TAIL = 3.0
_TEXTS = (
    Measure(name="tier", kind="text", label="How known"),
    Measure(name="source", kind="text", label="Source"),
)


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
        _posteriors(frame, effects, posteriors),
        _channels(frame, decision),
        _costs(decision),
        _priors(frame, effects, posteriors),
    ]
    if decision.sensitivity:
        tables.append(_correlations(decision, support))
    if decision.asserted:
        tables.append(_asserted(frame, effects, decision))
    return tuple(tables)


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
                key=(label, PRIOR_WORDS[prior]),
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


def _posteriors(frame: RoiFrame, effects: Effects, posteriors: Posteriors) -> Table:
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
        for prior, words in PRIOR_WORDS.items():
            if (name, prior) not in posteriors:
                continue
            one = posteriors[name, prior]
            before: tuple[CellValue, CellValue] = (one.prior_mean, one.prior_sd)
            if prior == "flat":
                before = (None, None)
            told.append((words, (one.mean, one.low, one.high), before, one.monte_carlo_error))
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


def _channels(frame: RoiFrame, decision: DecisionResult) -> Table:
    labels = labels_of(frame.outcomes)
    rows = []
    for channel in (*decision.channels, *(a.channel for a in decision.asserted)):
        counted = channel.tier != "asserted"
        values = (
            channel.channel.replace("_", " "),
            channel.sign * channel.amount,
            channel.spread,
            "yes" if counted else "no: asserted",
            channel.tier,
            channel.source,
        )
        rows.append(Row(key=(labels[channel.outcome],), values=values, support=_NO_PEOPLE))
    return Table(
        name="channels",
        title=f"Channel ledger: what one more of an outcome is worth, per person-year ({decision.currency})",
        keys=("outcome",),
        measures=(
            Measure(name="channel", kind="text", label="Channel"),
            Measure(name="amount", kind="mean", unit=decision.currency, label="One more is worth"),
            Measure(name="spread", kind="mean", label="Spread (log)"),
            Measure(name="counted", kind="text", label="In the net present value"),
            *_TEXTS,
        ),
        rows=tuple(rows),
        about_people=False,
    )


def _costs(decision: DecisionResult) -> Table:
    per = {
        "person_year": "for each person and year it runs",
        "year": "for each year it runs",
        "once": "in total",
    }
    rows = tuple(
        Row(
            key=(f"{number}. {line.kind.replace('_', ' ')}",),
            values=(line.amount, line.spread, per[line.per], line.tier, line.source),
            support=_NO_PEOPLE,
        )
        for number, line in enumerate(decision.costs, start=1)
    )
    return Table(
        name="costs",
        title=f"Cost ledger ({decision.currency})",
        keys=("kind",),
        measures=(
            Measure(name="amount", kind="mean", unit=decision.currency, label="Amount"),
            Measure(name="spread", kind="mean", label="Spread (log)"),
            Measure(name="per", kind="text", label="Paid"),
            *_TEXTS,
        ),
        rows=rows,
        about_people=False,
    )


def _priors(frame: RoiFrame, effects: Effects, posteriors: Posteriors) -> Table:
    """The entries of `priors.toml` in use, and for which outcomes."""
    labels = labels_of(frame.outcomes)
    used: dict[tuple[str, str], tuple[EvidencePrior, list[str]]] = {}
    for name, prior in posteriors:
        effect = intention_to_treat(effects, name)
        if prior == "flat" or effect is None:
            continue
        told = prior_of(name, frame.outcomes[name].declared, effect, prior, frame.section)
        assert told.declared is not None
        key = (PRIOR_WORDS[prior], told.entry)
        used.setdefault(key, (told.declared, []))[1].append(labels[name])
    rows = tuple(
        Row(
            key=key,
            values=(p.quantity, p.distribution, p.mean, p.sd, p.status, p.source, "; ".join(outcomes)),
            support=_NO_PEOPLE,
        )
        for key, (p, outcomes) in used.items()
    )
    return Table(
        name="priors",
        title="Priors: what each set believes before these data (the flat prior: nothing)",
        keys=("prior", "entry"),
        measures=(
            Measure(name="quantity", kind="text", label="Of the"),
            Measure(name="distribution", kind="text", label="Distribution"),
            Measure(name="mean", kind="mean", label="Mean"),
            Measure(name="sd", kind="mean", label="SD"),
            Measure(name="status", kind="text", label="Measured or judgement"),
            Measure(name="source", kind="text", label="Source"),
            Measure(name="outcomes", kind="text", label="Used for"),
        ),
        rows=rows,
        about_people=False,
    )


def _correlations(decision: DecisionResult, support: Support) -> Table:
    rows = tuple(
        Row(
            key=(f"{at.assumed:g}",),
            values=(at.used, 100 * at.p_positive["flat"], 100 * at.p_positive["sceptical"], at.answer),
            support=support,
            monte_carlo_errors=(
                None,
                100 * decision.returns["flat"].error_of_probability(),
                100 * decision.returns["sceptical"].error_of_probability(),
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
            Measure(name="p_flat", kind="model", unit="%", label="Probability above 0, flat prior (%)"),
            Measure(name="p_sceptical", kind="model", unit="%", label="Sceptical prior (%)"),
            Measure(name="answer", kind="text", label="Answer"),
        ),
        rows=rows,
        partition=False,
        computation="sampled",
    )


def _asserted(frame: RoiFrame, effects: Effects, decision: DecisionResult) -> Table:
    """What an asserted value would have to be; it is in no other number."""
    labels = labels_of(frame.outcomes)
    rows = []
    for item in decision.asserted:
        effect = intention_to_treat(effects, item.channel.outcome)
        assert effect is not None
        for prior, amount in item.break_even.items():
            if amount is None:
                verdict = "no value would make it pay: the outcome did not get better"
            elif amount == 0:
                verdict = "pays without it"
            else:
                verdict = "pays from this value on"
            rows.append(
                Row(
                    key=(labels[item.channel.outcome], PRIOR_WORDS[prior]),
                    values=(amount, item.channel.amount, verdict),
                    support=support_of(effect),
                    monte_carlo_errors=(item.monte_carlo_errors[prior], None, None),
                )
            )
    return Table(
        name="break_even_values",
        title="Values that are only asserted: what one unit would have to be worth for the median to reach 0",
        keys=("outcome", "prior"),
        measures=(
            Measure(name="needed", kind="model", unit=decision.currency, label="Needed"),
            Measure(name="asserted", kind="model", unit=decision.currency, label="Asserted"),
            Measure(name="verdict", kind="text", label="In words"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )
