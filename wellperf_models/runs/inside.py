"""Files of a pack, read and written without following a link: a pack may come from anybody."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import unicodedata
from pathlib import Path
from typing import Any

from wellperf_models.disclosure.inside import UnsafeFileError, read_below
from wellperf_models.errors import RunError

# larger than any pack could need; a hostile one may not fill the memory
_LARGEST_FILE = 256 * 2**20
_MOST_FILES = 10_000
_DEEPEST = 4


def read_inside(folder: Path, file: str) -> bytes:
    """The content of a file below a folder.

    Args:
        folder: Of the pack; may itself be named by a link.
        file: Path below it, with forward slashes.

    Raises:
        FileNotFoundError: It is not there.
        RunError: It, or a folder on the way, is a link or another thing than a file; or it is too large.
    """
    try:
        return read_below(folder, file, largest=_LARGEST_FILE)
    except UnsafeFileError as error:
        if error.got:
            raise _no_file(file, error.got) from None
        raise RunError(
            "A file of the pack is too large.",
            where=visible(file),
            expected=f"at most {_LARGEST_FILE // 2**20} MB",
            got=f"{error.size // 2**20} MB",
        ) from None


def read_json_inside(folder: Path, file: str) -> Any:
    """The content of a JSON file below a folder.

    Raises:
        FileNotFoundError: It is not there.
        ValueError: It is not JSON, or nested deeper than any pack.
        RunError: As `read_inside`.
    """
    try:
        return json.loads(read_inside(folder, file))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def write_inside(path: Path, content: str | bytes) -> None:
    """Writes a file, a text as UTF-8 with \\n on every system, never through a link.

    Raises:
        RunError: A link is there.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _no_file(path.name, "a link") from None
        raise
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def list_files(folder: Path) -> list[str]:
    """Paths of all files below a folder, with forward slashes, in order.

    Raises:
        RunError: A link, a pipe or another thing that is neither file nor folder; more, or deeper, than a
            pack can be.
    """
    found: list[str] = []
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        with os.scandir(folder.joinpath(*parts)) as entries:
            for entry in entries:
                here = (*parts, entry.name)
                if entry.is_dir(follow_symlinks=False) and len(here) <= _DEEPEST:
                    waiting.append(here)
                elif entry.is_file(follow_symlinks=False):
                    found.append("/".join(here))
                else:
                    raise _no_file("/".join(here), "a link" if entry.is_symlink() else "something else")
        if len(found) + len(waiting) > _MOST_FILES:
            raise RunError("There are more files than a pack can have.", expected=f"at most {_MOST_FILES}")
    return sorted(found)


def hash_inside(folder: Path, file: str) -> str:
    """sha256 of a file below a folder; as `read_inside`."""
    return hashlib.sha256(read_inside(folder, file)).hexdigest()


def sync_files(folder: Path) -> None:
    """Makes sure that everything below a folder is on the disk before it is moved.

    Raises:
        RunError: As `list_files`.
    """
    files = list_files(folder)
    names = dict.fromkeys([*files, *(os.path.dirname(f) for f in files), ""])
    for name in names:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def visible(text: object, longest: int = 300) -> str:
    """A text of a pack for a terminal: what can't be printed is written out, what is long is cut."""
    cut = str(text)[: longest + 1]
    plain = "".join(c if _prints(c) else c.encode("unicode_escape").decode() for c in cut[:longest])
    return plain + ("…" if len(cut) > longest else "")


def _prints(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _no_file(file: str, got: str) -> RunError:
    return RunError(
        "A pack holds files and folders, nothing else.",
        where=visible(file),
        expected="a file",
        got=got,
        remedy="links are never followed; get the pack again as it was published",
    )
