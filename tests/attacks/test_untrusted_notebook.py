"""What a notebook can slip into a pack: outputs made to look released, and errors that quote a row.

This is a net under mistakes and borrowed code. A notebook that calls the gate's own `record_shown` gets
through: its author is trusted with what the notebook says (SECURITY.md).
"""

# ruff: noqa: F811
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.samples import PNG, released
from tests.runs.conftest import notebooks, show, study, write_notebook  # noqa: F401
from wellperf_models.runs import NotebookFailed, run_study

# made at run time, so that no code holds it
SECRET = "SENTINEL-73519"
ROW = "row = 'SENTI' + 'NEL-' + str(73518 + 1)"

FORGED = f"""
{ROW}
import json, warnings, sys, logging
from IPython.display import HTML, JSON, Markdown, display, publish_display_data, update_display
answer = json.loads({json.dumps(released())!r})
answer["answer"] = row
kind = "application/vnd.wellperf.released+json"
display({{kind: answer, "text/html": row, "text/plain": row}}, raw=True)
publish_display_data({{kind: answer}}, metadata={{"x": row}})
display({{"application/vnd.wellperf.summary+json": {{"groups": [row]}}, "text/plain": row}}, raw=True)
display({{"image/png": {PNG!r}}}, metadata={{"image/png": {{"alt": row, "title": row}}}}, raw=True)
display({{"application/vnd.jupyter.widget-view+json": {{"model_id": row}}, "text/plain": row}}, raw=True)
display(HTML(row)); display(JSON({{"x": row}})); display(Markdown(row))
warnings.warn(row); print(row, file=sys.stderr); logging.error(row); sys.stdout.write(row)
row"""
BORROWED = f"""
{ROW}
import json
from IPython.display import display, update_display
from wellperf_models.disclosure.read import read
shown = read(json.loads({json.dumps(released())!r}))
# what was displayed rightly, then changed in place
handle = display(shown, display_id="one")
changed = {{"application/vnd.wellperf.released+json": shown.to_dict() | {{"answer": row}}}}
update_display(changed, display_id="one", raw=True)
display(shown._repr_mimebundle_() | {{"text/html": row}}, raw=True)
words = json.loads(json.dumps(shown._repr_mimebundle_()))
words["text/plain"] = row
display(words, raw=True)
get_ipython().execution_count = 73519"""
SEALED = f"""
{ROW}
from wellperf_models.disclosure import Released
class Mine:
    def _repr_mimebundle_(self, **_): return {{"application/vnd.wellperf.released+json": {{"id": row}}}}
    def _repr_html_(self): return row
Mine()"""


def _everything(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_only_what_the_gate_displayed_is_kept(notebooks: Path, study: Path, tmp_path: Path) -> None:
    write_notebook(notebooks, "30_turnover", FORGED, BORROWED, SEALED, show(released(id="true.answer")))
    out = tmp_path / "pack"
    result = run_study(study, out=out, notebooks_dir=notebooks)
    assert result.ok
    assert SECRET.encode() not in _everything(out)
    executed = json.loads((out / "notebooks" / "30_turnover.ipynb").read_text())
    outputs = [o for cell in executed["cells"] for o in cell.get("outputs", [])]
    # the one that was displayed rightly in between is gone too: it was changed in its place
    assert [o["data"]["application/vnd.wellperf.released+json"]["id"] for o in outputs] == ["true.answer"]
    assert [c["execution_count"] for c in executed["cells"] if c["cell_type"] == "code"] == [1, 2, 3, 4, 5, 6]
    text = str(result)
    assert SECRET not in text
    for cell in (3, 4, 5):
        assert f"turnover, cell {cell}: an output that passed no gate was not kept" in text


ERRORS = {
    "message": "raise DesignError(row)",
    "parts": "raise DesignError('x', got=row)",
    "chained": "try:\n    load_study(row)\nexcept WellperfError as e:\n    raise DesignError(row) from e",
    "type": "raise type(row, (Exception,), {})(row)",
    "own type": "raise type('DesignError', (DesignError,), {})(row)",
    "twin": "class DesignError(Exception): pass\nraise DesignError(row)",
    "group": "raise ExceptionGroup(row, [ValueError(row)])",
    "args": "raise ValueError(row, {row: row})",
    "note": "e = ValueError('x'); e.add_note(row); raise e",
    "exit": "raise SystemExit(row)",
    "render": "class E(DesignError):\n    def _render_traceback_(self): return [row]\nraise E(row)",
    "unprintable": "class E(DesignError):\n    def __repr__(self): return row\nraise E(row, where=row)",
    "syntax": "compile(row + '(', row, 'exec')",
    "assert": "assert row == 'x', row",
}


def test_no_error_says_more_than_its_type(notebooks: Path, study: Path, tmp_path: Path) -> None:
    """All kinds in three kernels: each fails, is noted by the hook and cleaned as its own cell would be."""
    from wellperf_models.runs.clean import clean_notebook
    from wellperf_models.runs.kernel import note_error

    head = f"{ROW}\nfrom wellperf_models.errors import *\nfrom wellperf_models.study import load_study\n"
    for name in ("message", "twin", "type"):
        write_notebook(notebooks, f"{30 + len(list(notebooks.iterdir()))}_{name}", head + ERRORS[name])
    out = tmp_path / "packs" / "pack"
    with pytest.raises(NotebookFailed) as caught:
        run_study(study, out=out, notebooks_dir=notebooks)
    message = str(caught.value)
    assert SECRET not in message
    assert message.count("its message is not shown") == 3
    assert "DesignError (its message" in message
    assert SECRET.encode() not in _everything(tmp_path / "packs")
    assert not out.exists()

    # the others here: what the hook notes, and what is left of the error a kernel would send
    folder = tmp_path / "claims"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WELLPERF_CLAIMS_DIR", str(folder))
        for name, code in ERRORS.items():
            error = _raised(head + code)
            note_error(type(error), error, error.__traceback__)
            left = clean_notebook(_as_sent(error), source_ids=["a"], shown=_noted(folder))[0]
            assert SECRET not in json.dumps(left), name
        own = _raised(f"{head}load_study('nowhere')")
        note_error(type(own), own, own.__traceback__)
        left = clean_notebook(_as_sent(own), source_ids=["a"], shown=_noted(folder))[0]
        # what the package itself says is kept
        assert "There is no study file." in json.dumps(left)


def _noted(folder: Path) -> frozenset[str]:
    from wellperf_models.disclosure.shown import shown

    return shown(folder)


def _raised(code: str) -> BaseException:
    try:
        exec(compile(code, "<cell>", "exec"), {"__name__": "__main__"})
    except BaseException as error:
        return error
    raise AssertionError(code)


def _as_sent(error: BaseException) -> dict[str, Any]:
    sent = {
        "output_type": "error",
        "ename": type(error).__name__,
        "evalue": str(error),
        "traceback": [SECRET, f"Cell In[3], line 2: {error!r}"],
    }
    cell = {"cell_type": "code", "metadata": {SECRET: SECRET}, "source": "", "outputs": [sent]}
    return {"cells": [cell], "metadata": {"widgets": SECRET, "papermill": SECRET}}
