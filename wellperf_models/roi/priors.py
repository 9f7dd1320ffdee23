"""Sceptical priors as data (`priors.toml`), and what they mean in the unit of an outcome."""

from __future__ import annotations

import functools
import math
import tomllib
import typing
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from wellperf_models.errors import StudyError
from wellperf_models.roi.rows import Effect
from wellperf_models.study import Outcome
from wellperf_models.study.base import Section
from wellperf_models.study.roi import Channel

DEFAULT: Final = "default"
_KNOWN: Final = (DEFAULT, *typing.get_args(Channel))


class ScepticalPrior(Section):
    """One entry of `priors.toml`.

    Attributes:
        quantity: What it is about, in words.
        distribution: Only normal so far.
        scale: "relative": of the logarithm of a ratio, for an outcome of which more is worse. "standardised":
            of a difference in standard deviations of the control arm.
        mean, sd: On that scale.
        source: What it rests on.
        status: Whether the source measured it, or it was set by judgement.
    """

    quantity: Annotated[str, Field(min_length=1)]
    distribution: Literal["normal"]
    scale: Literal["relative", "standardised"]
    mean: float
    sd: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(min_length=1)]
    status: Literal["measured", "judgement"]


@dataclass(frozen=True, kw_only=True)
class PriorOfEffect:
    """A prior of one effect, in the outcome's unit.

    Attributes:
        mean, sd: Of a normal; nan and inf for the flat one.
        entry: Which entry of `priors.toml`; "" for the flat one.
        declared: That entry; None for the flat one.
    """

    mean: float
    sd: float
    entry: str = ""
    declared: ScepticalPrior | None = None


FLAT: Final = PriorOfEffect(mean=math.nan, sd=math.inf)


def parse_priors(text: str) -> dict[str, ScepticalPrior]:
    """Reads the entries of a file of priors.

    Args:
        text: TOML.

    Raises:
        StudyError: Not TOML, an unknown channel or key, a missing or wrong value, or no default.
    """
    where = "priors.toml"
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError("The priors are not valid TOML.", where=where, got=str(error)) from error
    if unknown := sorted(set(content) - set(_KNOWN)):
        raise StudyError(
            "There is a prior for an unknown channel.",
            where=where,
            expected=", ".join(_KNOWN),
            got=unknown[0],
        )
    if DEFAULT not in content:
        raise StudyError("There is no default prior.", where=where, expected=f"[{DEFAULT}]")
    try:
        return {name: ScepticalPrior.model_validate(entry) for name, entry in content.items()}
    except ValidationError as error:
        first = error.errors()[0]
        raise StudyError(
            "A prior is not well written.",
            where=f"{where}: {'.'.join(str(part) for part in first['loc'])}",
            got=str(first["msg"]),
        ) from None


@functools.cache
def _packaged() -> dict[str, ScepticalPrior]:
    return parse_priors(resources.files(__package__).joinpath("priors.toml").read_text(encoding="utf-8"))


def sceptical_prior(
    outcome: Outcome, effect: Effect, priors: dict[str, ScepticalPrior] | None = None
) -> PriorOfEffect:
    """The sceptical prior of the effect on an outcome, in its unit.

    A relative prior r ~ Normal(m, s) is the difference `control mean × (exp(r) − 1)`; it enters as a normal
    with the mean and the standard deviation of that difference. It needs an outcome of which more is worse
    and whose mean is above 0; elsewhere the default holds.

    Args:
        outcome: Its declaration.
        effect: Of intention to treat: gives the control arm's mean and standard deviation.
        priors: Entries by channel; None: those of the package.
    """
    known = _packaged() if priors is None else priors
    entry = outcome.value.channel if outcome.value and outcome.value.channel in known else DEFAULT
    if known[entry].scale == "relative" and not (outcome.higher_is == "worse" and effect.control_mean > 0):
        entry = DEFAULT
    declared = known[entry]
    if declared.scale == "relative":
        grown = math.exp(declared.mean + declared.sd**2 / 2)
        mean = effect.control_mean * (grown - 1)
        sd = effect.control_mean * grown * math.sqrt(math.expm1(declared.sd**2))
    else:
        mean, sd = effect.control_sd * declared.mean, effect.control_sd * declared.sd
    return PriorOfEffect(mean=mean, sd=sd, entry=entry, declared=declared)
