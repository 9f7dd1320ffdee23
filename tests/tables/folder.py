"""Writes a study into a folder, for tests that read files."""

from __future__ import annotations

from pathlib import Path

from wellperf_models.study import Study, load_study
from wellperf_models.tables import Tables
from wellperf_models.tables.read import read_study

HEAD = '[study]\nname = "t"\nas_of = 2024-06-30\nseed = 1\n'

SPELLS = "employee_id,start,end,exit_reason\n1,2020-01-01,2021-12-31,voluntary\n2,2020-01-01,,\n"


def write_study(folder: Path, sections: str, *, head: str = HEAD, **files: str | bytes) -> Study:
    """Writes files (`spells_csv="…"` becomes spells.csv) and `study.toml`, and loads the study."""
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "study.toml").write_text(head + sections, encoding="utf-8")
    return load_study(folder)


def load_as_read(study: Study) -> Tables:
    """As `load_tables`, with ids as they stand in the file: what reading made of it, before pseudonyms."""
    return Tables(study, read_study(study))
