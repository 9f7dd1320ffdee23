"""Items of scales, before they are scored: off the scale, unknown, reversed or not, twice the same question.

Where scores are made from the items these are violations, since no score should rest on them. Where the
table has the scores, items that disagree with each other are notes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.rules import BAD, ROW
from wellperf_models.tables.scored import SURVEYS, Keyed, item_rows, keyed_measures
from wellperf_models.tables.violation import SHOWN_ROWS, Note, Violation

_MIN_PEOPLE, _Z = 30, 3.29
_REVERSED, _SAME = -0.3, 0.999999
# correlations of so many people are known well enough
_ENOUGH_PEOPLE = 2_000
# a wave in which nobody uses an end of the scale that others use: less likely than this by chance
_CHANCE = 1e-6


def keyed_carriers(study: Study) -> dict[str, list[Keyed]]:
    """Name in `surveys.measure` → measures whose items stand under it."""
    found: dict[str, list[Keyed]] = {}
    for keyed in keyed_measures(study):
        found.setdefault(keyed.carrier, []).append(keyed)
    return found


def look_at_items(study: Study, frames: Mapping[str, pl.LazyFrame]) -> tuple[list[Violation], list[Note]]:
    """Looks at the items of every measure with `scored_from`.

    Args:
        study: `[measures]` and `[instruments]`.
        frames: Tables in their declared form.
    """
    carriers = keyed_carriers(study)
    if SURVEYS not in frames or not carriers:
        return [], []
    surveys = frames[SURVEYS]
    there = surveys.collect_schema().names()
    items = surveys.filter(
        pl.col("measure").is_in(list(carriers)), pl.col("item").is_not_null(), pl.col("value").is_not_null()
    )
    items = items.filter(~pl.col(BAD)) if BAD in there else items
    violations = [*_unknown(items, carriers), *_off_scale(items, carriers)]
    notes: list[Note] = []
    for keyed in (k for of in carriers.values() for k in of):
        wide = _first_answers(surveys, keyed)
        if wide is None:
            notes += _no_items(surveys, keyed)
            continue
        told = [*_against(wide, keyed), *_twice(wide, keyed)]
        if told and _scores_are_made(surveys, keyed):
            violations += [v for v, _ in told]
        else:
            notes += [n for _, n in told]
        notes += _two_forms(surveys, keyed)
    return violations, notes


def _rows(frame: pl.LazyFrame) -> tuple[int, tuple[int, ...]]:
    rows = frame.select(ROW).collect(engine="streaming")[ROW]
    return len(rows), tuple(int(row) for row in rows.unique().sort().head(SHOWN_ROWS))


def _unknown(items: pl.LazyFrame, carriers: Mapping[str, Sequence[Keyed]]) -> Iterator[Violation]:
    """Item names that no key knows: another instrument in the same column, or names that are not mapped."""
    for carrier, of in carriers.items():
        known = {name for keyed in of for name in keyed.names.values()}
        stray = items.filter(pl.col("measure") == carrier, ~pl.col("item").is_in(list(known)))
        names = stray.select(pl.col("item").unique().sort()).collect()["item"].to_list()
        if not names:
            continue
        n, rows = _rows(stray)
        shown = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
        keys = " and ".join(keyed.key.name for keyed in of)
        yield Violation(
            table=SURVEYS,
            column="measure, item",
            rule="unknown_item",
            count=n,
            first_rows=rows,
            text=f"every item under {carrier} belongs to {keys}; found {shown}",
            what_to_do=f"map their names in [measures.{of[0].measure}.items], or give items of another "
            "instrument another name in surveys.measure",
        )


def _off_scale(items: pl.LazyFrame, carriers: Mapping[str, Sequence[Keyed]]) -> Iterator[Violation]:
    seen = set()
    for keyed in (k for of in carriers.values() for k in of):
        names = [name for name in keyed.names.values() if (keyed.carrier, name) not in seen]
        seen |= {(keyed.carrier, name) for name in names}
        low, high = keyed.range
        off = items.filter(
            pl.col("measure") == keyed.carrier,
            pl.col("item").is_in(names),
            ~pl.col("value").is_between(low, high),
        )
        counts = off.group_by("item").len().sort("item").collect(engine="streaming")
        if not counts.height:
            continue
        n, rows = _rows(off)
        told = ", ".join(f"{k:,} in item {name}" for name, k in counts.iter_rows())
        waves = off.select(pl.col("wave").unique()).collect()["wave"].to_list()
        where = f", all of them in wave {waves[0]}" if len(waves) == 1 else ""
        yield Violation(
            table=SURVEYS,
            column="item, value",
            rule="item_off_scale",
            count=n,
            first_rows=rows,
            text=f"answers to the items of {keyed.measure} lie between {low:g} and {high:g}; off the scale: "
            + told
            + where,
            what_to_do="correct them, list a code for a missing answer in null_values, or, where all answers "
            f"are coded otherwise, say so in [measures.{keyed.measure}] coded; two instruments are two "
            "measures",
        )


def _first_answers(surveys: pl.LazyFrame, keyed: Keyed) -> pl.DataFrame | None:
    """One complete answer a person: a column an item, turned as the score runs; None: there is no item."""
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


def _against(wide: pl.DataFrame, keyed: Keyed) -> Iterator[tuple[Violation, Note]]:
    """Items that run against the rest after those of the key were turned."""
    names, n = wide.columns, wide.height
    # of two items that disagree, neither is the reversed one
    if len(names) < 3 or n < _MIN_PEOPLE:
        return
    rest = pl.sum_horizontal(names)
    row = wide.select(pl.corr(name, rest - pl.col(name)).alias(name) for name in names).row(0, named=True)
    against = [name for name, r in row.items() if _surely_below(r, n)]
    if not against:
        return
    turned = {keyed.names[item] for item in keyed.key.reversed_items}
    already = [name for name in against if name in turned]
    still = [name for name in against if name not in turned]
    told = ([f"not reversed: {', '.join(still)}"] if still else []) + (
        [f"reversed already when they came, or not to be reversed: {', '.join(already)}"] if already else []
    )
    text = f"every item of {keyed.measure} runs with the rest of its scale; {'; '.join(told)}"
    what = (
        f"reverse them in the source, or name those to be reversed in [measures.{keyed.measure}] "
        "reversed_items; where all answers are coded the other way round, say coded"
    )
    yield _both("reversed_items", text, what, len(against))


def _twice(wide: pl.DataFrame, keyed: Keyed) -> Iterator[tuple[Violation, Note]]:
    """Items that everybody answered alike: one column under two names."""
    names = [name for name in wide.columns if wide[name].n_unique() > 1]
    if wide.height < _MIN_PEOPLE:
        return
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


def _surely_below(r: float | None, n: int) -> bool:
    if r is None or not math.isfinite(r) or r > _REVERSED:
        return False
    return math.atanh(max(r, -0.999999)) + _Z / math.sqrt(n - 3) < 0


def _scores_of(surveys: pl.LazyFrame, keyed: Keyed) -> pl.LazyFrame:
    return surveys.filter(
        pl.col("measure") == keyed.measure, pl.col("item").is_null(), pl.col("value").is_not_null()
    )


def _scores_are_made(surveys: pl.LazyFrame, keyed: Keyed) -> bool:
    """Whether the table has items of somebody in a wave without the score."""
    who = ["employee_id", "wave"]
    left = item_rows(surveys, keyed).join(_scores_of(surveys, keyed).select(who), on=who, how="anti")
    return bool(left.select(pl.len() > 0).collect(engine="streaming").item())


def _no_items(surveys: pl.LazyFrame, keyed: Keyed) -> Iterator[Note]:
    scores = int(_scores_of(surveys, keyed).select(pl.len()).collect(engine="streaming").item())
    text = f"{keyed.measure} is to be scored from {keyed.key.name}, but no item of it has an answer" + (
        "; its scores are used as they are" if scores else ": it has no score"
    )
    yield Note(table=SURVEYS, column="item", rule="no_items", count=scores, text=text)


def _two_forms(surveys: pl.LazyFrame, keyed: Keyed) -> Iterator[Note]:
    """Waves in which nobody uses an end of the scale that others use: another form in the same column?"""
    low, high = keyed.range
    rows = item_rows(surveys, keyed).group_by("wave", "employee_id")
    at_end = rows.agg(low=(pl.col("value") == low).any(), high=(pl.col("value") == high).any())
    by_wave = at_end.group_by("wave").agg(pl.len(), pl.col("low", "high").sum()).sort("wave").collect()
    total = by_wave.sum()
    for wave, n, *used in by_wave.iter_rows():
        others = int(total["len"][0]) - n
        if others < _MIN_PEOPLE:
            continue
        for end, k, name in zip((low, high), used, ("low", "high"), strict=True):
            share = (int(total[name][0]) - k) / others
            if k == 0 and share < 1 and n * math.log1p(-share) < math.log(_CHANCE):
                text = (
                    f"in wave {wave} nobody answers {end:g} to any item of {keyed.measure}, in the others "
                    "many do: another instrument, or another coding, in the same column?"
                )
                yield Note(table=SURVEYS, column="item, value", rule="two_forms", count=int(n), text=text)
