"""Ids of people → keyed hashes, the same in every table, so that no later step holds an id of the source."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from wellperf_models.errors import TablesError
from wellperf_models.tables.schema import SCHEMA

HEX_DIGITS: Final = 16
"""64 bits: among a million people two share a pseudonym once in 40 million studies."""

# ids of people that need not occur in `people`: managers may be of another company
_MANAGERS = ("manager_id", "secondary_manager_id")
_PSEUDONYM = "_pseudonym"


def pseudonymise(
    frames: Mapping[str, pl.LazyFrame], key: bytes, *, numbered: Mapping[str, pl.Expr]
) -> dict[str, pl.LazyFrame]:
    """Replaces every id of a person by the first 16 hex characters of HMAC-SHA256(key, id).

    Hashed are `employee_id`, columns that refer to people, managers, and `unit_id` where the unit is a
    person. Each id is hashed once; large tables stay lazy.

    Args:
        frames: Declared tables in which every rule holds.
        key: From `study_key`.
        numbered: Table → rows whose subject the reader has numbered (`row_id`). The number of a row is
            nobody's id and stays; but people numbered in one table and named in another are hashed in both.

    Returns:
        The same tables, rows in the same order.

    Raises:
        TablesError: Two people would have the same pseudonym.
    """
    columns = {name: list(_columns(name, frame)) for name, frame in frames.items()}
    named = {name for name in frames if "employee_id" in columns[name]} - set(numbered)
    if named:
        numbered = {name: rows for name, rows in numbered.items() if "employee_id" not in columns[name]}
    parts = [
        frames[name].filter(_hashed(name, column, numbered)).select(pl.col(column).alias("id")).unique()
        for name, found in columns.items()
        for column in found
        # the rules have found these among the people
        if not ("people" in named and SCHEMA[name].by_name[column].refers_to_people)
    ]
    if not parts:
        return dict(frames)
    ids = pl.concat(parts).unique().drop_nulls().collect(engine="streaming")["id"]
    names = pl.Series(_PSEUDONYM, [pseudonym(key, text) for text in ids.to_list()], dtype=pl.String)
    if names.n_unique() < len(ids):
        raise TablesError(
            "Two people would have the same pseudonym.",
            where="employee_id",
            remedy="move the study's key away; the next run makes another one",
        )
    known = pl.Enum(ids), pl.Enum(names)
    return {
        name: frame.with_columns(
            pl.when(_hashed(name, column, numbered))
            .then(_replaced(column, *known))
            .otherwise(pl.col(column))
            .alias(column)
            for column in columns[name]
        )
        for name, frame in frames.items()
    }


def pseudonym(key: bytes, identifier: str) -> str:
    """The pseudonym of one id."""
    # a word before it: no hash of something else under the same key can be taken for a pseudonym
    return hmac.digest(key, b"person:" + identifier.encode(), "sha256").hex()[:HEX_DIGITS]


def _columns(table: str, frame: pl.LazyFrame) -> Iterator[str]:
    """Columns of a table that hold ids of people."""
    there = frame.collect_schema().names()
    for column in SCHEMA[table].columns:
        name = column.name
        person = name == "employee_id" or column.refers_to_people or name in _MANAGERS
        if name in there and (person or (name == "unit_id" and "unit_type" in there)):
            yield name


def _hashed(table: str, column: str, numbered: Mapping[str, pl.Expr]) -> pl.Expr:
    """Rows in which a column holds a person's id of the source."""
    people = pl.col("unit_type") == "person" if column == "unit_id" else pl.lit(True)
    if table in numbered and column == SCHEMA[table].subject:
        return people & ~numbered[table]
    return people


def _replaced(column: str, ids: pl.Enum, names: pl.Enum) -> pl.Expr:
    """The place of an id among the ids, then the name in that place: cell by cell, where a join is not."""
    place = pl.col(column).cast(ids, strict=False).to_physical()
    return place.cat.to(names).cast(pl.String)
