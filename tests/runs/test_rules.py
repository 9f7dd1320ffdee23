from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runs.conftest import write_notebook
from wellperf_models.runs.rules import check_notebook


def test_a_good_notebook_breaks_no_rule(notebooks: Path) -> None:
    code = "import wellperf_models as wp\nx = wp.load_study(study)\ny = [x, 1, -1, 0, True, '12']"
    assert check_notebook(write_notebook(notebooks, "30_turnover", code)) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def f(): pass", "function"),
        ("f = lambda x: x", "function"),
        ("class A: pass", "class"),
        ("for i in []: pass", "loop"),
        ("while True: pass", "loop"),
        ("[i for i in 'ab']", "loop"),
        ("x = 7", "number 7"),
        ("f(alpha=.05)", "number 0.05"),
        ("%matplotlib inline", "plain Python"),
        ("!ls", "plain Python"),
    ],
)
def test_logic_and_numbers_are_named(notebooks: Path, code: str, words: str) -> None:
    problems = check_notebook(write_notebook(notebooks, "30_turnover", code))
    assert len(problems) == 1
    assert words in problems[0]
    assert "cell 2" in problems[0]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("study = 'a' + 'b'", "computed"),
        ("study = f'{1}'", "computed"),
        ("study: str = 'x'", "literal"),
        ("import os\nstudy = 'x'", "literal"),
        ("study = 'x'\nother = 1", "differ: other"),
        ("", "differ: study"),
        ("study = 5", "study"),
    ],
)
def test_the_parameters_cell_holds_declared_literals(notebooks: Path, parameters: str, words: str) -> None:
    problems = check_notebook(write_notebook(notebooks, "30_turnover", given=parameters))
    assert problems
    assert any(words in p for p in problems)


def test_outputs_cells_and_kernel(notebooks: Path) -> None:
    path = write_notebook(notebooks, "30_turnover", *["pass"] * 14)
    content = json.loads(path.read_text())
    content["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    content["metadata"]["kernelspec"]["name"] = "ir"
    content["cells"][1]["metadata"] = {}
    path.write_text(json.dumps(content))
    problems = "\n".join(check_notebook(path))
    for words in ("15 code cells", "outputs are committed", "not python3", "0 cells are tagged"):
        assert words in problems
