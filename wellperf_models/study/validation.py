"""`[….validation]`: repeated grouped folds."""

from typing import Annotated, Literal

from pydantic import Field

from wellperf_models.study.base import Section


class Validation(Section):
    """`[turnover.validation]`, `[burnout.validation]`: repeated grouped folds.

    Attributes:
        folds, repeats: A "5×5" is folds = 5, repeats = 5.
        group_by: Who must not be split between train and test: the person, people who share all
            covariates (data without ids), or a cluster such as the team.
    """

    folds: Annotated[int, Field(ge=2, le=20)] = 5
    repeats: Annotated[int, Field(ge=1, le=50)] = 5
    group_by: Literal["person", "covariate_pattern", "cluster"] = "person"
