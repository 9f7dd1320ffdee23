"""What the return pillar would refuse later: arms, levels and periods that the table outcomes contradicts."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import polars as pl

from wellperf_models.study import Roi, Study
from wellperf_models.tables.violation import Violation, file_problem

_LEVELS: Final = ("person", "team", "department", "site")
# lots drawn person by person leave clusters this wholly in one arm less often than once in 10,000 trials
_CHANCE: Final = 1e-4
_BY_ARM: Final = ("randomised", "controlled_before_after")
# words that say the same: an arm that is written in two of them is written in two ways
_SAME: Final = (
    frozenset({"1", "1.0", "yes", "y", "true", "t"}),
    frozenset({"0", "0.0", "no", "n", "false", "f"}),
)
_FIRST_DAY: Final = re.compile(r"(\d{4})(?:-?[Qq]([1-4])|-(\d{2})(?:-(\d{2}))?)?(?: to .*|/.*)?")


def foresee_units(study: Study, frames: Mapping[str, pl.LazyFrame]) -> Iterator[Violation]:
    """What the table outcomes tells of arms, levels and periods.

    Args:
        study: The study.
        frames: Tables that could be read.
    """
    if study.roi is None or "outcomes" not in frames:
        return
    yield from _arms(study.roi, frames["outcomes"])
    yield from _level(study.roi, frames["outcomes"])
    yield from _after_as_of(study, study.roi, frames["outcomes"])


def likely(given: str, known: Iterable[str | None]) -> str:
    """A likely name only, never the whole list."""
    names = [name for name in known if name]
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(given.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


def distinct_words(frame: pl.LazyFrame, column: str) -> list[str]:
    """Distinct words of a column, in order."""
    found = frame.select(pl.col(column).drop_nulls().unique()).collect(engine="streaming")[column]
    return sorted(found.to_list())


def _arms(roi: Roi, outcomes: pl.LazyFrame) -> Iterator[Violation]:
    known = distinct_words(outcomes, "arm")
    # who took part may be recorded without arms, one group measured twice has none, and a roll-out has starts
    if roi.design not in _BY_ARM and (not known or roi.design != "before_after"):
        return
    declared = {"treated": roi.treated, "control": roi.control}
    for entry, arm in declared.items():
        if arm is not None and arm not in known:
            yield file_problem(
                "outcomes",
                "arm_in_outcomes",
                f"roi.{entry} names {arm!r}, no arm in the table outcomes{likely(arm, known)}",
                f"correct roi.{entry}, or the mapping of outcomes.arm",
                column="arm",
            )
    others = [arm for arm in known if arm not in declared.values()]
    for entry, arm in declared.items():
        twins = [other for other in others if arm is not None and _means(other) == _means(arm)]
        if arm in known and twins:
            n_rows = int(outcomes.filter(pl.col("arm").is_in(twins)).select(pl.len()).collect().item())
            yield Violation(
                table="outcomes",
                column="arm",
                rule="arm_spelt_once",
                count=n_rows,
                text=f"the arm of roi.{entry} is written in one way; counted are rows that write another",
                what_to_do="map every spelling to one word in [tables.outcomes.values.arm]",
            )


def _means(arm: str) -> str:
    """An arm without what is only spelling: case, blanks, and words for yes and no."""
    word = " ".join(arm.casefold().split())
    return next((min(same) for same in _SAME if word in same), word)


def _level(roi: Roi, outcomes: pl.LazyFrame) -> Iterator[Violation]:
    allowed = _LEVELS[: _LEVELS.index(roi.level) + 1]
    kinds = distinct_words(outcomes, "unit_type")
    if coarser := [kind for kind in kinds if kind in _LEVELS and kind not in allowed]:
        yield file_problem(
            "outcomes",
            "unit_above_level",
            f"units of type {coarser[0]} are larger than what was assigned, roi.level = {roi.level!r}",
            "declare the level at which lots were drawn, or measure smaller units",
            column="unit_type",
        )
    if roi.design == "randomised" and roi.level == "person" and _whole_clusters(outcomes, roi):
        yield file_problem(
            "outcomes",
            "level_finer_than_lots",
            "every cluster (outcomes.cluster) is wholly in one arm, which lots for each person would not do",
            'correct roi.level, such as "team": errors at a finer level than the lots are far too small',
            column="cluster",
        )


def _whole_clusters(outcomes: pl.LazyFrame, roi: Roi) -> bool:
    """Whether clusters are so wholly in one arm that lots for each person would hardly ever do it."""
    arms = pl.col("arm").is_in([roi.treated, roi.control])
    units = (
        outcomes.filter(arms, pl.col("cluster").is_not_null()).select("unit_id", "cluster", "arm").unique()
    )
    held = units.group_by("cluster").agg(n=pl.len(), k=(pl.col("arm") == roi.treated).sum().cast(pl.Int64))
    counts = held.collect(engine="streaming")
    if not counts.height or counts.filter((pl.col("k") > 0) & (pl.col("k") < pl.col("n"))).height:
        return False
    share = float(counts["k"].sum()) / float(counts["n"].sum())
    if share in (0.0, 1.0):
        return False
    return sum(math.log(share**n + (1 - share) ** n) for n in counts["n"]) < math.log(_CHANCE)


def _after_as_of(study: Study, roi: Roi, outcomes: pl.LazyFrame) -> Iterator[Violation]:
    """Nothing is known of what came after the day of the extract."""
    as_of = study.study.as_of
    names = {one.name or name for name, one in roi.outcomes.items() if one.measured_in == "outcomes"}
    asked = outcomes.filter(pl.col("name").is_in(sorted(names)))
    late = [
        period
        for period in distinct_words(asked, "period")
        if (first := _first_day(period)) is not None and first > as_of
    ]
    if late:
        n_rows = int(asked.filter(pl.col("period").is_in(late)).select(pl.len()).collect().item())
        yield Violation(
            table="outcomes",
            column="period",
            rule="outcome_after_as_of",
            count=n_rows,
            text="an outcome's period has begun on the study's as_of date; counted are rows of later ones",
            what_to_do="correct the periods, or [study] as_of",
        )


def _first_day(period: str) -> dt.date | None:
    """First day of a period written as a year, quarter, month, day or range; None for other words."""
    found = _FIRST_DAY.fullmatch(period.strip())
    if found is None:
        return None
    year, quarter, month, day = (int(part) if part else None for part in found.groups())
    try:
        return dt.date(year or 1, month or (3 * quarter - 2 if quarter else 1), day or 1)
    except ValueError:
        return None
