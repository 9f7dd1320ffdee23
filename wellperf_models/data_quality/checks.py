"""What can be wrong with data that break no rule."""

from __future__ import annotations

from wellperf_models.data_quality.coverage import Coverage
from wellperf_models.data_quality.non_response import NonResponseGap
from wellperf_models.evidence import Check, Support

# below this, people who answer and people who do not can differ by more than most effects of interest
_MIN_RESPONSE_RATE = 0.5
_Z99 = 2.5758293035489004


def check_coverage(coverage: Coverage) -> tuple[Check, ...]:
    """Checks of an extract as a whole.

    Args:
        coverage: What was counted.
    """
    checks = [_duplicates(coverage)]
    if coverage.n_exits is not None:
        checks += [_exits(coverage), _delayed(coverage)]
    if any(w.n_invited for w in coverage.waves):
        checks.append(_response(coverage))
    if coverage.gap is not None:
        checks.append(_silence(coverage.gap))
    return tuple(checks)


def _duplicates(coverage: Coverage) -> Check:
    dropped = sum(t.n_dropped for t in coverage.tables)
    return Check(
        name="no_duplicates_dropped",
        passed=dropped == 0,
        text="Rows equal to an earlier one in every column were dropped, as the study file says; how many is "
        "in the table of tables."
        if dropped
        else "No row had to be dropped as a duplicate.",
        computation="exact",
    )


def _exits(coverage: Coverage) -> Check:
    exits = coverage.n_exits or 0
    return Check(
        name="enough_exits",
        passed=exits >= 10,
        threshold=10.0,
        text="There are at least {threshold} exits to learn from."
        if exits >= 10
        else "There are fewer than {threshold} exits: why people leave can't be learnt from these data.",
        computation="exact",
    )


def _delayed(coverage: Coverage) -> Check:
    delayed = coverage.n_delayed or 0
    return Check(
        name="delayed_entry",
        passed=None,
        text="Some people were hired before observation began; they count as at risk only from then on."
        if delayed
        else "Everybody is observed from hire.",
        computation="exact",
    )


def _response(coverage: Coverage) -> Check:
    rates = [w.n_answered / w.n_invited for w in coverage.waves if w.n_invited]
    lowest = min(rates)
    passed = lowest >= _MIN_RESPONSE_RATE
    return Check(
        name="response_rate",
        passed=passed,
        threshold=_MIN_RESPONSE_RATE,
        text="At least half of those employed answered every wave."
        if passed
        else "In at least one wave fewer than half of those employed answered: its scores describe those who "
        "answered, not the organisation.",
        computation="exact",
    )


def _silence(gap: NonResponseGap) -> Check:
    passed = abs(gap.value) <= _Z99 * gap.se
    direction = "higher" if gap.value > 0 else "lower"
    return Check(
        name="silence_is_not_selective",
        passed=passed,
        value=gap.value,
        threshold=0.0,
        text=f"People who fell silent had not scored differently on {gap.measure} the wave before "
        "(difference {value} points; 99 % interval includes {threshold})."
        if passed
        else f"People who fell silent had scored {direction} on {gap.measure} the wave before (difference "
        "{value} points): averages over those who answer are biased.",
        computation="exact",
        support=Support(
            n_people=gap.n_people, n_events=gap.n_silent, n_non_events=max(gap.n_people - gap.n_silent, 0)
        ),
    )
