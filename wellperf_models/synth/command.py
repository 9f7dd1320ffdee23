"""What `wellperf simulate` does."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from wellperf_models.errors import DesignError
from wellperf_models.synth.estimands import A_MILLION, truth
from wellperf_models.synth.generate import generate
from wellperf_models.synth.million import write_million
from wellperf_models.synth.presets import PRESETS
from wellperf_models.synth.write import write_organisation

DEFAULT_SEED = 2024


def _require_no_study(folder: Path) -> None:
    """A synthetic organisation replaces a synthetic one only, never somebody's study or tables."""
    study = folder / "study.toml"
    if study.is_file():
        try:
            synthetic = tomllib.loads(study.read_text(encoding="utf-8"))["study"]["synthetic"] is True
        except (OSError, ValueError, KeyError, TypeError):
            synthetic = False
        if synthetic:
            return
        found = "a study that is not synthetic"
    elif folder.is_dir() and any(folder.iterdir()):
        found = "a folder with other things in it"
    else:
        return
    raise DesignError(
        "A synthetic organisation is not written over something else.",
        where=str(folder),
        expected="a new or empty folder, or a former synthetic study",
        got=found,
        remedy="name another folder",
    )


def simulate(
    folder: str | Path,
    preset: str = "default",
    variant: str | None = None,
    seed: int | None = None,
    people: int | None = None,
    months: int | None = None,
    truth_people: int | None = None,
) -> Path:
    """Writes a synthetic organisation with its study file, and its truth.

    Args:
        folder: Made where needed; files of the same names are replaced.
        preset: A name of `PRESETS`. variant: A name of `VARIANTS`.
        seed: Default: `DEFAULT_SEED`.
        people, months: Other than the preset's.
        truth_people: People to compute `truth.json` from, 0: none is written. Default: a million for
            the preset "default", else 0.

    Returns:
        Path of the study file.

    Raises:
        DesignError: There is no such preset or variant, or the folder holds a real study.
    """
    if preset not in PRESETS:
        raise DesignError(
            "There is no such preset.",
            expected=", ".join(PRESETS),
            got=repr(preset),
            where="wellperf simulate --preset",
        )
    _require_no_study(Path(folder))
    world = PRESETS[preset]
    seed = DEFAULT_SEED if seed is None else seed
    world = world.but(people=people or world.people, months=months or world.months)
    if variant is not None:
        world = world.variant(variant)
    if preset == "million":
        return write_million(folder, people=world.people, months=world.months, seed=seed, world=world)
    if truth_people is None:
        truth_people = A_MILLION if preset == "default" else 0
    known = None
    if truth_people:
        processes = min(2, os.cpu_count() or 1)
        known = truth(world, seed=seed, n_people=truth_people, progress=True, processes=processes)
    return write_organisation(generate(world, seed), folder, known)
