"""The override log: a file people write, which a pack shows."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from wellperf_models.errors import StudyError
from wellperf_models.study.governance import Override

if TYPE_CHECKING:
    from wellperf_models.study.file import Study

_MOST_BYTES = 1_000_000


def read_overrides(study: Study) -> tuple[Override, ...]:
    """The entries of the study's override log, oldest first; () where the study declares no log.

    A TOML log holds `[[override]]` tables, a CSV log one line an entry; both have date, who, decision and
    reason, and nothing else, so that nobody's id finds a place of its own.

    Args:
        study: The study.

    Raises:
        StudyError: The log is not there, lies outside the study's folder, or an entry is not well written.
    """
    if study.governance is None or study.governance.overrides is None:
        return ()
    path = study.folder / study.governance.overrides
    entries = _entries(path, _text(path, study.folder))
    found = [_entry(entry, number, path.name) for number, entry in enumerate(entries, start=1)]
    return tuple(sorted(found, key=lambda e: e.date))


def _text(path: Path, folder: Path) -> str:
    where = "governance.overrides"
    try:
        # a link must not lead elsewhere
        path.resolve(strict=True).relative_to(folder.resolve())
        if path.stat().st_size > _MOST_BYTES:
            raise StudyError(
                "The override log is too long.", where=where, expected=f"at most {_MOST_BYTES:,} bytes"
            )
        return path.read_text(encoding="utf-8-sig")
    except ValueError as error:
        kind = "not UTF-8" if isinstance(error, UnicodeDecodeError) else "a link to elsewhere"
        raise StudyError(
            "The override log can't be read.",
            where=where,
            expected="a UTF-8 file in the study's folder",
            got=kind,
        ) from None
    except OSError as error:
        raise StudyError(
            "The override log can't be read.",
            where=where,
            got=f"{path.name}: {error.strerror}",
            remedy="write it, with its head alone where nothing was overridden yet, or take the key out",
        ) from None


def _entries(path: Path, text: str) -> list[Mapping[Any, Any]]:
    if path.suffix.lower() == ".csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError("The override log is not valid TOML.", where=path.name, got=str(error)) from None
    entries = content.get("override", [])
    if set(content) - {"override"} or not isinstance(entries, list):
        raise StudyError(
            "The override log holds something else.",
            where=path.name,
            expected="[[override]] tables and nothing else",
        )
    return [entry if isinstance(entry, dict) else {} for entry in entries]


def _entry(entry: Mapping[Any, Any], number: int, file: str) -> Override:
    try:
        return Override.model_validate({str(k): v for k, v in entry.items() if k is not None or v})
    except ValidationError as error:
        # keys and rules only: what stands there could be about a person
        problems = [
            f"{'.'.join(str(p) for p in e['loc']) if e['type'] != 'extra_forbidden' else 'another key'}: "
            f"{'not allowed' if e['type'] == 'extra_forbidden' else e['msg'].removeprefix('Value error, ')}"
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise StudyError(
            "An entry of the override log is not well written.",
            where=f"{file}, entry {number}",
            expected=", ".join(Override.model_fields) + " and nothing else; no employee's id or name",
            got="; ".join(dict.fromkeys(problems)),
        ) from None
