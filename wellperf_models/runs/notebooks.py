"""The notebooks of the workbench: where they are, what each declares, and in which order they run."""

from __future__ import annotations

import difflib
import hashlib
import importlib.resources
import json
import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from wellperf_models.errors import RunError
from wellperf_models.study import Study
from wellperf_models.study.base import Section

_FILE_NAME = re.compile(r"^(?P<number>\d\d)_(?P<name>[a-z][a-z0-9_]*)\.ipynb$")
_PARAMETER_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")

ParameterType = Literal["int", "float", "str", "bool", "path"]
# given by the run, never by a reader
RESERVED = ("study", "bundles")


class ParameterSpec(Section):
    """What one notebook parameter may be.

    Attributes:
        type: int, float, str, bool or path.
        minimum, maximum: Allowed range of a number, both included.
        choices: Allowed values of a text.
        description: What it does.
    """

    type: ParameterType
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] | None = None
    description: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        bounded = self.minimum is not None or self.maximum is not None
        if bounded and self.type not in ("int", "float"):
            raise ValueError("only numbers have a minimum or a maximum")
        if self.choices is not None and self.type != "str":
            raise ValueError("only a text has choices")
        return self


class NotebookMeta(Section):
    """`nb.metadata["wellperf"]`.

    Attributes:
        title: What a reader sees.
        tables: Tables without which it isn't run.
        any_tables: Tables of which it needs one at least; what hangs on the others is not asked. (): none.
        sections: Sections of the study file without which it isn't run, such as "roi".
        needs: Notebooks that run before it.
        parameters: What it takes; always `study`, and `bundles` where it composes others.
    """

    title: Annotated[str, Field(min_length=1)]
    tables: tuple[str, ...] = ()
    any_tables: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    parameters: dict[str, ParameterSpec]

    @field_validator("sections")
    @classmethod
    def _known_sections(cls, sections: tuple[str, ...]) -> tuple[str, ...]:
        for name in sections:
            if name not in Study.model_fields:
                raise ValueError(f"a study file has no section {name!r}{suggest(name, Study.model_fields)}")
        return sections

    @field_validator("parameters")
    @classmethod
    def _names(cls, parameters: dict[str, ParameterSpec]) -> dict[str, ParameterSpec]:
        # papermill writes a name into code as it is
        for name in parameters:
            if not _PARAMETER_NAME.fullmatch(name) or keyword.iskeyword(name) or keyword.issoftkeyword(name):
                raise ValueError(f"{name!r} can't name a parameter: lower case letters, digits and _")
        if "study" not in parameters:
            raise ValueError("every notebook has the parameter 'study'")
        for name in RESERVED:
            if name in parameters and parameters[name].type != "path":
                raise ValueError(f"{name!r} is a path")
        return parameters


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A source notebook.

    Attributes:
        path: Its file.
        number: Two digits that order the notebooks.
        name: Its name without number; how it is addressed.
        meta: What it declares.
    """

    path: Path
    number: str
    name: str
    meta: NotebookMeta

    @property
    def stem(self) -> str:
        """File name without ending, e.g. "30_turnover"; names its page too."""
        return f"{self.number}_{self.name}"

    @cached_property
    def content(self) -> bytes:
        """The file."""
        return self.path.read_bytes()

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.content).hexdigest()


def notebooks_folder() -> Path:
    """The folder beside the package in a clone; the packaged copy where there is none."""
    package = Path(str(importlib.resources.files("wellperf_models")))
    beside = package.parent / "notebooks"
    # site-packages may hold an unrelated folder of that name
    if beside.is_dir() and (package.parent / "pyproject.toml").is_file():
        return beside
    packaged = package / "_notebooks"
    if packaged.is_dir():
        return packaged
    raise RunError(
        "The notebooks are not installed.",
        where=str(package),
        remedy="install wellperf again, or work in a clone",
    )


def read_notebook(path: Path) -> Notebook:
    """Reads one notebook's declarations.

    Raises:
        RunError: The name has no number, the file is no notebook, or its metadata breaks a rule.
    """
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise RunError(
            "A notebook is not named well.",
            where=path.name,
            expected="NN_name.ipynb, lower case",
            got=path.name,
        )
    try:
        metadata: Any = json.loads(path.read_bytes()).get("metadata", {})
    except (ValueError, AttributeError) as error:
        raise RunError("A notebook is not valid JSON.", where=path.name, got=str(error)) from error
    if "wellperf" not in metadata:
        raise RunError(
            "A notebook declares nothing.",
            where=f"{path.name}: metadata",
            expected='"wellperf": {"title", "tables", "sections", "needs", "parameters"}',
        )
    try:
        meta = NotebookMeta.model_validate(metadata["wellperf"])
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(p) for p in item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        )
        raise RunError(
            "A notebook's declarations are wrong.", where=f"{path.name}: metadata.wellperf", got=problems
        ) from None
    return Notebook(path=path, number=match["number"], name=match["name"], meta=meta)


def find_notebooks(folder: Path | None = None) -> tuple[Notebook, ...]:
    """Every notebook of a folder, by number.

    Args:
        folder: Where to look; the workbench's own notebooks where left out.

    Raises:
        RunError: There are none, two share a name, one needs another that does not exist or itself.
    """
    folder = notebooks_folder() if folder is None else folder
    found = tuple(sorted((read_notebook(p) for p in folder.glob("*.ipynb")), key=lambda n: n.stem))
    if not found:
        raise RunError("There are no notebooks.", where=str(folder))
    names = [n.name for n in found]
    for notebook in found:
        if names.count(notebook.name) > 1:
            raise RunError("Two notebooks have the same name.", where=str(folder), got=notebook.name)
        for need in notebook.meta.needs:
            if need not in names:
                raise RunError(
                    "A notebook needs one that does not exist.",
                    where=notebook.path.name,
                    got=need + suggest(need, names),
                )
    _require_no_circle(found)
    return found


def select_notebooks(notebooks: Sequence[Notebook], only: Iterable[str] = ()) -> tuple[Notebook, ...]:
    """The named notebooks and all they need, by number; all of them where none is named.

    Args:
        notebooks: Those there are.
        only: Names, with or without number ("turnover", "30_turnover").

    Raises:
        RunError: An unknown name, with a suggestion.
    """
    by_name = {n.name: n for n in notebooks}
    stems = {n.stem: n.name for n in notebooks}
    wanted: list[str] = []
    for given in only:
        name = stems.get(given.removesuffix(".ipynb"), given)
        if name not in by_name:
            raise RunError("There is no such notebook.", got=repr(given) + suggest(given, by_name))
        wanted.append(name)
    if not wanted:
        return tuple(notebooks)
    chosen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in chosen:
            chosen.add(name)
            wanted.extend(by_name[name].meta.needs)
    return tuple(n for n in notebooks if n.name in chosen)


def suggest(word: str, known: Iterable[str]) -> str:
    """What the writer may have meant, as the tail of a sentence."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known here: {', '.join(known)}" if known else ""


def _require_no_circle(notebooks: Sequence[Notebook]) -> None:
    done: set[str] = set()
    waiting = list(notebooks)
    while waiting:
        free = [n for n in waiting if set(n.meta.needs) <= done]
        if not free:
            raise RunError(
                "Notebooks need each other in a circle.", got=", ".join(n.path.name for n in waiting)
            )
        done.update(n.name for n in free)
        waiting = [n for n in waiting if n.name not in done]
