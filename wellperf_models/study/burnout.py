"""`[burnout]`: what can be foreseen of a scale of strain, and with which predictors."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.burnout_questions import Candidates, Explanation, Ladder, NonResponse, Use
from wellperf_models.study.covariates import Name
from wellperf_models.study.suggest import suggest
from wellperf_models.study.validation import Validation


class PredictorSet(Section):
    """`[burnout.models.NAME]`: predictors that make one model.

    Attributes:
        covariates: Names from `[covariates]`. Where waves can be linked the last score is always a predictor
            too, and need not be named.
        label: What a reader sees.
    """

    covariates: Annotated[tuple[Name, ...], Field(min_length=1)]
    label: str = ""


class Burnout(Section):
    """`[burnout]`.

    Attributes:
        outcome: The scale, a name from `[measures]`.
        case_at: A case scores this or worse. Exactly one of `case_at` and `case_share`.
        case_share: The cases are the worst share, such as .25; the cut-off is then found in the rows a model
            is trained on, never in those it is scored on.
        models: Sets of predictors, each scored against the last score alone where waves can be linked.
        waves: Order of the waves where answers have no dates; () takes the order of their dates.
        test_share: Where waves can be linked, the newest waves that hold about this share of the answers are
            kept for scoring.
        group_by: Group of the table by group, a column of assignments or people; None: no groups.
        cluster: What errors are clustered by; None: the person.
        validation: Folds, where time can't split the rows.
        ladder: How good the same model looks where more is forgiven.
        candidates: Models of other kinds.
        use: What one would do with a predicted risk.
        explanation: Which predictors are told together.
        nonresponse: What those who did not answer could hide; None: not asked.
    """

    outcome: Name
    case_at: float | None = None
    case_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    models: Annotated[dict[Name, PredictorSet], Field(min_length=1)]
    waves: tuple[str, ...] = ()
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.3
    group_by: str | None = None
    cluster: Literal["person", "team", "department", "site"] | None = None
    validation: Validation = Validation()
    ladder: Ladder = Ladder()
    candidates: Candidates = Candidates()
    use: Use = Use()
    explanation: Explanation = Explanation()
    nonresponse: NonResponse | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.case_at is None) == (self.case_share is None):
            raise ValueError("give exactly one of case_at (a cut-off) and case_share (the worst share)")
        if len(set(self.waves)) != len(self.waves):
            raise ValueError("waves are distinct, the oldest first")
        for place, name in (
            ("candidates.predictors", self.candidates.predictors),
            ("nonresponse.predictors", self.nonresponse.predictors if self.nonresponse else None),
        ):
            if name is not None and name not in self.models:
                raise ValueError(
                    f"{place} is {name!r}, which is not in burnout.models" + suggest(name, self.models)
                )
        for place, named in (
            ("candidates.background", self.candidates.background),
            ("explanation.groups", tuple(c for g in self.explanation.groups.values() for c in g)),
        ):
            if other := [c for c in named if c not in self.covariates]:
                raise ValueError(f"{place} names {other[0]!r}, which no set of burnout.models holds")
        if both := set(self.ladder.late) & set(self.covariates):
            raise ValueError(
                f"{', '.join(sorted(both))}: what is in ladder.late is known too late to be in burnout.models"
            )
        return self

    @property
    def covariates(self) -> tuple[str, ...]:
        """Every covariate of every model, once."""
        return tuple(dict.fromkeys(c for model in self.models.values() for c in model.covariates))
