"""What every section of a study file shares: unknown keys are errors, values do not change."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of `study.toml`; it is the configuration of whatever reads it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, validate_default=True)
