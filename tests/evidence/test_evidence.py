"""Findings that are not well formed can't be made."""

from typing import Any

import pytest

from tests.disclosure.builders import curve, estimate, evidence, headcount
from wellperf_models.errors import ConvergenceError, DesignError, StudyError, WellperfError
from wellperf_models.evidence import Unanswered, attempt


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "not a name"},
        {"name": ""},
        {"value": float("nan")},
        {"low": 2.0, "high": 1.0},
        {"low": None},
        {"interval": None},
        {"coverage": None},
        {"high": float("inf")},
        {"computation": "sampled"},
        {"monte_carlo_error": 0.1},
    ],
)
def test_malformed_estimates_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(WellperfError, match="not well formed"):
        estimate(**{"name": "effect", **changes})


def test_names_are_unique_within_an_evidence() -> None:
    for parts in ({"estimates": (estimate(), estimate())}, {"curves": (curve([0, 1]), curve([0, 1]))}):
        with pytest.raises(WellperfError, match="own name"):
            evidence(**parts)
    assert evidence(tables=(headcount({"a": 1}),)).tables[0].name == "headcount"


def test_attempt_turns_only_design_and_convergence_into_an_answer() -> None:
    def fail(error: WellperfError) -> int:
        raise error

    assert attempt(len, [1, 2]) == 2
    found = attempt(fail, DesignError("No control group.", where="arms", remedy="declare one"))
    assert isinstance(found, Unanswered)
    assert found.words == "Not answered: No control group (arms). What would help: declare one."
    assert isinstance(attempt(fail, ConvergenceError("Did not converge.")), Unanswered)
    with pytest.raises(StudyError):
        attempt(fail, StudyError("A key is wrong."))


def test_attempt_takes_no_step_on_a_frame_that_is_not_there() -> None:
    why = Unanswered(reason="there is no table", remedy="add it")

    def fit(frame: object) -> int:
        raise AssertionError("nothing to fit")

    assert attempt(fit, why) is why
