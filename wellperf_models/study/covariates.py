"""`[measures.NAME]` and `[covariates.NAME]`: scales with their range, predictors with their timing."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section

Dimension = Literal["physical", "psychological", "social", "financial", "purpose"]


class Scale(Section):
    """`[measures.NAME]`: a scale of the `surveys` table.

    Attributes:
        low, high: Allowed range of its scores; values outside are violations.
        higher_is: "worse" (exhaustion), "better" (engagement).
        dimension: Which of the five well-being dimensions it measures.
        label: What a reader sees.
        instrument: E.g. "MBI-GS"; free text until the instruments pillar is built.
    """

    low: float
    high: float
    higher_is: Literal["worse", "better", "neither"] = "neither"
    dimension: Dimension | None = None
    label: str = ""
    instrument: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self


class Covariate(Section):
    """`[covariates.NAME]`: one predictor.

    Attributes:
        table: Where it is read.
        column: Column of that table (declared or attribute); for `surveys` the measure; defaults to NAME.
        type: number, category or yes_no.
        timing: Measured before, during or after the outcome's interval (or the treatment). Only "before" can
            predict, explain or be adjusted for.
        bins: For numbers: how many quantile groups, or the cut points, used where cells need a category.
        label: What a reader sees.
        unit: Unit of a number in words.
    """

    table: Literal["people", "assignments", "workload", "surveys", "outcomes"]
    column: str | None = None
    type: Literal["number", "category", "yes_no"] = "number"
    timing: Literal["before", "during", "after"]
    bins: int | tuple[float, ...] = 3
    label: str = ""
    unit: str = ""

    @model_validator(mode="after")
    def _usable_bins(self) -> Self:
        if isinstance(self.bins, int):
            if not 2 <= self.bins <= 20:
                raise ValueError("bins as a number lies between 2 and 20")
        elif len(self.bins) == 0 or list(self.bins) != sorted(set(self.bins)):
            raise ValueError("bins as cut points are at least one, increasing and distinct")
        return self


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
