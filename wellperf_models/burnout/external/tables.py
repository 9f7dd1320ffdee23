"""The two tables in which a model passes the gate, and back from them: believed in nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from wellperf_models.burnout.external.published import (
    LEVEL,
    OTHER,
    SCHEMA,
    UNKNOWN,
    VALUE,
    Kind,
    Part,
    Predictor,
    PublishedModel,
    words_of,
)
from wellperf_models.disclosure import Released
from wellperf_models.errors import DesignError
from wellperf_models.evidence import CellValue, Measure, Table, interval_measures
from wellperf_models.study.suggest import suggest

MODEL_TABLE, FACTS_TABLE = "model", "model_facts"
MODEL: Final = (
    Measure(name="log_odds", kind="model", label="Log odds"),
    *interval_measures("centre", "Centre"),
    Measure(name="scale", kind="model", label="Scale"),
    # two decimals, and no number of answers: neither is more than another study needs
    Measure(name="share", kind="model", unit="share of answers", label="Share at the level"),
    Measure(name="stands_for", kind="text", label="Stands for"),
    Measure(name="unit", kind="text", label="Unit"),
    Measure(name="label", kind="text", label="In words"),
)
FACTS: Final = (
    Measure(name="number", kind="model", label="Number"),
    Measure(name="words", kind="text", label="In words"),
)
# log odds beyond this are no model of people
_LARGEST, _MOST_ROWS = 50.0, 2_000
_PACK = "the pack of the other study"


def model_of(released: Released) -> PublishedModel:
    """The model of an answer `burnout.explained`.

    Args:
        released: As published.

    Raises:
        DesignError: It holds no model, not all of it, one of several packs, or one this version can't apply.
    """
    tables = {t.name: t for t in released.tables}
    if MODEL_TABLE not in tables or FACTS_TABLE not in tables:
        _refuse("There is no model in the pack.", got="no table “model” in burnout.explained")
    if any(s.what.startswith(f"table {MODEL_TABLE}") for s in released.held):
        _refuse("Some numbers of the model are of an earlier pack, so that it is none.")
    facts = _by_key(tables[FACTS_TABLE], FACTS)
    schema = words_of(_fact(facts, "schema")["words"], 60)
    if schema != SCHEMA:
        _refuse("The model is of another version.", expected=SCHEMA, got=schema)
    terms = _by_key(tables[MODEL_TABLE], MODEL)
    if len(terms) > _MOST_ROWS:
        _refuse("The model is too large to be one.", expected=f"at most {_MOST_ROWS} rows")
    low, high, cut = (_declared(facts, name) for name in ("low", "high", "cut_off"))
    if not low < high or not low <= cut <= high:
        _refuse("The scale of the model is none.", expected="low < high, and the cut-off between them")
    spread = _number(_fact(facts, "sd_log_odds")["number"], "sd_log_odds")
    if spread < 0:
        _refuse("A spread is below 0.", got="sd_log_odds")
    auc, from_, to = (_number(_fact(facts, n)["number"], n) for n in ("auc", "auc_from", "auc_to"))
    direction = words_of(_fact(facts, "higher_is")["words"], 10)
    if direction not in ("worse", "better") or not 0 <= from_ <= auc <= to <= 1:
        _refuse("What the model is about is damaged.", expected="a bad end, and an AUC with its interval")
    return PublishedModel(
        name=words_of(_fact(facts, "name")["words"]),
        outcome=words_of(_fact(facts, "outcome")["words"], 63),
        outcome_label=words_of(_fact(facts, "outcome_label")["words"]),
        higher_is_worse=direction == "worse",
        low=low,
        high=high,
        cut_off=cut,
        case=words_of(_fact(facts, "case")["words"]),
        design=words_of(_fact(facts, "design")["words"]),
        intercept=_log_odds(_fact(terms, "intercept", "")["log_odds"]),
        predictors=_predictors(terms),
        mean=_log_odds(_fact(facts, "mean_log_odds")["number"]),
        spread=spread,
        auc=(auc, from_, to),
        study=words_of(released.provenance.study),
        as_of=words_of(released.provenance.as_of, 10),
        data_hmac=words_of(released.provenance.data_hmac, 64),
        waves=tuple(w for w in words_of(_fact(facts, "waves")["words"], 10_000).split(", ") if w),
    )


def _by_key(table: Table, measures: Sequence[Measure]) -> dict[tuple[str, ...], dict[str, CellValue]]:
    names = [m.name for m in table.measures]
    if names != [m.name for m in measures]:
        _refuse("The model is of another version.", got=f"other columns in the table “{table.name}”")
    found = {}
    for row in table.rows:
        if len(row.values) != len(names) or any(not isinstance(k, str) for k in row.key):
            _refuse("A row of the model is damaged.")
        if all(v is None for v in row.values):
            _refuse(
                "Part of the model was kept back to protect people, so that it can't be applied.",
                remedy="in the other study, coarser levels, or fewer covariates",
            )
        found[tuple(row.key)] = dict(zip(names, row.values, strict=True))
    if len(found) < len(table.rows):
        _refuse("A row of the model stands there twice.")
    return found


def _fact(rows: Mapping[tuple[str, ...], dict[str, CellValue]], *key: str) -> dict[str, CellValue]:
    if key not in rows:
        _refuse("The model is not whole.", expected=f"a row “{key[0]}”")
    return rows[key]


def _declared(facts: Mapping[tuple[str, ...], dict[str, CellValue]], name: str) -> float:
    """A number in words where it was declared, else as released."""
    row = _fact(facts, name)
    if row["number"] is not None:
        return _number(row["number"], name)
    try:
        return _number(float(words_of(row["words"], 40)), name)
    except ValueError:
        _refuse("A number of the model is none.", got=name)


def _number(value: CellValue, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _refuse("A number of the model is none.", got=words_of(name, 60))
    return float(value)


def _log_odds(value: CellValue) -> float:
    number = _number(value, "log odds")
    if abs(number) > _LARGEST:
        _refuse("The log odds of the model are not those of people.", expected=f"within ±{_LARGEST:g}")
    return number


def _predictors(terms: Mapping[tuple[str, ...], dict[str, CellValue]]) -> tuple[Predictor, ...]:
    rows: dict[str, dict[str, dict[str, CellValue]]] = {}
    for (name, part), values in terms.items():
        if (name, part) != ("intercept", ""):
            rows.setdefault(name, {})[part] = values
    if not rows:
        _refuse("The model has no predictor.")
    return tuple(_predictor(name, parts) for name, parts in rows.items())


def _predictor(name: str, rows: Mapping[str, dict[str, CellValue]]) -> Predictor:
    kind: Kind = "number" if VALUE in rows else "category"
    known = {VALUE, UNKNOWN} if kind == "number" else {OTHER, UNKNOWN}
    for part in rows:
        if part not in known and not (kind == "category" and part.startswith(LEVEL)):
            _refuse("A part of the model is unknown.", got=words_of(part, 60) + suggest(part, known))
    first = next(iter(rows.values()))
    return Predictor(
        name=words_of(name, 63),
        label=words_of(first["label"]),
        kind=kind,
        unit=words_of(first["unit"], 60),
        parts={part: _part(part, values) for part, values in rows.items()},
    )


def _part(name: str, row: Mapping[str, CellValue]) -> Part:
    log_odds = _log_odds(row["log_odds"])
    if name != VALUE:
        share = None if row["share"] is None else _number(row["share"], "share")
        if share is not None and not 0 <= share <= 1:
            _refuse("A share of the model is none.")
        return Part(log_odds=log_odds, share=share, stands_for=words_of(row["stands_for"]))
    scale = _number(row["scale"], "scale")
    if not scale > 0:
        _refuse("A scale of the model is not above 0.")
    low, high = (None if row[n] is None else _number(row[n], n) for n in ("centre_low", "centre_high"))
    centre = _number(row["centre"], "centre")
    return Part(log_odds=log_odds, centre=centre, centre_low=low, centre_high=high, scale=scale)


def _refuse(summary: str, *, expected: str = "", got: str = "", remedy: str = "") -> NoReturn:
    raise DesignError(
        summary,
        where=_PACK,
        expected=expected or None,
        got=got or None,
        remedy=remedy
        or "a pack of this version in which burnout.explained is released with its table “model”",
    )
