"""What a run hands on as JSON: a bundle per notebook, and the results of the whole pack."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wellperf_models.disclosure.read import State
from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.errors import RunError
from wellperf_models.report.controls import escape_hidden

RESULTS_SCHEMA: Final = "wellperf.results/1"
# what a results file holds of an answer; the bundle holds all of it
EVIDENCE_KEYS: Final = (
    "id",
    "question",
    "answer",
    "estimand",
    "estimates",
    "tables",
    "curves",
    "checks",
    "limits",
    "suppressed",
    "held",
)


def released_of(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every released answer an executed notebook displays, in order, each once.

    Raises:
        RunError: Two answers with the same id differ.
    """
    found: dict[str, dict[str, Any]] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if MIME_TYPE in output.get("data", {}):
                _add(found, output["data"][MIME_TYPE])
    return list(found.values())


def build_bundle(
    name: str,
    notebook: Mapping[str, Any] | None,
    *,
    number: str = "",
    title: str = "",
    state: State = "done",
    note: str = "",
) -> dict[str, Any]:
    """`bundles/<name>.json`: what other notebooks may read of this one.

    Args:
        name: Of the notebook, without its number.
        notebook: Executed and cleaned; None where it was not run.
        number: Two digits that order the notebooks.
        title: What a reader sees.
        state: How it ended. note: Why it was not run, or not to its end.
    """
    return {
        "notebook": name,
        "number": number,
        "title": title,
        "state": state,
        "note": note,
        "evidence": [] if notebook is None else released_of(notebook),
    }


def build_results(
    study: str, provenance: Mapping[str, Any], bundles: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """`results.json`: every answer of the pack, once, in notebook order.

    Args:
        study: Name of the study.
        provenance: Of the run.
        bundles: Of the notebooks that ran, in pack order.

    Raises:
        RunError: Two notebooks give different answers under one id.
    """
    found: dict[str, dict[str, Any]] = {}
    for bundle in bundles:
        for evidence in bundle["evidence"]:
            _add(found, evidence)
    return {
        "schema": RESULTS_SCHEMA,
        "study": study,
        "provenance": dict(provenance),
        "evidence": [{key: evidence[key] for key in EVIDENCE_KEYS} for evidence in found.values()],
    }


def to_json(content: object) -> str:
    """JSON with fixed form: same content, same bytes; no NaN or infinity, no hidden characters.

    Raises:
        RunError: A number is not finite.
    """
    try:
        return escape_hidden(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)) + "\n"
    except ValueError as error:
        raise RunError("A released number is not finite.", got=str(error)) from error


def _add(found: dict[str, dict[str, Any]], evidence: dict[str, Any]) -> None:
    known = found.setdefault(evidence["id"], evidence)
    if known != evidence:
        raise RunError(
            "Two answers of the pack have the same id and differ.",
            got=evidence["id"],
            remedy="give each Evidence its own id, or read the other notebook's bundle",
        )
