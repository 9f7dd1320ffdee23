"""The source notebooks keep the house rules: no logic, no outputs, literal parameters, a story."""

import json
import re
from pathlib import Path

import pytest

from wellperf_models.runs import check_notebook
from wellperf_models.runs.notebooks import find_notebooks

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert [p.stem for p in SOURCES] == [
        "00_data_quality", "20_burnout", "30_turnover", "40_roi", "80_method_check",
        "90_committee_summary",
    ]  # fmt: skip


def test_the_committee_summary_misses_no_notebook() -> None:
    """It needs every other one, so that none is absent from it because it ended later."""
    *others, summary = find_notebooks(ROOT / "notebooks")
    assert summary.name == "committee_summary"
    assert summary.meta.needs == tuple(n.name for n in others)
    (code,) = [line for line in summary.content.decode().splitlines() if "in_order" in line]
    # the three questions, in the order of the project
    assert re.findall(r"burnout|turnover|roi", code) == ["burnout", "turnover", "roi"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_rules(path: Path) -> None:
    assert check_notebook(path) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_tells_its_question_and_what_it_does_not_show(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    assert "**Question.**" in text
    assert "What this does not show" in text
