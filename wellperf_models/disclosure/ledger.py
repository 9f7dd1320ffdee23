"""The memory of everything a study has published, against differencing between packs.

First form: two releases of the same cell as of the same day may not differ by fewer people than the
minimum group size. Cohorts frozen between quarters, batches and corrections come with the full gate.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from wellperf_models.disclosure.claims import Claim, read_claims
from wellperf_models.disclosure.rules import Rules
from wellperf_models.errors import DisclosureError
from wellperf_models.study import Study


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One published cell: whose, as of when, by which run, from which data, and the claim itself."""

    study: str
    as_of: str
    run_id: str
    data: str
    definition: str
    n_people: int
    digest: str


def ledger_path(study: Study) -> Path:
    """Where the study's ledger is.

    Raises:
        DisclosureError: It would lie outside the study's folder.
    """
    path = (study.folder / study.disclosure.ledger).resolve()
    if not path.is_relative_to(study.folder.resolve()):
        raise DisclosureError(
            "The ledger must stay with the study.",
            where="disclosure.ledger",
            expected="a path below the folder of the study file",
        )
    return path


def read_ledger(study: Study) -> tuple[Entry, ...]:
    """Everything published so far; empty where nothing was.

    Raises:
        DisclosureError: The ledger exists and can't be read: nothing may be published then.
    """
    path = ledger_path(study)
    if not path.exists():
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(Entry(**json.loads(line)) for line in lines if line)
    except (OSError, ValueError, TypeError) as error:
        raise DisclosureError(
            "The ledger can't be read, so nothing can be published.",
            where=str(path),
            got=type(error).__name__,
            remedy="restore it from a backup; deleting it forgets what readers already know",
        ) from None


def find_conflicts(study: Study, entries: Sequence[Entry], new: Sequence[Entry]) -> list[str]:
    """Names every pair of cells whose difference would be about fewer people than the minimum.

    Args:
        study: Whose rules apply.
        entries: Published before.
        new: About to be published.

    Returns:
        One sentence a conflict; empty where there is none.
    """
    minimum = Rules.of(study).min_group_size
    known: dict[tuple[str, str, str], list[Entry]] = {}
    conflicts = []
    for entry in (*entries, *new):
        key = (entry.study, entry.as_of, entry.definition)
        for earlier in known.get(key, []):
            same_values = earlier.digest == entry.digest
            # the same people of the same data are a recomputation; other people of them are not
            if same_values or (earlier.data == entry.data and earlier.n_people == entry.n_people):
                continue
            if abs(earlier.n_people - entry.n_people) < minimum:
                conflicts.append(
                    f"{entry.definition} as of {entry.as_of}: run {entry.run_id} and run {earlier.run_id} "
                    f"rest on other people but differ by fewer than {minimum} people"
                )
                break
        known.setdefault(key, []).append(entry)
    return conflicts


def publish_claims(study: Study, claims_dir: Path, run_id: str, data_hmac: str) -> int:
    """Checks the union of all claims of a run once and appends them atomically.

    Args:
        study: The study of the run.
        claims_dir: Private folder the run's releases wrote to.
        run_id: Of the pack.
        data_hmac: Keyed hash of the data the run read.

    Returns:
        How many cells were new to the ledger.

    Raises:
        DisclosureError: A conflict; both cells are named and nothing is written.
    """
    if study.study.public_microdata:
        return 0
    new = [_entry(study, claim, run_id, data_hmac) for claim in read_claims(claims_dir)]
    path = ledger_path(study)
    with _locked(path):
        entries = read_ledger(study)
        conflicts = find_conflicts(study, entries, new)
        if conflicts:
            raise DisclosureError(
                "Publishing this would let a reader subtract one pack from another.",
                where=str(path.name),
                got="\n    "
                + "\n    ".join(conflicts[:10])
                + (f"\n    and {n} more" if (n := len(conflicts) - 10) > 0 else ""),
                remedy="publish again as of a new day, when enough people have come or gone"
                + (
                    "; this study is synthetic: delete its ledger if the data were regenerated"
                    if study.study.synthetic
                    else ""
                ),
            )
        seen = {(e.study, e.as_of, e.definition, e.n_people, e.digest) for e in entries}
        added = [e for e in new if (e.study, e.as_of, e.definition, e.n_people, e.digest) not in seen]
        if added:
            _replace(path, [*entries, *added])
    return len(added)


def _entry(study: Study, claim: Claim, run_id: str, data: str) -> Entry:
    return Entry(
        study=study.study.name, as_of=study.study.as_of.isoformat(), run_id=run_id, data=data, **asdict(claim)
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One publisher at a time."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, entries: Sequence[Entry]) -> None:
    """Writes a new ledger beside the old one and moves it over: killed at any point, one stands."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".ledger-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(e), sort_keys=True) + "\n" for e in entries)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
