"""What the return pillar would refuse later: money that can't be told.

Of the study file alone: currencies and factors that nothing declares. Of the tables: bookings of a programme
that add up to less than nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from wellperf_models.study import PACKAGED_FACTORS, Roi, Study
from wellperf_models.study.suggest import suggest
from wellperf_models.tables.violation import Violation, file_problem

_CENT: Final = 0.005


def foresee_money(study: Study) -> Iterator[Violation]:
    """What the study file alone tells.

    Args:
        study: The study.
    """
    if study.roi is None:
        return
    known = study.money.currencies if study.money else ()
    for where, currency in _priced(study.roi).items():
        if currency not in known:
            yield file_problem(
                "(study)",
                "roi_currency",
                f"{where} is in {currency}, which [money] does not declare",
                "add it to [money]: reporting_currency, or a dated rate",
            )
    factors = (*PACKAGED_FACTORS, *study.roi.factors)
    for where, names in _multiplied(study.roi).items():
        for name in names:
            if name not in factors:
                yield file_problem(
                    "(study)",
                    "roi_factor",
                    f"{where}.times names {name!r}, which is no factor{suggest(name, factors)}",
                    f"correct it, or declare [roi.factors.{name}] with its source",
                )


def foresee_bookings(study: Study, frames: Mapping[str, pl.LazyFrame]) -> Iterator[Violation]:
    """What the tables tell.

    Args:
        study: The study.
        frames: Tables that could be read.
    """
    if study.roi is None:
        return
    roi = study.roi
    if "costs" not in frames or roi.decision is None or study.money is None:
        return
    # a negative booking is a refund; by currency, as no rate turns a payment into a refund
    own = frames["costs"].filter(pl.col("programme") == roi.programme, pl.col("amount").is_not_null())
    totals = own.group_by("kind", "currency").agg(pl.col("amount").sum(), pl.len().alias("n")).collect()
    wrong = totals.filter(pl.col("amount") < -_CENT)
    if wrong.height:
        yield Violation(
            table="costs",
            column="amount",
            rule="bookings_above_nothing",
            count=int(wrong["n"].sum()),
            text="the bookings of a kind of cost add up to nothing or more; refunds are below 0",
            what_to_do="correct the sign: what was paid is above 0",
        )


def _priced(roi: Roi) -> dict[str, str]:
    """Place in the study file → currency of an amount there; that of the table costs is judged by row."""
    given = {
        f"roi.outcomes.{name}.value": outcome.value.currency
        for name, outcome in roi.outcomes.items()
        if outcome.value is not None
    }
    given |= {f"roi.costs, number {i}": cost.currency for i, cost in enumerate(roi.costs, start=1)}
    for name, initiative in roi.initiatives.items():
        where = f"roi.initiatives.{name}.costs, number "
        given |= {f"{where}{i}": cost.currency for i, cost in enumerate(initiative.costs, start=1)}
    for name, asked in roi.willingness_to_pay.items():
        given[f"roi.willingness_to_pay.{name}"] = asked.currency
    if roi.pilot is not None:
        given["roi.pilot"] = roi.pilot.currency
    if roi.budget is not None:
        given["roi.budget"] = roi.budget.currency
    return given


def _multiplied(roi: Roi) -> dict[str, tuple[str, ...]]:
    """Place in the study file → factors that its amount is multiplied by."""
    given = {
        f"roi.outcomes.{name}.value": outcome.value.times
        for name, outcome in roi.outcomes.items()
        if outcome.value is not None
    }
    given |= {f"roi.costs, number {i}": cost.times for i, cost in enumerate(roi.costs, start=1)}
    for name, initiative in roi.initiatives.items():
        where = f"roi.initiatives.{name}.costs, number "
        given |= {f"{where}{i}": cost.times for i, cost in enumerate(initiative.costs, start=1)}
    return given
