"""The whole study file, and how it is loaded."""

from __future__ import annotations

import difflib
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
from wellperf_models.study.covariates import Covariate, Name, Scale
from wellperf_models.study.disclosure import Disclosure
from wellperf_models.study.general import General
from wellperf_models.study.money import Money
from wellperf_models.study.roi import Roi
from wellperf_models.study.table_source import TableSource
from wellperf_models.study.turnover import Turnover


class Study(Section):
    """A loaded study file. Sections are attributes; `study.study` is the `[study]` section.

    Attributes:
        study: What and when.
        tables: Where each table is, by declared name.
        measures: Scales of the surveys.
        covariates: Predictors with their timing.
        turnover, burnout, roi, disclosure, money: Configuration of what bears the name; a pillar whose
            section is None is not run.
        notebooks: Notebook name → parameters; checked against the notebook's own schema before a run.
    """

    study: General
    tables: dict[str, TableSource] = Field(default_factory=dict)
    measures: dict[Name, Scale] = Field(default_factory=dict)
    covariates: dict[Name, Covariate] = Field(default_factory=dict)
    turnover: Turnover = Turnover()
    burnout: Burnout | None = None
    roi: Roi | None = None
    disclosure: Disclosure = Disclosure()
    money: Money | None = None
    notebooks: dict[str, dict[str, str | int | float | bool]] = Field(default_factory=dict)

    _path: Path = PrivateAttr(default=Path("study.toml"))

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        for section, names in self._named_covariates().items():
            for name in names:
                if name not in self.covariates:
                    raise ValueError(
                        f"{section} names {name!r}, which [covariates.{name}] does not declare"
                        + _suggest(name, self.covariates)
                    )
        for name, covariate in self.covariates.items():
            if not self.sources_of(covariate.table):
                raise ValueError(
                    f"covariates.{name} is read from table {covariate.table!r}, "
                    f"but there is no [tables.{covariate.table}]"
                )
        if self.burnout and self.burnout.outcome not in self.measures:
            raise ValueError(
                f"burnout.outcome names {self.burnout.outcome!r}, which is not in [measures]"
                + _suggest(self.burnout.outcome, self.measures)
            )
        return self

    def _named_covariates(self) -> dict[str, tuple[str, ...]]:
        """Section → names that must be declared covariates."""
        named = {
            "turnover.covariates": self.turnover.covariates,
            "turnover.strata": self.turnover.strata,
        }
        for name, chosen in (self.burnout.models if self.burnout else {}).items():
            named[f"burnout.models.{name}.covariates"] = chosen.covariates
        outcomes = self.roi.outcomes if self.roi else {}
        for name, outcome in outcomes.items():
            others = tuple(c for c in outcome.adjust_for if c not in outcomes)
            named[f"roi.outcomes.{name}.adjust_for"] = others
        return named

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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
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
        return f"{key}: unknown key{_suggest(location[-1], known)}"
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


def _suggest(word: str, known: typing.Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known here: {', '.join(known)}" if known else ""
