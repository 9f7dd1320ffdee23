"""What consent and silence can do to every number that rests on the personal streams."""

from __future__ import annotations

from wellperf_models.data_quality.left_out import LeftOut, StreamCoverage
from wellperf_models.data_quality.weighting import Weighted
from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check, Support

_MIN_COVERED = 0.5
_Z95 = 1.959963984540054
# two-sided 1 % of a normal, shared between up to five streams (Bonferroni)
_Z99_OF = {1: 2.5758293, 2: 2.8070338, 3: 2.9351995, 4: 3.0233414, 5: 3.0902323}
_FEWEST = 10


def check_left_out(left_out: LeftOut) -> tuple[Check, ...]:
    """Checks of who is left out.

    Args:
        left_out: From `measure_left_out`.
    """
    checks: list[Check] = []
    applied = [s for s in left_out.streams if s.applied]
    if applied:
        checks += [_covered(applied), _withdrawn_present(left_out)]
    compared = [
        s for s in applied if s.gap and min(s.gap.n_exits) >= _FEWEST and min(s.gap.n_people) >= _FEWEST
    ]
    if compared:
        checks.append(_exits(compared))
    if left_out.n_withdrawn >= _FEWEST:
        checks.append(_ended_at_exit(left_out))
    if left_out.weighted is not None:
        checks.append(_weights(left_out.weighted))
    return tuple(checks)


def _covered(streams: list[StreamCoverage]) -> Check:
    few = [s.stream for s in streams if s.n_covered < _MIN_COVERED * s.n_people]
    return Check(
        name="half_agree",
        passed=not few,
        threshold=_MIN_COVERED,
        text="At least half of the people agree to every stream that needs consent."
        if not few
        else f"Fewer than half of the people agree to {', '.join(few)}: it describes those who agree, not "
        "the organisation.",
        computation="exact",
    )


def _withdrawn_present(left_out: LeftOut) -> Check:
    gone = [part for part in left_out.set_aside if part.reason == "after withdrawal"]
    people = max((part.n_people for part in gone), default=0)
    many = f"of {floor_count(people)} or more people" if people >= _FEWEST else "of a few people"
    return Check(
        name="no_rows_after_withdrawal",
        passed=not gone,
        text="The extract holds no rows from after a withdrawal of consent."
        if not gone
        else f"The extract holds rows {many} from after they withdrew their consent "
        f"({', '.join(part.stream for part in gone)}). They were not used; whoever records them has to stop.",
        computation="exact",
    )


def _exits(streams: list[StreamCoverage]) -> Check:
    line = _Z99_OF[len(streams)]
    differ = [s.stream for s in streams if s.gap and abs(s.gap.value) > line * s.gap.se]
    return Check(
        name="left_out_leave_alike",
        passed=not differ,
        text="People without consent do not leave measurably more or less often than people with it."
        if not differ
        else f"People without consent for {', '.join(differ)} leave more or less often than people with it: "
        "what these streams say about exits speaks of those who agree.",
        computation="exact",
    )


def _ended_at_exit(left_out: LeftOut) -> Check:
    suspicious = 2 * left_out.n_ended_at_exit > left_out.n_withdrawn
    return Check(
        name="leaving_is_no_withdrawal",
        passed=not suspicious,
        text="Consents do not as a rule end on the last day of the employment."
        if not suspicious
        else "Most consents that ended did so on the last day of the employment. If the register closes a "
        "consent when somebody leaves, leave to_date empty for them: they did not withdraw, and "
        "without them every answer on leaving is wrong.",
        computation="exact",
    )


def _weights(found: Weighted) -> Check:
    passed = abs(found.change) <= _Z95 * found.as_answered.se
    return Check(
        name="weights_change_little",
        passed=passed,
        value=found.change,
        threshold=0.0,
        text="Weighting to everybody employed leaves the number within its own margin of error."
        if passed
        else "Weighting to everybody employed moves the number beyond its margin of error: those who "
        "answered differ in department or tenure from those who did not. Read the weighted number.",
        computation="exact",
        support=Support(
            n_people=found.n_answered,
            n_complement=found.n_people - found.n_answered,
            n_events=found.n_cases,
            n_non_events=None if found.n_cases is None else found.n_answered - found.n_cases,
            smallest_level=found.smallest_cell,
        ),
    )
