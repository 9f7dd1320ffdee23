"""The answer on silence: words, side by side, gate, checks scored both ways, picture."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from tests.burnout.builders import PROVENANCE, make_study
from tests.burnout.nonresponse.worlds import make_organisation, make_world, response_of, section_of
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.nonresponse.checks import (
    check_nonresponse,
    everybody_could_answer,
    robust_to_silence,
    silence_changes_little,
    weights_carried_by_many,
    who_was_asked,
)
from wellperf_models.burnout.nonresponse.findings import judge_nonresponse
from wellperf_models.burnout.nonresponse.findings_tables import bands_of
from wellperf_models.burnout.nonresponse.frame import ResponseFrame, build_response
from wellperf_models.burnout.nonresponse.model import fit_nonresponse
from wellperf_models.burnout.nonresponse.plots import plot_tipping
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import NOT_ASKED, Evidence, Support, Unanswered, attempt
from wellperf_models.inference.response_weights import fit_response, stand_ins
from wellperf_models.inference.scores import Score

_MANY = Support(n_people=1000, n_events=300, n_non_events=700)


def judged(response: ResponseFrame | Unanswered) -> Evidence:
    section = section_of() if isinstance(response, Unanswered) else response.section
    fit = attempt(fit_nonresponse, response, section)
    return judge_nonresponse(response, fit, check_nonresponse(response, fit), provenance=PROVENANCE)


def shown(response: ResponseFrame | Unanswered) -> Released:
    return release(judged(response), make_study())


def test_answer_begins_with_whether_strained_people_fall_silent() -> None:
    assert shown(make_world(1, by_last=-0.5).response).answer.startswith("Yes: the worse the score")
    assert shown(make_world(1, by_last=0.6).response).answer.startswith("No, the reverse")
    assert shown(make_world(1, 400, by_last=0.0).response).answer.startswith("These data do not show")


def test_side_by_side_holds_every_way_with_its_interval() -> None:
    rows = {r.key: r.values for r in shown(make_world(2).response).table("side_by_side").rows}
    for what in ("Share of cases, per 100 people asked", "Change since the wave before, per 100"):
        ways = [how for key, how in rows if key == what]
        assert [w.partition(" ")[0] for w in ways] == ["As", "Weighted", "Others", "At"]
    for (_, how), values in rows.items():
        value, low, high = values[:3]
        assert isinstance(low, float)
        assert isinstance(high, float)
        assert value is None if how.startswith("At worst") else low <= value <= high
    share = "Share of cases, per 100 people asked"
    lowest, highest = rows[share, "At worst (all or none a case)"][1:3]
    assert all(lowest <= v[0] <= highest for (w, _), v in rows.items() if w == share and v[0] is not None)


def test_larger_differences_give_more_cases_and_the_text_reads_the_interval() -> None:
    table = shown(make_world(3).response).table("differences")
    shares = [row.values[0] for row in table.rows]
    assert shares == sorted(shares)
    for row in table.rows:
        low, high, reads = row.values[4:7]
        assert reads == ("more frequent" if low > 0 else "less frequent" if high < 0 else "not told")


def test_every_number_names_who_it_rests_on() -> None:
    tables = make_organisation(1)
    response = build_response(tables, build_frame(tables))
    found = judged(response)
    assert found.members is not None
    assert response.pairs is not None
    assert len(found.members.people) == np.unique(response.pairs.person).size
    for estimate in found.estimates:
        assert estimate.support.members is not None
        assert len(estimate.support.members.people) == estimate.support.n_people
        assert len(estimate.support.members.events) == estimate.support.n_events
    assert not re.search(r"p\d{4}", repr(found) + str(release(found, tables.study).to_dict()))


def test_bands_of_few_people_are_not_shown() -> None:
    small = make_world(4, 60).response
    table = shown(small).table("response_by_score")
    assert all(row.values[0] is None or row.values[0] % 5 == 0 for row in table.rows)
    last = np.repeat([1.0, 2.0, 3.0], [5, 50, 50])
    band = bands_of(last, np.arange(105), 10)
    assert [int((band == b).sum()) for b in np.unique(band)] == [55, 50]
    assert set(bands_of(np.ones(50), np.arange(50), 10)) == {0}


def test_rate_falls_with_the_score_where_strain_silences() -> None:
    rows = shown(make_world(5, 3000, by_last=-0.8).response).table("response_by_score").rows
    rates = [row.values[2] for row in rows]
    assert len(rates) == 5
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(
    ("response", "design"),
    [
        (response_of(None, why="There is one wave."), "not answered"),
        (Unanswered(reason="no surveys"), "not answered"),
        (
            dataclasses.replace(
                make_world(6).response, section=section_of().model_copy(update={"nonresponse": None})
            ),
            NOT_ASKED,
        ),
    ],
)
def test_what_is_not_answered_says_why(response: ResponseFrame | Unanswered, design: str) -> None:
    found = shown(response)
    assert found.design == design
    assert not found.estimates
    assert not found.tables
    assert plot_tipping(found) is None


def test_checks_fail_where_they_should_and_pass_where_they_should() -> None:
    clean = np.full(1000, 0.7)
    assert everybody_could_answer(clean, _MANY).passed
    assert not everybody_could_answer(np.where(np.arange(1000) < 30, 0.01, clean), _MANY).passed
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    answered = rng.uniform(size=1000) < 0.7
    even = stand_ins(fit_response(x[:, None], answered))
    assert weights_carried_by_many(even, _MANY).passed
    uneven = dataclasses.replace(even, odds=np.where(np.arange(1000) < 20, 500.0 * answered, 0.0))
    assert weights_carried_by_many(uneven, _MANY).passed is False
    small, wide = (
        Score(value=0.01, std_error=0.002, low=0.006, high=0.014),
        Score(value=0.04, std_error=0.02, low=0.0, high=0.08),
    )
    assert silence_changes_little(small, 0.05, _MANY).passed is True
    assert silence_changes_little(small, 0.005, _MANY).passed is False
    assert silence_changes_little(wide, 0.05, _MANY).passed is None
    assert robust_to_silence(0.6, 1.0, 1.5, _MANY).passed is True
    assert robust_to_silence(0.2, 1.0, 1.5, _MANY).passed is False
    assert robust_to_silence(None, 1.0, 1.5, _MANY).passed is True
    assert robust_to_silence(None, 1.0, 0.1, _MANY).passed is None
    assert who_was_asked("spells").passed is True
    assert who_was_asked("").passed is None


def test_picture_says_what_it_takes() -> None:
    found = shown(make_world(7).response)
    picture = plot_tipping(found)
    assert picture is not None
    assert picture.title.startswith("The silent would have to be ")
    assert "0 points" in picture.alt
    never = section_of(largest_difference=0.05)
    still = plot_tipping(shown(make_world(7, section=never).response))
    assert still is not None
    assert still.title.startswith("No difference up to 0.05 points")
    other = judged(make_world(7).response)
    with pytest.raises(DesignError):
        plot_tipping(release(dataclasses.replace(other, id="burnout.use"), make_study()))
