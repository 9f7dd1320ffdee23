"""What the programme costs, in the reporting currency: what was booked, and what the study declares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from wellperf_models.disclosure.rules import COUNT_BASE, Rules, round_count
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel import Source, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.roi.lots import read_programme
from wellperf_models.roi.rows import CostLine
from wellperf_models.study import Money, Roi

_CENT = 0.005


def read_costs(tables: Source, section: Roi, n_offered: int) -> tuple[tuple[CostLine, ...], dict[str, float]]:
    """The cost ledger, and the factor of each currency to the reporting one.

    Bookings are summed by kind, each at the latest rate dated on or before its day; a negative one is a
    refund. Those count that fall before the programme began in the control arm (a wait-list) and before its
    declared years were over: later ones paid for others, or for what is not evaluated. They paid for those
    who were offered the programme: where the decision is about another number of people they are scaled in
    proportion, and the line says so. Declared costs stand as they are.

    Args:
        tables: May hold `costs` and `programmes`.
        section: `[roi]`.
        n_offered: Units the programme was offered to.

    Returns:
        (ledger, currency → factor on the programme's first day); the ledger is () where nothing is known
        about costs, the factors are empty where nothing has a price.

    Raises:
        StudyError: A price without `[money]` or without a rate, a programme without a booking, a kind that is
            both booked and declared.
        DesignError: The bookings of a kind add up to less than nothing.
    """
    money = tables.study.money
    prices = [cost.currency for cost in section.costs]
    prices += [outcome.value.currency for outcome in section.outcomes.values() if outcome.value]
    prices += [cost.currency for other in section.initiatives.values() for cost in other.costs]
    prices += [asked.currency for asked in section.willingness_to_pay.values()]
    prices += [one.currency for one in (section.budget, section.pilot) if one is not None]
    if money is None:
        _refuse_without_money(tables, prices)
        return (), {}
    start = read_programme(tables, section).start if set(prices) - {money.reporting_currency} else None
    factors = {money.reporting_currency: 1.0}
    factors |= {currency: rate_on(money, currency, start, "[roi] start") for currency in prices}
    booked = _booked(tables, section, money, n_offered)
    if twice := sorted({line.kind for line in booked} & {cost.kind for cost in section.costs}):
        raise StudyError(
            "A kind of cost is both booked and declared, and would be counted twice.",
            where=f"[[roi.costs]] kind = {twice[0]!r}",
            expected="declared costs for kinds that the table costs does not hold",
            remedy="drop the declared one, or book it under another kind",
        )
    declared = tuple(
        CostLine(
            kind=cost.kind,
            amount=cost.amount * factors[cost.currency],
            per=cost.per,
            spread=cost.spread,
            source=cost.source,
            tier=cost.tier,
            times=cost.times,
            borne_by=dict(cost.borne_by),
        )
        for cost in section.costs
    )
    return (*booked, *declared), factors


def rate_on(money: Money, currency: str, day: dt.date | None, where: str) -> float:
    """Factor from a currency to the reporting one: the latest rate dated on or before a day.

    Args:
        money: `[money]`.
        currency: ISO 4217 code.
        day: When the amount was due; None: not known.
        where: What the day belongs to, for the message.

    Raises:
        StudyError: There is no such rate, or no day to look it up by.
    """
    if currency == money.reporting_currency:
        return 1.0
    if day is None:
        raise StudyError(
            "An amount in another currency needs a day to be converted on.",
            where=where,
            expected=f"the programme's first day, for a rate of {currency}",
            remedy="give roi.start, or the amount in the reporting currency",
        )
    known = sorted((r.date, r.rate) for r in money.rates if r.currency == currency)
    valid = [rate for date, rate in known if date <= day]
    if not valid:
        raise StudyError(
            "There is no exchange rate for an amount.",
            where=f"[money] rates, {currency} ({where})",
            expected=f"a rate of {currency} dated on or before {day}",
            got=f"the earliest is dated {known[0][0]}" if known else "none",
            remedy="add a dated rate to [money]",
        )
    return valid[-1]


def shown_people(n_offered: int, *, in_full: bool) -> int:
    """Those who were offered the programme as may be told: to the nearest 5, unless published in full."""
    return n_offered if in_full else max(COUNT_BASE, round_count(n_offered, Rules()))


def _refuse_without_money(tables: Source, prices: Iterable[str]) -> None:
    for currency in prices:
        raise StudyError(
            "There are prices, but no reporting currency.",
            where="[money]",
            expected=f"reporting_currency, and rates where it is not {currency}",
        )
    if "costs" in tables and tables.study.roi is not None and tables.study.roi.decision is not None:
        raise StudyError(
            "There is a table of costs, but no reporting currency.",
            where="[money]",
            expected="reporting_currency",
        )


def _booked(tables: Source, section: Roi, money: Money, n_offered: int) -> tuple[CostLine, ...]:
    """Bookings of the programme by kind; () where there is no table of costs, or nothing to decide."""
    if "costs" not in tables or section.decision is None:
        return ()
    every = to_polars(table(tables, "costs"))
    rows = every.filter(pl.col("programme") == section.programme)
    if rows.is_empty():
        raise StudyError(
            "The table costs holds nothing of the programme.",
            where="[roi] programme",
            expected=f"one of {', '.join(sorted(every['programme'].unique())) or '(none)'}",
            got=repr(section.programme),
            remedy="correct roi.programme, or take out [tables.costs] and declare [[roi.costs]]",
        )
    end = _end_of_bookings(tables, section)
    later = 0
    if end is not None:
        later = rows.filter(pl.col("date") >= end).height
        rows = rows.filter(pl.col("date") < end)
        if rows.is_empty():
            raise DesignError(
                "Every booking of the programme is from after the time evaluated.",
                where="costs.date",
                expected=f"bookings before {end}",
                remedy="complete the table costs, or declare [[roi.costs]]",
            )
    totals: dict[str, float] = {}
    for row in rows.sort("date", "kind", "currency", "amount").iter_rows(named=True):
        rate = rate_on(money, row["currency"], row["date"], "costs.date")
        totals[row["kind"]] = totals.get(row["kind"], 0.0) + row["amount"] * rate
    for kind, amount in totals.items():
        if amount < -_CENT:
            raise DesignError(
                "The bookings of a kind of cost add up to less than nothing.",
                where=f"costs, kind = {kind!r}",
                expected="refunds that are smaller than what was paid",
                got="more refunds than payments",
                remedy="complete the bookings, or correct their sign",
            )
    offered = shown_people(n_offered, in_full=tables.study.study.public_microdata)
    people = section.decision.people or offered
    source = "booked (table costs)"
    if later:
        source += f" before {end}; later ones paid for others, or for a time that is not evaluated"
    if people != offered:
        source += f", scaled from the {offered:,} who were offered it to {people:,}"
    return tuple(
        CostLine(
            kind=kind,
            # what is left of a full refund is rounding
            amount=max(0.0, amount) * people / offered,
            per="once",
            spread=section.decision.booked_spread,
            source=source,
            tier="measured",
        )
        for kind, amount in sorted(totals.items())
    )


def _end_of_bookings(tables: Source, section: Roi) -> dt.date | None:
    """First day whose bookings are not for the time evaluated; None where the first day is not known."""
    start = read_programme(tables, section).start
    if start is None or section.decision is None:
        return None
    # 29 February has no anniversary in most years
    leap = (start.month, start.day) == (2, 29)
    year = start.year + section.decision.programme_years
    end = dt.date(year, 3, 1) if leap else start.replace(year=year)
    if "programmes" not in tables or "outcomes" not in tables or section.control is None:
        return end
    waiting = to_polars(table(tables, "outcomes")).filter(pl.col("arm") == section.control)
    units = set(waiting["unit_id"]) | set(waiting["cluster"].drop_nulls())
    own = to_polars(table(tables, "programmes")).filter(
        pl.col("programme") == section.programme,
        pl.col("start") > start,
        pl.col("unit_id").is_in(list(units)),
    )
    return min([end, *own["start"]])
