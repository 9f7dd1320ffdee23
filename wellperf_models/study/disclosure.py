"""`[disclosure]`: how careful the gate is; a study can only make it stricter than the floor."""

from typing import Annotated, Literal

from pydantic import Field

from wellperf_models.study.base import Section

# no study can go below this, whatever it declares
HARD_FLOOR = 5


class Disclosure(Section):
    """`[disclosure]`.

    Attributes:
        min_group_size: People a described cell needs, and its complement too.
        min_model_people: People behind a model estimate.
        min_model_events: Events, and non-events, behind a model estimate.
        ledger: Where releases are remembered; relative to the study file.
    """

    min_group_size: Annotated[int, Field(ge=HARD_FLOOR)] = 10
    min_model_people: Annotated[int, Field(ge=HARD_FLOOR)] = 30
    min_model_events: Annotated[int, Field(ge=HARD_FLOOR)] = 10
    widen: tuple[Literal["department", "site", "organisation"], ...] = ("department", "site", "organisation")
    ledger: str = ".wellperf/ledger.jsonl"
