"""Scores that a survey table does not have, made from the items it has, by the key its study file names.

Scores that are there are kept as they are; how often they agree with the items is a check of the pillar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from wellperf_models.instruments import ScoringKey
from wellperf_models.study import Study, key_of
from wellperf_models.tables.rules import BAD, ROW
from wellperf_models.tables.violation import Note

SURVEYS = "surveys"
_WHO = ("employee_id", "wave")


@dataclass(frozen=True, kw_only=True)
class Keyed:
    """A measure that is scored from items.

    Attributes:
        measure: Its name.
        carrier: The name in `surveys.measure` under which its items stand.
        key: How it is scored.
        names: The key's item → its name in `surveys.item`.
        low, high: How the lowest and the highest answer are written; low > high where coded the other way.
    """

    measure: str
    carrier: str
    key: ScoringKey
    names: Mapping[str, str]
    low: float
    high: float

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest number an answer is written as."""
        return min(self.low, self.high), max(self.low, self.high)

    def answer(self) -> pl.Expr:
        """`value` as the key counts it and as the score runs: reversed items are turned."""
        key = self.key
        if (self.low, self.high) == (key.low, key.high):
            value = pl.col("value")
        else:
            # divided last: what is a whole answer comes out whole
            value = key.low + (pl.col("value") - self.low) * (key.high - key.low) / (self.high - self.low)
        against = [self.names[item] for item in key.reversed_items]
        return pl.when(pl.col("item").is_in(against)).then(key.low + key.high - value).otherwise(value)

    def score(self) -> pl.Expr:
        """The score of one person and wave, over its rows with `answer`; as `instruments.from_sum`."""
        key, total, n = self.key, pl.col("answer").sum(), pl.len().cast(pl.Float64)
        if key.scoring == "sum":
            return total * len(key.items) / n
        if key.scoring == "percent":
            return 100 * (total - n * key.low) / (n * (key.high - key.low))
        return total / n


def keyed_measures(study: Study) -> tuple[Keyed, ...]:
    """Every measure with `scored_from`, in the order of the study file."""
    found = []
    for name, scale in study.measures.items():
        key = key_of(study, name)
        if key is None:
            continue
        theirs = {ours: given for given, ours in scale.items.items()}
        low, high = scale.coded or (key.low, key.high)
        found.append(
            Keyed(
                measure=name,
                carrier=scale.items_under or name,
                key=key,
                names={item: theirs.get(item, item) for item in key.items},
                low=low,
                high=high,
            )
        )
    return tuple(found)


def item_rows(surveys: pl.LazyFrame, keyed: Keyed) -> pl.LazyFrame:
    """Rows of a measure's items with an answer, and the answer as the score runs (`answer`)."""
    there = surveys.collect_schema().names()
    rows = surveys.filter(
        pl.col("measure") == keyed.carrier,
        pl.col("item").is_in(list(keyed.names.values())),
        pl.col("value").is_not_null(),
    )
    rows = rows.filter(~pl.col(BAD)) if BAD in there else rows
    return rows.with_columns(answer=keyed.answer())


def add_scores(
    study: Study, frames: Mapping[str, pl.LazyFrame]
) -> tuple[dict[str, pl.LazyFrame], tuple[Note, ...]]:
    """Adds the scores that are missing and can be made; the scored rows are held in memory.

    Args:
        study: `[measures]` with `scored_from`.
        frames: Declared tables.

    Returns:
        The tables, and a note for each measure of which scores were computed.
    """
    kept = dict(frames)
    if SURVEYS not in kept:
        return kept, ()
    surveys = kept[SURVEYS]
    notes, made = [], []
    for keyed in keyed_measures(study):
        scores = _missing_scores(surveys, keyed)
        if not scores.height:
            continue
        made.append(scores.lazy())
        text = (
            f"scores computed from items ({keyed.key.name}: {keyed.key.scoring} of "
            f"{len(keyed.key.items)}, at least {keyed.key.min_answered} answered; {keyed.key.rule_source})"
        )
        notes.append(
            Note(
                table=SURVEYS, column=keyed.measure, rule="scored_from_items", count=scores.height, text=text
            )
        )
    if made:
        kept[SURVEYS] = pl.concat([surveys, *made], how="diagonal_relaxed")
    return kept, tuple(notes)


def with_scores(study: Study, frames: Mapping[str, pl.LazyFrame]) -> Mapping[str, pl.LazyFrame]:
    """As `add_scores` where a measure has no score at all: enough to see whether it will have any."""
    surveys = frames.get(SURVEYS)
    names = [keyed.measure for keyed in keyed_measures(study)]
    if surveys is None or not names:
        return frames
    scored = surveys.filter(pl.col("measure").is_in(names), pl.col("item").is_null())
    there = scored.select(pl.col("measure").unique()).collect(engine="streaming")["measure"].to_list()
    return frames if set(names) <= set(there) else add_scores(study, frames)[0]


def _missing_scores(surveys: pl.LazyFrame, keyed: Keyed) -> pl.DataFrame:
    """Rows of scores of people and waves that have none; each known once the last item was answered."""
    low, high = keyed.range
    there = surveys.collect_schema().names()
    rows = item_rows(surveys, keyed).filter(pl.col("value").is_between(low, high))
    first = [pl.col(ROW).min()] if ROW in there else []
    scores = (
        rows.group_by(*_WHO)
        .agg(pl.col("date").max(), *first, n=pl.col("item").n_unique(), value=keyed.score())
        .filter(pl.col("n") >= keyed.key.min_answered)
    )
    known = surveys.filter(
        pl.col("measure") == keyed.measure, pl.col("item").is_null(), pl.col("value").is_not_null()
    )
    return (
        scores.join(known.select(*_WHO), on=list(_WHO), how="anti")
        .with_columns(measure=pl.lit(keyed.measure), item=pl.lit(None, dtype=pl.String))
        .drop("n")
        .sort(*_WHO)
        .collect()
    )
