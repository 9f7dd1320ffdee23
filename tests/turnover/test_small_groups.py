"""What few people hold is counted, named, binned and refused as it should be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.turnover.builders import PROVENANCE, FakeTables, make_frames, make_study, make_tables
from wellperf_models.disclosure import Released, release
from wellperf_models.errors import ConvergenceError, DesignError, StudyError
from wellperf_models.evidence import attempt
from wellperf_models.inference.sensitivity import e_value_of_hazard_ratio
from wellperf_models.panel.roster import UNKNOWN
from wellperf_models.study import Study
from wellperf_models.turnover import (
    build_frame,
    check_cox,
    check_validation,
    explain,
    fit_cox,
    fit_hazard,
    predict,
    validate,
)
from wellperf_models.turnover.design import Minimum, encode


def with_people(name: str, values: Any, kind: str, **turnover: Any) -> FakeTables:
    """The small organisation with one more column of people, the only covariate."""
    frames = make_frames()
    frames["people"] = frames["people"].with_columns(pl.Series(name, values))
    made = make_study().model_dump()
    made["covariates"][name] = {"table": "people", "timing": "before", "type": kind}
    made["turnover"] |= {"covariates": [name]} | turnover
    return FakeTables(Study.model_validate(made), frames)


def leavers(number: int) -> list[str]:
    spells = make_frames()["spells"]
    return spells.filter(pl.col("exit_reason") == "voluntary")["employee_id"].to_list()[:number]


def held_by(sizes: dict[str, float]) -> list[float]:
    return [sizes.get(i, 0.0) for i in make_frames()["people"]["employee_id"]]


def explained(tables: FakeTables) -> Released:
    frame, section = build_frame(tables), tables.study.turnover
    cox, hazard = fit_cox(frame, section), attempt(fit_hazard, frame, section)
    return release(
        explain(frame, cox, hazard, check_cox(frame, cox), provenance=PROVENANCE),
        tables.study,
    )


def test_a_number_that_one_leaver_holds_is_not_shown() -> None:
    one, other = leavers(2)
    # three values, so it is a number; all but one leaver and one more share one of them
    tables = with_people("flag", held_by({one: 1.0, other: 2.0}), "number")
    column = build_frame(tables).rows.design.columns[0]  # type: ignore[union-attr]
    assert (column.n_people, column.n_events, column.two_sided) == (2, 2, True)
    frame = build_frame(tables)
    cox = fit_cox(frame, tables.study.turnover)
    evidence = explain(
        frame, cox, attempt(fit_hazard, frame, tables.study.turnover), (), provenance=PROVENANCE
    )
    assert {e.support.smallest_level for e in evidence.estimates} == {2}
    shown = explained(tables)
    assert shown.estimates == ()
    assert {v for row in shown.table("hazard_ratios").rows for v in row.values} <= {None}


def test_a_flag_declared_as_a_number_is_refused() -> None:
    with pytest.raises(StudyError, match="two values"):
        build_frame(with_people("flag", held_by({leavers(1)[0]: 1.0}), "number"))


def test_sides_of_a_number_are_counted_by_person() -> None:
    study = make_study()
    declared = {"x": study.covariates["exhaustion"]}
    rows = pl.DataFrame(
        {
            "person": [0, 0, 1, 1, 2, 3, 4],
            "left": [False, True, False, False, True, False, True],
            # two rows of person 1 are one person; person 0 is on both sides
            "x": [0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 7.0],
        }
    )
    column = encode(rows, ["x"], declared, Minimum(people=1, events=0)).columns[0]
    # off the mode: persons 0 and 4, both leave there; at the mode 0, 1, 2, 3, of whom 2 leaves
    assert (column.n_people, column.n_events, column.n_non_events) == (2, 1, 0)
    spread = rows.with_columns(x=pl.Series(np.arange(7.0)))
    column = encode(spread, ["x"], declared, Minimum(people=1, events=0)).columns[0]
    assert (column.n_people, column.n_events, column.n_non_events) == (5, 3, 2)
    assert not column.two_sided


def test_levels_whose_names_fall_together_are_all_explained() -> None:
    rng = np.random.default_rng(3)
    n = make_frames()["people"].height
    tables = with_people("grade", rng.choice(["B", "B+", "B-"], n, p=[0.5, 0.25, 0.25]).tolist(), "category")
    names = [c.name for c in build_frame(tables).rows.design.columns]  # type: ignore[union-attr]
    assert names == ["grade_b", "grade_b_2"]
    shown = explained(tables)
    assert {"hazard_ratio_grade_b", "hazard_ratio_grade_b_2"} <= {e.name for e in shown.estimates}


def test_a_suffix_takes_nobody_elses_name() -> None:
    rows = pl.DataFrame(
        {
            "person": range(90),
            "left": [i % 2 == 0 for i in range(90)],
            "contract": ["zz"] * 50 + ["B"] * 10 + ["B 2"] * 10 + ["B+"] * 10 + ["b"] * 10,
        }
    )
    design = encode(rows, ["contract"], make_study().covariates, Minimum(people=1, events=0))
    assert [c.level for c in design.columns] == ["B", "B 2", "B+", "b"]
    assert design.names == ("contract_b", "contract_b_2", "contract_b_3", "contract_b_4")


def test_a_number_whose_mode_is_its_maximum_has_a_hazard() -> None:
    rng = np.random.default_rng(1)
    n = make_frames()["people"].height
    fte = np.where(rng.random(n) < 0.75, 1.0, rng.choice([0.5, 0.6, 0.8], n))
    tables = with_people("fte", fte, "number")
    frame = build_frame(tables)
    assert frame.panel is not None
    assert frame.panel["fte"].n_unique() == 2
    assert len(fit_hazard(frame, tables.study.turnover).columns) == 1


def test_a_number_with_one_value_is_no_covariate_but_the_rest_stands() -> None:
    tables = with_people("fte", np.ones(make_frames()["people"].height), "number")
    frame = build_frame(tables)
    for fit in (fit_cox, fit_hazard):
        with pytest.raises(DesignError, match="single value"):
            fit(frame, tables.study.turnover)


def test_folds_without_a_model_are_a_coin() -> None:
    # 11 exits in the level: enough to be shown, too few to be fitted without a fold
    staying = make_frames()["spells"].filter(pl.col("exit_reason").is_null())["employee_id"].to_list()[:30]
    rare = {*leavers(11), *staying}
    values = ["yes" if i in rare else "no" for i in make_frames()["people"]["employee_id"]]
    plan = {"validation": {"folds": 5, "repeats": 2}}
    tables = with_people("flag", values, "yes_no", **plan)
    frame = build_frame(tables)
    result = validate(frame, tables.study.turnover)
    assert result.n_failed == result.n_without_pairs == 0
    assert result.n_without_model > 0
    assert (result.concordance.scores == 0.5).sum() >= result.n_without_model
    shown = release(predict(frame, result, check_validation(result), provenance=PROVENANCE), tables.study)
    check = next(c for c in shown.checks if c.name == "every_fold_converged")
    assert check.passed is False
    assert "counted as a coin" in check.text


def test_a_refit_that_is_not_possible_is_a_failed_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    from wellperf_models.turnover import model_validation as module

    tables = make_tables(validation={"folds": 4, "repeats": 3})
    frame = build_frame(tables)
    real, calls = module.fit_cox, iter(range(99))

    def first_fails(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == 0:
            raise DesignError("The covariates imply each other.")
        return real(*args, **kwargs)

    monkeypatch.setattr(module, "fit_cox", first_fails)
    assert validate(frame, tables.study.turnover).n_failed == 1

    def none_fits(*_: Any, **__: Any) -> Any:
        raise DesignError("The covariates imply each other.")

    monkeypatch.setattr(module, "fit_cox", none_fits)
    with pytest.raises(ConvergenceError, match="refits"):
        validate(frame, tables.study.turnover)


def test_every_association_has_its_e_values() -> None:
    shown = explained(make_tables(seed=1))
    table = shown.table("hazard_ratios")
    names = [m.name for m in table.measures]
    assert names == ["hazard_ratio", "low", "high", "e_value", "e_value_limit"]
    by_name = {e.name: e.value for e in shown.estimates}
    rows = [dict(zip(names, row.values, strict=True)) for row in table.rows]
    strongest = max(rows, key=lambda r: float(r["e_value"] or 0))
    assert strongest["e_value"] == pytest.approx(by_name["e_value"])
    assert strongest["e_value_limit"] == pytest.approx(by_name["e_value_limit"])
    for row in rows:
        ratio, low, high = (float(row[k] or 0) for k in ("hazard_ratio", "low", "high"))
        assert row["e_value"] in [
            pytest.approx(e_value_of_hazard_ratio(ratio, rare=rare), rel=0.05) for rare in (True, False)
        ]
        assert (row["e_value_limit"] == 1) == (low <= 1 <= high)


def rehired() -> FakeTables:
    """Everybody who left early comes back for a second spell, and most leave again."""
    frames = make_frames()
    early = frames["spells"].filter(pl.col("end") < dt.date(2022, 6, 1))
    again = early.with_columns(
        start=pl.col("end").dt.offset_by("1d").dt.offset_by("2mo"),
        end=pl.col("end").dt.offset_by("1d").dt.offset_by("9mo").dt.offset_by("-1d"),
    )
    frames["spells"] = pl.concat([frames["spells"], again])
    return FakeTables(make_study(cluster="person", group_by=None), frames)


def test_people_who_come_back_can_be_the_clusters() -> None:
    tables = rehired()
    frame, section = build_frame(tables), tables.study.turnover
    cox, hazard = fit_cox(frame, section), fit_hazard(frame, section)
    assert cox.n_repeated > 100
    assert cox.fit.n_clusters == cox.n_people
    assert frame.panel is not None
    assert hazard.fit.n_clusters is not None
    # people who are at risk only in months in which nobody left say nothing
    assert 0.9 * cox.n_people < hazard.fit.n_clusters <= frame.panel["person"].n_unique()
    checks = {c.name: c.passed for c in check_cox(frame, cox)}
    assert checks["repeated_units"] is True


@pytest.mark.parametrize(("cluster", "warned"), [("department", True), ("team", False)])
def test_few_clusters_are_told(cluster: str, warned: bool) -> None:
    limits = explained(make_tables(seed=1, cluster=cluster)).limits
    assert any("fewer than 40 clusters" in limit and "made for few" in limit for limit in limits) is warned


def test_the_hazards_interval_rests_on_its_own_clusters() -> None:
    from scipy import stats

    from wellperf_models.turnover.findings_explain_tables import level_table

    tables = make_tables(seed=1, cluster="department")
    hazard = fit_hazard(build_frame(tables), tables.study.turnover)
    row = level_table(hazard, UNKNOWN).rows[0]
    value, low = (float(v) for v in row.values[:2] if v is not None)
    assert hazard.fit.n_clusters == 3
    quantile = np.log(value / low) / hazard.fit.std_error[0]
    assert quantile == pytest.approx(stats.t.ppf(0.975, 2))
