"""One side of a comparison of `tests.benchmarks.turnover`, in a process of its own.

    python -m tests.benchmarks.turnover_sides SIDE '{"argument": …}'

prints a line of JSON: what was found, seconds from Parquet to estimate (imports are not counted on either
side), and the peak memory of the process, imports included.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Found = dict[str, Any]
COVARIATES = ("exhaustion", "overtime_hours", "job_family")
REPEATS = 5
# of a block of the preset: eight names, five times
_DEPARTMENTS = 40


class Scanned(dict[str, Any]):
    """The Parquet tables of a folder as lazy frames, with its study: what the panel needs of `Tables`."""

    def __init__(self, folder: str) -> None:
        import polars as pl

        from wellperf_models.study import load_study

        super().__init__({f.stem: pl.scan_parquet(f) for f in sorted(Path(folder).glob("*.parquet"))})
        self.study = load_study(Path(folder) / "study.toml")


def organisation(folder: str, people: int) -> Found:
    """Writes a synthetic organisation as Parquet, where there is none yet."""
    from wellperf_models.synth import write_million

    if (Path(folder) / "study.toml").exists():
        return {}

    began = time.perf_counter()
    write_million(folder, people=people, seed=1)
    return {"seconds": time.perf_counter() - began}


def person_months(folder: str, file: str, n_parts: int) -> Found:
    """Writes the person-months of an organisation with levels as words: what both sides of `hazard` read."""
    import polars as pl
    import pyarrow.parquet as pq

    from wellperf_models.panel import build_panel, parts_of, to_polars
    from wellperf_models.turnover.design import bin_number

    tables = Scanned(folder)
    declared, rows, people, writer = tables.study.covariates, 0, 0, None
    for part in parts_of(tables, n_parts):
        panel = to_polars(build_panel(part, COVARIATES, groups=()))
        binned = [
            (bin_number(panel[n], declared[n].bins) if declared[n].type == "number" else panel[n])
            .fill_null("not measured")
            .alias(n)
            for n in COVARIATES
        ]
        made = panel.select(
            person=pl.col("employee_id").rank("dense").cast(pl.Int64) + people,
            start_months="start_months",
            stop_months="stop_months",
            event="event",
        ).with_columns(binned)
        people, rows = int(made["person"].max()), rows + made.height  # type: ignore[arg-type]
        table = made.sort("person", "stop_months").to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=500_000)
    assert writer is not None
    writer.close()
    return {"rows": rows, "people": people}


def cells(file: str) -> Found:
    """Person-months → cells → saturated complementary log-log hazard."""
    import polars as pl

    from wellperf_models.cells import build_cells
    from wellperf_models.turnover.large import fit_hazard_cells

    began = time.perf_counter()
    rows = pl.scan_parquet(file).select("start_months", "event", *COVARIATES)
    made = build_cells(rows, ["start_months", *COVARIATES], n_causes=3).collect(engine="streaming")
    grouped = time.perf_counter()
    model = fit_hazard_cells(made, COVARIATES)
    done = time.perf_counter()
    return {
        "seconds": done - began,
        "group_by_seconds": grouped - began,
        "rows": int(made["n"].sum()),
        "cells": made.height,
        **_estimates(model),
    }


def lifelines(file: str, levels: list[tuple[str, str]]) -> Found:
    """Person-months → dummies of the same levels → `CoxTimeVaryingFitter` (Efron's ties)."""
    import numpy as np
    import pandas as pd
    from lifelines import CoxTimeVaryingFitter

    began = time.perf_counter()
    rows = pd.read_parquet(file)
    made = rows[["person", "start_months", "stop_months"]].assign(event=rows["event"] == 1)
    for number, (name, level) in enumerate(levels):
        made[f"x{number}"] = (rows[name] == level).astype(float)
    del rows
    fitter = CoxTimeVaryingFitter()
    fitter.fit(made, id_col="person", event_col="event", start_col="start_months", stop_col="stop_months")
    beta = [float(fitter.params_[f"x{i}"]) for i in range(len(levels))]
    errors = [float(fitter.standard_errors_[f"x{i}"]) for i in range(len(levels))]
    assert np.isfinite(beta).all()
    return {
        "seconds": time.perf_counter() - began,
        "rows": len(made),
        "levels": [list(pair) for pair in levels],
        "beta": beta,
        "error": errors,
    }


def whole_path(folder: str, n_parts: int) -> Found:
    """Tables → panel → cells → fit; the fit by itself the least of a few times, group-by reported apart."""
    import polars as pl

    from wellperf_models.turnover.large import build_hazard_cells, fit_hazard_cells

    tables = Scanned(folder)
    section, general = tables.study.turnover, tables.study.study
    began = time.perf_counter()
    made = build_hazard_cells(tables, n_parts=n_parts)
    grouped = time.perf_counter() - began
    saturated = _least(lambda: fit_hazard_cells(made, section.covariates))
    banded = _least(lambda: fit_hazard_cells(made, section.covariates, section.period_edges_months))
    model = fit_hazard_cells(made, section.covariates, section.period_edges_months)
    # counted another way: everyone who left voluntarily in the observed time
    left = tables["spells"].filter(
        pl.col("exit_reason") == "voluntary",
        pl.col("end").is_between(general.observed_from, general.as_of),
    )
    return {
        "group_by_seconds": grouped,
        "saturated_fit_seconds": saturated,
        "banded_fit_seconds": banded,
        "rows": int(made["n"].sum()),
        "cells": made.height,
        "events": int(made["events_1"].sum()),
        "events_in_spells": left.select(pl.len()).collect().item(),
        **_estimates(model),
    }


def groups(folder: str, n_parts: int) -> Found:
    """Tables → cells of department and band of tenure → hierarchical fit; compiling and group-by apart.

    Departments of the same place in different blocks of the organisation are one, so that there are as many
    however many people there are.
    """
    import numpy as np
    import polars as pl

    from wellperf_models.turnover.groups.frame import GroupCells
    from wellperf_models.turnover.groups.model import fit_cells
    from wellperf_models.turnover.large import build_hazard_cells

    tables = Scanned(folder)
    section = tables.study.turnover.model_copy(update={"covariates": ()})
    tables.study = tables.study.model_copy(update={"turnover": section})
    began = time.perf_counter()
    made = build_hazard_cells(tables, n_parts=n_parts, by=["department"])
    grouped = time.perf_counter() - began
    parts = pl.col("department").str.extract_groups(r"^(.*?) ?(\d*)$")
    turn = parts.struct[1].cast(pl.Int64, strict=False).fill_null(1) - 1
    held = made.drop_nulls("department").with_columns(
        group=parts.struct[0] + " " + (turn % (_DEPARTMENTS // 8)).cast(pl.String)
    )
    names = np.array(sorted(held["group"].unique().to_list()))
    edges = np.asarray(section.period_edges_months, float)
    place = (
        np.searchsorted(names, held["group"].to_numpy().astype(str)),
        np.searchsorted(edges, held["start_months"].to_numpy(), side="right"),
    )
    months, exits = np.zeros((names.size, edges.size + 1)), np.zeros((names.size, edges.size + 1))
    np.add.at(months, place, held["n"].to_numpy())
    np.add.at(exits, place, held["events_1"].to_numpy())
    nobody = tuple(np.zeros(0, np.int64) for _ in names)
    cells = GroupCells(
        what="department", names=names, months=months, exits=exits, people=nobody, leavers=nobody, above=()
    )
    fit_cells(cells, 1)  # compiles
    return {
        "group_by_seconds": grouped,
        "fit_seconds": _least(lambda: fit_cells(cells, 1)),
        "groups": int(names.size),
        "rows": int(months.sum()),
        "events": int(exits.sum()),
    }


def _estimates(model: Any) -> Found:
    return {
        "levels": [list(pair) for pair in model.levels],
        "beta": model.fit.beta.tolist(),
        "error": model.fit.std_error.tolist(),
        "iterations": model.fit.n_iterations,
    }


def _least(action: Callable[[], object]) -> float:
    """CPU seconds of one run: other work on the machine does not count."""
    taken = []
    for _ in range(REPEATS):
        began = time.process_time()
        action()
        taken.append(time.process_time() - began)
    return min(taken)


SIDES: dict[str, Callable[..., Found]] = {
    f.__name__: f for f in (organisation, person_months, cells, lifelines, whole_path, groups)
}


def main(side: str, arguments: str = "{}") -> None:
    """Runs a side and prints what it found."""
    before = time.process_time()
    found = SIDES[side](**json.loads(arguments))
    # Linux counts in kB, macOS in bytes
    unit = 1e9 if sys.platform == "darwin" else 1e6
    found["cpu_seconds"] = time.process_time() - before
    found["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
