"""What a pack holds beside its executed notebooks: results, tables, pages, manifest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from wellperf_models.errors import RunError
from wellperf_models.report.bundle import build_results, to_json
from wellperf_models.report.html import render_card, render_index, render_page
from wellperf_models.report.model_card import CARD_FILE, CARD_PAGE, build_card
from wellperf_models.report.page import PackInfo, Page
from wellperf_models.report.spreadsheet import export_tables
from wellperf_models.runs.ending import Ending
from wellperf_models.runs.inside import hash_inside, list_files, read_json_inside, write_inside
from wellperf_models.runs.notebooks import Notebook
from wellperf_models.study import Reach

MANIFEST: Final = "manifest.json"
MANIFEST_SCHEMA: Final = "wellperf.manifest/1"


@dataclass(frozen=True, kw_only=True)
class PackContent:
    """What `write_pack` needs beyond the executed notebooks.

    Attributes:
        run_id: Of the run.
        study_file: Absolute path; the pack holds it relative to itself.
        title: Of the study.
        provenance: Of the run, as a dictionary.
        code_sha256: Of package and notebooks.
        notebooks: In pack order.
        endings: Notebook name → how it ended.
        parameters: Notebook name → values beyond the defaults, paths relative to the pack.
        ledger_position: How many entries the ledger had when the run began.
        reach: Who the pack is made for.
        governance: How it may be used, from `governance_facts`.
    """

    run_id: str
    study_file: Path
    title: str
    provenance: Mapping[str, Any]
    code_sha256: str
    notebooks: Sequence[Notebook]
    endings: Mapping[str, Ending]
    parameters: Mapping[str, Mapping[str, Any]]
    ledger_position: int
    reach: Reach
    governance: Mapping[str, Any]


def write_pack(folder: Path, content: PackContent) -> None:
    """Writes results, tables, pages and manifest beside the executed notebooks.

    Raises:
        RunError: The data changed while the notebooks ran, two answers share an id, or a notebook put a link
            into the pack.
    """
    done = [n for n in content.notebooks if not content.endings[n.name].lack]
    bundles = [read_json_inside(folder, f"bundles/{n.name}.json") for n in done]
    for bundle in bundles:
        _require_same_data(bundle, content.provenance)
    results = build_results(content.provenance["study"], content.provenance, bundles)
    write_inside(folder / "results.json", to_json(results))
    for file, content_of in export_tables(results).items():
        (folder / file).parent.mkdir(exist_ok=True)
        write_inside(folder / file, content_of)
    pages = [_page(folder, n, content) for n in content.notebooks]
    for file, text in _render(pages, content).items():
        write_inside(folder / file, text)
    write_inside(folder / MANIFEST, to_json(_manifest(folder, content, pages)))


def render_pages(folder: Path, content: PackContent) -> dict[str, str]:
    """File name → text of every page of a pack, and of its model card, from its executed notebooks alone.

    Writes nothing.

    Raises:
        RunError: A picture of a notebook is damaged.
    """
    return _render([_page(folder, n, content) for n in content.notebooks], content)


def _render(pages: Sequence[Page], content: PackContent) -> dict[str, str]:
    reach = content.reach
    pack = PackInfo(
        title=content.title,
        run_id=content.run_id,
        provenance=content.provenance,
        role=reach.role,
        one_page=reach.one_page,
        governance=content.governance,
    )
    if reach.one_page:
        return {"index.html": render_index(pages, pack)}
    card = build_card(pages, pack)
    rendered: dict[str, str] = {}
    if card is not None:
        pack = replace(pack, model_card_of=str(card["page"]))
        rendered = {CARD_PAGE: render_card(card, pages, pack), CARD_FILE: to_json(card)}
    rendered |= {page.file: render_page(page, pages, pack) for page in pages}
    return {**rendered, "index.html": render_index(pages, pack)}


def _manifest(folder: Path, content: PackContent, pages: Sequence[Page]) -> dict[str, Any]:
    study = os.path.relpath(content.study_file.resolve(), folder.resolve())
    return {
        "schema": MANIFEST_SCHEMA,
        "run_id": content.run_id,
        "study": Path(study).as_posix(),
        "role": content.reach.role,
        "governance": content.governance,
        "ledger_position": content.ledger_position,
        "parameters": content.parameters,
        "notebooks": [
            {"name": p.name, "file": f"notebooks/{p.stem}.ipynb", "state": p.state, "note": p.note}
            for p in pages
        ],
        "package_version": content.provenance["package_version"],
        "lock_sha256": content.provenance["lock_sha256"],
        "code_sha256": content.code_sha256,
        "python": content.provenance["python"],
        "files": hash_files(folder),
    }


def hash_files(folder: Path) -> dict[str, str]:
    """Path below the folder → sha256, for every file but the manifest.

    Raises:
        RunError: Something there is neither file nor folder.
    """
    return {file: hash_inside(folder, file) for file in list_files(folder) if file != MANIFEST}


def _page(folder: Path, notebook: Notebook, content: PackContent) -> Page:
    ending = content.endings[notebook.name]
    executed = None if ending.lack else read_json_inside(folder, f"notebooks/{notebook.stem}.ipynb")
    return Page(
        stem=notebook.stem,
        name=notebook.name,
        title=notebook.meta.title,
        state=ending.state,
        note=ending.note,
        notebook=executed,
        parameters=content.parameters.get(notebook.name, {}),
    )


def _require_same_data(bundle: Mapping[str, Any], provenance: Mapping[str, Any]) -> None:
    for evidence in bundle["evidence"]:
        for key in ("study", "as_of", "data_hmac", "seed"):
            if evidence["provenance"].get(key) != provenance[key]:
                raise RunError(
                    "A notebook answered from other data than the run began with.",
                    where=f"{bundle['notebook']}: {evidence['id']}",
                    got=f"another {key}",
                    remedy="the study or its files changed during the run: run again",
                )
