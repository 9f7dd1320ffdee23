"""A pack of another study → its model. The pack may come from anybody: it is read, checked, and never run."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from wellperf_models.burnout.external.published import PublishedModel, words_of
from wellperf_models.burnout.external.tables import model_of
from wellperf_models.disclosure import Released, read
from wellperf_models.disclosure.inside import UnsafeFileError, read_below
from wellperf_models.errors import DesignError, DisclosureError, NotAskedError, WellperfError

_MANIFEST, _SCHEMA = "manifest.json", "wellperf.manifest/1"
_BUNDLE, _ANSWER = "bundles/burnout.json", "burnout.explained"
# larger than a manifest or a bundle could need
_LARGEST: Final = 64 * 2**20


def read_model(model_from: str) -> PublishedModel:
    """The logistic model that another study has published in a pack.

    Args:
        model_from: Folder of the pack; "" where none is named.

    Raises:
        NotAskedError: No pack is named.
        DisclosureError: It is no pack, another version wrote it, it holds a link, or its answers on burnout
            are not what its manifest says.
        DesignError: It is a pack without a model, or the model can't be applied.
    """
    if not model_from:
        raise NotAskedError(
            "No model of another study was named.",
            remedy="wellperf run STUDY -p model_from PACK, where PACK is a pack of another study",
        )
    folder = Path(model_from)
    try:
        manifest = _json(_inside(folder, _MANIFEST), _MANIFEST)
    except OSError as error:
        raise DisclosureError(
            "This is not a pack.",
            where="parameter model_from",
            expected=f"the folder of a pack, with {_MANIFEST}",
            got=error.strerror,
            remedy="name it again; a pack that holds to this model needs it to be verified",
        ) from None
    if manifest.get("schema") != _SCHEMA or not isinstance(manifest.get("files"), dict):
        raise _damaged("The pack is of another version, or damaged.", _MANIFEST, f"schema {_SCHEMA}")
    bundle, digest = _bundle(folder, manifest["files"])
    model = model_of(_answer(bundle))
    return replace(
        model,
        run_id=words_of(manifest.get("run_id"), 64),
        package_version=words_of(manifest.get("package_version"), 40),
        sha256=digest,
    )


def _bundle(folder: Path, files: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The answers on burnout, as they were published, and their hash."""
    if _BUNDLE not in files:
        raise DesignError(
            "The pack of the other study has no answers on burnout.",
            where="parameter model_from",
            remedy="run the other study with its notebook burnout",
        )
    try:
        content = _inside(folder, _BUNDLE)
    except FileNotFoundError:
        raise _damaged("A file of the pack is gone.", _BUNDLE, "as published") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != files[_BUNDLE]:
        raise _damaged("A file of the pack is not what was published.", _BUNDLE, "the hash in the manifest")
    return _json(content, _BUNDLE), digest


def _answer(bundle: Mapping[str, Any]) -> Released:
    answers = bundle.get("evidence")
    if not isinstance(answers, list):
        raise _damaged("The pack is of another version, or damaged.", _BUNDLE, "answers")
    for item in answers:
        if isinstance(item, dict) and item.get("id") == _ANSWER:
            try:
                return read(item)
            except WellperfError:
                raise
            except Exception:
                # what a hostile file can do to a constructor is not told in its words
                raise _damaged("The answer with the model is damaged.", _BUNDLE, _ANSWER) from None
    raise DesignError(
        "The pack of the other study does not say what its model is.",
        where="parameter model_from",
        expected=f"the answer {_ANSWER}",
        remedy="run the other study with this version",
    )


def _json(content: bytes, file: str) -> dict[str, Any]:
    """A JSON object with finite numbers."""

    def refuse(_: str) -> float:
        raise ValueError("not finite")

    def finite(text: str) -> float:
        number = float(text)
        return number if math.isfinite(number) else refuse(text)

    try:
        found = json.loads(content, parse_constant=refuse, parse_float=finite)
    except (ValueError, RecursionError):
        raise _damaged("A file of the pack is not JSON.", file, "an object with finite numbers") from None
    if not isinstance(found, dict):
        raise _damaged("A file of the pack is damaged.", file, "an object")
    return found


def _inside(folder: Path, file: str) -> bytes:
    """The content of a file below the folder, never through a link.

    Raises:
        OSError: The folder is none, or the file is not there.
        DisclosureError: It, or a folder on the way, is a link or no file; or it is too large.
    """
    try:
        return read_below(folder, file, largest=_LARGEST)
    except UnsafeFileError as error:
        if error.got.startswith("a link"):
            raise _damaged("A pack holds files and folders only.", file, "a file") from None
        raise _damaged(
            "A file of the pack is too large, or none.", file, f"at most {_LARGEST >> 20} MB"
        ) from None


def _damaged(summary: str, file: str, expected: str) -> DisclosureError:
    return DisclosureError(
        summary,
        where=f"parameter model_from: {file}",
        expected=expected,
        remedy="get the pack again from who made it; `wellperf verify PACK` says what was changed",
    )
