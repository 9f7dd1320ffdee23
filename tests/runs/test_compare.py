from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.report.samples import PROVENANCE, code_cell, notebook, output, released
from wellperf_models.report.bundle import build_bundle, build_results
from wellperf_models.runs.compare import compare_results, provenance_notes

MIME = "application/vnd.wellperf.released+json"
Change = Callable[[dict[str, Any]], Any]
OTHER_WORDS = "61 % (58 to 64 %) of people leave a year."


def _results() -> dict[str, Any]:
    other = released(id="turnover.other", answer="Three.", estimates=[])
    bundle = build_bundle("t", notebook(code_cell(output({MIME: released()}), output({MIME: other}))))
    return copy.deepcopy(build_results("tiny", PROVENANCE, [bundle]))


def _estimate(i: int, key: str, value: Any) -> Change:
    return lambda r: r["evidence"][0]["estimates"][i].__setitem__(key, value)


def _cell(row: int, value: Any) -> Change:
    return lambda r: r["evidence"][0]["tables"][0]["rows"][row]["values"].__setitem__(0, value)


def test_equal_results_do_not_drift() -> None:
    assert compare_results(_results(), _results()) == []


@pytest.mark.parametrize(
    "change",
    [
        _estimate(1, "value", 1.31 * (1 + 0.9e-6)),  # iterative: 1e-6
        _estimate(1, "printed", "1.32 (1.02 to 1.68)"),  # rounded the other way
        _estimate(2, "value", 13.9),  # sampled: 4 × .5
        _estimate(2, "low", -3.9),  # its ends: 12 × .5
        _estimate(2, "printed", "13.9 (−3.9 to 22.0)"),
        _estimate(2, "monte_carlo_error", 0.6),
        lambda r: r["provenance"].__setitem__("python", "3.12"),
        lambda r: r["provenance"].__setitem__("data_hmac", "0"),
    ],
)
def test_within_tolerance(change: Change) -> None:
    got = _results()
    change(got)
    assert [str(d) for d in compare_results(_results(), got)] == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (_estimate(0, "value", 0.6123 + 1e-12), "estimates.survival_12_months.value"),  # exact
        (_estimate(0, "printed", "62 % (58 to 64 %)"), "estimates.survival_12_months.printed"),
        (_estimate(1, "value", 1.31 * (1 + 1.1e-6)), "estimates.hazard_ratio_overtime.value"),
        (_estimate(1, "low", None), "estimates.hazard_ratio_overtime.low"),
        (_estimate(1, "printed", "1.34 (1.02 to 1.68)"), "estimates.hazard_ratio_overtime.printed"),
        (_estimate(1, "printed", "1.31 (1.02 – 1.68)"), "estimates.hazard_ratio_overtime.printed"),
        (_estimate(2, "value", 14.1), "estimates.net_benefit.value"),
        (_estimate(2, "high", 28.1), "estimates.net_benefit.high"),
        (_estimate(2, "monte_carlo_error", 5.0), "estimates.net_benefit.monte_carlo_error"),
        (_estimate(2, "n_people", 1255), "estimates.net_benefit.n_people"),
        (_estimate(0, "extra", 1), "estimates.survival_12_months.extra"),
        (lambda r: r["evidence"][0]["estimates"][0].pop("unit"), "estimates.survival_12_months.unit"),
        (lambda r: r["evidence"][0]["estimates"].pop(1), "estimates.hazard_ratio_overtime"),
        (lambda r: r["evidence"][0]["estimates"].reverse(), "estimates"),
        (lambda r: r["evidence"][0].__setitem__("answer", "70 % of people stay a year."), "answer"),
        (lambda r: r["evidence"][0].__setitem__("answer", OTHER_WORDS), "answer"),
        (lambda r: r["evidence"][0]["limits"].append("x"), "limits"),
        (_cell(0, 1205), "tables.exits[Nursing].n_people"),
        (_cell(1, 10), "tables.exits[Legal].n_people"),
        (lambda r: r["evidence"][0]["tables"][0]["rows"].reverse(), "tables.exits.rows"),
        (lambda r: r["evidence"][0]["tables"][0].__setitem__("title", "x"), "tables.exits.title"),
        (lambda r: r["evidence"][0]["curves"][0]["y"].__setitem__(1, 0.81), "curves.survival.y.1"),
        (lambda r: r["evidence"][0]["curves"][0]["x"].append(18.0), "curves.survival.x"),
        (lambda r: r["evidence"][0]["checks"][1].__setitem__("passed", True), "checks.proportional.passed"),
        (lambda r: r["evidence"][0]["checks"][1].__setitem__("value", 0.004), "checks.proportional.value"),
        (lambda r: r["evidence"][0]["checks"][0].__setitem__("text", "All well."), "checks.followup.text"),
        (lambda r: r["evidence"][0]["checks"][2].__setitem__("passed", False), "checks.ties.passed"),
        (lambda r: r["evidence"].pop(1), "evidence.turnover.other"),
        (lambda r: r["evidence"].append({**copy.deepcopy(r["evidence"][0]), "id": "new"}), "evidence.new"),
        (lambda r: r["evidence"].reverse(), "evidence"),
        (lambda r: r.__setitem__("schema", "wellperf.results/2"), "schema"),
        (lambda r: r["provenance"].__setitem__("synthetic", True), "synthetic"),
        (lambda r: r["provenance"].__setitem__("seed", 2), "seed"),
        (lambda r: r.__setitem__("more", 1), "more"),
    ],
)  # fmt: skip
def test_drift_is_named(change: Change, name: str) -> None:
    got = _results()
    change(got)
    drifts = compare_results(_results(), got)
    assert [d.name for d in drifts] == [name]
    assert compare_results(got, _results())


def _drawn(value: float, error: float = 0.5) -> dict[str, Any]:
    results = _results()
    table = results["evidence"][0]["tables"][0]
    table["computation"] = "sampled"
    for row in table["rows"]:
        row["monte_carlo_errors"] = [None] * len(row["values"])
    table["rows"][0]["values"][0] = value
    table["rows"][0]["monte_carlo_errors"][0] = error
    return results


@pytest.mark.parametrize(
    ("value", "error", "drift"),
    [
        (101.9, 0.5, []),
        (101.9, 0.9, []),
        (102.1, 0.5, ["n_people"]),
        (100.0, 5.0, ["n_people.monte_carlo_error"]),
    ],
)
def test_a_drawn_cell_may_differ_by_its_monte_carlo_error(
    value: float, error: float, drift: list[str]
) -> None:
    drifts = compare_results(_drawn(100.0), _drawn(value, error))
    assert [d.name for d in drifts] == [f"tables.exits[Nursing].{name}" for name in drift]


def _cut(value: float, computation: str) -> dict[str, Any]:
    """A private study: every number has the digits that are printed."""
    results = _results()
    evidence = results["evidence"][0]
    evidence["estimates"][1].update(value=value, computation=computation)
    evidence["tables"][0].update(computation=computation)
    evidence["tables"][0]["rows"][0]["values"][1] = value
    evidence["curves"][0].update(computation=computation, y=[1.0, value, 0.6])
    evidence["checks"][1].update(value=value, computation=computation)
    return results


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (1.31, 1.32, True),  # .0149999 and .015: the other way
        (1.3, 1.31, True),  # 1.30, as JSON writes it
        (1.31, 1.33, False),
        (1.31, 1.3200001, False),  # not cut: published microdata
        (1230.0, 1240.0, True),  # three digits of a thousand
    ],
)
def test_cut_numbers_may_differ_by_one_in_their_last_digit(before: float, now: float, same: bool) -> None:
    places = [
        d.name.rpartition(".")[0] for d in compare_results(_cut(before, "iterative"), _cut(now, "iterative"))
    ]
    # what it prints has two decimals: there 1230 and 1240 are another estimate
    expected = [] if before < 100 else ["estimates.hazard_ratio_overtime"]
    every = ["estimates.hazard_ratio_overtime", "tables.exits[Nursing]", "curves.survival.y"]
    assert places == (expected if same else [*every, "checks.proportional"])
    # exact ones are equal
    exact = compare_results(_cut(before, "exact"), _cut(now, "exact"))
    assert len(exact) == 4


def test_another_environment_is_a_note() -> None:
    notes = provenance_notes(PROVENANCE, {**PROVENANCE, "lock_sha256": "0", "python": "3.14"})
    assert len(notes) == 2
