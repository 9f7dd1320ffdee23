"""Nothing the package reads can become code, and no name or value of a parameter can."""

# ruff: noqa: F811
from __future__ import annotations

import ast
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests.runs.conftest import PARAMETERS, notebooks, write_notebook  # noqa: F401
from wellperf_models.errors import RunError, WellperfError
from wellperf_models.runs.notebooks import ParameterSpec, find_notebooks
from wellperf_models.runs.parameters import check_value, resolve_parameters
from wellperf_models.study import load_study

PACKAGE = Path(__file__).resolve().parents[2] / "wellperf_models"
SOURCES = sorted(PACKAGE.rglob("*.py"))
_MODULES = {
    "pickle", "cPickle", "joblib", "dill", "cloudpickle", "shelve", "marshal", "torch", "code", "codeop",
}  # fmt: skip
_CALLS = {
    "eval", "exec", "compile", "__import__", "read_pickle", "to_pickle", "system", "popen", "load_module",
}  # fmt: skip
# reached from inside a run
_NETWORK = {"socket", "urllib", "http", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "pooch"}


def _problems(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(a.name for a in node.names)]
        found += [n for n in names if n.split(".")[0] in _MODULES]
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        if called in _CALLS and (owner, called) != ("re", "compile"):
            found.append(f"{owner}.{called}")
        if given.get("allow_pickle", "False") != "False" or given.get("shell", "False") != "False":
            found.append(f"{owner}.{called}({given})")
        if called in ("load", "load_all", "unsafe_load", "full_load") and "yaml" in owner:
            found.append(f"{owner}.{called}")
        # numpy.load refuses pickles by itself; that must stay so
        if called == "load" and owner in ("np", "numpy", "torch", "joblib"):
            found.append(f"{owner}.{called}")
    return found


def test_nothing_that_is_read_becomes_code() -> None:
    assert len(SOURCES) > 100
    found = {str(p.relative_to(PACKAGE)): _problems(p.read_text(encoding="utf-8")) for p in SOURCES}
    assert {file: problems for file, problems in found.items() if problems} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from joblib import load", "eval('1')", "np.load(f, allow_pickle=True)",
        "torch.load(f)",
        "subprocess.run('x', shell=True)", "yaml.load(f)", "pd.read_pickle(f)", "os.system('x')", "exec(s)",
        "builtins.eval('1')", "from os import system\nsystem('x')", "import marshal as m",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    assert _problems(text)


def test_only_the_datasets_know_the_network() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        modules |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        known = {m for m in modules if m.split(".")[0] in _NETWORK}
        assert not known or path.name == "datasets.py", (path, known)
        calls = {n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and hasattr(n.func, "attr")}
        assert "fetch" not in calls, path


DECLARED: dict[str, dict[str, Any]] = {
    "folds": {"type": "int"},
    "rate": {"type": "float"},
    "note": {"type": "str"},
    "strict": {"type": "bool"},
    "extra": {"type": "path"},
}
NAMES = (
    "x=1;import os", "note\nimport os", "note = 1 #", "note;x", "note[0]", "note.x", "*note", "note: int",
    "(note",
    "__builtins__", "lambda", "match", "Note", "nöte", "ｎote", "note\u200b", "note ", "", "n" * 100, "study",
)  # fmt: skip
TEXTS = (
    "'", '"', "'''", '"""', '";import os;"', "'; import os #", "\\", '\\"', "\\'", "\\\\\"", "{x}", "{{x}}",
    "%s", "$x", "`id`", "$(id)", "# x", "\\N{BULLET}", "\\u0041", "\\x41", "f'{1}'", "ä日本😀", "a\u00a0b",
    "None", "True", "1e5", "' + str(1) + '", "<script>", "=1+1", "../../x", "~", "x" * 500,
)  # fmt: skip
REFUSED = (
    "a\nb", "a\rb", "a\x00b", "\u2028", "\u2029", "\x85", "\x1b[31m", "\u202ex", "\u200b", "\ufeff", "\ud800",
    "x" * 501, 5, None, 1.5, True, ["a"], {"a": 1}, dt.date(2024, 1, 1), b"a",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_parameter_becomes_code(name: str, notebooks: Path) -> None:
    write_notebook(notebooks, "30_turnover", parameters=PARAMETERS | DECLARED)
    every = find_notebooks(notebooks)
    for given, section in (({name: "1"}, {}), ({}, {"turnover": {name: 1}}), ({}, {name: {"folds": 1}})):
        with pytest.raises(RunError) as caught:
            resolve_parameters(every, study_values=section, given=given, study_folder=notebooks)
        assert "\x1b" not in str(caught.value)
    # blanks around a name are taken off when it is read
    if name.strip() not in DECLARED and name != "study":
        write_notebook(notebooks, "40_other", parameters=PARAMETERS | {name: {"type": "int"}})
        with pytest.raises(RunError, match="declarations are wrong"):
            find_notebooks(notebooks)


@pytest.mark.parametrize("value", TEXTS)
def test_a_text_is_emitted_as_itself(value: str, tmp_path: Path) -> None:
    spec = ParameterSpec(type="str")
    for parse in (False, True):
        checked = check_value("note", value, spec, where="x", folder=tmp_path, parse=parse)
        assert _emitted(note=checked) == {"note": value}


@pytest.mark.parametrize("value", REFUSED)
def test_what_is_no_line_of_text_is_refused(value: object, tmp_path: Path) -> None:
    for kind in ("str", "path"):
        with pytest.raises(RunError) as caught:
            check_value("note", value, ParameterSpec(type=kind), where="x", folder=tmp_path, parse=True)
        assert str(caught.value).replace("\n", "").isprintable()
        str(caught.value).encode()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 10**400), ("int", -(10**400)), ("int", "9" * 400), ("int", "9" * 5000), ("int", 2**60),
        ("float", 10**400), ("float", float("nan")), ("float", float("inf")), ("float", "nan"),
        ("float", "-inf"),
        ("float", "1e999"), ("int", "1_0" * 9), ("int", "0x10"), ("int", 1.0), ("int", "١" * 40),
        ("bool", "2"), ("bool", 1), ("float", [1]), ("int", None), ("float", dt.date(2024, 1, 1)),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(kind: str, value: object, tmp_path: Path) -> None:
    spec = ParameterSpec(type=kind)  # type: ignore[arg-type]
    with pytest.raises(RunError):
        check_value("x", value, spec, where="x", folder=tmp_path, parse=True)


def test_numbers_and_yes_and_no_are_emitted_as_themselves(tmp_path: Path) -> None:
    values = {"folds": -7, "rate": 0.1 + 0.2, "small": 5e-324, "large": 1.7e308, "strict": True, "zero": -0.0}
    assert _emitted(**values) == values
    assert repr(_emitted(**values)["rate"]) == repr(values["rate"])


@pytest.mark.parametrize(
    "line",
    [
        'note = "a\\nb"', 'note = "a\\u2028b"', "folds = 1.5", "rate = nan", "folds = " + "9" * 400,
        "note = 2024-01-01",
        'note = ["a"]', 'note = { a = 1 }', '"x=1;import os" = 1', "folds = true", "folds = " + "9" * 5000,
        "note = " + "[" * 3000, 'study = "x"', 'bundles = "x"',
    ],
)  # fmt: skip
def test_the_study_file_is_no_way_around(line: str, notebooks: Path, tmp_path: Path) -> None:
    write_notebook(notebooks, "30_turnover", parameters=PARAMETERS | DECLARED)
    path = tmp_path / "study.toml"
    path.write_text(f'[study]\nname = "x"\nas_of = 2024-01-01\nseed = 1\n[notebooks.turnover]\n{line}\n')
    with pytest.raises(WellperfError) as caught:
        _resolve(path, notebooks)
    assert len(str(caught.value)) < 2000


def _resolve(path: Path, notebooks: Path) -> None:
    study = load_study(path)
    every = find_notebooks(notebooks)
    resolve_parameters(every, study_values=study.notebooks, given={}, study_folder=path.parent)


def _emitted(**parameters: Any) -> dict[str, Any]:
    """What the cell papermill writes assigns, read as literals: anything else in it is an error."""
    from papermill.translators import papermill_translators

    text = papermill_translators.find_translator("python3", "python").codify(parameters)
    # as the kernel gets it: through a file
    text = json.loads(json.dumps(text))
    found = {}
    for statement in ast.parse(text).body:
        assert isinstance(statement, ast.Assign)
        (target,) = statement.targets
        assert isinstance(target, ast.Name)
        found[target.id] = ast.literal_eval(statement.value)
    return found


def test_papermill_is_not_asked_to_remember_parameters() -> None:
    """`default_parameters` in its metadata would travel into the pack unchecked."""
    for path in (PACKAGE.parent / "notebooks").glob("*.ipynb"):
        assert "default_parameters" not in path.read_text(encoding="utf-8")
