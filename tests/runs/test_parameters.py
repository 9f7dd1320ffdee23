from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.runs.conftest import PARAMETERS, write_notebook
from wellperf_models.errors import RunError
from wellperf_models.runs.notebooks import ParameterSpec, find_notebooks
from wellperf_models.runs.parameters import check_value, resolve_parameters

DECLARED = {
    **PARAMETERS,
    "folds": {"type": "int", "minimum": 2, "maximum": 20},
    "rate": {"type": "float", "minimum": 0},
    "scope": {"type": "str", "choices": ["team", "site"]},
    "note": {"type": "str"},
    "strict": {"type": "bool"},
    "extra": {"type": "path"},
}


def _resolve(folder: Path, given: dict[str, Any], study: dict[str, Any] | None = None) -> dict[str, Any]:
    write_notebook(folder, "30_turnover", parameters=DECLARED)
    write_notebook(folder, "40_other")
    return resolve_parameters(
        find_notebooks(folder), study_values=study or {}, given=given, study_folder=folder
    )


class TestResolve:
    def test_texts_are_parsed_by_declared_type(self, notebooks: Path) -> None:
        given = {"folds": "5", "rate": "1e-3", "scope": "team", "note": "a'b\"c#d\\", "strict": "no"}
        got = _resolve(notebooks, given)
        assert got["turnover"] == {
            "folds": 5, "rate": 0.001, "scope": "team", "note": "a'b\"c#d\\", "strict": False
        }  # fmt: skip
        assert got["other"] == {}

    def test_command_line_wins_over_study_file(self, notebooks: Path) -> None:
        got = _resolve(notebooks, {"folds": "3"}, {"turnover": {"folds": 7, "rate": 1}})
        assert got["turnover"] == {"folds": 3, "rate": 1.0}

    def test_paths_of_the_study_file_start_there(self, notebooks: Path) -> None:
        got = _resolve(notebooks, {}, {"30_turnover": {"extra": "a.csv"}})
        assert got["turnover"] == {"extra": (notebooks / "a.csv").resolve().as_posix()}

    @pytest.mark.parametrize(
        "name",
        [
            "fold",
            "study",
            "bundles",
            "",
            "folds = 1\nimport os\nos.system('touch /tmp/pwned')\nx",
            "__import__('os').system('x')",
            "folds;x",
        ],
    )
    def test_undeclared_names_are_refused(self, notebooks: Path, name: str) -> None:
        with pytest.raises(RunError):
            _resolve(notebooks, {name: "5"})
        with pytest.raises(RunError):
            _resolve(notebooks, {}, {"turnover": {name: 5}})

    def test_suggestions(self, notebooks: Path) -> None:
        with pytest.raises(RunError, match="did you mean 'folds'"):
            _resolve(notebooks, {"fold": "5"})
        with pytest.raises(RunError, match="did you mean 'turnover'"):
            _resolve(notebooks, {}, {"turnovr": {"folds": 5}})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("folds", "1"),
        ("folds", "21"),
        ("folds", "5.0"),
        ("folds", "five"),
        ("folds", True),
        ("folds", "__import__('os')"),
        ("rate", "-1"),
        ("rate", "nan"),
        ("rate", "inf"),
        ("scope", "department"),
        ("note", "two\nlines"),
        ("note", "x" * 501),
        ("note", "\x1b[31m"),
        ("note", "\u2028import os"),
        ("note", 5),
        ("strict", "perhaps"),
        ("extra", "a\x00b"),
    ],
)
def test_values_that_do_not_fit_are_refused(name: str, value: Any, tmp_path: Path) -> None:
    spec = ParameterSpec.model_validate(DECLARED[name])
    with pytest.raises(RunError, match=name):
        check_value(name, value, spec, where="here", folder=tmp_path, parse=True)


def test_the_study_files_types_are_not_guessed(tmp_path: Path) -> None:
    for name, value in (("folds", "5"), ("rate", "1"), ("strict", "yes"), ("strict", 1), ("folds", 5.0)):
        spec = ParameterSpec.model_validate(DECLARED[name])
        with pytest.raises(RunError):
            check_value(name, value, spec, where="here", folder=tmp_path)
