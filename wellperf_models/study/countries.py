"""`[countries.CC]`: what the law and the works council of a country ask; the strictest of all holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from wellperf_models.study.base import Section
from wellperf_models.study.disclosure import HARD_FLOOR
from wellperf_models.study.governance import LegalBasis

# ISO 3166-1 alpha-2
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Country(Section):
    """`[countries.CC]`, one for each country the people of the study work in.

    Attributes:
        legal_basis: Table → basis. Where any is given, every table about people must have one.
        allowed_attributes: Columns that may be used as group or covariate; left out: all.
        min_group_size: Smallest group shown. The largest of all countries and `[disclosure]` holds for the
            whole study, because a group may span countries.
        holidays: Public holidays; recorded, used in no number so far.
        note: E.g. the works agreement it follows; shown in the pack.
    """

    legal_basis: dict[str, LegalBasis] = Field(default_factory=dict)
    allowed_attributes: tuple[str, ...] | None = None
    min_group_size: Annotated[int, Field(ge=HARD_FLOOR)] | None = None
    holidays: tuple[dt.date, ...] = ()
    note: Annotated[str, Field(max_length=300)] = ""


def strictest(countries: Mapping[str, Country], own: int) -> int:
    """The minimum group size that satisfies every country and the study itself.

    Args:
        countries: By code.
        own: The study's own.
    """
    return max([own, *(c.min_group_size for c in countries.values() if c.min_group_size is not None)])


def check_attributes(countries: Mapping[str, Country], used: Mapping[str, str]) -> None:
    """Refuses a group or covariate that a country does not allow.

    Args:
        countries: By code.
        used: Where in the study file → attribute used there.

    Raises:
        ValueError: With the country, the attribute and the place.
    """
    for code, country in countries.items():
        for place, attribute in used.items():
            if country.allowed_attributes is not None and attribute not in country.allowed_attributes:
                allowed = ", ".join(country.allowed_attributes) or "none"
                raise ValueError(
                    f"{place} uses the attribute {attribute!r}, which [countries.{code}] does not allow "
                    f"(allowed_attributes: {allowed})"
                )


def check_bases(countries: Mapping[str, Country], streams: Iterable[str]) -> None:
    """Refuses a table about people without a legal basis in a country that declares bases.

    Args:
        countries: By code.
        streams: Tables about people that the study uses.

    Raises:
        ValueError: With the country and the table.
    """
    streams = tuple(streams)
    for code, country in countries.items():
        for stream in streams:
            if country.legal_basis and stream not in country.legal_basis:
                raise ValueError(
                    f"the study uses the table {stream!r}, but [countries.{code}.legal_basis] gives no basis "
                    "for it: declare one, or leave the table out of the study"
                )
