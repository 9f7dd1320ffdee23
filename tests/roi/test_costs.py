"""The cost ledger: bookings at the rate of their day, refunds, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.roi.costs import read_costs, shown_people
from wellperf_models.study import Study

ASKED = {"currency": "USD", "source": "s", "tier": "measured"}
DECISION = {"discount_rate": 0.03, "perspective": "employer", "horizon_years": 3, "fade_out": 0.2}
MONEY = {
    "reporting_currency": "EUR",
    "rates": [
        {"currency": "USD", "date": dt.date(2023, 1, 1), "rate": 0.9},
        {"currency": "USD", "date": dt.date(2023, 7, 1), "rate": 0.8},
        {"currency": "CHF", "date": dt.date(2024, 6, 1), "rate": 1.05},
    ],
}


class FakeTables(dict[str, Any]):
    def __init__(self, study: Study, frames: dict[str, pl.DataFrame]) -> None:
        super().__init__(frames)
        self.study = study


def _tables(
    bookings: list[tuple[str, dt.date, str, float, str]] | None = None,
    *,
    money: dict[str, Any] | None = MONEY,
    value: str | None = None,
    public: bool = False,
    **roi: Any,
) -> FakeTables:
    outcome: dict[str, Any] = {"higher_is": "worse"}
    if value:
        outcome["value"] = {
            "channel": "absence",
            "amount": 1.0,
            "currency": value,
            "source": "s",
            "tier": "measured",
        }
    section = {
        "programme": "coaching",
        "design": "randomised",
        "level": "person",
        "treated": "yes",
        "control": "no",
        "start": dt.date(2023, 3, 1),
        "outcomes": {"sick_days": outcome},
        "decision": DECISION,
    }
    licence = {"public_microdata": True, "licence": "CC0", "source": "s"} if public else {}
    study = Study.model_validate(
        {
            "study": {"name": "t", "as_of": dt.date(2024, 12, 31), "seed": 4, **licence},
            "tables": {"outcomes": {"path": "none.csv"}, "costs": {"path": "none.csv"}},
            "roi": {k: v for k, v in (section | roi).items() if v is not None},
        }
        | ({"money": money} if money else {})
    )
    frames = {}
    if bookings is not None:
        columns = {
            "programme": pl.String,
            "date": pl.Date,
            "kind": pl.String,
            "amount": pl.Float64,
            "currency": pl.String,
        }
        frames["costs"] = pl.DataFrame(bookings, schema=columns, orient="row")
    return FakeTables(study, frames)


def _read(tables: FakeTables, n_offered: int | None = 300):
    assert tables.study.roi is not None
    return read_costs(tables, tables.study.roi, n_offered)


def _booking(amount: float, day: dt.date, kind: str = "programme", currency: str = "EUR"):
    return ("coaching", day, kind, amount, currency)


def test_bookings_are_summed_by_kind_at_the_latest_rate_on_or_before_their_day():
    bookings = [
        _booking(1000.0, dt.date(2023, 1, 15)),
        _booking(1000.0, dt.date(2023, 6, 30), currency="USD"),
        _booking(1000.0, dt.date(2023, 7, 1), currency="USD"),
        _booking(500.0, dt.date(2024, 2, 29), "staff_time"),
        _booking(-200.0, dt.date(2023, 8, 1)),
        ("another", dt.date(2023, 1, 1), "programme", 9e9, "EUR"),
    ]
    ledger, factors = _read(_tables(bookings))
    assert {line.kind: line.amount for line in ledger} == pytest.approx(
        {"programme": 1000 + 900 + 800 - 200, "staff_time": 500}
    )
    assert {line.per for line in ledger} == {"once"}
    assert {(line.tier, line.spread) for line in ledger} == {("measured", 0.0)}
    assert all(line.source.startswith("booked (table costs), for as many people") for line in ledger)
    assert factors == {"EUR": 1.0}


def test_bookings_after_the_time_evaluated_are_for_others():
    bookings = [
        _booking(1000.0, dt.date(2023, 3, 1)),
        _booking(70.0, dt.date(2023, 9, 30)),
        _booking(300.0, dt.date(2023, 10, 1)),
        _booking(500.0, dt.date(2024, 3, 1)),
    ]
    (line,), _ = _read(_tables(bookings))
    assert line.amount == 1370
    assert "before 2024-03-01" in line.source
    (line,), _ = _read(_tables(bookings, decision=DECISION | {"programme_years": 2}))
    assert line.amount == 1870
    # the waiting team starts in October, and its bookings are not the treated team's
    tables = _tables(bookings)
    tables["outcomes"] = pl.DataFrame(
        {"unit_id": ["1", "2"], "cluster": ["A", "B"], "arm": ["yes", "no"]},
    )
    tables["programmes"] = pl.DataFrame(
        {
            "programme": ["coaching"] * 3,
            "unit_id": ["A", "B", "C"],
            "start": [dt.date(2023, 3, 1), dt.date(2023, 10, 1), dt.date(2023, 5, 1)],
            "assigned_by": ["randomised"] * 3,
            "level": ["team"] * 3,
        }
    )
    (line,), _ = _read(tables)
    assert line.amount == 1070
    with pytest.raises(DesignError, match="after the time evaluated"):
        _read(_tables([_booking(1.0, dt.date(2025, 1, 1))]))


def test_declared_costs_and_values_are_converted_on_the_first_day_of_the_programme():
    costs = [
        {
            "kind": "technology",
            "amount": 100.0,
            "per": "person_year",
            "spread": 0.3,
            "currency": "USD",
            "source": "offer",
            "tier": "transported",
        }
    ]
    ledger, factors = _read(_tables([_booking(10.0, dt.date(2023, 1, 1))], costs=costs, value="USD"))
    assert factors == {"EUR": 1.0, "USD": 0.9}
    declared = ledger[1]
    assert (declared.amount, declared.per, declared.spread) == (pytest.approx(90.0), "person_year", 0.3)
    assert (declared.tier, declared.source) == ("transported", "offer")


def test_bookings_are_scaled_where_the_decision_is_about_others():
    bookings = [_booking(3000.0, dt.date(2023, 1, 1))]
    same, _ = _read(_tables(bookings, decision=DECISION | {"people": 300}))
    assert same[0].amount == 3000
    more, _ = _read(_tables(bookings, decision=DECISION | {"people": 600}), 302)
    # by the number itself; told is the nearest 5
    assert more[0].amount == pytest.approx(3000 * 600 / 302, abs=10)
    assert more[0].amount < 6000
    assert "from the 300 who were offered it to 600" in more[0].source
    # published in full, the exact number is no secret
    exact, _ = _read(_tables(bookings, decision=DECISION | {"people": 604}, public=True), 302)
    assert exact[0].amount == pytest.approx(6000)
    # nobody knows whom it was offered to
    unknown, _ = _read(_tables(bookings, decision=DECISION | {"people": 604}), None)
    assert unknown[0].amount == 3000


def test_people_are_told_to_the_nearest_five():
    assert [shown_people(n, in_full=False) for n in (1, 302, 303, 305)] == [5, 300, 305, 305]
    assert shown_people(303, in_full=True) == 303


def test_nothing_known_about_costs_is_an_empty_ledger():
    assert _read(_tables()) == ((), {"EUR": 1.0})
    assert _read(_tables(money=None)) == ((), {})
    # without a decision nobody asks what it costs
    assert _read(_tables([_booking(1.0, dt.date(2020, 1, 1), currency="USD")], decision=None))[0] == ()


def test_a_full_refund_leaves_nothing_and_more_than_that_is_no_cost():
    day = dt.date(2023, 1, 1)
    even = [_booking(100.10, day), _booking(-100.10, dt.date(2023, 2, 1)), _booking(5.0, day, "other")]
    assert {line.kind: line.amount for line in _read(_tables(even))[0]} == {"other": 5.0, "programme": 0.0}
    with pytest.raises(DesignError, match="less than nothing"):
        _read(_tables([_booking(100.0, day), _booking(-150.0, day, "programme")]))
    with pytest.raises(DesignError, match="less than nothing") as error:
        # other kinds do not make up for it
        _read(_tables([_booking(900.0, day), _booking(-1.0, day, "staff_time")]))
    assert "staff_time" in str(error.value.where)


def test_a_programme_without_bookings_is_named_with_the_known_ones():
    with pytest.raises(StudyError, match="nothing of the programme") as error:
        _read(_tables([("caching", dt.date(2023, 1, 1), "programme", 1.0, "EUR")]))
    assert "caching" in str(error.value.expected)
    assert error.value.got == "'coaching'"


@pytest.mark.parametrize(
    ("currency", "day", "word"),
    [
        ("USD", dt.date(2022, 12, 31), "2023-01-01"),
        ("CHF", dt.date(2023, 12, 31), "2024-06-01"),
        ("JPY", dt.date(2023, 12, 31), "none"),
    ],
)
def test_a_booking_without_a_rate_on_its_day_is_refused(currency, day, word):
    with pytest.raises(StudyError, match="no exchange rate") as error:
        _read(_tables([_booking(1.0, day, currency=currency)]))
    assert currency in str(error.value.where)
    assert word in str(error.value.got)


def test_prices_need_a_reporting_currency_and_a_day():
    with pytest.raises(StudyError, match="no reporting currency"):
        _read(_tables(money=None, value="EUR"))
    with pytest.raises(StudyError, match="no reporting currency"):
        _read(_tables([_booking(1.0, dt.date(2023, 1, 1))], money=None))
    with pytest.raises(StudyError, match="needs a day"):
        _read(_tables(value="USD", start=None))
    assert _read(_tables(value="EUR", start=None))[1] == {"EUR": 1.0}
    with pytest.raises(StudyError, match="no exchange rate"):
        _read(_tables(value="CHF"))


def test_a_kind_that_is_booked_and_declared_would_count_twice():
    costs = [
        {
            "kind": "programme",
            "amount": 1.0,
            "per": "once",
            "currency": "EUR",
            "source": "s",
            "tier": "asserted",
        }
    ]
    bookings = [_booking(1.0, dt.date(2023, 1, 1))]
    with pytest.raises(StudyError, match="counted twice"):
        _read(_tables(bookings, costs=costs))
    other = [costs[0] | {"kind": "other"}]
    assert [line.kind for line in _read(_tables(bookings, costs=other))[0]] == ["programme", "other"]


def test_what_was_booked_may_cost_more_or_less_the_next_time():
    bookings = [("coaching", dt.date(2023, 4, 1), "programme", 100.0, "EUR")]
    (line,), _ = read_costs(_tables(bookings), _tables(bookings).study.roi, 10)
    assert line.spread == 0
    unsure = _tables(bookings, decision=DECISION | {"booked_spread": 0.2})
    (line,), _ = read_costs(unsure, unsure.study.roi, 10)
    assert (line.spread, line.amount) == (0.2, 100.0)


def test_every_price_of_the_section_has_its_rate():
    initiative = {
        "people": 10,
        "effects": {"sick_days": {"mean": 0.0, "sd": 1.0, "source": "s", "tier": "asserted"}},
        "costs": [ASKED | {"kind": "programme", "amount": 1.0, "per": "once"}],
    }
    for more in (
        {"budget": {"amount": 10.0, "currency": "USD"}},
        {"pilot": {"people": [100]} | ASKED},
        {"initiatives": {"a": initiative}},
    ):
        tables = _tables(value="EUR", **more)
        assert read_costs(tables, tables.study.roi, 10)[1] == {"EUR": 1.0, "USD": 0.9}
    wish = {"outcome": "sick_days", "amount": 1.0, "currency": "USD", "source": "s", "asked": "us"}
    tables = _tables(willingness_to_pay={"less": wish})
    assert read_costs(tables, tables.study.roi, 10)[1]["USD"] == 0.9
    early = _tables(budget={"amount": 10.0, "currency": "CHF"})
    with pytest.raises(StudyError, match="no exchange rate"):
        read_costs(early, early.study.roi, 10)
