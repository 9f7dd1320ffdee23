"""`[turnover.policies.NAME]`, `[turnover.risk]`, `[turnover.transition]`: questions beyond the curves."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.covariates import Name


class Policy(Section):
    """`[turnover.policies.NAME]`: what if one condition of work were different from now on?

    Exactly one of `cap` and `reduce_by`. The covariate is a dated number (workload): exits, and whatever
    else is measured over time, are simulated forward from it.

    Attributes:
        covariate: What is changed, one of `turnover.covariates`.
        label: What a reader sees, e.g. "Overtime capped at 20 hours a month".
        cap: At most this much, in the covariate's unit.
        reduce_by: Less than it would have come about, in the covariate's unit, but never below `floor`.
        floor: Least it can be.
        horizon_months: For how long it is followed.
    """

    covariate: Name
    label: str
    cap: Annotated[float, Field(allow_inf_nan=False)] | None = None
    reduce_by: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    floor: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    horizon_months: Annotated[int, Field(ge=1, le=60)] = 12

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if (self.cap is None) == (self.reduce_by is None):
            raise ValueError("exactly one of cap and reduce_by")
        if self.cap is not None and self.cap < self.floor:
            raise ValueError("cap is not below floor")
        return self

    def __call__(self, natural: float) -> float:
        """The value under the policy where it would have been `natural`."""
        if self.cap is not None:
            return min(natural, self.cap)
        assert self.reduce_by is not None
        return max(min(self.floor, natural), natural - self.reduce_by)


class Risk(Section):
    """`[turnover.risk]`: cumulative incidence foretold at a landmark, from what was known on that day.

    Attributes:
        horizons_months: How far ahead.
        every_months: Months between landmarks.
        numbers: How numbers enter: their declared `bins`, or natural cubic splines.
    """

    horizons_months: Annotated[tuple[int, ...], Field(min_length=1)] = (6, 12, 24)
    every_months: Annotated[int, Field(ge=1, le=24)] = 6
    numbers: Literal["bins", "splines"] = "bins"

    @model_validator(mode="after")
    def _increasing(self) -> Self:
        if list(self.horizons_months) != sorted(set(self.horizons_months)) or self.horizons_months[0] < 1:
            raise ValueError("horizons_months are positive, increasing and distinct")
        return self


class Transition(Section):
    """`[turnover.transition]`: transitional employment, where one way of leaving is the aim.

    Attributes:
        cause: The exit that is the aim, one of `turnover.causes`.
        target: Relative change that was set as the goal: .2 is "+20 %".
        months: Length of the period judged, and of the one before it that it is compared with.
    """

    cause: Name = "permanent_job"
    target: Annotated[float, Field(gt=-1, allow_inf_nan=False)] = 0.2
    months: Annotated[int, Field(ge=1, le=36)] = 12
