"""`[roles.NAME]`: what each kind of reader may see: what passed the gate or less of it, never more."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, field_validator

from wellperf_models.errors import StudyError
from wellperf_models.study.base import Section
from wellperf_models.study.covariates import Name
from wellperf_models.study.disclosure import HARD_FLOOR
from wellperf_models.study.suggest import suggest

RoleName = Literal["researcher", "committee", "manager"]
ROLES: Final[tuple[str, ...]] = get_args(RoleName)
# what a run tells its notebooks
ROLE_VARIABLE: Final = "WELLPERF_ROLE"

# `groups`: what was counted or measured by group (tables with a level); `tables`: every other table
PARTS: Final = ("answer", "estimates", "groups", "tables", "curves", "checks")
# every answer of the workbench; the part before the point is the notebook that gives it
ANSWERS: Final = (
    "data_quality.description",
    "data_quality.consent",
    "burnout.forecast",
    "burnout.groups",
    "burnout.measurement",
    "burnout.ladder",
    "burnout.candidates",
    "burnout.use",
    "burnout.explained",
    "burnout.nonresponse",
    "burnout.external",
    "burnout.reporting",
    "turnover.description",
    "turnover.explained",
    "turnover.policy",
    "turnover.prediction",
    "turnover.risk",
    "turnover.groups",
    "turnover.transition",
    "roi.effects",
    "roi.contrast",
    "roi.models",
    "roi.priors",
    "roi.case",
    "roi.decision",
    "roi.scenarios",
    "roi.portfolio",
    "roi.information",
    "roi.reporting",
    "method_check.turnover",
    "method_check.burnout",
    "method_check.roi",
)
# what a role declares nothing about
_MANAGER_ANSWERS = ("turnover.description", "burnout.groups")
_DEFAULT_ANSWERS: Mapping[str, tuple[str, ...] | None] = {"manager": _MANAGER_ANSWERS}
_DEFAULT_PARTS: Mapping[str, tuple[str, ...]] = {"manager": ("groups",)}


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What one role may see, its defaults filled in.

    Attributes:
        role: Its name.
        answers: Answer ids; None: all.
        parts: Of an answer, from `PARTS`.
        notebooks: Names of the notebooks that run for it; None: all.
        min_group_size: Smallest group it is shown; 0: the study's.
    """

    role: RoleName
    answers: frozenset[str] | None
    parts: frozenset[str]
    notebooks: tuple[str, ...] | None
    min_group_size: int = 0

    @property
    def everything(self) -> bool:
        """Nothing that passed the gate is taken away."""
        return self.answers is None and self.parts == frozenset(PARTS)

    @property
    def one_page(self) -> bool:
        """Whoever may see groups alone reads one page of them."""
        return self.parts == {"groups"}


def _known(what: str, given: tuple[str, ...] | None, known: tuple[str, ...]) -> tuple[str, ...] | None:
    for name in given or ():
        if name not in known:
            raise ValueError(f"there is no {what} {name!r}{suggest(name, known)}")
    return given


class Role(Section):
    """`[roles.NAME]`; what is left out takes the role's default.

    Attributes:
        answers: Ids of the answers it may see.
        parts: What of an answer: answer (the sentence), estimates, groups, tables, curves, checks.
        notebooks: Which notebooks run for it; left out: those that give its answers.
        min_group_size: Smallest group it is shown; can only raise the study's.
    """

    answers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    parts: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    notebooks: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    min_group_size: Annotated[int, Field(ge=HARD_FLOOR)] | None = None

    @field_validator("answers")
    @classmethod
    def _known_answers(cls, answers: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return _known("answer", answers, ANSWERS)

    @field_validator("parts")
    @classmethod
    def _known_parts(cls, parts: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return _known("part", parts, PARTS)


class Roles(Section):
    """`[roles]`: who reads the packs of this study.

    Attributes:
        researcher, committee: See everything, unless declared otherwise.
        manager: Sees tables by group alone, on one page, unless declared otherwise.
    """

    researcher: Role = Role()
    committee: Role = Role()
    manager: Role = Role()

    def reach(self, name: str) -> Reach:
        """What a role may see.

        Args:
            name: Of the role.

        Raises:
            StudyError: There is no such role.
        """
        role = role_named(name)
        declared: Role = getattr(self, role)
        answers = declared.answers if declared.answers is not None else _DEFAULT_ANSWERS.get(role)
        parts = declared.parts if declared.parts is not None else _DEFAULT_PARTS.get(role, PARTS)
        notebooks = declared.notebooks
        if notebooks is None and answers is not None:
            notebooks = tuple(dict.fromkeys(answer.partition(".")[0] for answer in answers))
        return Reach(
            role=role,
            answers=None if answers is None else frozenset(answers),
            parts=frozenset(parts),
            notebooks=notebooks,
            min_group_size=declared.min_group_size or 0,
        )

    def require_raised(self, minimum: int) -> None:
        """Refuses a role that asks for smaller groups than the study shows.

        Args:
            minimum: Of `[disclosure]`.

        Raises:
            ValueError: A role asks for less.
        """
        for name in ROLES:
            own = getattr(self, name).min_group_size
            if own is not None and own < minimum:
                raise ValueError(
                    f"roles.{name}.min_group_size is {own}: a role can only raise "
                    f"disclosure.min_group_size, which is {minimum}"
                )


def role_named(name: str) -> RoleName:
    """The role of that name.

    Raises:
        StudyError: There is none, with a suggestion.
    """
    for role in get_args(RoleName):
        if role == name:
            found: RoleName = role
            return found
    raise StudyError(
        "There is no such role.", expected=", ".join(ROLES), got=repr(name[:40]) + suggest(name, ROLES)
    )


def current_role() -> RoleName:
    """Who this process works for: what the run says; a researcher where nobody says anything.

    Raises:
        StudyError: The environment names a role that does not exist: nothing is shown to a stranger.
    """
    return role_named(os.environ.get(ROLE_VARIABLE, "researcher"))
