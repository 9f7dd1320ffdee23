"""`[measures.NAME]` and `[covariates.NAME]`: scales with their range, predictors with their timing."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from wellperf_models.instruments import Scoring, Status
from wellperf_models.study.base import Section

Dimension = Literal["physical", "psychological", "social", "financial", "purpose"]


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


def _as_texts(given: object) -> object:
    """Items are named by texts, and TOML writes a number as one."""
    if isinstance(given, dict):
        return {str(theirs): str(ours) for theirs, ours in given.items()}
    return tuple(str(item) for item in given) if isinstance(given, list | tuple) else given


ItemNames = Annotated[tuple[str, ...], BeforeValidator(_as_texts)]


class DeclaredCutOff(Section):
    """`cut_offs.NAME`: a line on a scale.

    Attributes:
        at: A score at it or worse lies beyond.
        source: The paper or the rule it comes from.
        status: "validated" (against something else than the scale), "convention", or "contested".
    """

    at: float
    source: Annotated[str, Field(min_length=1)]
    status: Status = "convention"


class Scale(Section):
    """`[measures.NAME]`: a scale of the `surveys` table.

    Attributes:
        low, high: Allowed range of its scores; values outside are violations.
        higher_is: "worse" (exhaustion), "better" (engagement).
        dimension: Which of the five well-being dimensions it measures.
        label: What a reader sees.
        instrument: E.g. "MBI-GS", in words; scales of the same one are looked at together.
        scored_from: Key that makes the score from items, "INSTRUMENT.SCALE" ("mbi_gs.exhaustion", or one of
            `[instruments]`). Scores the table does not have are then computed; those it has are kept.
        items_under: The name in `surveys.measure` under which the items stand; default its own name.
        items: Their name of an item → the key's; an item that is left out bears the key's own name.
        reversed_items: Items (the key's names) that run against the score, where not those of the key.
        coded: How the lowest and the highest answer are written, where not as in the key: [5, 1] for answers
            that were coded the other way round.
        scoring, min_answered: Other than the key's.
        cut_offs: Lines on the scale, beside those known for the key.
        shares_items_with: Other measures that ask some of the same questions.
    """

    low: float
    high: float
    higher_is: Literal["worse", "better", "neither"] = "neither"
    dimension: Dimension | None = None
    label: str = ""
    instrument: str = ""
    scored_from: str = ""
    items_under: Name | None = None
    items: Annotated[dict[str, str], BeforeValidator(_as_texts)] = Field(default_factory=dict)
    reversed_items: ItemNames | None = None
    coded: tuple[float, float] | None = None
    scoring: Scoring | None = None
    min_answered: Annotated[int, Field(ge=1)] | None = None
    cut_offs: dict[str, DeclaredCutOff] = Field(default_factory=dict)
    shares_items_with: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        if self.coded is not None and self.coded[0] == self.coded[1]:
            raise ValueError("coded gives how the lowest and the highest answer are written: two numbers")
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
