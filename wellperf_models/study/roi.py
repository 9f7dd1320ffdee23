"""`[roi]`: a programme, how it was assigned, what it may have changed, and what that is worth."""

import datetime as dt
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.covariates import Name
from wellperf_models.study.roi_beliefs import Bias, EvidencePrior, Factor, PriceIndex, PriorSet
from wellperf_models.study.roi_decision import (
    Budget,
    Decision,
    Initiative,
    Pilot,
    Scenario,
    WillingnessToPay,
)
from wellperf_models.study.roi_ledger import Priced, refuse_counted_twice
from wellperf_models.study.roi_money import Channel, Cost, Value

Design = Literal["randomised", "staggered", "controlled_before_after", "participation", "before_after"]
# what becomes an effect, with the checks its design asks for; the others are contrasts, whatever their number
CAUSAL_DESIGNS: frozenset[Design] = frozenset({"randomised", "staggered", "controlled_before_after"})
Likelihood = Literal["gaussian", "student_t", "hazard", "count", "tweedie", "hurdle"]
Span = Literal["month", "quarter", "half_year", "year"]


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
        measured_in: "outcomes": rows of that table. "exits" (voluntary ones, from spells), "absences" (days,
            from absences) and "performance" are made of the tables of that name, person by person.
        values_per: What time one value is of, so that it can be brought to a year, which is what `value` is
            the worth of: "month": days away in a month are taken times twelve. None: a year, or nothing
            that adds up over time; an outcome with a value that was measured more often than once a year
            has to say it. `unit` is then a year's too.
        likelihood: Of the model behind the money. "gaussian": a difference of means, which matches the
            estimate. "student_t": robust to a few extreme values. "hazard": yes/no outcomes, a complementary
            log-log. "count": whole numbers of 0 or more (negative binomial), one total a person. "tweedie",
            "hurdle": averages of 0 or more, many of them 0.
        baseline, baseline_sd: Mean and standard deviation of the outcome without the programme, where these
            data have no group without it.
        value: What it is worth; None: not in the money.
    """

    name: str | None = None
    period: str | None = None
    label: str = ""
    unit: str = ""
    higher_is: Literal["worse", "better", "neither"] = "neither"
    timing: Literal["before", "during", "after"] = "after"
    adjust_for: tuple[Name, ...] = ()
    measured_in: Literal["outcomes", "exits", "absences", "performance"] = "outcomes"
    values_per: Span | None = None
    likelihood: Likelihood = "gaussian"
    baseline: float | None = None
    baseline_sd: Annotated[float, Field(gt=0)] | None = None
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

    @model_validator(mode="after")
    def _of_a_year(self) -> Self:
        if self.values_per is not None and self.measured_in in ("exits", "absences"):
            raise ValueError(f"{self.measured_in} are made a year's already: leave values_per out")
        if self.values_per not in (None, "year") and self.likelihood == "hazard":
            raise ValueError(
                'likelihood = "hazard" is of what happens once: one row a person, whether it ever happened '
                "within the year, and no values_per"
            )
        return self


class Roi(Section):
    """`[roi]`.

    Attributes:
        programme: Its name, as in the tables programmes and costs.
        label: What a reader sees.
        design: How units came to their arm. "randomised": by lot. "staggered": all of them, at different
            times (`programmes.start`). "controlled_before_after": a group that got it and a comparison group,
            both measured before and after. "participation": they chose; what is then computed is a contrast
            and never an effect. "before_after": one group, measured twice; likewise.
        level: What was assigned as a whole; inference is at this level. There is no default.
        treated, control: Values of `outcomes.arm`.
        start: First day of the programme; None: the first `programmes.start`.
        outcomes: What it may have changed, in the order of importance; the first "after" one is the primary.
        costs: What it costs, where the table `costs` does not say.
        decision: The decision rule; None: effects only.
        priors: Set of priors → entry → what is believed, in place of the packaged entries.
        factors: Factors of amounts, beside the packaged ones or in their place.
        price_indices: For factors that are amounts of money of an earlier year.
        bias: By how much a comparison without lots is believed to mislead; None: as its design suggests.
        pilot: A trial that could be run before deciding; None: only what knowing everything would be worth.
        scenarios: Other circumstances.
        initiatives: What else the money could be spent on, ranked with the programme under `budget`.
        budget: What may be spent together.
        willingness_to_pay: What somebody would pay for what has no price.
    """

    programme: Annotated[str, Field(min_length=1)]
    label: str = ""
    design: Design
    level: Literal["person", "team", "department", "site"]
    treated: Annotated[str, Field(min_length=1)]
    control: str | None = None
    start: dt.date | None = None
    outcomes: Annotated[dict[Name, Outcome], Field(min_length=1)]
    costs: tuple[Cost, ...] = ()
    decision: Decision | None = None
    priors: dict[PriorSet, dict[Name, EvidencePrior]] = Field(default_factory=dict)
    factors: dict[Name, Factor] = Field(default_factory=dict)
    price_indices: tuple[PriceIndex, ...] = ()
    bias: Bias | None = None
    pilot: Pilot | None = None
    scenarios: dict[Name, Scenario] = Field(default_factory=dict)
    initiatives: dict[Name, Initiative] = Field(default_factory=dict)
    budget: Budget | None = None
    willingness_to_pay: dict[Name, WillingnessToPay] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.design in ("randomised", "controlled_before_after") and self.control is None:
            raise ValueError(f"a {self.design} design has a control arm: name it in roi.control")
        if self.control == self.treated:
            raise ValueError("treated and control are different arms")
        if not any(outcome.timing == "after" for outcome in self.outcomes.values()):
            raise ValueError('no outcome has timing = "after", so there is nothing to evaluate')
        self._one_channel_each()
        self._adjusted_for_before()
        self._names_known()
        return self

    def _names_known(self) -> None:
        """Refuses a belief, a price or an initiative about an outcome that is not there."""
        if "flat" in self.priors:
            raise ValueError("the flat set of priors holds no belief: it can't be replaced")
        known = {*self.outcomes, *get_args(Channel), "default"}
        for belief, entries in self.priors.items():
            if other := sorted(set(entries) - known):
                raise ValueError(f"priors.{belief} names {other[0]!r}, which is no outcome and no channel")
        valued = {n for n, o in self.outcomes.items() if o.value is not None and o.value.tier != "asserted"}
        for name, initiative in self.initiatives.items():
            if other := sorted(set(initiative.effects) - valued):
                raise ValueError(
                    f"initiatives.{name}.effects names {other[0]!r}, which is no outcome with a value"
                )
        for name, asked in self.willingness_to_pay.items():
            if asked.outcome not in self.outcomes:
                raise ValueError(f"willingness_to_pay.{name} names {asked.outcome!r}, which is no outcome")
            if asked.outcome in valued:
                raise ValueError(f"willingness_to_pay.{name}: {asked.outcome!r} has a value already")
        if self.initiatives and self.decision is None:
            raise ValueError("initiatives are ranked by the rule of [roi.decision]: declare it")
        for name, initiative in self.initiatives.items():
            if self.decision and (initiative.programme_years or 1) > self.decision.horizon_years:
                raise ValueError(f"initiatives.{name}.programme_years lie inside decision.horizon_years")

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
        priced = {}
        for name, one in self.outcomes.items():
            if one.value is not None:
                column = one.name or name if one.measured_in == "outcomes" else ""
                measurement = (one.measured_in, column, one.period or "")
                priced[name] = Priced(value=one.value, measurement=measurement)
        refuse_counted_twice(priced)

    @property
    def primary(self) -> str:
        """The first outcome the programme may have changed."""
        return next(name for name, outcome in self.outcomes.items() if outcome.timing == "after")
