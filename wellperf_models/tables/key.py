"""The study's key: without it neither a pseudonym nor a hash of the data can be confirmed by guessing."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from wellperf_models.errors import StudyError
from wellperf_models.study import Study

_KEY_BYTES = 32
_FOLDER, _FILE = ".wellperf", "key"
_OPENED_TO_GUESSING = "treat what was published so far as open to guessing"


def study_key(study: Study) -> bytes:
    """The key of the study's hashes; made on first use, readable by its owner alone.

    Synthetic and published data hold no secret, and their packs must verify in anybody's clone, so their
    key is the study's name.

    Raises:
        StudyError: It can't be made, is damaged, is a link, belongs to somebody else, or it or its folder
            lets others in.
    """
    if study.study.synthetic or study.study.public_microdata:
        return f"no secret: {study.study.name}".encode()
    path = study.folder / _FOLDER / _FILE
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # every step below goes through this descriptor: the folder can't be exchanged for a link meanwhile
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise _unusable(path.parent, error) from None
    try:
        _require_private(path.parent, os.fstat(folder), "a folder of your own that others can't enter", "700")
        key = _read(path, folder)
        if key is None:
            _make(path, folder)
            key = _read(path, folder)
    finally:
        os.close(folder)
    if key is None or len(key) != _KEY_BYTES:
        raise StudyError(
            "The key of the study is damaged.",
            where=str(path),
            expected=f"{_KEY_BYTES} bytes",
            got=f"{len(key or b'')}",
            remedy="restore it from a backup; with another key nothing published before can be compared",
        )
    return key


def _read(path: Path, folder: int) -> bytes | None:
    """The key; None where there is none yet."""
    try:
        descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise _unusable(path, OSError(0, "no plain file"))
        _require_private(path, found, "a file of your own that others can't read", "600")
        return os.read(descriptor, _KEY_BYTES + 1)
    finally:
        os.close(descriptor)


def _make(path: Path, folder: int) -> None:
    """Puts a new key in place whole: notebooks of one run may ask for the first time at the same moment."""
    draft = f"{path.name}.{secrets.token_hex(8)}"
    try:
        descriptor = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.unlink(draft, dir_fd=folder)
    except FileExistsError:
        pass  # another process was faster: its key is the key
    except OSError as error:
        raise _unusable(path, error) from None


def _require_private(path: Path, found: os.stat_result, expected: str, mode: str) -> None:
    if found.st_uid != os.geteuid():
        raise StudyError(
            "The key of the study belongs to somebody else.",
            where=str(path),
            expected=expected,
            got="another owner",
            remedy=f"move {path.name} away, or run as its owner; {_OPENED_TO_GUESSING}",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise StudyError(
            "The key of the study can be read by others.",
            where=str(path),
            expected=f"{expected}: permissions {mode}",
            got=f"permissions {stat.S_IMODE(found.st_mode):o}",
            remedy=f"chmod {mode} {path.name}, and {_OPENED_TO_GUESSING}",
        )


def _unusable(path: Path, error: OSError) -> StudyError:
    return StudyError(
        "The key of the study can't be made or opened.",
        where=str(path),
        expected="a plain file in a plain folder next to the study file, no links",
        got=error.strerror,
        remedy="make the study's folder writable for you; the key stays there and is never published",
    )
