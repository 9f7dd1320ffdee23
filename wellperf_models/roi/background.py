"""What was known of a unit before the programme: covariates as columns of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.errors import StudyError
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.panel import Source, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.study import Covariate, Roi, Study

# columns of the table outcomes that the frame reads
DECLARED: dict[str, pl.DataType] = {
    "unit_type": pl.String(),
    "unit_id": pl.String(),
    "period": pl.String(),
    "name": pl.String(),
    "value": pl.Float64(),
    "weight": pl.Float64(),
    "arm": pl.String(),
    "received": pl.String(),
    "cluster": pl.String(),
    "block": pl.String(),
}
_HOMES = ("outcomes", "people")
_YES, _NO = ("yes", "true", "1", "y", "1.0"), ("no", "false", "0", "n", "0.0")
_PREFIX = "covariate:"
# share of a column's spread that must not follow from the columns before it
_OWN_SHARE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Columns of numbers, X of shape (n, p), nan where unknown, with a label each."""

    X: Floats
    labels: tuple[str, ...]


def known_before(rows: pl.DataFrame, tables: Source) -> pl.DataFrame:
    """Keeps the declared columns, and the study's covariates of the tables outcomes and people beside them.

    Args:
        rows: Of the table outcomes, attributes and all.
        tables: May hold `people`, whose covariates are those of units that are people.

    Returns:
        The rows; a covariate's values are in "covariate:NAME". Attributes that are no covariate are dropped.
    """
    declared = tables.study.covariates
    own = {n: c.column or n for n, c in declared.items() if c.table == "outcomes"}
    present = {n: column for n, column in own.items() if column in rows.columns}
    rows = rows.with_columns([pl.col(column).alias(_PREFIX + n) for n, column in present.items()])
    theirs = {n: c.column or n for n, c in declared.items() if c.table == "people"}
    if theirs and "people" in tables:
        people = to_polars(table(tables, "people"))
        chosen = {n: column for n, column in theirs.items() if column in people.columns}
        if chosen:
            beside = people.select(
                pl.lit("person").alias("unit_type"),
                pl.col("employee_id").cast(pl.String).alias("unit_id"),
                *(pl.col(column).alias(_PREFIX + n) for n, column in chosen.items()),
            )
            rows = rows.join(beside, on=["unit_type", "unit_id"], how="left", maintain_order="left")
    return rows.select(*DECLARED, "outcome", *(c for c in rows.columns if c.startswith(_PREFIX)))


def columns_of(
    own: pl.DataFrame, name: str, rows: pl.DataFrame, study: Study, section: Roi, *, background: bool = False
) -> Columns:
    """What an outcome is adjusted for, or with `background` every covariate known before the programme.

    Args:
        own: Rows of the outcome.
        name: Its key.
        rows: Rows of every outcome: baseline outcomes are looked up by unit, as their weighted mean.
        study: Declares the covariates.
        section: `[roi]`.
        background: See above.

    Raises:
        StudyError: A covariate was not measured before the programme, or is not in outcomes or people.
    """
    made: list[tuple[str, Floats]] = []
    if background:
        for covariate, declared in study.covariates.items():
            if declared.timing == "before" and _PREFIX + covariate in own.columns:
                made += _encode(own, covariate, declared, study.disclosure.min_group_size)
    else:
        for other in section.outcomes[name].adjust_for:
            if other in section.outcomes:
                made.append((other, _baseline(own, rows.filter(pl.col("outcome") == other))))
            else:
                declared = _require(other, name, study, own)
                made += _encode(own, other, declared, 1)
        if section.design == "randomised":
            made += _dummies(own["lots"].cast(pl.String), "block", 1)
    if not made:
        return Columns(X=np.zeros((own.height, 0)), labels=())
    return Columns(X=np.column_stack([x for _, x in made]), labels=tuple(label for label, _ in made))


def independent(X: Floats, labels: tuple[str, ...], weight: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Columns centred at their weighted mean, without those that follow from the ones before them."""
    centred = X - np.average(X, axis=0, weights=weight) if X.size else X
    root = np.sqrt(weight)
    basis = np.zeros((X.shape[0], 0))
    kept = []
    for column in range(X.shape[1]):
        own = root * centred[:, column]
        size = float(own @ own)
        # twice: the second pass removes what rounding left of the first
        for _ in range(2):
            own = own - basis @ (basis.T @ own)
        left = float(own @ own)
        if size > 0 and left > _OWN_SHARE * size and np.ptp(X[:, column]) > 0:
            basis = np.column_stack([basis, own / np.sqrt(left)])
            kept.append(column)
    return centred[:, kept], tuple(labels[k] for k in kept)


def _require(covariate: str, name: str, study: Study, own: pl.DataFrame) -> Covariate:
    declared = study.covariates[covariate]
    where = f"[roi.outcomes.{name}] adjust_for: {covariate}"
    if declared.timing != "before":
        raise StudyError(
            "A covariate measured during or after the programme can't be adjusted for: "
            "the programme may have changed it.",
            where=where,
            expected='timing = "before"',
            got=repr(declared.timing),
            remedy="leave it out of adjust_for",
        )
    if declared.table not in _HOMES:
        raise StudyError(
            "A covariate of this table can't be placed before the programme.",
            where=where,
            expected="a covariate of the tables outcomes or people, or an outcome measured before",
            got=f"table = {declared.table!r}",
        )
    if _PREFIX + covariate not in own.columns:
        raise StudyError(
            "A covariate names a column the table doesn't have.",
            where=where,
            got=declared.column or covariate,
            remedy=f"carry it along in [tables.{declared.table}.attributes]",
        )
    return declared


def _baseline(own: pl.DataFrame, before: pl.DataFrame) -> Floats:
    """The unit's weighted mean of an outcome measured before; nan where it was not."""
    weight = pl.col("weight").fill_null(1.0)
    means = (
        before.filter(pl.col("value").is_not_null() & (weight > 0))
        .group_by("unit")
        .agg(((pl.col("value") * weight).sum() / weight.sum()).alias("mean"))
    )
    joined = own.select("unit").join(means, on="unit", how="left", maintain_order="left")
    return joined["mean"].fill_null(float("nan")).to_numpy()


def _encode(own: pl.DataFrame, covariate: str, declared: Covariate, fewest: int) -> list[tuple[str, Floats]]:
    values = own[_PREFIX + covariate]
    label = declared.label or covariate.replace("_", " ")
    encode: dict[str, Callable[[], list[tuple[str, Floats]]]] = {
        "number": lambda: [(label, _number(values))],
        "yes_no": lambda: [(label, _yes_no(values, covariate))],
        "category": lambda: _dummies(values.cast(pl.String), label, fewest),
    }
    return encode[declared.type]()


def _number(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _yes_no(values: pl.Series, covariate: str) -> Floats:
    words = values.cast(pl.String).str.to_lowercase()
    known = words.replace_strict(
        dict.fromkeys(_YES, 1.0) | dict.fromkeys(_NO, 0.0), default=None, return_dtype=pl.Float64
    )
    if known.null_count() > values.null_count():
        raise StudyError(
            "A yes/no covariate holds something else.",
            where=f"[covariates.{covariate}]",
            expected="true/false, 0/1 or yes/no",
            remedy="map its values under [tables.….values], or declare it as a category",
        )
    return known.fill_null(float("nan")).to_numpy()


def _dummies(values: pl.Series, label: str, fewest: int) -> list[tuple[str, Floats]]:
    """A column for each level but the largest (the first by name among equals); nan where unknown."""
    counted = values.drop_nulls().value_counts(name="n").filter(pl.col("n") >= fewest)
    levels = counted.sort(["n", values.name], descending=[True, False])[values.name].to_list()
    unknown = values.is_null().to_numpy()
    return [
        (f"{label}: {level}", np.where(unknown, np.nan, (values == level).fill_null(False).to_numpy()))
        for level in sorted(levels[1:])
    ]
