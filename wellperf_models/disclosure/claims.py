"""What a release claims, and about whom: noted privately during a run, judged once at publish."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wellperf_models.disclosure.cohorts import Cohorts
from wellperf_models.study import Study

# set by a run to a private folder outside the pack; absent in JupyterLab, where release is a draft
CLAIMS_VARIABLE = "WELLPERF_CLAIMS_DIR"
_COHORTS = "cohorts"
# the folder goes with the run: its sets need no secret name
_NO_KEY = b""

Value = float | int | str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Claim:
    """One cell about to be released.

    Attributes:
        definition: Which cell: evidence, part, name, key.
        subject: Which statistic: the definition without the key of the row. Only cells of one subject can be
            subtracted from each other.
        n_people: Exact people behind it; never leaves the ledger.
        people, events: Who they are, and who of them had the event; empty where nobody is known by name.
        period: The time it is about; "": everything up to the study's day. Cells of different periods are
            never compared.
        stable: The same person has the same pseudonym in every extract.
        values: As released, rounded; floats, integers, texts or None.
    """

    definition: str
    subject: str
    n_people: int
    people: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    period: str = ""
    stable: bool = True
    values: tuple[Value, ...] = ()

    @property
    def digest(self) -> str:
        """Hash of the released values: the same digest teaches a reader nothing new."""
        return digest_of(self.values)

    @property
    def named(self) -> bool:
        """Whether it names exactly the people behind it; otherwise only their number can be compared."""
        return bool(self.people) and len(self.people) == self.n_people

    def __repr__(self) -> str:
        return f"Claim({self.definition!r}; not released)"


def digest_of(values: Iterable[Value]) -> str:
    """Hash of released values (floats to ten digits)."""
    text = json.dumps([f"{v:.10g}" if isinstance(v, float) else v for v in values])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def record_claims(study: Study, claims: Iterable[Claim]) -> None:
    """Notes claims in the private folder of the run, if there is a run."""
    folder = os.environ.get(CLAIMS_VARIABLE)
    if not folder or study.study.public_microdata:
        return
    cohorts = Cohorts(Path(folder) / _COHORTS, _NO_KEY)
    items = [
        {
            "definition": c.definition,
            "subject": c.subject,
            "n_people": c.n_people,
            "people": cohorts.put(c.people),
            "events": cohorts.put(c.events),
            "period": c.period,
            "stable": c.stable,
            "values": list(c.values),
        }
        for c in claims
    ]
    content = json.dumps(items, sort_keys=True)
    name = hashlib.sha256(content.encode()).hexdigest()[:24]
    path = Path(folder) / f"{name}.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)


def read_claims(folder: Path) -> list[Claim]:
    """Every claim noted in a folder: answers by name, the claims of each in the order they were judged."""
    cohorts = Cohorts(folder / _COHORTS, _NO_KEY)
    notes = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return [
        Claim(
            **{
                **item,
                "people": cohorts.get(item["people"]),
                "events": cohorts.get(item["events"]),
                "values": tuple(item["values"]),
            }
        )
        for items in sorted((n for n in notes if n), key=lambda n: str(n[0]["definition"]))
        for item in items
    ]
