"""Cox, the hazard in bands and the stored forest.

`python -m tests.real_data.babushkin` prints the table of BABUSHKIN.md.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from wellperf_models.inference.folds import FoldMean
from wellperf_models.study import Study, Turnover, load_study
from wellperf_models.tables import load_tables
from wellperf_models.turnover import TurnoverFrame, ValidationResult, build_frame, validate

# stored figures of a random survival forest on this file (5-fold, by covariate pattern): its folds are
# not kept, so that it can be compared with intervals, not in pairs
FOREST_C, FOREST_BRIER = 0.640, 0.188


def study_here() -> Study:
    """The study file beside this module."""
    return load_study(Path(__file__).with_suffix(".toml"))


def has_data(study: Study) -> bool:
    """Whether a local copy of the data is there."""
    paths = [source.path or "" for source in study.tables.values()]
    return all(any((folder / path).is_file() for folder in study.data_dirs()) for path in paths)


def variants(frame: TurnoverFrame, section: Turnover) -> dict[str, tuple[TurnoverFrame, Turnover]]:
    """Ways for numbers to enter the hazard: the study's bins, finer ones, and natural cubic splines."""
    finer = {
        name: covariate.model_copy(update={"bins": 5}) if covariate.type == "number" else covariate
        for name, covariate in frame.covariates.items()
    }
    splines = section.model_copy(update={"risk": section.risk.model_copy(update={"numbers": "splines"})})
    return {
        "hazard, numbers in 3 bins": (frame, section),
        "hazard, numbers in 5 bins": (dataclasses.replace(frame, covariates=finer), section),
        "hazard, splines": (frame, splines),
    }


def compare(repeats: int) -> dict[str, ValidationResult]:
    """Every variant on the same folds, `repeats` times 5."""
    study = study_here()
    validation = study.turnover.validation.model_copy(update={"repeats": repeats})
    section = study.turnover.model_copy(update={"validation": validation})
    frame = build_frame(load_tables(study))
    return {name: validate(*of) for name, of in variants(frame, section).items()}


def _told(mean: FoldMean | None, sign: str = "") -> str:
    if mean is None:
        return "none"
    return f"{mean.mean:{sign}.3f} ({mean.low:{sign}.3f} to {mean.high:{sign}.3f})"


def main() -> int:
    """Prints the table."""
    found = compare(study_here().turnover.validation.repeats)
    first = next(iter(found.values()))
    assert first.brier is not None
    print(f"| model | C | less Cox, paired | IBS to month {first.brier.until} | less Cox, paired |")
    print("|---|---|---|---|---|")
    print(f"| Kaplan–Meier, everybody alike | .5 | | {_told(first.brier.average)} | |")
    print(f"| Cox | {_told(first.concordance)} | | {_told(first.brier.cox)} | |")
    for name, result in found.items():
        brier = result.brier
        scores = "none | none" if brier is None else f"{_told(brier.hazard)} | {_told(brier.gain, '+')}"
        print(f"| {name} | {_told(result.hazard)} | {_told(result.gain, '+')} | {scores} |")
    print(f"| random survival forest (stored) | {FOREST_C:.3f} | | {FOREST_BRIER:.3f} | |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
