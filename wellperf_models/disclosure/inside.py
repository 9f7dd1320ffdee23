"""A file of a pack, read without following a link: a pack may come from anybody."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# a pipe would wait for a writer for ever
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class UnsafeFileError(Exception):
    """What stands there is not read.

    Attributes:
        got: What it is, in words; "" where it is a file, but too large.
        size: Of a file that is too large, in bytes; else 0.
    """

    def __init__(self, got: str, size: int = 0) -> None:
        """Keeps what was found."""
        super().__init__(got)
        self.got = got
        self.size = size


def read_below(folder: Path, file: str, *, largest: int) -> bytes:
    """The content of a file below a folder.

    Args:
        folder: Of the pack; may itself be named by a link.
        file: Path below it, with forward slashes.
        largest: Bytes a file may have.

    Raises:
        OSError: The folder is none, or the file is not there.
        UnsafeFileError: It, or a folder on the way, is a link or another thing than a file; or too large.
    """
    descriptor = os.open(folder, _FOLDER)
    try:
        *parents, name = file.split("/")
        for parent in parents:
            inner = os.open(parent, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        opened = os.open(name, _FILE, dir_fd=descriptor)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise UnsafeFileError("a link or something else") from None
        raise
    finally:
        os.close(descriptor)
    about = os.fstat(opened)
    # a folder can be opened, but not as a stream
    if not stat.S_ISREG(about.st_mode):
        os.close(opened)
        raise UnsafeFileError("something else")
    with os.fdopen(opened, "rb") as source:
        if about.st_size > largest:
            raise UnsafeFileError("", about.st_size)
        return source.read(largest)
