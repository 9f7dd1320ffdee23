"""Which waves a study has, where each lies in time, and in which order they came."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel.engine import Source, collect, day_of, table
from wellperf_models.study import Burnout

# 2024, 2024-05, 2024-05-31
_NAMED = re.compile(r"((?:19|20)\d\d)(?:-(0[1-9]|1[0-2])(?:-([0-3]\d))?)?$")


@dataclass(frozen=True, kw_only=True)
class WaveOrder:
    """The waves that hold the outcome or a covariate.

    Attributes:
        names: Those with the outcome, oldest first (by the alphabet where nothing orders them); then others.
        begins: Where each begins: its first day (days since 1970), or its position.
        ends: Its last known day, or its position.
        dated: Places are days.
        ordered: False where there are several waves and nothing says which came first.
    """

    names: tuple[str, ...]
    begins: tuple[float, ...]
    ends: tuple[float, ...]
    dated: bool
    ordered: bool


def read_wave_order(tables: Source, covariates: Sequence[str] = ()) -> WaveOrder:
    """Which waves there are, and in which order.

    Args:
        tables: Holds `surveys`.
        covariates: Survey covariates of other scales may come from waves of their own.

    Raises:
        StudyError: The dates contradict each other or `[burnout] waves`, or a wave is not in it.
        DesignError: Nobody has a score of the outcome.
    """
    section = tables.study.burnout
    assert section is not None
    surveys = table(tables, "surveys")
    used = nw.col("measure").is_in(measures_of(tables, section, covariates)) & nw.col("item").is_null()
    scored = used & ~nw.col("value").is_null()
    outcome = scored & (nw.col("measure") == section.outcome)
    marked = surveys.select(
        "wave", _scored=scored.cast(nw.Int64), _outcome=outcome.cast(nw.Int64), _day=survey_day()
    )
    waves = collect(
        marked.group_by("wave").agg(
            nw.col("_scored").sum().alias("scored"),
            nw.col("_outcome").sum().alias("outcome"),
            nw.col("_day").min().alias("first"),
            nw.col("_day").median().alias("middle"),
            nw.col("_day").max().alias("last"),
        )
    ).to_polars()
    if not waves["outcome"].sum():
        raise DesignError(
            "Nobody has a score of the outcome.",
            where=f"surveys, measure {section.outcome!r}",
            expected="scale scores: rows whose item is missing",
            remedy="check the name of the scale; items are scored where the scale names a key (scored_from)",
        )
    waves = waves.filter(pl.col("scored") > 0).with_columns(pl.col("first", "middle", "last").fill_nan(None))
    own, other = waves.filter(pl.col("outcome") > 0), waves.filter(pl.col("outcome") == 0)
    undated = own["first"].null_count()
    sources = tables.study.sources_of("surveys").values()
    if any(source.row_number == "wave" for source in sources) and not section.waves:
        # a row of its own for every answer: many begin on the same day, and the number of a row is no order
        return _by_name(waves["wave"].to_list(), section, tables.study.study.as_of)
    if undated == 0:
        return _by_date(own, other, section)
    if undated < own.height and not section.waves:
        raise StudyError(
            "Some waves have dates and some have none.",
            where="surveys.date",
            got=f"{undated} of {own.height} waves without a date",
            remedy="give the dates, or name the waves in their order in burnout.waves",
        )
    return _by_name(waves["wave"].to_list(), section, tables.study.study.as_of)


def _by_date(own: pl.DataFrame, other: pl.DataFrame, section: Burnout) -> WaveOrder:
    """The outcome's waves by first day; refuses where their days do not follow each other."""
    own = own.sort("first", "middle", "wave")
    if section.waves:
        _require_listed(own["wave"].to_list(), section)
        position = {name: i for i, name in enumerate(section.waves)}
        own = own.sort(pl.col("wave").replace_strict(position, return_dtype=pl.Int64))
    follow = bool((own["first"].diff().drop_nulls() > 0).all())
    # one answer dated years too early would put its wave first
    if not section.waves:
        follow &= bool((own["middle"].diff().drop_nulls() > 0).all())
    if not follow:
        raise StudyError(
            "The dates of the waves do not tell their order.",
            where="surveys.date" + (", burnout.waves" if section.waves else ""),
            expected="each wave begins, and most of its answers lie, after the wave before",
            remedy="correct the dates (one wrong date is enough)"
            + ("" if section.waves else ", or name the waves in their order in burnout.waves"),
        )
    if other["first"].null_count():
        raise StudyError(
            "A covariate comes from a wave without dates, so it can't be placed before the outcome.",
            where="surveys.date",
            got=", ".join(other.filter(pl.col("first").is_null())["wave"].sort()),
        )
    waves = pl.concat([own, other.sort("first", "wave")])
    return WaveOrder(
        names=tuple(waves["wave"]),
        begins=tuple(float(d) for d in waves["first"]),
        ends=tuple(float(d) for d in waves["last"]),
        dated=True,
        ordered=True,
    )


def _by_name(names: list[str], section: Burnout, as_of: dt.date) -> WaveOrder:
    """By `[burnout] waves`; a single wave needs no order."""
    if section.waves:
        _require_listed(names, section)
    _refuse_later(names, as_of)
    ordered = bool(section.waves) or len(names) == 1
    names = [n for n in section.waves if n in names] if section.waves else sorted(names)
    places = tuple(float(i) for i in range(len(names))) if ordered else (0.0,) * len(names)
    return WaveOrder(names=tuple(names), begins=places, ends=places, dated=False, ordered=ordered)


def _refuse_later(names: list[str], as_of: dt.date) -> None:
    """Waves without dates that are all named by a year, month or day, some of them after the study's day."""
    matched = [_NAMED.match(name) for name in names]
    begins = [f"{m[1]}-{m[2] or '01'}-{m[3] or '01'}" for m in matched if m]
    later = sorted(n for n, begin in zip(names, begins, strict=False) if begin > as_of.isoformat())
    if len(begins) == len(names) and later:
        raise StudyError(
            "A wave lies after the study's day.",
            where="surveys.wave",
            got=", ".join(later),
            expected=f"waves up to {as_of}, [study] as_of",
            remedy="correct as_of, or take the wave out of the extract",
        )


def _require_listed(names: list[str], section: Burnout) -> None:
    if missing := sorted(set(names) - set(section.waves)):
        raise StudyError(
            "A wave is not in the declared order.",
            where="burnout.waves",
            got=", ".join(missing),
            expected="every wave with a score of the outcome or of a covariate",
        )


def measures_of(tables: Source, section: Burnout, covariates: Sequence[str]) -> list[str]:
    """The outcome's scale and those of survey covariates."""
    declared = tables.study.covariates
    read = [declared[c].column or c for c in covariates if c in declared and declared[c].table == "surveys"]
    return list(dict.fromkeys((section.outcome, *read)))


def survey_day() -> nw.Expr:
    """Days since 1970 of `date`; a float, so that it can be missing in every engine."""
    return day_of("date").cast(nw.Float64)
