"""Tables of what was put in: ledgers of channels and costs, priors in use, values that are only asserted."""

from __future__ import annotations

import math

from wellperf_models.evidence import Measure, Row, Support, Table
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.prior_words import PRIOR_WORDS, words_of
from wellperf_models.roi.priors import prior_of
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.roi.terms import middle_of
from wellperf_models.study import EvidencePrior

_NO_PEOPLE = Support(n_people=0)
_TEXTS = (
    Measure(name="tier", kind="text", label="How known"),
    Measure(name="source", kind="text", label="Source"),
)


def channels_table(frame: RoiFrame, decision: DecisionResult) -> Table:
    """What one more of an outcome is worth, and whether it counts."""
    labels = labels_of(frame.outcomes)
    rows = []
    for channel in (*decision.channels, *(a.channel for a in decision.asserted)):
        counted = channel.tier != "asserted"
        values = (
            channel.channel.replace("_", " "),
            channel.sign * channel.amount,
            channel.spread,
            _words(channel.times),
            channel.sign * channel.amount * _times(channel.times, decision),
            ("yes" if channel.share else "no: not from this point of view") if counted else "no: asserted",
            100 * channel.share,
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
            Measure(name="times", kind="text", label="Times"),
            Measure(name="middle", kind="mean", unit=decision.currency, label="These at their middle"),
            Measure(name="counted", kind="text", label="In the net present value"),
            Measure(name="share", kind="mean", unit="%", label="Share of it that counts (%)"),
            *_TEXTS,
        ),
        rows=tuple(rows),
        about_people=False,
    )


def costs_table(decision: DecisionResult) -> Table:
    """What it costs, line by line."""
    per = {
        "person_year": "for each person and year it runs",
        "year": "for each year it runs",
        "once": "in total",
    }
    rows = tuple(
        Row(
            key=(f"{number}. {line.kind.replace('_', ' ')}",),
            values=(
                line.amount,
                line.spread,
                _words(line.times),
                line.amount * _times(line.times, decision),
                per[line.per],
                100 * line.share,
                line.tier,
                line.source,
            ),
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
            Measure(name="times", kind="text", label="Times"),
            Measure(name="middle", kind="mean", unit=decision.currency, label="These at their middle"),
            Measure(name="per", kind="text", label="Paid"),
            Measure(name="share", kind="mean", unit="%", label="Share of it that counts (%)"),
            *_TEXTS,
        ),
        rows=rows,
        about_people=False,
    )


def priors_table(frame: RoiFrame, effects: Effects, posteriors: Posteriors) -> Table:
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


def asserted_table(frame: RoiFrame, effects: Effects, decision: DecisionResult) -> Table:
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
                    key=(labels[item.channel.outcome], words_of(prior, decision)),
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


def _times(times: tuple[str, ...], decision: DecisionResult) -> float:
    return math.prod(middle_of(decision.factors[name]) for name in times)


def _words(times: tuple[str, ...]) -> str:
    return " × ".join(name.replace("_", " ") for name in times)
