"""In which ways the cells of a column are written, where they are not written as declared.

What is looked at are forms ("two digits, a slash, four digits"), never values: no message holds a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

from wellperf_models.tables.violation import SHOWN_ROWS, Violation

# in lower case; words that are a value somewhere ("none", "unknown") are not among them
MISSING_WORDS = (
    "na", "n/a", "#n/a", "#na", "<na>", "n.a.", "null", "(null)", "nan", "nil", "not stated", "not specified",
    "not available", "not recorded", "not provided", "(blank)", "-", "--", ".", "?",
)  # fmt: skip
_SHEET_ERRORS = r"^#(?:REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)$"
# UTF-8 read as Windows-1252 and saved again, and the sign that stands for a letter that was lost
_GARBLED = "[\u00c3\u00c2\u00e2][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œŸ]|\ufffd"


@dataclass(frozen=True, kw_only=True)
class Form:
    """A way to write a cell.

    Attributes:
        rule: Name of the violation; "" where the form alone breaks none.
        label: How the form is called.
        pattern: What the whole cell looks like, blanks stripped, letters in lower case.
        what_to_do: How to mend it.
    """

    rule: str
    label: str
    pattern: str
    what_to_do: str = ""


_TWO_DIGITS = (
    'write date_formats.COLUMN = "%m/%d/%y" (or the order of your dates) and two_digit_years_until, the last '
    "year that two digits may stand for"
)
_DATE_FORMS = (
    Form(
        rule="time_zone",
        label="date and time with a zone",
        pattern=r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(z|utc|gmt|[+-]\d\d:?\d\d)",
        what_to_do="give the day of the place of work, without a time zone: near midnight the zone decides "
        "the day",
    ),
    Form(rule="", label="YYYY-MM-DD with a time", pattern=r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d(:\d\d(\.\d+)?)?"),
    Form(rule="", label="YYYY-MM-DD", pattern=r"\d{4}-\d{1,2}-\d{1,2}"),
    Form(rule="", label="YYYY/MM/DD", pattern=r"\d{4}/\d{1,2}/\d{1,2}"),
    Form(rule="", label="YYYYMMDD", pattern=r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])"),
    Form(rule="", label="two numbers and a year (/)", pattern=r"\d{1,2}/\d{1,2}/\d{4}"),
    Form(rule="", label="two numbers and a year (.)", pattern=r"\d{1,2}\.\d{1,2}\.\d{4}"),
    Form(rule="", label="two numbers and a year (-)", pattern=r"\d{1,2}-\d{1,2}-\d{4}"),
    Form(
        rule="two_digit_years",
        label="a date with a two-digit year",
        pattern=r"\d{1,2}[./-]\d{1,2}[./-]\d\d|\d{1,2}[-. /][a-z]{3,9}\.?[-. /]\d\d",
        what_to_do=_TWO_DIGITS,
    ),
    Form(rule="", label="day, month by name, year", pattern=r"\d{1,2}\.?[-. /][a-zäéû]{3,9}\.?[-. /]\d{4}"),
    Form(
        rule="partial_date",
        label="a month without a day (MM/YYYY)",
        pattern=r"\d{1,2}[./-]\d{4}|\d{4}[./-]\d{1,2}|[a-zäéû]{3,9}\.?[-. /]\d{4}",
        what_to_do="list its form in date_formats, such as \"%m/%Y\", and say in partial_dates which day it "
        "stands for",
    ),
    Form(
        rule="partial_date",
        label="a year alone (YYYY)",
        pattern=r"(18|19|20|21)\d\d",
        what_to_do='list "%Y" in date_formats, and say in partial_dates which day of the year it stands for',
    ),
    Form(
        rule="excel_days",
        label="a day number of a spreadsheet",
        pattern=r"[1-9]\d{4}(\.\d+)?",
        what_to_do="find out which calendar the spreadsheet used, and write date_formats.COLUMN = "
        '"excel-1900" or "excel-1904" (four years and a day apart); or save again with the cells as dates',
    ),
)  # fmt: skip
_NUMBER_FORMS = (
    Form(
        rule="percent_sign",
        label="a number with a per cent sign",
        pattern=r"[+-]?[\d.,]+\s?%",
        what_to_do="remove the sign in the source for every row, and write units.COLUMN = \"percent\": signs "
        "in some rows only may mean that fractions and per cent are mixed",
    ),
    Form(
        rule="currency_sign",
        label="a number with a currency",
        pattern=r"([$€£¥]|[a-z]{3})\s?[+-]?[\d.,' ]+|[+-]?[\d.,' ]+\s?([$€£¥]|[a-z]{3})",
        what_to_do="take the currency out of the cells, into a column of its own where there are several: "
        "amounts in different currencies do not add up",
    ),
    Form(
        rule="thousands_separators",
        label="a number with thousands separators",
        pattern=r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d{1,3}(\.\d{3}){2,}|[+-]?\d{1,3}(\.\d{3})+,\d+"
        r"|[+-]?\d{1,3}([ ' ]\d{3})+([.,]\d+)?",
        what_to_do="declare the sign in thousands (and that of decimals in decimal)",
    ),
    Form(
        rule="decimal_comma",
        label="a number with a decimal comma",
        pattern=r"[+-]?\d+,\d+",
        what_to_do='write decimal = "," if every row is written so; else mend the rows',
    ),
    Form(
        rule="finite",
        label="infinity",
        pattern=r"[+-]?(inf|infinity|∞)",
        what_to_do="find the division by zero in the source; write a missing value as a missing value",
    ),
)  # fmt: skip


def missing_word(cell: pl.Expr, kept: Iterable[str]) -> pl.Expr:
    """True where a text says that something is missing, as far as the study does not keep it as a value."""
    plain = cell.str.strip_chars()
    said = plain.str.to_lowercase().is_in(list(MISSING_WORDS))
    return said & ~plain.is_in(list(kept))


def missing_words_in(cells: pl.Series, kept: Iterable[str]) -> tuple[str, ...]:
    """Which of our own words occur, as they are written there; they say nothing about anybody."""
    chosen = cells.to_frame("cell").filter(missing_word(pl.col("cell"), kept))["cell"]
    return tuple(sorted(chosen.str.strip_chars().unique().to_list()))


def sheet_error(cell: pl.Expr) -> pl.Expr:
    """True where a spreadsheet wrote why it could not compute."""
    return cell.str.contains(_SHEET_ERRORS)


def garbled(cell: pl.Expr) -> pl.Expr:
    """True where letters were read in the wrong encoding before the file was saved."""
    return cell.str.contains(_GARBLED)


def diagnose(
    cells: pl.DataFrame, problem: Callable[[str, str, str], Violation], *, dates: bool
) -> list[Violation]:
    """Names the ways in which cells that can't be read are written.

    Args:
        cells: `_row`, `cell` (text) and `bad`, of every cell of a column that is not missing.
        problem: (rule, text, what to do) → a violation of the column, without rows.
        dates: The column holds days or years; else numbers.
    """
    forms = _DATE_FORMS if dates else _NUMBER_FORMS
    cells = cells.with_columns(form=_form_of(forms))
    found = []
    for rule in dict.fromkeys(form.rule for form in forms if form.rule):
        numbers = [i for i, form in enumerate(forms) if form.rule == rule]
        rows = cells.filter(pl.col("bad") & pl.col("form").is_in(numbers))
        if rows.height:
            told = "; ".join(f"{_count(rows, i):,} × {forms[i].label}" for i in numbers if _count(rows, i))
            todo = forms[int(rows["form"][0])].what_to_do
            found.append(_with_rows(problem(rule, f"no cell is written as {told}", todo), rows))
    if dates and (mixed := _mixed(cells, problem)):
        found.append(mixed)
    return found


def _mixed(cells: pl.DataFrame, problem: Callable[[str, str, str], Violation]) -> Violation | None:
    """Dates written in several ways in one column."""
    known = cells.filter(pl.col("form").is_not_null())
    counts = known.group_by("form").len().sort(["len", "form"], descending=[True, False])
    if counts.height < 2:
        return None
    told = "; ".join(f"{n:,} × {_DATE_FORMS[form].label}" for form, n in counts.iter_rows())
    most = counts["form"][0]
    todo = 'write every way in date_formats.COLUMN = ["…", "…"], or correct the cells in the source'
    return _with_rows(
        problem("mixed_date_formats", f"every date of a column is written in one way; found: {told}", todo),
        known.filter(pl.col("form") != most),
    )


def _form_of(forms: tuple[Form, ...]) -> pl.Expr:
    """Number of the first form that a cell has; missing: none of them."""
    text = pl.col("cell").str.strip_chars().str.to_lowercase()
    chain = [pl.when(text.str.contains(f"^(?:{form.pattern})$")).then(i) for i, form in enumerate(forms)]
    return pl.coalesce(chain)


def _count(rows: pl.DataFrame, form: int) -> int:
    return int((rows["form"] == form).sum())


def _with_rows(violation: Violation, rows: pl.DataFrame) -> Violation:
    first = rows["_row"].unique().sort().head(SHOWN_ROWS)
    return Violation(
        **(vars(violation) | {"count": rows.height, "first_rows": tuple(int(row) for row in first)})
    )
