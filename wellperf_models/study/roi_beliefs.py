"""What is believed before the data: priors of effects, factors of amounts, the bias of a comparison."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from wellperf_models.study.base import Section

Status = Literal["measured", "judgement"]
# nothing believed; a reader of randomised evaluations; changes of organisation; vendors' evidence
PriorSet = Literal["flat", "sceptical", "organisational", "optimistic"]
PRIOR_SETS: Final[tuple[PriorSet, ...]] = get_args(PriorSet)


class EvidencePrior(Section):
    """`[roi.priors.SET.ENTRY]`: what is believed of an effect before the data.

    ENTRY is the name of an outcome, of a channel, or "default"; the first of these that there is holds. An
    entry of a study replaces the packaged one of the same set and name.

    Attributes:
        quantity: What it is about, in words.
        distribution: Only normal so far.
        scale: "relative": of the logarithm of a ratio of means (of hazards, for exits), for an outcome of
            which more is worse. "standardised": of a difference in standard deviations of the control arm.
            "unit": of a difference in the outcome's own unit.
        mean, sd: On that scale; with "standardised" a positive mean is more of the outcome.
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
        source: What it rests on.
        status: Whether the source measured it, or it was set by judgement.
    """

    quantity: Annotated[str, Field(min_length=1)]
    distribution: Literal["lognormal", "beta", "fixed"]
    median: Annotated[float, Field(gt=0)] | None = None
    spread: Annotated[float, Field(gt=0, le=3)] | None = None
    a: Annotated[float, Field(gt=0)] | None = None
    b: Annotated[float, Field(gt=0)] | None = None
    source: Annotated[str, Field(min_length=1)]
    status: Status

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"lognormal": {"median", "spread"}, "beta": {"a", "b"}, "fixed": {"median"}}
        given = {name for name in ("median", "spread", "a", "b") if getattr(self, name) is not None}
        if given != needed[self.distribution]:
            told = " and ".join(sorted(needed[self.distribution]))
            raise ValueError(f'a factor with distribution = "{self.distribution}" gives {told}, nothing else')
        return self


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
