"""Made-up organisations whose study files do not say so: the gate treats them as real."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from wellperf_models.evidence import Evidence
from wellperf_models.study import Study, load_study
from wellperf_models.synth import PRESETS, generate, write_organisation


def write_private(folder: Path, preset: str, seed: int, **world: object) -> Path:
    """A preset's tables and study file, which claims to be about real people.

    Args:
        folder: Made where needed.
        preset: Name of the world.
        seed: Of the simulation.
        world: Other parameters than the preset's.
    """
    made = generate(replace(PRESETS[preset], **world), seed)  # type: ignore[arg-type]
    path = write_organisation(made, folder)
    make_private(path)
    return path


def make_private(path: Path) -> None:
    """Takes out of a study file that nobody in it exists."""
    text, found = re.subn(r"(?m)^synthetic = true", "synthetic = false", path.read_text(encoding="utf-8"))
    assert found == 1
    path.write_text(text, encoding="utf-8")


def describe_all(path: Path) -> tuple[Study, list[Evidence]]:
    """The answers that count people: what was read, who left, who scored badly."""
    import wellperf_models as wp

    study = load_study(path)
    tables = wp.load_tables(study)
    provenance = wp.build_provenance(tables)
    coverage = wp.data_quality.measure_coverage(tables)
    checks = wp.data_quality.check_coverage(coverage)
    found = [wp.data_quality.describe(tables, coverage, checks, provenance=provenance)]
    frame = wp.turnover.build_frame(tables)
    description = wp.turnover.fit_description(frame, study.turnover)
    checks = wp.turnover.check_description(frame, description)
    found.append(wp.turnover.describe(frame, description, checks, provenance=provenance))
    cases = wp.burnout.build_frame(tables)
    forecasts = wp.attempt(wp.burnout.fit_forecasts, cases, study.burnout)
    found.append(
        wp.burnout.forecast(
            cases, forecasts, wp.burnout.check_forecasts(cases, forecasts), provenance=provenance
        )
    )
    found.append(wp.burnout.describe_groups(cases, forecasts, provenance=provenance))
    return study, found
