"""The three studies of real input pass `wellperf check`."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from wellperf_models.cli import main
from wellperf_models.study import Study, load_study
from wellperf_models.tables import check_study, load_tables

HERE = Path(__file__).parent
NAMES = ("babushkin", "carrard2022_medstudents", "ibm_attrition")


def _study(name: str) -> Study:
    study = load_study(HERE / f"{name}.toml")
    paths = [source.path or "" for source in study.tables.values()]
    if not all(any((folder / path).is_file() for folder in study.data_dirs()) for path in paths):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    return study


@pytest.mark.real_data
@pytest.mark.parametrize("name", NAMES)
def test_check_passes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = check_study(_study(name))
    assert report.ok, str(report)
    assert main(["check", os.fspath(HERE / f"{name}.toml")]) == 0
    assert "every rule holds" in capsys.readouterr().out


@pytest.mark.real_data
def test_babushkin_has_the_published_counts() -> None:
    tables = load_tables(_study("babushkin"))
    assert tables.dropped_duplicates == {"people": 13, "spells": 13}
    assert tables.n_rows == {"people": 1129 - 13, "spells": 1129 - 13}
    people = tables["people"].collect()
    spells = tables["spells"].collect()
    assert people["employee_id"].to_list() == spells["employee_id"].to_list()
    assert set(spells["exit_reason"].drop_nulls()) == {"other"}
    assert "Finanñe" in set(people["profession"])
    covariates = tables.study.turnover.covariates
    shared = people.select(covariates).is_duplicated().sum()
    # 102 in the file; 23 of them were among the duplicates or lost their only twin with one
    assert shared == 79
    assert people["anxiety"].dtype.is_float()


@pytest.mark.real_data
def test_babushkin_declared_cp1252_is_refused() -> None:
    """The letter beyond ASCII would be wrong, and nothing else would say so."""
    study = _study("babushkin")
    source = study.tables["people"].model_copy(update={"encoding": "cp1252"})
    wrong = study.model_copy(update={"tables": {"people": source}})
    assert [v.rule for v in check_study(wrong).violations] == ["encoding"]


@pytest.mark.real_data
def test_carrard_is_wide_to_long() -> None:
    tables = load_tables(_study("carrard2022_medstudents"))
    assert tables.n_rows == {"people": 886, "surveys": 886 * 5}
    means = dict(tables["surveys"].group_by("measure").agg(pl.col("value").mean()).collect().iter_rows())
    assert means["exhaustion"] == pytest.approx(16.878103837471784, abs=1e-12)
    assert tables.study.study.public_microdata


@pytest.mark.real_data
def test_ibm_is_synthetic_and_its_years_are_months() -> None:
    tables = load_tables(_study("ibm_attrition"))
    assert tables.study.study.synthetic
    spells = tables["spells"].collect()
    assert spells.height == 1470
    assert spells["exit_reason"].count() == 237
    assert spells["duration_months"].max() == 40 * 12
    # 44 left or were asked within their first year
    assert tables.n_half_steps == {"spells": 44}
    assert (spells["duration_months"] == 6).sum() == 44
    assert spells["duration_months"].min() == 6
