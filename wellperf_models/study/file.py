"""The whole study file, and how it is loaded."""

from __future__ import annotations

import os
import string
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, PrivateAttr, ValidationError, model_validator

from wellperf_models.errors import StudyError
from wellperf_models.study.base import Section
from wellperf_models.study.burnout import Burnout
from wellperf_models.study.consent import Consent
from wellperf_models.study.countries import (
    Country,
    CountryCode,
    check_attributes,
    check_bases,
    strictest,
)
from wellperf_models.study.covariates import Covariate, Name, Scale
from wellperf_models.study.disclosure import Disclosure
from wellperf_models.study.general import General
from wellperf_models.study.governance import UNDECLARED, WITHOUT_BASIS, Governance
from wellperf_models.study.instruments import Instrument, check_instruments
from wellperf_models.study.method_check import MethodCheck
from wellperf_models.study.money import Money
from wellperf_models.study.names import attributes_used, named_covariates, names_in
from wellperf_models.study.prohibited import check_names
from wellperf_models.study.reporting import Reporting
from wellperf_models.study.roi import Roi
from wellperf_models.study.roles import Roles
from wellperf_models.study.suggest import suggest
from wellperf_models.study.table_source import TableSource
from wellperf_models.study.turnover import Turnover


class Study(Section):
    """A loaded study file. Sections are attributes; `study.study` is the `[study]` section.

    Attributes:
        study: What and when.
        tables: Where each table is, by declared name.
        measures: Scales of the surveys.
        instruments: Instruments of one's own, by which measures are scored from items.
        covariates: Predictors with their timing.
        turnover, burnout, roi, disclosure, money: Configuration of what bears the name; a pillar whose
            section is None is not run.
        method_check: How the pipelines are tried on simulated data of this study's shape.
        governance: Grounds, purpose and oversight; None: not declared, and the pack says so.
        reporting: What a report on a prediction model has to say and no data can tell.
        roles: What each kind of reader may see.
        countries: By code; `disclosure.min_group_size` is already the strictest of all.
        notebooks: Notebook name → parameters; checked against the notebook's own schema before a run.
    """

    study: General
    tables: dict[str, TableSource] = Field(default_factory=dict)
    measures: dict[Name, Scale] = Field(default_factory=dict)
    instruments: dict[Name, Instrument] = Field(default_factory=dict)
    covariates: dict[Name, Covariate] = Field(default_factory=dict)
    turnover: Turnover = Turnover()
    method_check: MethodCheck = MethodCheck()
    burnout: Burnout | None = None
    roi: Roi | None = None
    disclosure: Disclosure = Disclosure()
    money: Money | None = None
    consent: Consent | None = None
    governance: Governance | None = None
    reporting: Reporting = Reporting()
    roles: Roles = Roles()
    countries: dict[CountryCode, Country] = Field(default_factory=dict)
    notebooks: dict[str, dict[str, str | int | float | bool]] = Field(default_factory=dict)

    _path: Path = PrivateAttr(default=Path("study.toml"))

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        for section, names in named_covariates(self).items():
            for name in names:
                if name not in self.covariates:
                    raise ValueError(
                        f"{section} names {name!r}, which [covariates.{name}] does not declare"
                        + suggest(name, self.covariates)
                    )
        for name, covariate in self.covariates.items():
            if not self.sources_of(covariate.table):
                raise ValueError(
                    f"covariates.{name} is read from table {covariate.table!r}, "
                    f"but there is no [tables.{covariate.table}]"
                )
        for name, policy in self.turnover.policies.items():
            changed = self.covariates[policy.covariate]
            if changed.table not in ("workload", "surveys") or changed.type != "number":
                what = f"a {changed.type} of {changed.table}"
                raise ValueError(
                    f"turnover.policies.{name} changes {policy.covariate!r}, {what}: a policy "
                    "changes a number that is measured over time (workload, surveys)"
                )
        if self.burnout and self.burnout.outcome not in self.measures:
            raise ValueError(
                f"burnout.outcome names {self.burnout.outcome!r}, which is not in [measures]"
                + suggest(self.burnout.outcome, self.measures)
            )
        check_instruments(self)
        return self

    @model_validator(mode="after")
    def _lawful(self) -> Self:
        check_names(names_in(self))
        for place, bases in self._declared_bases().items():
            for name in bases:
                if not self.sources_of(name):
                    raise ValueError(
                        f"{place} names {name!r}, which is not a table of the study"
                        + suggest(name, self.table_names)
                    )
        check_bases(self.countries, self.streams)
        check_attributes(self.countries, attributes_used(self))
        self.roles.require_raised(self.disclosure.min_group_size)
        least = strictest(self.countries, self.disclosure.min_group_size)
        if least != self.disclosure.min_group_size:
            # the one place where a study changes what was written: everything reads this number
            self.__dict__["disclosure"] = self.disclosure.model_copy(update={"min_group_size": least})
        return self

    @property
    def table_names(self) -> tuple[str, ...]:
        """Declared names of the study's tables, each once."""
        return tuple(dict.fromkeys(source.part_of or key for key, source in self.tables.items()))

    @property
    def streams(self) -> tuple[str, ...]:
        """Tables that are about people, so that their use needs a legal basis."""
        return tuple(name for name in self.table_names if name not in WITHOUT_BASIS)

    def min_group_size_for(self, role: str) -> int:
        """Smallest group a role is shown: the study's, or more.

        Args:
            role: Name of the role.
        """
        return max(self.disclosure.min_group_size, self.roles.reach(role).min_group_size)

    def governance_gaps(self) -> tuple[str, ...]:
        """What is not declared, or does not fit together, as sentences; none of it stops a run.

        Synthetic and published data need no declaration; one that is there is held to what it says.
        """
        if self.governance is None:
            return () if self.study.synthetic or self.study.public_microdata else UNDECLARED
        filtered = () if self.consent is None else self.consent.streams
        return self.governance.gaps(self.streams, by_consent=filtered)

    def _declared_bases(self) -> dict[str, tuple[str, ...]]:
        bases = {f"countries.{code}.legal_basis": tuple(c.legal_basis) for code, c in self.countries.items()}
        if self.governance is not None:
            bases["governance.legal_basis"] = tuple(self.governance.legal_basis)
        return bases

    def sources_of(self, table: str) -> dict[str, TableSource]:
        """Sources of a declared table by their name: `[tables.NAME]` itself, or its parts."""
        return {key: source for key, source in self.tables.items() if (source.part_of or key) == table}

    @property
    def path(self) -> Path:
        """Where the study file is."""
        return self._path

    @property
    def folder(self) -> Path:
        """Folder of the study file; relative paths start here."""
        return self._path.parent

    def data_dirs(self) -> tuple[Path, ...]:
        """Folders searched for data files, in order; those whose variable is not set are left out."""
        found = []
        for text in self.study.data_dirs:
            try:
                filled = string.Template(text).substitute(os.environ)
            except KeyError:
                continue
            except ValueError as error:
                raise StudyError(
                    "A data folder is not well written.",
                    where=f"{self.path.name}: study.data_dirs",
                    expected="a folder, with $NAME for an environment variable",
                    got=repr(text),
                ) from error
            found.append((self.folder / filled).resolve())
        return tuple(found)

    def __repr__(self) -> str:
        """Name and shapes."""
        tables = ", ".join(self.tables) or "none"
        return f"Study({self.study.name!r}, as of {self.study.as_of}, tables: {tables})"

    __str__ = __repr__


def load_study(path: str | Path) -> Study:
    """Reads a study file.

    Args:
        path: A TOML file, or a folder that holds a `study.toml`.

    Returns:
        The checked study.

    Raises:
        StudyError: Not found, not TOML, an unknown key (with a suggestion), or a value that breaks a rule;
            every problem is listed.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "study.toml"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise StudyError(
            "There is no study file.",
            where=str(path),
            remedy="check the path, or write one with `wellperf new DIR --from FOLDER`",
        ) from error
    except (ValueError, RecursionError) as error:
        raise StudyError(
            "The study file is not valid TOML.", where=file.name, expected="TOML 1.0, UTF-8", got=str(error)
        ) from error
    except OSError as error:
        raise StudyError("The study file can't be read.", where=str(path), got=error.strerror) from error
    try:
        study = Study.model_validate(content)
    except ValidationError as error:
        raise StudyError(
            f"The study file has {error.error_count()} problem{'s' if error.error_count() > 1 else ''}.",
            where=file.name,
            got="\n    " + "\n    ".join(_problem(item, content) for item in error.errors()),
            remedy="mend these lines; `wellperf new DIR` writes a commented example",
        ) from None
    study._path = file.resolve()
    return study


def _problem(item: Any, content: dict[str, Any]) -> str:
    """One pydantic error as a line: key, what is wrong, what to write instead."""
    location = [str(part) for part in item["loc"]]
    key = ".".join(location) or "(whole file)"
    if item["type"] == "extra_forbidden":
        known = _known_keys(item["loc"][:-1])
        return f"{key}: unknown key{suggest(location[-1], known)}"
    if item["type"] == "missing":
        return f"{key}: missing, and there is no default"
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}"


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    """Keys allowed at a place of the study file."""
    annotation: Any = Study
    for part in location:
        annotation = _strip(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(part))
            annotation = field.annotation if field else None
        else:
            arguments = typing.get_args(annotation)
            annotation = (
                arguments[-1] if arguments and arguments[-1] is not Ellipsis else (arguments or (None,))[0]
            )
    annotation = _strip(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return list(annotation.model_fields)
    return []


def _strip(annotation: Any) -> Any:
    """The model inside `X | None`."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(annotation) if a is not type(None)]
        return inner[0] if len(inner) == 1 else annotation
    return annotation
