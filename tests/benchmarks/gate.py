"""What the gate adds to the CPU time of a pack: `python -m tests.benchmarks.gate`.

A pack of the default study is run and its CPU time taken, children and all. The same answers are then made
once more in this process and put through the gate, with nothing published and with everything published; they
must be those of the pack.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from wellperf_models.evidence import Evidence
    from wellperf_models.study import Study

ROOT = Path(__file__).resolve().parents[2]
REPEATS = 5
# of a pack's CPU time: issue 4
MOST = 0.05


def answers_of(study_file: Path) -> list[Evidence]:
    """What the notebooks put through the gate: their code runs in this process, the gate notes what comes."""
    import wellperf_models as wp

    found: list[Evidence] = []
    plain = wp.release

    def note(evidence: Evidence, study: Study) -> object:
        found.append(evidence)
        return plain(evidence, study)

    with patch.object(wp, "release", note):
        for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
            cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
            if not any("release(" in text for text in code):
                continue
            names: dict[str, Any] = {}
            for cell, text in zip((c for c in cells if c["cell_type"] == "code"), code, strict=True):
                exec(text, names)
                if "parameters" in cell["metadata"].get("tags", []):
                    names["study"] = str(study_file)
    return found


def run_pack(study_file: Path, pack: Path) -> float:
    """Runs the study in a process of its own; its CPU seconds with all its workers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "wellperf_models.cli", "run", str(study_file), "--out", str(pack)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


@contextmanager
def a_run(folder: Path) -> Iterator[Path]:
    """The private folder of a run, to which `release` notes what it shows."""
    from wellperf_models.disclosure import CLAIMS_VARIABLE

    claims = folder / "claims"
    claims.mkdir()
    with patch.dict("os.environ", {CLAIMS_VARIABLE: str(claims)}):
        yield claims
    shutil.rmtree(claims)


def seconds(action: Callable[[], object]) -> float:
    """CPU seconds of this process; the least of a few times."""
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return min(taken)


def main(study_file: str = "data_synthetic/study.toml") -> None:
    """Prints the ratio; stops where the gate's answers are not those of the pack."""
    import wellperf_models as wp
    from wellperf_models.disclosure import ledger_path
    from wellperf_models.disclosure.ledger import publish_claims

    with tempfile.TemporaryDirectory() as name:
        folder, pack = Path(name) / "study", Path(name) / "pack"
        shutil.copytree((ROOT / study_file).parent, folder)
        whole = run_pack(folder / Path(study_file).name, pack)
        # what the run published is forgotten, so that the first release here is a first one too
        ledger_path(wp.load_study(folder / Path(study_file).name)).unlink(missing_ok=True)
        study = wp.load_study(folder / Path(study_file).name)
        evidences = answers_of(folder / Path(study_file).name)

        def gate() -> list[dict[str, Any]]:
            return [wp.release(e, study).to_dict() for e in evidences]

        with a_run(folder) as claims:
            compare(gate(), pack)
            start = time.process_time()
            publish_claims(study, claims, "first", evidences[0].provenance.data_hmac)
            published = time.process_time() - start
        compare(gate(), pack)
        taken = seconds(gate)
    print(f"{'the pack':<40}{whole:>8.2f} s CPU")
    print(f"{'its answers through the gate':<40}{taken:>8.3f} s CPU, everything published before")
    print(f"{'publishing to the ledger':<40}{published:>8.3f} s CPU")
    share = (taken + published) / whole
    print(f"{'share of the gate':<40}{100 * share:>8.2f} % (at most {100 * MOST:.0f} %)")
    if share > MOST:
        raise SystemExit("the gate costs more than it may")


def compare(answers: list[dict[str, Any]], pack: Path) -> None:
    """Stops where the exact numbers of the answers are not those of the pack."""
    found = json.loads((pack / "results.json").read_text(encoding="utf-8"))["evidence"]
    known = {e["id"]: e for e in found}
    assert known.keys() == {a["id"] for a in answers}
    for answer in answers:
        theirs = known[answer["id"]]
        same = [_rows(answer) == _rows(theirs), len(answer["suppressed"]) == len(theirs["suppressed"])]
        if not all(same):
            raise SystemExit(f"{answer['id']}: the gate here and in the pack do not give the same answer")


def _rows(answer: dict[str, Any]) -> list[list[Any]]:
    """Rows of the tables whose numbers are not drawn by lot."""
    exact = [t for t in answer["tables"] if t["computation"] != "sampled"]
    return [[t["name"], *r["key"], *r["values"]] for t in exact for r in t["rows"]]


if __name__ == "__main__":
    main(*sys.argv[1:])
