"""What a scoring key is: which items make a scale, how they run, and what is published about its cut-offs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from wellperf_models.errors import StudyError

# validated: against a criterion other than the scale itself (a diagnosis). convention: in use, without one.
# contested: withdrawn or disputed by those who know the instrument
Status = Literal["validated", "convention", "contested"]
# mean and sum of the items as they run; percent: their mean, from 0 (lowest answer) to 100 (highest)
Scoring = Literal["mean", "sum", "percent"]
Direction = Literal["worse", "better"]

OWN_RULE: Final = "rule of this workbench; none could be ascertained for the instrument"


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """A line on a scale.

    Attributes:
        name: What lies beyond it ("high", "at risk").
        at: A score at it or worse lies beyond.
        status: What it rests on.
        source: The paper.
    """

    name: str
    at: float
    status: Status
    source: str


@dataclass(frozen=True, kw_only=True)
class ScoringKey:
    """How the score of one scale is made from its items; no item text.

    Attributes:
        name: "INSTRUMENT.SCALE".
        label: What a reader calls the scale.
        items: Names of its items, which are their numbers in the instrument.
        low, high: Lowest and highest answer to an item.
        reversed_items: Those of the items that run against the score.
        scoring: mean, sum or percent.
        higher_is: What a high score means.
        min_answered: Answers needed for a score: the others stand for what is missing (the mean of those
            given, also where the score is a sum).
        rule_source: Where `min_answered` comes from.
        cut_offs: What is published or declared, the least severe first.
        source: The paper.
    """

    name: str
    label: str
    items: tuple[str, ...]
    low: float
    high: float
    reversed_items: tuple[str, ...] = ()
    scoring: Scoring = "mean"
    higher_is: Direction = "worse"
    min_answered: int
    rule_source: str = OWN_RULE
    cut_offs: tuple[CutOff, ...] = ()
    source: str

    def __post_init__(self) -> None:
        """Refuses a key that can't be used.

        Raises:
            StudyError: Items named twice, reversed ones that are not among them, or a range or a rule that
                can't be.
        """
        problem = self._problem()
        if problem:
            raise StudyError("A scoring key can't be used.", where=self.name, got=problem)

    def _problem(self) -> str:
        if not self.items or len(set(self.items)) != len(self.items):
            return "no items, or one of them twice"
        if stray := sorted(set(self.reversed_items) - set(self.items)):
            return f"reversed items that are none of the scale: {', '.join(stray)}"
        if not self.low < self.high:
            return "an item's low that is not below its high"
        if not 1 <= self.min_answered <= len(self.items):
            return f"min_answered {self.min_answered} of {len(self.items)} items"
        return ""

    @property
    def instrument(self) -> str:
        """The instrument the scale belongs to."""
        return self.name.partition(".")[0]

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest score."""
        if self.scoring == "percent":
            return 0.0, 100.0
        k = len(self.items) if self.scoring == "sum" else 1
        return k * self.low, k * self.high

    def turned(self) -> ScoringKey:
        """The same scale with its score running the other way: what was reversed is not, and conversely."""
        low, high = self.range
        other: Direction = "better" if self.higher_is == "worse" else "worse"
        return replace(
            self,
            reversed_items=tuple(i for i in self.items if i not in self.reversed_items),
            higher_is=other,
            cut_offs=tuple(replace(c, at=low + high - c.at) for c in self.cut_offs),
        )

    def __repr__(self) -> str:
        """Name and shape."""
        return f"ScoringKey({self.name!r}: {len(self.items)} items, {self.low:g} to {self.high:g})"
