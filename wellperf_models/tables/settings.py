"""What is wrong with a study file once it is held against the declared tables, and against what they hold."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from wellperf_models.study import Study, TableSource
from wellperf_models.tables.dates import is_date_format, needs_a_rule
from wellperf_models.tables.foreseen import foresee_rows, foresee_settings
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.sources import file_problem
from wellperf_models.tables.violation import Violation

_GROUP_TABLES = ("assignments", "people")


def check_settings(study: Study) -> list[Violation]:
    """Names in the study file that no declared table, column, measure or attribute answers to."""
    problems = _table_names(study)
    if not study.tables:
        text = "the study has no tables"
        todo = 'name at least one, such as [tables.spells] with path = "exits.csv"'
        problems.append(file_problem("(study)", "no_tables", text, todo))
    for name, source in study.tables.items():
        for column, listed in source.values.items():
            if both := sorted(set(listed).intersection(source.null_values)):
                problems.append(
                    file_problem(
                        name,
                        "value_is_null",
                        f"values.{column} lists {len(both)} value(s) that null_values reads as missing",
                        f"take them out of one of the two in [tables.{name}]",
                        column=column,
                    )
                )
        problems += _date_formats(name, source)
    named = [*_covariates(study), *_of_trials(study), *_beside_answers(study)]
    named += _group_by(study)
    return [*problems, *named, *foresee_settings(study)]


def _date_formats(key: str, source: TableSource) -> Iterator[Violation]:
    """Formats that say nothing about a date, and years alone without a rule for their day."""
    for column, formats in {"": (source.date_format,), **source.date_formats}.items():
        for written in formats:
            if not is_date_format(written):
                yield file_problem(
                    key,
                    "date_format",
                    f"{written!r} is no date format",
                    'write it with % signs, such as "%d.%m.%Y"',
                    column=column,
                )
            elif needs_a_rule(written) and column not in source.partial_dates and column != "birth_year":
                yield file_problem(
                    key,
                    "partial_dates",
                    f"{written!r} is a year alone, which stands for no day",
                    f'say which day it stands for: partial_dates.{column or "COLUMN"} = "first", "middle" or '
                    f'"last" in [tables.{key}], and date_formats.{column or "COLUMN"} = "{written}"',
                    column=column,
                )


def check_names(study: Study, frames: Mapping[str, pl.LazyFrame]) -> list[Violation]:
    """Names in the study file that no row of the tables answers to; known only once they are read.

    Args:
        study: Gives `[roi]`.
        frames: Tables that could be read.
    """
    return [*_names_of_outcomes(study, frames), *foresee_rows(study, frames)]


def _names_of_outcomes(study: Study, frames: Mapping[str, pl.LazyFrame]) -> list[Violation]:
    if study.roi is None or "outcomes" not in frames:
        return []
    rows = frames["outcomes"].select("name", "period").unique().collect(engine="streaming")
    periods: dict[str, set[str | None]] = {}
    for name, period in rows.iter_rows():
        periods.setdefault(name, set()).add(period)
    problems = []
    for key, outcome in study.roi.outcomes.items():
        if outcome.measured_in != "outcomes":
            continue
        name = outcome.name or key
        if name not in periods:
            problems.append(_not_in_outcomes(f"roi.outcomes.{key}", "outcome", "name", name, periods))
        elif outcome.period is not None and outcome.period not in periods[name]:
            known = [period for period in periods[name] if period is not None]
            where = f"roi.outcomes.{key}.period"
            problems.append(_not_in_outcomes(where, f"period of {name}", "period", outcome.period, known))
    return problems


def _not_in_outcomes(where: str, what: str, column: str, given: str, known: Iterable[str]) -> Violation:
    # a likely name only, never the whole list: a column mapped by mistake may hold anything
    close = difflib.get_close_matches(given, [name for name in known if name], n=1, cutoff=0.6)
    return file_problem(
        "outcomes",
        f"{column}_in_outcomes",
        f"{where} names {given!r}, no {what} in the table outcomes"
        + (f"; did you mean {close[0]!r}?" if close else ""),
        f"correct [{where}], or the mapping of outcomes.{column}",
        column=column,
    )


def _table_names(study: Study) -> list[Violation]:
    problems = []
    for key, source in study.tables.items():
        table = source.part_of or key
        if table not in SCHEMA:
            entry = f"part_of in [tables.{key}]" if source.part_of else f"[tables.{key}]"
            problems.append(
                file_problem(
                    key,
                    "unknown_table",
                    f"no table is called {table!r}{_suggest(table, list(SCHEMA))}",
                    f"correct or remove {entry}; a part of a table names it in part_of",
                )
            )
        elif key in SCHEMA and key != table:
            problems.append(
                file_problem(
                    key,
                    "part_name",
                    f"a part of {table} bears the name of another table, {key}",
                    f"give the part [tables.{key}] a name of its own",
                )
            )
    return problems


def _covariates(study: Study) -> list[Violation]:
    problems = []
    for name, covariate in study.covariates.items():
        column = covariate.column or name
        if covariate.table == "surveys":
            # a scale, or a column that stands beside every answer
            known = [*study.measures, *_attributes(study, "surveys")]
            what = "[measures] or the attributes of surveys"
        elif covariate.table in SCHEMA:
            known = [*SCHEMA[covariate.table].names, *_attributes(study, covariate.table)]
            what = f"{covariate.table} or its attributes"
        if column not in known:
            problems.append(
                file_problem(
                    covariate.table,
                    "covariate_column",
                    f"covariates.{name} reads {column!r}, which is not in {what}{_suggest(column, known)}",
                    f"correct column, or carry it along in [tables.{covariate.table}.attributes]",
                    column=column,
                )
            )
            continue
        declared = SCHEMA[covariate.table].by_name.get(column)
        if declared and covariate.type == "number" and declared.type not in ("number", "whole"):
            problems.append(
                file_problem(
                    covariate.table,
                    "covariate_type",
                    f"covariates.{name} is a number, but {column} is a {declared.type}",
                    f'write type = "category" in [covariates.{name}]',
                    column=column,
                )
            )
    return problems


def _of_trials(study: Study) -> list[Violation]:
    """Covariates of the table outcomes, named where rows are no units of a trial."""
    asked = {"turnover.covariates": study.turnover.covariates, "turnover.strata": study.turnover.strata}
    if study.burnout is not None:
        asked["burnout.models"] = study.burnout.covariates
        asked["burnout.ladder.late"] = study.burnout.ladder.late
    return [
        file_problem(
            "outcomes",
            "covariate_of_outcomes",
            f"{section} names {name!r}, a covariate of the table outcomes, which only serves [roi]",
            f"take it out of {section}, or read it from another table",
            column=study.covariates[name].column or name,
        )
        for section, names in asked.items()
        for name in names
        if study.covariates[name].table == "outcomes"
    ]


def _beside_answers(study: Study) -> list[Violation]:
    """Columns beside an answer, named where rows are months of a person."""
    return [
        file_problem(
            "surveys",
            "covariate_beside_answers",
            f"turnover names {name!r}, a column beside the answers of surveys, which only serves [burnout]",
            "take it out of turnover, or read it from another table",
            column=study.covariates[name].column or name,
        )
        for name in dict.fromkeys((*study.turnover.covariates, *study.turnover.strata))
        if study.covariates[name].table == "surveys"
        and (study.covariates[name].column or name) not in study.measures
        and (study.covariates[name].column or name) in _attributes(study, "surveys")
    ]


def _attributes(study: Study, table: str) -> list[str]:
    """Attributes of a table, of any of its parts."""
    return list(dict.fromkeys(name for s in study.sources_of(table).values() for name in s.attributes))


def _group_by(study: Study) -> list[Violation]:
    asked = {"turnover.group_by": study.turnover.group_by}
    if study.burnout is not None:
        asked["burnout.group_by"] = study.burnout.group_by
        asked["burnout.ladder.leave_out"] = study.burnout.ladder.leave_out
    known = [
        name
        for table in _GROUP_TABLES
        if study.sources_of(table)
        for name in (*SCHEMA[table].names, *_attributes(study, table))
    ]
    return [
        file_problem(
            "assignments",
            "group_column",
            f"{where} names {group!r}, no column of assignments or people{_suggest(group, known)}",
            "correct it, or carry the column along as an attribute",
            column=group,
        )
        for where, group in asked.items()
        if group is not None and group not in known
    ]


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else (f"; known: {', '.join(known)}" if known else "")
