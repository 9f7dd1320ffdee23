"""Evidence → Released: the only way to anything displayable."""

from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Mapping, Sequence

from wellperf_models.disclosure.audience import audience_of
from wellperf_models.disclosure.checks import fill_check
from wellperf_models.disclosure.curves import area_under, release_curve
from wellperf_models.disclosure.released import _SEAL, Released, Suppressed
from wellperf_models.disclosure.remember import Shown, remember
from wellperf_models.disclosure.rules import Rules, judge_estimate, round_count
from wellperf_models.disclosure.tables import release_table
from wellperf_models.disclosure.wording import (
    as_printed,
    print_estimate,
    print_interval,
    print_value,
)
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Check, Curve, Estimate, Evidence, Support, Table
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
    shown = _judge(evidence, rules)
    remember(evidence, shown, study)
    released = Released(
        id=evidence.id,
        question=evidence.question,
        answer=_fill_answer(evidence, shown),
        estimand=evidence.estimand,
        population=evidence.population,
        design=evidence.design,
        estimates=tuple(shown.estimates),
        tables=tuple(item.table for item in shown.tables),
        curves=tuple(shown.curves),
        checks=tuple(shown.checks),
        assumptions=evidence.assumptions,
        limits=evidence.limits,
        suppressed=tuple(shown.kept_back),
        held=tuple(shown.held),
        notes={item.table.name: item.notes for item in shown.tables},
        provenance=evidence.provenance,
        seal=_SEAL,
    )
    return audience_of(study).restrict(released)


def _judge(evidence: Evidence, rules: Rules) -> Shown:
    """What passes the rules on its own, rounded; and what doesn't, with the reason."""
    kept_back: list[Suppressed] = []
    tables, hidden_groups = [], set[str]()
    for table in evidence.tables:
        item = release_table(table, rules)
        tables.append(item)
        kept_back += [
            Suppressed(what=f"table {table.name}: {key}", reason=why) for key, why in item.kept_back
        ]
        hidden_groups |= {key for key, _ in item.kept_back}
    curves = []
    for curve in evidence.curves:
        one, reason = release_curve(curve, rules)
        if curve.group and curve.group in hidden_groups:
            # the curves of all groups and of everyone together would give the hidden group away
            one, reason = None, "the group is kept back in a table of the same answer"
        if one is not None:
            curves.append(one)
        else:
            name = f"curve {curve.name}" + (f" of {curve.group}" if curve.group else "")
            kept_back.append(Suppressed(what=name, reason=reason))
    estimates, not_shown = _judge_estimates(evidence, curves, rules)
    return Shown(
        estimates=estimates,
        tables=tables,
        curves=curves,
        checks=[fill_check(check, rules) for check in evidence.checks],
        kept_back=[*not_shown, *kept_back],
        held=[],
    )


def _judge_estimates(
    evidence: Evidence, curves: Sequence[Curve], rules: Rules
) -> tuple[list[Estimate], list[Suppressed]]:
    passed: dict[str, Estimate] = {}
    kept_back = []
    # an area is read off what is released: it comes after the estimates it ends at
    for estimate in sorted(evidence.estimates, key=lambda e: e.area is not None):
        reason = judge_estimate(estimate, rules)
        if reason is None and estimate.area is not None and not rules.in_full:
            area = area_under(estimate.area, curves, passed)
            if area is None:
                reason = "the curve it is read off is not shown so far"
            else:
                estimate = _move(estimate, area)
        if reason:
            kept_back.append(Suppressed(what=f"estimate {estimate.name}", reason=reason))
        else:
            passed[estimate.name] = _round(estimate, rules)
    return [passed[e.name] for e in evidence.estimates if e.name in passed], kept_back


def _move(estimate: Estimate, value: float) -> Estimate:
    """The estimate at what the released curve gives; its interval moves along."""
    by = value - estimate.value
    low, high = (None if end is None else end + by for end in (estimate.low, estimate.high))
    return dataclasses.replace(estimate, value=value, low=low, high=high)


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


def _round(estimate: Estimate, rules: Rules) -> Estimate:
    """Counts to the base, also the one printed beside an estimate; of other numbers the printed digits."""
    if rules.in_full:
        return estimate
    people = Support(n_people=round_count(estimate.support.n_people, rules))
    if estimate.kind == "count":
        return dataclasses.replace(estimate, value=float(round_count(estimate.value, rules)), support=people)
    return dataclasses.replace(as_printed(estimate), support=people)


def _fill_answer(evidence: Evidence, shown: Shown) -> str:
    """A number reaches prose only through here."""
    known = {e.name: e for e in evidence.estimates}
    fields: dict[str, dict[str, str]] = {
        e.name: {"": print_value(e), "interval": print_interval(e), "estimate": print_estimate(e)}
        for e in shown.estimates
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
        reasons = {s.reason for s in shown.kept_back if s.what.removeprefix("estimate ") in missing}
        why = "; ".join(sorted(reasons))
        return f"Not shown: {why}. The data of this study are too few to answer in public."
    held = {s.what.removeprefix("estimate ") for s in shown.held}
    told = {_name(p) for p in _placeholders(answer)}
    earlier = " Some of these numbers are those of an earlier pack: see below." if held & told else ""
    return _substitute(answer, fields).strip() + earlier


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
