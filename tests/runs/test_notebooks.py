from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runs.conftest import PARAMETERS, write_notebook
from wellperf_models.errors import RunError
from wellperf_models.runs.notebooks import find_notebooks, notebooks_folder, select_notebooks


def test_the_workbench_has_its_notebooks() -> None:
    names = [n.name for n in find_notebooks()]
    assert {"data_quality", "turnover", "committee_summary"} <= set(names)
    assert names[-1] == "committee_summary"
    assert notebooks_folder().is_dir()


def test_names_with_and_without_number_and_their_needs(notebooks: Path) -> None:
    write_notebook(notebooks, "00_data")
    write_notebook(notebooks, "30_turnover", needs=["data"])
    write_notebook(notebooks, "90_summary", needs=["turnover"])
    found = find_notebooks(notebooks)
    assert [n.stem for n in select_notebooks(found)] == ["00_data", "30_turnover", "90_summary"]
    for only in ("turnover", "30_turnover", "30_turnover.ipynb"):
        assert [n.name for n in select_notebooks(found, [only])] == ["data", "turnover"]
    assert [n.name for n in select_notebooks(found, ["summary"])] == ["data", "turnover", "summary"]


def test_an_unknown_name_gets_a_suggestion(notebooks: Path) -> None:
    write_notebook(notebooks, "30_turnover")
    with pytest.raises(RunError, match="did you mean 'turnover'"):
        select_notebooks(find_notebooks(notebooks), ["turnovr"])


@pytest.mark.parametrize(
    "meta",
    [
        {"title": ""},
        {"titel": "x"},
        {"parameters": {}},
        {"parameters": {"study": {"type": "str"}}},
        {"parameters": {**PARAMETERS, "n": {"type": "number"}}},
        {"parameters": {**PARAMETERS, "n": {"type": "int", "choices": ["a"]}}},
        {"parameters": {**PARAMETERS, "n": {"type": "str", "minimum": 1}}},
        {"parameters": {**PARAMETERS, "import os; os.system('x') #": {"type": "str"}}},
        {"parameters": {**PARAMETERS, "n = 1\nimport os": {"type": "int"}}},
        {"parameters": {**PARAMETERS, "lambda": {"type": "int"}}},
        {"parameters": {**PARAMETERS, "__builtins__": {"type": "int"}}},
        {"sections": ["rio"]},
        {"sections": "roi"},
        {"needs": ["nobody"]},
        {"needs": ["turnover"]},
    ],
)
def test_wrong_declarations_are_refused(notebooks: Path, meta: dict[str, object]) -> None:
    write_notebook(notebooks, "30_turnover", **meta)
    with pytest.raises(RunError):
        find_notebooks(notebooks)


def test_an_unknown_section_gets_a_suggestion(notebooks: Path) -> None:
    write_notebook(notebooks, "40_roi", sections=["rio"])
    with pytest.raises(RunError, match="no section 'rio'; did you mean 'roi'"):
        find_notebooks(notebooks)
    write_notebook(notebooks, "40_roi", sections=["roi", "money"])
    assert find_notebooks(notebooks)[0].meta.sections == ("roi", "money")


def test_a_circle_of_needs_is_refused(notebooks: Path) -> None:
    write_notebook(notebooks, "10_a", needs=["b"])
    write_notebook(notebooks, "20_b", needs=["a"])
    with pytest.raises(RunError, match="circle"):
        find_notebooks(notebooks)


@pytest.mark.parametrize("name", ["turnover", "3_turnover", "30_Turnover"])
def test_wrong_file_names_are_refused(notebooks: Path, name: str) -> None:
    write_notebook(notebooks, name)
    with pytest.raises(RunError):
        find_notebooks(notebooks)


def test_a_notebook_without_declarations_is_refused(notebooks: Path) -> None:
    (notebooks / "30_a.ipynb").write_text(json.dumps({"cells": [], "metadata": {}}), encoding="utf-8")
    with pytest.raises(RunError, match="declares nothing"):
        find_notebooks(notebooks)
    (notebooks / "30_a.ipynb").write_text("no", encoding="utf-8")
    with pytest.raises(RunError, match="JSON"):
        find_notebooks(notebooks)
