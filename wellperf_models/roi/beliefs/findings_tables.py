"""Tables of what was believed: effects and returns before and after, sensitivity, the evidence in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, interval_measures, plain
from wellperf_models.roi.beliefs.checks import factors_in_use
from wellperf_models.roi.beliefs.model import Beliefs, BelievedEffect
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.findings_words import unit_of
from wellperf_models.roi.prior_words import PRIOR_WORDS, words_of
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.roi.summaries import Drawn, quantiles, share
from wellperf_models.study import EvidencePrior, Factor

BEFORE: Final = "before the data"
AFTER: Final = "after the data"
NPV: Final = "Net present value"
ENDS: Final = (0.5, 0.025, 0.975)
_Z95: Final = 1.959963984540054
# of the ends of an interval, in Monte Carlo errors of its mean
_TAIL: Final = 3.0
_NO_PEOPLE: Final = Support(n_people=0)


def tables_of_beliefs(frame: RoiFrame, beliefs: Beliefs, support: Support) -> tuple[Table, ...]:
    """Every table of the evidence on beliefs.

    Args:
        frame: The return frame.
        beliefs: From `fit_beliefs`.
        support: What a number rests on that all channels make.
    """
    labels = labels_of(frame.outcomes)
    found = [_effects(frame, beliefs, labels), _sensitivity(beliefs, labels, support)]
    decision = beliefs.decision
    factors: dict[str, Factor] = {}
    if isinstance(decision, DecisionResult):
        found.insert(0, _returns(beliefs, decision, support))
        factors = factors_in_use(decision)
    return (*found, sources_table(_entries(beliefs.effects, labels), factors))


def _returns(beliefs: Beliefs, decision: DecisionResult, support: Support) -> Table:
    """Net present value under each set, before the data and after them; before them the flat one has none."""
    rows = []
    # what was believed comes first
    for prior, before in beliefs.returns.items():
        n = float(before.npv.size)
        told: list[Drawn | CellValue] = [*quantiles(before.npv, ENDS, n), _percent(share(before.npv > 0, n))]
        rows.append(_sampled((words_of(prior, decision), BEFORE), [*told, ""], support))
    for prior, back in decision.returns.items():
        n = back.n_effective
        told = [*quantiles(back.npv, ENDS, n), _percent(share(back.npv > 0, n)), decision.answers[prior]]
        rows.append(_sampled((words_of(prior, decision), AFTER), told, support))
    return Table(
        name="returns",
        title=f"Net present value under each set of priors, before and after the data ({decision.currency})",
        keys=("prior", "when"),
        measures=(
            *interval_measures("npv", NPV, decision.currency),
            Measure(name="p_positive", kind="model", unit="%", label="Returns more than it costs (%)"),
            Measure(name="answer", kind="text", label="Answer of the rule"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _effects(frame: RoiFrame, beliefs: Beliefs, labels: Mapping[str, str]) -> Table:
    """Effect by effect and set by set: what was believed, what is believed now, whether they contradict."""
    rows = []
    for one in beliefs.effects:
        after = one.after
        error = after.monte_carlo_error
        ends = (one.before_mean - _Z95 * one.before_sd, one.before_mean + _Z95 * one.before_sd)
        told: tuple[Drawn | CellValue, ...] = (
            *(one.before_mean, *ends),
            Drawn(value=after.mean, error=error),
            Drawn(value=after.low, error=_TAIL * error),
            Drawn(value=after.high, error=_TAIL * error),
            unit_of(frame.outcomes[one.outcome]),
            one.conflict_p,
        )
        key = (labels[one.outcome], PRIOR_WORDS[one.prior])
        rows.append(_sampled(key, told, support_of(one.effect)))
    return Table(
        name="effects",
        title="Each effect as it was believed before the data, and after them",
        keys=("outcome", "prior"),
        measures=(
            *interval_measures("before", "Before"),
            *interval_measures("after", "After"),
            Measure(name="unit", kind="text", label="Unit"),
            Measure(
                name="conflict_p", kind="model", label="Chance of an estimate as far from what was believed"
            ),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _sensitivity(beliefs: Beliefs, labels: Mapping[str, str], support: Support) -> Table:
    found = [((NPV, PRIOR_WORDS[p]), back.sensitivity, support) for p, back in beliefs.returns.items()] + [
        ((labels[e.outcome], PRIOR_WORDS[e.prior]), e.sensitivity, support_of(e.effect))
        for e in beliefs.effects
    ]
    rows = tuple(
        Row(key=key, values=(s.prior, s.likelihood, s.words), support=rests_on) for key, s, rests_on in found
    )
    return Table(
        name="sensitivity",
        title="How far each number moves for each doubling of the weight of belief, and of the data "
        "(power-scaling; from .05 on it is said to move)",
        keys=("number", "prior"),
        measures=(
            Measure(name="to_prior", kind="model", label="Weight of belief"),
            Measure(name="to_data", kind="model", label="Weight of the data"),
            Measure(name="words", kind="text", label="In words"),
        ),
        rows=rows,
        partition=False,
        computation="iterative",
    )


def _entries(
    effects: Sequence[BelievedEffect], labels: Mapping[str, str]
) -> dict[tuple[str, str], tuple[EvidencePrior, list[str]]]:
    """(set in words, entry) → entry and the outcomes it is used for."""
    used: dict[tuple[str, str], tuple[EvidencePrior, list[str]]] = {}
    for one in effects:
        used.setdefault((PRIOR_WORDS[one.prior], one.entry), (one.declared, []))[1].append(
            labels[one.outcome]
        )
    return used


def sources_table(
    entries: Mapping[tuple[str, str], tuple[EvidencePrior, list[str]]], factors: Mapping[str, Factor]
) -> Table:
    """Evidence in use: every prior and factor with its source, and whether it was measured or is judgement.

    Args:
        entries: (set in words, entry) → entry, and labels of the outcomes it is used for.
        factors: Name → factor of an amount in use.
    """
    rows = [
        Row(
            key=(f"{words}: {entry.replace('_', ' ')}",),
            values=(p.quantity, f"normal {p.mean:g}, {p.sd:g}", "; ".join(outcomes), p.status, p.source),
            support=_NO_PEOPLE,
        )
        for (words, entry), (p, outcomes) in entries.items()
    ]
    rows += [
        Row(
            key=(f"factor: {name.replace('_', ' ')}",),
            values=(f.quantity, shape_of(f), "amounts", f.status, f.source),
            support=_NO_PEOPLE,
        )
        for name, f in factors.items()
    ]
    return Table(
        name="sources",
        title="Evidence in use that does not come from these data",
        keys=("belief",),
        measures=(
            Measure(name="quantity", kind="text", label="Of the"),
            Measure(name="distribution", kind="text", label="Distribution"),
            Measure(name="used_for", kind="text", label="Used for"),
            Measure(name="status", kind="text", label="Measured or judgement"),
            Measure(name="source", kind="text", label="Source"),
        ),
        rows=tuple(rows),
        about_people=False,
    )


def shape_of(factor: Factor) -> str:
    """The distribution of a factor in words."""
    if factor.distribution == "beta":
        return f"beta {factor.a:g}, {factor.b:g}"
    if factor.distribution == "fixed":
        return f"{factor.median:g}, known"
    return plain(f"log-normal, median {factor.median:g}, spread (log) {factor.spread:g}")


def _sampled(key: tuple[str, ...], told: Sequence[Drawn | CellValue], support: Support) -> Row:
    return Row(
        key=key,
        values=tuple(t.value if isinstance(t, Drawn) else t for t in told),
        support=support,
        monte_carlo_errors=tuple(t.error if isinstance(t, Drawn) else None for t in told),
    )


def _percent(told: Drawn) -> Drawn:
    return Drawn(value=100 * told.value, error=100 * told.error)
