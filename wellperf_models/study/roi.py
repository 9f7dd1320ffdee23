"""`[roi]`: a programme, how it was assigned, what it may have changed, and what that is worth."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.covariates import Name
from wellperf_models.study.money import Currency

Channel = Literal[
    "absence", "turnover", "productivity", "presenteeism", "claims", "customer_satisfaction", "other"
]
# measured in this study, transported from the literature, or asserted by somebody
Tier = Literal["measured", "transported", "asserted"]
# replacement cost holds the lost productivity of the vacancy; presenteeism is self-reported productivity
EXCLUSIVE_CHANNELS: tuple[frozenset[str], ...] = (frozenset({"productivity", "presenteeism"}),)


class Value(Section):
    """`[roi.outcomes.NAME.value]`: what one unit of the outcome is worth.

    Attributes:
        channel: Through which the money flows; one outcome a channel, or it would be counted twice.
        amount: Money for one unit of the outcome of one person over one year, above 0; the sign of the
            benefit comes from the outcome's `higher_is`.
        spread: Standard deviation of the logarithm of `amount`; 0: known.
        currency: ISO 4217, declared in `[money]`.
        source: Where the amount comes from.
        tier: An asserted amount never enters the net present value: the break-even value is reported.
    """

    channel: Channel
    amount: Annotated[float, Field(gt=0)]
    spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    currency: Currency
    source: Annotated[str, Field(min_length=1)]
    tier: Tier


class Outcome(Section):
    """`[roi.outcomes.NAME]`.

    Attributes:
        name: In the table `outcomes`; defaults to NAME.
        period: Which of its periods; None: every one, rows of a unit staying together.
        label, unit: What a reader sees.
        higher_is: "worse" (sick days), "better" (productivity) or "neither".
        timing: "after": what the programme may have changed. "before": measured before it began; only such a
            one can be adjusted for, and an effect on it is a sign of a broken comparison. "during": shown by
            arm, never adjusted for.
        adjust_for: Names of outcomes with `timing = "before"`, or of `[covariates]` of the tables outcomes or
            people.
        value: What it is worth; None: not in the money.
    """

    name: str | None = None
    period: str | None = None
    label: str = ""
    unit: str = ""
    higher_is: Literal["worse", "better", "neither"] = "neither"
    timing: Literal["before", "during", "after"] = "after"
    adjust_for: tuple[Name, ...] = ()
    value: Value | None = None

    @model_validator(mode="after")
    def _worth(self) -> Self:
        if self.value is not None and self.higher_is == "neither":
            raise ValueError(
                'an outcome with a value says which way is better: higher_is = "worse" or "better"'
            )
        if self.value is not None and self.timing != "after":
            raise ValueError('only an outcome with timing = "after" can have a value')
        return self


class Cost(Section):
    """`[[roi.costs]]`: a cost that is not in the table `costs`.

    Attributes:
        kind: Kind of cost, as in the table.
        amount: Money.
        per: For each person offered the programme and year it runs, or once.
        spread: Standard deviation of the logarithm of `amount`; 0: known.
        currency, source, tier: As of a value.
    """

    kind: Literal["programme", "staff_time", "technology", "other"]
    amount: Annotated[float, Field(gt=0)]
    per: Literal["person_year", "once"]
    spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    currency: Currency
    source: Annotated[str, Field(min_length=1)]
    tier: Tier


class Decision(Section):
    """`[roi.decision]`: declared before any outcome is read.

    Attributes:
        discount_rate: Yearly, as a share (.03); there is no default. 0 has to be said.
        perspective: Whose money it is.
        horizon_years: Years counted, the first being the one evaluated.
        programme_years: Years in which the programme runs and costs.
        fade_out: Share of the effect lost from each year to the next.
        people: People the decision is about; None: those who were offered the programme.
        fund_above, stop_below: Probability that the net present value is above 0 from which the answer is
            "fund", and below which it is "stop"; between them it is "measure first".
        correlation: Between the estimates of outcomes that can't be joined; reported with its sensitivity.
    """

    discount_rate: Annotated[float, Field(ge=0, lt=1)]
    perspective: Literal["employer", "employee", "society"]
    horizon_years: Annotated[int, Field(ge=1, le=10)]
    programme_years: Annotated[int, Field(ge=1, le=10)] = 1
    fade_out: Annotated[float, Field(ge=0, le=1)]
    people: Annotated[int, Field(ge=1)] | None = None
    fund_above: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    stop_below: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    correlation: Annotated[float, Field(gt=-1, lt=1)] = 0.0

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if self.programme_years > self.horizon_years:
            raise ValueError("programme_years lie inside horizon_years")
        return self


class Roi(Section):
    """`[roi]`.

    Attributes:
        programme: Its name, as in the tables programmes and costs.
        label: What a reader sees.
        design: How units came to their arm. "randomised": by lot. "participation": they chose; what is then
            computed is a contrast and never an effect. "before_after": one group, measured twice; likewise.
        level: What was assigned as a whole; inference is at this level. There is no default.
        treated, control: Values of `outcomes.arm`.
        start: First day of the programme; None: the first `programmes.start`.
        outcomes: What it may have changed, in the order of importance; the first "after" one is the primary.
        costs: What it costs, where the table `costs` does not say.
        decision: The decision rule; None: effects only.
    """

    programme: Annotated[str, Field(min_length=1)]
    label: str = ""
    design: Literal["randomised", "participation", "before_after"]
    level: Literal["person", "team", "department", "site"]
    treated: Annotated[str, Field(min_length=1)]
    control: str | None = None
    start: dt.date | None = None
    outcomes: Annotated[dict[Name, Outcome], Field(min_length=1)]
    costs: tuple[Cost, ...] = ()
    decision: Decision | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.design == "randomised" and self.control is None:
            raise ValueError("a randomised design has a control arm: name it in roi.control")
        if self.control == self.treated:
            raise ValueError("treated and control are different arms")
        if not any(outcome.timing == "after" for outcome in self.outcomes.values()):
            raise ValueError('no outcome has timing = "after", so there is nothing to evaluate')
        self._one_channel_each()
        self._adjusted_for_before()
        return self

    def _adjusted_for_before(self) -> None:
        """Refuses to adjust for what the programme may have changed."""
        for name, outcome in self.outcomes.items():
            for other in outcome.adjust_for:
                if other in self.outcomes and self.outcomes[other].timing != "before":
                    raise ValueError(
                        f"outcomes.{name}.adjust_for names {other!r}, measured "
                        f"{self.outcomes[other].timing} the treatment: only what has "
                        'timing = "before" can be adjusted for'
                    )

    def _one_channel_each(self) -> None:
        """Refuses money that would be counted twice."""
        channels: dict[str, str] = {}
        for name, outcome in self.outcomes.items():
            if outcome.value is None or outcome.value.channel == "other":
                continue
            channel = outcome.value.channel
            if channel in channels:
                raise ValueError(
                    f"outcomes {channels[channel]} and {name} both count money through {channel}: keep one"
                )
            channels[channel] = name
        for pair in EXCLUSIVE_CHANNELS:
            if pair <= set(channels):
                both = " and ".join(sorted(pair))
                raise ValueError(f"{both} are the same money measured twice: keep one")

    @property
    def primary(self) -> str:
        """The first outcome the programme may have changed."""
        return next(name for name, outcome in self.outcomes.items() if outcome.timing == "after")
