"""`[study]`: what the study is, when it was taken, and where its files are."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section


class General(Section):
    """`[study]`.

    Attributes:
        name: Slug; names the pack's folder.
        title: What a reader sees.
        as_of: Day of the extract. Censoring uses this day, never the latest date in the data.
        observed_from: First day on which exits could be observed (the extract starts mid-tenure);
            people hired earlier enter the risk set then. None: everyone is observed from hire.
        seed: The one seed, passed down.
        period: Length of a period of the panel.
        synthetic: True stamps the pack "synthetic data: not evidence".
        public_microdata: True releases in full; needs `licence` and `source`.
        data_dirs: Folders searched in order for the tables' paths; `$NAME` is read from the environment
            (a folder whose variable is not set is skipped). Relative ones start at the study file.
        negative_controls: Outcomes that the programme or predictor cannot have affected.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    title: str = ""
    as_of: dt.date
    observed_from: dt.date | None = None
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)]
    period: Literal["month"] = "month"
    synthetic: bool = False
    public_microdata: bool = False
    licence: str = ""
    source: str = ""
    data_dirs: tuple[str, ...] = (".",)
    negative_controls: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.public_microdata and not (self.licence and self.source):
            raise ValueError(
                "public_microdata = true shows everything in full, so it needs a named licence and a source"
            )
        if self.observed_from is not None and self.observed_from >= self.as_of:
            raise ValueError("observed_from must lie before as_of")
        return self
