"""What is known of a person only with their answer or after it: never a predictor, shown as a leak alone.

A survey score of timing "during" is of the same wave, one of timing "after" of the person's next wave. Work
recorded monthly is that of the month the wave began in ("during"), or of the next one recorded ("after").
Attributes of people, and columns that stand beside the answer itself, are as declared.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw

from wellperf_models.errors import StudyError
from wellperf_models.panel.engine import Source, day_of, table
from wellperf_models.study import Covariate, Study


def is_beside(study: Study, name: str) -> bool:
    """Whether a covariate is a column that stands beside every answer, and no scale of its own."""
    covariate = study.covariates[name]
    return covariate.table == "surveys" and (covariate.column or name) not in study.measures


def attach_beside(frame: nw.LazyFrame[Any], tables: Source, name: str, outcome: str) -> nw.LazyFrame[Any]:
    """Adds what stands beside the answer that is the outcome: it is of that day, whatever its timing.

    Args:
        frame: Rows with employee_id and wave.
        tables: Holds `surveys`.
        name: Of the covariate.
        outcome: The scale.

    Raises:
        StudyError: `surveys` has no such column.
    """
    column = tables.study.covariates[name].column or name
    surveys = table(tables, "surveys")
    if column not in surveys.collect_schema().names():
        raise StudyError(
            "A covariate of surveys is no scale, and no column beside the answers.",
            where=f"[covariates.{name}]",
            got=column,
            expected="a name from [measures], or from [tables.surveys.attributes]",
        )
    answers = surveys.filter(
        nw.col("measure") == outcome, nw.col("item").is_null(), ~nw.col("value").is_null()
    )
    values = answers.select("employee_id", "wave", nw.col(column).alias(name))
    return frame.join(values, on=["employee_id", "wave"], how="left")


def attach_next_score(frame: nw.LazyFrame[Any], scores: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """Adds the score of the person's next wave.

    Args:
        frame: Rows with employee_id and wave_order.
        scores: employee_id, wave_order and the score under `name`; one row a person and wave.
        name: Of the covariate.
    """
    values = scores.select("employee_id", name, _next=nw.col("wave_order")).sort("_next")
    return _attach_forward(frame.with_columns(_limit=nw.col("wave_order") + 1), values, "_next")


def attach_late_workload(
    frame: nw.LazyFrame[Any], tables: Source, name: str, covariate: Covariate
) -> nw.LazyFrame[Any]:
    """Adds the month of work that had not ended when the wave began, or the one after it.

    Args:
        frame: Rows with employee_id and place, the day the wave began.
        tables: Holds `workload`.
        name: Of the covariate.
        covariate: Its declaration, timing "during" or "after".

    Raises:
        StudyError: `workload` has no such column.
    """
    column = covariate.column or name
    source = table(tables, "workload")
    if column not in source.collect_schema().names():
        raise StudyError(
            "A covariate names a column the table doesn't have.", where=f"[covariates.{name}]", got=column
        )
    known = source.filter(~nw.col(column).is_null())
    if covariate.timing == "during":
        known = known.with_columns(_end=nw.col("period").dt.offset_by("1mo"))
        at, limit = day_of("_end").cast(nw.Float64) - 1, nw.col("place")
    else:
        at, limit = day_of("period").cast(nw.Float64), nw.col("place") + 1
    values = known.select("employee_id", nw.col(column).alias(name), _at=at).sort("_at", name)
    return _attach_forward(frame.with_columns(_limit=limit), values, "_at")


def _attach_forward(frame: nw.LazyFrame[Any], values: nw.LazyFrame[Any], at: str) -> nw.LazyFrame[Any]:
    """The first value at or after the limit."""
    joined = frame.sort("_limit").join_asof(
        values, left_on="_limit", right_on=at, by="employee_id", strategy="forward"
    )
    return joined.drop("_limit", at, strict=False)
