"""Sets of priors and factors as data (`priors.toml`), and what they mean in the unit of an outcome."""

from __future__ import annotations

import functools
import math
import tomllib
import typing
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from pydantic import ValidationError

from wellperf_models.errors import StudyError
from wellperf_models.roi.rows import Effect, PriorName
from wellperf_models.study import PRIOR_SETS, Channel, EvidencePrior, Factor, Outcome, Roi
from wellperf_models.study.base import Section

DEFAULT: Final = "default"
_KNOWN: Final = (DEFAULT, *typing.get_args(Channel))
_WHERE: Final = "priors.toml"
_FACTOR: Final = "factor"


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """What a file of priors holds.

    Attributes:
        sets: Set → entry → prior; the flat set is empty.
        factors: Name → factor.
    """

    sets: dict[str, dict[str, EvidencePrior]]
    factors: dict[str, Factor]


@dataclass(frozen=True, kw_only=True)
class PriorOfEffect:
    """A prior of one effect, in the outcome's unit.

    Attributes:
        mean, sd: Of a normal; nan and inf for the flat one.
        entry: Which entry of the set; "" for the flat one.
        declared: That entry; None for the flat one.
    """

    mean: float
    sd: float
    entry: str = ""
    declared: EvidencePrior | None = None


FLAT: Final = PriorOfEffect(mean=math.nan, sd=math.inf)


def parse_priors(text: str) -> Packaged:
    """Reads a file of priors.

    Args:
        text: TOML: a table for each set but the flat one, and `factor`.

    Raises:
        StudyError: Not TOML, an unknown set, entry or key, a wrong value, or a set without default.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError("The priors are not valid TOML.", where=_WHERE, got=str(error)) from error
    factors = content.pop(_FACTOR, {})
    sets = [name for name in PRIOR_SETS if name != "flat"]
    if unknown := sorted(set(content) - set(sets)):
        raise StudyError(
            "There is an unknown set of priors.", where=_WHERE, expected=", ".join(sets), got=unknown[0]
        )
    for name in sets:
        entries = content.get(name, {})
        if unknown := sorted(set(entries) - set(_KNOWN)):
            raise StudyError(
                "There is a prior for an unknown channel.",
                where=f"{_WHERE}: {name}",
                expected=", ".join(_KNOWN),
                got=unknown[0],
            )
        if DEFAULT not in entries:
            raise StudyError("A set of priors has no default.", where=_WHERE, expected=f"[{name}.{DEFAULT}]")
    return Packaged(
        sets={"flat": {}}
        | {s: {e: _read(EvidencePrior, raw, f"{s}.{e}") for e, raw in content[s].items()} for s in sets},
        factors={name: _read(Factor, raw, f"{_FACTOR}.{name}") for name, raw in factors.items()},
    )


def _read[S: Section](kind: type[S], raw: Any, where: str) -> S:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise StudyError(
            "A prior is not well written.",
            where=f"{_WHERE}: {'.'.join([where, *(str(part) for part in first['loc'])])}",
            got=str(first["msg"]),
        ) from None


@functools.cache
def packaged() -> Packaged:
    """The priors and factors that come with the package."""
    return parse_priors(resources.files(__package__).joinpath(_WHERE).read_text(encoding="utf-8"))


def factors_of(section: Roi) -> dict[str, Factor]:
    """Name → factor: the packaged ones, and those of the study beside them or in their place.

    Raises:
        StudyError: An amount is multiplied by a factor that is nowhere declared.
    """
    known = packaged().factors | section.factors
    named = {f"roi.outcomes.{n}.value": o.value.times for n, o in section.outcomes.items() if o.value}
    named |= {f"roi.costs, number {i}": cost.times for i, cost in enumerate(section.costs, start=1)}
    for name, initiative in section.initiatives.items():
        named |= {f"roi.initiatives.{name}.costs": c.times for c in initiative.costs}
    for where, times in named.items():
        if unknown := [t for t in times if t not in known]:
            raise StudyError(
                "An amount is multiplied by a factor that is not declared.",
                where=f"[{where}] times",
                expected=f"one of {', '.join(sorted(known))}",
                got=unknown[0],
                remedy=f"declare [roi.factors.{unknown[0]}], with its source",
            )
    return known


def prior_of(name: str, outcome: Outcome, effect: Effect, prior: PriorName, section: Roi) -> PriorOfEffect:
    """The prior of the effect on an outcome in a set, in its unit.

    A relative prior r ~ Normal(m, s) is the difference `control mean × (exp(r) − 1)`; it enters as a normal
    with the mean and the standard deviation of that difference. It needs an outcome of which more is worse
    and whose mean is above 0; elsewhere the default holds. A standardised one is turned round where more is
    worse.

    Args:
        name, outcome: The outcome's name and declaration.
        effect: Of intention to treat: gives the control arm's mean and standard deviation.
        prior: Set.
        section: `[roi]`: its own entries come before those of the package.
    """
    if prior == "flat":
        return FLAT
    known = packaged().sets[prior] | dict(section.priors.get(prior, {}))
    channel = outcome.value.channel if outcome.value else DEFAULT
    entry = next(e for e in (name, channel, DEFAULT) if e in known)
    if known[entry].scale == "relative" and not (outcome.higher_is == "worse" and effect.control_mean > 0):
        entry = DEFAULT
    declared = known[entry]
    if declared.scale == "relative":
        grown = math.exp(declared.mean + declared.sd**2 / 2)
        mean = effect.control_mean * (grown - 1)
        sd = effect.control_mean * grown * math.sqrt(math.expm1(declared.sd**2))
    elif declared.scale == "standardised":
        towards = -1 if outcome.higher_is == "worse" else 1
        mean, sd = effect.control_sd * declared.mean * towards, effect.control_sd * declared.sd
    else:
        mean, sd = declared.mean, declared.sd
    return PriorOfEffect(mean=mean, sd=sd, entry=entry, declared=declared)
