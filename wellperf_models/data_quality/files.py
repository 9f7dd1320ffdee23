"""Which files were read, by hash: of published and of synthetic data only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from wellperf_models.datasets import identify
from wellperf_models.study import Study
from wellperf_models.tables import Tables
from wellperf_models.tables.sources import Raw, digest_file


@dataclass(frozen=True, kw_only=True)
class FileRead:
    """One file that was read, of published or synthetic data.

    Attributes:
        name: Below the study's data folder.
        sha256: Of its bytes.
        n_rows: Its rows; None where it is a piece of a table of many files, or the data are not published.
        status: Whether it is the published file, where a public dataset is known to hold it.
    """

    name: str
    sha256: str
    n_rows: int | None
    status: str


def read_files(tables: Tables) -> tuple[FileRead, ...]:
    """The files behind the tables, each once.

    Args:
        tables: Checked tables.

    Returns:
        () for private data: whoever guesses a file could confirm the guess by a plain hash.
    """
    general = tables.study.study
    if not (general.public_microdata or general.synthetic):
        return ()
    found: dict[str, FileRead] = {}
    for raw in tables.sources.values():
        for path in raw.files:
            name, sha256 = _name(tables.study, path), digest_file(path)
            found.setdefault(
                name,
                FileRead(
                    name=name,
                    sha256=sha256,
                    # a made-up organisation is an example of a pack: its heads are rounded like real ones
                    n_rows=_rows(raw) if general.public_microdata else None,
                    status=identify(name, sha256) or "no published file is known",
                ),
            )
    return tuple(found[name] for name in sorted(found))


def _name(study: Study, path: Path) -> str:
    """Below the data folder that holds it: the folders above say where this machine keeps its data."""
    for folder in study.data_dirs():
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name


def _rows(raw: Raw) -> int | None:
    if len(raw.files) > 1:
        return None
    return int(raw.frame.select(pl.len()).collect(engine="streaming").item())
