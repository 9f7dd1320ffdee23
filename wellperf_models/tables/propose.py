"""`wellperf new`: a commented study file, proposed from the headers of a folder, every guess marked."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from wellperf_models.errors import StudyError
from wellperf_models.tables.guess import (
    Guess,
    Probe,
    find_column,
    guess_codes,
    guess_date_format,
    guess_reasons,
    guess_table,
    has_zero_durations,
    identifies,
    probe,
)
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.sources import FORMATS

_GUESS = "# guess"
_DATABASES = (".db", ".sqlite", ".sqlite3", ".duckdb", ".mdb", ".accdb")
_HOW_DATABASE = (
    'write query = "SELECT …" and address_env = "WELLPERF_DATABASE" in [tables.NAME] of a study file, and '
    "set that environment variable to the SQLAlchemy address (such as sqlite:////folder/file.db)"
)
_HOW_HEADER = "the first row looks like data: is there a header?"
_SLUG = re.compile(r"[^a-z0-9]+")


def write_proposal(target: Path, *, folder: Path | None = None, as_of: str | None = None) -> Path:
    """Writes `study.toml` into a folder.

    Args:
        target: Folder of the new study; made where it is missing.
        folder: Folder with the organisation's tables.
        as_of: Day of the extract, ISO; None: today, marked as a guess.

    Returns:
        The file.

    Raises:
        StudyError: There is a study already, the folder is missing, or `as_of` is no date.
    """
    file = target / "study.toml"
    if file.exists():
        raise StudyError(
            "There is a study file already.", where=str(file), remedy="choose another folder, or move it away"
        )
    day = None
    if as_of is not None:
        try:
            day = dt.date.fromisoformat(as_of)
        except ValueError:
            raise StudyError("as_of is no date.", expected="YYYY-MM-DD", got=repr(as_of)) from None
    text = propose_study(folder, target, as_of=day)
    target.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def propose_study(
    folder: Path | None,
    target_dir: Path,
    *,
    as_of: dt.date | None = None,
    name: str | None = None,
    seed: int = 1,
) -> str:
    """The text of a study file.

    Args:
        folder: Folder with the organisation's tables; None: an example without tables.
        target_dir: Where the study file will be; the data folder is written relative to it.
        as_of: Day of the extract; None: today, marked as a guess, never the latest date in the data.
        name: Name of the study; None: that of the folder.
        seed: The study's seed.

    Returns:
        TOML that `load_study` accepts. It holds headers and, of exit reasons only, the codes.

    Raises:
        StudyError: The folder is missing or holds nothing readable.
    """
    lines = list(_head(folder, target_dir, as_of, name, seed))
    if folder is None:
        return "\n".join([*lines, *_example()]) + "\n"
    if not folder.is_dir():
        raise StudyError("There is no such folder.", where=str(folder), remedy="check --from")
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    every = [found for path in files if (found := probe(path)) is not None]
    probes = [found for found in every if not found.headless]
    headless = {found.path for found in every if found.headless}
    if not probes:
        raise _nothing_read(folder, files, headless)
    claimed: dict[str, tuple[Probe, Guess]] = {}
    unknown: list[Probe] = []
    ranked = [(found, guess) for found in probes for guess in guess_table(found)]
    for found, guess in sorted(ranked, key=lambda pair: pair[1].score, reverse=True):
        claimed.setdefault(guess.table, (found, guess))
    unknown = [found for found in probes if not any(found is used for used, _ in claimed.values())]
    for table in SCHEMA:
        if table in claimed:
            lines += _table(*claimed[table], claimed)
    lines += _unused(unknown)
    read = {found.path for found in probes}
    for path in files:
        if path not in read:
            database = path.suffix.lower() in _DATABASES
            why = _HOW_HEADER if path in headless else f"a database: {_HOW_DATABASE}" if database else ""
            lines.append(f"\n# {_commented(path.name)}: not read{'; ' if why else ''}{why}")
    if "surveys" in claimed:
        lines += _measures(*claimed["surveys"])
    if "costs" in claimed:
        lines += [
            "",
            "[money]",
            f'reporting_currency = "EUR"   {_GUESS}; add a dated rate for every other one',
        ]
    lines += _turnover(claimed)
    return "\n".join(lines) + "\n"


def _nothing_read(folder: Path, files: list[Path], headless: set[Path]) -> StudyError:
    databases = any(path.suffix.lower() in _DATABASES for path in files)
    return StudyError(
        "The folder holds no table that can be read.",
        where=str(folder),
        expected="CSV, Parquet, Excel or Stata files with a header",
        got=f"{len(files)} files" + (f"; in {len(headless)} {_HOW_HEADER}" if headless else ""),
        remedy=_HOW_DATABASE if databases else None,
    )


def _head(
    folder: Path | None, target: Path, as_of: dt.date | None, name: str | None, seed: int
) -> Iterator[str]:
    slug = _SLUG.sub("-", (name or target.resolve().name).casefold()).strip("-")[:64] or "study"
    where = "." if folder is None else Path(os.path.relpath(folder, target)).as_posix()
    day = as_of or dt.date.today()
    note = "" if as_of else f"   {_GUESS}: today"
    yield "# A study: what is asked, of which tables, and how their columns map onto the declared ones."
    yield f"# Lines marked `{_GUESS}` were guessed from the headers: read each, mend it, remove the mark."
    yield "# `wellperf check` says what is still wrong; `wellperf dictionary` prints what is declared."
    yield ""
    yield "[study]"
    yield f"name = {_quoted(slug)}"
    yield f"title = {_quoted(name or slug)}"
    yield f"as_of = {day.isoformat()}   # day of the extract; who is still employed is censored then{note}"
    yield "# observed_from = 2020-01-01   # first day on which exits could be seen"
    yield f"seed = {seed}"
    yield "synthetic = false"
    yield f"data_dirs = [{_quoted(where)}]"


def _example() -> Iterator[str]:
    yield ""
    yield "# The smallest study: people and their exits. Remove the marks and name your file and headers."
    yield from (
        "# [tables.spells]",
        '# path = "exits.csv"',
        '# date_format = "%d.%m.%Y"',
        "# [tables.spells.columns]   # declared column = your header",
        '# employee_id = "EmployeeNumber"',
        '# start = "HireDate"',
        '# end = "ExitDate"',
        '# exit_reason = "Reason"',
        '# [tables.spells.values.exit_reason]   # your word = ours; "" means still employed',
        '# Resigned = "voluntary"',
    )
    yield ""
    yield f"# Declared tables: {', '.join(SCHEMA)}."


def _table(found: Probe, guess: Guess, claimed: dict[str, tuple[Probe, Guess]]) -> Iterator[str]:
    schema = SCHEMA[guess.table]
    yield ""
    yield f"[tables.{guess.table}]   {_GUESS}: {schema.grain}"
    yield f"path = {_quoted(found.path.name)}"
    for key, value in found.settings.items():
        yield f"{key} = {_quoted(value)}   {_GUESS}"
    date_format, misfits = guess_date_format(found, guess)
    if found.text and any(schema.by_name[n].type in ("date", "month") for n in guess.positions):
        note = f": {misfits} cells do not fit" if misfits else ""
        yield f"date_format = {_quoted(date_format)}   {_GUESS}{note}"
    yield from _sheets(found)
    if has_zero_durations(found, guess):
        yield f'zero_durations = "half_step"   {_GUESS}: tenure of 0 counts whole units, so half of one'
    if guess.row_id:
        yield f"row_id = true   {_GUESS}: no column looks like an id, so a row is a person"
    if found.ragged:
        yield f"# rows with another number of cells than the header: {found.ragged}; mend the file"
    again = found.cells.height - found.cells.n_unique()
    if again:
        yield f'# duplicates = "drop"   # {again} rows equal an earlier one: decide'
    yield from _columns(found, guess)
    yield from _units(found, guess)
    yield from _reasons(found, guess)
    yield from _codes(found, guess)
    yield from _others(found, guess, claimed)


def _sheets(found: Probe) -> Iterator[str]:
    """The sheets of a workbook that are not read."""
    if FORMATS.get(found.path.suffix.lower()) != "excel":
        return
    import fastexcel

    if others := fastexcel.read_excel(found.path).sheet_names[1:]:
        yield f"# the first sheet is read; others are: {_commented(', '.join(others))}; name one with sheet ="


def _columns(found: Probe, guess: Guess) -> Iterator[str]:
    if not guess.positions:
        return
    yield ""
    yield f"[tables.{guess.table}.columns]   # declared column = their header"
    for name, position in guess.positions.items():
        mark = "" if found.header[position] == name else f"   {_GUESS}"
        yield f"{name} = {_quoted(_header_name(found.header, position))}{mark}"


def _header_name(header: tuple[str, ...], position: int) -> str:
    """The header; with its number where several columns have it."""
    name = header[position]
    if header.count(name) == 1:
        return name
    return f"{name}[{header[: position + 1].count(name)}]"


def _units(found: Probe, guess: Guess) -> Iterator[str]:
    position = guess.positions.get("duration_months")
    if position is None:
        return
    header = found.header[position].casefold()
    unit = next((unit for unit in ("year", "week", "day") if unit in header), "month")
    yield ""
    yield f"[tables.{guess.table}.units]"
    yield f'duration_months = "{unit}s"   {_GUESS}: days, weeks, months or years'


def _reasons(found: Probe, guess: Guess) -> Iterator[str]:
    position = guess.positions.get("exit_reason")
    if position is None:
        return
    reasons = guess_reasons(found, position)
    if reasons == {}:
        return
    yield ""
    yield f'[tables.{guess.table}.values.exit_reason]   # voluntary, involuntary, other, permanent_job or ""'
    if reasons is None:
        yield "# too many different texts to be codes: list each with its meaning"
        return
    for code, meaning in reasons.items():
        yield f"{_quoted(code)} = {_quoted(meaning)}   {_GUESS}"


def _codes(found: Probe, guess: Guess) -> Iterator[str]:
    for name, position in guess.positions.items():
        column = SCHEMA[guess.table].by_name[name]
        codes = guess_codes(found, column, position) if name != "exit_reason" else {}
        if codes:
            yield ""
            yield f'[tables.{guess.table}.values.{name}]   # {", ".join(column.allowed)} or ""'
            yield from (f"{_quoted(code)} = {_quoted(word)}   {_GUESS}" for code, word in codes.items())


def _others(found: Probe, guess: Guess, claimed: dict[str, tuple[Probe, Guess]]) -> Iterator[str]:
    """Headers that no table of this file takes."""
    used = {i for other, g in claimed.values() if other is found for i in g.positions.values()}
    left = [i for i in range(len(found.header)) if i not in used]
    mates = [g.table for other, g in claimed.values() if other is found]
    if not left or (guess.table != "people" and "people" in mates):
        return
    left_out = [found.header[i] for i in left if identifies(found.header[i])]
    left = [i for i in left if not identifies(found.header[i])]
    names: set[str] = set(SCHEMA[guess.table].names)
    department = _department(claimed) if guess.table == "people" else None
    yield ""
    if left_out:
        yield f"# left out: identifies people: {_commented(', '.join(left_out))}"
    if department is not None:
        yield f"[tables.{guess.table}.attributes]"
        yield f"department = {_quoted(_header_name(found.header, department))}   {_GUESS}: see group_by"
        left.remove(department)
        names.add("department")
    if left:
        yield "# not matched; to carry a column along, remove its mark (and that of the section):"
        if department is None:
            yield f"# [tables.{guess.table}.attributes]"
    for i in left:
        slug = _SLUG.sub("_", found.header[i].casefold()).strip("_") or "column"
        slug = slug if slug[0].isalpha() else f"c_{slug}"
        slug = slug[:60] if slug[:60] not in names else f"{slug[:56]}_{i}"
        names.add(slug)
        yield f"# {slug} = {_quoted(_header_name(found.header, i))}"


def _department(claimed: dict[str, tuple[Probe, Guess]]) -> int | None:
    """Position of the department in a flat extract of people and exits; None: none, or assignments say it."""
    if "people" not in claimed or "spells" not in claimed or "assignments" in claimed:
        return None
    found, _ = claimed["people"]
    used = {i for other, g in claimed.values() if other is found for i in g.positions.values()}
    return find_column(found, "department", used)


def _unused(probes: list[Probe]) -> Iterator[str]:
    for found in probes:
        yield ""
        yield f"# {_commented(found.path.name)}: no declared table fits; its headers are:"
        yield f"#   {_commented(', '.join(found.header))}"


def _measures(found: Probe, guess: Guess) -> Iterator[str]:
    """Every scale needs a declared range: the smallest and largest whole number seen are no such thing."""
    for name in sorted(found.cells[f"c{guess.positions['measure']}"].drop_nulls().unique().to_list()):
        slug = _SLUG.sub("_", name.casefold()).strip("_")
        if slug != name:
            yield f"# the scale {_commented(name)} needs a name of small letters: map it in values.measure"
            continue
        yield ""
        yield f"[measures.{name}]   {_GUESS}: write the range of the instrument"
        yield "low = 0"
        yield "high = 10"
        yield 'higher_is = "neither"   # worse, better or neither'


def _turnover(claimed: dict[str, tuple[Probe, Guess]]) -> Iterator[str]:
    if "spells" not in claimed:
        return
    found, guess = claimed["spells"]
    position = guess.positions.get("exit_reason")
    reasons = guess_reasons(found, position) if position is not None else {}
    if reasons == {} and position is not None:
        reasons = {code: code for code in found.cells[f"c{position}"].drop_nulls().unique().to_list()}
    order = SCHEMA["spells"].by_name["exit_reason"].allowed
    causes = [cause for cause in order if cause in set((reasons or {}).values())]
    yield ""
    yield "[turnover]"
    if causes:
        yield f"causes = {_quoted(causes)}   # the first is the one modelled"
    yield "horizons_months = [12, 24]"
    if _department(claimed) is not None:
        yield f'group_by = "department"   {_GUESS}'


def _quoted(value: object) -> str:
    """A TOML value: JSON's strings and lists are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _commented(text: str) -> str:
    """Text that can't end its comment."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)
