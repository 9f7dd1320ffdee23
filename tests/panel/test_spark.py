"""The same panel and cells from PySpark as from Polars: one set of expressions for both.

`make spark` installs PySpark beside the lock's packages and runs this; it needs a Java of 17 or newer.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from wellperf_models.cells import build_cells
from wellperf_models.panel import build_panel, build_spells, to_polars
from wellperf_models.study import Study, load_study
from wellperf_models.synth import PRESETS, generate, write_organisation
from wellperf_models.turnover.large import build_hazard_cells

COVARIATES = ("exhaustion", "overtime_hours", "job_family")
TABLES = ("people", "spells", "assignments", "workload", "surveys")
WITHIN = 1e-12


def _java() -> int | None:
    """Version of the Java on the path."""
    if shutil.which("java") is None:
        return None
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else None


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: `make spark`")
    if (_java() or 0) < 17:
        pytest.skip("PySpark needs Java 17 or newer")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.host": "localhost",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    builder = sql.SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


class Frames(dict[str, Any]):
    """Frames by name with a study."""

    def __init__(self, study: Study, frames: dict[str, Any]) -> None:
        super().__init__(frames)
        self.study = study


@pytest.fixture(scope="module")
def sources(session: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Frames, Frames]:
    """Eighty people for a year as Parquet, in Polars and in Spark."""
    folder = tmp_path_factory.mktemp("spark")
    organisation = generate(PRESETS["micro"].but(months=12, history_months=36), 3)
    study = load_study(write_organisation(organisation, folder))
    for name in TABLES:
        organisation.tables[name].write_parquet(folder / f"{name}.parquet")
    files = {name: str(Path(folder) / f"{name}.parquet") for name in TABLES}
    return (
        Frames(study, {name: pl.scan_parquet(file) for name, file in files.items()}),
        Frames(study, {name: session.read.parquet(file) for name, file in files.items()}),
    )


def _equal(found: pl.DataFrame, expected: pl.DataFrame, key: list[str]) -> None:
    """The same rows, numbers within 1e-12."""
    found, expected = found.select(expected.columns).sort(key), expected.sort(key)
    assert found.height == expected.height > 0
    for name in expected.columns:
        ours, theirs = expected[name], found[name]
        assert ours.is_null().equals(theirs.is_null()), name
        if ours.dtype.is_numeric():
            off = (ours.cast(pl.Float64) - theirs.cast(pl.Float64)).abs()
            # missing everywhere: there is no largest difference
            assert off.null_count() == off.len() or off.max() <= WITHIN, name
        else:
            assert ours.cast(pl.String).equals(theirs.cast(pl.String)), name


def test_spells_are_the_same(sources: tuple[Frames, Frames]) -> None:
    ours, theirs = (to_polars(build_spells(tables, COVARIATES)) for tables in sources)
    _equal(theirs, ours, ["employee_id", "spell_start"])


def test_the_panel_is_the_same(sources: tuple[Frames, Frames]) -> None:
    ours, theirs = (to_polars(build_panel(tables, COVARIATES)) for tables in sources)
    assert ours["exhaustion"].null_count() < ours.height
    _equal(theirs, ours, ["employee_id", "spell_start", "stop_months"])


def test_cells_are_the_same(sources: tuple[Frames, Frames]) -> None:
    pattern = ["stop_months", "job_family", "site"]
    ours, theirs = (_cells(tables, pattern) for tables in sources)
    _equal(theirs, ours, pattern)


def _cells(tables: Frames, pattern: list[str]) -> pl.DataFrame:
    cells = build_cells(build_panel(tables, ("job_family",)).to_native(), pattern, n_causes=3)
    return to_polars(nw.from_native(cells).lazy())


def test_cells_of_the_hazard_are_the_same_in_parts(sources: tuple[Frames, Frames]) -> None:
    ours, theirs = (build_hazard_cells(tables, n_parts=2) for tables in sources)
    _equal(theirs, ours, ["start_months", *COVARIATES])
