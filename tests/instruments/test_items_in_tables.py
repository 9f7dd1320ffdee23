"""Items in the survey table: from columns, scored where a score is missing, by the rule of their key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.instruments.items import EX, MEASURE, answers, item_lines, survey_study
from tests.tables.folder import load_as_read, write_study
from wellperf_models.instruments import score, scoring_key
from wellperf_models.study import Study
from wellperf_models.tables import check_study, load_tables


def scores(study: Study, measure: str = "exhaustion") -> dict[tuple[str, str], float]:
    rows = load_as_read(study)["surveys"].filter(pl.col("measure") == measure, pl.col("item").is_null())
    found = rows.select("employee_id", "wave", "value").collect().rows()
    assert len({(person, wave) for person, wave, _ in found}) == len(found)
    return {(person, wave): value for person, wave, value in found}


def test_missing_scores_are_made_and_those_that_are_there_are_kept(tmp_path: Path) -> None:
    given = answers()
    given[1, 4] = -999
    given[2, 3:] = -999
    lines = [*item_lines(given), "p0,w1,exhaustion,,2024-01-10,5.9"]
    study = survey_study(tmp_path, lines)
    found = scores(study)
    by_hand = score(np.where(given < 0, np.nan, given), scoring_key("mbi_gs.exhaustion"))
    assert ("p2", "w1") not in found  # three of five answers are too few
    assert found["p0", "w1"] == 5.9
    assert found["p1", "w1"] == pytest.approx(given[1, :4].mean())
    assert {k: v for k, v in found.items() if k[0] != "p0"} == pytest.approx(
        {(f"p{i}", "w1"): v for i, v in enumerate(by_hand) if i not in (0, 2)}
    )
    (note,) = [note for note in check_study(study).notes if note.rule == "scored_from_items"]
    assert note.count == len(given) - 2
    assert "at least 4 answered" in note.text


def test_several_scales_from_one_questionnaire_in_wide_columns(tmp_path: Path) -> None:
    given = answers(60, k=16)
    header = ",".join(["employee_id", "wave", *(f"q{i}" for i in range(1, 17)), "social"])
    lines = [f"p{i},w1,{','.join(map(str, row))},3" for i, row in enumerate(given)]
    columns = "".join(f'q{i} = "mbi_gs/{i}"\n' for i in range(1, 17)) + 'social = "social"\n'
    sections = (
        '[tables.surveys]\npath = "s.csv"\n[tables.surveys.wide]\nname = "measure"\nvalue = "value"\n'
        f"[tables.surveys.wide.columns]\n{columns}"
        "[measures.social]\nlow = 1\nhigh = 5\n"
    ) + "".join(
        f'[measures.{scale}]\nlow = 0\nhigh = 6\nscored_from = "mbi_gs.{scale}"\nitems_under = "mbi_gs"\n'
        f'higher_is = "{"better" if scale == "efficacy" else "worse"}"\n'
        for scale in ("exhaustion", "cynicism", "efficacy")
    )
    study = write_study(tmp_path, sections, s_csv="\n".join([header, *lines]) + "\n")
    assert not check_study(study).violations
    for scale in ("exhaustion", "cynicism", "efficacy"):
        key = scoring_key(f"mbi_gs.{scale}")
        expected = score(given[:, [int(i) - 1 for i in key.items]], key)
        found = scores(study, scale)
        assert [found[f"p{i}", "w1"] for i in range(60)] == pytest.approx(expected.tolist())
    assert len(scores(study, "social")) == 60


def test_answers_coded_the_other_way_round_and_items_under_other_names(tmp_path: Path) -> None:
    given = answers(50, k=8, low=1, high=4)
    names = tuple(f"e{i}" for i in range(8))
    mapped = ", ".join(
        f'{name} = "{item}"' for name, item in zip(names, scoring_key("olbi.exhaustion").items, strict=True)
    )
    sections = (
        '[tables.surveys]\npath = "s.csv"\n[measures.tired]\nlow = 1\nhigh = 4\nhigher_is = "worse"\n'
        f'scored_from = "olbi.exhaustion"\nitems = {{ {mapped} }}\ncoded = [4, 1]\n'
    )
    # complaints run against the others until they are turned
    turned = np.isin(range(8), (0, 1, 3, 5))
    written = np.where(turned, given, 5 - given)
    study = survey_study(tmp_path, item_lines(written, measure="tired", items=names), sections)
    assert not check_study(study).violations
    found = scores(study, "tired")
    assert [found[f"p{i}", "w1"] for i in range(50)] == pytest.approx(given.mean(axis=1).tolist())


def test_scores_rest_on_consented_items_alone(tmp_path: Path) -> None:
    given = answers(40)
    consent = "employee_id,stream,from_date,to_date\n" + "".join(
        f"p{i},surveys,2023-01-01,\n" for i in range(20)
    )
    people = MEASURE + '[tables.consent]\npath = "c.csv"\n[consent]\nstreams = ["surveys"]\n'
    text = "employee_id,wave,measure,item,date,value\n" + "\n".join(item_lines(given)) + "\n"
    study = write_study(tmp_path, people, s_csv=text, c_csv=consent)
    assert {person for person, _ in scores(study)} == {f"p{i}" for i in range(20)}


def test_pseudonyms_and_the_order_of_rows_change_no_score(tmp_path: Path) -> None:
    lines = item_lines(answers(40))
    study = survey_study(tmp_path, lines)
    values = [
        sorted(load_tables(s)["surveys"].filter(pl.col("item").is_null()).select("value").collect()["value"])
        for s in (study, survey_study(tmp_path, lines[::-1]))
    ]
    assert values[0] == values[1]
    assert len(values[0]) == 40
    assert set(EX) == set(
        load_tables(study)["surveys"].select("item").drop_nulls().collect()["item"].to_list()
    )
