"""The ledger on disk: one line a published cell, the sets of people beside it; private to its owner.

Lines of the first schema (no `schema` in them) hold a number of people and a digest, nothing else; they are
still read, and compared by number. An unknown schema is refused: what it says could be what forbids a cell.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from wellperf_models.disclosure.claims import Value, digest_of
from wellperf_models.disclosure.cohorts import Cohorts, write_atomically
from wellperf_models.errors import DisclosureError
from wellperf_models.study import Study

SCHEMA: Final = 2
# how many entries a run sees, set for its notebooks, and by `verify`; absent: all
ENTRIES_VARIABLE: Final = "WELLPERF_LEDGER_ENTRIES"
_UNFINISHED = ".ledger-"


@dataclass(frozen=True, kw_only=True, repr=False)
class Entry:
    """One published cell: whose, as of when, by which run, from which data, and the claim itself.

    Attributes:
        study, as_of, run_id: Who published it.
        data: Keyed hash of the data of the run.
        definition, subject, period, n_people, stable: As in `Claim`; `subject` is "" in the first schema.
        digest: Of the released values.
        people, events: References of the sets in the cohorts of the ledger; "" for nobody.
        key: Which key the pseudonyms were made with (`key_of`); "" where nobody is named.
        values: As released; None in the first schema.
    """

    study: str
    as_of: str
    run_id: str
    data: str
    definition: str
    n_people: int
    digest: str
    subject: str = ""
    period: str = ""
    stable: bool = False
    people: str = ""
    events: str = ""
    key: str = ""
    values: tuple[Value, ...] | None = None

    @property
    def named(self) -> bool:
        """Whether the ledger knows who is behind it."""
        return bool(self.people)

    def __repr__(self) -> str:
        return f"Entry({self.definition!r} as of {self.as_of}; not released)"


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


def cohorts_of(study: Study) -> Cohorts:
    """The sets of people the study's ledger refers to.

    Raises:
        StudyError: The study's key can't be used.
    """
    return Cohorts(ledger_path(study).with_suffix(".cohorts"), _key(study))


def key_of(study: Study) -> str:
    """A name of the study's key, from which it can't be had: people under two keys can't be compared.

    Raises:
        StudyError: The study's key can't be used.
    """
    return hmac.new(_key(study), b"wellperf ledger", hashlib.sha256).hexdigest()[:16]


def _key(study: Study) -> bytes:
    # the tables' module: not loaded where a ledger names nobody
    from wellperf_models.tables.key import study_key

    return study_key(study)


def read_ledger(study: Study) -> tuple[Entry, ...]:
    """Everything published so far; empty where nothing was.

    Raises:
        DisclosureError: The ledger exists and can't be read, or a later version wrote it: nothing may be
            published then.
    """
    path = ledger_path(study)
    if not path.exists():
        _refuse_another(study, path)
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(_read_line(json.loads(line)) for line in lines if line)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DisclosureError(
            "The ledger can't be read, so nothing can be published.",
            where=str(path),
            got=type(error).__name__,
            remedy="restore it from a backup; deleting it forgets what readers already know",
        ) from None


def _refuse_another(study: Study, path: Path) -> None:
    """A new ledger beside an old one would forget what readers know."""
    others = sorted(p.name for p in (study.folder / ".wellperf").glob("*.jsonl") if p.resolve() != path)
    if others:
        raise DisclosureError(
            "There is another ledger already, so nothing can be published to a new one.",
            where="disclosure.ledger",
            expected=f"the one that is there: .wellperf/{printable(others[0])}",
            got=printable(path.name),
            remedy="name it in the study file; studies of one folder share a ledger",
        )


def ledger_position(study: Study) -> int:
    """How many entries the ledger has: what a run notes in its manifest, and sees until its end.

    Raises:
        DisclosureError: The ledger can't be read.
    """
    return 0 if study.study.public_microdata else len(read_ledger(study))


def visible_entries(study: Study) -> tuple[Entry, ...]:
    """The ledger as it stood when the run began; all of it outside a run.

    Raises:
        DisclosureError: The ledger can't be read, or the variable a run sets holds no number.
    """
    position = os.environ.get(ENTRIES_VARIABLE)
    if position is not None and not (position.isascii() and position.isdigit()):
        raise DisclosureError(
            "The position in the ledger is no number.", where=ENTRIES_VARIABLE, remedy="unset it"
        )
    entries = read_ledger(study)
    return entries if position is None else entries[: int(position)]


def printable(text: str) -> str:
    """Names come from data: nothing in them may move a terminal's cursor or turn its text around."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def append(study: Study, entries: Sequence[Entry], added: Sequence[Entry]) -> None:
    """Writes a new ledger beside the old one and moves it over: killed at any point, one stands.

    Args:
        study: Whose ledger.
        entries: What it holds; lines of the first schema are kept as they are.
        added: What comes to it.
    """
    write_atomically(ledger_path(study), text_of((*entries, *added)).encode(), unfinished=_UNFINISHED)


def text_of(entries: Sequence[Entry]) -> str:
    """The ledger with these entries, as its file holds them."""
    return "".join(json.dumps(_line(e), sort_keys=True) + "\n" for e in entries)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One publisher at a time; what a killed one left unfinished goes."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for orphan in path.parent.glob(f"{_UNFINISHED}*"):
            orphan.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)


def _line(entry: Entry) -> dict[str, Any]:
    content = asdict(entry)
    if entry.values is None:
        new = ("subject", "period", "stable", "people", "events", "key", "values")
        return {k: v for k, v in content.items() if k not in new}
    return {"schema": SCHEMA, **content, "values": list(entry.values)}


def _read_line(content: Mapping[str, Any]) -> Entry:
    schema = content.get("schema", 1)
    if schema not in (1, SCHEMA):
        raise DisclosureError(
            "A later version wrote the ledger, so nothing can be published with this one.",
            expected=f"schema {SCHEMA}",
            got=repr(schema),
            remedy="use the version that wrote it",
        )
    plain = {k: v for k, v in content.items() if k != "schema"}
    if schema == 1:
        return Entry(**plain)
    entry = Entry(**{**plain, "values": tuple(plain["values"])})
    if not entry.subject or digest_of(entry.values or ()) != entry.digest:
        raise ValueError("a line of the ledger is not as it was written")
    return entry
