"""Sets of priors and factors as data (`priors.toml`), and what they mean in the unit of an outcome."""

from __future__ import annotations

import functools
import math
import tomllib
import typing
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.roi.rows import Effect, PriorName
from wellperf_models.study import PRIOR_SETS, Channel, EvidencePrior, Factor, Outcome, Roi
from wellperf_models.study.base import Section

DEFAULT: Final = "default"
_KNOWN: Final = (DEFAULT, *typing.get_args(Channel))
_WHERE: Final = "priors.toml"
_FACTOR: Final = "factor"
_COSTS: Final = "costs"
# of Gauss and Hermite: the moments of a difference of shares, to ten digits
_NODES: Final = 40


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

    One that is an amount of money is told in the prices that `[[roi.price_indices]]` brings it to.

    Raises:
        StudyError: An amount is multiplied by a factor that is nowhere declared, that was measured for
            another use, or that is money of another currency or of a year without a price index.
    """
    known = packaged().factors | section.factors
    used: set[str] = set()
    for where, use, currency, times in _multiplied(section):
        money = []
        for name in times:
            if name not in known:
                raise StudyError(
                    "An amount is multiplied by a factor that is not declared.",
                    where=f"[{where}] times",
                    expected=f"one of {', '.join(sorted(known))}",
                    got=name,
                    remedy=f"declare [roi.factors.{name}], with its source",
                )
            _refuse_other_use(known[name], name, use, where)
            if known[name].currency is not None:
                money.append(name)
                _refuse_other_currency(known[name], name, currency, where)
        if len(money) > 1:
            raise StudyError(
                "Money is multiplied by money.",
                where=f"[{where}] times",
                expected="at most one factor that is an amount of money",
                got=" and ".join(money),
                remedy="keep one of them",
            )
        used.update(times)
    return known | {
        name: _in_later_prices(known[name], name, section) for name in sorted(used) if known[name].currency
    }


def _multiplied(section: Roi) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Every amount: where it is declared, what it is for (a channel, or "costs"), currency and factors."""
    found = [
        (f"roi.outcomes.{name}.value", str(o.value.channel), o.value.currency, o.value.times)
        for name, o in section.outcomes.items()
        if o.value is not None
    ]
    lines = [(f"roi.costs, number {i}", cost) for i, cost in enumerate(section.costs, start=1)]
    for name, initiative in section.initiatives.items():
        lines += [(f"roi.initiatives.{name}.costs, number {i}", c) for i, c in enumerate(initiative.costs, 1)]
    return found + [(where, _COSTS, cost.currency, cost.times) for where, cost in lines]


def _refuse_other_use(factor: Factor, name: str, use: str, where: str) -> None:
    if factor.only_for and use not in factor.only_for:
        raise StudyError(
            "A factor is used for what it was not measured for.",
            where=f"[{where}] times {name!r}",
            expected=f"{' or '.join(factor.only_for).replace('_', ' ')}: {factor.quantity}",
            got=use.replace("_", " "),
            remedy="take it out, or declare a factor of your own for this use, with its source",
        )


def _refuse_other_currency(factor: Factor, name: str, currency: str, where: str) -> None:
    if factor.currency != currency:
        raise StudyError(
            "A factor is an amount of money in another currency than what it is multiplied into.",
            where=f"[{where}] currency, times {name!r}",
            expected=f"{factor.currency}",
            got=currency,
            remedy=f'give amount = 1 and currency = "{factor.currency}", and its rate in [[money.rates]]',
        )


def _in_later_prices(factor: Factor, name: str, section: Roi) -> Factor:
    """An amount of money of an earlier year, in the prices a declared index leads to."""
    assert factor.median is not None
    found = [
        i for i in section.price_indices if i.currency == factor.currency and i.from_year == factor.price_year
    ]
    if len(found) != 1:
        raise StudyError(
            "A factor is an amount of money of an earlier year, and what prices have done since is not said."
            if not found
            else "What prices have done since the year of a factor is said more than once.",
            where=f"[[roi.price_indices]], for the factor {name!r}",
            expected=f'one with currency = "{factor.currency}", from_year = {factor.price_year}, and a ratio',
            got=None if not found else f"{len(found)}",
            remedy="declare it with its source, or a factor of your own in today's money",
        )
    index = found[0]
    return factor.model_copy(
        update={
            "median": factor.median * index.ratio,
            "quantity": f"{factor.quantity}; here in prices of {index.to_year}",
            "source": f"{factor.source} Brought from prices of {index.from_year} to those of "
            f"{index.to_year} by {index.ratio:g} ({index.source}).",
        }
    )


def prior_of(name: str, outcome: Outcome, effect: Effect, prior: PriorName, section: Roi) -> PriorOfEffect:
    """The prior of the effect on an outcome in a set, in its unit; see `believed_of`.

    Args:
        name, outcome: The outcome's name and declaration.
        effect: Of intention to treat: gives the control arm's mean and standard deviation.
        prior: Set.
        section: `[roi]`: its own entries come before those of the package.
    """
    return believed_of(name, outcome, effect.control_mean, effect.control_sd, prior, section)


def believed_of(
    name: str, outcome: Outcome, mean: float | None, sd: float | None, prior: PriorName, section: Roi
) -> PriorOfEffect:
    """What a set believes of the effect on an outcome, in its unit.

    The first entry that there is holds: of the outcome's name, of its channel, the default. A relative prior
    r ~ Normal(m, s) is the difference `mean × (exp(r) − 1)`, of shares who leave (`likelihood = "hazard"`, or
    measured in exits) the difference `1 − (1 − mean)^exp(r) − mean`; it enters as a normal with the mean and
    the standard deviation of that difference. It needs an outcome of which more is worse and whose mean is
    above 0; elsewhere a packaged one gives way to the default. A standardised one is turned round where more
    is worse.

    Args:
        name, outcome: The outcome's name and declaration.
        mean, sd: Of the outcome without the programme; None where not known.
        prior: Set.
        section: `[roi]`: its own entries come before those of the package.

    Raises:
        StudyError: A relative entry of the study's own that has no meaning for this outcome.
        DesignError: The mean or standard deviation that the entry needs is not known.
    """
    if prior == "flat":
        return FLAT
    own = dict(section.priors.get(prior, {}))
    known = packaged().sets[prior] | own
    channel = outcome.value.channel if outcome.value else DEFAULT
    entry = next(e for e in (name, channel, DEFAULT) if e in known)
    if known[entry].scale == "relative":
        needed = _needed(mean, name, "baseline") if outcome.higher_is == "worse" else 0.0
        if not needed > 0:
            _refuse_relative(own, prior, entry, name)
            entry = DEFAULT
    declared = known[entry]
    if declared.scale == "relative":
        at, spread = _difference(_needed(mean, name, "baseline"), declared, outcome)
    elif declared.scale == "standardised":
        unit = _needed(sd, name, "baseline_sd")
        at, spread = unit * declared.mean * (-1 if outcome.higher_is == "worse" else 1), unit * declared.sd
    else:
        at, spread = declared.mean, declared.sd
    return PriorOfEffect(mean=at, sd=spread, entry=entry, declared=declared)


def _needed(value: float | None, name: str, key: str) -> float:
    if value is None:
        what = "mean" if key == "baseline" else "standard deviation"
        raise DesignError(
            f"The {what} of an outcome without the programme is not known, so what is believed of it can't "
            "be told in its unit.",
            where=f"[roi.outcomes.{name}] {key}",
            remedy=f"declare {key}, from an earlier year or another organisation",
        )
    return value


def _refuse_relative(own: dict[str, EvidencePrior], prior: str, entry: str, name: str) -> None:
    """A packaged relative entry gives way to the default; what somebody declared is not set aside silently.

    No packaged default is relative, so a default that is comes from the study.
    """
    wrong = entry if entry in own else DEFAULT
    if wrong in own and own[wrong].scale == "relative":
        raise StudyError(
            "A relative prior is declared for an outcome that has no ratio.",
            where=f"[roi.priors.{prior}.{wrong}] scale",
            expected="an outcome of which more is worse, and whose mean is above 0",
            got=name,
            remedy='use scale = "standardised" or "unit"',
        )


def _difference(mean: float, declared: EvidencePrior, outcome: Outcome) -> tuple[float, float]:
    """Mean and standard deviation of the difference that a relative prior makes."""
    hazards = outcome.likelihood == "hazard" or outcome.measured_in == "exits"
    if not (hazards and mean < 1):
        grown = math.exp(declared.mean + declared.sd**2 / 2)
        return mean * (grown - 1), mean * grown * math.sqrt(math.expm1(declared.sd**2))
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    ratio = np.exp(declared.mean + declared.sd * nodes)
    change = 1 - (1 - mean) ** ratio - mean
    weights = weights / weights.sum()
    at = float(weights @ change)
    return at, math.sqrt(float(weights @ (change - at) ** 2))
