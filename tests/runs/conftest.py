from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.report.samples import PROVENANCE, released
from wellperf_models.evidence import Provenance

STUDY = """
[study]
name = "tiny"
title = "A tiny study"
as_of = 2024-12-31
seed = 1
[tables.spells]
path = "spells.csv"
"""
PARAMETERS = {"study": {"type": "path"}}


def show(evidence: dict[str, Any]) -> str:
    """Code that displays a released answer."""
    return f"""
import json
from IPython.display import display
from wellperf_models.disclosure.read import read
display(read(json.loads({json.dumps(evidence)!r})))"""


def write_notebook(folder: Path, name: str, *code: str, given: str = 'study = "x"', **meta: Any) -> Path:
    """A throw-away notebook: a heading, the parameters cell and the given cells."""
    declared = {"title": name, "tables": [], "needs": [], "parameters": PARAMETERS} | meta
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "head", "metadata": {}, "source": f"# {name}\n\nWhy."},
        _code("given", given, ["parameters"]),
        *(_code(f"code-{i}", text, []) for i, text in enumerate(code)),
    ]
    content = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "wellperf": declared,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _code(identity: str, source: str, tags: list[str]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identity,
        "metadata": {"tags": tags} if tags else {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    return folder


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study whose data need not exist: what `check_data` says is given."""
    import wellperf_models.runs.execute
    import wellperf_models.runs.verify

    def checked(study: object) -> tuple[str, Provenance]:
        return "no violation", Provenance(**PROVENANCE)

    monkeypatch.setattr(wellperf_models.runs.execute, "check_data", checked)
    monkeypatch.setattr(wellperf_models.runs.verify, "check_data", checked)
    folder = tmp_path / "study"
    folder.mkdir()
    path = folder / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture
def ready(notebooks: Path, study: Path) -> Callable[[], tuple[Path, Path]]:
    """One notebook with one answer, and the study."""

    def make() -> tuple[Path, Path]:
        write_notebook(notebooks, "30_turnover", show(released()))
        return study, notebooks

    return make
