"""One person under two ids: rows of different ids that are nearly the same, beyond chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.tried import predictors_of
from wellperf_models.inference.risk_sets import Ints

# pairs of strangers as alike as this that chance may make in a whole study
_BY_CHANCE = 0.05
# agreeing pairs of strangers that are enough to see how columns go together, and, where there are fewer, how
# much likelier a column agrees where others do
_SEEN, _CAUTION = 100.0, 3.0
_PEOPLE_PER_SPARED = 5
_MIN_COLUMNS = 2
_SCORE = "score of the wave"


@dataclass(frozen=True, kw_only=True)
class SamePeople:
    """What was found.

    Attributes:
        n_people: Ids whose rows are, but for one value at most, those of another id of the same waves.
        can_tell: False where the rows hold too little for two alike ones to be one person.
        people: Their codes.
    """

    n_people: int
    can_tell: bool
    people: Ints

    def __repr__(self) -> str:
        """Shapes only."""
        return f"SamePeople(can_tell={self.can_tell}; not released)"


def find_same_people(frame: BurnoutFrame) -> SamePeople:
    """Ids whose rows are nearly those of another id.

    Two rows of one wave are alike where they agree in every column but one at most: score, last score, and
    every covariate. How many pairs of strangers would be as alike is counted column by column, the coarsest
    first, as long as many still agree, which holds what columns tell of one another; then a column agrees
    three times as often as for pairs drawn at random. Where more than .05 pairs are expected, alike rows in
    several waves are asked for; where that can't be had, the rows do not tell.

    Args:
        frame: The burnout frame.
    """
    columns = _columns(frame)
    nobody = SamePeople(n_people=0, can_tell=False, people=np.zeros(0, np.int64))
    if len(columns) < _MIN_COLUMNS or _SCORE not in columns:
        return nobody
    answers, coded = frame.answers, list(columns.values())
    alike = _alike_rows(coded, answers.wave)
    # those who may be there twice must not tell how often strangers agree
    spared = min(len(alike), answers.n_people // _PEOPLE_PER_SPARED)
    if 2 * len(alike) > answers.person.size:
        return nobody
    needed = _waves_needed(coded, answers.wave, list(columns).index(_SCORE), spared)
    if needed is None:
        return nobody
    waves: dict[tuple[int, int], set[int]] = {}
    for one, other in alike.tolist():
        low, high = sorted((int(answers.person[one]), int(answers.person[other])))
        waves.setdefault((low, high), set()).add(int(answers.wave[one]))
    found: list[int] = []
    for pair, seen in waves.items():
        if len(seen) < needed:
            continue
        common = np.intersect1d(*(answers.wave[answers.person == person] for person in pair)).size
        # somebody alike once in many waves is a stranger
        if 2 * len(seen) > common:
            found += pair
    people = np.unique(np.array(found, np.int64))
    return SamePeople(n_people=people.size, can_tell=True, people=people)


def _columns(frame: BurnoutFrame) -> dict[str, Ints]:
    """Column → code of each row's value; missing is a value, columns of one value are left out."""
    answers = frame.answers
    data = predictors_of(frame, tuple(answers.covariates.columns))
    if answers.late.width:
        data = pl.concat([data, answers.late.rename(lambda name: f"late {name}")], how="horizontal")
    data = data.with_columns(pl.Series(_SCORE, answers.strain))
    coded = data.select(pl.all().rank("dense").fill_null(0).cast(pl.Int64))
    return {name: coded[name].to_numpy() for name in coded.columns if coded[name].n_unique() > 1}


def _waves_needed(columns: list[Ints], wave: Ints, score: int, spared: int) -> int | None:
    """Waves in which two ids must be alike to be one person; None: not even all of them would do.

    Args:
        columns: Codes of the values, the score of the wave among them.
        wave: Shape (n,).
        score: Which of the columns is the score of the wave.
        spared: Pairs of rows that are not counted among strangers.
    """
    key = _hashed(wave, 1)
    every = expected = _pairs(key)
    if not every:
        return None
    chances = [max(_pairs(key + _hashed(values, 2)) - spared, 1.0) / every for values in columns]
    factors: list[float] = []
    for step, column in enumerate(np.argsort([-c for c in chances], kind="stable")):
        key = key + _hashed(columns[column], 2 + step)
        agreeing = _pairs(key) - spared if not factors else 0.0
        # what is seen of strangers holds what the columns tell of one another
        if agreeing >= _SEEN:
            expected = agreeing
        else:
            factors.append(min(1.0, _CAUTION * chances[column]))
    # any one column may differ, the one that says most above all
    expected *= float(np.prod(factors)) * sum(1 / f for f in factors) if factors else len(columns)
    again = min(1.0, _CAUTION * chances[score])
    for waves in range(1, np.unique(wave).size + 1):
        if expected <= _BY_CHANCE:
            return waves
        # a second wave tells by its score alone: the rest may be what was said before
        expected *= again
    return None


def _pairs(key: np.ndarray) -> float:
    """Pairs of rows that agree."""
    _, counts = np.unique(key, return_counts=True)
    return float((counts * (counts - 1.0) / 2).sum())


def _alike_rows(columns: list[Ints], wave: Ints) -> Ints:
    """Pairs of rows of one wave that agree in all columns but one at most; of several alike, neighbours.

    Returns:
        Row numbers, shape (pairs, 2); at most one pair for each two rows, more tell nothing.
    """
    n = wave.size
    # a row is the sum of its hashed values: leaving out a column is one subtraction
    hashes = [_hashed(values, 2 + step) for step, values in enumerate(columns)]
    total = np.sum(hashes, axis=0, dtype=np.uint64) + _hashed(wave, 1)
    found = np.zeros(0, np.int64)
    for left_out in (None, *hashes):
        key = total if left_out is None else total - left_out
        order = np.argsort(key, kind="stable")
        same = np.flatnonzero(key[order][1:] == key[order][:-1])
        # a stable order: the first of a pair has the lower number
        found = np.union1d(found, order[same] * n + order[same + 1])
    return np.column_stack(np.divmod(found, n))


def _hashed(values: Ints, key: int) -> np.ndarray:
    """A mix of 64 bits of each value (splitmix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
