"""Cells made part by part, without person-months in memory, are those of the frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.fakes import FakeTables
from wellperf_models.cells import add_cells, build_cells, level_code
from wellperf_models.errors import DesignError, StudyError, WellperfError
from wellperf_models.panel import parts_of
from wellperf_models.study import Study, load_study
from wellperf_models.synth import PRESETS, generate, write_organisation
from wellperf_models.tables import load_tables
from wellperf_models.turnover import build_frame, fit_hazard
from wellperf_models.turnover.large import build_hazard_cells, fit_hazard_cells

# everyone agrees, so that the tables as read hold everything the frame is made of
WORLD = PRESETS["small"].but(people=700, departments=5, consent_refusal=0.0, consent_withdrawal=0.0)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("large")
    return load_tables(load_study(write_organisation(generate(WORLD, 7), Path(folder))))


@pytest.fixture(scope="module")
def cells(tables: Any) -> pl.DataFrame:
    return build_hazard_cells(tables, n_parts=3)


def test_parts_hold_everybody_once(tables: Any) -> None:
    whole = tables["spells"].select("employee_id").collect()["employee_id"].sort()
    for n_parts in (1, 2, 7):
        parts = list(parts_of(tables, n_parts))
        assert len(parts) == n_parts
        held = [p["spells"].select("employee_id").collect()["employee_id"] for p in parts]
        assert pl.concat(held).sort().equals(whole)
        assert min(len(h) for h in held) > 0.8 * len(whole) / n_parts
        assert not any(name in repr(part) for part in parts for name in whole)
    few = FakeTables(tables.study, {"spells": pl.DataFrame({"employee_id": ["a", "b"]})})
    assert len(list(parts_of(few, 5))) == 2
    assert "people" not in next(parts_of(few, 1))
    with pytest.raises(DesignError, match="one part"):
        next(parts_of(few, 0))


def test_cells_are_those_of_the_frame_however_many_parts(tables: Any, cells: pl.DataFrame) -> None:
    frame = build_frame(tables)
    assert frame.panel is not None
    pattern = ["start_months", *frame.covariates]
    # levels too rare to be shown are pooled there; with this world none is
    expected = build_cells(frame.panel, pattern, n_causes=3).sort(pattern)
    assert cells.select(expected.columns).equals(expected)
    assert build_hazard_cells(tables).equals(cells)


def test_the_fit_on_cells_is_the_fit_on_person_months(tables: Any, cells: pl.DataFrame) -> None:
    frame, section = build_frame(tables), tables.study.turnover
    model = fit_hazard(frame, section)
    expected = {(c.covariate, c.level): b for c, b in zip(model.columns, model.fit.beta, strict=True)}
    saturated = {(c.covariate, c.level): b for c, b in zip(model.columns, model.saturated.beta, strict=True)}
    errors = np.sqrt(np.diag(model.fit.covariance))
    for edges, known in ((section.period_edges_months, expected), (None, saturated)):
        found = fit_hazard_cells(cells, section.covariates, edges)
        assert dict(zip(found.levels, found.fit.beta, strict=True)) == pytest.approx(known, abs=1e-8)
    found = fit_hazard_cells(cells, section.covariates, section.period_edges_months)
    np.testing.assert_allclose(found.fit.std_error, errors, rtol=1e-8)


def test_groups_are_kept_apart_where_asked_for(tables: Any, cells: pl.DataFrame) -> None:
    by_site = build_hazard_cells(tables, n_parts=2, by=["site"])
    assert by_site["site"].n_unique() > 1
    pattern = ["start_months", *tables.study.turnover.covariates]
    summed = add_cells([by_site.drop("site")], pattern).sort(pattern)
    assert summed.select(cells.columns).equals(cells)
    bare = tables.study.model_copy(
        update={"turnover": tables.study.turnover.model_copy(update={"covariates": ()})}
    )
    alone = build_hazard_cells(FakeTables(bare, {n: tables[n].collect() for n in ("spells", "assignments")}))
    by_month = add_cells([cells.drop(tables.study.turnover.covariates)], ["start_months"])
    assert alone.equals(by_month.sort("start_months").select(alone.columns))


def test_quantile_groups_are_refused_by_name(tables: Any) -> None:
    content = tables.study.model_dump(mode="json")
    content["covariates"]["overtime_hours"]["bins"] = 4
    study = Study.model_validate(content)
    with pytest.raises(StudyError, match="overtime_hours"):
        build_hazard_cells(FakeTables(study, {n: tables[n].collect() for n in ("spells", "people")}))


@pytest.mark.parametrize("engine", ["polars", "pandas"])
def test_a_level_is_above_one_cut_and_up_to_the_next(engine: str) -> None:
    rows = pl.DataFrame({"x": [None, 0.0, 15.0, 15.5, 25.0, 35.5]})
    frame: Any = rows if engine == "polars" else rows.to_pandas()
    import narwhals as nw

    found = nw.from_native(frame).with_columns(code=level_code("x", (15.0, 25.0)))
    assert found["code"].to_list() == [3, 0, 0, 1, 1, 2]


def test_nothing_to_add_up_is_said() -> None:
    with pytest.raises(WellperfError, match="no cells"):
        add_cells([], ["a"])
