"""What the items of one scale say of each other: reversed or not, twice the same question, one answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.tables.scored import SURVEYS, Keyed, item_rows
from wellperf_models.tables.violation import Note, Violation

_MIN_PEOPLE, _Z = 30, 3.29
_REVERSED, _SAME = -0.3, 0.999999
# correlations of so many people are known well enough
_ENOUGH_PEOPLE = 2_000


def first_answers(surveys: pl.LazyFrame, keyed: Keyed) -> pl.DataFrame | None:
    """One complete answer a person: a column an item, turned as the score runs; None: there is no item.

    Args:
        surveys: The table in its declared form.
        keyed: The measure.
    """
    rows = item_rows(surveys, keyed).select("employee_id", "wave", "item", "answer")
    people = rows.select(pl.col("employee_id").unique()).sort("employee_id").head(_ENOUGH_PEOPLE)
    cells = rows.join(people, on="employee_id", how="semi").collect()
    if not cells.height:
        return None
    # repeated answers are named by another rule
    wide = cells.sort("employee_id", "wave", "item").pivot(
        on="item", index=["employee_id", "wave"], values="answer", aggregate_function="first"
    )
    names = [name for name in keyed.names.values() if name in wide.columns]
    return wide.drop_nulls(names).unique("employee_id", keep="first", maintain_order=True).select(names)


def look_together(wide: pl.DataFrame, keyed: Keyed) -> tuple[list[tuple[Violation, Note]], list[Note]]:
    """Looks at the items of one measure together; says nothing of fewer than 30 people.

    Args:
        wide: From `first_answers`.
        keyed: The measure.

    Returns:
        What is wrong, as a violation and as a note (where no score rests on it), and what is to be known.
    """
    if wide.height < _MIN_PEOPLE:
        return [], []
    varies = wide.select(name for name in wide.columns if wide[name].n_unique() > 1)
    wrong = [*_against(varies, keyed), *_twice(varies, keyed)]
    return wrong, list(_constant(wide, varies.columns, keyed))


def _constant(wide: pl.DataFrame, varies: Sequence[str], keyed: Keyed) -> Iterator[Note]:
    """Items to which everybody gave one answer: which one is not said."""
    same = [name for name in wide.columns if name not in varies]
    if not same:
        return
    told = "any of its items" if not varies else f"item {', '.join(same)}"
    text = (
        f"of {keyed.measure}, everybody gave the same answer to {told}: it tells no one from another, and is "
        "left out where reliability is judged"
    )
    yield Note(table=SURVEYS, column="item, value", rule="constant_items", count=len(same), text=text)


def _against(wide: pl.DataFrame, keyed: Keyed) -> Iterator[tuple[Violation, Note]]:
    """Items that run against the rest after those of the key were turned."""
    # of two items that disagree, neither is the reversed one
    if len(wide.columns) < 3:
        return
    turned = {keyed.names[item] for item in keyed.key.reversed_items}
    # where several run against the others, each of them agrees with some of the rest: they are named together
    against = _block(wide, turned) or _one_by_one(wide)
    if not against:
        return
    already = [name for name in against if name in turned]
    still = [name for name in against if name not in turned]
    told = ([f"not reversed: {', '.join(still)}"] if still else []) + (
        [f"reversed already when they came, or not to be reversed: {', '.join(already)}"] if already else []
    )
    if 2 * len(against) == len(wide.columns):
        told.append("or all the others, which are as many")
    text = f"every item of {keyed.measure} runs with the rest of its scale; {'; '.join(told)}"
    what = (
        f"reverse them in the source, or name those to be reversed in [measures.{keyed.measure}] "
        "reversed_items ([] for none); where all answers are coded the other way round, say coded"
    )
    yield _both("reversed_items", text, what, len(against))


def _one_by_one(wide: pl.DataFrame) -> list[str]:
    """Items that disagree with the sum of all others."""
    rest = pl.sum_horizontal(wide.columns)
    row = wide.select(pl.corr(name, rest - pl.col(name)).alias(name) for name in wide.columns)
    return [name for name, r in row.row(0, named=True).items() if _surely_below(r, wide.height, _Z)]


def _block(wide: pl.DataFrame, turned: set[str]) -> list[str]:
    """Of two parts of the scale that surely disagree, the smaller; [] where there are no such parts.

    Looked at are the parts by the signs of the first principal axis, and those the key turns and does not.
    """
    names, answers = wide.columns, wide.to_numpy().astype(float)
    axis = np.linalg.eigh(np.corrcoef(answers, rowvar=False))[1][:, -1] < 0
    # the data chose among 2^(k-1) ways to part the items, so that chance has as many tries (Bonferroni)
    tries = (len(names) - 1) * math.log(2)
    by_key = np.array([name in turned for name in names])
    for part, z in ((axis, math.sqrt(_Z**2 + 2 * tries)), (by_key, _Z)):
        if 0 < part.sum() < len(names) and _surely_below(_between(answers, part), wide.height, z):
            return [name for name, inside in zip(names, _smaller(part, by_key), strict=True) if inside]
    return []


def _between(answers: NDArray[np.float64], part: NDArray[np.bool_]) -> float:
    sums = answers[:, part].sum(axis=1), answers[:, ~part].sum(axis=1)
    return float(np.corrcoef(*sums)[0, 1]) if all(s.std() > 0 for s in sums) else math.nan


def _smaller(part: NDArray[np.bool_], by_key: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The part of fewer items; of two as large the one that the key turned, else that without the first."""
    size, turned = 2 * int(part.sum()) - part.size, 2 * int((part & by_key).sum()) - int(by_key.sum())
    is_it = size < 0 if size else turned > 0 if turned else not part[0]
    return part if is_it else ~part


def _twice(wide: pl.DataFrame, keyed: Keyed) -> Iterator[tuple[Violation, Note]]:
    """Items that everybody answered alike: one column under two names."""
    names = wide.columns
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    row = wide.select(pl.corr(a, b).alias(str(i)) for i, (a, b) in enumerate(pairs)).row(0) if pairs else ()
    same = [pair for pair, r in zip(pairs, row, strict=True) if r is not None and abs(r) > _SAME]
    if same:
        told = ", ".join(f"{a} and {b}" for a, b in same[:5])
        text = f"no two items of {keyed.measure} are the same question; answered alike by everybody: {told}"
        what = "find out which column is whose: a copy counts twice and makes the scale look reliable"
        yield _both("duplicated_items", text, what, len(same))


def _both(rule: str, text: str, what: str, count: int) -> tuple[Violation, Note]:
    return (
        Violation(table=SURVEYS, column="item, value", rule=rule, count=count, text=text, what_to_do=what),
        Note(table=SURVEYS, column="item, value", rule=rule, count=count, text=text),
    )


def _surely_below(r: float | None, n: int, z: float) -> bool:
    if r is None or not math.isfinite(r) or r > _REVERSED:
        return False
    return math.atanh(max(r, -0.999999)) + z / math.sqrt(n - 3) < 0
