"""Evidence `method_check.PILLAR`: how far a pillar's answers can be trusted on data of this shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from wellperf_models.burnout import BurnoutFrame
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Measure,
    Provenance,
    Row,
    Support,
    Table,
    Unanswered,
    interval_measures,
    plain,
    unanswered,
)
from wellperf_models.method_check.recovered import Recovered, Share
from wellperf_models.method_check.result import MethodCheckResult
from wellperf_models.method_check.words import Words
from wellperf_models.roi import RoiFrame
from wellperf_models.turnover import TurnoverFrame

_QUESTION = "On data of this shape, how often is this method right, and how small an effect could it find?"
_TURNOVER_ID = "method_check.turnover"
_BURNOUT_ID = "method_check.burnout"
_ROI_ID = "method_check.roi"
_IDS = {"turnover": _TURNOVER_ID, "burnout": _BURNOUT_ID, "roi": _ROI_ID}


def judge_method(
    frame: TurnoverFrame | BurnoutFrame | RoiFrame | Unanswered,
    result: MethodCheckResult | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
    pillar: Literal["turnover", "burnout", "roi"] = "turnover",
) -> Evidence:
    """Builds the evidence: functions of the design and of fitted rates alone.

    Args:
        frame: Of the pillar: says who it is about; an `Unanswered` where there is none.
        result: From `try_turnover`, `try_burnout` or `try_roi`; an `Unanswered` gives an evidence that says
            why.
        checks: From `check_method`.
        provenance: Where the numbers come from.
        pillar: Which it is, where there is no result to say so.
    """
    population = f"Study {provenance.study}" if isinstance(frame, Unanswered) else frame.population
    if isinstance(result, Unanswered):
        return unanswered(_IDS[pillar], _QUESTION, result, population=population, provenance=provenance)
    return Evidence(
        id=_IDS[result.pillar],
        question=_QUESTION,
        answer=_answer(result),
        estimand=result.words.estimand,
        population=f"{result.n_worlds} simulated organisations of the shape of: {population}",
        design="simulation",
        provenance=provenance,
        estimates=_estimates(result),
        tables=(_table(result),),
        checks=tuple(checks),
        assumptions=result.words.assumptions,
        limits=_limits(result),
        members=result.members,
    )


def _answer(result: MethodCheckResult) -> str:
    told = [
        f"[ 95 % intervals for “{plain(r.target.label)}” held the truth in "
        f"{{coverage_{r.target.name}.estimate}} of them.]"
        for r in _headline(result)
    ]
    start = "The method was tried on simulated organisations like this one, where the truth is known."
    words = result.words
    if result.claims is None:
        return "".join((start, *told, f" Nothing is said of {words.no_claims}: {plain(result.no_claims)}"))
    return "".join(
        (start, *told, *(f"[ {s}]" for s in (words.alarm, words.found, words.detectable, *words.more)))
    )


def _headline(result: MethodCheckResult) -> list[Recovered]:
    """The planted effect and the first of the others: what a committee remembers; the table has all."""
    planted = [r for r in result.recovered if r.target.planted]
    return [*planted, *[r for r in result.recovered if not r.target.effect][:1]]


def _estimates(result: MethodCheckResult) -> tuple[Estimate, ...]:
    made = [
        _share(
            f"coverage_{r.target.name}",
            f"95 % intervals that held the truth: {r.target.label}",
            r.coverage,
            r.target.support,
        )
        for r in _headline(result)
    ]
    planted = next((r for r in result.recovered if r.target.planted), None)
    if result.claims is None or planted is None:
        return tuple(made)
    support, words, claims = planted.target.support, result.words, result.claims
    made += [
        _share("false_alarms", words.alarm_label, claims.false_alarms, support),
        _share("effect_found", words.found_label, claims.found, support),
        *(_detectable_ratios(planted, words) if words.ratio else _gains(planted, words)),
        *(() if result.verdicts is None else result.verdicts.estimates()),
    ]
    return tuple(made)


def _share(name: str, label: str, share: Share, support: Support) -> Estimate:
    low, high = share.interval
    return Estimate(
        name=name,
        label=label,
        value=share.value,
        low=low,
        high=high,
        coverage=0.95,
        interval="confidence",
        unit="share",
        support=support,
        computation="sampled",
        monte_carlo_error=share.error,
    )


def _detectable_ratios(planted: Recovered, words: Words) -> tuple[Estimate, ...]:
    """Above and below 1; found in 8 of 10 although corrected for looking at all covariates."""
    assert planted.detectable is not None
    ratio, error = planted.detectable
    sides = (("above", ratio, error), ("below", 1 / ratio, error / ratio**2))
    return tuple(
        _sampled(f"detectable_{side}", words.detectable_label.format(side), value, spread, planted, words)
        for side, value, spread in sides
    )


def _gains(planted: Recovered, words: Words) -> tuple[Estimate, ...]:
    """What was planted, and the least that is found in 8 of 10."""
    if planted.detectable is None:
        return ()
    start = words.no_gain
    label = f"{words.found_label.rpartition(': ')[2]}: what was planted is worth"
    return (
        _sampled("planted_gain", label, planted.truth - start, planted.truth_error, planted, words),
        _sampled("detectable", words.detectable_label, *planted.detectable, planted, words),
    )


def _sampled(name: str, label: str, value: float, error: float, planted: Recovered, words: Words) -> Estimate:
    return Estimate(
        name=name,
        label=label,
        value=value,
        unit=words.unit,
        support=planted.target.support,
        computation="sampled",
        monte_carlo_error=error,
    )


def _table(result: MethodCheckResult) -> Table:
    rows = []
    for r in result.recovered:
        low, high = r.coverage.interval
        detectable, spread = (None, None) if r.detectable is None else r.detectable
        rows.append(
            Row(
                key=(("planted: " if r.target.planted else "") + r.target.label,),
                values=(
                    r.truth, r.mean, r.bias, r.bias_low, r.bias_high,
                    100 * r.coverage.value, 100 * low, 100 * high, detectable,
                ),
                monte_carlo_errors=(
                    r.truth_error or None, r.mean_error, r.bias_error, r.bias_error, r.bias_error,
                    100 * r.coverage.error, 100 * r.coverage.error, 100 * r.coverage.error,
                    spread,
                ),
                support=r.target.support,
            )
        )  # fmt: skip
    return Table(
        name="recovered",
        title=f"What the method found where the truth is known ({result.n_worlds} simulated organisations)",
        keys=("estimate",),
        measures=(
            Measure(name="truth", kind="model", label="Truth"),
            Measure(name="mean", kind="model", label="Found, on average"),
            *interval_measures("bias", "Off by (standard errors)", unit="standard errors"),
            *interval_measures("held", "95 % intervals that held it (%)", unit="%"),
            Measure(
                name="detectable",
                kind="model",
                label=result.words.detectable_column
                or f"{_first_capital(result.words.unit)} found in 8 of 10",
            ),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _first_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _limits(result: MethodCheckResult) -> tuple[str, ...]:
    first, *others = result.words.limits
    limits = [
        first,
        f"A share of {result.n_worlds} organisations is itself uncertain: its interval is told beside it.",
        *others,
    ]
    if result.part < 1:
        limits.append(
            f"Tried on a part of the organisation (about {100 * result.part:.0f} % of its people, whole "
            "clusters): the whole finds smaller effects."
        )
    if result.no_verdicts:
        limits.append(f"The decision was not tried: {plain(result.no_verdicts)}")
    if result.n_failed:
        told = "; ".join(f"{plain(why)} ({n})" for why, n in sorted(result.n_failed.items()))
        limits.append(f"Without an answer in some simulated organisations, which no row counts: {told}")
    return tuple(limits)
