"""Items of scales, before they are scored: off the scale, unknown, coded otherwise, missing in a wave.

Where scores are made from the items these are violations, since no score should rest on them. Where the
table has the scores, items that disagree with each other are notes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.items_together import first_answers, look_together
from wellperf_models.tables.rules import BAD, ROW
from wellperf_models.tables.scored import SURVEYS, Keyed, item_rows, keyed_measures
from wellperf_models.tables.violation import SHOWN_ROWS, Note, Violation

_MIN_PEOPLE = 30
# instruments whose answers lie so far apart (Kristensen et al. 2005: 0, 25, 50, 75 and 100)
_STEP = {"cbi": 25.0}
# of a scale so wide, answers that all lie in its lowest part are numbers of the answers
_WIDE, _LOWEST = 50.0, 0.1
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
    violations = [*_unknown(items, carriers), *_off_scale(items, carriers), *_coding(items, carriers)]
    notes: list[Note] = []
    for keyed in (k for of in carriers.values() for k in of):
        wide = first_answers(surveys, keyed)
        if wide is None:
            notes += _no_items(surveys, keyed)
            continue
        wrong, told = look_together(wide, keyed)
        if wrong and _scores_are_made(surveys, keyed):
            violations += [v for v, _ in wrong]
        else:
            notes += [n for _, n in wrong]
        notes += [*told, *_two_forms(surveys, keyed), *_empty_waves(surveys, keyed)]
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
        yield Violation(
            table=SURVEYS,
            column="item, value",
            rule="item_off_scale",
            count=n,
            first_rows=rows,
            text=f"answers to the items of {keyed.measure} lie between {low:g} and {high:g}; off the scale: "
            + told
            + _in_wave(off),
            what_to_do="correct them, list a code for a missing answer in null_values, or, where all answers "
            f"are coded otherwise, say so in [measures.{keyed.measure}] coded; two instruments are two "
            "measures",
        )


def _coding(items: pl.LazyFrame, carriers: Mapping[str, Sequence[Keyed]]) -> Iterator[Violation]:
    """Answers on the scale that are the numbers of the answers: 0 to 4 where 0 to 100 is meant."""
    for keyed in (k for of in carriers.values() for k in of):
        low, high = keyed.range
        if high - low < _WIDE:
            continue
        value = pl.col("value")
        own = items.filter(
            pl.col("measure") == keyed.carrier,
            pl.col("item").is_in(list(keyed.names.values())),
            value.is_between(low, high),
        )
        step = _STEP.get(keyed.key.instrument)
        by_value = own.group_by("value").agg(people=pl.col("employee_id").n_unique()).sort("value").collect()
        values = by_value["value"].to_list()
        people = int(own.select(pl.col("employee_id").n_unique()).collect(engine="streaming").item())
        lowest = len(values) > 1 and values[-1] <= low + _LOWEST * (high - low) and people >= _MIN_PEOPLE
        between = step is not None and any(not _is_step(v, low, step) for v in values)
        if not (lowest or between):
            continue
        if step is not None and not lowest:
            off = (value - low) / step
            own = own.filter((off - off.round()).abs() > 1e-9)
        n, rows = _rows(own)
        yield Violation(
            table=SURVEYS,
            column="item, value",
            rule="item_coding",
            count=n,
            first_rows=rows,
            text=f"answers to the items of {keyed.measure} {_asked(keyed, step)}; found others"
            + (": all lie in the lowest tenth of the scale" if lowest else _in_wave(own)),
            what_to_do=_coded(values, keyed.measure),
        )


def _is_step(value: float, low: float, step: float) -> bool:
    off = (value - low) / step
    return abs(off - round(off)) <= 1e-9


def _asked(keyed: Keyed, step: float | None) -> str:
    low, high = keyed.range
    if step is None:
        return f"use the scale from {low:g} to {high:g}"
    listed = [f"{low + i * step:g}" for i in range(round((high - low) / step) + 1)]
    return f"are {', '.join(listed[:-1])} or {listed[-1]}"


def _coded(values: Sequence[float], measure: str) -> str:
    """The remedy that fits the numbers which occur."""
    whole = all(float(v).is_integer() for v in values)
    least, most = values[0], values[-1]
    own = "an instrument with other answers is one of your own, [instruments.NAME]"
    say = f"say in [measures.{measure}] how the lowest and the highest answer are written: "
    if most <= 1:
        return f"{say}coded = [0, 1]"
    if whole and most <= 4:
        return f"{say}coded = [0, 4]" + ("" if least == 0 else ", or coded = [1, 5] where 1 is the lowest")
    if whole and most <= 5 and least >= 1:
        return f"{say}coded = [1, 5]"
    if most <= 10:
        return f"{say}coded = [LOWEST, HIGHEST]; {own}"
    return f"one measure is coded in one way: bring the answers to one coding in the source; {own}"


def _in_wave(rows: pl.LazyFrame) -> str:
    waves = rows.select(pl.col("wave").unique()).collect()["wave"].to_list()
    return f", all of them in wave {waves[0]}" if len(waves) == 1 else ""


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


def _empty_waves(surveys: pl.LazyFrame, keyed: Keyed) -> Iterator[Note]:
    """Waves in which others answer something, but nobody an item of this measure, nor is there a score."""
    who = ["wave", "employee_id"]
    all_rows = surveys.filter(pl.col("value").is_not_null(), pl.col("wave").is_not_null())
    own = pl.concat([item_rows(surveys, keyed).select(who), _scores_of(surveys, keyed).select(who)])
    left = all_rows.join(own, on="wave", how="anti").group_by("wave").agg(pl.col("employee_id").n_unique())
    for wave, people in left.sort("wave").collect().iter_rows():
        if people >= _MIN_PEOPLE:
            text = f"in wave {wave} people answered, but no item of {keyed.measure}: not asked, or lost?"
            yield Note(table=SURVEYS, column="wave, item", rule="empty_wave", count=people, text=text)
