"""Notebook parameters: every name, type and range is checked before papermill sees them.

papermill only logs an unknown name, and writes a name into code as it is, so nothing undeclared may pass.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wellperf_models.errors import RunError
from wellperf_models.runs.notebooks import RESERVED, Notebook, ParameterSpec, suggest

Value = int | float | str | bool
# control and format characters, separators of lines, halves of characters: none belongs into a line of code
_HIDDEN = ("Cc", "Cf", "Zl", "Zp", "Cs")
_LARGEST_WHOLE = 2**53
_LONGEST_TEXT = 500
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def resolve_parameters(
    notebooks: Sequence[Notebook],
    *,
    study_values: Mapping[str, Mapping[str, Value]],
    given: Mapping[str, Value],
    study_folder: Path,
    every_notebook: Sequence[Notebook] | None = None,
) -> dict[str, dict[str, Value]]:
    """What each notebook is given beyond its defaults.

    Args:
        notebooks: Those that run.
        study_values: `[notebooks.NAME]` of the study file.
        given: From the command line: texts are parsed by the declared type. Each goes to every notebook
            that declares the name, and wins over the study file.
        study_folder: Where relative paths of the study file start; those given start at the current folder.
        every_notebook: All there are, for names in the study file of notebooks that don't run now.

    Returns:
        Notebook name → parameter → value; a path is absolute, with forward slashes.

    Raises:
        RunError: A notebook or parameter that does not exist (with a suggestion), one that the run sets
            itself, or a value of the wrong type or out of range.
    """
    known = {n.name: n for n in (every_notebook or notebooks)}
    stems = {n.stem: n.name for n in known.values()}
    resolved: dict[str, dict[str, Value]] = {n.name: {} for n in notebooks}
    for written, values in study_values.items():
        name = stems.get(written, written)
        if name not in known:
            raise RunError(
                "The study file gives parameters to a notebook that does not exist.",
                where=f"[notebooks.{written}]",
                got=written + suggest(written, known),
            )
        for parameter, value in values.items():
            where = f"[notebooks.{written}]"
            spec = _spec_of(parameter, known[name].meta.parameters, where)
            checked = check_value(parameter, value, spec, where=where, folder=study_folder)
            if name in resolved:
                resolved[name][parameter] = checked
    for parameter, value in given.items():
        _give(parameter, value, notebooks, resolved)
    return resolved


def _give(
    parameter: str, value: Value, notebooks: Sequence[Notebook], resolved: dict[str, dict[str, Value]]
) -> None:
    takers = [n for n in notebooks if parameter in n.meta.parameters]
    every_name = sorted({p for n in notebooks for p in n.meta.parameters} - set(RESERVED))
    if not takers or parameter in RESERVED:
        _refuse(parameter, every_name, "parameters of this run")
    for notebook in takers:
        spec = notebook.meta.parameters[parameter]
        resolved[notebook.name][parameter] = check_value(
            parameter, value, spec, where=f"parameter of {notebook.name}", folder=Path.cwd(), parse=True
        )


def _spec_of(name: str, declared: Mapping[str, ParameterSpec], where: str) -> ParameterSpec:
    if name not in declared or name in RESERVED:
        _refuse(name, [p for p in declared if p not in RESERVED], where)
    return declared[name]


def _refuse(name: str, known: Sequence[str], where: str) -> None:
    if name in RESERVED:
        raise RunError("This parameter is set by the run itself.", where=where, got=name)
    raise RunError(
        "No notebook of this run has such a parameter.",
        where=where,
        got=repr(name[:60]) + (suggest(name, known) or "; they take none"),
    )


def check_value(
    name: str, value: Any, spec: ParameterSpec, *, where: str, folder: Path, parse: bool = False
) -> Value:
    """One value against its declaration.

    Args:
        name: The parameter.
        value: What was given.
        spec: What it may be.
        where: Said in the error.
        folder: Where a relative path starts.
        parse: True reads numbers and yes/no from text.

    Raises:
        RunError: Wrong type, not finite, out of range, not a choice, or a text with control characters.
    """

    def refuse(expected: str) -> RunError:
        return RunError(
            "A parameter has a value it can't have.",
            where=f"{where}: {name}",
            expected=expected,
            got=_said(value),
        )

    if spec.type == "bool":
        return _check_bool(value, parse, refuse(_describe(spec)))
    if spec.type in ("int", "float"):
        return _check_number(value, spec, parse, refuse(_describe(spec)))
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or any(map(_hidden, value)):
        raise refuse(_describe(spec))
    if spec.choices is not None and value not in spec.choices:
        raise refuse(_describe(spec))
    return (folder / value).resolve().as_posix() if spec.type == "path" else value


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN


def _said(value: object) -> str:
    if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
        # more digits than Python writes out
        return "a whole number too large to be one"
    return ascii(value)[:80]


def _check_bool(value: Any, parse: bool, error: RunError) -> bool:
    if parse and isinstance(value, str):
        value = _WORDS.get(value.strip().lower())
    if not isinstance(value, bool):
        raise error
    return value


def _check_number(value: Any, spec: ParameterSpec, parse: bool, error: RunError) -> int | float:
    if parse and isinstance(value, str):
        try:
            value = int(value) if spec.type == "int" else float(value)
        except ValueError:
            raise error from None
    if isinstance(value, bool) or not isinstance(value, int if spec.type == "int" else (int, float)):
        raise error
    if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
        raise error
    low, high = spec.minimum, spec.maximum
    if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
        raise error
    return value if spec.type == "int" else float(value)


def _describe(spec: ParameterSpec) -> str:
    kind = {
        "int": "a whole number",
        "float": "a number",
        "str": f"a text of one line, up to {_LONGEST_TEXT} characters",
        "bool": "true or false",
        "path": "a path",
    }[spec.type]
    if spec.choices is not None:
        return "one of " + ", ".join(spec.choices)
    if spec.minimum is not None:
        kind += f" ≥ {spec.minimum:g}"
    if spec.maximum is not None:
        kind += f"{' and' if spec.minimum is not None else ''} ≤ {spec.maximum:g}"
    return kind
