"""What can be wrong with a pipeline that was tried: statements against their Monte Carlo intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.multiplicity import holm
from wellperf_models.method_check.recovered import Recovered
from wellperf_models.method_check.result import Claims, MethodCheckResult
from wellperf_models.method_check.verdicts import check_verdicts

# a statement fails when its 99 % Monte Carlo interval excludes what it should be, Holm over all of a kind
_ALPHA: Final = 0.01
_FALSE_ALARMS: Final = 0.05


def check_method(result: MethodCheckResult | Unanswered) -> tuple[Check, ...]:
    """Checks of the tried pipeline; none where it could not be tried."""
    if isinstance(result, Unanswered):
        return ()
    alarms = (
        () if result.claims is None else (false_alarms(result.claims, result.recovered[-1].target.support),)
    )
    return (
        no_bias(result.recovered),
        nominal_coverage(result.recovered),
        *alarms,
        *(() if result.verdicts is None else check_verdicts(result.verdicts)),
        every_world_fitted(sum(result.n_failed.values()), result.n_tried),
    )


def no_bias(recovered: Sequence[Recovered]) -> Check:
    """No estimate is off its truth by more than chance."""
    adjusted = holm([r.bias_p for r in recovered])
    off = [r for r, p in zip(recovered, adjusted, strict=True) if p < _ALPHA]
    worst = max(recovered, key=lambda r: abs(r.bias))
    passed = not off
    return Check(
        name="no_bias",
        passed=passed,
        value=abs(worst.bias),
        support=worst.target.support,
        computation="sampled",
        monte_carlo_error=worst.bias_error,
        text="On average no estimate is off its truth by more than chance (largest: {value} standard errors)."
        if passed
        else f"On average estimates are off their truth ({_names(off)}; largest: {{value}} standard errors).",
    )


def nominal_coverage(recovered: Sequence[Recovered]) -> Check:
    """95 % intervals hold the truth in 95 of 100, up to chance."""
    adjusted = holm([r.coverage_p for r in recovered])
    off = [r for r, p in zip(recovered, adjusted, strict=True) if p < _ALPHA]
    worst = max(recovered, key=lambda r: abs(r.coverage.value - 0.95))
    passed = not off
    return Check(
        name="nominal_coverage",
        passed=passed,
        value=100 * worst.coverage.value,
        threshold=95.0,
        support=worst.target.support,
        computation="sampled",
        monte_carlo_error=100 * worst.coverage.error,
        text="The 95 % intervals hold the truth as often as they say, up to chance (furthest off: held in "
        "{value} of 100, where 95 are due)."
        if passed
        else f"The 95 % intervals do not hold the truth as often as they say ({_names(off)}; furthest off: "
        "held in {value} of 100, where 95 are due).",
    )


def false_alarms(claims: Claims, support: Support | None = None) -> Check:
    """Where nothing is there, something is claimed in 5 of 100 at most, up to chance."""
    from scipy import stats

    share = claims.false_alarms
    p = float(stats.binomtest(share.count, share.n, _FALSE_ALARMS, alternative="greater").pvalue)
    passed = p >= _ALPHA
    return Check(
        name="false_alarms",
        passed=passed,
        value=share.value,
        threshold=_FALSE_ALARMS,
        support=support,
        computation="sampled",
        monte_carlo_error=share.error,
        text="Where nothing was there, something was called clear no more often than 5 times in 100, up to "
        "chance (share: {value})."
        if passed
        else "Where nothing was there, something was called clear too often (share: {value}; line at "
        "{threshold}): what the page calls clear is not.",
    )


def every_world_fitted(n_failed: int, n_tried: int) -> Check:
    """The pipeline gave an answer on every simulated organisation."""
    return Check(
        name="every_world_fitted",
        passed=n_failed == 0,
        value=float(n_failed),
        threshold=0.0,
        text=f"Fits without an answer (no convergence, or too little left to model): {{value}} of {n_tried}.",
        computation="exact",
    )


def _names(off: Sequence[Recovered]) -> str:
    return "; ".join(r.target.label for r in off)
