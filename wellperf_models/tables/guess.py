"""Guesses what a file is: encoding, separator, which column is which, date format."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from wellperf_models.study import TableSource
from wellperf_models.tables.declare import Column, TableSchema
from wellperf_models.tables.header import looks_like_data
from wellperf_models.tables.parse import parse
from wellperf_models.tables.schema import FIRST_YEAR, LAST_YEAR, SCHEMA
from wellperf_models.tables.sources import FORMATS, SEPARATORS, Raw, open_files
from wellperf_models.tables.synonyms import COLUMN_WORDS, IDENTIFIERS, REASON_PATTERNS, TELLING_COLUMNS
from wellperf_models.tables.violation import Refused
from wellperf_models.tables.written import MISSING_WORDS

_CLOSE = 0.9
_DATE_FORMATS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m", "%d.%m.%y",
    "%m/%d/%y", "%d/%m/%y", "%d-%b-%y", "%d-%b-%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
)  # fmt: skip
_MAX_CODES = 40
_YES_NO = {
    **dict.fromkeys(("1", "1.0", "y", "yes", "true", "ja"), "yes"),
    **dict.fromkeys(("0", "0.0", "n", "no", "false", "nein"), "no"),
}
# a column is taken for days where at least this share of its first cells are
_MOST, _LOOKED_AT = 0.5, 500


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A file as far as it can be read without a study.

    Attributes:
        path: The file.
        settings: encoding, separator, decimal, null_values as far as they differ from the defaults.
        header: Its header.
        cells: Its cells as text, missing words taken out; columns `c0`, `c1`, …
        text: The container holds text only, so date formats matter.
        headless: The first row looks like data; then it is in no other attribute.
        ragged: Rows left out of `cells`, because they have another number of cells than the header.
        shares: Position → share of its cells that are dates, as far as it was asked for.
    """

    path: Path
    settings: dict[str, object]
    header: tuple[str, ...]
    cells: pl.DataFrame
    text: bool
    ragged: int = 0
    headless: bool = False
    shares: dict[int, float | None] = field(default_factory=dict, compare=False)


@dataclass(kw_only=True)
class Guess:
    """What a file might be.

    Attributes:
        table: Declared table.
        positions: Declared column → position in the header.
        row_id: There is no id, so rows are numbered.
    """

    table: str
    positions: dict[str, int] = field(default_factory=dict)
    row_id: bool = False

    @property
    def score(self) -> tuple[int, int]:
        """Columns found, required ones first."""
        schema = SCHEMA[self.table]
        required = sum(1 for name in self.positions if schema.by_name[name].required)
        return len(self.positions) + required, required


def probe(path: Path) -> Probe | None:
    """Reads a file; None: it is of no known kind or can't be read."""
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        return None
    settings: dict[str, object] = {}
    ragged = 0
    try:
        if form == "csv":
            header, cells, ragged = _read_csv(path, settings)
        else:
            raw = open_files("?", TableSource(path=path.name), (path,))
            header, cells = raw.header, _text_cells(raw)
    except (Refused, csv.Error, pl.exceptions.PolarsError):
        return None
    if not header:
        return None
    if form in ("csv", "excel") and looks_like_data(header):
        return Probe(path=path, settings={}, header=(), cells=pl.DataFrame(), text=True, headless=True)
    present = {word for column in cells.iter_columns() for word in column.unique().to_list()}
    if missing := sorted(w for w in present if w and (w == "None" or w.strip().lower() in MISSING_WORDS)):
        settings["null_values"] = ["", *missing]
    nulls = ["", *missing]
    cells = cells.select(pl.when(~pl.all().is_in(nulls)).then(pl.all()))
    if form == "csv" and settings.get("separator") == ";" and _decimal_comma(cells):
        settings["decimal"] = ","
    text = form in ("csv", "excel")
    return Probe(path=path, settings=settings, header=header, cells=cells, text=text, ragged=ragged)


def _text_cells(raw: Raw) -> pl.DataFrame:
    return raw.frame.select(pl.col(f"c{i}").cast(pl.String) for i in range(len(raw.header))).collect()


def _read_csv(path: Path, settings: dict[str, object]) -> tuple[tuple[str, ...], pl.DataFrame, int]:
    """Header and well-formed rows; notes in `settings` how the file is written.

    More forgiving than the reader: what is malformed is named by `wellperf check`, once there is a study.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        settings["encoding"] = "cp1252"
        text = content.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    counts = {separator: first.count(separator) for separator in SEPARATORS}
    best = max(counts, key=lambda separator: counts[separator])
    if counts[best] and best != ",":
        settings["separator"] = best
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=best) if row]
    header = tuple(rows[0]) if rows else ()
    formed = [row for row in rows[1:] if len(row) == len(header)]
    columns = {f"c{i}": [row[i] for row in formed] for i in range(len(header))}
    cells = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return header, cells, max(0, len(rows) - 1 - len(formed))


def _decimal_comma(cells: pl.DataFrame) -> bool:
    for column in cells.iter_columns():
        given = column.drop_nulls()
        if len(given) and given.str.contains(r"^[+-]?\d+(,\d+)?$").all() and given.str.contains(",").any():
            return True
    return False


def guess_table(found: Probe) -> list[Guess]:
    """The table a file most likely is, and `people` beside it where its ids are unique."""
    guesses = [guess for schema in SCHEMA.values() if (guess := _fit(found, schema)) is not None]
    if not guesses:
        return []
    stem = _plain(found.path.stem)
    # every file with an id could be people, so that is the last resort
    leavers = [g for g in guesses if g.table == "spells" and "exit_reason" in g.positions]
    best = max(
        leavers or guesses, key=lambda guess: (guess.table == stem, guess.table != "people", guess.score)
    )
    if best.table != "spells" or set(range(len(found.header))) <= set(best.positions.values()):
        return [best]
    # a flat extract gives people too, where it says more than the exit
    return [best, *(guess for guess in guesses if guess.table == "people")]


def _fit(found: Probe, schema: TableSchema) -> Guess | None:
    """Columns of a table in a header; None where a required one is missing."""
    guess = Guess(table=schema.name)
    for column in schema.columns:
        unfit = {i for i in range(len(found.header)) if not _may_be(found, i, column)}
        position = _find(column.name, found.header, set(guess.positions.values()) | unfit)
        if position is not None:
            guess.positions[column.name] = position
    if schema.forms:
        _choose_form(schema, guess)
        if not any(form[0] in guess.positions for form in schema.forms):
            return None
    missing = [c.name for c in schema.columns if c.required and c.name not in guess.positions]
    if missing == ["employee_id"] and schema.name in ("people", "spells"):
        guess.row_id, missing = True, []
        if schema.name == "people" and not guess.positions:
            return None
    if schema.name == "people" and not guess.row_id:
        ids = found.cells[f"c{guess.positions['employee_id']}"]
        if ids.n_unique() < len(ids):
            return None  # a row is no person
    telling = TELLING_COLUMNS.get(schema.name)
    if missing or (telling and not any(name in guess.positions for name in telling)):
        return None
    return guess


def _may_be(found: Probe, position: int, column: Column) -> bool:
    """Whether the cells speak against it: a day is no reason for leaving, and a reason is no day."""
    if position not in found.shares:
        found.shares[position] = _share_of_dates(found.cells[f"c{position}"])
    share = found.shares[position]
    if share is None:
        return True
    if column.type in ("date", "month"):
        return share >= _MOST
    return share < _MOST or column.type not in ("category",)


def _share_of_dates(cells: pl.Series) -> float | None:
    """Share of the cells that are a day in the date format that fits best; None where all are missing."""
    known = cells.drop_nulls().head(_LOOKED_AT)
    if not len(known):
        return None
    frame = pl.DataFrame({"cell": known})
    return max(frame.select(_is_day(written).sum().alias(written) for written in _DATE_FORMATS).row(0)) / len(
        known
    )


def _is_day(written: str) -> pl.Expr:
    """Whether a cell is a plausible day in a date format."""
    source = TableSource(path="-", date_format=written)
    value = parse(pl.col("cell"), pl.String(), "date", source, excel=True).value
    return value.dt.year().is_between(FIRST_YEAR, LAST_YEAR).fill_null(False)


def _choose_form(schema: TableSchema, guess: Guess) -> None:
    """Keeps the columns of the first form that is there."""
    form = next((form for form in schema.forms if form[0] in guess.positions), None)
    for other in schema.forms:
        if other is not form:
            for name in other:
                guess.positions.pop(name, None)


def _find(name: str, header: tuple[str, ...], taken: set[int]) -> int | None:
    words = (_plain(name), *COLUMN_WORDS.get(name, ()))
    plain = [_plain(text) for text in header]
    for word in words:
        for i, text in enumerate(plain):
            if text == word and i not in taken:
                return i
    for i, text in enumerate(plain):
        long = len(text) > 4 and i not in taken
        if long and any(_similar(text, word) for word in words if len(word) > 4):
            return i
    for i, text in enumerate(plain):
        if i not in taken and any("date" in word and text.endswith(word) for word in words):
            return i  # "Company Start Date"
    return None


def _similar(text: str, word: str) -> bool:
    return difflib.SequenceMatcher(None, text, word).ratio() >= _CLOSE


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFC", text).casefold()
    for letter, ascii_letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(letter, ascii_letters)
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text))


def find_column(found: Probe, name: str, taken: set[int]) -> int | None:
    """Position of the column that most likely is a declared one; None: there is none."""
    return _find(name, found.header, taken)


def identifies(header: str) -> bool:
    """Whether a column says who a person is, or where they live."""
    return re.search(IDENTIFIERS, _plain(header)) is not None


def has_zero_durations(found: Probe, guess: Guess) -> bool:
    """Whether the guessed tenure is 0 somewhere and positive elsewhere."""
    if (position := guess.positions.get("duration_months")) is None:
        return False
    given = found.cells[f"c{position}"].drop_nulls().str.strip_chars()
    zero = given.str.contains(r"^[+-]?0+([.,]0*)?$")
    return bool(zero.any() and (~zero).any())


def guess_date_format(found: Probe, guess: Guess) -> tuple[str, int]:
    """The date format that fits most cells, and how many it does not fit."""
    schema = SCHEMA[guess.table]
    positions = [i for name, i in guess.positions.items() if schema.by_name[name].type in ("date", "month")]
    if not positions or not found.text:
        return _DATE_FORMATS[0], 0
    cells = pl.concat([found.cells[f"c{i}"].alias("cell") for i in positions]).drop_nulls()
    frame = pl.DataFrame({"cell": cells})
    misfits = {}
    for date_format in _DATE_FORMATS:
        misfits[date_format] = len(cells) - int(frame.select(_is_day(date_format).sum()).item())
    best = min(_DATE_FORMATS, key=lambda date_format: misfits[date_format])
    return best, misfits[best]


def guess_reasons(found: Probe, position: int) -> dict[str, str] | None:
    """Exit codes and what they may mean; None where there are too many to be codes."""
    codes = Counter(found.cells[f"c{position}"].drop_nulls().to_list())
    allowed = SCHEMA["spells"].by_name["exit_reason"].allowed
    if not codes or len(codes) > _MAX_CODES or set(codes) <= set(allowed):
        return {} if set(codes) <= set(allowed) else None
    return {code: _reason(code, allowed) for code in sorted(codes)}


def guess_codes(found: Probe, column: Column, position: int) -> dict[str, str]:
    """Codes of a category and which allowed word they contain; {} where nothing needs mapping.

    Never of a sensitive column.
    """
    codes = set(found.cells[f"c{position}"].drop_nulls().to_list())
    if not column.allowed or column.sensitive or codes <= set(column.allowed) or len(codes) > _MAX_CODES:
        return {}
    if set(column.allowed) == {"yes", "no"}:
        return {code: _YES_NO.get(code.strip().casefold(), "") for code in sorted(codes)}
    rest = "other" if "other" in column.allowed else ""
    return {
        code: next((word for word in column.allowed if word in code.casefold().replace(" ", "_")), rest)
        for code in sorted(codes)
    }


def _reason(code: str, allowed: tuple[str, ...]) -> str:
    text = code.strip().casefold()
    if text in allowed:
        return text
    for pattern, meaning in REASON_PATTERNS:
        if re.search(pattern, text):
            return meaning
    return "other"
