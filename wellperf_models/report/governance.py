"""How a pack may be used: the declarations of the study file, as data for the manifest and the first page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wellperf_models.study import ALWAYS_PROHIBITED, BASIS_WORDS, Governance, Reach, Study, read_overrides

_STATEMENTS = {
    "controller": "Responsible for the data (controller)",
    "purpose": "Purpose",
    "overseer": "Watched over by",
    "contest": "To contest a decision, or a use of your data",
    "retention": "Kept for",
}
_MADE_FOR = {"researcher": "researchers", "committee": "the committee", "manager": "managers"}


def governance_facts(study: Study, reach: Reach) -> dict[str, Any]:
    """What the study declares about its use, as JSON values; what it does not declare is None.

    Args:
        study: The study; its override log is read.
        reach: Who the pack is made for; who may see groups alone is not shown the entries of the log.

    Raises:
        StudyError: The override log can't be read.
    """
    declared = study.governance
    overrides = [o.model_dump(mode="json") for o in read_overrides(study)]
    private = not (study.study.synthetic or study.study.public_microdata)
    return {
        "declared": declared is not None,
        "shown": private or declared is not None or bool(study.countries),
        "min_group_size": study.min_group_size_for(reach.role),
        **{name: getattr(declared, name, None) for name in _STATEMENTS},
        "dpia": declared.dpia.model_dump(mode="json") if declared and declared.dpia else None,
        "prohibited_uses": list(declared.prohibited_uses if declared else ALWAYS_PROHIBITED),
        "legal_basis": {name: _basis(declared, name) for name in study.streams},
        "countries": {
            code: country.model_dump(mode="json") for code, country in sorted(study.countries.items())
        },
        "override_log": bool(declared and declared.overrides),
        "overrides": None if reach.one_page else overrides,
        "remarks": [gap for gap in study.governance_gaps() if not gap.endswith("not declared")],
    }


def compare_governance(pack: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What of a pack's declarations is not what the study says now.

    A log grows: entries that came since are no drift, but one that is gone is.

    Args:
        pack: From the manifest.
        now: From `governance_facts`.

    Returns:
        Names of what differs, and notes.
    """
    now = json.loads(json.dumps(now))
    differing = [k for k in dict.fromkeys((*pack, *now)) if k != "overrides" and pack.get(k) != now.get(k)]
    old, new = pack.get("overrides"), now.get("overrides")
    if not isinstance(old, list) or not isinstance(new, list):
        return [*differing, *(["overrides"] if old != new else [])], []
    if any(old.count(entry) > new.count(entry) for entry in old):
        return [*differing, "overrides"], []
    more = len(new) - len(old)
    return differing, [f"entries in the override log since the pack: {more}"] if more else []


def made_for(role: str) -> str:
    """Who a pack is made for, in words."""
    return _MADE_FOR[role]


def statements(facts: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """(Label, text) of what is said in a line each; None where it is not declared."""
    return [(label, facts[name]) for name, label in _STATEMENTS.items()]


def basis_rows(facts: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """(Tables, their basis in the study and in each country that declares bases): equal ones in one row."""
    by_country = [c["legal_basis"] for c in facts["countries"].values() if c["legal_basis"]]
    rows: dict[tuple[str, ...], list[str]] = {}
    for table, basis in facts["legal_basis"].items():
        bases = (_basis_words(basis), *(_basis_words(own.get(table)) for own in by_country))
        rows.setdefault(bases, []).append(table)
    return [(", ".join(tables), list(bases)) for bases, tables in rows.items()]


def _basis_words(basis: str | None) -> str:
    """A legal basis with its article."""
    return "not declared" if basis is None else BASIS_WORDS[basis]


def _basis(declared: Governance | None, table: str) -> str | None:
    return None if declared is None else declared.legal_basis.get(table)
