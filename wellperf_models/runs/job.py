"""What a run asks of a worker process, and what comes back; both travel as JSON files."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Job:
    """One notebook to execute.

    Attributes:
        notebook: Source file.
        parameters: Checked; paths are relative to `cwd`.
        cwd: Where it is executed: the folder of the pack that will hold it.
        output: Where the executed, cleaned notebook goes.
        work: Private folder for kernel files and the raw notebook.
        hidden_paths: (absolute path, what is written in its place), longest first.
    """

    notebook: str
    parameters: dict[str, Any]
    cwd: str
    output: str
    work: str
    hidden_paths: list[tuple[str, str]] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Writes it for the worker."""
        path.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads it in the worker."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an execution ended.

    Attributes:
        ok: Whether every cell ran.
        cell: Number of the failing cell in the source notebook, from 1; None otherwise.
        error: What went wrong, without a person's value.
        stopped: Why these data can't answer the rest of the notebook, in its own words; what it had answered
            until then counts.
        withheld: Outputs that were not kept, as sentences.
    """

    ok: bool
    cell: int | None = None
    error: str = ""
    stopped: str = ""
    withheld: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Writes it for the run."""
        path.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads it in the run."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))
