"""`[money]`: the reporting currency and dated exchange rates."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from wellperf_models.study.base import Section

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Rate(Section):
    """One dated exchange rate: an amount in `currency` times `rate` is in the reporting currency."""

    currency: Currency
    date: dt.date
    rate: Annotated[float, Field(gt=0)]


class Money(Section):
    """`[money]`.

    Attributes:
        reporting_currency: ISO 4217 code all amounts are reported in.
        rates: Dated rates for every other currency that occurs; an undeclared one is refused.
    """

    reporting_currency: Currency
    rates: tuple[Rate, ...] = ()

    @property
    def currencies(self) -> tuple[str, ...]:
        """Every declared currency code."""
        return tuple(dict.fromkeys((self.reporting_currency, *(r.currency for r in self.rates))))
