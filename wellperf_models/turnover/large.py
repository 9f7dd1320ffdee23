"""The hazard of an organisation too large to hold its person-months: tables → cells → fit.

The same rows, levels and likelihood as `frame.panel` and `fit_hazard`, but no person-month is ever kept: the
engine makes the panel of a part of the people, groups it, and hands over counts. What is left out is said
here: rare levels are not pooled, errors are the model's own (a cluster key would have to be part of every
cell), and nothing is released from here without the gate.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from wellperf_models.cells import add_cells, build_cells, level_code
from wellperf_models.errors import StudyError
from wellperf_models.inference.design import NOT_MEASURED, yes_no
from wellperf_models.inference.hazard import HazardFit, fit_hazard as _fit_hazard
from wellperf_models.panel import Source, build_panel, parts_of
from wellperf_models.study import Study


@dataclass(frozen=True, kw_only=True)
class LargeHazard:
    """A hazard fitted on cells alone.

    Attributes:
        fit: The hazard of the first cause.
        levels: Covariate and level of each coefficient, against the covariate's largest level.
    """

    fit: HazardFit
    levels: tuple[tuple[str, str], ...]


def build_hazard_cells(tables: Source, *, n_parts: int = 1, by: Sequence[str] = ()) -> pl.DataFrame:
    """Cells of (month of tenure, level of each of `turnover.covariates`) and of whatever else is asked for.

    Args:
        tables: Any engine Narwhals knows; Parquet scanned by Polars is streamed.
        n_parts: Parts of the people, one after the other; more of them take less memory.
        by: Groups to keep apart: columns of assignments or people, a team for instance.

    Returns:
        start_months, covariates as words ("not measured" is a level), `by`, n, exposure, events_1 …,
        sorted by the pattern.

    Raises:
        StudyError: A number without declared cut points: quantiles would need all of the rows at once.
    """
    section = tables.study.turnover
    codes = {
        name: level_code(name, _cuts(tables.study, name))
        for name in section.covariates
        if _is_number(tables.study, name)
    }
    pattern = ["start_months", *section.covariates, *by]
    parts = []
    for part in parts_of(tables, n_parts):
        panel: Any = build_panel(part, section.covariates, groups=tuple(by))
        coded = panel.with_columns(**codes) if codes else panel
        # a reason the study does not name is censored in the models
        parts.append(_collect(build_cells(coded.to_native(), pattern, n_causes=len(section.causes))))
    cells = add_cells(parts, pattern)
    worded = [_words(cells[name], tables.study, name) for name in section.covariates]
    return cells.with_columns(worded).sort(pattern)


def fit_hazard_cells(
    cells: pl.DataFrame, covariates: Sequence[str], edges: Sequence[float] | None = None
) -> LargeHazard:
    """The complementary log-log hazard of the first cause.

    Args:
        cells: From `build_hazard_cells`.
        covariates: Columns that are words.
        edges: Upper ends of the bands of tenure in months; None: an intercept for every month, which gives
            Cox's coefficients.

    Raises:
        DesignError: A covariate has a single level, or no exits.
        ConvergenceError: Separation, or no convergence.
    """
    months = cells["start_months"].to_numpy().astype(np.int64)
    period = months if edges is None else np.searchsorted(np.asarray(edges), months, side="right")
    levels: list[tuple[str, str]] = []
    for name in covariates:
        held = cells.group_by(name).agg(pl.col("n").sum()).sort(["n", name], descending=[True, False])
        levels += [(name, level) for level in sorted(held[name].to_list()[1:])]
    columns = [(cells[name] == level).to_numpy().astype(float) for name, level in levels]
    # what the covariates and the periods do not tell apart is one cell
    grouped = (
        pl.DataFrame(
            {
                "period": period,
                "n": cells["n"].cast(pl.Float64),
                "events": cells["events_1"].cast(pl.Float64),
                **{f"x{i}": column for i, column in enumerate(columns)},
            }
        )
        .group_by("period", *(f"x{i}" for i in range(len(columns))))
        .agg(pl.col("n", "events").sum())
        .sort("period", *(f"x{i}" for i in range(len(columns))))
    )
    fit = _fit_hazard(
        grouped["period"].to_numpy().astype(np.int64),
        grouped["n"].to_numpy(),
        grouped["events"].to_numpy(),
        grouped.select(f"x{i}" for i in range(len(columns))).to_numpy(),
        names=tuple(f"{name} {level}" for name, level in levels),
    )
    return LargeHazard(fit=fit, levels=tuple(levels))


def _collect(frame: Any) -> pl.DataFrame:
    """Runs the engine; Polars a batch of rows at a time."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sortedness of columns cannot be checked")
        if isinstance(frame, pl.LazyFrame):
            return frame.collect(engine="streaming")
        return nw.from_native(frame).lazy().collect().to_polars()


def _is_number(study: Study, name: str) -> bool:
    return study.covariates[name].type == "number"


def _cuts(study: Study, name: str) -> tuple[float, ...]:
    bins = study.covariates[name].bins
    if isinstance(bins, int):
        raise StudyError(
            "A covariate has no cut points of its own.",
            where=f"[covariates.{name}] bins",
            got=str(bins),
            expected="cut points: quantiles would need all person-months at once",
        )
    return tuple(bins)


def _words(values: pl.Series, study: Study, name: str) -> pl.Series:
    """Levels as they are in `frame.panel`, missing ones included."""
    kind = study.covariates[name].type
    if kind == "yes_no":
        return yes_no(values, name).fill_null(NOT_MEASURED)
    if kind == "category":
        return values.cast(pl.String).fill_null(NOT_MEASURED)
    shown = [f"{cut:g}" for cut in _cuts(study, name)]
    middle = [f"{a} to {b}" for a, b in itertools.pairwise(shown)]
    words = [f"up to {shown[0]}", *middle, f"over {shown[-1]}", NOT_MEASURED]
    return values.replace_strict(dict(enumerate(words)), return_dtype=pl.String)
