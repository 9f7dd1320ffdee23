"""Texts that are one thing written in two ways: another case, lost zeros, signs that look alike.

Ids are held against each other within a column and across tables: "007" in one file and "7" in another would
otherwise be two people, and a join would drop both without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.parts import locate
from wellperf_models.tables.rules import ROW, bad_column
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.violation import SHOWN_ROWS, Note, Violation

# letters of other alphabets, dashes and quotes that a reader takes for the Latin sign
_FOREIGN = "аеорсухіјѕԁһԛԝкмтвнАВЕКМНОРСТХУІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧο‐‑‒–—−‘’´`“”"
_LATIN = "aeopcyxijsdhqwkmtbhABEKMHOPCTXYIJSABEZHIKMNOPTYXo" + "-" * 6 + "'" * 4 + '""'
_ALIKE = dict(zip(_FOREIGN, _LATIN, strict=True))
_MIXED = r"\p{Latin}[\p{Cyrillic}\p{Greek}]|[\p{Cyrillic}\p{Greek}]\p{Latin}"
_REFERENCE = "people"


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A way in which two texts are the same: equal after `fold`."""

    rule: str
    differ: str
    fold: pl.Expr


_VALUE = pl.col("value")
_KINDS = (
    _Kind(rule="case_twins", differ="in upper and lower case", fold=_VALUE.str.to_lowercase()),
    _Kind(
        rule="lost_leading_zeros",
        differ="in leading zeros",
        fold=pl.when(_VALUE.str.contains(r"^\d+$")).then(_VALUE.str.strip_chars_start("0")).otherwise(_VALUE),
    ),
    _Kind(
        rule="decimal_ids",
        differ="in a decimal point (7 and 7.0)",
        fold=pl.when(_VALUE.str.contains(r"^\d+\.0+$"))
        .then(_VALUE.str.replace(r"\.0+$", ""))
        .otherwise(_VALUE),
    ),
    _Kind(
        rule="unicode_twins",
        differ="in how Unicode composes their letters (é as one sign or as two)",
        fold=_VALUE.str.normalize("NFKC"),
    ),
    _Kind(
        rule="look_alikes",
        differ="in signs that look alike (letters of another alphabet, dashes, blanks)",
        fold=_VALUE.str.replace_many(list(_ALIKE), list(_ALIKE.values())).str.replace_all(r"\s+", " "),
    ),
)
_TO_DO = (
    "write each in one way in the source: they would be two people, or two groups. If they are two, write "
    'twins = "keep" in [tables.{key}]'
)
_ID_TEXT = "ids that differ only {differ} are not two people"
_GROUP_TEXT = "texts that differ only {differ} are not two things"


@dataclass(frozen=True, kw_only=True)
class _Texts:
    """The distinct texts of a column."""

    table: str
    column: str
    values: pl.Series

    @property
    def ids(self) -> bool:
        """Whether the column holds people."""
        declared = SCHEMA[self.table].by_name.get(self.column)
        return declared is not None and (
            declared.refers_to_people or self.column in ("employee_id", "manager_id", "secondary_manager_id")
        )


def find_twins(
    study: Study, keys: Mapping[str, Sequence[str]], frames: Mapping[str, pl.LazyFrame]
) -> tuple[list[Violation], list[Note]]:
    """Looks for twins in every column of text, and among the ids of all tables.

    Args:
        study: Says which tables keep twins.
        keys: Table → names of its sources in the study file.
        frames: Tables in their declared form, ids as they stand in the source.
    """
    violations: list[Violation] = []
    notes: list[Note] = []
    columns = [texts for table in frames for texts in _columns(table, frames[table])]
    for texts in columns:
        for kind in _KINDS:
            twins = _rarer(texts.values, kind.fold)
            if len(twins):
                _tell(study, keys, frames, texts, kind, twins, violations, notes)
        if mixed := int(texts.values.str.contains(_MIXED).sum()):
            text = "texts mix letters of two alphabets in one word, as a slip or a forgery would"
            notes.append(
                Note(table=texts.table, column=texts.column, rule="mixed_alphabets", count=mixed, text=text)
            )
    _across(study, keys, frames, [texts for texts in columns if texts.ids], violations, notes)
    return violations, notes


def _columns(table: str, frame: pl.LazyFrame) -> list[_Texts]:
    """Distinct texts of every column of free text."""
    schema = frame.collect_schema()
    allowed = {column.name for column in SCHEMA[table].columns if column.allowed}
    names = [n for n, dtype in schema.items() if isinstance(dtype, pl.String) and n not in allowed]
    marks = {name: [m for m in (bad_column(name), bad_column("")) if m in schema] for name in names}
    found = pl.collect_all(
        [
            frame.filter(*(~pl.col(mark) for mark in marks[name])).select(pl.col(name).drop_nulls().unique())
            for name in names
        ]
    )
    return [
        _Texts(table=table, column=name, values=distinct.to_series())
        for name, distinct in zip(names, found, strict=True)
    ]


def _rarer(values: pl.Series, fold: pl.Expr) -> pl.Series:
    """Every text that equals an earlier one (in sort order) after folding."""
    frame = values.sort().to_frame("value").with_columns(fold=fold)
    return frame.filter(~pl.col("fold").is_first_distinct())["value"]


def _tell(
    study: Study,
    keys: Mapping[str, Sequence[str]],
    frames: Mapping[str, pl.LazyFrame],
    texts: _Texts,
    kind: _Kind,
    twins: pl.Series,
    violations: list[Violation],
    notes: list[Note],
    beside: str = "",
) -> None:
    """Adds a violation, or a note where the study keeps twins apart."""
    of = keys.get(texts.table, (texts.table,))
    words = (_ID_TEXT if texts.ids else _GROUP_TEXT).format(differ=kind.differ) + beside
    if any(key in study.tables and study.tables[key].twins == "keep" for key in of):
        kept = f"texts that differ only {kind.differ} are kept apart (twins){beside}"
        notes.append(
            Note(table=texts.table, column=texts.column, rule=kind.rule, count=len(twins), text=kept)
        )
        return
    where = pl.col(texts.column).is_in(twins.to_list())
    rows = (
        frames[texts.table].filter(where).select(pl.col(ROW).unique().sort().head(SHOWN_ROWS)).collect()[ROW]
    )
    violation = Violation(
        table=texts.table,
        column=texts.column,
        rule=kind.rule,
        count=len(twins),
        first_rows=tuple(int(row) for row in rows),
        text=f"{words}; counted are the texts that occur in a second way",
        what_to_do=_TO_DO.format(key=of[0]),
    )
    violations.append(violation if tuple(of) == (texts.table,) else locate(violation, of))


def _across(
    study: Study,
    keys: Mapping[str, Sequence[str]],
    frames: Mapping[str, pl.LazyFrame],
    ids: Sequence[_Texts],
    violations: list[Violation],
    notes: list[Note],
) -> None:
    """Ids that are written otherwise in another table."""
    if len(ids) < 2:
        return
    first = next((texts for texts in ids if texts.table == _REFERENCE), ids[0])
    for texts in ids:
        if texts is first:
            continue
        strange = texts.values.filter(~texts.values.is_in(first.values.implode()))
        if not len(strange):
            continue
        for kind in _KINDS:
            known = first.values.to_frame("value").select(fold=kind.fold).unique()
            twins = strange.to_frame("value").with_columns(fold=kind.fold).join(known, on="fold", how="semi")
            if twins.height:
                beside = f" ({texts.table} writes them otherwise than {first.table})"
                _tell(study, keys, frames, texts, kind, twins["value"], violations, notes, beside)
