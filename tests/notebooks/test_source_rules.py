"""The source notebooks keep the house rules: no logic, no outputs, literal parameters, a story."""

import json
from pathlib import Path

import pytest

from wellperf_models.runs import check_notebook

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert {p.stem for p in SOURCES} >= {"00_data_quality", "30_turnover", "90_committee_summary"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_rules(path: Path) -> None:
    assert check_notebook(path) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_tells_its_question_and_what_it_does_not_show(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    assert "**Question.**" in text
    assert "What this does not show" in text
