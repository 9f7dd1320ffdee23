"""The model card of a pack: what the model is, for what and for whom, how good, and what it does not show.

After Mitchell et al. 2019 (Model Cards for Model Reporting, FAT* 220), made from released answers and the
declarations of the study file: it holds nothing that is not in the pack already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from wellperf_models.report.page import PackInfo, Page, take_apart

CARD_SCHEMA: Final = "wellperf.model_card/1"
CARD_PAGE: Final = "model_card.html"
CARD_FILE: Final = "model_card.json"
# the notebook whose model it is, and the answers it is made from
_NOTEBOOK = "burnout"
_FORECAST, _GROUPS, _EXPLAINED = "burnout.forecast", "burnout.groups", "burnout.explained"
# of the tables by group those on how good it is: who acts on what is on the page
_BY_GROUP = ("cases", "auc", "calibration")
# answers told in a sentence each
_TOLD: Final = (
    "burnout.candidates",
    "burnout.use",
    "burnout.external",
    "burnout.nonresponse",
    "burnout.reporting",
)
_NO_ANSWER = ("not answered", "not asked", "")
_NEVER: Final = (
    "deciding on, ranking or contacting a single person",
    "diagnosing anybody: a case is a score beyond a cut-off",
    "saying what would change if a predictor were changed",
)
_OVERSIGHT: Final = ("controller", "purpose", "overseer", "contest", "retention", "dpia")
_PROVENANCE: Final = ("study", "as_of", "data_hmac", "synthetic", "public_microdata", "licence", "source")
_SOFTWARE: Final = ("package_version", "lock_sha256", "python", "seed")


def build_card(pages: Sequence[Page], pack: PackInfo) -> dict[str, Any] | None:
    """The card as JSON values.

    Args:
        pages: All notebooks of the pack.
        pack: What every page says.

    Returns:
        None where the pack has no model, or its reader may not see what it foretells.
    """
    page = next((p for p in pages if p.name == _NOTEBOOK and p.notebook is not None), None)
    if page is None or page.notebook is None or pack.one_page:
        return None
    answers = {a.evidence["id"]: a.evidence for a in take_apart(page.notebook).answers if a.evidence}
    forecast = _given(answers, _FORECAST)
    if forecast is None or not forecast["estimates"]:
        return None
    groups, explained = _given(answers, _GROUPS), _given(answers, _EXPLAINED)
    told = [(name, found) for name in _TOLD if (found := _given(answers, name)) is not None]
    shown = [e for e in answers.values() if e["design"] not in _NO_ANSWER]
    return {
        "schema": CARD_SCHEMA,
        "title": pack.title,
        "run_id": pack.run_id,
        "page": page.file,
        "stamp": "synthetic data: not evidence" if pack.provenance["synthetic"] else "",
        "model": {key: forecast[key] for key in ("question", "answer", "estimand", "population", "design")},
        "declared": _declared(answers),
        "not_for": [*_NEVER, *pack.governance.get("prohibited_uses", ())],
        "data": {key: pack.provenance.get(key) for key in _PROVENANCE},
        "software": {key: pack.provenance.get(key) for key in _SOFTWARE},
        "performance": [dict(e) for e in forecast["estimates"]],
        "calibration": _tables(forecast, "calibration"),
        "by_group": [] if groups is None else _tables(groups, _BY_GROUP),
        "coefficients": [] if explained is None else _tables(explained, "model"),
        "also": [{"id": name, "question": e["question"], "answer": e["answer"]} for name, e in told],
        "failed_checks": [c["text"] for e in shown for c in e["checks"] if c["passed"] is False],
        "limits": list(dict.fromkeys(text for e in (forecast, groups) if e for text in e["limits"])),
        "not_shown": [dict(s) for e in (forecast, groups, explained) if e for s in e["suppressed"]],
        "oversight": {key: pack.governance.get(key) for key in _OVERSIGHT},
    }


def _given(answers: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """An answer that says something."""
    found = answers.get(name)
    return None if found is None or found["design"] in _NO_ANSWER else found


def _tables(evidence: Mapping[str, Any], prefix: str | tuple[str, ...]) -> list[dict[str, Any]]:
    return [dict(t) for t in evidence["tables"] if t["name"].startswith(prefix)]


def _declared(answers: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """What the study file says of the model, as the reporting lists have it."""
    found = _given(answers, "burnout.reporting")
    tables = [] if found is None else _tables(found, "declared")
    return [{"what": row["key"][0], "text": row["values"][0]} for table in tables for row in table["rows"]]
