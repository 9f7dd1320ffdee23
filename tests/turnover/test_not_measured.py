"""Where everybody's first month, and no other, lacks a value, the hazard is fitted all the same."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from tests.turnover.builders import make_tables
from wellperf_models.turnover import build_frame, fit_hazard


@pytest.mark.parametrize("edges", [None, (6.0, 12.0, 24.0)])
def test_not_measured_may_be_one_month_of_tenure(edges: tuple[float, ...] | None) -> None:
    tables = make_tables(seed=3)
    frame = build_frame(tables)
    assert frame.panel is not None
    name = next(n for n, c in frame.covariates.items() if c.type == "number")
    others = [v for v in frame.panel[name].unique().to_list() if v != "not measured"]
    first = pl.col("start_months") == 0
    known = pl.when(pl.col(name) == "not measured").then(pl.lit(others[0])).otherwise(pl.col(name))
    panel = frame.panel.with_columns(pl.when(first).then(pl.lit("not measured")).otherwise(known).alias(name))
    section = tables.study.turnover.model_copy(update={"period_edges_months": edges})
    model = fit_hazard(replace(frame, panel=panel), section)
    # the month's own intercept says it already; in a band of several months it is a level like others
    assert any(c.level == "not measured" for c in model.columns) == (edges is not None)
    assert model.distance_from_cox < 0.1
    assert len(model.fit.beta) == len(model.columns)
