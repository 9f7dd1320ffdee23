from __future__ import annotations

import json

import pytest

from tests.report.samples import PROVENANCE, code_cell, notebook, output, released
from wellperf_models.errors import RunError
from wellperf_models.report.bundle import build_bundle, build_results, to_json

MIME = "application/vnd.wellperf.released+json"


def test_results_hold_exactly_the_declared_keys() -> None:
    bundle = build_bundle("turnover", notebook(code_cell(output({MIME: released()}))))
    results = build_results("tiny", PROVENANCE, [bundle])
    assert list(results) == ["schema", "study", "provenance", "evidence"]
    assert list(results["evidence"][0]) == [
        "id", "question", "answer", "estimand", "estimates", "tables", "curves", "checks", "limits",
        "suppressed", "held",
    ]  # fmt: skip
    # what the gate kept back is named, as on the page and in the notebook
    assert results["evidence"][0]["suppressed"] == released()["suppressed"]
    needed = {"name", "value", "low", "high", "coverage", "interval", "unit", "n_people"}
    assert needed <= set(results["evidence"][0]["estimates"][0])
    assert {"name", "passed", "value", "threshold", "text"} <= set(results["evidence"][0]["checks"][0])


def test_an_answer_shown_twice_is_one_answer() -> None:
    shown = output({MIME: released()})
    bundle = build_bundle("turnover", notebook(code_cell(shown), code_cell(shown)))
    assert [e["id"] for e in bundle["evidence"]] == ["turnover.description"]
    assert len(build_results("tiny", PROVENANCE, [bundle, bundle])["evidence"]) == 1


def test_a_bundle_says_how_its_notebook_ended() -> None:
    bundle = build_bundle(
        "roi", None, number="40", title="What it returns", state="not run", note="not run: no [roi] section"
    )
    assert bundle == {
        "notebook": "roi",
        "number": "40",
        "title": "What it returns",
        "state": "not run",
        "note": "not run: no [roi] section",
        "evidence": [],
    }


def test_two_answers_under_one_id_are_refused() -> None:
    other = notebook(code_cell(output({MIME: released(answer="Another.")})))
    one = notebook(code_cell(output({MIME: released()})))
    bundles = [build_bundle("a", one), build_bundle("b", other)]
    with pytest.raises(RunError, match=r"turnover\.description"):
        build_results("tiny", PROVENANCE, bundles)


def test_json_is_strict() -> None:
    with pytest.raises(RunError):
        to_json({"x": float("nan")})
    assert json.loads(to_json({"x": "ä—"})) == {"x": "ä—"}
