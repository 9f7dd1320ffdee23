"""A pack and its ledger entries appear together or not at all, wherever a run is killed.

The new ledger is written beside the old one, then a note of the pack it belongs to, then the pack is moved to
its place, then the new ledger takes the place of the old one by a rename, which needs no room on the disk. If
the note is found later, its run was killed in between: where the pack stands, its entries count; where it
does not, nothing was published and the ledger stays as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from wellperf_models.disclosure.entries import ledger_path, locked
from wellperf_models.errors import DisclosureError
from wellperf_models.study import Study

_MANIFEST = "manifest.json"
_NEXT, _NOTE, _PART = ".next", ".pending", ".part"


def publish_together(
    ledger: Path, content: str, *, pack: Path, manifest_sha256: str, move: Callable[[], None]
) -> None:
    """Moves a pack to its place and replaces the ledger; call it with the ledger locked.

    Args:
        ledger: The ledger's file.
        content: What it will hold.
        pack: Where the pack will be.
        manifest_sha256: Hash of its manifest, by which it is known again.
        move: Moves it there in one step.

    Raises:
        DisclosureError: Another run was interrupted while this one published.
        OSError: No room, or not allowed; nothing was published then.
    """
    following, note = _files_of(ledger)
    if note.exists():
        raise DisclosureError(
            "Another run of this study was interrupted just now.",
            where=note.name,
            remedy="run the study again: what was begun is finished or undone first",
        )
    try:
        _write(following, content)
        _write(note, json.dumps({"pack": str(pack), "manifest_sha256": manifest_sha256}))
        move()
    except BaseException:
        # either it was moved or it was not: nothing else can be
        _settle(ledger)
        raise
    _commit(ledger)


def recover(ledger: Path) -> None:
    """Finishes or undoes what a killed run began; call it with the ledger locked.

    Args:
        ledger: The ledger's file.

    Raises:
        DisclosureError: The note can't be read.
    """
    following, note = _files_of(ledger)
    if note.exists():
        _settle(ledger)
    else:
        following.unlink(missing_ok=True)
    for file in (following, note):
        _part_of(file).unlink(missing_ok=True)


def _settle(ledger: Path) -> None:
    following, note = _files_of(ledger)
    if note.exists() and _stands(note):
        _commit(ledger)
        return
    # the note first: without it the other file means nothing
    note.unlink(missing_ok=True)
    following.unlink(missing_ok=True)


def _commit(ledger: Path) -> None:
    following, note = _files_of(ledger)
    if following.exists():
        os.replace(following, ledger)
        sync_folder(ledger.parent)
    note.unlink(missing_ok=True)


def _stands(note: Path) -> bool:
    """Whether the pack of a note is in its place."""
    try:
        content = json.loads(note.read_bytes())
        pack, expected = Path(content["pack"]), content["manifest_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DisclosureError(
            "The note of an interrupted run can't be read.",
            where=str(note),
            got=type(error).__name__,
            remedy="look whether its pack was published; keep the note's .next file as the ledger if so",
        ) from None
    try:
        return hashlib.sha256((pack / _MANIFEST).read_bytes()).hexdigest() == expected
    except (FileNotFoundError, NotADirectoryError):
        return False


def _files_of(ledger: Path) -> tuple[Path, Path]:
    """The ledger as it will be, and the note."""
    return ledger.with_name(ledger.name + _NEXT), ledger.with_name(ledger.name + _NOTE)


def _part_of(file: Path) -> Path:
    return file.with_name(file.name + _PART)


def _write(file: Path, content: str) -> None:
    """Whole and on the disk, or not there."""
    part = _part_of(file)
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(part, file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Makes sure that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def recover_ledger(study: Study) -> None:
    """Finishes or undoes what a killed run of a study began; writes nothing where none was killed.

    Raises:
        DisclosureError: The note can't be read.
    """
    ledger = ledger_path(study)
    if any(file.exists() for file in _files_of(ledger)):
        with locked(ledger):
            recover(ledger)
