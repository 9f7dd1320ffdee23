"""A run without kernels: what the notebooks would have left is given, everything after it is real."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.report.samples import PROVENANCE, code_cell, notebook, output, released
from tests.runs.conftest import STUDY, write_notebook
from wellperf_models.disclosure.claims import Claim
from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.evidence import Provenance
from wellperf_models.runs import run_study
from wellperf_models.runs.job import Outcome
from wellperf_models.runs.publish import hash_files

NAME = "30_turnover"


def executed(*evidence: dict[str, Any]) -> dict[str, Any]:
    """A notebook as a run leaves it."""
    return notebook(*(code_cell(output({MIME_TYPE: e}), source=f"show({i})") for i, e in enumerate(evidence)))


def fake_runs(
    patch: pytest.MonkeyPatch, base: Path, *evidence: dict[str, Any], claims: Sequence[Claim] = ()
) -> tuple[Path, Path]:
    """A study and a folder of notebooks whose execution gives these answers and claims.

    Returns:
        Study file and folder of notebooks.
    """
    import wellperf_models.runs.execute as execute
    import wellperf_models.runs.verify as verify

    content = json.dumps(executed(*(evidence or (released(),))))

    def execute_plan(plan: Any, folder: Path, work: Path, **_: Any) -> Mapping[str, Outcome]:
        (folder / "notebooks").mkdir()
        (folder / "bundles").mkdir()
        (work / "claims").mkdir(mode=0o700)
        (folder / "notebooks" / f"{NAME}.ipynb").write_text(content)
        with pytest.MonkeyPatch.context() as inside:
            inside.setenv("WELLPERF_CLAIMS_DIR", str(work / "claims"))
            from wellperf_models.disclosure.claims import record_claims

            record_claims(plan.study, claims)
        for n in plan.notebooks:
            execute.write_bundle(folder, n, execute.Ending())
        execute.write_hashes(folder, plan.notebooks)
        return {n.name: Outcome(ok=True) for n in plan.notebooks}

    for module in (execute, verify):
        patch.setattr(module, "check_data", lambda study: ("", Provenance(**PROVENANCE)))
        patch.setattr(module, "execute_plan", execute_plan)
    notebooks, study = base / "notebooks", base / "study" / "study.toml"
    for folder in (notebooks, study.parent):
        folder.mkdir(parents=True, exist_ok=True)
    write_notebook(notebooks, NAME)
    study.write_text(STUDY, encoding="utf-8")
    return study, notebooks


PEOPLE = frozenset(f"p{i}" for i in range(100))
CLAIMS = [
    Claim(definition=name, subject=name, n_people=100, people=PEOPLE, values=(1.5,))
    for name in ("one", "two")
]
EARLIER = [Claim(definition="z", subject="z", n_people=100, people=PEOPLE, values=(2.5,))]


class Place:
    """A study, the place of its pack, and an earlier pack there if wanted."""

    def __init__(self, base: Path, patch: pytest.MonkeyPatch, *, former: bool) -> None:
        self.patch, self.base = patch, base
        self.target = base / "packs" / "pack"
        self.use(released(answer="The former answer."), EARLIER)
        if former:
            self.run()
        self.before, self.ledger_before = self.pack, self.ledger
        self.use(released(), CLAIMS)

    def use(self, answer: dict[str, Any], claims: list[Claim]) -> None:
        self.study, self.notebooks = fake_runs(self.patch, self.base, answer, claims=claims)

    def run(self) -> Any:
        return run_study(self.study, out=self.target, notebooks_dir=self.notebooks)

    @property
    def pack(self) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in self.target.rglob("*") if p.is_file()}

    @property
    def ledger(self) -> list[str]:
        """What has been published, by name; people's sets lie beside it."""
        path = self.study.parent / ".wellperf" / "ledger.jsonl"
        return (
            [json.loads(line)["definition"] for line in path.read_text().splitlines()]
            if path.exists()
            else []
        )

    @property
    def left(self) -> list[str]:
        """What lies around: beside the pack, and beside the ledger."""
        private = self.study.parent / ".wellperf"
        known = {"pack", "ledger.jsonl", "ledger.lock", "ledger.cohorts", "key", ".gitignore"}
        found = [p for folder in (self.target.parent, private) if folder.is_dir() for p in folder.iterdir()]
        return sorted(p.name for p in found if p.name not in known)

    def whole(self) -> bool:
        """Whether the pack is one: every file is there as its manifest says."""
        manifest = json.loads((self.target / "manifest.json").read_bytes())
        return bool(manifest["files"] == hash_files(self.target))


def in_a_child(act: Callable[[], object]) -> int:
    """Runs this in a copy of the process; gives how it ended (0, or minus the signal)."""
    with warnings.catch_warnings():
        # threads of Polars are not used by what runs here
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 70
        try:
            act()
            code = 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
