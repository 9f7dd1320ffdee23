"""Design matrices fitted on the training rows alone, and the words every design shares.

A prediction must not know the rows it is scored on: means, spreads, levels and what is missing often enough
to be a column are all learnt from the training rows and then applied to any rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.errors import StudyError
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.study import Covariate

NOT_MEASURED = "not measured"
POOLED = "other levels"
_YES, _NO = {"yes", "true", "1", "y"}, {"no", "false", "0", "n"}


def yes_no(values: pl.Series, name: str) -> pl.Series:
    """Booleans, 0/1 or yes/no words as "yes" and "no"; missing stays missing."""
    words = values.cast(pl.Int64) if values.dtype.is_float() else values
    words = words.cast(pl.String).str.to_lowercase()
    mapping = dict.fromkeys(_YES, "yes") | dict.fromkeys(_NO, "no")
    known = words.replace_strict(mapping, default=None, return_dtype=pl.String)
    if known.null_count() > values.null_count():
        raise StudyError(
            "A yes/no covariate holds something else.",
            where=f"[covariates.{name}]",
            expected="true/false, 0/1 or yes/no",
            remedy="map its values under [tables.….values], or declare it as a category",
        )
    return known


def as_declared(
    rows: pl.DataFrame, covariates: Sequence[str], declared: Mapping[str, Covariate]
) -> pl.DataFrame:
    """The covariates alone: numbers as floats, categories and yes/no as words; missing stays missing.

    Raises:
        StudyError: A yes/no covariate holds something else, or a number is none.
    """
    made = []
    for name in covariates:
        values, kind = rows[name], declared[name].type
        if kind == "yes_no":
            made.append(yes_no(values, name).alias(name))
        elif kind == "category":
            made.append(values.cast(pl.String).alias(name))
        else:
            try:
                made.append(values.cast(pl.Float64).fill_nan(None).alias(name))
            except pl.exceptions.PolarsError:
                raise StudyError(
                    "A covariate declared as a number is none.",
                    where=f"[covariates.{name}] type",
                    expected='"category" or "yes_no"',
                ) from None
    return pl.DataFrame(made)


@dataclass(frozen=True, kw_only=True)
class _Term:
    """One covariate as learnt: a number's mean and spread, or the levels that have a column."""

    name: str
    mean: float = 0.0
    spread: float = 0.0
    missing: bool = False
    levels: tuple[str, ...] = ()
    pooled: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        own = (self.name,) if self.spread > 0 else tuple(f"{self.name}: {level}" for level in self.levels)
        rest = (f"{self.name}: {POOLED}",) if self.pooled else ()
        return (*own, *rest, *((f"{self.name}: {NOT_MEASURED}",) if self.missing else ()))

    def apply(self, values: pl.Series) -> list[Floats]:
        unknown = values.is_null().to_numpy()
        if self.spread > 0:
            numbers = values.fill_null(self.mean).to_numpy()
            made = [(numbers - self.mean) / self.spread]
        else:
            made = [values.eq_missing(pl.Series([level])).to_numpy().astype(float) for level in self.levels]
            if self.pooled:
                made.append(
                    (~unknown & ~values.is_in(list(self.levels)).fill_null(False).to_numpy()).astype(float)
                )
        return [*made, unknown.astype(float)] if self.missing else made


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How covariates become columns, learnt from training rows.

    Attributes:
        terms: One for each covariate that can be used.
        unused: Covariates without a column: nobody has a value, or everybody the same.
    """

    terms: tuple[_Term, ...]
    unused: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(c for term in self.terms for c in term.columns)

    @property
    def n_parameters(self) -> int:
        """Columns less one for each category with all its levels: they add up to the intercept."""
        return sum(len(t.columns) - (len(t.levels) + t.pooled > 1) for t in self.terms)

    @property
    def blocks(self) -> dict[str, list[int]]:
        """Covariate → its columns."""
        found: dict[str, list[int]] = {}
        start = 0
        for term in self.terms:
            found[term.name] = list(range(start, start + len(term.columns)))
            start += len(term.columns)
        return found

    def apply(self, rows: pl.DataFrame) -> Floats:
        """Design matrix of any rows, shape (n, p); a level never seen in training has no column."""
        made = [column for term in self.terms for column in term.apply(rows[term.name])]
        return np.column_stack(made) if made else np.zeros((rows.height, 0))


def fit_encoding(rows: pl.DataFrame, person: NDArray[np.int64], *, min_people: int) -> Encoding:
    """Learns from training rows how covariates become columns.

    Numbers are standardised, a missing one is the mean, and "not measured" is a column where enough people
    have no value and enough have one. Categories are one column a level; levels of too few people are one
    together. No level is left out as a reference: a ridge needs none.

    Args:
        rows: Training rows from `as_declared`: floats and words.
        person: Code of each row's person, shape (n,).
        min_people: People a level (and those who lack a value) need for a column.
    """
    terms, unused = [], []
    for name in rows.columns:
        values = rows[name]
        known = values.is_not_null().to_numpy()
        lacking = _people(person[~known])
        missing = lacking >= min_people and _people(person[known]) >= min_people
        term = (
            _number(name, values, missing)
            if values.dtype.is_float()
            else _category(name, values, missing, person, min_people)
        )
        if known.any() and term is not None:
            terms.append(term)
        else:
            unused.append(name)
    return Encoding(terms=tuple(terms), unused=tuple(unused))


def _people(person: NDArray[np.int64]) -> int:
    return int(np.unique(person).size)


def _number(name: str, values: pl.Series, missing: bool) -> _Term | None:
    numbers = values.drop_nulls().to_numpy()
    spread = float(numbers.std()) if numbers.size else 0.0
    # below rounding error it is one value
    if not spread > 1e-12 * max(1.0, float(np.abs(numbers).max(initial=0.0))):
        return None
    return _Term(name=name, mean=float(numbers.mean()), spread=spread, missing=missing)


def _category(
    name: str, values: pl.Series, missing: bool, person: NDArray[np.int64], min_people: int
) -> _Term | None:
    counted = (
        pl.DataFrame({"level": values, "person": person})
        .drop_nulls("level")
        .group_by("level")
        .agg(pl.col("person").n_unique().alias("people"))
        .sort("level")
    )
    large = counted.filter(pl.col("people") >= min_people)["level"].to_list()
    rare = counted.filter(pl.col("people") < min_people)["level"].to_list()
    pooled = bool(rare) and _people(person[values.is_in(rare).fill_null(False).to_numpy()]) >= min_people
    if len(large) + pooled + missing < 2:
        return None
    # two columns that say the same: yes/no without anybody missing is one
    if len(large) == 2 and not pooled and not missing and not rare:
        large = large[1:]
    return _Term(name=name, levels=tuple(large), pooled=pooled, missing=missing)
