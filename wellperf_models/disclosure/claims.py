"""What a release claims about how many people: noted privately during a run, judged once at publish."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from wellperf_models.study import Study

# set by a run to a private folder outside the pack; absent in JupyterLab, where release is a draft
CLAIMS_VARIABLE = "WELLPERF_CLAIMS_DIR"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One released cell.

    Attributes:
        definition: Which cell: evidence, part, key.
        n_people: Exact people behind it; never leaves the ledger.
        digest: Hash of the released values: the same digest teaches a reader nothing new.
    """

    definition: str
    n_people: int
    digest: str

    @classmethod
    def of(cls, definition: str, n_people: int, values: Sequence[object]) -> Self:
        """A claim with the digest of its released values (floats to ten digits)."""
        text = json.dumps([f"{v:.10g}" if isinstance(v, float) else v for v in values])
        return cls(
            definition=definition, n_people=n_people, digest=hashlib.sha256(text.encode()).hexdigest()[:16]
        )


def record_claims(study: Study, claims: Iterable[Claim]) -> None:
    """Notes claims in the private folder of the run, if there is a run."""
    folder = os.environ.get(CLAIMS_VARIABLE)
    if not folder or study.study.public_microdata:
        return
    content = json.dumps([asdict(c) for c in claims], sort_keys=True)
    name = hashlib.sha256(content.encode()).hexdigest()[:24]
    path = Path(folder) / f"{name}.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)


def read_claims(folder: Path) -> list[Claim]:
    """Every claim noted in a folder, in a fixed order."""
    found = [
        Claim(**item)
        for path in sorted(folder.glob("*.json"))
        for item in json.loads(path.read_text(encoding="utf-8"))
    ]
    return sorted(found, key=lambda c: (c.definition, c.digest))
