"""What the same people's corrected values and the numbers in checks would tell between two packs."""

import dataclasses
from pathlib import Path

import pytest

from tests.disclosure.builders import estimate, evidence
from tests.disclosure.published import as_of, claim, go, people
from wellperf_models.disclosure import publish_claims, release
from wellperf_models.disclosure.checks import fill_check
from wellperf_models.disclosure.claims import CLAIMS_VARIABLE
from wellperf_models.disclosure.released import Released
from wellperf_models.disclosure.rules import Rules
from wellperf_models.evidence import Check, Members, Support
from wellperf_models.study import Study

Q1, Q2 = "2024-03-31", "2024-06-30"
TEAM = people(0, 100)


@pytest.mark.parametrize(
    ("day", "period", "values", "state"),
    [
        (Q1, "", (100, 1.5), "fresh"),  # nothing new
        (Q1, "", (100, 1.7), "held"),  # of the same day: somebody was corrected, maybe one person
        (Q2, "", (100, 1.7), "fresh"),  # time has passed for everybody
        (Q2, "wave 1", (100, 1.7), "held"),  # that wave is over
        (Q2, "wave 1", (100, 1.5), "fresh"),
    ],
)
def test_corrected_values_of_the_same_people(
    tmp_path: Path, day: str, period: str, values: tuple[float, ...], state: str
) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, values=(100, 1.5), period=period)], data="first")
    now = claim("a", TEAM, values=values, period=period)
    (verdict,) = go(as_of(tmp_path, day), [now], data="second")
    assert verdict.state == state
    assert ("corrected" in verdict.reason) == (state == "held")


def test_other_code_on_the_same_data_is_no_correction(tmp_path: Path) -> None:
    go(as_of(tmp_path, Q1), [claim("a", TEAM, values=(100, 1.5))], data="first")
    (verdict,) = go(as_of(tmp_path, Q1), [claim("a", TEAM, values=(100, 1.7))], data="first")
    assert verdict.state == "fresh"


def _pack(owner: Study, who: int, value: float, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Released:
    """A published answer whose check repeats its estimate."""
    folder.mkdir()
    monkeypatch.setenv(CLAIMS_VARIABLE, str(folder))
    support = Support(n_people=who, n_events=50, n_non_events=who - 50)
    parts = evidence(
        members=Members(people=people(0, who), events=people(0, 50)),
        estimates=(estimate(value=value, support=support),),
        checks=(Check(name="plausible", passed=True, value=value, text="It is {value}."),),
    )
    parts = dataclasses.replace(
        parts, provenance=dataclasses.replace(parts.provenance, data_hmac=f"{who:064}")
    )
    released = release(parts, owner)
    publish_claims(owner, folder, folder.name, parts.provenance.data_hmac)
    return released


def test_a_check_does_not_tell_what_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _pack(as_of(tmp_path, Q1), 203, 0.512, tmp_path / "one", monkeypatch)
    assert first.checks[0].text == "It is 0.512."
    second = _pack(as_of(tmp_path, Q2), 204, 0.548, tmp_path / "two", monkeypatch)
    assert second.held
    assert second.checks[0].value is None
    assert second.checks[0].text == "It is (not shown)."
    assert "548" not in str(second.to_dict())
    enough = _pack(as_of(tmp_path, Q2), 240, 0.548, tmp_path / "three", monkeypatch)
    assert enough.checks[0].text == "It is 0.548."


def test_members_that_name_nobody_leave_the_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty people and then forty-one, and nothing says who: their numbers are compared."""
    for day, who, folder in ((Q1, 40, "one"), (Q2, 41, "two")):
        claims = tmp_path / folder
        claims.mkdir()
        monkeypatch.setenv(CLAIMS_VARIABLE, str(claims))
        support = Support(n_people=who, members=Members(people=frozenset()))
        parts = evidence(estimates=(estimate(value=who / 100, support=support),))
        owner = as_of(tmp_path, day)
        released = release(parts, owner)
        publish_claims(owner, claims, folder, f"{who}")
    assert [s.what for s in released.held] == ["estimate effect"]


def test_the_errors_of_a_check_are_cut_too() -> None:
    drawn = Check(
        name="r",
        passed=True,
        text="{value}",
        value=1.23456,
        computation="sampled",
        monte_carlo_error=0.012345,
    )
    assert fill_check(drawn, Rules()).monte_carlo_error == 0.012
    assert fill_check(drawn, Rules(in_full=True)).value == 1.23456
    assert fill_check(drawn, Rules(), hidden=True).monte_carlo_error is None
