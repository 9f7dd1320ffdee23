"""Evidence → Released: the only way to anything displayable."""

from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Mapping
from typing import Any

from wellperf_models.disclosure.claims import Claim, record_claims
from wellperf_models.disclosure.curves import release_curve
from wellperf_models.disclosure.released import _SEAL, Released, Suppressed
from wellperf_models.disclosure.rules import Rules, judge_estimate, judge_model, round_count
from wellperf_models.disclosure.tables import release_table
from wellperf_models.disclosure.wording import print_estimate, print_interval, print_value
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Check, Curve, Estimate, Evidence, Table
from wellperf_models.study import Study

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


def release(evidence: Evidence, study: Study) -> Released:
    """Judges every estimate, table, curve and check by its support, and fills the answer template.

    In JupyterLab this is a draft and writes nothing. During a run it also notes, in a private folder
    outside the pack, what is claimed, for the one ledger check at publish.

    Args:
        evidence: What a pillar found.
        study: Whose disclosure rules apply.

    Returns:
        What may be shown, with a list of what was kept back and why.

    Raises:
        DisclosureError: It is not an Evidence, holds a type the gate does not know, or its answer names
            an estimate that does not exist.
    """
    _refuse_unknown(evidence)
    rules = Rules.of(study)
    kept_back: list[Suppressed] = []

    estimates = []
    for estimate in evidence.estimates:
        if reason := judge_estimate(estimate, rules):
            kept_back.append(Suppressed(what=f"estimate {estimate.name}", reason=reason))
        else:
            estimates.append(_round_counts(estimate, rules))
    tables, notes, hidden_groups = [], {}, set[str]()
    for table in evidence.tables:
        released, table_notes, reasons = release_table(table, rules)
        tables.append(released)
        notes[table.name] = table_notes
        kept_back += [Suppressed(what=f"table {table.name}: {key}", reason=why) for key, why in reasons]
        hidden_groups |= {key for key, _ in reasons}
    curves = []
    for curve in evidence.curves:
        shown, reason = release_curve(curve, rules)
        if curve.group and curve.group in hidden_groups:
            # the curves of all groups and of everyone together would give the hidden group away
            shown, reason = None, "the group is kept back in a table of the same answer"
        if shown is not None:
            curves.append(shown)
        else:
            name = f"curve {curve.name}" + (f" of {curve.group}" if curve.group else "")
            kept_back.append(Suppressed(what=name, reason=reason))

    record_claims(study, _claims(evidence, estimates, tables, curves))
    return Released(
        id=evidence.id,
        question=evidence.question,
        answer=_fill_answer(evidence, estimates, kept_back),
        estimand=evidence.estimand,
        population=evidence.population,
        design=evidence.design,
        estimates=tuple(estimates),
        tables=tuple(tables),
        curves=tuple(curves),
        checks=tuple(_fill_check(check, rules) for check in evidence.checks),
        assumptions=evidence.assumptions,
        limits=evidence.limits,
        suppressed=tuple(kept_back),
        notes=notes,
        provenance=evidence.provenance,
        seal=_SEAL,
    )


def _refuse_unknown(evidence: object) -> None:
    """Fails closed on anything that is not exactly one of the types the gate was written for."""
    if type(evidence) is not Evidence:
        raise DisclosureError(
            "The gate releases an Evidence and nothing else.",
            expected="Evidence",
            got=type(evidence).__name__,
        )
    for field, expected in (("estimates", Estimate), ("tables", Table), ("curves", Curve), ("checks", Check)):
        for item in getattr(evidence, field):
            if type(item) is not expected:
                raise DisclosureError(
                    "The gate does not know this part of an evidence.",
                    where=f"{evidence.id}: {field}",
                    expected=expected.__name__,
                    got=type(item).__name__,
                )


def _round_counts(estimate: Estimate, rules: Rules) -> Estimate:
    """A count, and the count printed beside an estimate, are rounded like any other."""
    people = round_count(estimate.support.n_people, rules)
    value = float(round_count(estimate.value, rules)) if estimate.kind == "count" else estimate.value
    return dataclasses.replace(
        estimate, value=value, support=dataclasses.replace(estimate.support, n_people=people)
    )


def _fill_answer(evidence: Evidence, shown: list[Estimate], kept_back: list[Suppressed]) -> str:
    """A number reaches prose only through here."""
    known = {e.name: e for e in evidence.estimates}
    fields: dict[str, dict[str, str]] = {
        e.name: {"": print_value(e), "interval": print_interval(e), "estimate": print_estimate(e)}
        for e in shown
    }
    for placeholder in _placeholders(evidence.answer):
        name, _, part = placeholder.partition(".")
        if name not in known or part not in ("", "interval", "estimate"):
            raise DisclosureError(
                "An answer names what does not exist.",
                where=evidence.id,
                expected="{name}, {name.interval} or {name.estimate} with name one of: " + ", ".join(known),
                got="{" + placeholder + "}",
            )
    # an optional part goes with its estimates; what is left must be shown in full
    answer = _OPTIONAL.sub(
        lambda part: part[1] if all(_name(p) in fields for p in _placeholders(part[1])) else "",
        evidence.answer,
    )
    missing = {_name(p) for p in _placeholders(answer)} - set(fields)
    if not answer.strip():
        missing = {_name(p) for p in _placeholders(evidence.answer)}
    if missing:
        reasons = {s.reason for s in kept_back if s.what.removeprefix("estimate ") in missing}
        why = "; ".join(sorted(reasons))
        return f"Not shown: {why}. The data of this study are too few to answer in public."
    return _substitute(answer, fields).strip()


def _placeholders(template: str) -> list[str]:
    return [p for _, p, _, _ in string.Formatter().parse(template) if p is not None]


def _name(placeholder: str) -> str:
    return placeholder.partition(".")[0]


def _substitute(template: str, fields: Mapping[str, Mapping[str, str]]) -> str:
    parts = []
    for text, placeholder, _, _ in string.Formatter().parse(template):
        parts.append(text)
        if placeholder is not None:
            name, _, part = placeholder.partition(".")
            parts.append(fields[name][part])
    return "".join(parts)


def _fill_check(check: Check, rules: Rules) -> Check:
    """Fills `{value}` and `{threshold}`; a check whose value rests on too few people keeps only its state."""
    hidden = check.support is not None and judge_model(check.support, rules) is not None
    value = None if hidden else check.value
    fills: dict[str, Any] = {
        "value": "(not shown)" if hidden else _short(check.value),
        "threshold": _short(check.threshold),
    }
    text = re.sub(r"\{(value|threshold)\}", lambda m: fills[m.group(1)], check.text)
    return dataclasses.replace(check, value=value, text=text)


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.3g}"


def _claims(
    evidence: Evidence, estimates: list[Estimate], tables: list[Table], curves: list[Curve]
) -> list[Claim]:
    """What becomes known about how many people; exact counts, kept by the ledger alone."""
    exact = {e.name: e for e in evidence.estimates}
    claims = [
        Claim.of(f"{evidence.id}/estimate/{e.name}", exact[e.name].support.n_people, (e.value, e.low, e.high))
        for e in estimates
    ]
    before = {t.name: t for t in evidence.tables}
    for table in tables:
        if not table.about_people:
            continue
        for row, released in zip(before[table.name].rows, table.rows, strict=True):
            if any(v is not None for v in released.values):
                where = f"{evidence.id}/table/{table.name}/{'|'.join(row.key)}"
                claims.append(Claim.of(where, row.support.n_people, released.values))
    full = {(c.name, c.group): c for c in evidence.curves}
    claims += [
        Claim.of(
            f"{evidence.id}/curve/{c.name}/{c.group}", full[c.name, c.group].support.n_people, (*c.x, *c.y)
        )
        for c in curves
    ]
    return claims
