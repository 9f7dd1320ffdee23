"""Whether those who fall silent had scored differently the wave before."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables import Tables

_Z95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class NonResponseGap:
    """Earlier score of those who then did not answer, minus that of those who did.

    Attributes:
        measure: Which scale.
        value, se: In points of the scale; the error is clustered by person.
        n_people: People with an earlier score who were still employed at the next wave.
        n_silent: Of these, people who at least once did not answer.
        people, silent: Who they are, for the ledger.
    """

    measure: str
    value: float
    se: float
    n_people: int
    n_silent: int
    people: frozenset[str] = field(default=frozenset(), repr=False)
    silent: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - _Z95 * self.se

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + _Z95 * self.se


def dated_spells(tables: Tables) -> pl.LazyFrame | None:
    """Spells in the dated form with the days between which they were observed; None in any other form."""
    if "spells" not in tables or "start" not in tables["spells"].collect_schema().names():
        return None
    return tables["spells"].with_columns(
        pl.col("end").fill_null(pl.lit(tables.study.study.as_of)).alias("last_day")
    )


def answers_of(tables: Tables) -> pl.LazyFrame:
    """Answers with a value."""
    return tables["surveys"].filter(pl.col("value").is_not_null())


def wave_days(answers: pl.LazyFrame) -> pl.LazyFrame:
    """Each wave with its first and last day of answers; a wave may be open for weeks."""
    return (
        answers.group_by("wave")
        .agg(pl.col("date").min().alias("opens"), pl.col("date").max().alias("closes"))
        .sort("opens", "wave")
    )


def measure_gap(tables: Tables) -> NonResponseGap | None:
    """Whether those who fall silent had scored differently the wave before."""
    spells = dated_spells(tables)
    measure = _first_worse(tables.study)
    if "surveys" not in tables or spells is None or measure is None:
        return None
    scores = (
        answers_of(tables)
        .filter((pl.col("measure") == measure) & pl.col("item").is_null() & pl.col("date").is_not_null())
        .select("employee_id", "wave", "date", "value")
    )
    waves = wave_days(scores)
    following = waves.select(
        "wave", pl.col("wave").shift(-1).alias("next"), pl.col("closes").shift(-1).alias("next_closes")
    ).drop_nulls()
    rows = (
        scores.join(following, on="wave")
        .join(spells.select("employee_id", "start", "last_day"), on="employee_id")
        # there until the next wave closed, so that silence is a choice
        .filter((pl.col("start") <= pl.col("date")) & (pl.col("last_day") >= pl.col("next_closes")))
        .join(
            scores.select(
                "employee_id", pl.col("wave").alias("next"), pl.lit(True).alias("answered")
            ).unique(),
            on=["employee_id", "next"],
            how="left",
        )
        .select("employee_id", "value", pl.col("answered").is_null().alias("silent"))
        .collect()
    )
    return _clustered_difference(rows, measure)


def _clustered_difference(rows: pl.DataFrame, measure: str) -> NonResponseGap | None:
    """Difference of two means with an error clustered by person (linearised ratio, Cochran 1977)."""
    # sorted, so that the sums have one order and their last digits one value
    rows = rows.sort("employee_id", "silent", "value")
    means = dict(rows.group_by("silent", maintain_order=True).agg(pl.col("value").mean()).iter_rows())
    if set(means) != {True, False}:
        return None
    sizes = dict(rows.group_by("silent").agg(pl.len()).iter_rows())
    residual = (
        pl.when("silent")
        .then((pl.col("value") - means[True]) / sizes[True])
        .otherwise(-(pl.col("value") - means[False]) / sizes[False])
    )
    by_person = rows.group_by("employee_id", maintain_order=True).agg(
        residual.sum().alias("r"), pl.col("silent").any()
    )
    n = by_person.height
    if n < 2:
        return None
    variance = float((by_person["r"] ** 2).sum()) * n / (n - 1)
    return NonResponseGap(
        measure=measure,
        value=float(means[True] - means[False]),
        se=math.sqrt(variance),
        n_people=n,
        n_silent=int(by_person["silent"].sum()),
        people=frozenset(by_person["employee_id"]),
        silent=frozenset(by_person.filter("silent")["employee_id"]),
    )


def _first_worse(study: Study) -> str | None:
    """The first declared scale on which more is worse: where silence hides most."""
    return next((name for name, scale in study.measures.items() if scale.higher_is == "worse"), None)
