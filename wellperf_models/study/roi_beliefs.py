"""What is believed before the data: priors of effects, factors of amounts, the bias of a comparison."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.money import Currency
from wellperf_models.study.roi_money import Channel

Status = Literal["measured", "judgement"]
# nothing believed; a reader of randomised evaluations; changes of organisation; vendors' evidence
PriorSet = Literal["flat", "sceptical", "organisational", "optimistic"]
Year = Annotated[int, Field(ge=1950, le=2100)]
PRIOR_SETS: Final[tuple[PriorSet, ...]] = get_args(PriorSet)
# names of the factors that come with the package (roi/priors.toml), for what is checked before it is read
PACKAGED_FACTORS: Final = (
    "replacement_cost",
    "programme_cost",
    "absence_day",
    "presenteeism_ratio",
    "self_report_conversion",
)


class EvidencePrior(Section):
    """`[roi.priors.SET.ENTRY]`: what is believed of an effect before the data.

    ENTRY is the name of an outcome, of a channel, or "default"; the first of these that there is holds. An
    entry of a study replaces the packaged one of the same set and name.

    Attributes:
        quantity: What it is about, in words.
        distribution: Only normal so far.
        scale: "relative": of the logarithm of a ratio of means (of hazards, for exits), for an outcome of
            which more is worse. "standardised": of a difference in standard deviations of the control arm,
            above 0 towards better. "unit": of a difference in the outcome's own unit, above 0 towards more.
        mean, sd: On that scale.
        source: What it rests on.
        status: Whether the source measured it, or it was set by judgement.
    """

    quantity: Annotated[str, Field(min_length=1)]
    distribution: Literal["normal"] = "normal"
    scale: Literal["relative", "standardised", "unit"]
    mean: float
    sd: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(min_length=1)]
    status: Status


class Factor(Section):
    """`[roi.factors.NAME]`: a number above 0 that an amount is multiplied by, known with an error.

    An entry of a study replaces the packaged one of the same name.

    Attributes:
        quantity: What it is, in words, with its unit.
        distribution: "lognormal": `median` and `spread` (of the logarithm). "beta": `a` and `b`. "fixed":
            `median` alone.
        median, spread, a, b: As the distribution needs; the others are None.
        only_for: Channels of values, or "costs", that it may multiply; (): anything. What was measured for
            one use is refused for another.
        currency, price_year: Of a factor that is an amount of money: what it is multiplied into has to be in
            that currency, and `[[roi.price_indices]]` says what prices have done since that year.
        source: What it rests on.
        status: Whether the source measured it, or it was set by judgement.
    """

    quantity: Annotated[str, Field(min_length=1)]
    distribution: Literal["lognormal", "beta", "fixed"]
    median: Annotated[float, Field(gt=0)] | None = None
    spread: Annotated[float, Field(gt=0, le=3)] | None = None
    a: Annotated[float, Field(gt=0)] | None = None
    b: Annotated[float, Field(gt=0)] | None = None
    only_for: tuple[Channel | Literal["costs"], ...] = ()
    currency: Currency | None = None
    price_year: Year | None = None
    source: Annotated[str, Field(min_length=1)]
    status: Status

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"lognormal": {"median", "spread"}, "beta": {"a", "b"}, "fixed": {"median"}}
        given = {name for name in ("median", "spread", "a", "b") if getattr(self, name) is not None}
        if given != needed[self.distribution]:
            told = " and ".join(sorted(needed[self.distribution]))
            raise ValueError(f'a factor with distribution = "{self.distribution}" gives {told}, nothing else')
        if (self.currency is None) != (self.price_year is None):
            raise ValueError("a factor that is an amount of money gives both currency and price_year")
        if self.currency is not None and self.distribution == "beta":
            raise ValueError("a factor that is an amount of money is no share: lognormal or fixed")
        return self


class PriceIndex(Section):
    """`[[roi.price_indices]]`: what a unit of money of an earlier year is in prices of a later one.

    Attributes:
        currency: Of both.
        from_year, to_year: Years of the prices.
        ratio: Prices of `to_year` over those of `from_year`.
        source: Which index, and where it was read.
    """

    currency: Currency
    from_year: Year
    to_year: Year
    ratio: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(min_length=1)]


class Bias(Section):
    """`[roi.bias]`: by how much a comparison without lots is believed to mislead, before it is seen.

    Attributes:
        mean, sd: Of a normal, of the logarithm of a ratio of means where more of the outcome is worse (below
            0: the comparison flatters the programme), and in standard deviations of the comparison group,
            towards better, elsewhere with the sign turned. None: −.4 and .4 for those who took part against
            those who did not and for before against after; 0 and .1 for a comparison with a group of its own.
        source: What it rests on.
    """

    mean: float = -0.4
    sd: Annotated[float, Field(gt=0)] = 0.4
    source: Annotated[str, Field(min_length=1)] = (
        "judgement: in the Illinois trial participants would have shown a saving where the lots show none"
    )
