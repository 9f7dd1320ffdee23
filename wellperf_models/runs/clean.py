"""An executed notebook without times, paths of this machine, tracebacks and values that passed no gate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.disclosure.summary import SUMMARY_MIME_TYPE
from wellperf_models.errors import WellperfError

INJECTED_TAG = "injected-parameters"
_ERROR_MARKER = "papermill-error-cell-tag"
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_ANSI = re.compile(r"\x1b\[[\d;]*m")
_CELL_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
_LINE = re.compile(r"line (\d+)")
_PLAIN_KINDS = ("text/plain", "text/markdown")


def clean_notebook(
    content: dict[str, Any],
    *,
    source_ids: Sequence[str | None],
    hidden_paths: Iterable[tuple[str, str]] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Makes an executed notebook fit to publish: the same run gives the same bytes.

    Only a `Released`, a picture with alt text, plain text, Markdown and streams are kept. Anything else with
    a rich form (a data frame, a bare figure) has passed no gate and is replaced by a sentence.

    Args:
        content: The notebook as papermill left it; not changed.
        source_ids: Cell ids of the source notebook, in order.
        hidden_paths: (path of this machine, what is written instead), longest first.

    Returns:
        The clean notebook, and a sentence for each output that was withheld.
    """
    hidden = tuple(hidden_paths)
    cells: list[dict[str, Any]] = []
    withheld: list[str] = []
    ids = iter(source_ids)
    number = 0
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
            clean["execution_count"] = cell.get("execution_count")
            clean["outputs"] = [
                _output(output, number, hidden, withheld) for output in _joined(cell.get("outputs", []))
            ]
        cells.append(clean)
    kept = ("kernelspec", "language_info", "wellperf")
    metadata = {k: v for k, v in content["metadata"].items() if k in kept}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, withheld


def find_error(content: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, Any]] | None:
    """The first cell with an error: its number in the source notebook from 1, the cell, the error."""
    number = 0
    for cell in content["cells"]:
        number += 0 if INJECTED_TAG in cell["metadata"].get("tags", []) else 1
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                return number, cell, output
    return None


def failing_line(cell: dict[str, Any], error: dict[str, Any]) -> str:
    """The line of a cell's code that failed, or its first; code holds no person's value."""
    lines = _text(cell["source"]).splitlines() or [""]
    found = _LINE.fullmatch("".join(error["traceback"]))
    number = int(found[1]) if found else 1
    return lines[min(number, len(lines)) - 1].strip()[:80]


def error_text(output: dict[str, Any]) -> str:
    """What may be said of an exception: our own say what went wrong; of others only the type is safe."""
    if output["ename"] in _own_errors():
        return f"{output['ename']}: {output['evalue']}"
    return f"{output['ename']} (its message is not shown: it could hold a person's value)"


def _own_errors() -> set[str]:
    names, waiting = set(), [WellperfError]
    while waiting:
        kind = waiting.pop()
        names.add(kind.__name__)
        waiting.extend(kind.__subclasses__())
    return names


def _joined(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Consecutive pieces of one stream as one: how a stream is cut depends on timing."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] = _text(last["text"]) + _text(output["text"])
        else:
            joined.append(dict(output))
    return joined


def _output(
    output: dict[str, Any], number: int, hidden: tuple[tuple[str, str], ...], withheld: list[str]
) -> dict[str, Any]:
    kind = output["output_type"]
    if kind == "stream":
        return {"name": output["name"], "output_type": kind, "text": _scrub(_text(output["text"]), hidden)}
    if kind == "error":
        own = output["ename"] in _own_errors()
        return {
            "ename": output["ename"],
            "evalue": _scrub(output["evalue"], hidden) if own else "",
            "output_type": kind,
            # of the traceback only where it happened: the frames can hold values
            "traceback": _where(output["traceback"]),
        }
    data, metadata = _kept(output["data"], output.get("metadata", {}), hidden)
    if data is None:
        text = f"[not kept: only released answers and pictures with alt text leave a run (cell {number})]"
        withheld.append(f"cell {number}: an output that passed no gate was not kept")
        data, metadata = {"text/plain": text}, {}
    clean: dict[str, Any] = {"data": data, "metadata": metadata, "output_type": kind}
    if kind == "execute_result":
        clean["execution_count"] = output.get("execution_count")
    return clean


def _where(traceback: Sequence[str]) -> list[str]:
    found = _CELL_LINE.search(_ANSI.sub("", "\n".join(traceback)))
    return [f"line {found[1]}"] if found else []


def _kept(
    data: dict[str, Any], metadata: dict[str, Any], hidden: tuple[tuple[str, str], ...]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The forms of an output that may stay; None where it may not be kept at all."""
    plain = {k: _scrub(_text(data[k]), hidden) for k in _PLAIN_KINDS if k in data}
    for released in (MIME_TYPE, SUMMARY_MIME_TYPE):
        if released in data:
            html = {"text/html": _text(data["text/html"])} if "text/html" in data else {}
            return {released: data[released], **html, **plain}, {}
    if "image/png" in data:
        about = metadata.get("image/png", {})
        if not about.get("alt"):
            return None, {}
        kept = {k: about[k] for k in ("alt", "title") if k in about}
        return {"image/png": _text(data["image/png"]).strip(), **plain}, {"image/png": kept}
    return (plain, {}) if set(data) <= set(_PLAIN_KINDS) else (None, {})


def _scrub(text: str, hidden: tuple[tuple[str, str], ...]) -> str:
    for path, instead in hidden:
        text = text.replace(path, instead)
    return _ADDRESS.sub("0x…", text)


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
