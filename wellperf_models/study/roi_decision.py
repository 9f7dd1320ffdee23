"""`[roi.decision]`, `[roi.pilot]`, `[roi.scenarios]`, `[roi.initiatives]`: what is to be decided."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.covariates import Name
from wellperf_models.study.money import Currency
from wellperf_models.study.roi_beliefs import PriorSet
from wellperf_models.study.roi_money import Cost, Party, Tier

Share = Annotated[float, Field(ge=0, le=1)]


class Decision(Section):
    """`[roi.decision]`: declared before any outcome is read.

    Attributes:
        discount_rate: Yearly, as a share (.03), of the firm; there is no default. 0 has to be said.
        social_discount_rate: The same of society; used where the perspective is society's. None: the firm's.
        prices: "real": amounts keep their value, and the discount rate is real. "nominal": the discount rate
            holds inflation, so amounts grow by `inflation` from year to year.
        inflation: Yearly, as a share; needed with nominal prices, refused with real ones.
        growth: Real yearly growth of what an outcome is worth (wages), as a share.
        perspective: Whose money it is.
        horizon_years: Years counted, the first being the one evaluated.
        programme_years: Years in which the programme runs and costs; what is booked in the table costs has
            to be of as many.
        fade_out: Share of the effect lost from each year to the next.
        fade_out_spread: Standard deviation of what is not known about it (a beta distribution with mean
            `fade_out`); 0: known.
        people: People the decision is about; None: those who were offered the programme.
        booked_spread: Standard deviation of the logarithm of what will have to be paid, around what was
            booked; 0: what was booked is what it costs.
        judged_by: Sets of priors that must agree for "fund" or "stop"; every other set is shown beside them.
        fund_above, stop_below: Probability that the net present value is above 0 from which the answer is
            "fund", and below which it is "stop"; between them it is "undecided".
        hurdle_rates: Returns asked of each unit of money spent at which acceptability is told.
        correlation: Between the estimates of outcomes that can't be joined; reported with its sensitivity.
    """

    discount_rate: Annotated[float, Field(ge=0, lt=1)]
    social_discount_rate: Annotated[float, Field(ge=0, lt=1)] | None = None
    prices: Literal["real", "nominal"] = "real"
    inflation: Annotated[float, Field(gt=-0.1, lt=1)] | None = None
    growth: Annotated[float, Field(gt=-0.5, lt=0.5)] = 0.0
    perspective: Literal["employer", "employee", "society"]
    horizon_years: Annotated[int, Field(ge=1, le=10)]
    programme_years: Annotated[int, Field(ge=1, le=10)] = 1
    fade_out: Share
    fade_out_spread: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    people: Annotated[int, Field(ge=1)] | None = None
    booked_spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    judged_by: Annotated[tuple[PriorSet, ...], Field(min_length=1)] = ("flat", "sceptical")
    fund_above: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    stop_below: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    hurdle_rates: tuple[Annotated[float, Field(ge=0, le=10)], ...] = (0.0, 0.1, 0.25, 0.5, 1.0)
    correlation: Annotated[float, Field(gt=-1, lt=1)] = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.programme_years > self.horizon_years:
            raise ValueError("programme_years lie inside horizon_years")
        if (self.prices == "nominal") != (self.inflation is not None):
            raise ValueError('give inflation with prices = "nominal", and only then')
        if len(set(self.judged_by)) != len(self.judged_by):
            raise ValueError("judged_by names a set of priors twice")
        mean, spread = self.fade_out, self.fade_out_spread
        if spread and not spread**2 < mean * (1 - mean):
            raise ValueError("fade_out_spread is too large for a share with this mean")
        return self

    @property
    def rate(self) -> float:
        """The discount rate of the declared perspective."""
        if self.perspective == "society" and self.social_discount_rate is not None:
            return self.social_discount_rate
        return self.discount_rate

    @property
    def yearly_growth(self) -> float:
        """Factor by which what an outcome is worth grows from year to year, in the prices declared."""
        return (1 + self.growth) * (1 + (self.inflation or 0.0))


class Pilot(Section):
    """`[roi.pilot]`: a further trial that could be run before deciding.

    Attributes:
        people: Sizes to be compared, people in both arms together.
        clusters: Numbers of teams, departments or sites among which lots would be drawn; (): lots by person.
            With clusters every size is looked at with every number of them.
        icc: Share of the variance of an outcome between clusters; None: as these data say, or .05 where they
            can't.
        cost_once, cost_per_person: Of running it, beyond the programme itself, in `currency`.
        delay_years: By how much the decision for everybody is put off.
        currency, source, tier: As of a value.
    """

    people: Annotated[tuple[Annotated[int, Field(ge=4)], ...], Field(min_length=1)]
    clusters: tuple[Annotated[int, Field(ge=4)], ...] = ()
    icc: Annotated[float, Field(ge=0, lt=1)] | None = None
    cost_once: Annotated[float, Field(ge=0)] = 0.0
    cost_per_person: Annotated[float, Field(ge=0)] = 0.0
    delay_years: Annotated[float, Field(ge=0, le=5)] = 1.0
    currency: Currency
    source: Annotated[str, Field(min_length=1)]
    tier: Tier


class Scenario(Section):
    """`[roi.scenarios.NAME]`: the same model under other circumstances.

    Attributes:
        label: What a reader sees.
        wages: Factor of what every outcome is worth (wages, prices of what is saved), and of costs of staff
            time, which are wages too.
        price: Factor of what the programme costs, staff time included; where both are given they multiply.
        uptake: Share of the offered who take part; the effect of the offer is scaled by it over the share
            observed. None: as observed.
        fade_out, discount_rate: In place of those of `[roi.decision]`.
    """

    label: str = ""
    wages: Annotated[float, Field(gt=0)] = 1.0
    price: Annotated[float, Field(gt=0)] = 1.0
    uptake: Annotated[float, Field(gt=0, le=1)] | None = None
    fade_out: Share | None = None
    discount_rate: Annotated[float, Field(ge=0, lt=1)] | None = None


class Believed(Section):
    """`[roi.initiatives.NAME.effects.OUTCOME]`: what is believed of an effect that was not measured here.

    Attributes:
        mean, sd: Of a normal, for one person offered it and a year, in the outcome's unit.
        source, tier: As of a value.
    """

    mean: float
    sd: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(min_length=1)]
    tier: Tier


class Initiative(Section):
    """`[roi.initiatives.NAME]`: something else the same money could be spent on.

    Attributes:
        label: What a reader sees.
        people: People it would be offered to.
        effects: Outcome of `[roi.outcomes]` with a value → what is believed.
        costs: What it would cost.
        programme_years: Years it would run; None: those of `[roi.decision]`.
    """

    label: str = ""
    people: Annotated[int, Field(ge=1)]
    effects: Annotated[dict[Name, Believed], Field(min_length=1)]
    costs: Annotated[tuple[Cost, ...], Field(min_length=1)]
    programme_years: Annotated[int, Field(ge=1, le=10)] | None = None


class Budget(Section):
    """`[roi.budget]`: what may be spent on initiatives together, as a present value."""

    amount: Annotated[float, Field(gt=0)]
    currency: Currency


class WillingnessToPay(Section):
    """`[roi.willingness_to_pay.NAME]`: what somebody would pay for one unit of an outcome that has no price.

    Attributes:
        outcome: Of `[roi.outcomes]`, one whose value is not in the money.
        amount, spread, currency, source: As of a value.
        asked: Who was asked, in words.
        party: Whose money it would be.
    """

    outcome: Name
    amount: Annotated[float, Field(gt=0)]
    spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    currency: Currency
    source: Annotated[str, Field(min_length=1)]
    asked: Annotated[str, Field(min_length=1)]
    party: Party = "employer"
