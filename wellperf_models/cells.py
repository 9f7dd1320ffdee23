"""Exact sufficient cells: what a likelihood needs to know of the rows, in any engine.

A hazard or logistic model needs n and the events of each pattern; a Gaussian score n, mean and variance; a
count one row per distinct (pattern, value). Cells are exact for rows that are independent given the pattern,
so every cluster key in use belongs into `by`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from wellperf_models.errors import WellperfError


def build_cells[F](
    panel: F, by: Sequence[str], event: str = "event", *, n_causes: int, exposure: str | None = None
) -> F:
    """Binomial cells: person-months at risk and events of each cause per pattern.

    Args:
        panel: One row per person-month; any engine Narwhals knows, lazy or not.
        by: Columns of the pattern; a missing value is a pattern of its own.
        event: Column with 0 (nothing) or 1..n_causes.
        n_causes: Number of causes.
        exposure: Column of exposure per row; left out, every row counts 1.

    Returns:
        Same kind of frame: `by`, n, exposure, events_1 … events_K; order not defined.

    Raises:
        WellperfError: A column is missing, or no cause.
    """
    frame: Any = nw.from_native(panel)
    _require_columns(frame, [*by, event, *([exposure] if exposure else [])])
    if n_causes < 1:
        raise WellperfError("Cells need at least one cause.", where="build_cells", expected="n_causes ≥ 1")
    causes = {f"events_{k}": (nw.col(event) == k).cast(nw.Int64) for k in range(1, n_causes + 1)}
    weight = nw.col(exposure).cast(nw.Float64) if exposure else nw.lit(1.0)
    marked = frame.select(*by, n=nw.lit(1).cast(nw.Int64), exposure=weight, **causes)
    return _grouped(marked, by, ("n", "exposure", *causes)).to_native()


def add_cells[F](parts: Sequence[F], by: Sequence[str]) -> F:
    """Cells of parts of the people, added up: the same as the cells of all of them.

    Args:
        parts: From `build_cells`, all with the same columns; collected.
        by: Columns of the pattern.

    Returns:
        Same kind of frame, one row per pattern; order not defined.

    Raises:
        WellperfError: No part, or a column is missing.
    """
    if not parts:
        raise WellperfError("There are no cells to add up.", where="add_cells", expected="at least one part")
    frame: Any = nw.concat([nw.from_native(part) for part in parts])
    _require_columns(frame, by)
    sums = [name for name in frame.collect_schema().names() if name not in by]
    return _grouped(frame, by, sums).to_native()


def level_code(column: str, cuts: Sequence[float]) -> nw.Expr:
    """A number's level as a whole number: 0 up to the first cut point, len(cuts) over the last.

    A level is above one cut point and up to the next; a missing value is a level of its own, len(cuts) + 1.

    Args:
        column: The number.
        cuts: Cut points, increasing.
    """
    value = nw.col(column)
    code: nw.Expr = nw.lit(0).cast(nw.Int64)
    for cut in cuts:
        code = code + (value > cut).cast(nw.Int64)
    return nw.when(value.is_null()).then(nw.lit(len(cuts) + 1)).otherwise(code).cast(nw.Int64)


def build_gaussian_cells[F](rows: F, by: Sequence[str], value: str) -> F:
    """Gaussian cells: n, mean and variance (divided by n, not n − 1) per pattern; missing values left out.

    Args:
        rows: One row per independent unit.
        by: Columns of the pattern.
        value: The score.

    Returns:
        Same kind of frame: `by`, n, mean, variance.

    Raises:
        WellperfError: A column is missing.
    """
    frame: Any = nw.from_native(rows)
    _require_columns(frame, [*by, value])
    known = frame.filter(~nw.col(value).is_null()).select(*by, _value=nw.col(value).cast(nw.Float64))
    known = known.with_columns(_one=nw.lit(1).cast(nw.Int64), _copy=nw.col("_value"))
    cells = known.group_by(list(by), drop_null_keys=False).agg(
        nw.col("_one").sum().alias("n"),
        nw.col("_value").mean().alias("mean"),
        nw.col("_copy").var(ddof=0).alias("variance"),
    )
    return cells.to_native()


def build_count_cells[F](rows: F, by: Sequence[str], value: str) -> F:
    """Count cells: one row per distinct (pattern, value) with n; missing values left out.

    Args:
        rows: One row per independent unit: one total per person, never one row per person and month.
        by: Columns of the pattern.
        value: The count.

    Returns:
        Same kind of frame: `by`, `value`, n.

    Raises:
        WellperfError: A column is missing.
    """
    frame: Any = nw.from_native(rows)
    _require_columns(frame, [*by, value])
    known = frame.filter(~nw.col(value).is_null()).select(*by, value, n=nw.lit(1).cast(nw.Int64))
    return _grouped(known, [*by, value], ("n",)).to_native()


def _grouped(frame: Any, by: Sequence[str], sums: Sequence[str]) -> Any:
    return frame.group_by(list(by), drop_null_keys=False).agg(*(nw.col(s).sum() for s in sums))


def _require_columns(frame: Any, names: Sequence[str]) -> None:
    known = frame.collect_schema().names()
    if missing := [n for n in names if n not in known]:
        raise WellperfError(
            "A column that the cells need is missing.", where="build_cells", got=", ".join(missing)
        )
