"""`[governance]`: on what grounds the data are used, by whom, for what, and how a person can object."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from wellperf_models.study.base import Section

# GDPR Art. 6(1)(a) to (f), and agreements with employees' representatives (Art. 88)
LegalBasis = Literal[
    "consent",
    "contract",
    "legal_obligation",
    "vital_interests",
    "public_task",
    "legitimate_interests",
    "works_agreement",
]
BASIS_WORDS: Final[dict[str, str]] = {
    "consent": "consent (GDPR Art. 6(1)(a))",
    "contract": "performance of a contract (GDPR Art. 6(1)(b))",
    "legal_obligation": "legal obligation (GDPR Art. 6(1)(c))",
    "vital_interests": "vital interests (GDPR Art. 6(1)(d))",
    "public_task": "public task (GDPR Art. 6(1)(e))",
    "legitimate_interests": "legitimate interests (GDPR Art. 6(1)(f))",
    "works_agreement": "works agreement (GDPR Art. 88, within Art. 5, 6 and 9)",
}
# a study may add to these and can't take one away
ALWAYS_PROHIBITED: Final = (
    "dismissing or disciplining anybody",
    "rating single people",
    "pay decisions about single people",
    "inferring emotions",
)
# tables that need no basis of their own: money of programmes, and the register of consent itself
WITHOUT_BASIS: Final = ("costs", "consent")
# may tell of health, for which Art. 9 asks for more than these bases
_ABOUT_HEALTH: Final = ("surveys", "absences", "outcomes")
_NOT_FOR_HEALTH: Final = ("contract", "legitimate_interests")

Line = Annotated[str, Field(min_length=1, max_length=400)]


class Dpia(Section):
    """`[governance.dpia]`: the data protection impact assessment (GDPR Art. 35).

    Attributes:
        reference: Where it is filed.
        date: When it was signed.
        by: Office or officer who made it.
        residual_risk: What is left of the risk after the measures taken.
    """

    reference: Line
    date: dt.date
    by: Line
    residual_risk: Literal["low", "medium", "high"]


class Override(Section):
    """One entry of the override log: a person decided against, or beyond, what a report says.

    Attributes:
        date: Of the decision.
        who: Role or body that decided, such as "HR director"; never somebody's id.
        decision: What was decided.
        reason: Why.
    """

    date: dt.date
    who: Annotated[str, Field(min_length=1, max_length=80)]
    decision: Line
    reason: Line


class Governance(Section):
    """`[governance]`.

    Attributes:
        controller: Who is responsible for the data.
        purpose: What the data are used for.
        legal_basis: Table → basis.
        overseer: Person or body that watches over the use; an officer's name is public by the office.
        contest: How an employee contests what is done with the data, or a decision.
        retention: How long data and reports are kept.
        dpia: The impact assessment; None: not declared, and the pack says so.
        prohibited_uses: What reports must not be used for; `ALWAYS_PROHIBITED` comes first and can't be left
            out.
        overrides: The override log, a TOML or CSV file beside the study file; None: not declared.
    """

    controller: Line
    purpose: Line
    legal_basis: Annotated[dict[str, LegalBasis], Field(min_length=1)]
    overseer: Line
    contest: Line
    retention: Line
    dpia: Dpia | None = None
    prohibited_uses: tuple[Line, ...] = ()
    overrides: Annotated[str, Field(pattern=r"(?i)^[^/\\:][^\\:]*\.(toml|csv)$")] | None = None

    @field_validator("prohibited_uses")
    @classmethod
    def _with_the_usual(cls, uses: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*ALWAYS_PROHIBITED, *uses)))

    @field_validator("overrides")
    @classmethod
    def _beside_the_study(cls, path: str | None) -> str | None:
        if path is not None and ".." in path.split("/"):
            raise ValueError("the override log lies in the study's folder or below it")
        return path

    def gaps(self, streams: tuple[str, ...], *, by_consent: tuple[str, ...]) -> tuple[str, ...]:
        """What is not declared, or does not fit together, as sentences.

        Args:
            streams: Tables about people that the study uses.
            by_consent: Those of which only rows with consent are used (`[consent]`).
        """
        found = [f"legal basis of {name}: not declared" for name in streams if name not in self.legal_basis]
        weak = [
            name
            for name in streams
            if name in _ABOUT_HEALTH and self.legal_basis.get(name) in _NOT_FOR_HEALTH
        ]
        found += [
            f"legal basis of {name}: may be about health, for which {self.legal_basis[name]} is not enough "
            "(GDPR Art. 9)"
            for name in weak
        ]
        for name in streams:
            if (self.legal_basis.get(name) == "consent") != (name in by_consent):
                basis = self.legal_basis.get(name, "none")
                how = "only rows with consent are" if name in by_consent else "rows without consent are"
                found.append(f"legal basis of {name}: {basis}, but {how} used ([consent] streams)")
        if self.dpia is None:
            found.append("impact assessment (DPIA): not declared")
        if self.overrides is None:
            found.append("override log: not declared")
        return tuple(found)


# what a private study without the section does not declare
UNDECLARED: Final = (
    "controller: not declared",
    "purpose: not declared",
    "legal basis: not declared",
    "overseer: not declared",
    "how an employee contests: not declared",
    "retention: not declared",
    "impact assessment (DPIA): not declared",
    "override log: not declared",
)
