from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.report.samples import released
from tests.runs.conftest import PARAMETERS, show, write_notebook
from wellperf_models.errors import RunError
from wellperf_models.runs import NotebookFailed, run_study, verify_pack
from wellperf_models.runs.folders import require_free
from wellperf_models.runs.publish import hash_files

BURNOUT = """
[burnout]
outcome = "e"
case_at = 3
[burnout.models.m]
covariates = ["t"]
"""
BUNDLES = {**PARAMETERS, "bundles": {"type": "path"}}


def test_a_pack_is_written(notebooks: Path, study: Path, tmp_path: Path) -> None:
    """One run with everything: order by needs, a missing table, parameters, environment, determinism."""
    environment = """
import json, os, pathlib, sys
seen = [sys.executable, os.environ['OMP_NUM_THREADS'], pathlib.Path.cwd().name, n, text]
pathlib.Path('../../../saw.json').write_text(json.dumps(seen))"""
    evidence = released(limits=["Sees <study>."])
    parameters = {**PARAMETERS, "n": {"type": "int"}, "text": {"type": "str"}}
    given = "study = 'x'\nn = 1\ntext = ''"
    write_notebook(notebooks, "30_turnover", environment, show(evidence), parameters=parameters, given=given)
    write_notebook(notebooks, "40_absence", "1 / 0", tables=["absences", "costs"])
    compose = """
import json, pathlib
names = sorted(p.name for p in pathlib.Path(bundles).glob('*.json'))
pathlib.Path('../../../composed.json').write_text(json.dumps(names))"""
    write_notebook(
        notebooks, "10_summary", compose, needs=["turnover", "absence"], parameters=BUNDLES,
        given="study = 'x'\nbundles = 'y'",
    )  # fmt: skip
    nasty = "a'; import os #\"\\{x}"
    out = tmp_path / "out" / "pack"
    result = run_study(study, out=out, notebooks_dir=notebooks, parameters={"n": "5", "text": nasty})
    assert result.ok
    assert result.pack == out
    assert result.notebooks == {
        "summary": "done",
        "turnover": "done",
        "absence": "not run: needs absences, costs (tables)",
    }
    files = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert files == {
        "index.html", "manifest.json", "results.json",
        "tables.xlsx", "tables/turnover.description.exits.csv",
        "10_summary.html", "30_turnover.html", "40_absence.html",
        "notebooks/10_summary.ipynb", "notebooks/30_turnover.ipynb",
        "bundles/summary.json", "bundles/turnover.json", "bundles/absence.json", "bundles/sha256.json",
    }  # fmt: skip
    assert [p.name for p in out.parent.iterdir()] == ["pack"]
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["files"] == hash_files(out)
    assert manifest["parameters"] == {"turnover": {"n": 5, "text": nasty}}
    assert (out / manifest["study"]).resolve() == study
    results = json.loads((out / "results.json").read_text())
    assert [e["id"] for e in results["evidence"]] == ["turnover.description"]
    # beside the pack: what a notebook prints is not published
    seen = json.loads((tmp_path / "saw.json").read_text())
    assert seen == [sys.executable, "1", "notebooks", 5, nasty]
    # one that is not run is told from the beginning
    composed = json.loads((tmp_path / "composed.json").read_text())
    assert composed == ["absence.json", "sha256.json", "turnover.json"]
    absence = json.loads((out / "bundles" / "absence.json").read_text())
    assert (absence["state"], absence["evidence"]) == ("not run", [])
    assert absence["note"] == "not run: needs absences, costs (tables)"
    everything = "".join(p.read_text() for p in out.rglob("*") if p.is_file() and p.suffix != ".xlsx")
    assert str(tmp_path) not in everything

    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    again = run_study(study, out=out, notebooks_dir=notebooks, parameters={"n": "5", "text": nasty})
    assert again.run_id == result.run_id
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert [p.name for p in out.parent.iterdir()] == ["pack"]


def test_a_failing_notebook_publishes_nothing(
    notebooks: Path, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = "import wellperf_models as wp\nwp.load_study('Nowhere.toml')"
    write_notebook(notebooks, "20_own", own)
    write_notebook(notebooks, "30_turnover", show(released()), "name = 'Ann'\nraise KeyError(name)")
    write_notebook(notebooks, "40_after", "print('never')", needs=["turnover"])
    with pytest.raises(NotebookFailed) as caught:
        run_study(study, notebooks_dir=notebooks)
    message = str(caught.value)
    assert "30_turnover.ipynb, cell 4" in message
    assert "`raise KeyError(name)`: KeyError" in message
    assert "Ann" not in message
    assert "There is no study file." in message
    folder = tmp_path / "reports" / "tiny"
    (kept,) = folder.iterdir()
    assert kept.name.endswith(".failed")
    assert sorted(p.name for p in kept.iterdir()) == ["20_own.ipynb", "30_turnover.ipynb"]
    partial = (kept / "30_turnover.ipynb").read_text()
    assert "61 % (58 to 64 %)" in partial
    content = json.loads(partial)
    errors = [o for c in content["cells"] for o in c.get("outputs", []) if o["output_type"] == "error"]
    assert errors == [{"ename": "KeyError", "evalue": "", "output_type": "error", "traceback": ["line 2"]}]
    assert not (study.parent / ".wellperf").exists()


def test_a_question_the_data_can_not_answer_stops_its_notebook_only(
    notebooks: Path, study: Path, tmp_path: Path
) -> None:
    design = f"""
import json
from wellperf_models.disclosure.read import read
from wellperf_models.figures import require_evidence
require_evidence(read(json.loads({json.dumps(released(id="a.b"))!r})), "c.d")"""
    write_notebook(notebooks, "20_first", show(released(id="a.b")), design, "print('never')")
    write_notebook(notebooks, "30_after", show(released(id="c.d")), needs=["first"])
    out = tmp_path / "pack"
    result = run_study(study, out=out, notebooks_dir=notebooks, only=["first", "after"])
    assert result.ok
    assert result.notebooks == {"first": "stopped: This picture is made from c.d. got: a.b", "after": "done"}
    results = json.loads((out / "results.json").read_text())
    assert [e["id"] for e in results["evidence"]] == ["a.b", "c.d"]
    page = (out / "20_first.html").read_text()
    assert "stopped: This picture is made from c.d. got: a.b" in page
    assert "Traceback" not in (out / "notebooks" / "20_first.ipynb").read_text()
    assert verify_pack(out, notebooks_dir=notebooks).ok
    write_notebook(notebooks, "20_first", show(released(id="a.b")))
    report = verify_pack(out, notebooks_dir=notebooks)
    assert [(d.where, d.name, d.got) for d in report.drifts] == [
        ("first", "state", "done"),
        ("notebooks/20_first.ipynb", "number of cells", "4"),
    ]


def test_a_section_that_is_not_in_the_study_is_like_a_missing_table(
    notebooks: Path, study: Path, tmp_path: Path
) -> None:
    write_notebook(notebooks, "20_burnout", "1 / 0", sections=["burnout"])
    write_notebook(notebooks, "40_roi", "1 / 0", sections=["roi", "money"], tables=["outcomes"])
    compose = "import wellperf_models as wp\nwp.summarise(wp.in_order(wp.read_bundles(bundles), ['roi']))"
    given, needs = "study = 'x'\nbundles = 'y'", ["burnout", "roi"]
    # a section that every study has stops nothing
    write_notebook(
        notebooks, "90_summary", compose, needs=needs, parameters=BUNDLES, given=given, sections=["turnover"]
    )
    out = tmp_path / "pack"
    result = run_study(study, out=out, notebooks_dir=notebooks)
    burnout = "not run: no [burnout] section in the study file"
    roi = "not run: needs outcomes (table); " + "; ".join(
        f"no [{name}] section in the study file" for name in ("roi", "money")
    )
    assert result.notebooks == {"burnout": burnout, "roi": roi, "summary": "done"}
    manifest = json.loads((out / "manifest.json").read_text())
    states = {e["name"]: (e["state"], e["note"]) for e in manifest["notebooks"]}
    assert states["burnout"] == ("not run", burnout)
    page = (out / "90_summary.html").read_text()
    headings = re.findall(r'<h2 class="group-title"[^>]*>(.*?)</h2>', page)
    assert headings == ["40_roi", "20_burnout"]
    assert burnout.replace("not run", "Not run") in page
    assert verify_pack(out, notebooks_dir=notebooks).ok

    # the study has it now: another state than the pack's
    with study.open("a") as file:
        file.write('[measures.e]\nlow = 0\nhigh = 6\n[covariates.t]\ntable = "spells"\ntiming = "before"\n')
    text = study.read_text().replace('table = "spells"', 'table = "people"')
    study.write_text(text + '[tables.people]\npath = "p.csv"\n' + BURNOUT)
    write_notebook(notebooks, "20_burnout", sections=["burnout"])
    report = verify_pack(out, notebooks_dir=notebooks)
    assert ("burnout", "state", "done") in {(d.where, d.name, d.got) for d in report.drifts}


def test_a_hijacking_kernelspec_and_start_up_file_are_not_seen(
    notebooks: Path, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    spec = home / ".local/share/jupyter/kernels/python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["/bin/false"], "display_name": "x", "language": "python"}')
    start = home / ".ipython/profile_default/startup"
    start.mkdir(parents=True)
    (start / "00.py").write_text("hijacked = True")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setenv("JUPYTER_PATH", str(home / ".local/share/jupyter"))
    write_notebook(notebooks, "30_turnover", "open('../../seen', 'w').write(str('hijacked' in globals()))")
    out = tmp_path / "pack"
    assert run_study(study, out=out, notebooks_dir=notebooks).ok
    assert (tmp_path / "seen").read_text() == "False"
    assert not (home / ".ipython/profile_default/history.sqlite").exists()


def test_what_a_cell_prints_is_not_published(notebooks: Path, study: Path, tmp_path: Path) -> None:
    row = "row = ('Ann', 48127 * 2)"
    code = f"import sys\n{row}\nprint(row)\nprint(row, file=sys.stderr)\nlist(row)"
    write_notebook(notebooks, "30_turnover", show(released()), code, f"{row}\nstr(row)")
    out = tmp_path / "pack"
    result = run_study(study, out=out, notebooks_dir=notebooks)
    assert result.ok
    assert all(b"96254" not in p.read_bytes() for p in out.rglob("*") if p.is_file())
    assert "note: turnover, cell 4: printed text was not kept" in str(result)
    assert "note: turnover, cell 5: an output that passed no gate was not kept" in str(result)


def test_answers_from_other_data_are_refused(notebooks: Path, study: Path, tmp_path: Path) -> None:
    evidence = released()
    evidence["provenance"] = {**evidence["provenance"], "data_hmac": "0" * 64}
    write_notebook(notebooks, "30_turnover", show(evidence))
    with pytest.raises(RunError, match="other data"):
        run_study(study, out=tmp_path / "pack", notebooks_dir=notebooks)
    assert not (tmp_path / "pack").exists()


@pytest.mark.parametrize("found", ["file", "folder", "link", "manifest of something else"])
def test_what_is_no_pack_is_never_replaced(notebooks: Path, study: Path, tmp_path: Path, found: str) -> None:
    write_notebook(notebooks, "30_turnover", "1 / 0")
    target = tmp_path / "mine"
    if found == "file":
        target.write_text("precious")
    elif found == "link":
        target.symlink_to(study.parent)
    else:
        target.mkdir()
        name = "manifest.json" if found.startswith("manifest") else "thesis.txt"
        (target / name).write_text('{"schema": "chrome"}')
    before = sorted(str(p) for p in target.rglob("*"))
    with pytest.raises(RunError, match="can't be written there"):
        run_study(study, out=target, notebooks_dir=notebooks)
    assert sorted(str(p) for p in target.rglob("*")) == before


def test_an_empty_folder_is_free(tmp_path: Path) -> None:
    require_free(tmp_path)
    require_free(tmp_path / "new")


def test_wrong_parameters_stop_before_anything_runs(notebooks: Path, study: Path, tmp_path: Path) -> None:
    write_notebook(notebooks, "30_turnover", "open('ran', 'w')")
    with pytest.raises(RunError):
        run_study(study, out=tmp_path / "pack", notebooks_dir=notebooks, parameters={"x\nimport os": "1"})
    with pytest.raises(RunError, match="did you mean"):
        run_study(study, out=tmp_path / "pack", notebooks_dir=notebooks, only=["turnver"])
    assert not (tmp_path / "pack").exists()


def test_data_that_break_a_rule_are_not_run(
    notebooks: Path, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wellperf_models.runs.execute as execute

    monkeypatch.setattr(execute, "check_data", lambda study: ("spells.start: 3 rows", None))
    write_notebook(notebooks, "30_turnover", "1 / 0")
    result = run_study(study, out=tmp_path / "pack", notebooks_dir=notebooks)
    assert not result.ok
    assert "spells.start: 3 rows" in str(result)
    assert not (tmp_path / "pack").exists()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_no_half_pack_and_no_process(
    notebooks: Path, study: Path, tmp_path: Path, how: signal.Signals
) -> None:
    started = tmp_path / "started"
    code = f"""
import os, pathlib, time
pathlib.Path({str(started)!r}).write_text(str(os.getpid()))
time.sleep(300)"""
    write_notebook(notebooks, "30_turnover", show(released()), code)
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""
        from pathlib import Path
        import wellperf_models.runs.execute as execute
        from tests.report.samples import PROVENANCE
        from wellperf_models.evidence import Provenance
        execute.check_data = lambda study: ("", Provenance(**PROVENANCE))
        out = {str(tmp_path / "packs" / "pack")!r}
        execute.run_study({str(study)!r}, out=out, notebooks_dir=Path({str(notebooks)!r}))
        """)
    )
    clone = Path(__file__).resolve().parents[2]
    run = subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(clone)})
    _wait_until(lambda: started.exists() and started.read_text() != "")
    run.send_signal(how)
    run.wait()
    kernel = int(started.read_text())
    _wait_until(lambda: not _alive(kernel))
    left = [p.name for p in (tmp_path / "packs").iterdir()]
    assert "pack" not in left
    if how is signal.SIGTERM:
        assert left == []

    # the next run sweeps up what a killed one left
    write_notebook(notebooks, "30_turnover", show(released()))
    assert run_study(study, out=tmp_path / "packs" / "pack", notebooks_dir=notebooks).ok
    assert [p.name for p in (tmp_path / "packs").iterdir()] == ["pack"]


def _wait_until(holds: object, seconds: float = 60) -> None:
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
