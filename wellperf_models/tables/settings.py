"""What is wrong with a study file once it is held against the declared tables."""

from __future__ import annotations

import difflib

from wellperf_models.study import Study
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.sources import file_problem
from wellperf_models.tables.violation import Violation

_GROUP_TABLES = ("assignments", "people")


def check_settings(study: Study) -> list[Violation]:
    """Names in the study file that no declared table, column, measure or attribute answers to."""
    problems = [
        file_problem(
            name,
            "unknown_table",
            f"no table is called {name!r}{_suggest(name, list(SCHEMA))}",
            f"rename or remove [tables.{name}]",
        )
        for name in study.tables
        if name not in SCHEMA
    ]
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
        if "%" not in source.date_format:
            problems.append(
                file_problem(
                    name,
                    "date_format",
                    f"{source.date_format!r} is no date format",
                    'write it with % signs, such as "%d.%m.%Y"',
                )
            )
    return problems + _covariates(study) + _group_by(study)


def _covariates(study: Study) -> list[Violation]:
    problems = []
    for name, covariate in study.covariates.items():
        column = covariate.column or name
        if covariate.table == "surveys":
            known = list(study.measures)
            what = "[measures]"
        elif covariate.table in SCHEMA:
            known = [*SCHEMA[covariate.table].names, *study.tables[covariate.table].attributes]
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


def _group_by(study: Study) -> list[Violation]:
    group = study.turnover.group_by
    if group is None:
        return []
    known = [
        name
        for table in _GROUP_TABLES
        if table in study.tables
        for name in (*SCHEMA[table].names, *study.tables[table].attributes)
    ]
    if group in known:
        return []
    return [
        file_problem(
            "assignments",
            "group_column",
            f"turnover.group_by names {group!r}, no column of assignments or people{_suggest(group, known)}",
            "correct it, or carry the column along as an attribute",
            column=group,
        )
    ]


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else (f"; known: {', '.join(known)}" if known else "")
