"""A run for a role: what it may not see is in no file of the pack, and the pack verifies as that role's."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.report.samples import PROVENANCE
from tests.runs.conftest import write_notebook
from wellperf_models.cli import main
from wellperf_models.errors import RunError, StudyError
from wellperf_models.runs import run_study, verify_pack
from wellperf_models.study import ROLE_VARIABLE

# what a researcher's pack tells, and only in parts a manager may not see
SECRETS = ("0.422", "42.2", "0.772", "0.881", "Resigned in anger", "SECRETCHECK", "SECRETNEED", "Fitted")
ANSWER = """
import wellperf_models as wp
from wellperf_models.evidence import Check, Curve, Estimate, Evidence, Measure, Members, Provenance
from wellperf_models.evidence import Row, Support, Table
count = Measure(name="people", kind="count")
people = Members(people=frozenset(str(i) for i in range(400)))
def group(name, n):
    support = Support(n_people=n, n_complement=400 - n, n_events=60, n_non_events=n - 60)
    return Row(key=(name,), values=(n, 0.7717), support=support)
found = Evidence(
    id={identifier!r}, question="How many?", answer="{{left.estimate}} leave.", estimand="e", population="p",
    design="description", provenance=Provenance(**{provenance}), members=people,
    estimates=(Estimate(name="left", value=0.4217, unit="probability", low=0.4, high=0.45, coverage=0.95,
        interval="confidence", se=0.002, support=Support(n_people=400, n_events=168, n_non_events=232)),),
    tables=(
        Table(name="groups", title="By department", keys=("department",), level="department",
            measures=(count, Measure(name="fitted", kind="model", label="Fitted")),
            rows=(group("Nursing", 180), group("Research", 220))),
        Table(name="reasons", title="Reasons", keys=("reason",), measures=(count,), rows=(
            Row(key=("Resigned in anger",), values=(90,), support=Support(n_people=90, n_complement=310)),),
            partition=False),
    ),
    curves=(Curve(name="survival", label="s", x=(0.0, 1.0), y=(1.0, 0.8813), low=(1.0, 0.8), high=(1.0, 0.9),
        at_risk=(400, 380), events=(0, 40), x_unit="months", y_unit="share", support=Support(n_people=400)),),
    checks=(Check(name="c", passed=True, text="SECRETCHECK {{value}}", value=0.7717),),
    assumptions=("SECRETNEED",),
    limits=("It says nothing of why.",),
)
answer = wp.release(found, wp.load_study(study))
answer"""
MANAGER = (
    '[roles.manager]\nanswers = ["turnover.description"]\nnotebooks = ["turnover"]\nmin_group_size = 15\n'
)


@pytest.fixture
def pack_of(notebooks: Path, study: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Study with a manager, and two notebooks, one of them not for managers."""
    monkeypatch.delenv(ROLE_VARIABLE, raising=False)
    study.write_text(study.read_text() + MANAGER)
    for name, identifier in (("30_turnover", "turnover.description"), ("40_roi", "roi.effects")):
        write_notebook(notebooks, name, ANSWER.format(identifier=identifier, provenance=PROVENANCE))
    return study, notebooks


def contents(pack: Path) -> dict[str, str]:
    """Every file of a pack as text; a spreadsheet's parts too."""
    found = {}
    for path in sorted(p for p in pack.rglob("*") if p.is_file()):
        name = path.relative_to(pack).as_posix()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found |= {f"{name}/{n}": archive.read(n).decode("utf-8") for n in archive.namelist()}
        else:
            found[name] = path.read_text(encoding="utf-8")
    return found


def outputs_of(pack: Path) -> str:
    """Outputs of the executed notebooks: their code is public."""
    notebooks = [json.loads(p.read_bytes()) for p in sorted((pack / "notebooks").glob("*.ipynb"))]
    return json.dumps([c.get("outputs", []) for n in notebooks for c in n["cells"]])


def test_a_managers_pack_is_one_page_of_groups(pack_of: tuple[Path, Path], tmp_path: Path) -> None:
    study, notebooks = pack_of
    out = tmp_path / "pack"
    result = run_study(study, out=out, notebooks_dir=notebooks, role="manager")
    assert result.ok
    assert list(result.notebooks) == ["turnover"]
    files = contents(out)
    assert [name for name in files if name.endswith(".html")] == ["index.html"]
    seen = {n: t for n, t in files.items() if not n.startswith("notebooks/")} | {"outputs": outputs_of(out)}
    for name, text in seen.items():
        for secret in SECRETS:
            assert secret not in text, (name, secret)
    page = files["index.html"]
    for part in ("Nursing", "180", "It says nothing of why.", "Made for managers.", "not declared"):
        assert part in page, part
    manifest = json.loads(files["manifest.json"])
    assert manifest["role"] == "manager"
    assert manifest["governance"]["declared"] is False
    assert manifest["governance"]["min_group_size"] == 15

    report = verify_pack(out, notebooks_dir=notebooks)
    assert report.ok, str(report)
    # a pack that claims another reader does not reproduce
    manifest["role"] = "researcher"
    (out / "manifest.json").write_text(json.dumps(manifest))
    report = verify_pack(out, notebooks_dir=notebooks)
    assert {"manifest.json", "turnover.description"} <= {d.where for d in report.drifts}


def test_researcher_and_committee_see_everything_and_their_runs_differ(
    pack_of: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, notebooks = pack_of
    # the reader is what the run is told, not what the shell happens to say
    monkeypatch.setenv(ROLE_VARIABLE, "manager")
    only = ("turnover",)
    plain = run_study(study, out=tmp_path / "plain", notebooks_dir=notebooks, only=only)
    committee = run_study(
        study, out=tmp_path / "committee", notebooks_dir=notebooks, only=only, role="committee"
    )
    assert plain.run_id != committee.run_id
    one, other = contents(tmp_path / "plain"), contents(tmp_path / "committee")
    assert one["results.json"] == other["results.json"]
    # what the manager's pack is searched for is there to be found
    everything = "".join(text for name, text in one.items() if not name.startswith("notebooks/"))
    assert [secret for secret in SECRETS if secret not in everything] == []
    assert json.loads(one["manifest.json"])["role"] == "researcher"
    assert "Made for the committee." in other["index.html"]
    assert "Made for the committee." not in one["index.html"]


def test_a_changed_declaration_is_drift_and_a_longer_log_is_a_note(
    pack_of: tuple[Path, Path], tmp_path: Path
) -> None:
    study, notebooks = pack_of
    entry = '[[override]]\ndate = 2025-01-15\nwho = "Board"\ndecision = "d"\nreason = "r"\n'
    text = study.read_text()
    study.write_text(
        text
        + '[governance]\ncontroller = "Acme"\npurpose = "p"\noverseer = "o"\ncontest = "c"\nretention = "r"\n'
        'overrides = "log.toml"\n[governance.legal_basis]\nspells = "contract"\n'
    )
    log = study.parent / "log.toml"
    log.write_text(entry)
    out = tmp_path / "pack"
    run_study(study, out=out, notebooks_dir=notebooks, role="committee", only=("turnover",))
    assert "Board" in (out / "index.html").read_text()
    log.write_text(entry + entry.replace("2025-01-15", "2025-02-15"))
    report = verify_pack(out, notebooks_dir=notebooks)
    assert report.ok, str(report)
    assert any("override log" in note for note in report.notes)
    log.write_text("")
    study.write_text(study.read_text().replace("Acme", "Other"))
    report = verify_pack(out, notebooks_dir=notebooks)
    assert [d.name for d in report.drifts] == ["governance.controller", "governance.overrides"]


def test_what_is_not_for_a_role_is_refused_before_anything_runs(
    pack_of: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, notebooks = pack_of
    out = tmp_path / "pack"
    with pytest.raises(RunError, match="not for the role manager"):
        run_study(study, out=out, notebooks_dir=notebooks, role="manager", only=("roi",))
    with pytest.raises(StudyError, match="did you mean 'manager'"):
        run_study(study, out=out, notebooks_dir=notebooks, role="manger")
    assert main(["run", str(study), "--role", "manger", "--out", str(out)]) == 2
    assert "did you mean 'manager'" in capsys.readouterr().err
    study.write_text(study.read_text().replace('["turnover"]', '["turnovr"]'))
    with pytest.raises(RunError, match="did you mean 'turnover'"):
        run_study(study, out=out, notebooks_dir=notebooks, role="manager")
    assert not out.exists()
