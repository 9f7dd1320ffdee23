"""A table that is a SQL query: one statement that reads, run so that it can't write."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from wellperf_models.study import TableSource
from wellperf_models.tables.sources import Raw, digest_frame, file_problem, numbered
from wellperf_models.tables.violation import Refused, Violation

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

# quoted text and names, then comments: none of their words is a statement
_QUOTED_OR_COMMENT = re.compile(
    r"""(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)|--(?=\s|$)[^\n]*|/\*(?P<inner>.*?)\*/""",
    re.DOTALL,
)
# what some databases take for the end of a quote or comment and others do not: a statement could hide there
_AMBIGUOUS = re.compile(
    r"""['"`#]|--|/\*|\*/|\$\w*\$|\[[^\]]*(?:['"`;\x00]|--)""",
)
_READS = re.compile(r"\s*\(*\s*(?:select|with)\b", re.IGNORECASE)
# WITH may lead to the first five; SQL Server needs no semicolon before the others
_WRITES = re.compile(
    r"\b(?:insert|update|delete|merge|into|drop|alter|create|truncate|grant|revoke|exec|execute)\b",
    re.IGNORECASE,
)
# in the words of each dialect; other databases rely on the statement alone and on the rollback
_READ_ONLY = {
    "sqlite": "PRAGMA query_only=ON",
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


def open_query(table: str, source: TableSource) -> Raw:
    """Runs the query of a table.

    Args:
        table: Name of the table, for messages.
        source: Its query, and the environment variable that holds the database's address.

    Returns:
        The result, typed as the database gives it.

    Raises:
        Refused: The query is not one statement that reads, or it did not run. Nothing was written.
    """
    query = source.query or ""
    if why := why_not_reading(query):
        raise Refused(
            file_problem(
                table,
                "query_reads_only",
                f"one statement that starts with SELECT or WITH and changes nothing: {why}",
                f"correct the query of [tables.{table}]; put what needs more into a view of the database",
            )
        )
    address = os.environ.get(source.address_env)
    if not address:
        raise Refused(
            file_problem(
                table,
                "database_address",
                f"the environment variable {source.address_env} is not set",
                "set it to the SQLAlchemy address of the database; it is never written in a study file",
            )
        )
    header, rows = _run(table, source, query, address)
    frame = pl.DataFrame([_series(f"c{i}", [row[i] for row in rows]) for i in range(len(header))])
    return Raw(frame=numbered(frame, header), header=header, form="sql", digest=digest_frame(frame))


def why_not_reading(query: str) -> str:
    """Why a query might do more than read; "" where it can't.

    What databases read differently (a backslash before a quote, nested comments) counts against the query.
    """
    if re.search(r"\\['\"`]", query):
        return "a backslash stands before a quote"
    bare: list[str] = []
    end = 0
    for match in _QUOTED_OR_COMMENT.finditer(query):
        inner = match["inner"]
        if inner is not None and ("/*" in inner or inner[:1] in ("!", "+") or inner[:2] == "M!"):
            return "a comment is nested, or is one that databases execute"
        # marked, because a quote inside [brackets] is a quote to some databases only
        bare += (query[end : match.start()], " \x00 " if match["quoted"] else " ")
        end = match.end()
    text = "".join([*bare, query[end:]])
    if not _READS.match(text):
        return "it starts with another word"
    if ";" in text.strip().rstrip(";"):
        return "it holds a second statement"
    if _AMBIGUOUS.search(text):
        return "it holds a quote without its end, or a comment not written as /* … */ or as -- and a blank"
    if _WRITES.search(text):
        return "it holds a word that writes; quote it where it names a column"
    return ""


def _run(table: str, source: TableSource, query: str, address: str) -> tuple[tuple[str, ...], list[Any]]:
    import sqlalchemy as sa

    engine = url = None
    try:
        url = sa.make_url(address)
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            try:
                _forbid_writing(connection)
                result = connection.execute(sa.text(query))
                header = tuple(str(name) for name in result.keys())  # noqa: SIM118 (a result is no dict)
                return header, list(result.fetchall())
            finally:
                connection.rollback()
    except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
        raise Refused(_no_driver(table, source, error, url)) from None
    except Exception as error:  # drivers' errors are of every kind
        raise Refused(
            file_problem(
                table,
                "database",
                f"the query did not run ({type(error).__name__}){_hidden(error, engine)}",
                f"run the query of [tables.{table}] in a database client; check {source.address_env}",
            )
        ) from None
    finally:
        if engine is not None:
            engine.dispose()


def _forbid_writing(connection: Connection) -> None:
    statement = _READ_ONLY.get(connection.dialect.name)
    if statement is not None:
        connection.exec_driver_sql(statement)


def _no_driver(table: str, source: TableSource, error: Exception, url: URL | None) -> Violation:
    """Names the dialect and the missing module; nothing else of the address."""
    dialect = url.get_backend_name() if url is not None else "this"
    module = getattr(error, "name", None)
    package = f" (Python module {module})" if module else ""
    return file_problem(
        table,
        "database_driver",
        f"the driver of a {dialect} database is not installed",
        f"install the database driver{package}, or name an installed one in {source.address_env}",
    )


def _series(name: str, values: list[Any]) -> pl.Series:
    """A typed column; text where the database gives mixed types (SQLite does)."""
    try:
        series = pl.Series(name, values, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
    if isinstance(series.dtype, pl.Null):
        return series.cast(pl.String)
    return series.cast(pl.Float64) if isinstance(series.dtype, pl.Decimal) else series


def _hidden(error: Exception, engine: Engine | None) -> str:
    """The database's own words, without any part of its address."""
    import sqlalchemy.exc

    # only errors about names and connections: a data error would quote a cell
    if (
        not isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.ProgrammingError)
        or engine is None
    ):
        return ""
    original = error.orig
    text = str(original).splitlines()[0] if str(original) else ""
    url = engine.url
    for part in (url.password, url.host, url.username, url.database):
        if part:
            text = text.replace(str(part), "…")
    return f": {text}" if text else ""
