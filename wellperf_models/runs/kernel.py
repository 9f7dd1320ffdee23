"""Loaded in the kernel of a run: notes which error messages are the package's own words.

The message of an exception can hold a row of data. It is shown only where the package itself raised one of
its own errors: what a notebook raises (`raise DesignError(str(row))`), and what anything else raises, keeps
its type alone, and even the type only where it is a class of an installed module.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from wellperf_models.errors import WellperfError

_PACKAGE = Path(__file__).resolve().parents[1]


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython."""
    shell.set_custom_exc((Exception,), _explain)


def _explain(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    note_error(kind, error, traceback)
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def note_error(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Notes what of an error may be kept: its type, or its message too.

    Args:
        kind: Its class.
        error: The error.
        traceback: Where it came through.
    """
    # not needed until something fails
    from wellperf_models.disclosure.shown import digest_of, record_shown

    if not _is_installed(kind):
        return
    record_shown(digest_of({"ename": kind.__name__}))
    if issubclass(kind, WellperfError) and _raised_in_package(traceback):
        record_shown(digest_of({"ename": kind.__name__, "evalue": str(error)}))


def _is_installed(kind: type[BaseException]) -> bool:
    """Whether the name of a class is a name somebody gave it in a file, and not a text made up now."""
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None) if kind.__module__ != "__main__" else None
    return file is not None and getattr(module, kind.__name__, None) is kind


def _raised_in_package(traceback: TracebackType | None) -> bool:
    if traceback is None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return Path(traceback.tb_frame.f_code.co_filename).is_relative_to(_PACKAGE)
