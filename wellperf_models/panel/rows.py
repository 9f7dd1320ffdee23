"""Employee × month: who was at risk, what happened, and what was known strictly before.

One set of Narwhals expressions for Polars (lazy) and pandas.

**Tenure.** Exact tenure (`build_spells`) is counted in months between the first day of a spell and the day
after its last one: whole calendar months plus days / 31, so every anniversary is a whole number. Discrete
tenure (`build_panel`) counts calendar months since the month of hire, which is month 0: the row of
period *p* covers the interval (`start_months`, `stop_months`] with `stop_months = start_months + 1`.

**At risk.** A person-month is in the panel when the person was employed in it and the month was observed to
its end: from the month of hire (or the first whole month from `study.observed_from` on, for people
hired before) to the month of exit or the last whole month up to `study.as_of`. In the duration form the
month of censoring counts as at risk, which is what makes a Cox fit on `stop_months` and the hazard one model.

**Before.** Surveys and workload are the latest ones of an earlier month; assignments are those valid on the
first day of the interval; people's attributes are taken as known at hire.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import Members
from wellperf_models.panel.covariates import GROUPS, attach
from wellperf_models.panel.engine import (
    Source,
    collect,
    day_of,
    days,
    month_of,
    months,
    same_engine,
    table,
    to_polars,
)
from wellperf_models.panel.left_out import LeftOut
from wellperf_models.panel.roster import has_stable_ids


def has_dates(tables: Source) -> bool:
    """True where spells have dates, False for the duration form."""
    names = table(tables, "spells").collect_schema().names()
    if "start" not in names:
        return False
    if "duration_months" not in names:
        return True
    filled = collect(table(tables, "spells").select(n=nw.col("start").count()))
    return bool(filled.item() > 0)


def build_spells(
    tables: Source, covariates: Sequence[str] = (), *, groups: Sequence[str] = GROUPS
) -> nw.LazyFrame[Any]:
    """One row per spell that was ever at risk while observed.

    Args:
        tables: Holds `spells` and whatever the covariates and groups are read from.
        covariates: Names from `[covariates]`, taken as known when the spell enters observation.
        groups: Columns of assignments or people to attach; those of an absent table are null.

    Returns:
        Lazy frame: employee_id, spell_start (dates only), entry_months, duration_months (exact tenure at
        entry into observation and at exit or censoring), event (0 censored, 1..K by order of
        `turnover.causes`, K + 1 for an exit whose reason is not among them), groups, covariates.

    Raises:
        StudyError: A covariate is not declared or can't be placed in time.
    """
    dated = has_dates(tables)
    frame = _dated_spells(tables) if dated else _duration_spells(tables)
    if dated:
        frame = frame.with_columns(
            interval_start_day=nw.col("_entry_day"),
            period_day=nw.col("_entry_day") - nw.col("_entry_dom") + 1,
        )
    frame = attach(frame, tables, covariates, groups, dated=dated)
    keep = ["employee_id", *(["spell_start"] if dated else []), "entry_months", "duration_months", "event"]
    return frame.select(*keep, *dict.fromkeys((*groups, *covariates)))


def build_panel(
    tables: Source, covariates: Sequence[str] = (), *, groups: Sequence[str] = GROUPS
) -> nw.LazyFrame[Any]:
    """One row per person-month at risk.

    Args:
        tables: Holds `spells` and whatever the covariates and groups are read from.
        covariates: Names from `[covariates]`; each must have `timing = "before"` to be used by a model.
        groups: Columns of assignments or people, valid on the first day of the interval.

    Returns:
        Lazy frame: employee_id, spell_start and period (dates only), start_months, stop_months, event (0, or
        1..K + 1 in the month of exit, as in `build_spells`), groups, covariates; and for surveys and
        workload `NAME_measured_day` with `period_day` (days since 1970), from which a check proves that
        nothing was measured later.

    Raises:
        StudyError: A covariate is not declared or can't be placed in time.
        DesignError: No whole month was observed.
    """
    dated = has_dates(tables)
    frame = _dated_months(tables) if dated else _duration_months(tables)
    frame = attach(frame, tables, covariates, groups, dated=dated)
    declared = tables.study.covariates
    measured = [f"{c}_measured_day" for c in covariates if declared[c].table in ("surveys", "workload")]
    keep = [
        "employee_id",
        *(["spell_start", "period"] if dated else []),
        "start_months",
        "stop_months",
        "event",
    ]
    when = ["period_day"] if dated else []
    return frame.select(*keep, *dict.fromkeys((*groups, *covariates)), *when, *measured)


def count_left_out(tables: Source) -> dict[str, int]:
    """Spells that do not enter as they stand, by reason; zero counts are left out.

    Args:
        tables: Holds `spells`.

    Returns:
        Reason in words → number of spells.
    """
    return {name: lost.rows for name, lost in tally_left_out(tables).items()}


def tally_left_out(tables: Source) -> dict[str, LeftOut]:
    """Like `count_left_out`: reason in words → spells, and the people they belong to."""
    if not has_dates(tables):
        frame = table(tables, "spells").with_columns(
            _known=_cause(tables), _gone=~nw.col("exit_reason").is_null()
        )
        reasons = {_OTHER_REASON: nw.col("_gone") & (nw.col("_known") > _n_causes(tables))}
    else:
        frame = _marked(tables)
        present = nw.col("_started") & nw.col("_observed")
        reasons = {
            "spells that begin after the as-of date": ~nw.col("_started"),
            "spells that ended before observation began": nw.col("_started") & ~nw.col("_observed"),
            "spells that end after the as-of date, still employed on it": present & nw.col("_late_end"),
            _OTHER_REASON: present & nw.col("_ended") & ~nw.col("_cause").is_between(1, _n_causes(tables)),
        }
    stable = has_stable_ids(tables.study, ("spells",))
    counts = {}
    for name, chosen in reasons.items():
        whose = to_polars(frame.filter(chosen).select("employee_id"))["employee_id"]
        people = frozenset(whose.cast(pl.String).unique().to_list())
        if people:
            members = Members(people=people, stable=stable)
            counts[name] = LeftOut(rows=len(whose), people=len(people), members=members)
    return counts


_OTHER_REASON = (
    "exits for a reason the study does not model, described together as one and censored in the models"
)


def _n_causes(tables: Source) -> int:
    return len(tables.study.turnover.causes)


def _cause(tables: Source) -> nw.Expr:
    """Code of the exit reason: 1..K by order of the study's causes, K + 1 for another, 0 where there is none.

    Who left for another reason is not employed any more: 0 would say so.
    """
    reason = nw.col("exit_reason")
    code: nw.Expr = nw.when(~reason.is_null()).then(nw.lit(_n_causes(tables) + 1)).otherwise(nw.lit(0))
    for number, cause in enumerate(tables.study.turnover.causes, start=1):
        code = nw.when(nw.col("exit_reason") == cause).then(nw.lit(number)).otherwise(code)
    return code.fill_null(0).cast(nw.Int64)


def _marked(tables: Source) -> nw.LazyFrame[Any]:
    """Dated spells as integers of days and months, with what happened by the as-of date."""
    general = tables.study.study
    as_of = days(general.as_of)
    observed = days(general.observed_from) if general.observed_from else None
    frame = table(tables, "spells").with_columns(
        _start_day=day_of("start").cast(nw.Int64),
        _start_month=month_of("start").cast(nw.Int64),
        _start_dom=nw.col("start").dt.day().cast(nw.Int64),
        # far in the future where there is no end: compared, never shown
        _end_day=day_of("end").fill_null(10**7).cast(nw.Int64),
        _next=nw.col("end") + dt.timedelta(days=1),
        _cause=_cause(tables),
    )
    # a spell that ended without a word why has ended
    another = nw.lit(_n_causes(tables) + 1)
    frame = frame.with_columns(
        _cause=nw.when(nw.col("_cause") == 0).then(another).otherwise(nw.col("_cause")).cast(nw.Int64),
        _started=nw.col("_start_day") <= as_of,
        _ended=nw.col("_end_day") <= as_of,
        _late_end=(nw.col("_end_day") > as_of) & (nw.col("_end_day") < 10**7),
        _observed=nw.lit(True) if observed is None else nw.col("_end_day") >= observed,
        _before=nw.lit(False) if observed is None else nw.col("_start_day") < observed,
    )
    return frame


def _dated_spells(tables: Source) -> nw.LazyFrame[Any]:
    general = tables.study.study
    after = general.as_of + dt.timedelta(days=1)
    opened = general.observed_from or general.as_of
    frame = _marked(tables).filter(nw.col("_started") & nw.col("_observed"))
    ended, before = nw.col("_ended"), nw.col("_before")
    frame = frame.with_columns(
        _stop_month=nw.when(ended).then(month_of("_next")).otherwise(nw.lit(float(months(after)))),
        _stop_dom=nw.when(ended)
        .then(nw.col("_next").dt.day().cast(nw.Float64))
        .otherwise(nw.lit(float(after.day))),
        _entry_day=nw.when(before).then(nw.lit(days(opened))).otherwise(nw.col("_start_day")).cast(nw.Int64),
        _entry_dom=nw.when(before).then(nw.lit(opened.day)).otherwise(nw.col("_start_dom")).cast(nw.Int64),
        _entry_month=nw.when(before).then(nw.lit(months(opened))).otherwise(nw.col("_start_month")),
    )
    return frame.with_columns(
        spell_start=nw.col("start"),
        event=nw.when(ended).then(nw.col("_cause")).otherwise(nw.lit(0)).cast(nw.Int64),
        entry_months=_between("_entry_month", "_entry_dom"),
        duration_months=_between("_stop_month", "_stop_dom"),
    )


def _between(month: str, day: str) -> nw.Expr:
    """Months from the start of a spell: anniversaries are whole numbers."""
    whole = (nw.col(month) - nw.col("_start_month")).cast(nw.Float64)
    return whole + (nw.col(day) - nw.col("_start_dom")).cast(nw.Float64) / 31


def _last_whole_month(as_of: dt.date) -> int:
    is_last = (as_of + dt.timedelta(days=1)).day == 1
    return months(as_of) - (0 if is_last else 1)


def _dated_months(tables: Source) -> nw.LazyFrame[Any]:
    general = tables.study.study
    last = _last_whole_month(general.as_of)
    frame = _marked(tables).filter(nw.col("_started") & nw.col("_observed"))
    opened = general.observed_from
    first_whole = 0 if opened is None else months(opened) + (0 if opened.day == 1 else 1)
    first = nw.when(nw.col("_before")).then(nw.lit(first_whole)).otherwise(nw.col("_start_month"))
    frame = frame.with_columns(
        _exit_month=nw.when(nw.col("_ended")).then(month_of("end")).otherwise(nw.lit(float(last + 1))),
        _first_month=first.cast(nw.Int64),
    )
    earliest = collect(frame.select(m=nw.col("_first_month").min()))["m"].item()
    if earliest is None or earliest > last:
        raise DesignError(
            "No whole month was observed, so there is no panel.",
            where="study.observed_from, study.as_of, spells",
            expected="at least one spell in a calendar month that ended by the as-of date",
        )
    frame = frame.join(_calendar(frame, int(earliest), last), how="cross").filter(
        (nw.col("_month") >= nw.col("_first_month")) & (nw.col("_month") <= nw.col("_exit_month"))
    )
    leaves = nw.col("_ended") & (nw.col("_month") == nw.col("_exit_month"))
    starts_later = nw.col("_start_day") > nw.col("period_day")
    return frame.with_columns(
        spell_start=nw.col("start"),
        start_months=nw.col("_month") - nw.col("_start_month"),
        stop_months=nw.col("_month") - nw.col("_start_month") + 1,
        event=nw.when(leaves).then(nw.col("_cause")).otherwise(nw.lit(0)).cast(nw.Int64),
        interval_start_day=nw.when(starts_later).then(nw.col("_start_day")).otherwise(nw.col("period_day")),
    )


def _calendar(frame: nw.LazyFrame[Any], first: int, last: int) -> nw.LazyFrame[Any]:
    """Months first..last with their first day, in the engine of `frame`."""
    numbers = list(range(first, last + 1))
    firsts = [dt.date(m // 12, m % 12 + 1, 1) for m in numbers]
    columns: dict[str, list[Any]] = {
        "_month": numbers,
        "period_day": [days(d) for d in firsts],
        "_text": [str(d) for d in firsts],
    }
    made = same_engine(columns, frame)
    made = made.with_columns(period=nw.col("_text").str.to_datetime(format="%Y-%m-%d")).drop("_text")
    # pandas has no dates, only times
    if not frame.implementation.is_pandas_like():
        made = made.with_columns(period=nw.col("period").cast(nw.Date))
    return made


def _duration_spells(tables: Source) -> nw.LazyFrame[Any]:
    frame = table(tables, "spells")
    if "entry_months" not in frame.collect_schema().names():
        frame = frame.with_columns(entry_months=nw.lit(0.0))
    return frame.with_columns(
        entry_months=nw.col("entry_months").cast(nw.Float64).fill_null(0.0),
        duration_months=nw.col("duration_months").cast(nw.Float64),
        event=_cause(tables),
    )


def _duration_months(tables: Source) -> nw.LazyFrame[Any]:
    frame = _duration_spells(tables)
    longest = collect(frame.select(m=nw.col("duration_months").max()))["m"].item()
    if longest is None or not longest > 0:
        raise StudyError("There are no durations.", where="spells.duration_months", expected="months above 0")
    columns = {"start_months": list(range(math.ceil(longest)))}
    frame = frame.join(same_engine(columns, frame), how="cross").filter(
        (nw.col("start_months") >= nw.col("entry_months"))
        & (nw.col("start_months") < nw.col("duration_months"))
    )
    leaves = nw.col("start_months") + 1 >= nw.col("duration_months")
    return frame.with_columns(
        stop_months=nw.col("start_months") + 1,
        event=nw.when(leaves).then(nw.col("event")).otherwise(nw.lit(0)).cast(nw.Int64),
    )
