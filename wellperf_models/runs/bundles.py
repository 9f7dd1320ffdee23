"""Bundles of a run: what each notebook answered, for the notebook that composes them, and how it ended."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wellperf_models.disclosure.read import HASHES_FILE
from wellperf_models.report.bundle import build_bundle, to_json
from wellperf_models.runs.ending import Ending
from wellperf_models.runs.inside import hash_inside, read_json_inside, write_inside
from wellperf_models.runs.notebooks import Notebook

_ENDING = ".partial"


def bundle_of(notebook: Notebook, executed: Mapping[str, Any] | None, ending: Ending) -> dict[str, Any]:
    """The bundle of a notebook.

    Args:
        notebook: The notebook.
        executed: As executed and cleaned; None where it was not run.
        ending: How it ended.
    """
    return build_bundle(
        notebook.name,
        executed,
        number=notebook.number,
        title=notebook.meta.title,
        state=ending.state,
        note=ending.note,
    )


def write_bundle(folder: Path, notebook: Notebook, ending: Ending) -> None:
    """Writes the bundle of a notebook that ended, or that will not be run.

    Args:
        folder: The pack in the making.
        notebook: The notebook.
        ending: How it ended.
    """
    executed = None
    if not ending.lack:
        executed = read_json_inside(folder, f"notebooks/{notebook.stem}.ipynb")
    write_inside(folder / "bundles" / f"{notebook.name}.json", to_json(bundle_of(notebook, executed, ending)))


def write_hashes(folder: Path, notebooks: Sequence[Notebook]) -> None:
    """Writes the hashes of all bundles so far; one that does not stand there is not read.

    Args:
        folder: The pack in the making.
        notebooks: All of the run; their order is the order of the hashes.
    """
    files = [f"{n.name}.json" for n in notebooks]
    present = {f: hash_inside(folder, f"bundles/{f}") for f in files if (folder / "bundles" / f).is_file()}
    hashes = folder / "bundles" / HASHES_FILE
    partial = hashes.with_suffix(_ENDING)
    write_inside(partial, to_json(present))
    # another notebook may be reading it
    os.replace(partial, hashes)
