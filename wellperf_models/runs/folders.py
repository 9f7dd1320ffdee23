"""The folders of a run: made beside the target, moved there in one step, and swept up after a run was killed.

Whoever uses a folder holds a lock on it, which ends with the process however it ends; a folder of ours that
nobody holds is what a killed run left behind.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wellperf_models.errors import RunError
from wellperf_models.runs.inside import read_json_inside

_MANIFEST = "manifest.json"
_STAGING = re.compile(r"\..+\.[0-9a-f]{16}\.partial")
_FORMER = re.compile(r"\..+\.[0-9a-f]{16}\.former")
_PRIVATE = re.compile(r"wellperf-run-[a-z0-9_]{8}")
_RUN_ID = re.compile(r"[0-9a-f]{12}")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# the disk or its owner say no: that is no fault of the program
_REFUSALS = frozenset(
    getattr(errno, name)
    for name in (
        "ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EFBIG", "EIO",
        "ENOTDIR", "EEXIST", "ENAMETOOLONG", "ELOOP",
    )
)  # fmt: skip


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
        content = read_json_inside(folder, _MANIFEST)
    except (OSError, ValueError, RunError):
        return False
    return isinstance(content, dict) and str(content.get("schema", "")).startswith("wellperf.manifest/")


@dataclass(frozen=True, kw_only=True)
class Staging:
    """A pack in the making.

    Attributes:
        folder: Where it is made: a hidden folder beside its place.
        place: Where it will be.
        parent: Descriptor of the folder that holds both, opened when the run began.
    """

    folder: Path
    place: Path
    parent: int

    def move(self) -> None:
        """Moves the finished pack to its place; a former pack there is replaced in one step.

        Raises:
            RunError: Something else came there meanwhile, or the folder is no longer the one of the start.
        """
        self._require_same_parent()
        require_free(self.place)
        name, place = self.folder.name, self.place.name
        if self.place.is_dir() and not any(self.place.iterdir()):
            os.rmdir(place, dir_fd=self.parent)
        if not self.place.exists():
            os.rename(name, place, src_dir_fd=self.parent, dst_dir_fd=self.parent)
        elif not _exchange(self.parent, name, place):
            # no exchange on this system: the old pack steps aside for a moment
            aside = _former(name)
            os.rename(place, aside, src_dir_fd=self.parent, dst_dir_fd=self.parent)
            try:
                os.rename(name, place, src_dir_fd=self.parent, dst_dir_fd=self.parent)
            except BaseException:
                os.rename(aside, place, src_dir_fd=self.parent, dst_dir_fd=self.parent)
                raise
            shutil.rmtree(self.place.parent / aside, ignore_errors=True)
        os.fsync(self.parent)

    def keep_partial(self) -> Path:
        """Keeps the notebooks of a failed run beside the target, in place of those of an earlier failure."""
        self._require_same_parent()
        kept = _partial_place(self.place)
        shutil.rmtree(kept, ignore_errors=True)
        os.rename(self.folder / "notebooks", kept)
        return kept

    def _require_same_parent(self) -> None:
        if not _is_at(self.parent, self.place.parent):
            raise RunError(
                "The folder of the pack is no longer the one in which the run began.",
                where=str(self.place.parent),
                remedy="see who moves or links folders there, then run again",
            )


@contextmanager
def staging_folder(target: Path) -> Iterator[Staging]:
    """A hidden folder beside the target; gone afterwards unless it was moved.

    Beside it, so that the move is a rename, and so that relative paths already are what they will be.

    Raises:
        RunError: The disk is full, or the folder may not be written to.
    """
    parent = target.resolve().parent
    with _refusals_named(target):
        parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(parent, _DIRECTORY)
        try:
            _sweep(parent)
            with _held(lambda: _make(parent, target.name)) as folder:
                yield Staging(folder=folder, place=parent / target.name, parent=descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder only its owner can read; gone afterwards. Those of killed runs go first: they hold data."""
    place = Path(tempfile.gettempdir())
    for path in _own_folders(place, _PRIVATE):
        _remove_if_free(path)
    with _held(lambda: Path(tempfile.mkdtemp(prefix="wellperf-run-"))) as folder:
        yield folder


def forget_failures(place: Path) -> None:
    """Removes the notebooks that failed runs kept beside a pack, once a run has succeeded."""
    shutil.rmtree(_partial_place(place), ignore_errors=True)
    if _RUN_ID.fullmatch(place.name):
        # a mended notebook gives another run id
        for path in place.parent.glob("*.failed"):
            if _RUN_ID.fullmatch(path.stem) and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _held(make: Callable[[], Path]) -> Iterator[Path]:
    """Makes a folder and holds it."""
    while True:
        folder = make()
        descriptor = os.open(folder, _DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_at(descriptor, folder):
            break
        # another run took it for an orphan between the two
        os.close(descriptor)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _make(parent: Path, name: str) -> Path:
    folder = parent / f".{name}.{secrets.token_hex(8)}.partial"
    folder.mkdir()
    return folder


def _sweep(parent: Path) -> None:
    """Removes what killed runs left behind, whatever their pack; a pack that stepped aside comes back."""
    for path in _own_folders(parent, _STAGING):
        _remove_if_free(path)
    for path in _own_folders(parent, _FORMER):
        if path.with_suffix(".partial").exists():
            # its run goes on
            continue
        if (place := parent / path.name[1:].rsplit(".", 2)[0]).exists():
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.rename(path, place)


def _own_folders(place: Path, names: re.Pattern[str]) -> Iterator[Path]:
    for path in place.iterdir():
        if names.fullmatch(path.name):
            try:
                about = path.lstat()
            except FileNotFoundError:
                # its run has just ended
                continue
            if stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid():
                yield path


def _remove_if_free(folder: Path) -> None:
    """Removes a folder that no process holds."""
    try:
        descriptor = os.open(folder, _DIRECTORY)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        # held: its run goes on
        pass
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


@contextmanager
def _refusals_named(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise RunError(
            "The pack can't be written there.",
            where=str(target),
            got=error.strerror,
            remedy="make room or name another folder with --out; nothing was published",
        ) from error


def _former(staging: str) -> str:
    return staging.removesuffix(".partial") + ".former"


def _partial_place(place: Path) -> Path:
    return place.parent / f"{place.name}.failed"


def _exchange(parent: int, one: str, other: str) -> bool:
    """Swaps two folders in one step (Linux `renameat2`); False where the system can't."""
    if not sys.platform.startswith("linux"):
        return False
    exchange = 2
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    code = rename(parent, os.fsencode(one), parent, os.fsencode(other), exchange)
    return bool(code == 0)
