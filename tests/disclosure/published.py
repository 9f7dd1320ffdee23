"""Claims made by hand, and what a study has published of them."""

import datetime as dt
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.disclosure.builders import study as study_of
from wellperf_models.disclosure.claims import CLAIMS_VARIABLE, Claim, record_claims
from wellperf_models.disclosure.history import History, Verdict
from wellperf_models.disclosure.ledger import publish_claims
from wellperf_models.study import Study


def people(first: int, last: int) -> frozenset[str]:
    """People by number, the last one not among them."""
    return frozenset(f"p{i:05}" for i in range(first, last))


def claim(
    key: str,
    who: Iterable[str],
    *,
    events: Iterable[str] = (),
    values: Sequence[Any] | None = None,
    subject: str = "turnover.description/table/exits_by_group",
    **more: Any,
) -> Claim:
    """A row of a table; its values follow from its people and events, rounded, unless they are given."""
    who, events = frozenset(who), frozenset(events)
    made = (5 * round(len(who) / 5), len(events)) if values is None else tuple(values)
    plain: dict[str, Any] = {"n_people": len(who), "people": who, "events": events, "values": made}
    return Claim(definition=f"{subject}/{key}", subject=subject, **{**plain, **more})


def as_of(folder: Path, day: str, **more: Any) -> Study:
    """The study of a folder as of a day."""
    study = study_of(folder, **more)
    general = study.study.model_copy(update={"as_of": dt.date.fromisoformat(day)})
    dated = study.model_copy(update={"study": general})
    dated._path = study.path
    return dated


@contextmanager
def a_run(folder: Path) -> Iterator[Path]:
    """The private folder of a run, for claims."""
    claims = Path(tempfile.mkdtemp(prefix="claims-", dir=folder))
    former = os.environ.get(CLAIMS_VARIABLE)
    os.environ[CLAIMS_VARIABLE] = str(claims)
    try:
        yield claims
    finally:
        if former is None:
            del os.environ[CLAIMS_VARIABLE]
        else:
            os.environ[CLAIMS_VARIABLE] = former


def publish(study: Study, claims: Sequence[Claim], *, run: str = "", data: str = "") -> int:
    """Publishes claims as a run would that did not ask before."""
    day = study.study.as_of.isoformat()
    with a_run(study.folder) as folder:
        record_claims(study, claims)
        return publish_claims(study, folder, run or f"of-{day}", data or f"data-{day}")


def go(study: Study, claims: Sequence[Claim], *, data: str = "") -> list[Verdict]:
    """Judges claims and publishes those that are fresh, as a run does."""
    day = study.study.as_of.isoformat()
    verdicts = History.of(study).judge(claims, data=data or f"data-{day}")
    fresh = [c for c, v in zip(claims, verdicts, strict=True) if v.state == "fresh"]
    publish(study, fresh, data=data)
    return verdicts


def states(verdicts: Iterable[Verdict]) -> list[str]:
    return [v.state for v in verdicts]
