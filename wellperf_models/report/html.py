"""Pages of a pack: one autoescaped template, no script, nothing from outside."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from wellperf_models.errors import RunError
from wellperf_models.report.controls import strip_controls
from wellperf_models.report.governance import basis_rows, made_for, statements
from wellperf_models.report.model_card import CARD_FILE, CARD_PAGE
from wellperf_models.report.numbers import interval_decimals, print_column, print_number
from wellperf_models.report.page import PackInfo, Page, Parts, take_apart
from wellperf_models.report.spreadsheet import WORKBOOK, csv_name

# a longer curve is drawn, and is in results.json
_MOST_STEPS = 60
_LEAD_ESTIMATES = 3
_TELLING_CHECKS = 3
_FIRST_LIMITS = 2
_STATES = {True: "passed", False: "failed", None: "informative"}


def render_page(page: Page, pages: Sequence[Page], pack: PackInfo) -> str:
    """The page of one notebook.

    Args:
        page: The notebook.
        pages: All of them, for the way around.
        pack: What every page says.
    """
    parts = Parts() if page.notebook is None else take_apart(page.notebook)
    for figure in (f for a in parts.answers for f in a.figures):
        _require_base64(figure.png, page.stem)
    template = _environment().get_template("page.html.j2")
    return template.render(page=page, pages=pages, pack=pack, parts=parts)


def render_index(pages: Sequence[Page], pack: PackInfo) -> str:
    """The first page: what was asked, what the answers are, and what state the checks are in.

    Args:
        pages: All notebooks of the pack.
        pack: What every page says.
    """
    parts = {p.stem: Parts() if p.notebook is None else take_apart(p.notebook) for p in pages}
    if pack.one_page:
        given = [a.evidence for p in parts.values() for a in p.answers if a.evidence is not None]
        answers = [e for e in given if e["tables"]]
        template = _environment().get_template("groups.html.j2")
        return template.render(page=None, pages=pages, pack=pack, answers=answers)
    template = _environment().get_template("index.html.j2")
    return template.render(page=None, pages=pages, pack=pack, parts=parts, chapters=_chapters(pages, parts))


def render_card(card: Mapping[str, Any], pages: Sequence[Page], pack: PackInfo) -> str:
    """The page of the model card.

    Args:
        card: From `build_card`.
        pages: All notebooks of the pack, for the way around.
        pack: What every page says.
    """
    own = Page(stem="model_card", name="model_card", title="Model card", state="done")
    template = _environment().get_template("model_card.html.j2")
    return template.render(page=own, pages=pages, pack=pack, card=card)


def _chapters(pages: Sequence[Page], parts: Mapping[str, Parts]) -> list[Page]:
    """Pages with answers of their own, or that should have had some, in the order of the summary."""
    # the summary's order is the one the committee was meant to read in
    order = [group["notebook"] for p in parts.values() for group in p.groups]
    own = [
        page
        for page in pages
        if page.note or any(answer.evidence is not None for answer in parts[page.stem].answers)
    ]
    return sorted(own, key=lambda page: order.index(page.name) if page.name in order else len(order))


def _limits_of(group: Mapping[str, Any]) -> list[str]:
    """What a group of a summary does not show: the first of each answer; all are on its page."""
    first = (text for line in group["lines"] for text in line["limits"][:_FIRST_LIMITS])
    return list(dict.fromkeys(first))


def count_checks(checks: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many checks passed, failed and only inform."""
    return {state: sum(c["passed"] is value for c in checks) for value, state in _STATES.items()}


def _telling(checks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Checks that stand on the first screen beside the failed ones: three with them, passed ones first."""
    failed = sum(c["passed"] is False for c in checks)
    others = sorted((c for c in checks if c["passed"] is not False), key=lambda c: c["passed"] is None)
    return others[: max(0, _TELLING_CHECKS - failed)]


def _all_checks(parts: Parts) -> dict[str, int]:
    """Counts over all answers of a page, or over those it sums up."""
    counts = count_checks([c for a in parts.answers if a.evidence is not None for c in a.evidence["checks"]])
    return {state: n + sum(line[f"n_{state}"] for line in parts.lines) for state, n in counts.items()}


def _require_base64(png: str, where: str) -> None:
    try:
        base64.b64decode(png, validate=True)
    except binascii.Error as error:
        raise RunError("A picture of a notebook is damaged.", where=where) from error


def _table_rows(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a released table, printed column by column."""
    # rows with units of their own are read across, not down
    across = any(m["kind"] == "text" and m["name"] == "unit" for m in table["measures"])
    values = [[r["values"][i] for r in table["rows"]] for i in range(len(table["measures"]))]
    least = interval_decimals([m["name"] for m in table["measures"]], values)
    columns = [
        print_column(v, one_by_one=across, least_decimals=n) for v, n in zip(values, least, strict=True)
    ]
    return [
        {"key": row["key"], "cells": [column[i] for column in columns], "shown": row["shown"]}
        for i, row in enumerate(table["rows"])
    ]


def _curve_rows(curve: Mapping[str, Any]) -> list[list[str]] | None:
    """Steps of a curve, printed; None where they are too many to read."""
    if len(curve["x"]) > _MOST_STEPS:
        return None
    columns = [print_column(curve[k]) for k in ("x", "y", "low", "high", "at_risk", "events")]
    return [list(row) for row in zip(*columns, strict=True)]


def _interval_name(item: Mapping[str, Any]) -> str:
    """E.g. "95 % confidence interval"; "bounds" have no coverage to speak of."""
    if item.get("interval") is None:
        return ""
    if item["interval"] == "bounds":
        return "bounds"
    return f"{item['coverage'] * 100:.3g} % {item['interval']} interval"


def _unit(estimate: Mapping[str, Any]) -> str:
    # the printed number already carries its per cent sign
    return "" if estimate["unit"] in ("probability", "share", "rate") else str(estimate["unit"])


def _head_unit(measure: Mapping[str, Any]) -> str:
    """Unit for a column head; nothing where the label says it already."""
    unit = str(measure["unit"])
    return "" if unit.lower() in str(measure["label"] or measure["name"]).lower() else unit


def _lead(evidence: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The numbers shown large: those the answer says, in its order; the first ones where it says none."""
    places = [(_place(e["printed"], evidence["answer"]), e) for e in evidence["estimates"]]
    said = sorted((p for p in places if p[0] >= 0), key=lambda p: p[0])
    return [e for _, e in said][:_LEAD_ESTIMATES] or evidence["estimates"][:_LEAD_ESTIMATES]


def _place(printed: str, answer: str) -> int:
    """Where an answer says a printed number, with or without its interval; -1 where it does not."""
    value = printed.partition(" (")[0]
    # a bare whole number could be anything: a number of months, a year
    for text in (printed, value) if not value.isdigit() else (printed,) if printed != value else ():
        found = re.search(rf"(?<![\d.,−-]){re.escape(text)}(?![\d]|[.,]\d)", answer)
        if found:
            return found.start()
    return -1


def _finish(value: Any) -> Any:
    """A number and its per cent sign stay on one line; no text may rearrange its surroundings."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return strip_controls(value).replace(" %", "\N{NO-BREAK SPACE}%")
    return value


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("wellperf_models.report", "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finish,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loader = environment.loader
    assert loader is not None
    style, _, _ = loader.get_source(environment, "style.css")
    environment.filters.update(
        interval_name=_interval_name, unit_of=_unit, capitalise=lambda text: text[:1].upper() + text[1:]
    )
    environment.globals.update(
        style=Markup(style),
        csv_name=csv_name,
        workbook=WORKBOOK,
        card_page=CARD_PAGE,
        card_file=CARD_FILE,
        count_checks=count_checks,
        all_checks=_all_checks,
        table_rows=_table_rows,
        curve_rows=_curve_rows,
        interval_name=_interval_name,
        unit_of=_unit,
        head_unit=_head_unit,
        limits_of=_limits_of,
        lead=_lead,
        telling=_telling,
        state_of=lambda passed: _STATES[passed],
        number=print_number,
        made_for=made_for,
        basis_rows=basis_rows,
        governance_statements=statements,
    )
    return environment
