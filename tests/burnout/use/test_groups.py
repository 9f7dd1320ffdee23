"""By group: each score by another way; differences found where planted, not by chance; nobody shown."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tests.burnout.builders import PROVENANCE, FakeTables, make_frames, make_study
from wellperf_models.burnout.findings_groups import describe_groups
from wellperf_models.burnout.frame import build_frame
from wellperf_models.burnout.group_scores import compare_groups, score_groups, use_in_groups
from wellperf_models.burnout.model import Forecasts, fit_forecasts
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Evidence
from wellperf_models.panel import Level

SIMPLE = {"m": {"covariates": ["overtime", "noise"], "label": "Load"}}
USE = {"thresholds": [0.2, 0.4]}


def evidence_of(frames: dict[str, pl.DataFrame], **burnout: object) -> tuple[Forecasts, Evidence, Released]:
    study = make_study(**({"models": SIMPLE, "group_by": "department", "use": USE} | burnout))
    tables = FakeTables(study, frames)
    frame = build_frame(tables)
    assert study.burnout is not None
    found = fit_forecasts(frame, study.burnout)
    evidence = describe_groups(frame, found, provenance=PROVENANCE)
    return found, evidence, release(evidence, study)


@pytest.fixture(scope="module")
def found() -> tuple[Forecasts, Evidence, Released]:
    return evidence_of(make_frames(1, n=600))


def test_numbers_of_a_group_are_those_of_its_rows(found: tuple[Forecasts, Evidence, Released]) -> None:
    forecasts, evidence, _ = found
    scored, risk = forecasts.scored, forecasts.answered["m"].risk
    assert scored.group is not None
    tables = {t.name: t for t in evidence.tables}
    for row in tables["calibration_by_group"].rows:
        own = scored.group == row.key[0]
        assert row.values[0] == pytest.approx(scored.case[own].sum() / risk[own].sum())
        assert isinstance(row.values[3], float)
    for row in tables["use_by_group"].rows:
        t, own = float(row.key[0]), scored.group == row.key[1]
        acted = risk[own] >= t
        gain = (acted & scored.case[own]).mean() - (acted & ~scored.case[own]).mean() * t / (1 - t)
        assert (row.values[0], row.values[3]) == pytest.approx((100 * acted.mean(), 100 * gain))
        people = np.unique(scored.person[own][acted]).size
        assert row.support.smallest_level is not None
        assert row.support.smallest_level <= people


def test_without_thresholds_there_is_no_acting() -> None:
    _, evidence, _ = evidence_of(make_frames(1, n=300), use={})
    assert {t.name for t in evidence.tables} == {"cases_by_group", "auc_by_group", "calibration_by_group"}


def test_small_groups_are_in_no_table_and_not_compared() -> None:
    frames = make_frames(1, n=600)
    few = pl.when(pl.col("employee_id") < "p0008").then(pl.lit("tiny"))
    frames["assignments"] = frames["assignments"].with_columns(department=few.otherwise("department"))
    _, _, shown = evidence_of(frames)
    assert "In not every department are there enough people" in shown.answer
    assert "tiny" not in shown.answer
    hidden = {}
    for name in ("calibration_by_group", "use_by_group", "cases_by_group"):
        rows = shown.table(name).rows
        hidden[name] = {row.key[-1] for row in rows if all(v is None for v in row.values)}
        assert "tiny" in hidden[name]
        # with one group alone kept back, it would follow from the others and the whole
        for slice_ in {row.key[:-1] for row in rows}:
            kept = [row for row in rows if row.key[:-1] == slice_ and all(v is None for v in row.values)]
            assert len(kept) >= 2


def off(seed: int) -> dict[str, pl.DataFrame]:
    """One department whose newest scores are chance: nobody can order its people."""
    frames = make_frames(seed, n=900)
    where = frames["assignments"].select("employee_id", "department")
    joined = frames["surveys"].join(where, on="employee_id", how="left", maintain_order="left")
    rng = np.random.default_rng(seed)
    chance = pl.Series(np.clip(rng.normal(2.8, 1.4, joined.height), 0, 6))
    newest = (pl.col("wave") == "w3") & (pl.col("measure") == "exhaustion") & (pl.col("department") == "it")
    value = pl.when(newest).then(chance).otherwise("value")
    frames["surveys"] = joined.with_columns(value=value).drop("department")
    return frames


def test_a_department_without_order_is_named() -> None:
    _, evidence, shown = evidence_of(off(3))
    assert "The order (AUC) differs from one department to another by more than chance." in shown.answer
    assert "It is lower than in the others, many comparisons allowed for, in it." in shown.answer
    assert next(c for c in evidence.checks if c.name == "groups_alike_auc").passed is False


def test_differences_are_found_and_chance_is_not() -> None:
    study = make_study(models=SIMPLE, group_by="department")
    assert study.burnout is not None
    frame = build_frame(FakeTables(study, make_frames(2, n=500)))
    forecasts = fit_forecasts(frame, study.burnout)
    chosen, size = forecasts.answered["m"], forecasts.scored.case.size
    rng, alarms, worlds = np.random.default_rng(0), 0, 40
    for _ in range(worlds):
        # groups drawn by lot differ by chance alone
        level = Level(name="department", groups=rng.choice(["a", "b", "c", "d"], size))
        differ = compare_groups(score_groups(frame, forecasts, chosen, level))
        alarms += any(d.p_value < 0.05 for d in differ)
    assert stats.binomtest(alarms, worlds, 0.05, alternative="greater").pvalue > 0.01
    few = np.where(forecasts.scored.person < 25, "few", "rest")
    groups = score_groups(frame, forecasts, chosen, Level(name="department", groups=few))
    assert {g.name: g.enough for g in groups} == {"few": False, "rest": True}
    assert compare_groups(groups) == ()
    level = Level(name="department", groups=np.array(["a", "b"])[(np.arange(size) % 2)])
    used = use_in_groups(forecasts, chosen, level, (0.3,))
    assert [(u.threshold, u.name) for u in used] == [(0.3, "a"), (0.3, "b")]
