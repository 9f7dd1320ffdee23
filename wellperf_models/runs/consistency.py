"""What of a pack follows from its notebooks: bundles, results, tables, pages; the manifest is not asked."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wellperf_models.disclosure.read import HASHES_FILE, read
from wellperf_models.disclosure.summary import SUMMARY_MIME_TYPE, Line
from wellperf_models.errors import DisclosureError, RunError
from wellperf_models.report.bundle import build_bundle, build_results, to_json
from wellperf_models.report.spreadsheet import export_tables
from wellperf_models.runs.bundles import bundle_of
from wellperf_models.runs.clean import why_stopped
from wellperf_models.runs.compare import Drift
from wellperf_models.runs.ending import Ending, Lack
from wellperf_models.runs.inside import list_files, read_inside, read_json_inside
from wellperf_models.runs.notebooks import Notebook
from wellperf_models.runs.publish import MANIFEST, PackContent, render_pages

_TOLERANCE = "as its notebooks give it"
# what reading something of another shape raises
_MISSHAPEN = (
    KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError,
)  # fmt: skip


def read_notebooks(folder: Path, notebooks: Sequence[Notebook]) -> tuple[dict[str, Any], list[Drift]]:
    """The executed notebooks of a pack by name; a damaged one is a drift, a missing one was one already."""
    found: dict[str, Any] = {}
    drifts = []
    for notebook in notebooks:
        file = f"notebooks/{notebook.stem}.ipynb"
        try:
            content = read_json_inside(folder, file)
            for cell in content["cells"]:
                "".join(cell["source"])
            build_bundle(notebook.name, content)
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError, AttributeError, RunError):
            drifts.append(_drift(file, "content", "an executed notebook", "damaged"))
            continue
        found[notebook.name] = content
    return found, drifts


def check_bundles(
    folder: Path,
    notebooks: Sequence[Notebook],
    executed: Mapping[str, Any],
    results: Mapping[str, Any] | None,
    missing: Mapping[str, Lack],
) -> list[Drift]:
    """Bundles, their hashes, summaries and `results.json`, against the pack's own notebooks.

    Args:
        folder: The pack.
        notebooks: All of the pack.
        executed: Those that ran, by name, from `read_notebooks`; where one is missing, what needs all is not
            judged.
        results: The pack's.
        missing: What of the study each lacks, by name.
    """
    bundles = {
        n.name: bundle_of(n, executed.get(n.name), _ending(executed.get(n.name), missing[n.name]))
        for n in notebooks
        if n.name in executed or missing[n.name]
    }
    drifts: list[Drift] = []
    for name, bundle in bundles.items():
        drifts += _same(folder, f"bundles/{name}.json", _as_json(bundle))
    if len(bundles) < len(notebooks):
        return drifts
    texts = {f"{name}.json": _as_json(bundle) for name, bundle in bundles.items()}
    hashes = {f: hashlib.sha256(t.encode()).hexdigest() for f, t in texts.items()}
    drifts += _same(folder, f"bundles/{HASHES_FILE}", to_json(hashes))
    for notebook in notebooks:
        if notebook.name in executed:
            drifts += _summaries(f"notebooks/{notebook.stem}.ipynb", executed[notebook.name], bundles)
    if results is not None:
        try:
            study, provenance = str(results["study"]), results["provenance"]
            again = to_json(build_results(study, provenance, list(bundles.values())))
        except (KeyError, TypeError, ValueError, RunError):
            drifts.append(_drift("results.json", "content", "the results of its notebooks", "something else"))
        else:
            drifts += _same(folder, "results.json", again)
    return drifts


def check_derived(
    folder: Path, content: PackContent, results: Mapping[str, Any] | None, *, same: bool
) -> tuple[list[Drift], list[str]]:
    """Every page and table file, made again from the pack's notebooks and results; and no file besides.

    Args:
        folder: The pack.
        content: As the run had it.
        results: The pack's.
        same: Code and environment are the pack's, so that files must be equal byte for byte.

    Returns:
        Drifts, and notes where files differ and nothing can be said.
    """
    try:
        pages = render_pages(folder, content)
    except FileNotFoundError:
        # a notebook is gone, which is a drift already
        return [], []
    except Exception as error:  # notebooks of a pack may hold anything
        return [_drift("pages", "rendered again", "pages", type(error).__name__)], []
    tables: dict[str, bytes] = {}
    if results is not None:
        try:
            tables = export_tables(results)
        except Exception as error:  # so may its results
            return [_drift("tables", "made again", "tables", type(error).__name__)], []
    drifts = [d for file, text in pages.items() for d in _same(folder, file, text)]
    drifts += [d for file, made in tables.items() for d in _same_bytes(folder, file, made)]
    others = [] if results is None else _others(folder, content, {*pages, *tables})
    if same or not drifts:
        return drifts + others, []
    files = ", ".join(dict.fromkeys(d.where for d in drifts))
    return others, [f"files could not be compared byte for byte (other code or environment): {files}"]


def _others(folder: Path, content: PackContent, derived: set[str]) -> list[Drift]:
    """Files that no run would have written, whatever the manifest says of them."""
    known = {MANIFEST, "results.json", f"bundles/{HASHES_FILE}", *derived}
    known |= {f"bundles/{n.name}.json" for n in content.notebooks}
    known |= {f"notebooks/{n.stem}.ipynb" for n in content.notebooks if not content.endings[n.name].lack}
    return [_drift(file, "file", "absent", "extra") for file in list_files(folder) if file not in known]


def guarded(file: str, compare: Callable[[], Iterable[Drift]]) -> list[Drift]:
    """What a comparison finds; a part of the pack that is not even shaped like one is a drift, no error."""
    try:
        return list(compare())
    except _MISSHAPEN as error:
        return [_drift(file, "content", "what a run writes", f"something else ({type(error).__name__})")]


def _ending(executed: dict[str, Any] | None, lack: Lack) -> Ending:
    """How a notebook of the pack ended, by what it holds itself."""
    return Ending(lack=lack, stopped="" if executed is None else why_stopped(executed))


def _summaries(
    file: str, notebook: Mapping[str, Any], bundles: Mapping[str, Mapping[str, Any]]
) -> Iterator[Drift]:
    """A summary says what the answers say, and how their notebooks ended."""
    answers = {e["id"]: e for bundle in bundles.values() for e in bundle["evidence"]}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            for group in output.get("data", {}).get(SUMMARY_MIME_TYPE, {}).get("groups", []):
                told = bundles.get(group.get("notebook"), {})
                # answers gathered without a notebook bear no title
                for key in ("title", "state", "note") if group.get("notebook") else ():
                    yield from _told(file, f"summary of {group.get('notebook')}: {key}", key, group, told)
                for line in group.get("lines", []):
                    expected = _line_of(answers.get(line.get("evidence_id")))
                    for key in expected or line:
                        name = f"summary of {line.get('evidence_id')}: {key}"
                        yield from _told(file, name, key, line, expected)


def _line_of(answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a summary says of an answer, as JSON; empty where there is none, or it is damaged."""
    try:
        line: dict[str, Any] = json.loads(json.dumps(asdict(Line.of(read(answer or {})))))
    except (DisclosureError, ValueError):
        return {}
    return line


def _told(
    file: str, name: str, key: str, said: Mapping[str, Any], expected: Mapping[str, Any]
) -> Iterator[Drift]:
    if said.get(key) != expected.get(key):
        yield _drift(file, name, str(said.get(key)), str(expected.get(key)))


def _same(folder: Path, file: str, expected: str) -> Iterator[Drift]:
    try:
        got = read_inside(folder, file)
    except FileNotFoundError:
        return
    if got != expected.encode():
        yield _drift(file, "content", *_first_difference(got.decode("utf-8", errors="replace"), expected))


def _same_bytes(folder: Path, file: str, expected: bytes) -> Iterator[Drift]:
    try:
        got = read_inside(folder, file)
    except FileNotFoundError:
        return
    if got != expected:
        yield _drift(file, "content", f"{len(expected)} bytes", f"{len(got)} others")


def _first_difference(expected: str, got: str) -> tuple[str, str]:
    """The first lines that differ, around the place."""
    for one, other in zip(expected.split("\n"), got.split("\n"), strict=False):
        if one != other:
            pairs = zip(one, other, strict=False)
            same = sum(1 for _ in itertools.takewhile(lambda p: p[0] == p[1], pairs))
            start = max(0, same - 30)
            return one[start : start + 80], other[start : start + 80]
    return f"{len(expected)} characters", f"{len(got)} characters"


def _as_json(bundle: Mapping[str, Any]) -> str:
    try:
        return to_json(bundle)
    except RunError:
        return ""


def _drift(where: str, name: str, expected: str, got: str) -> Drift:
    return Drift(where=where, name=name, expected=expected, got=got, tolerance=_TOLERANCE)
