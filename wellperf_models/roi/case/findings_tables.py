"""Tables of the business case: returns by set, the first channel and its break-even, the evidence in use."""

from __future__ import annotations

from typing import Final

from wellperf_models.evidence import Measure, Row, Support, Table, interval_measures, plain
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.beliefs.findings_tables import sources_table
from wellperf_models.roi.case.frame import CaseFrame
from wellperf_models.roi.case.model import N_DRAWS, CaseResult
from wellperf_models.roi.prior_words import PRIOR_WORDS
from wellperf_models.roi.summaries import Drawn, quantiles, share
from wellperf_models.study import EvidencePrior

ENDS: Final = (0.5, 0.025, 0.975)
BREAK_EVEN: Final = "break-even"
_Z95: Final = 1.959963984540054
_N: Final = float(N_DRAWS)


def tables_of_case(case: CaseFrame, result: CaseResult, support: Support) -> tuple[Table, ...]:
    """Every table of the evidence of the business case.

    Args:
        case: From `build_case`.
        result: From `fit_case`.
        support: Whom its numbers rest on; nobody where all of it is declared.
    """
    return (
        _by_set(result, support),
        _first(case, result, support),
        _baselines(case),
        sources_table(_entries(case, result), result.factors),
    )


def label_of(case: CaseFrame, outcome: str) -> str:
    """What a reader sees."""
    return case.section.outcomes[outcome].label or outcome.replace("_", " ")


def unit_of_outcome(case: CaseFrame, outcome: str) -> str:
    """Unit of an estimate; a share of people is printed in per cent."""
    declared = case.section.outcomes[outcome]
    support = case.baselines[outcome].support
    cases = support is not None and support.n_events is not None
    if cases or declared.likelihood == "hazard" or declared.measured_in == "exits":
        return "share"
    return plain(declared.unit or "points")


def words_of_unit(case: CaseFrame, outcome: str) -> str:
    """What follows the number in a sentence."""
    unit = unit_of_outcome(case, outcome)
    return "of people" if unit == "share" else unit


def money_unit(result: CaseResult) -> tuple[float, str]:
    """Divisor and unit in which totals are told."""
    spread = max(float(back.npv.std()) for back in result.returns.values())
    if spread >= 1e6:
        return 1e6, f"million {result.currency}"
    return (1e3, f"thousand {result.currency}") if spread >= 1e4 else (1.0, result.currency)


def percent_of(result: CaseResult) -> Floats | None:
    """Break-even effect in per cent of the outcome without the programme; None where that is not above 0."""
    mean = result.baseline.mean
    return 100 * result.break_even / mean if mean is not None and mean > 0 else None


def _by_set(result: CaseResult, support: Support) -> Table:
    rows = []
    for prior, back in result.returns.items():
        p, alone = (share(hits, _N) for hits in (back.npv > 0, back.first_pays))
        told = (*quantiles(back.npv, ENDS, _N), _percent(p), _percent(alone), back.answer)
        rows.append(_sampled((PRIOR_WORDS[prior],), told, support))
    return _table(
        "by_set",
        f"What each set of priors makes of it before any data ({result.currency})",
        "prior",
        (
            *interval_measures("npv", "Net present value", result.currency),
            Measure(name="p_positive", kind="model", unit="%", label="Returns more than it costs (%)"),
            Measure(name="p_first", kind="model", unit="%", label="First channel alone pays (%)"),
            Measure(name="answer", kind="text", label="Rule, were this all there is"),
        ),
        rows,
        support,
    )


def _first(case: CaseFrame, result: CaseResult, support: Support) -> Table:
    """Where the break-even effect lies in what each set believes of the first channel."""
    label = label_of(case, result.first.outcome)
    needed = quantiles(result.break_even, ENDS, _N)
    rows = [_sampled((BREAK_EVEN,), needed, support)]
    for prior, back in result.returns.items():
        told = back.told[result.first.outcome]
        values = (told.mean, told.mean - _Z95 * told.sd, told.mean + _Z95 * told.sd)
        rows.append(_sampled((PRIOR_WORDS[prior],), values, support))
    return _table(
        "first_channel",
        f"{label}: the change that would pay for the programme alone, and what each set believes of it",
        "what",
        interval_measures("change", "Change for each person", unit_of_outcome(case, result.first.outcome)),
        rows,
        support,
    )


def _baselines(case: CaseFrame) -> Table:
    """Where each outcome without the programme comes from; measured means are told with the effects."""
    rows = tuple(
        Row(
            key=(label_of(case, name),),
            values=(
                baseline.mean if baseline.support is None else None,
                baseline.sd if baseline.support is None else None,
                unit_of_outcome(case, name),
                baseline.source,
            ),
            support=Support(n_people=0),
        )
        for name, baseline in case.baselines.items()
    )
    return Table(
        name="baselines",
        title="Outcomes without the programme: declared numbers, and where the others come from",
        keys=("outcome",),
        measures=(
            Measure(name="mean", kind="mean", label="Mean, where declared"),
            Measure(name="sd", kind="mean", label="SD, where declared"),
            Measure(name="unit", kind="text", label="Unit"),
            Measure(name="source", kind="text", label="Source"),
        ),
        rows=rows,
        about_people=False,
    )


def _entries(case: CaseFrame, result: CaseResult) -> dict[tuple[str, str], tuple[EvidencePrior, list[str]]]:
    used: dict[tuple[str, str], tuple[EvidencePrior, list[str]]] = {}
    for prior, back in result.returns.items():
        for name, told in back.told.items():
            if told.declared is not None:
                key = (PRIOR_WORDS[prior], told.entry)
                used.setdefault(key, (told.declared, []))[1].append(label_of(case, name))
    return used


def _table(
    name: str,
    title: str,
    key: str,
    measures: tuple[Measure, ...],
    rows: list[Row],
    support: Support,
) -> Table:
    return Table(
        name=name,
        title=title,
        keys=(key,),
        measures=measures,
        rows=tuple(rows),
        partition=False,
        about_people=support.n_people > 0,
        computation="sampled",
    )


def _sampled(key: tuple[str, ...], told: tuple[Drawn | float | str, ...], support: Support) -> Row:
    return Row(
        key=key,
        values=tuple(t.value if isinstance(t, Drawn) else t for t in told),
        support=support,
        monte_carlo_errors=tuple(t.error if isinstance(t, Drawn) else None for t in told),
    )


def _percent(told: Drawn) -> Drawn:
    return Drawn(value=100 * told.value, error=100 * told.error)
