"""What a pack says of itself, read as what it is: a file from elsewhere, believed in nothing."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from wellperf_models.errors import RunError
from wellperf_models.report.page import State
from wellperf_models.runs.compare import Drift
from wellperf_models.runs.inside import read_inside, read_json_inside, visible
from wellperf_models.runs.notebooks import RESERVED, Notebook
from wellperf_models.runs.parameters import Value, check_value
from wellperf_models.runs.publish import MANIFEST, MANIFEST_SCHEMA, hash_files
from wellperf_models.study import RoleName

_RESULTS = "results.json"
_Line = Annotated[str, Field(max_length=1000)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: _Line
    file: _Line
    state: State
    note: str


class Manifest(BaseModel):
    """`manifest.json`, as read back."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    schema_: Annotated[Literal["wellperf.manifest/1"], Field(alias="schema")] = MANIFEST_SCHEMA
    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]
    study: _Line
    role: RoleName
    governance: dict[str, Any]
    ledger_position: Annotated[int, Field(ge=0, le=2**53)]
    parameters: dict[str, dict[str, str | int | float | bool]]
    notebooks: list[_Entry]
    package_version: _Line
    lock_sha256: _Line
    code_sha256: _Line
    python: _Line
    files: dict[str, _Line]

    @field_validator("study")
    @classmethod
    def _from_the_pack(cls, path: str) -> str:
        absolute = PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive
        if absolute or "\\" in path or not path.isprintable():
            raise ValueError("the study is named from the folder of the pack")
        return path

    @field_validator("notebooks")
    @classmethod
    def _each_once(cls, notebooks: list[_Entry]) -> list[_Entry]:
        if len({entry.name for entry in notebooks}) < len(notebooks):
            raise ValueError("a notebook stands there twice")
        return notebooks


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a pack.

    Raises:
        RunError: There is none, or it is not one.
    """
    try:
        return Manifest.model_validate_json(read_inside(folder, MANIFEST))
    except OSError as error:
        raise RunError(
            "This is not a pack.", where=str(folder), expected=f"a folder with {MANIFEST}", got=error.strerror
        ) from error
    except ValidationError as error:
        found = (".".join(visible(p, 40) for p in e["loc"]) for e in error.errors(include_input=False)[:5])
        raise RunError(
            "The manifest of the pack is damaged.",
            where=str(folder / MANIFEST),
            expected=MANIFEST_SCHEMA,
            got=", ".join(field or "whole file" for field in found),
        ) from None


def read_results(folder: Path) -> dict[str, Any] | None:
    """The results; None where the file is gone, which is a drift already.

    Raises:
        RunError: They are not JSON, or no object.
    """
    try:
        content = read_json_inside(folder, _RESULTS)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RunError("The results of the pack are not JSON.", where=_RESULTS, got=visible(error)) from None
    if not isinstance(content, dict):
        raise RunError("The results of the pack are damaged.", where=_RESULTS, expected="an object")
    return content


def changed_files(folder: Path, manifest: Manifest) -> list[Drift]:
    """Files that were changed, removed or added since the pack was published.

    Raises:
        RunError: The pack holds a link, or another thing that is neither file nor folder.
    """

    def drift(name: str, expected: str, got: str) -> Drift:
        return Drift(where="files", name=name, expected=expected, got=got, tolerance="as published")

    there = hash_files(folder)
    drifts = [drift(n, "present", "missing") for n in manifest.files if n not in there]
    drifts += [drift(n, "absent", "extra") for n in there if n not in manifest.files]
    drifts += [
        drift(name, f"sha256 {digest[:12]}", f"sha256 {there[name][:12]}")
        for name, digest in manifest.files.items()
        if name in there and there[name] != digest
    ]
    return drifts


def study_path(folder: Path, manifest: Manifest) -> Path:
    """The study file of a pack.

    Raises:
        RunError: It is not where the pack says.
    """
    path = (folder / manifest.study).resolve()
    try:
        there = path.exists()
    except OSError:
        there = False
    if not there:
        raise RunError(
            "The study of the pack is not where the pack says.",
            where=visible(manifest.study),
            remedy="name it: wellperf verify PACK --study STUDY",
        )
    return path


def parameters_of(notebook: Notebook, manifest: Manifest, folder: Path) -> dict[str, Value]:
    """The manifest's parameters of a notebook, checked like any other.

    Raises:
        RunError: One that does not exist, that a run sets itself, or with a value it can't have.
    """
    checked: dict[str, Value] = {}
    for name, value in manifest.parameters.get(notebook.name, {}).items():
        spec = notebook.meta.parameters.get(name)
        if spec is None or name in RESERVED:
            raise RunError(
                "A parameter of the pack is none that a run is given.",
                where=notebook.name,
                got=visible(name, 60),
            )
        checked[name] = check_value(name, value, spec, where=f"{MANIFEST}: {notebook.name}", folder=folder)
    return checked
