"""Evidence `method_check.PILLAR`: how far a pillar's answers can be trusted on data of this shape."""

from __future__ import annotations

from collections.abc import Sequence

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
    plain,
    unanswered,
)
from wellperf_models.method_check.recovered import Recovered, Share
from wellperf_models.method_check.result import Claims, MethodCheckResult
from wellperf_models.turnover import TurnoverFrame

_QUESTION = "On data of this shape, how often is this method right, and how small an effect could it find?"


def judge_method(
    frame: TurnoverFrame,
    result: MethodCheckResult | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence: functions of the design and of fitted rates alone.

    Args:
        frame: Of the pillar: says who it is about.
        result: From `try_turnover`; an `Unanswered` gives an evidence that says why.
        checks: From `check_method`.
        provenance: Where the numbers come from.
    """
    if isinstance(result, Unanswered):
        return unanswered(
            "method_check.turnover", _QUESTION, result, population=frame.population, provenance=provenance
        )
    return Evidence(
        id=f"method_check.{result.pillar}",
        question=_QUESTION,
        answer=_answer(result),
        estimand="How far the pipeline's estimates lie from the truth on average, how often its 95 % "
        "intervals hold it, and how often it calls an association clear, over simulated organisations with "
        "the people, entries, follow-up, covariates, missing values and clusters of this one, in which exits "
        "are drawn anew from its rates by tenure and cause.",
        population=f"{result.n_worlds} simulated organisations of the shape of: {frame.population}",
        design="simulation",
        provenance=provenance,
        estimates=_estimates(result),
        tables=(_table(result),),
        checks=tuple(checks),
        assumptions=(
            "Hazards are proportional and rates constant within a month.",
            "Who left would have been followed as long as others were, with the covariates last known.",
            "Where a covariate is unknown, people leave at the rate of the average."
            if result.claims is not None
            else "Everybody of the same tenure leaves at the same rate.",
            "Exits of a cluster go together as much as they do here, and no more.",
        ),
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
    claims = result.claims
    if claims is None:
        return "".join((start, *told, f" Nothing is said of associations: {plain(result.no_claims)}"))
    return "".join(
        (
            start,
            *told,
            "[ Where nothing was there, it called something clear in {false_alarms.estimate}.]",
            f"[ A planted hazard ratio of {claims.effect:g} it called clear in {{effect_found.estimate}}.]",
            f"[ For “{plain(claims.planted)}” a hazard ratio of {{detectable_above}} or more, or of "
            "{detectable_below} or less, would have been found in 8 of 10; for the others see the table.]",
        )
    )


def _headline(result: MethodCheckResult) -> list[Recovered]:
    """The planted effect and the first curve: what a committee remembers; the table has all."""
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
    support = planted.target.support
    claims = result.claims
    made += [
        _share("false_alarms", "organisations without any effect in which something was called clear",
               claims.false_alarms, support),
        _share("effect_found", f"organisations in which a planted hazard ratio of {claims.effect:g} was "
               "called clear", claims.found, support),
        *_detectable(planted, claims),
    ]  # fmt: skip
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


def _detectable(planted: Recovered, claims: Claims) -> tuple[Estimate, Estimate]:
    """Above and below 1; found in 8 of 10 although corrected for looking at all covariates."""
    assert planted.detectable is not None
    ratio, error = planted.detectable
    words = f"hazard ratio {{}} 1 that is found in 8 of 10: {claims.planted}"
    above, below = (
        Estimate(
            name=f"detectable_{side}",
            label=words.format(side),
            value=value,
            unit="hazard ratio",
            support=planted.target.support,
            computation="sampled",
            monte_carlo_error=spread,
        )
        for side, value, spread in (("above", ratio, error), ("below", 1 / ratio, error / ratio**2))
    )
    return above, below


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
                    None, r.mean_error, r.bias_error, r.bias_error, r.bias_error,
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
            Measure(name="bias", kind="model", unit="standard errors", label="Off by (standard errors)"),
            Measure(name="bias_low", kind="model", unit="standard errors", label="95 % from"),
            Measure(name="bias_high", kind="model", unit="standard errors", label="to"),
            Measure(name="held", kind="model", unit="%", label="95 % intervals that held it (%)"),
            Measure(name="held_low", kind="model", unit="%", label="95 % from"),
            Measure(name="held_high", kind="model", unit="%", label="to"),
            Measure(name="detectable", kind="model", label="Hazard ratio found in 8 of 10"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _limits(result: MethodCheckResult) -> tuple[str, ...]:
    limits = [
        "The simulated organisations follow the model that is fitted to them. That hazards are not "
        "proportional, that something unmeasured lies behind an association, or that leaving has to do with "
        "when people were first seen, can't show here: other checks look for it.",
        f"A share of {result.n_worlds} organisations is itself uncertain: its interval is told beside it.",
    ]
    if result.claims is not None:
        limits += [
            f"Found means: called clear after correction for looking at {result.claims.n_looked_at} "
            "coefficients; both ends of what could have been found hold for the covariate named.",
            "The second road to the same hazard ratios (hazard on cells) is not tried here: a check of its "
            "own holds it against the first.",
        ]
    if result.part < 1:
        limits.append(
            f"Tried on a part of the organisation (about {100 * result.part:.0f} % of its people, whole "
            "clusters): the whole finds smaller effects."
        )
    if result.n_failed:
        told = "; ".join(f"{plain(why)} ({n})" for why, n in sorted(result.n_failed.items()))
        limits.append(f"Without an answer in some simulated organisations, which no row counts: {told}")
    return tuple(limits)
