"""An executed notebook without times, paths of this machine, tracebacks and values that passed no gate."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.disclosure.shown import digest_of
from wellperf_models.disclosure.summary import SUMMARY_MIME_TYPE
from wellperf_models.errors import WellperfError

INJECTED_TAG = "injected-parameters"
_ERROR_MARKER = "papermill-error-cell-tag"
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_ANSI = re.compile(r"\x1b\[[\d;]*m")
_CELL_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
_LINE = re.compile(r"line (\d+)")
# the question can't be answered by these data: that is a finding, not a fault of the run
_ANSWERS_IN_THEMSELVES = frozenset({"DesignError", "ConvergenceError"})
_SOME_ERROR = "Exception"
# what the package says of shapes: ordinary at the end of a cell, but its row counts passed no gate
_SHAPES = ("Tables(", "TurnoverFrame(", "BurnoutFrame(", "RoiFrame(")


def clean_notebook(
    content: dict[str, Any],
    *,
    source_ids: Sequence[str | None],
    shown: Collection[str],
    hidden_paths: Iterable[tuple[str, str]] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Makes an executed notebook fit to publish: the same run gives the same bytes.

    Only a `Released`, a `Summary` and a picture with alt text are kept, and only where the gate noted that it
    displayed them in this run. Anything else (printed text, a warning, the text of a value, a data frame, a
    bare figure, a dictionary made to look like an answer) has passed no gate and is gone.

    Args:
        content: The notebook as papermill left it; not changed.
        source_ids: Cell ids of the source notebook, in order.
        shown: What the gate noted (`disclosure.shown`).
        hidden_paths: (path of this machine, what is written instead), longest first.

    Returns:
        The clean notebook, and a sentence for each output that was withheld.
    """
    keeper = _Keeper(shown=shown, hidden=tuple(hidden_paths))
    cells: list[dict[str, Any]] = []
    ids = iter(source_ids)
    number = executed = 0
    for cell in content["cells"]:
        tags = cell.get("metadata", {}).get("tags", [])
        if _ERROR_MARKER in tags:
            continue
        injected = INJECTED_TAG in tags
        number += 0 if injected else 1
        identity = INJECTED_TAG if injected else next(ids, None) or f"cell-{number}"
        clean = {
            "cell_type": cell["cell_type"],
            "id": identity,
            "metadata": {"tags": tags} if tags else {},
            "source": cell["source"],
        }
        if cell["cell_type"] == "code":
            # counted here: the kernel's own number is whatever its code made of it
            ran = cell.get("execution_count") is not None
            executed += ran
            count = executed if ran else None
            outputs = [keeper.output(output, number, count) for output in cell.get("outputs", [])]
            clean["execution_count"] = count
            clean["outputs"] = [output for output in outputs if output is not None]
        cells.append(clean)
    about = ("kernelspec", "language_info", "wellperf")
    metadata = {k: v for k, v in content["metadata"].items() if k in about}
    published = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    # how often a stream is cut depends on timing
    return published, list(dict.fromkeys(keeper.withheld))


def find_error(content: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, Any]] | None:
    """The first cell with an error: its number in the source notebook from 1, the cell, the error."""
    number = 0
    for cell in content["cells"]:
        number += 0 if INJECTED_TAG in cell["metadata"].get("tags", []) else 1
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                return number, cell, output
    return None


def why_stopped(content: dict[str, Any]) -> str:
    """Why these data can't answer the rest of a notebook, in its own words; empty where it ran to its end.

    Args:
        content: The notebook, cleaned; one that failed otherwise did not stop.
    """
    found = find_error(content)
    # one without words was raised by the notebook, which may say nothing here: it failed
    if found is None or found[2]["ename"] not in _ANSWERS_IN_THEMSELVES or not found[2]["evalue"]:
        return ""
    return error_text(found[2]).partition(": ")[2]


def failing_line(cell: dict[str, Any], error: dict[str, Any]) -> str:
    """The line of a cell's code that failed, or its first; code holds no person's value."""
    lines = _text(cell["source"]).splitlines() or [""]
    found = _LINE.fullmatch("".join(error["traceback"]))
    number = int(found[1]) if found else 1
    return lines[min(number, len(lines)) - 1].strip()[:80]


def error_text(output: dict[str, Any]) -> str:
    """What may be said of an exception of a cleaned notebook: what the package said; else only the type."""
    if output["evalue"] and output["ename"] in _own_errors():
        return f"{output['ename']}: {output['evalue']}"
    return f"{output['ename']} (its message is not shown: it could hold a person's value)"


def _own_errors() -> set[str]:
    names, waiting = set(), [WellperfError]
    while waiting:
        kind = waiting.pop()
        names.add(kind.__name__)
        waiting.extend(kind.__subclasses__())
    return names


@dataclass(frozen=True, kw_only=True)
class _Keeper:
    """Decides what of a notebook's outputs stays.

    Attributes:
        shown: Hashes of what the gate displayed, and of what may be said of errors.
        hidden: (path, what is written instead).
        withheld: A sentence for each output that was not kept.
    """

    shown: Collection[str]
    hidden: tuple[tuple[str, str], ...]
    withheld: list[str] = field(default_factory=list)

    def output(self, output: dict[str, Any], cell: int, count: int | None) -> dict[str, Any] | None:
        """An output as it is published; None where it is not."""
        kind = output["output_type"]
        if kind == "stream":
            self.withheld.append(f"cell {cell}: printed text was not kept")
            return None
        if kind == "error":
            return self._error(output)
        data, metadata = self._kept(output["data"], output.get("metadata", {}))
        if data is None:
            if not _text(output["data"].get("text/plain", "")).startswith(_SHAPES):
                self.withheld.append(f"cell {cell}: an output that passed no gate was not kept")
            return None
        clean: dict[str, Any] = {"data": data, "metadata": metadata, "output_type": kind}
        if kind == "execute_result":
            clean["execution_count"] = count
        return clean

    def _error(self, output: dict[str, Any]) -> dict[str, Any]:
        name, words = output["ename"], output["evalue"]
        own = name in _own_errors()
        known = own or isinstance(getattr(builtins, name, None), type) or self._noted({"ename": name})
        said = own and self._noted({"ename": name, "evalue": words})
        return {
            # a class made on the way could be named after anybody
            "ename": name if known else _SOME_ERROR,
            "evalue": _scrub(words, self.hidden) if said else "",
            "output_type": "error",
            # of the traceback only where it happened: the frames can hold values
            "traceback": _where(output["traceback"]),
        }

    def _kept(
        self, data: dict[str, Any], metadata: dict[str, Any]
    ) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """The forms of an output that may stay; None where it may not be kept at all."""
        for released in (MIME_TYPE, SUMMARY_MIME_TYPE):
            if released in data:
                texts: dict[str, Any] = {k: _text(data[k]) for k in ("text/html", "text/plain") if k in data}
                if not self._noted({released: data[released], **texts}):
                    return None, {}
                if "text/plain" in texts:
                    texts["text/plain"] = _scrub(texts["text/plain"], self.hidden)
                return {released: data[released], **texts}, {}
        about = metadata.get("image/png", {})
        if "image/png" not in data or not about.get("alt"):
            return None, {}
        picture = _text(data["image/png"]).strip()
        words = {k: about[k] for k in ("alt", "title") if k in about}
        if not self._noted({"image/png": picture, **words}):
            return None, {}
        words = {k: _scrub(text, self.hidden) for k, text in words.items()}
        # the words of a picture are its alt text: no other text may travel beside it
        return {"image/png": picture, "text/plain": words["alt"]}, {"image/png": words}

    def _noted(self, forms: dict[str, Any]) -> bool:
        return digest_of(forms) in self.shown


def _where(traceback: Sequence[str]) -> list[str]:
    found = _CELL_LINE.search(_ANSI.sub("", "\n".join(traceback)))
    return [f"line {found[1]}"] if found else []


def _scrub(text: str, hidden: tuple[tuple[str, str], ...]) -> str:
    for path, instead in hidden:
        text = text.replace(path, instead)
    return _ADDRESS.sub("0x…", text)


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
