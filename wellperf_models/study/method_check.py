"""`[method_check]`: how often the pillars' own pipelines are run on simulated data of the study's shape."""

from typing import Annotated

from pydantic import Field

from wellperf_models.study.base import Section


class MethodCheck(Section):
    """`[method_check]`.

    Attributes:
        worlds: Simulated data sets with a planted effect; as many again without any.
        effect: Planted hazard ratio per standard deviation of a number, or of a level against the others.
    """

    worlds: Annotated[int, Field(ge=20, le=2000)] = 100
    effect: Annotated[float, Field(gt=0)] = 1.3
