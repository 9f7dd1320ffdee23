"""`verify_pack`: the one command that proves that a report reproduces. It never writes to pack or ledger."""

from __future__ import annotations

import dataclasses
import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from wellperf_models.errors import RunError
from wellperf_models.evidence import Provenance
from wellperf_models.report.bundle import build_results
from wellperf_models.report.governance import compare_governance, governance_facts
from wellperf_models.runs.compare import Drift, compare_results, provenance_notes
from wellperf_models.runs.compare_notebooks import NotebookComparison
from wellperf_models.runs.consistency import check_bundles, check_derived, guarded, read_notebooks
from wellperf_models.runs.ending import Ending, lack_of
from wellperf_models.runs.execute import (
    NotebookFailed,
    Plan,
    check_data,
    end_cleanly,
    endings_of,
    execute_plan,
    given_values,
    portable_parameters,
)
from wellperf_models.runs.folders import private_folder
from wellperf_models.runs.identity import code_sha256, identify_run
from wellperf_models.runs.inside import read_json_inside, visible
from wellperf_models.runs.manifest import (
    Manifest,
    changed_files,
    parameters_of,
    read_manifest,
    read_results,
    study_path,
)
from wellperf_models.runs.notebooks import Notebook, find_notebooks
from wellperf_models.runs.publish import MANIFEST, PackContent
from wellperf_models.study import Study, load_study

_MOST_LINES = 40


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """What did and did not reproduce.

    Attributes:
        ok: True where nothing drifted.
        drifts: Each thing that did.
        notes: What differs without being wrong: another environment, another key.
        n_numbers: How many numbers of `results.json` were compared.
    """

    ok: bool
    drifts: tuple[Drift, ...]
    notes: tuple[str, ...]
    n_numbers: int

    def __str__(self) -> str:
        lines = [f"note: {visible(note)}" for note in self.notes]
        if self.ok:
            return "\n".join([*lines, f"reproduced: {self.n_numbers} numbers compared, no drift"])
        lines += [f"drift: {drift}" for drift in self.drifts[:_MOST_LINES]]
        if len(self.drifts) > _MOST_LINES:
            lines.append(f"and {len(self.drifts) - _MOST_LINES} more")
        return "\n".join([*lines, f"not reproduced: {len(self.drifts)} drifts"])


def verify_pack(
    pack: str | Path,
    *,
    study: str | Path | None = None,
    progress: bool | None = None,
    notebooks_dir: Path | None = None,
) -> VerifyReport:
    """Re-executes a pack elsewhere and compares everything in it.

    The manifest is not believed: bundles, results and pages must follow from the pack's own notebooks, and
    these must say what the notebooks say when they are executed again.

    Args:
        pack: Folder of the pack; never written to, nor is the study's ledger.
        study: Study file, where it is no longer where the pack says.
        progress: As in `run_study`.
        notebooks_dir: Other notebooks than the workbench's own.

    Returns:
        The report; `ok` is False where a file or a number drifted.

    Raises:
        RunError: Not a pack, the study or a notebook is not there, or its data break a rule now.
        NotebookFailed: A cell fails now.
    """
    folder = Path(pack)
    manifest = read_manifest(folder)
    drifts = list(changed_files(folder, manifest))
    expected = read_results(folder)
    loaded = load_study(study if study is not None else study_path(folder, manifest))
    plan = _plan(folder, manifest, loaded, notebooks_dir)
    report, provenance = check_data(loaded)
    if provenance is None:
        raise RunError("The data of the pack break a rule now.", where=loaded.path.name, got=f"\n{report}")
    with end_cleanly(), private_folder() as work:
        again = work / "pack"
        again.mkdir()
        outcomes = execute_plan(plan, again, work, progress=progress)
        if failed := [n for n, o in outcomes.items() if not o.ok]:
            outcome = outcomes[failed[0]]
            raise NotebookFailed(
                "A notebook of the pack fails now.",
                where=f"{failed[0]}, cell {outcome.cell}",
                got=outcome.error,
            )
        endings = endings_of(plan, outcomes)
        drifts += _states(manifest, endings)
        done = [n for n in plan.notebooks if not plan.missing[n.name]]
        bundles = [read_json_inside(again, f"bundles/{n.name}.json") for n in done]
        executed = {n.name: read_json_inside(again, f"notebooks/{n.stem}.ipynb") for n in done}
        given = {n.name: given_values(n, plan, again / "notebooks") for n in done}
    got = build_results(loaded.study.name, dataclasses.asdict(provenance), bundles)
    if expected is not None:
        # what a bundle went through, results.json went through: JSON
        drifts += guarded("results.json", lambda: compare_results(expected, json.loads(json.dumps(got))))
    claimed = expected.get("provenance") if expected else None
    notes = provenance_notes(claimed if isinstance(claimed, dict) else {}, got["provenance"])
    code = code_sha256(plan.notebooks)
    if manifest.code_sha256 != code:
        notes.append("the code (package or notebooks) is not the pack's")
    more, said = _whole_pack(folder, manifest, plan, expected, _Again(
        provenance=got["provenance"], executed=executed, given=given, endings=endings, code=code
    ))  # fmt: skip
    reported = {d.name for d in drifts if d.where == "files"}
    # a file that is not what the manifest says has been named
    drifts += [d for d in more if d.where not in reported]
    drifts = list(dict.fromkeys(drifts))
    return VerifyReport(
        ok=not drifts,
        drifts=tuple(drifts),
        notes=tuple(notes + said),
        n_numbers=_count_numbers(got["evidence"]),
    )


@dataclass(frozen=True, kw_only=True)
class _Again:
    """The re-execution: its provenance and code; by notebook: executed, what it was given, how it ended."""

    provenance: Mapping[str, Any]
    executed: Mapping[str, Any]
    given: Mapping[str, Mapping[str, Any]]
    endings: Mapping[str, Ending]
    code: str


def _whole_pack(
    folder: Path, manifest: Manifest, plan: Plan, results: dict[str, Any] | None, again: _Again
) -> tuple[list[Drift], list[str]]:
    """Everything but the numbers of `results.json`: notebooks, bundles, pages."""
    done = [n for n in plan.notebooks if not plan.missing[n.name]]
    theirs, drifts = read_notebooks(folder, done)
    drifts += guarded("bundles", lambda: check_bundles(folder, plan.notebooks, theirs, results, plan.missing))
    provenance = results.get("provenance") if results else None
    if not isinstance(provenance, dict):
        provenance = dict(again.provenance)
    same_code = manifest.code_sha256 == again.code
    same = same_code and all(provenance.get(k) == again.provenance[k] for k in ("lock_sha256", "python"))
    notes: list[str] = []
    if same and provenance.get("data_hmac") == again.provenance["data_hmac"]:
        drifts += _run_id(manifest, plan, again)
    differing, more = compare_governance(manifest.governance, governance_facts(plan.study, plan.reach))
    notes += more
    drifts += [
        Drift(
            where=MANIFEST,
            name=f"governance.{name}",
            expected="as in the study",
            got="other",
            tolerance="equal",
        )
        for name in differing
    ]
    for notebook in (n for n in done if n.name in theirs):
        comparison = NotebookComparison(
            file=f"notebooks/{notebook.stem}.ipynb",
            same_code=same_code,
            same_environment=same,
            paths=_paths(notebook, manifest, again.given[notebook.name]),
        )
        pair = theirs[notebook.name], again.executed[notebook.name]
        drifts += guarded(comparison.file, partial(comparison.compare, *pair))
        notes += comparison.notes
    content = PackContent(
        run_id=manifest.run_id,
        study_file=plan.study.path,
        title=plan.study.study.title or plan.study.study.name,
        provenance=provenance,
        code_sha256=again.code,
        notebooks=plan.notebooks,
        endings=again.endings,
        parameters=manifest.parameters,
        ledger_position=manifest.ledger_position,
        reach=plan.reach,
        governance=manifest.governance,
    )
    derived, said = check_derived(folder, content, results, same=same)
    return drifts + derived, notes + said


def _run_id(manifest: Manifest, plan: Plan, again: _Again) -> list[Drift]:
    """The run id names data, parameters, code and environment, so equal ones have an equal id."""
    names = [n.name for n in plan.notebooks]
    now = identify_run(
        Provenance(**again.provenance),
        names,
        portable_parameters(plan, plan.study.folder),
        again.code,
        plan.reach.role,
    )
    if now == manifest.run_id:
        return []
    return [Drift(where=MANIFEST, name="run_id", expected=manifest.run_id, got=now, tolerance="equal")]


def _paths(notebook: Notebook, manifest: Manifest, given: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Paths a notebook was given: (by the run, by the re-execution); the manifest's start at the pack."""
    parameters = {"study": manifest.study, **manifest.parameters.get(notebook.name, {})}
    return [
        (posixpath.normpath(posixpath.join("..", str(value))), given[name])
        for name, value in parameters.items()
        if notebook.meta.parameters[name].type == "path"
    ]


def _plan(folder: Path, manifest: Manifest, study: Study, notebooks_dir: Path | None) -> Plan:
    known = {n.name: n for n in find_notebooks(notebooks_dir)}
    lost = [e.name for e in manifest.notebooks if e.name not in known]
    if lost:
        raise RunError(
            "A notebook of the pack no longer exists.", where=MANIFEST, got=visible(", ".join(lost))
        )
    chosen = tuple(known[e.name] for e in manifest.notebooks)
    return Plan(
        study=study,
        notebooks=chosen,
        missing={n.name: lack_of(n, study) for n in chosen},
        parameters={n.name: parameters_of(n, manifest, folder) for n in chosen},
        reach=study.roles.reach(manifest.role),
        ledger_position=manifest.ledger_position,
    )


def _states(manifest: Manifest, endings: Mapping[str, Ending]) -> list[Drift]:
    """Notebooks that ended otherwise than they did then."""
    return [
        Drift(where=e.name, name="state", expected=e.state, got=now, tolerance="equal")
        for e in manifest.notebooks
        if e.state != (now := endings[e.name].state)
    ]


def _count_numbers(content: Any) -> int:
    if isinstance(content, dict):
        return sum(_count_numbers(v) for v in content.values())
    if isinstance(content, list):
        return sum(_count_numbers(v) for v in content)
    return int(isinstance(content, (int, float)) and not isinstance(content, bool))
