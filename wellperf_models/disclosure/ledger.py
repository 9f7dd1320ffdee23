"""The memory of everything a study has published: judged once more as a whole, and appended, at publish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from wellperf_models.disclosure.claims import Claim, read_claims
from wellperf_models.disclosure.cohorts import Cohorts
from wellperf_models.disclosure.entries import (
    ENTRIES_VARIABLE,
    Entry,
    append,
    cohorts_of,
    key_of,
    ledger_path,
    ledger_position,
    locked,
    printable,
    read_ledger,
    text_of,
)
from wellperf_models.disclosure.history import History
from wellperf_models.disclosure.statistic import Conflict
from wellperf_models.errors import DisclosureError
from wellperf_models.study import Study

__all__ = [
    "ENTRIES_VARIABLE",
    "Entry",
    "ledger_path",
    "ledger_position",
    "publish_claims",
    "read_ledger",
]
_MOST_NAMED = 10


def publish_claims(
    study: Study,
    claims_dir: Path,
    run_id: str,
    data_hmac: str,
    write: Callable[[Path, str], None] | None = None,
) -> int:
    """Checks the union of all claims of a run once, against all that is published now, and appends them.

    Args:
        study: The study of the run.
        claims_dir: Private folder the run's releases wrote to.
        run_id: Of the pack.
        data_hmac: Keyed hash of the data the run read.
        write: Puts (file of the ledger, its new text) in place, called under the lock and once the claims are
            judged, also where nothing is new: a run moves its pack with it (`pending.publish_together`).

    Returns:
        How many cells were new to the ledger: other people, events or values than ever published.

    Raises:
        DisclosureError: A conflict (both cells are named), or the ledger or its people can't be read; nothing
            is appended then.
    """
    if study.study.public_microdata:
        return 0
    claims = read_claims(claims_dir)
    with locked(ledger_path(study)):
        entries = read_ledger(study)
        found = History(study, entries).conflicts(claims, data=data_hmac)
        conflicts = [_sentence(c, conflict) for c, conflict in zip(claims, found, strict=True) if conflict]
        if conflicts:
            raise _refusal(study, run_id, conflicts)
        cohorts, key = cohorts_of(study), key_of(study)
        seen = {_identity(e) for e in entries}
        added = []
        for claim in claims:
            entry = _entry(study, claim, run_id, data_hmac, cohorts, key)
            if _identity(entry) not in seen:
                seen.add(_identity(entry))
                added.append(entry)
        # the people they name are on the disk by now
        if write is not None:
            write(ledger_path(study), text_of((*entries, *added)))
        elif added:
            append(study, entries, added)
    return len(added)


def _entry(study: Study, claim: Claim, run_id: str, data: str, cohorts: Cohorts, key: str) -> Entry:
    # a set that is not exactly who is behind the cell would be compared as if it were
    people = cohorts.put(claim.people) if claim.named else ""
    return Entry(
        study=study.study.name,
        as_of=study.study.as_of.isoformat(),
        run_id=run_id,
        data=data,
        definition=claim.definition,
        subject=claim.subject,
        period=claim.period,
        n_people=claim.n_people,
        stable=claim.stable,
        people=people,
        events=cohorts.put(claim.events) if people else "",
        key=key if people else "",
        digest=claim.digest,
        values=claim.values,
    )


def _identity(entry: Entry) -> tuple[object, ...]:
    """What a reader learns from a cell: two with the same are one."""
    return (
        entry.study,
        entry.definition,
        entry.period,
        entry.n_people,
        entry.people,
        entry.events,
        entry.digest,
        # where nobody is known by name a cell is about its day alone, and numbers of rows about their data
        "" if entry.named and entry.stable else (entry.as_of, entry.data if entry.named else ""),
    )


def _sentence(claim: Claim, conflict: Conflict) -> str:
    if conflict.other is None:
        text = f"{claim.definition}: together with the other cells of {claim.subject}"
    else:
        text = (
            f"{claim.definition}: with {conflict.other.definition} of {conflict.other.source or 'this run'}"
        )
    return printable(text)


def _refusal(study: Study, run_id: str, conflicts: Sequence[str]) -> DisclosureError:
    more = len(conflicts) - _MOST_NAMED
    return DisclosureError(
        "Publishing this would let a reader subtract one pack from another and learn about too few people.",
        where=f"{ledger_path(study).name}, run {run_id}",
        got="\n    "
        + "\n    ".join(conflicts[:_MOST_NAMED])
        + (f"\n    and {more} more" if more > 0 else ""),
        remedy="run again, which takes into account what was published meanwhile; if it stays, two notebooks "
        "release the same statistic about nearly the same people"
        + (
            "; this study is synthetic: delete its ledger if the data were regenerated"
            if study.study.synthetic
            else ""
        ),
    )
