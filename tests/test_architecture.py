"""The folder listing is the architecture, and these tests keep it so (import-linter keeps the arrows)."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "wellperf_models"
SOURCES = sorted(PACKAGE.rglob("*.py"))

HEAVY = (
    "pandas", "polars", "narwhals", "numpy", "scipy", "matplotlib", "seaborn", "sklearn", "lifelines", "shap",
    "pymc", "arviz", "nutpie", "papermill", "nbformat", "pydantic", "statsmodels",
)  # fmt: skip


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("code", ["import wellperf_models", "import wellperf_models.cli"])
def test_import_loads_nothing_heavy(code: str) -> None:
    assert modules_after(code) == set()


def test_help_loads_nothing_heavy() -> None:
    code = "import wellperf_models.cli as c\ntry: c.main(['run', '--help'])\nexcept SystemExit: pass\nprint()"
    assert modules_after(code) & set(HEAVY) == set()


def test_every_public_name_resolves() -> None:
    code = (
        "import wellperf_models as w\nfor name in w.__all__: getattr(w, name)\n"
        "for pillar in (w.burnout, w.turnover, w.roi):\n"
        "    for name in pillar.__all__: getattr(pillar, name)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_no_pickle_no_eval_no_utils() -> None:
    assert SOURCES
    for path in SOURCES:
        assert path.stem not in {"utils", "helpers", "misc", "common"}, path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = [node.func.id]
            bad = {"pickle", "joblib", "dill", "cloudpickle", "eval", "exec"}
            assert not {n.split(".")[0] for n in names} & bad, path


def test_inner_modules_never_import_the_package_root() -> None:
    pattern = re.compile(r"^\s*(import wellperf_models\b(?!\.)|from wellperf_models import)", re.MULTILINE)
    allowed = {PACKAGE / "cli.py"}  # reads the version
    offenders = [p for p in SOURCES if p not in allowed and pattern.search(p.read_text(encoding="utf-8"))]
    assert offenders == []


def test_tests_mirror_the_package() -> None:
    """Every subpackage has a test folder, every module of the top level a test file."""
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert folders <= {p.name for p in (ROOT / "tests").iterdir() if p.is_dir()}
    modules = {p.stem for p in PACKAGE.glob("*.py")} - {"__init__", "errors"}
    tested = {p.stem.removeprefix("test_") for p in (ROOT / "tests").glob("test_*.py")}
    assert modules <= tested


def test_top_level_is_as_designed() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout: the listing is taken from git")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    designed = {
        "pyproject.toml", "README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff",
        "SECURITY.md",
        "Makefile", "requirements.lock", "requirements-spark.lock", ".python-version", ".ci", ".gitignore",
        "wellperf_models",
        "notebooks", "data_synthetic", "reports", "tests",
    }  # fmt: skip
    assert top <= designed


def test_no_machine_and_no_package_index_in_any_file() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout: the listing is taken from git")
    pattern = re.compile(
        rb"--(?:extra-)?index-url|https?://[^ ]*/(?:simple|packages)/|(?<![\w.])/(?:root|home)/"
    )
    this = os.path.relpath(__file__, ROOT)
    for name in listed.stdout.splitlines():
        if name != this and (ROOT / name).is_file():
            assert not pattern.search((ROOT / name).read_bytes()), name


def test_version_is_in_one_place() -> None:
    import importlib.metadata

    import wellperf_models

    assert importlib.metadata.version("wellperf") == wellperf_models.__version__
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_no_document_holds_a_placeholder() -> None:
    for path in (*ROOT.glob("*.md"), *(ROOT / "data_synthetic").glob("*.md")):
        found = re.findall(r"\b(?:TODO|TBD|[A-Z]+_(?:ROWS|SECTION))\b", path.read_text(encoding="utf-8"))
        assert found == [], path
