"""Rows that a person's consent covers, and those set aside because none does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import polars as pl

from wellperf_models.study import PERSONAL_STREAMS, Study
from wellperf_models.tables.rules import BAD
from wellperf_models.tables.sources import file_problem
from wellperf_models.tables.violation import Violation

Reason = Literal["no consent", "withdrawn", "after withdrawal", "outside its time"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)

# stands for "not withdrawn"; later than any date the rules let through
_OPEN_END = dt.date(2300, 1, 1)
# whom a row of a stream is about; every one of them has to agree
_PEOPLE = {"performance": ("unit_id",), "ratings": ("ratee_id", "rater_id")}
_DAY = {"surveys": "date", "absences": "start"}
_MONTH = {"workload": "period", "performance": "period"}


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """Rows of a stream that are in the extract and not used.

    Attributes:
        stream: The table.
        reason: Its person never agreed; has withdrawn by the study's day (and the row is from before, or from
            after that); or agrees, but not for the row's time (or the row has no date).
        n_rows, n_people: Exact; rounded before anybody sees them.
    """

    stream: str
    reason: Reason
    n_rows: int
    n_people: int

    def __repr__(self) -> str:
        return f"SetAside({self.stream!r}, {self.reason!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """Tables after consent.

    Attributes:
        frames: Every table; of a stream that rests on consent, the covered rows.
        streams: The streams that rest on consent.
        set_aside: What is not used, by stream and reason.
        violations: Why consent can't be applied.
    """

    frames: dict[str, pl.LazyFrame]
    streams: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    violations: tuple[Violation, ...] = field(default=())


def apply_consent(study: Study, frames: Mapping[str, pl.LazyFrame], given: Collection[str]) -> Applied:
    """Keeps, of every stream that rests on consent, the rows that are covered by one.

    The streams are those of `[consent]`; without that section those that occur in the table `consent`. A row
    with a day is covered where that day is; a row of a month where every day of it is on which the person was
    employed; a rating, which has no date, where rated and rater agree on the study's day. Figures of teams
    need no consent.

    Args:
        study: `[consent]` and the study's day.
        frames: Declared tables; rows that can't be read (`_bad`) are left as they are.
        given: Names of tables the study has, readable or not.
    """
    streams = consent_streams(study, frames)
    if not streams:
        return Applied(frames=dict(frames))
    rest = {name: frame for name, frame in frames.items() if name not in streams}
    if "consent" not in frames:
        # nothing is used unconsented, not even to count what it could answer
        missing = () if "consent" in given else (_no_table(streams),)
        return Applied(frames=rest, streams=streams, violations=missing)
    times = consent_times(study, frames)
    status = _status(study, frames)
    kept, aside, problems = dict(frames), list[SetAside](), list[Violation]()
    for stream in streams:
        if stream not in frames:
            continue
        kept[stream], found, n_kept = _filter(stream, frames[stream], times, status)
        aside += found
        if n_kept == 0:
            problems.append(_nothing_left(stream, sum(part.n_rows for part in found)))
    return Applied(frames=kept, streams=streams, set_aside=tuple(aside), violations=tuple(problems))


def consent_streams(study: Study, frames: Mapping[str, pl.LazyFrame]) -> tuple[str, ...]:
    """Streams that rest on consent, in the order of the schema."""
    if study.consent is not None:
        named = set(study.consent.streams)
    elif "consent" in frames:
        named = set(frames["consent"].select(pl.col("stream").unique()).collect()["stream"].to_list())
    else:
        named = set()
    return tuple(stream for stream in PERSONAL_STREAMS if stream in named)


def consent_times(study: Study, frames: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """When whose data may be used.

    Args:
        study: Whether a withdrawal takes back what was given before.
        frames: Tables with `consent`; `spells` where there are any.

    Returns:
        employee_id, stream; first and last: days of an unbroken consent (several rows where it was given
        again); first_month and last_month: the months covered on every day of employment; in_force: it holds
        on the study's day.
    """
    as_of = study.study.as_of
    person = ["employee_id", "stream"]
    given = (
        _readable(frames["consent"])
        .select(
            *person, pl.col("from_date").alias("first"), pl.col("to_date").fill_null(_OPEN_END).alias("last")
        )
        .drop_nulls()
        .sort(*person, "first", "last")
        .with_columns(pl.col("last").cum_max().shift(1).over(person).alias("_reach"))
        .with_columns(
            (pl.col("first") > pl.col("_reach").dt.offset_by("1d"))
            .fill_null(False)
            .cum_sum()
            .over(person)
            .alias("_run")
        )
        .group_by(*person, "_run")
        .agg(pl.col("first").min(), pl.col("last").max())
        .with_columns(((pl.col("first") <= as_of) & (pl.col("last") >= as_of)).alias("in_force"))
    )
    if study.consent is None or study.consent.withdrawal == "all":
        given = given.filter("in_force")
    found = _with_months(given, _employed(study, frames), as_of).sort(*person, "first").collect()
    return found.select(*person, "first", "last", "first_month", "last_month", "in_force")


def _employed(study: Study, frames: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame | None:
    """First and last day of every employment; None where they are not known."""
    if "spells" not in frames or "start" not in frames["spells"].collect_schema().names():
        return None
    return (
        _readable(frames["spells"])
        .select("employee_id", pl.col("start").alias("_begin"), pl.col("end").alias("_end"))
        .with_columns(pl.col("_end").fill_null(study.study.as_of))
    )


def _with_months(given: pl.LazyFrame, employed: pl.LazyFrame | None, as_of: dt.date) -> pl.LazyFrame:
    """Adds the first and last month that a consent covers as a whole."""
    opens, closes = pl.col("first").dt.truncate("1mo"), pl.col("last").dt.truncate("1mo")
    month_end = pl.min_horizontal(pl.col("last").dt.month_end(), pl.lit(as_of))
    if employed is None:
        before, after = pl.col("first") > opens, pl.col("last") < month_end
    else:
        # a day of employment in the same month that the consent leaves out
        rows = given.join(employed, on="employee_id", how="left").with_columns(
            ((pl.col("_begin") < pl.col("first")) & (pl.col("_end") >= opens))
            .fill_null(False)
            .alias("_before"),
            ((pl.col("_begin") <= month_end) & (pl.col("_end") > pl.col("last")))
            .fill_null(False)
            .alias("_after"),
        )
        given = rows.group_by("employee_id", "stream", "first", "last", "in_force").agg(
            pl.col("_before").any(), pl.col("_after").any()
        )
        before = pl.col("_before") & (pl.col("first") > opens)
        after = pl.col("_after") & (pl.col("last") < month_end)
    return given.with_columns(
        pl.when(before).then(opens.dt.offset_by("1mo")).otherwise(opens).alias("first_month"),
        pl.when(after).then(closes.dt.offset_by("-1mo")).otherwise(closes).alias("last_month"),
    )


def _status(study: Study, frames: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """For whoever ever agreed to a stream: its last day, where they have withdrawn by the study's day."""
    last = pl.col("to_date").fill_null(_OPEN_END).max()
    return (
        _readable(frames["consent"])
        .group_by("employee_id", "stream")
        .agg(pl.when(last < study.study.as_of).then(last).alias("_ended"))
    )


def _filter(
    stream: str, frame: pl.LazyFrame, times: pl.DataFrame, status: pl.LazyFrame
) -> tuple[pl.LazyFrame, list[SetAside], int]:
    """Covered rows, what is set aside, and how many rows of people are left."""
    team = pl.col("unit_type") != "person" if stream == "performance" else pl.lit(False)
    kept, counted = frame, list[pl.DataFrame]()
    order = frame.collect_schema().names()
    mine = times.lazy().filter(pl.col("stream") == stream).drop("stream")
    for person in _PEOPLE.get(stream, ("employee_id",)):
        before = kept
        # no two consents of a person overlap, so a covered row is found once; a team has none
        joined = before.with_columns(pl.when(~team).then(pl.col(person)).alias("_who")).join(
            mine, left_on="_who", right_on="employee_id", how="left", maintain_order="left"
        )
        kept = joined.filter(team | _covered(stream).fill_null(False)).select(order)
        agreed = status.filter(pl.col("stream") == stream).drop("stream")
        counted.append(_missed(before.filter(~team), kept.filter(~team), person, agreed, _opens(stream)))
    rows = pl.concat(counted).group_by("reason").agg(pl.col("n_rows").sum(), pl.col("n_people").sum())
    found = {reason: (n_rows, n_people) for reason, n_rows, n_people in rows.iter_rows()}
    aside = [
        SetAside(stream=stream, reason=reason, n_rows=int(found[reason][0]), n_people=int(found[reason][1]))
        for reason in REASONS
        if reason in found
    ]
    n_kept = int(kept.select(pl.len()).collect(engine="streaming").item())
    return kept, aside, n_kept


def _covered(stream: str) -> pl.Expr:
    if stream in _DAY:
        day = pl.col(_DAY[stream])
        return (day >= pl.col("first")) & (day <= pl.col("last"))
    if stream in _MONTH:
        month = pl.col(_MONTH[stream])
        return (month >= pl.col("first_month")) & (month <= pl.col("last_month"))
    return pl.col("in_force")


def _opens(stream: str) -> pl.Expr:
    """First day of the time a row is about; missing where it has none."""
    column = _DAY.get(stream) or _MONTH.get(stream)
    return pl.col(column) if column else pl.lit(None, dtype=pl.Date)


def _missed(
    before: pl.LazyFrame, after: pl.LazyFrame, person: str, agreed: pl.LazyFrame, opens: pl.Expr
) -> pl.DataFrame:
    """Rows and people that did not come through, by reason."""
    who = pl.col(person).alias("employee_id")
    rows = before.select(who, opens.alias("_opens")).join(
        agreed.with_columns(pl.lit(True).alias("_agreed")), on="employee_id", how="left"
    )
    kept = after.group_by(who).agg(pl.len().alias("_kept"))
    late = (pl.col("_opens") > pl.col("_ended")).fill_null(False)
    people = (
        rows.group_by("employee_id")
        .agg(pl.len().alias("_all"), late.sum().alias("_late"), pl.col("_agreed", "_ended").first())
        .join(kept, on="employee_id", how="left")
        # no consent covers a row from after the last one, so none of the late ones is among the kept
        .with_columns((pl.col("_all") - pl.col("_late") - pl.col("_kept").fill_null(0)).alias("_missed"))
    )
    reason = (
        pl.when(pl.col("_agreed").is_null())
        .then(pl.lit(REASONS[0]))
        .when(pl.col("_ended").is_not_null())
        .then(pl.lit(REASONS[1]))
        .otherwise(pl.lit(REASONS[3]))
    )
    found = pl.concat(
        [
            people.select(reason.alias("reason"), pl.col("_missed").alias("_n")),
            people.select(pl.lit(REASONS[2]).alias("reason"), pl.col("_late").alias("_n")),
        ],
        how="vertical_relaxed",
    )
    return (
        found.filter(pl.col("_n") > 0)
        .group_by("reason")
        .agg(pl.col("_n").sum().cast(pl.Int64).alias("n_rows"), pl.len().cast(pl.Int64).alias("n_people"))
        .collect(engine="streaming")
    )


def _readable(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.filter(~pl.col(BAD)) if BAD in frame.collect_schema().names() else frame


def describe_set_aside(found: Sequence[SetAside], base: int = 5) -> tuple[str, ...]:
    """What is set aside, a line for each stream and reason; counts down to a multiple of five."""

    def floored(count: int) -> str:
        return f"{base * (count // base):,}" if count >= base else f"fewer than {base}"

    words = {
        "no consent": "whose people never agreed",
        "withdrawn": "whose people have withdrawn since",
        "after withdrawal": "from after their people withdrew",
        "outside its time": "from before or after the consent, or without a date",
    }
    return tuple(
        f"{part.stream}: {floored(part.n_rows)} rows of {floored(part.n_people)} people set aside, "
        f"{words[part.reason]}"
        for part in found
    )


def _no_table(streams: Sequence[str]) -> Violation:
    return file_problem(
        "consent",
        "consent_is_given",
        f"[consent] says that {', '.join(streams)} rest on consent, and there is no table of consents",
        "add [tables.consent], or take out of [consent] streams what rests on another legal basis",
    )


def _nothing_left(stream: str, n_rows: int) -> Violation:
    problem = file_problem(
        stream,
        "consent_covers_rows",
        "some row is covered by the consent of its person",
        "check that consent has the same ids and that answers have dates; leave out "
        f"[tables.{stream}] if nobody agrees to its use",
    )
    return Violation(**(vars(problem) | {"count": n_rows}))
