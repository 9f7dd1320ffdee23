"""A query reads and nothing else."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.tables.folder import write_study
from wellperf_models.tables import check_study
from wellperf_models.tables.database import _forbid_writing, why_not_reading

WRITES = (
    "drop table t",
    "DELETE FROM t",
    "insert into t values (9)",
    "WITH x AS (select 1) DELETE FROM t",
    "with x as (select 1) insert into t select * from x",
    "select 1; drop table t",
    "select 1 drop table t",
    "/* select */ drop table t",
    "-- select\ndrop table t",
    "--select 1\n drop table t",
    "select 1 /*! ; drop table t */",
    "select 1 /* /* */ ' */ ; drop table t -- '",
    "select 'a\\'' ; drop table t; -- '",
    "select 1 --don't\n; drop table t --'",
    "select 1 # '\n; drop table t #'",
    "select $$ ' $$; drop table t; select $$ ' $$",
    "select [it's] ; drop table t --']",
    "select 'open ; drop table t",
    "select * into u from t",
    "pragma writable_schema=1",
    "attach 'x.db' as x",
    "",
    "selection",
)


@pytest.mark.parametrize("query", WRITES)
def test_what_might_write_is_refused(query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not_reading(query)
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (employee_id text)")
    connection.execute("insert into t values ('1')")
    connection.commit()
    monkeypatch.setenv("TEST_DB", f"sqlite:///{path}")
    sections = f'[tables.spells]\nquery = {json.dumps(query)}\naddress_env = "TEST_DB"\n'
    found = check_study(write_study(tmp_path, sections)).violations
    assert [v.rule for v in found] == ["query_reads_only"]
    assert connection.execute("select * from t").fetchall() == [("1",)]
    connection.close()


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        " -- people; and exits\nSELECT * FROM t;  ",
        "/* drop table t; */ with x as (select 1) select * from x",
        "(select 1) union (select 2)",
        "select 'it''s; drop table t' as note, \"update\", replace(a, 'x', ''), created_at from t",
    ],
)
def test_what_reads_is_run(query: str) -> None:
    assert why_not_reading(query) == ""


def test_the_connection_itself_can_not_write() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql("create table t (a)")
        _forbid_writing(connection)
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            connection.exec_driver_sql("insert into t values (1)")


@pytest.mark.parametrize("dialect", ["postgresql+psycopgabsent", "nosuchbase", "oracle+oracledbabsent"])
def test_a_missing_driver_is_named_without_the_address(
    dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_DB", f"{dialect}://Zuser:Zpassword@Zhost/Zbase")
    study = write_study(tmp_path, '[tables.spells]\nquery = "select 1"\naddress_env = "TEST_DB"\n')
    report = check_study(study)
    assert [v.rule for v in report.violations] == ["database_driver"]
    assert "install the database driver" in str(report)
    assert f"driver of a {dialect.split('+')[0]} database" in str(report)
    assert not any(word in str(report) for word in ("Zuser", "Zpassword", "Zhost", "Zbase"))
