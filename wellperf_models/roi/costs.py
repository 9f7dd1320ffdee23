"""What the programme costs, in the reporting currency: what was booked, and what the study declares."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

import polars as pl

from wellperf_models.disclosure.rules import COUNT_BASE, Rules, round_count
from wellperf_models.disclosure.wording import print_whole
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel import Source, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.roi.booked_time import BookedTime, booked_time
from wellperf_models.roi.lots import read_programme
from wellperf_models.roi.rows import CostLine
from wellperf_models.study import Decision, Money, Roi

_CENT = 0.005


def read_costs(
    tables: Source, section: Roi, n_offered: int | None
) -> tuple[tuple[CostLine, ...], dict[str, float]]:
    """The cost ledger, and the factor of each currency to the reporting one.

    Bookings are summed by kind, each at the latest rate dated on or before its day; a negative one is a
    refund. Those count that fall before the programme began in the control arm (a wait-list) and before its
    declared years were over: later ones paid for others, or for what is not evaluated; of a roll-out see
    `booked_time`. They paid for those who were offered the programme: where the decision is about another
    number of people they are scaled in proportion, and the line says so. Where it is about those who were
    offered it, their number is told to the nearest 5, benefits are of as many, and so are bookings, rounded
    such that the number itself can't be found out.
    Declared costs stand as they are.

    Args:
        tables: May hold `costs` and `programmes`.
        section: `[roi]`.
        n_offered: People the programme was offered to; None: not known, and bookings stand as they are.

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


def _booked(tables: Source, section: Roi, money: Money, n_offered: int | None) -> tuple[CostLine, ...]:
    """Bookings of the programme by kind; () where there is no table of costs, or nothing to decide."""
    if "costs" not in tables or section.decision is None:
        return ()
    rows = _own_bookings(tables, section)
    time = booked_time(tables, section)
    source = "booked (table costs)"
    if time is not None:
        own = rows.filter(pl.col("date") < time.end)
        if own.height < rows.height:
            source += f" before {time.end}; later ones paid for others, or for a time that is not evaluated"
        rows = own
        if time.scale > 1:
            source += (
                f", times {time.scale:.3g} from {time.origin} on, so that units which started later count "
                "for as long as the first"
            )
    if rows.is_empty():
        raise DesignError(
            "Every booking of the programme is from after the time evaluated.",
            where="costs.date",
            expected=f"bookings before {time.end if time else 'the end of the programme'}",
            remedy="complete the table costs, or declare [[roi.costs]]",
        )
    in_full = tables.study.study.public_microdata
    scale, told = _about_as_many(section.decision, n_offered, in_full=in_full)
    heads = None if n_offered is None or in_full else shown_people(n_offered, in_full=False)
    return tuple(
        CostLine(
            kind=kind,
            # what is left of a full refund is rounding
            amount=_rounded(max(0.0, amount) * scale, heads),
            per="once",
            spread=section.decision.booked_spread,
            source=source + told,
            tier="measured",
            covers=None if time is None else time.covers,
        )
        for kind, amount in sorted(_totals(rows, money, time).items())
    )


def _own_bookings(tables: Source, section: Roi) -> pl.DataFrame:
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
    return rows


def _totals(rows: pl.DataFrame, money: Money, time: BookedTime | None) -> dict[str, float]:
    """Kind → sum of its bookings in the reporting currency, for the time evaluated of every unit."""
    totals: dict[str, float] = {}
    for row in rows.sort("date", "kind", "currency", "amount").iter_rows(named=True):
        amount = row["amount"] * rate_on(money, row["currency"], row["date"], "costs.date")
        if time is not None and row["date"] >= time.origin:
            amount *= time.scale
        totals[row["kind"]] = totals.get(row["kind"], 0.0) + amount
    for kind, total in totals.items():
        if total < -_CENT:
            raise DesignError(
                "The bookings of a kind of cost add up to less than nothing.",
                where=f"costs, kind = {kind!r}",
                expected="refunds that are smaller than what was paid",
                got="more refunds than payments",
                remedy="complete the bookings, or correct their sign",
            )
    return totals


def _about_as_many(decision: Decision, n_offered: int | None, *, in_full: bool) -> tuple[float, str]:
    """Factor that makes bookings those of the people the decision is about, and what is said of it.

    The words follow from the number as it is told, so that they do not say whether it is exact.
    """
    if n_offered is None:
        return 1.0, ""
    offered = shown_people(n_offered, in_full=in_full)
    people = decision.people or offered
    told = ""
    if people != offered:
        told = f", scaled from the {print_whole(offered)} who were offered it to {print_whole(people)}"
    elif decision.people is None and not in_full:
        # benefits are those of the people told: costs of a few fewer or more would not be of the same ones
        told = ", for as many people as the decision is about: those who were offered it, to the nearest 5"
    if not in_full:
        told += "; rounded to about the cost of one of them"
    return people / n_offered, told


def _rounded(amount: float, heads: int | None) -> float:
    """The amount to 1, 2 or 5 times a power of ten, the next above what one person more or less would change.

    It is in proportion to how many were offered it: in full, that number could be found out from it.
    """
    if heads is None or not amount > 0:
        return amount
    each = amount / heads
    power = 10.0 ** math.floor(math.log10(each))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= each * (1 - 1e-9))
    return round(amount / step) * step
