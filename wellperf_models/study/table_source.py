"""`[tables.NAME]`: where a table is and how its columns and values map onto the declared ones."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from wellperf_models.study.base import Section

Unit = Literal["days", "weeks", "months", "years", "minutes", "hours", "fraction", "percent"]
PartOfPeriod = Literal["first", "middle", "last"]


def _several(given: object) -> object:
    """One format stands for a list of one."""
    return (given,) if isinstance(given, str) else given


DateFormats = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_several)]


class Wide(Section):
    """Turns columns into rows: `columns` maps their header to the name it stands for.

    A missing cell is a row with a missing value where the declared column may miss one (`outcomes.value`:
    assigned, but not measured), and no row where it is required (`surveys.value`).

    Attributes:
        name: Declared column that takes the names (e.g. `measure`).
        value: Declared column that takes the values (e.g. `value`).
        columns: Their header → name. In `surveys`, "mbi_gs/1" is item 1 under the name mbi_gs.
        beside: Declared column → {name → their header}: what stands in another column of the same row for
            each name, such as the weight of each outcome. A name left out takes the column's default.
    """

    # headers and cells are compared as they stand: blanks at their ends count
    model_config = ConfigDict(str_strip_whitespace=False)

    name: str
    value: str
    columns: Annotated[dict[str, str], Field(min_length=1)]
    beside: dict[str, dict[str, str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _beside_names(self) -> Self:
        known = set(self.columns.values())
        for column, headers in self.beside.items():
            if unknown := sorted(set(headers) - known):
                raise ValueError(f"beside.{column} names {unknown[0]!r}, which wide.columns does not make")
        return self


class TableSource(Section):
    """`[tables.NAME]`.

    Attributes:
        part_of: The declared table this is a part of, where a table comes in several files; NAME is then a
            name of your choice. Rows numbered by `row_id` are other units in each part ("NAME:1", …).
        path: File below one of the study's `data_dirs`. Exactly one of `path` and `query`.
        query: SQL, run on the database whose SQLAlchemy address is in the environment variable
            `address_env`; the address is never written in a study file.
        format: Guessed from the ending where left out.
        encoding, separator, decimal, thousands, date_format, sheet: How the file is written.
        null_values: Cells that mean "missing", in every column.
        column_nulls: Declared column or attribute → cells that mean "missing" in it alone.
        row_id: True numbers the rows of the file (from 1) as `employee_id`, for data without ids.
        row_number: Declared column of text (such as `wave` of surveys) that takes the number of the row of
            the file (from 1), where every row is an occasion of its own and nothing names it. It makes no
            order: rows may stand in any.
        duplicates: What to do with rows equal in every column of the file: refuse them, drop all but the
            first (counted in every report), or keep them as different units (data without ids, where two
            people may well be alike).
        zero_durations: What a tenure of 0 in `duration_months` stands for, where the source counts whole
            years or months: "refuse" it, or "half_step", half the smallest positive duration of the table,
            the usual continuity correction for tenure counted in whole units (counted in every report).
        ragged_rows: Rows with another number of cells than the header: "refuse" them, or "drop" them (counted
            in every report).
        edge_blanks: Blanks before and after a text: "refuse" them, or "trim" them (counted).
        drop_missing: Declared columns without which a row is of no use: rows in which one of them is missing
            are dropped (counted). A missing value is never invented.
        not_missing: Words such as "NA" that are a value here and not a missing one.
        twins: Texts that differ only in case, leading zeros or in signs that look alike ("E7" and "e7"):
            "refuse" them as one thing written in two ways, or "keep" them apart (counted).
        date_formats: Declared column → the ways its dates are written, tried in turn; instead of
            `date_format`. `"excel-1900"` and `"excel-1904"` are the day numbers of spreadsheets. A column of
            years takes the year of such a date, and keeps nothing else of it (counted).
        two_digit_years_until: The last year that two digits may stand for: 2005 reads them as 1906 to 2005.
        partial_dates: Declared column → the day that a date without a day, or without a month, stands for:
            the "first", "middle" or "last" of its month or year (counted). Left out, a month stands for its
            first day, and a year alone is refused.
        columns: Declared column → their header. `"header[2]"` is the second column of that name.
        values: Declared column → {their value → declared value}; "" means missing.
        units: Declared column → the unit their numbers are in; converted to the declared one.
        constants: Declared column → a value for every row.
        wide: Turns several of their columns into rows.
        attributes: Extra columns to carry along (name → their header); used by `[covariates]` and groups.
    """

    # a tab is a separator, and "M " is another cell than "M"
    model_config = ConfigDict(str_strip_whitespace=False)

    part_of: str | None = None
    path: str | None = None
    query: str | None = None
    address_env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] = "WELLPERF_DATABASE"
    format: Literal["csv", "parquet", "excel", "stata", "sql"] | None = None
    encoding: str = "utf-8"
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    date_format: str = "%Y-%m-%d"
    sheet: str | None = None
    null_values: tuple[str, ...] = ("",)
    column_nulls: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    row_id: bool = False
    row_number: str | None = None
    duplicates: Literal["refuse", "drop", "keep"] = "refuse"
    zero_durations: Literal["refuse", "half_step"] = "refuse"
    ragged_rows: Literal["refuse", "drop"] = "refuse"
    edge_blanks: Literal["refuse", "trim"] = "refuse"
    drop_missing: tuple[str, ...] = ()
    not_missing: tuple[str, ...] = ()
    twins: Literal["refuse", "keep"] = "refuse"
    date_formats: dict[str, DateFormats] = Field(default_factory=dict)
    two_digit_years_until: Annotated[int, Field(ge=1950, le=2150)] | None = None
    partial_dates: dict[str, PartOfPeriod] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    units: dict[str, Unit] = Field(default_factory=dict)
    constants: dict[str, str | int | float | bool] = Field(default_factory=dict)
    wide: Wide | None = None
    attributes: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.query is None):
            raise ValueError("give exactly one of path (a file) and query (SQL)")
        if self.thousands and self.thousands == self.decimal:
            raise ValueError("thousands and decimal can't be the same character")
        if both := set(self.null_values) & set(self.not_missing):
            raise ValueError(f"null_values and not_missing both name {len(both)} of the same words")
        return self

    def formats_of(self, column: str) -> tuple[str, ...]:
        """The ways the dates of a declared column are written."""
        return self.date_formats.get(column, (self.date_format,))
