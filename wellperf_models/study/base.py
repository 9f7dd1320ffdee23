"""What every section of a study file shares: unknown keys are errors, values do not change."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of `study.toml`; it is the configuration of whatever reads it."""

    # no number of a study is infinite or missing: TOML can write both
    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, validate_default=True, allow_inf_nan=False
    )
