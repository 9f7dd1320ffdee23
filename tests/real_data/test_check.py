"""The studies of real input pass `wellperf check`."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from wellperf_models.cli import main
from wellperf_models.study import Study, load_study
from wellperf_models.tables import check_study, load_tables

HERE = Path(__file__).parent
NAMES = ("babushkin", "carrard2022_medstudents", "ibm_attrition", "illinois")


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


# outcome → measured with a weight above 0, as in the published tables
ILLINOIS = {
    "spend": 3239,
    "terminated": 4834,
    "sick_days": 4782,
    "productivity": 3309,
    "management_priority": 3566,
    "ever_screened": 3567,
    "gym": 4834,
    "promotion": 4146,
}


@pytest.mark.real_data
def test_illinois_is_one_table_of_three_files() -> None:
    tables = load_tables(_study("illinois"))
    roi = tables.study.roi
    assert roi is not None
    assert list(roi.outcomes)[: len(ILLINOIS)] == list(ILLINOIS)
    assert roi.primary == "spend"
    outcomes = tables["outcomes"].collect()
    assert outcomes.height == 4834 * len(roi.outcomes)
    assert outcomes["unit_id"].n_unique() == 3 * 4834
    weighted = outcomes.filter(pl.col("value").is_not_null(), pl.col("weight").fill_null(1.0) > 0)
    measured = dict(weighted.group_by("name").len().iter_rows())
    assert {name: measured[name] for name in ILLINOIS} == ILLINOIS
    arms = dict(outcomes.filter(pl.col("name") == "spend").group_by("arm").len().iter_rows())
    assert arms == {"treatment": 3300, "control": 1534}
    # participation is recorded for those who were offered it, and for nobody else
    assert outcomes.filter(pl.col("arm") == "control")["received"].null_count() == 1534 * len(roi.outcomes)
    took = outcomes.filter((pl.col("name") == "gym") & (pl.col("received") == "yes")).height
    assert took == 1848


@pytest.mark.real_data
def test_illinois_weights_stand_beside_their_outcome() -> None:
    outcomes = load_tables(_study("illinois"))["outcomes"].collect()
    with_weight = set(outcomes.filter(pl.col("weight").is_not_null())["name"])
    assert with_weight == {"spend", "spend_before", "sick_days", "sick_days_before"}
    spend = outcomes.filter((pl.col("name") == "spend") & pl.col("value").is_not_null())
    means = {}
    for arm in ("treatment", "control"):
        rows = spend.filter(pl.col("arm") == arm)
        means[arm] = (rows["value"] * rows["weight"]).sum() / rows["weight"].sum()
    assert round(means["treatment"] - means["control"], 1) == 10.8


@pytest.mark.real_data
def test_other_tables_of_the_trial_need_no_roi(tmp_path: Path) -> None:
    """Any other column is named with one line, here of the two files that illinois.toml leaves out."""
    folders = [folder for folder in _study("illinois").data_dirs() if (folder / "illinois").is_dir()]
    parts = "".join(
        f'[tables.{name}]\npart_of = "outcomes"\npath = "illinois/{name}.csv"\nrow_id = true\n'
        f'duplicates = "keep"\n[tables.{name}.constants]\nunit_type = "person"\n'
        f'[tables.{name}.columns]\narm = "treat"\n[tables.{name}.wide]\nname = "name"\nvalue = "value"\n'
        f'[tables.{name}.wide.columns]\n{header} = "{outcome}"\n'
        for name, header, outcome in (
            ("participation", "activity_f_c_yr1", "autumn_activity"),
            ("marathon", "marathon_2017", "marathon"),
        )
    )
    file = tmp_path / "study.toml"
    file.write_text(
        f'[study]\nname = "t"\nas_of = 2017-08-15\nseed = 1\ndata_dirs = ["{folders[0].as_posix()}"]\n{parts}'
    )
    study = load_study(file)
    assert study.roi is None
    outcomes = load_tables(study)["outcomes"].collect()
    counted = outcomes.group_by("name").agg(pl.col("value").count(), pl.col("value").sum().alias("s"))
    assert {row[0]: row[1:] for row in counted.iter_rows()} == {
        "autumn_activity": (3300, 903.0),
        "marathon": (4834, 317.0),
    }
