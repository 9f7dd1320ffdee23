"""Surveys with items, made by hand, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.tables.folder import write_study
from wellperf_models.study import Study

EX = ("1", "2", "3", "4", "6")
MEASURE = (
    '[tables.surveys]\npath = "s.csv"\n[measures.exhaustion]\nlow = 0\nhigh = 6\nhigher_is = "worse"\n'
    'scored_from = "mbi_gs.exhaustion"\n'
)


def answers(n: int = 120, seed: int = 0, k: int = 5, low: int = 0, high: int = 6) -> NDArray[np.int64]:
    """Whole answers of a congeneric scale, shape (n, k)."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(n, 1)) * 1.2 + 0.8 * rng.normal(size=(n, k)) + (low + high) / 2
    return np.clip(np.round(raw), low, high).astype(np.int64)


def item_lines(
    given: NDArray[np.int64], *, measure: str = "exhaustion", items: tuple[str, ...] = EX, wave: str = "w1"
) -> list[str]:
    """CSV lines of every answer; a negative number is no answer."""
    return [
        f"p{person},{wave},{measure},{item},2024-01-10,{value}"
        for person, row in enumerate(given)
        for item, value in zip(items, row, strict=True)
        if value > -900
    ]


def survey_study(folder: Path, lines: list[str], sections: str = MEASURE) -> Study:
    """A study of these survey rows."""
    text = "employee_id,wave,measure,item,date,value\n" + "\n".join(lines) + "\n"
    return write_study(folder, sections, s_csv=text)
