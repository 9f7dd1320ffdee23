"""Who counts as asked, and who as silent."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from tests.burnout.nonresponse.worlds import make_organisation
from tests.fakes import FakeTables
from wellperf_models.burnout import build_frame
from wellperf_models.burnout.nonresponse.frame import ResponseFrame, build_response


def built(tables: FakeTables) -> ResponseFrame:
    return build_response(tables, build_frame(tables))


def counted(tables: FakeTables, gone: set[str], waves: int = 4) -> tuple[int, int]:
    """Pairs and answers among them, straight from the table."""
    answers = tables["surveys"].collect().filter(pl.col("measure") == "exhaustion")
    by_wave = [set(answers.filter(pl.col("wave") == f"w{w}")["employee_id"]) for w in range(waves)]
    pairs = [(w, i) for w in range(waves - 1) for i in by_wave[w] if not (i in gone and w >= 1)]
    return len(pairs), sum(i in by_wave[w + 1] for w, i in pairs)


@pytest.mark.parametrize("spells", [True, False])
def test_who_had_left_is_not_silent(spells: bool) -> None:
    tables = make_organisation(spells=spells)
    found = built(tables)
    assert found.pairs is not None
    gone = {f"p{i:04d}" for i in range(40)}
    assert (found.pairs.person.size, int(found.pairs.answered.sum())) == counted(tables, gone)
    assert found.asked_by == ("spells" if spells else "assignments")
    (lost,) = found.left_out.values()
    assert 0 < lost.people <= 40
    assert lost.members.people <= gone


def test_where_nothing_says_who_left_everybody_was_asked() -> None:
    tables = make_organisation(spells=True)
    del tables["spells"], tables["assignments"]
    found = built(tables)
    assert found.pairs is not None
    assert found.asked_by == ""
    assert (found.pairs.person.size, int(found.pairs.answered.sum())) == counted(tables, set())
    assert not found.left_out


def test_waves_without_dates_ask_everybody() -> None:
    tables = make_organisation(dated=False, waves=["w0", "w1", "w2", "w3"])
    found = built(tables)
    assert found.pairs is not None
    assert found.asked_by == ""
    assert found.waves == ("w0", "w1", "w2", "w3")


def test_scores_are_those_of_the_two_waves_and_turned() -> None:
    tables = make_organisation(higher_is="better", case_at=2.0)
    found = built(tables)
    assert found.pairs is not None
    rows = tables["surveys"].collect().filter(pl.col("measure") == "exhaustion")
    scores = {(i, w): v for i, w, v in rows.select("employee_id", "wave", "value").iter_rows()}
    assert found.roster is not None
    for k in (0, 100, 500):
        who, wave = found.roster.ids[found.pairs.person[k]], int(found.pairs.wave[k])
        assert found.pairs.last[k] == -scores[who, f"w{wave}"]
        after = scores.get((who, f"w{wave + 1}"))
        assert found.pairs.answered[k] == (after is not None)
        assert after is None or found.pairs.strain[k] == -after
    assert np.isnan(found.pairs.strain[~found.pairs.answered]).all()


def test_a_person_has_one_cluster_and_no_frame_names_anybody() -> None:
    found = built(make_organisation(cluster="team"))
    assert found.pairs is not None
    pairs = pl.DataFrame({"person": found.pairs.person, "cluster": found.pairs.cluster})
    assert pairs.group_by("person").agg(pl.col("cluster").n_unique())["cluster"].max() == 1
    assert pairs["cluster"].n_unique() == 50
    assert not re.search(r"p\d{4}", repr(found) + repr(found.pairs) + repr(found.roster))


def test_order_of_rows_does_not_matter() -> None:
    tables = make_organisation()
    shuffled = FakeTables(
        tables.study, {n: f.collect().sample(fraction=1, shuffle=True, seed=3) for n, f in tables.items()}
    )
    one, other = built(tables).pairs, built(shuffled).pairs
    assert one is not None
    assert other is not None
    for name in ("person", "cluster", "wave", "last", "answered", "strain"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.covariates.equals(other.covariates)


def test_one_wave_has_no_pairs_and_says_why() -> None:
    found = built(make_organisation(frames={"waves": 1}))
    assert found.pairs is None
    assert found.why == "There is one wave."
    assert found.outcome == "Exhaustion"
