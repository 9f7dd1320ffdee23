"""How a notebook of a run ended: done, stopped, or not run because the study lacks something."""

from __future__ import annotations

from dataclasses import dataclass

from wellperf_models.report.page import State
from wellperf_models.runs.notebooks import Notebook
from wellperf_models.study import Study


@dataclass(frozen=True, kw_only=True)
class Lack:
    """What a notebook needs and a study does not have; false where nothing is missing.

    Attributes:
        tables: Tables without a source.
        any_tables: Tables of which one would do, where none has a source.
        sections: Sections that are not in the study file.
    """

    tables: tuple[str, ...] = ()
    any_tables: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self.tables or self.any_tables or self.sections)

    @property
    def words(self) -> str:
        """Why the notebook was not run; empty where it was."""
        parts = []
        if self.tables:
            parts.append(f"needs {', '.join(self.tables)} ({'table' if len(self.tables) == 1 else 'tables'})")
        if self.any_tables:
            parts.append(f"needs one of the tables {', '.join(self.any_tables)}")
        parts += [f"no [{section}] section in the study file" for section in self.sections]
        return f"not run: {'; '.join(parts)}" if parts else ""


def lack_of(notebook: Notebook, study: Study) -> Lack:
    """What a notebook needs and a study does not have.

    Args:
        notebook: With the tables and sections it declares.
        study: The study.
    """
    meta = notebook.meta
    found = any(study.sources_of(table) for table in meta.any_tables)
    return Lack(
        tables=tuple(table for table in meta.tables if not study.sources_of(table)),
        any_tables=() if found else meta.any_tables,
        sections=tuple(s for s in meta.sections if getattr(study, s) is None),
    )


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a notebook ended.

    Attributes:
        lack: Why it was not run, if so.
        stopped: Why these data can't answer the rest of it, in its own words; empty where it ran to its end.
    """

    lack: Lack = Lack()
    stopped: str = ""

    @property
    def state(self) -> State:
        """In a word."""
        return "not run" if self.lack else "stopped" if self.stopped else "done"

    @property
    def note(self) -> str:
        """Why it was not run, or not to its end; empty where it was."""
        if self.lack:
            return self.lack.words
        return f"stopped: {' '.join(self.stopped.split())}" if self.stopped else ""
