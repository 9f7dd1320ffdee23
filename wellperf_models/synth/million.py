"""An organisation too large for memory, streamed to Parquet block by block."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path as FilePath

import polars as pl

from wellperf_models.synth.generate import BUILDERS
from wellperf_models.synth.measures import surveys_of, waves, workload_of
from wellperf_models.synth.path import Path, blocks_of, live_block
from wellperf_models.synth.presets import PRESETS
from wellperf_models.synth.study_file import study_text
from wellperf_models.synth.world import World
from wellperf_models.synth.write import all_or_nothing

_ROW_GROUP = 500_000


def _whole(name: str) -> Callable[[Path], Iterator[pl.DataFrame]]:
    def pieces(path: Path) -> Iterator[pl.DataFrame]:
        yield BUILDERS[name](path)

    return pieces


# long tables a month at a time, so that a piece is small
_PIECES: dict[str, Callable[[Path], Iterator[pl.DataFrame]]] = {
    "people": _whole("people"),
    "assignments": _whole("assignments"),
    "spells": _whole("spells"),
    "workload": lambda path: (workload_of(path, month) for month in range(path.world.months)),
    "surveys": lambda path: (surveys_of(path, month) for month in waves(path)),
}
# two processes live the same blocks again rather than hand gigabytes to each other
_SHARES = (("workload",), ("people", "assignments", "spells", "surveys"))


def write_million(
    folder: str | FilePath,
    *,
    people: int = 1_000_000,
    months: int = 36,
    seed: int = 0,
    world: World | None = None,
) -> FilePath:
    """Writes people, assignments, spells, workload and surveys of a large organisation, with a study file.

    Needs about 1 GB of memory whatever the size. Tables appear in `folder` only when all were written.

    Args:
        folder: Made where needed.
        people, months: Size.
        seed: The one seed.
        world: Other parameters than the "million" preset's; its size is replaced.

    Returns:
        Path of the study file.
    """
    world = (world or PRESETS["million"]).but(people=people, months=months)
    folder = FilePath(folder)
    with all_or_nothing(folder) as partial:
        context = multiprocessing.get_context("spawn")
        with context.Pool(len(_SHARES)) as pool:
            pool.starmap(_write_share, [(partial, world, seed, share) for share in _SHARES])
        text = study_text(world, seed, _PIECES, all_parquet=True)
        (partial / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def _write_share(folder: FilePath, world: World, seed: int, names: tuple[str, ...]) -> None:
    """Writes some tables, one row group after another."""
    import pyarrow.parquet as pq

    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for block, posts in enumerate(blocks_of(world)):
            path = live_block(world, seed, block, posts)
            for name in names:
                for piece in _PIECES[name](path):
                    rows = piece.to_arrow(compat_level=pl.CompatLevel.oldest())
                    if name not in writers:
                        writers[name] = pq.ParquetWriter(
                            folder / f"{name}.parquet", rows.schema, compression="zstd", compression_level=1
                        )
                    writers[name].write_table(rows, row_group_size=_ROW_GROUP)
    finally:
        for writer in writers.values():
            writer.close()
