"""Sets of people on disk: each distinct set once, under a keyed hash of what it holds."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
import re
import tempfile
import zlib
from pathlib import Path

from wellperf_models.errors import DisclosureError

_ENDING = ".json.gz"
_UNFINISHED = ".cohort-"
_REFERENCE = re.compile(r"[0-9a-f]{64}")


class Cohorts:
    """The sets of pseudonyms a ledger, or the claims of one run, refer to.

    The name of a file is HMAC-SHA256(key, its people, sorted, as JSON). So a file that is damaged, or that
    belongs to another key (whose pseudonyms can't be compared with ours), is found when it is read.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        self._read: dict[str, frozenset[str]] = {"": frozenset()}
        self._written: dict[frozenset[str], str] = {frozenset(): ""}

    def put(self, people: frozenset[str]) -> str:
        """Stores a set, on the disk for good when this returns.

        Returns:
            Its reference; "" for nobody.
        """
        known = self._written.get(people)
        if known is not None:
            return known
        content = json.dumps(sorted(people)).encode()
        reference = self._name(content)
        if not self._holds(reference):
            self._write(reference, content)
        self._written[people] = reference
        return reference

    def get(self, reference: str) -> frozenset[str]:
        """The set behind a reference.

        Raises:
            DisclosureError: It is gone, damaged, or was written with another key: nothing can be compared.
        """
        if reference not in self._read:
            content = self._content(reference)
            if content is None:
                raise DisclosureError(
                    "The ledger names people who can't be read back, so nothing can be compared with it.",
                    where=f"{self._folder.name}/{reference[:12]}…",
                    expected="the file as it was written, and the study's key of that day",
                    got="no such file" if not self._path(reference).exists() else "another content or key",
                    remedy="restore the study's private folder (ledger, cohorts and key) from a backup",
                )
            self._read[reference] = frozenset(json.loads(content))
        return self._read[reference]

    def _holds(self, reference: str) -> bool:
        """Whether it is there and whole; a damaged file is written again, for we know what it should hold."""
        return self._path(reference).is_file() and self._content(reference) is not None

    def _content(self, reference: str) -> bytes | None:
        try:
            content = gzip.decompress(self._path(reference).read_bytes())
        except (OSError, EOFError, zlib.error):
            return None
        return content if hmac.compare_digest(self._name(content), reference) else None

    def _name(self, content: bytes) -> str:
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()

    def _path(self, reference: str) -> Path:
        # a reference comes from a file: it must not lead elsewhere
        name = reference if _REFERENCE.fullmatch(reference) else "not-a-reference"
        return self._folder / (name + _ENDING)

    def _write(self, reference: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(self._path(reference), gzip.compress(content, 1, mtime=0), unfinished=_UNFINISHED)


def write_atomically(path: Path, content: bytes, *, unfinished: str) -> None:
    """Writes beside the target and moves over: killed at any point, the old or the new file stands whole.

    Args:
        path: Target; only its owner can read it.
        content: The whole content.
        unfinished: How names of files in the making begin.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=unfinished)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
        _sync_folder(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """The move itself reaches the disk, so that what is written next can't outlive it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
