"""What an outcome is worth, and what a programme costs, as the study file says it."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.covariates import Name
from wellperf_models.study.money import Currency

Channel = Literal[
    "absence", "turnover", "productivity", "presenteeism", "claims", "customer_satisfaction", "other"
]
# measured in this study, transported from the literature, or asserted by somebody
Tier = Literal["measured", "transported", "asserted"]
Party = Literal["employer", "employee", "others"]
BORNE_BY_EMPLOYER: Final[dict[Party, float]] = {"employer": 1.0}
Shares = dict[Party, Annotated[float, Field(ge=0, le=1)]]


def _all_borne(shares: Shares) -> None:
    if not shares or abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError("borne_by says whose money all of it is: its shares add up to 1")


class Value(Section):
    """`[roi.outcomes.NAME.value]`: what one unit of the outcome is worth.

    Attributes:
        channel: Through which the money flows; one outcome a channel, or it would be counted twice.
        amount: Money for one unit of the outcome of one person over one year, above 0; the sign of the
            benefit comes from the outcome's `higher_is`.
        spread: Standard deviation of the logarithm of `amount`; 0: known.
        times: Names of factors (`[roi.factors]`, or those of the package) that `amount` is multiplied by,
            such as a yearly pay by "replacement_cost". One factor named in several places is one unknown.
        apart_from: Channels whose money `amount` leaves out, such as "absence" for output per hour worked:
            what was lost while somebody was away is then not in it.
        currency: ISO 4217, declared in `[money]`.
        borne_by: Whose money it is, in shares that add up to 1.
        source: Where the amount comes from.
        tier: An asserted amount never enters the net present value: the break-even value is reported.
    """

    channel: Channel
    amount: Annotated[float, Field(gt=0)]
    spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    times: tuple[Name, ...] = ()
    apart_from: tuple[Channel, ...] = ()
    currency: Currency
    borne_by: Shares = BORNE_BY_EMPLOYER
    source: Annotated[str, Field(min_length=1)]
    tier: Tier

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _all_borne(self.borne_by)
        return self


class Cost(Section):
    """`[[roi.costs]]`: a cost that is not in the table `costs`.

    Attributes:
        kind: Kind of cost, as in the table.
        amount: Money; 1 where a factor holds all of it.
        per: For each person offered the programme and year it runs, for each year it runs, or once.
        spread: Standard deviation of the logarithm of `amount`; 0: known.
        times: Names of factors it is multiplied by, as of a value.
        currency, source, tier: As of a value.
        borne_by: Whose money it is.
    """

    kind: Literal["programme", "staff_time", "technology", "other"]
    amount: Annotated[float, Field(gt=0)]
    per: Literal["person_year", "year", "once"]
    spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    times: tuple[Name, ...] = ()
    currency: Currency
    borne_by: Shares = BORNE_BY_EMPLOYER
    source: Annotated[str, Field(min_length=1)]
    tier: Tier

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _all_borne(self.borne_by)
        return self
