"""A bundle of a run → Released again, for notebooks that compose others' answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from wellperf_models.disclosure.released import _SEAL, Released, Suppressed
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Check, Curve, Estimate, Measure, Provenance, Row, Support, Table

HASHES_FILE = "sha256.json"
# stopped: the data could not answer the rest of its question; what came before stands
State = Literal["done", "not run", "stopped"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Chapter:
    """What one notebook of a run answered.

    Attributes:
        name: Of the notebook, without its number. number: Two digits that order the notebooks.
        title: What a reader sees.
        state: How it ended. note: Why it was not run, or not to its end; empty where it was.
        answers: Released, in the order they were displayed.
    """

    name: str
    number: str
    title: str
    state: State
    note: str
    answers: tuple[Released, ...]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Chapter({self.number}_{self.name}, {self.state}: {len(self.answers)} answers)"


def read(content: Mapping[str, Any]) -> Released:
    """Rebuilds what `Released.to_dict()` wrote.

    Args:
        content: The dictionary.

    Raises:
        DisclosureError: It is not one.
    """
    try:
        return Released(
            **{k: content[k] for k in ("id", "question", "answer", "estimand", "population", "design")},
            estimates=tuple(_estimate(e) for e in content["estimates"]),
            tables=tuple(_table(t) for t in content["tables"]),
            curves=tuple(_curve(c) for c in content["curves"]),
            checks=tuple(Check(**c) for c in content["checks"]),
            assumptions=tuple(content["assumptions"]),
            limits=tuple(content["limits"]),
            suppressed=tuple(Suppressed(**s) for s in content["suppressed"]),
            held=tuple(Suppressed(**s) for s in content["held"]),
            notes={t["name"]: tuple(t["notes"]) for t in content["tables"]},
            provenance=Provenance(**content["provenance"]),
            seal=_SEAL,
        )
    except (KeyError, TypeError) as error:
        raise DisclosureError(
            "This is not a released answer.", expected="what Released.to_dict() wrote", got=repr(error)
        ) from None


def read_bundles(folder: str | Path) -> dict[str, Chapter]:
    """All released answers of a run, by notebook; one that was not run is there and says why.

    Args:
        folder: `bundles/` of a run or pack; `sha256.json` there holds the hash of each bundle.

    Raises:
        DisclosureError: No such folder, or a bundle that is gone, that has changed, or that another version
            wrote.
    """
    folder = Path(folder)
    hashes_file = folder / HASHES_FILE
    if not hashes_file.is_file():
        raise DisclosureError(
            "There are no bundles to read.",
            where=str(folder),
            remedy="run the other notebooks first (`wellperf run STUDY`), then point `bundles` at that pack",
        )
    hashes = json.loads(hashes_file.read_text(encoding="utf-8"))
    found = {}
    for name, expected in hashes.items():
        content = (folder / name).read_bytes() if (folder / name).is_file() else b""
        if hashlib.sha256(content).hexdigest() != expected:
            raise DisclosureError(
                "A bundle is not what the run wrote.", where=name, remedy="run the study again"
            )
        chapter = _chapter(json.loads(content), name)
        found[chapter.name] = chapter
    return found


def _chapter(bundle: Mapping[str, Any], file: str) -> Chapter:
    try:
        return Chapter(
            name=bundle["notebook"],
            **{k: bundle[k] for k in ("number", "title", "state", "note")},
            answers=tuple(read(item) for item in bundle["evidence"]),
        )
    except (KeyError, TypeError) as error:
        raise DisclosureError(
            "This is not a bundle of this version.", where=file, got=repr(error), remedy="run the study again"
        ) from None


def _estimate(item: Mapping[str, Any]) -> Estimate:
    plain = {k: v for k, v in item.items() if k not in ("n_people", "printed")}
    return Estimate(**plain, support=Support(n_people=item["n_people"]))


def _table(item: Mapping[str, Any]) -> Table:
    # the gate has judged already; rates keep their value, not their counts
    return Table(
        name=item["name"],
        title=item["title"],
        keys=tuple(item["keys"]),
        measures=tuple(Measure(**m) for m in item["measures"]),
        rows=tuple(
            Row(
                key=tuple(r["key"]),
                values=tuple(r["values"]),
                support=Support(n_people=0),
                monte_carlo_errors=tuple(r.get("monte_carlo_errors", ())),
            )
            for r in item["rows"]
        ),
        about_people=item["about_people"],
        computation=item["computation"],
    )


def _curve(item: Mapping[str, Any]) -> Curve:
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}
    plain.pop("n_people")
    return Curve(**plain, support=Support(n_people=item["n_people"]))
