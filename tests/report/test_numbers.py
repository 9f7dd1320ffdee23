from __future__ import annotations

import pytest

from wellperf_models.report.numbers import interval_decimals, print_column, print_number

T = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("values", "printed"),
    [
        ([1250, 5, None], [f"1{T}250", "5", "—"]),
        ([12.345, 0.5, 99.96], ["12.3", "0.5", "100.0"]),
        ([0.12345, 0.00001], ["0.123", "< 0.001"]),
        ([-0.12, 0.0], ["−0.120", "0.000"]),
        ([123456.7, 1.0], [f"123{T}457", "1"]),
        ([10.0, 20.0], ["10", "20"]),
        (["<b>", 1.25], ["<b>", "1.25"]),
        ([float("nan")], ["—"]),
        ([True, False], ["yes", "no"]),
    ],
)
def test_columns(values: list[float | int | str | None], printed: list[str]) -> None:
    assert print_column(values) == printed


def test_rows_in_units_of_their_own() -> None:
    assert print_column([10.834, -0.0125, 5.7, None], one_by_one=True) == ["10.8", "−0.0125", "5.70", "—"]


def test_number() -> None:
    assert print_number(None) == "—"
    assert print_number(1234567) == f"1{T}234{T}567"


def test_a_number_and_its_interval_have_the_same_decimals() -> None:
    columns = [[0.7811, 1.021], [0.7648, 0.947], [0.7974, 1.094], [10, 25]]
    least = interval_decimals(["value", "low", "high", "n"], columns)
    assert least == [3, 3, 3, 0]
    assert print_column(columns[0], least_decimals=least[0]) == ["0.781", "1.021"]
    assert print_column([10, 25], least_decimals=3) == ["10", "25"]
    assert interval_decimals(["value", "n"], columns[:2]) == [0, 0]
