from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from tests.report.samples import PNG, code_cell, markdown_cell, notebook, output, released
from wellperf_models.disclosure.shown import digest_of
from wellperf_models.runs.clean import clean_notebook, error_text, find_error

MIME = "application/vnd.wellperf.released+json"


def _clean(*cells: dict[str, Any], shown: Sequence[dict[str, Any]] = ()) -> tuple[dict[str, Any], list[str]]:
    """Cleans a notebook of these cells; `shown` is what the gate noted."""
    noted = {digest_of(forms) for forms in shown}
    return clean_notebook(notebook(*cells), source_ids=["a", "b", "c"], shown=noted)


def test_times_and_paths_are_gone() -> None:
    shown = output({MIME: released(), "text/plain": "/srv/ann/s/x at 0x7f00aa11"})
    executed = notebook(code_cell(shown))
    executed["metadata"]["papermill"] = {"start_time": "2026-01-01"}
    executed["cells"][0]["metadata"] = {
        "execution": {"iopub.status.busy": "2026"},
        "papermill": {},
        "tags": [],
    }
    before = copy.deepcopy(executed)
    noted = {digest_of(shown["data"])}
    clean, _ = clean_notebook(
        executed, source_ids=["a"], shown=noted, hidden_paths=[("/srv/ann/s", "<study>")]
    )
    assert executed == before
    text = json.dumps(clean, ensure_ascii=False)
    assert "2026" not in text
    assert "ann" not in text
    assert "<study>/x at 0x…" in text
    assert clean["cells"][0]["id"] == "a"


def test_what_passed_no_gate_is_not_kept() -> None:
    frame = output({"text/html": "<table>Ann 5000</table>", "text/plain": "Ann 5000"})
    bare = output({"image/png": PNG})
    widget = output({"application/vnd.plotly.v1+json": {"x": ["Ann"]}, "text/plain": "Figure"})
    clean, withheld = _clean(code_cell(frame, bare, widget))
    assert "Ann" not in json.dumps(clean)
    assert PNG not in json.dumps(clean)
    assert withheld == ["cell 1: an output that passed no gate was not kept"]


def test_what_passed_the_gate_is_kept() -> None:
    shown = output({MIME: released(), "text/html": "<p>x</p>", "text/plain": "x"})
    picture = output(
        {"image/png": PNG + "\n", "text/plain": "alt"}, {"image/png": {"alt": "alt", "width": 5}}
    )
    noted = [shown["data"], {"image/png": PNG, "alt": "alt"}]
    clean, withheld = _clean(code_cell(shown, picture), shown=noted)
    assert not withheld
    outputs = clean["cells"][0]["outputs"]
    assert outputs[0]["data"][MIME] == released()
    assert outputs[1]["data"]["image/png"] == PNG
    assert outputs[1]["metadata"] == {"image/png": {"alt": "alt"}}


def test_errors_of_others_lose_message_and_traceback() -> None:
    foreign = {
        "output_type": "error",
        "ename": "KeyError",
        "evalue": "'Ann'",
        "traceback": ["Ann earns 5000"],
    }
    own = {"output_type": "error", "ename": "TablesError", "evalue": "No table.", "traceback": ["Ann"]}
    said = {"ename": "TablesError", "evalue": "No table."}
    clean, _ = _clean(markdown_cell("x"), code_cell(foreign), code_cell(own), shown=[said])
    assert "Ann" not in json.dumps(clean)
    found = find_error(clean)
    assert found is not None
    assert found[0] == 2
    assert "KeyError" in error_text(found[2])
    assert error_text(clean["cells"][2]["outputs"][0]) == "TablesError: No table."


def test_what_the_gate_did_not_display_is_not_kept() -> None:
    answer = {MIME: released(), "text/html": "<p>x</p>", "text/plain": "x"}
    summary = {"application/vnd.wellperf.summary+json": {"groups": []}, "text/plain": "x"}
    forged = [
        output({MIME: released(answer="Ann earns 5000.")}),
        # another text beside a true answer
        output(answer | {"text/html": "<p>Ann</p>"}),
        output(summary | {"text/plain": "Ann"}),
        output({"image/png": PNG}, {"image/png": {"alt": "Ann earns 5000"}}),
        output({"image/png": "AAAA"}, {"image/png": {"alt": "alt"}}),
    ]
    noted = [answer, summary, {"image/png": PNG, "alt": "alt"}]
    clean, withheld = _clean(code_cell(*forged), shown=noted)
    assert clean["cells"][0]["outputs"] == []
    assert withheld == ["cell 1: an output that passed no gate was not kept"]


def test_an_error_keeps_what_the_package_said_and_nothing_else() -> None:
    def error(name: str, message: str) -> dict[str, Any]:
        return {"output_type": "error", "ename": name, "evalue": message, "traceback": ["Cell In[3], line 2"]}

    def kept(output: dict[str, Any], *shown: dict[str, Any]) -> tuple[str, str]:
        (left,) = _clean(code_cell(output), shown=shown)[0]["cells"][0]["outputs"]
        assert left["traceback"] == ["line 2"]
        return left["ename"], left["evalue"]

    said = {"ename": "DesignError", "evalue": "Too few."}
    assert kept(error("DesignError", "Too few."), {"ename": "DesignError"}, said) == (
        "DesignError",
        "Too few.",
    )
    # raised by the notebook; its message follows one of the package
    assert kept(error("DesignError", "Ann"), {"ename": "DesignError"}, said) == ("DesignError", "")
    assert kept(error("SomeError", "Ann"), {"ename": "SomeError"}) == ("SomeError", "")
    # named after a person
    assert kept(error("Ann 5000", "x")) == ("Exception", "")
    assert kept(error("ValueError", "Ann")) == ("ValueError", "")


def test_an_execution_count_is_a_count() -> None:
    cell = code_cell(output({"text/plain": "x"})) | {"execution_count": 48250}
    never = code_cell() | {"execution_count": None}
    clean, _ = _clean(cell, cell, never)
    assert [c["execution_count"] for c in clean["cells"]] == [1, 2, None]


def test_injected_cell_is_not_counted() -> None:
    injected = code_cell(source="study = 'x'")
    injected["metadata"] = {"tags": ["injected-parameters"]}
    pieces = [{"output_type": "stream", "name": "stdout", "text": t} for t in ("a", "b")]
    error = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
    clean, withheld = _clean(code_cell(), injected, code_cell(*pieces, error))
    assert [c["id"] for c in clean["cells"]] == ["a", "injected-parameters", "b"]
    assert withheld == ["cell 2: printed text was not kept"]
    found = find_error(clean)
    assert found is not None
    assert found[0] == 2


def test_no_text_of_a_value_is_kept() -> None:
    printed = {"output_type": "stream", "name": "stdout", "text": "Ann 5000"}
    warned = {"output_type": "stream", "name": "stderr", "text": "Ann 5000"}
    row = output({"text/plain": "('Ann', 5000)"})
    story = output({"text/markdown": "Ann 5000", "text/plain": "x"})
    picture = output({"image/png": PNG, "text/plain": "Ann 5000"}, {"image/png": {"alt": "alt"}})
    cells = (code_cell(printed), code_cell(warned, row), code_cell(story, picture))
    clean, withheld = _clean(*cells, shown=[{"image/png": PNG, "alt": "alt"}])
    assert "Ann" not in json.dumps(clean)
    assert [len(c["outputs"]) for c in clean["cells"]] == [0, 0, 1]
    assert withheld == [
        "cell 1: printed text was not kept",
        "cell 2: printed text was not kept",
        "cell 2: an output that passed no gate was not kept",
        "cell 3: an output that passed no gate was not kept",
    ]


def test_shapes_of_tables_go_without_a_word() -> None:
    for text in ("Tables('tiny': people (3,801 rows))", "TurnoverFrame(Spells(3801 rows))"):
        clean, withheld = _clean(code_cell(output({"text/plain": text})))
        assert "3" not in str(clean["cells"][0]["outputs"])
        assert withheld == []
