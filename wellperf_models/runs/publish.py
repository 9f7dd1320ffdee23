"""The pack on disk: made beside its target, moved there in one step, or not at all."""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wellperf_models.errors import RunError
from wellperf_models.report.bundle import build_results, to_json
from wellperf_models.report.html import render_index, render_page
from wellperf_models.report.page import PackInfo, Page
from wellperf_models.runs.bundles import sha256_of, write_text
from wellperf_models.runs.ending import Ending
from wellperf_models.runs.notebooks import Notebook

MANIFEST: Final = "manifest.json"
MANIFEST_SCHEMA: Final = "wellperf.manifest/1"
_ENDING = ".partial"


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
    """

    run_id: str
    study_file: Path
    title: str
    provenance: Mapping[str, Any]
    code_sha256: str
    notebooks: Sequence[Notebook]
    endings: Mapping[str, Ending]
    parameters: Mapping[str, Mapping[str, Any]]


def write_pack(folder: Path, content: PackContent) -> None:
    """Writes results, pages and manifest beside the executed notebooks.

    Raises:
        RunError: The data changed while the notebooks ran, or two answers share an id.
    """
    done = [n for n in content.notebooks if not content.endings[n.name].lack]
    bundles = [json.loads((folder / "bundles" / f"{n.name}.json").read_bytes()) for n in done]
    for bundle in bundles:
        _require_same_data(bundle, content.provenance)
    results = build_results(content.provenance["study"], content.provenance, bundles)
    write_text(folder / "results.json", to_json(results))
    pages = [_page(folder, n, content) for n in content.notebooks]
    for file, text in _render(pages, content).items():
        write_text(folder / file, text)
    write_text(folder / MANIFEST, to_json(_manifest(folder, content, pages)))


def render_pages(folder: Path, content: PackContent) -> dict[str, str]:
    """File name → HTML of every page of a pack, from its executed notebooks alone; writes nothing.

    Raises:
        RunError: A picture of a notebook is damaged.
    """
    return _render([_page(folder, n, content) for n in content.notebooks], content)


def _render(pages: Sequence[Page], content: PackContent) -> dict[str, str]:
    pack = PackInfo(title=content.title, run_id=content.run_id, provenance=content.provenance)
    rendered = {page.file: render_page(page, pages, pack) for page in pages}
    return {**rendered, "index.html": render_index(pages, pack)}


def _manifest(folder: Path, content: PackContent, pages: Sequence[Page]) -> dict[str, Any]:
    study = os.path.relpath(content.study_file.resolve(), folder.resolve())
    return {
        "schema": MANIFEST_SCHEMA,
        "run_id": content.run_id,
        "study": Path(study).as_posix(),
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
    """Path below the folder → sha256, for every file but the manifest."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST)
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in files}


def require_free(target: Path) -> None:
    """Refuses a target that is neither new, nor an empty folder, nor a former pack.

    Raises:
        RunError: It is something else, which must not be overwritten.
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        found = "a link" if target.is_symlink() else "a file"
    elif not target.exists() or not any(target.iterdir()) or _is_pack(target):
        return
    else:
        found = "a folder with other things in it"
    raise RunError(
        "The pack can't be written there.",
        where=str(target),
        expected="a new or empty folder, or a former pack (it is replaced)",
        got=found,
        remedy="name another folder with --out",
    )


def _is_pack(folder: Path) -> bool:
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and str(content.get("schema", "")).startswith("wellperf.manifest/")


@contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """A hidden folder beside the target; gone afterwards unless it was moved.

    Beside it, so that the move is a rename, and so that relative paths already are what they will be.
    """
    parent = target.resolve().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _remove_orphans(parent, target.name)
        folder = parent / f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}{_ENDING}"
        folder.mkdir()
    except OSError as error:
        raise RunError("The pack can't be written there.", where=str(target), got=error.strerror) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish_folder(folder: Path, target: Path) -> None:
    """Moves a finished pack to its place; a former pack there is replaced in one step.

    Raises:
        RunError: Something else came there meanwhile.
    """
    require_free(target)
    failed = _partial_place(target)
    place = target.resolve()
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
    if not place.exists():
        os.rename(folder, place)
    elif not _exchange(folder, place):
        # no exchange on this system: the old pack steps aside for a moment
        aside = folder.with_suffix(".former")
        os.rename(place, aside)
        try:
            os.rename(folder, place)
        except BaseException:
            os.rename(aside, place)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(failed, ignore_errors=True)


def keep_partial(folder: Path, target: Path) -> Path:
    """Keeps the notebooks of a failed run beside the target, in place of those of an earlier failure."""
    kept = _partial_place(target)
    shutil.rmtree(kept, ignore_errors=True)
    os.rename(folder / "notebooks", kept)
    return kept


def _partial_place(target: Path) -> Path:
    return target.resolve().parent / f"{target.name}.failed"


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two folders in one step (Linux `renameat2`); False where the system can't."""
    if not sys.platform.startswith("linux"):
        return False
    at_current_folder, exchange = -100, 2
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    code = rename(at_current_folder, os.fsencode(one), at_current_folder, os.fsencode(other), exchange)
    return bool(code == 0)


def _remove_orphans(parent: Path, name: str) -> None:
    """Removes what killed runs to the same target left behind."""
    for path in parent.glob(f".{name}.*{_ENDING}"):
        owner = path.name.removeprefix(f".{name}.").split("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _page(folder: Path, notebook: Notebook, content: PackContent) -> Page:
    ending = content.endings[notebook.name]
    executed = (
        None if ending.lack else json.loads((folder / "notebooks" / f"{notebook.stem}.ipynb").read_bytes())
    )
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
