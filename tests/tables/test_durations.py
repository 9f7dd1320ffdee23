"""Tenure of zero whole units."""

from __future__ import annotations

from pathlib import Path

from tests.tables.folder import write_study
from wellperf_models.tables import check_study, load_tables


def test_zero_durations_are_half_the_smallest_step(tmp_path: Path) -> None:
    sections = (
        '[tables.spells]\npath = "s.csv"\nzero_durations = "half_step"\n'
        '[tables.spells.units]\nduration_months = "years"\n'
    )
    text = "employee_id,duration_months,exit_reason\n1,0,other\n2,3,\n3,1,\n"
    study = write_study(tmp_path, sections, s_csv=text)
    tables = load_tables(study)
    assert tables["spells"].collect()["duration_months"].to_list() == [6.0, 36.0, 12.0]
    assert tables.n_half_steps == {"spells": 1}
    assert "1 durations of 0 set to half the smallest" in str(check_study(study))
    none = check_study(write_study(tmp_path, sections, s_csv=text.replace("3,", "0,").replace(",1,", ",0,")))
    assert "positive_duration" in {v.rule for v in none.violations}
