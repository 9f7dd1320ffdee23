"""`[burnout.ladder]`, `[burnout.candidates]`, `[burnout.use]` …: beyond how well cases are foretold."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.covariates import Name

LearnerName = Literal["ridge", "forest", "boosting", "network"]
Risk = Annotated[float, Field(gt=0, lt=1)]


class Ladder(Section):
    """`[burnout.ladder]`: the same model, scored in ways that forgive less and less.

    Attributes:
        late: Covariates recorded with the outcome or after it. No model may use them; the ladder shows how
            good a model would look that did.
        leave_out: Groups that are left out one at a time, a column of assignments or people; None: the rung
            is not climbed.
    """

    late: tuple[Name, ...] = ()
    leave_out: str | None = None


class Candidates(Section):
    """`[burnout.candidates]`: models of other kinds, held against the last score alone in one protocol.

    Attributes:
        learners: Which are tried, beside the last score alone: a ridge logistic, a random forest, histogram
            boosting, a small neural network. () asks nothing.
        predictors: The set of `[burnout.models]` they are given; None: the one declared first.
        background: Covariates that say who people are and not how they work (age, sex, job family); where
            they alone carry no signal, the answer says so.
        most_rows: Rows that tuning and the forest are given at most, drawn by person.
    """

    learners: tuple[LearnerName, ...] = ()
    predictors: Name | None = None
    background: tuple[Name, ...] = ()
    most_rows: Annotated[int, Field(ge=1_000)] = 100_000

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.learners)) != len(self.learners):
            raise ValueError("each learner is named once")
        return self


class Use(Section):
    """`[burnout.use]`: what somebody would do with a predicted risk, and how firm the cut-off is.

    Attributes:
        thresholds: Risks at or above which one would act (offer help to a group): .2 means that four offers
            in vain are worth one that was needed. () asks nothing about use.
        cut_offs: Other cut-offs of the outcome that could have been declared.
        reliability: Of the outcome's score, where it can't be estimated from items; with its source.
        reliability_source: Who found it, on whom.
        interval: Nominal coverage of the interval in which a next score is foretold.
    """

    thresholds: tuple[Risk, ...] = ()
    cut_offs: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = ()
    reliability: Risk | None = None
    reliability_source: str = ""
    interval: Annotated[float, Field(ge=0.5, le=0.99)] = 0.8

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if list(self.thresholds) != sorted(set(self.thresholds)):
            raise ValueError("thresholds are increasing and distinct")
        if len(set(self.cut_offs)) != len(self.cut_offs):
            raise ValueError("cut_offs are distinct")
        if self.reliability is not None and not self.reliability_source:
            raise ValueError("a declared reliability names its source in reliability_source")
        return self


class Explanation(Section):
    """`[burnout.explanation]`: which predictors are told together.

    Attributes:
        groups: What a reader calls them → covariates; a covariate that is in none is told by itself.
    """

    groups: dict[str, Annotated[tuple[Name, ...], Field(min_length=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_group_each(self) -> Self:
        named = [c for chosen in self.groups.values() for c in chosen]
        if twice := sorted({c for c in named if named.count(c) > 1}):
            raise ValueError(f"{', '.join(twice)}: a covariate is in one group at most")
        return self


class NonResponse(Section):
    """`[burnout.nonresponse]`: who did not answer, and what that could hide.

    Attributes:
        predictors: The set of `[burnout.models]` that foretells who answers, beside the last score; None: the
            one declared first.
        largest_difference: How much worse, in points, those who did not answer may have fared than alike
            people who did, at the far end of what is tried; None: one standard deviation of the scores.
        difference_that_matters: In the share of cases: .05 is five in a hundred people.
    """

    predictors: Name | None = None
    largest_difference: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    difference_that_matters: Annotated[float, Field(gt=0, lt=1)] = 0.05
