"""`run_study`: a study file in, an evidence pack out, or nothing at all."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from wellperf_models.disclosure.entries import ledger_position
from wellperf_models.disclosure.pending import publish_together, recover_ledger
from wellperf_models.errors import RunError
from wellperf_models.report.governance import governance_facts
from wellperf_models.runs.bundles import write_bundle, write_hashes
from wellperf_models.runs.ending import Ending, Lack, lack_of
from wellperf_models.runs.folders import (
    Staging,
    forget_failures,
    private_folder,
    require_free,
    staging_folder,
)
from wellperf_models.runs.identity import code_sha256, identify_run
from wellperf_models.runs.inside import hash_inside, sync_files
from wellperf_models.runs.job import Job, Outcome
from wellperf_models.runs.notebooks import Notebook, find_notebooks
from wellperf_models.runs.parameters import Value, resolve_parameters
from wellperf_models.runs.publish import MANIFEST, PackContent, write_pack
from wellperf_models.runs.role import notebooks_for
from wellperf_models.runs.workers import run_jobs, worker_environment
from wellperf_models.study import Reach, Study, load_study

if TYPE_CHECKING:
    from wellperf_models.evidence import Provenance


class NotebookFailed(RunError):
    """A notebook did not run to its end; nothing was published."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a run ended.

    Attributes:
        ok: False where the data break a rule, and nothing was run.
        pack: Folder of the pack; None where there is none.
        run_id: Of the pack.
        notebooks: Name → "done" or "not run: needs …".
        withheld: Outputs that passed no gate and were not kept, as sentences.
        report: What `check_study` found, where the data break a rule.
    """

    ok: bool
    pack: Path | None = None
    run_id: str = ""
    notebooks: Mapping[str, str] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    report: str = ""

    def __str__(self) -> str:
        if not self.ok:
            return f"{self.report}\n\nnothing was run: mend the data or the study file first"
        lines = [f"{name}: {state}" for name, state in self.notebooks.items()]
        lines += [f"note: {text}" for text in self.withheld]
        return "\n".join([*lines, f"wrote {self.pack}{os.sep}index.html (run {self.run_id})"])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be executed.

    Attributes:
        study: The study.
        notebooks: Those chosen, in pack order.
        missing: Notebook name → what it needs and the study lacks.
        parameters: Notebook name → values beyond the defaults; paths are absolute.
        reach: Who reads what comes out.
        ledger_position: How many entries of the ledger count: those there were when the run began.
    """

    study: Study
    notebooks: tuple[Notebook, ...]
    missing: Mapping[str, Lack]
    parameters: Mapping[str, Mapping[str, Value]]
    reach: Reach
    ledger_position: int = 0


def run_study(
    study_path: str | Path,
    *,
    only: Sequence[str] = (),
    role: str = "researcher",
    out: str | Path | None = None,
    parameters: Mapping[str, Value] | None = None,
    progress: bool | None = None,
    notebooks_dir: Path | None = None,
) -> RunResult:
    """Checks a study, executes its notebooks in parallel processes and publishes one pack.

    Args:
        study_path: Study file or its folder.
        only: Notebooks to run, with what they need; all where empty.
        role: Who the pack is made for: researcher, committee or manager. What each may see is in the study
            file.
        out: The pack's folder; `reports/<study>/<run id>` below the current folder where left out. A former
            pack there is replaced in one step.
        parameters: Notebook parameters, each for every notebook that declares it; texts are parsed.
        progress: Show a progress bar; None: where standard error is a terminal.
        notebooks_dir: Other notebooks than the workbench's own.

    Returns:
        The result; `ok` is False where the data break a rule, and then nothing was run.

    Raises:
        StudyError, RunError: Before anything is executed, for a wrong study file, name or parameter, or a
            target that is not a pack.
        NotebookFailed: A cell failed; it is named, the partial notebook is kept beside the target.
        DisclosureError: Publishing would let a reader subtract one pack from another.
    """
    study = load_study(study_path)
    every = find_notebooks(notebooks_dir)
    reach = study.roles.reach(role)
    chosen = notebooks_for(every, only, reach)
    # a log that can't be read is a fault of the study, said before an hour of computing
    governance = governance_facts(study, reach)
    plan = Plan(
        study=study,
        notebooks=chosen,
        missing={n.name: lack_of(n, study) for n in chosen},
        parameters=resolve_parameters(
            chosen,
            study_values=study.notebooks,
            given=parameters or {},
            study_folder=study.folder,
            every_notebook=every,
        ),
        reach=reach,
    )
    if out is not None:
        require_free(Path(out))
    recover_ledger(study)
    plan = dataclasses.replace(plan, ledger_position=ledger_position(study))
    checked, provenance = check_data(study)
    if provenance is None:
        return RunResult(ok=False, report=checked)
    code = code_sha256(plan.notebooks)
    run_id = identify_run(
        provenance, [n.name for n in chosen], portable_parameters(plan, study.folder), code, reach.role
    )
    target = Path(out) if out is not None else Path("reports") / study.study.name / run_id
    require_free(target)
    with end_cleanly(), private_folder() as work, staging_folder(target) as staging:
        folder = staging.folder
        outcomes = execute_plan(plan, folder, work, progress=progress)
        if failed := {n: o for n, o in outcomes.items() if not o.ok}:
            raise _failure(plan, failed, staging.keep_partial())
        content = PackContent(
            run_id=run_id,
            study_file=study.path,
            title=study.study.title or study.study.name,
            provenance=dataclasses.asdict(provenance),
            code_sha256=code,
            notebooks=plan.notebooks,
            endings=endings_of(plan, outcomes),
            parameters=portable_parameters(plan, folder),
            ledger_position=plan.ledger_position,
            reach=reach,
            governance=governance,
        )
        write_pack(folder, content)
        _publish(study, staging, work / "claims", run_id, provenance.data_hmac)
    return RunResult(
        ok=True,
        pack=target,
        run_id=run_id,
        notebooks={n.name: content.endings[n.name].note or "done" for n in chosen},
        withheld=tuple(f"{name}, {text}" for name, o in outcomes.items() for text in o.withheld),
    )


def check_data(study: Study) -> tuple[str, Provenance | None]:
    """The report on a study's data, and their provenance; None where they break a rule."""
    # polars is not needed to say that a parameter is misspelt
    from wellperf_models.tables import check_study, load_tables
    from wellperf_models.tables.provenance import build_provenance

    report = check_study(study)
    if not report.ok:
        return str(report), None
    return str(report), build_provenance(load_tables(study))


def execute_plan(plan: Plan, folder: Path, work: Path, *, progress: bool | None = None) -> dict[str, Outcome]:
    """Executes the notebooks of a plan into `folder/notebooks`, their answers into `folder/bundles`.

    Args:
        plan: What to execute.
        folder: The pack in the making.
        work: Private folder: claims, kernel files, logs.
        progress: As in `run_study`.

    Returns:
        Outcome of every notebook that was started.
    """
    cwd = folder / "notebooks"
    cwd.mkdir()
    (folder / "bundles").mkdir()
    for notebook in plan.notebooks:
        if plan.missing[notebook.name]:
            write_bundle(folder, notebook, Ending(lack=plan.missing[notebook.name]))
    write_hashes(folder, plan.notebooks)
    (work / "claims").mkdir(mode=0o700)
    jobs = {n.name: _job(n, plan, folder, work) for n in plan.notebooks if not plan.missing[n.name]}
    by_name = {n.name: n for n in plan.notebooks}
    with _progress_bar(len(jobs), progress) as tick:

        def done(name: str, outcome: Outcome) -> None:
            if outcome.ok:
                write_bundle(folder, by_name[name], Ending(stopped=outcome.stopped))
                write_hashes(folder, plan.notebooks)
            tick(name)

        return run_jobs(
            jobs,
            {n.name: n.meta.needs for n in plan.notebooks},
            environment=worker_environment(work / "claims", plan.reach.role, plan.ledger_position),
            work=work,
            done=done,
        )


def endings_of(plan: Plan, outcomes: Mapping[str, Outcome]) -> dict[str, Ending]:
    """How each notebook of a plan ended, by name."""
    return {
        n.name: Ending(
            lack=plan.missing[n.name], stopped=outcomes[n.name].stopped if n.name in outcomes else ""
        )
        for n in plan.notebooks
    }


def portable_parameters(plan: Plan, base: Path) -> dict[str, dict[str, Value]]:
    """Parameters with paths relative to a folder, so that they hold on another machine."""
    return {
        n.name: {
            name: relative(Path(str(value)), base) if n.meta.parameters[name].type == "path" else value
            for name, value in plan.parameters[n.name].items()
        }
        for n in plan.notebooks
        if plan.parameters[n.name]
    }


def relative(path: Path, base: Path) -> str:
    """A path from a folder, with forward slashes; absolute where there is none (another drive)."""
    try:
        return Path(os.path.relpath(path.resolve(), base.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def given_values(notebook: Notebook, plan: Plan, cwd: Path) -> dict[str, Any]:
    """What a notebook is given by a run, its paths relative to where it is executed."""
    declared = notebook.meta.parameters
    values: dict[str, Any] = {"study": relative(plan.study.path, cwd)}
    if "bundles" in declared:
        values["bundles"] = "../bundles"
    for name, value in plan.parameters[notebook.name].items():
        values[name] = relative(Path(str(value)), cwd) if declared[name].type == "path" else value
    return values


def _job(notebook: Notebook, plan: Plan, folder: Path, work: Path) -> Job:
    cwd = folder / "notebooks"
    own = work / notebook.number
    own.mkdir()
    package = Path(__file__).resolve().parents[1]
    hidden = [(d, "<data>") for d in plan.study.data_dirs()]
    hidden += [
        (plan.study.folder, "<study>"),
        (folder.resolve(), "<pack>"),
        (work.resolve(), "<work>"),
        (package, "<wellperf>"),
        (Path(sys.prefix), "<python>"),
        (Path(sys.base_prefix), "<python>"),
        (Path.cwd(), "<current folder>"),
        (Path.home(), "<home>"),
    ]
    return Job(
        notebook=str(notebook.path.resolve()),
        parameters=given_values(notebook, plan, cwd),
        cwd=str(cwd),
        output=str(cwd / f"{notebook.stem}.ipynb"),
        work=str(own),
        # "/" itself is no secret, and would be replaced everywhere
        hidden_paths=sorted(((str(p), t) for p, t in hidden if len(p.parts) > 1), key=lambda h: -len(h[0])),
    )


def _failure(plan: Plan, failed: Mapping[str, Outcome], kept: Path) -> NotebookFailed:
    files = {n.name: f"{n.stem}.ipynb" for n in plan.notebooks if n.name in failed}
    lines = [
        f"{file}, {f'cell {o.cell}' if (o := failed[name]).cell else 'outside its cells'}: {o.error}"
        for name, file in files.items()
    ]
    return NotebookFailed(
        "A notebook failed, so nothing was published.",
        where=", ".join(files.values()),
        got="\n    ".join(lines),
        remedy=f"the notebooks as far as they came are in {kept}; open the failing one in JupyterLab",
    )


def _publish(study: Study, staging: Staging, claims: Path, run_id: str, data_hmac: str) -> None:
    """The pack comes to its place and its claims into the ledger, both or neither."""
    from wellperf_models.disclosure.ledger import publish_claims

    sync_files(staging.folder)
    if study.study.public_microdata:
        staging.move()
    else:
        together = partial(
            publish_together,
            pack=staging.place,
            manifest_sha256=hash_inside(staging.folder, MANIFEST),
            move=staging.move,
        )
        recover_ledger(study)
        publish_claims(study, claims, run_id, data_hmac, write=together)
    forget_failures(staging.place)


@contextmanager
def end_cleanly() -> Iterator[None]:
    """SIGTERM unwinds like Ctrl-C, so that temporary folders and workers go."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


@contextmanager
def _progress_bar(total: int, wanted: bool | None) -> Iterator[Callable[[str], None]]:
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield lambda name: None
        return
    from tqdm import tqdm

    with tqdm(total=total, desc="notebooks", unit="notebook", file=sys.stderr, leave=False) as bar:

        def tick(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        yield tick
