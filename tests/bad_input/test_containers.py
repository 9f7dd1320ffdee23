"""Bad containers: damaged, cut off, or built to unpack to more than a machine holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.case import SECRET, SOURCE, WORKLOAD, Bad, Good, accept, attribute, judge, people, spells
from tests.bad_input.made import ROWS, damaged, excel_bomb, parquet, workbook
from tests.tables.folder import SPELLS

OUTCOMES = '[tables.outcomes]\npath = "spells.csv"\n'
BOOK = '[tables.spells]\npath = "s.xlsx"\n'
TYPED = '[tables.spells]\npath = "s.parquet"\n'
MANY = parquet(employee_id=[str(i) for i in range(5000)], start=["2020-01-01"] * 5000, dates="start")
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
CORNER = b'<c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c>'


CASES = (
    Bad(name="no file", rule="missing_file", sections=SOURCE.replace("spells.csv", "gone.csv")),
    Bad(name="unknown ending", rule="unknown_format", sections=SOURCE.replace("spells.csv", "study.toml")),
    Bad(name="not parquet", rule="unreadable", sections=SOURCE + 'format = "parquet"\n'),
    Bad(name="not excel", rule="unreadable", sections=SOURCE + 'format = "excel"\n'),
    Bad(name="not stata", rule="unreadable", sections=SOURCE + 'format = "stata"\n'),
    Bad(name="empty file", rule="empty_table", content=b""),
    Bad(name="header only", rule="empty_table", content="employee_id,start\n"),
    Bad(name="row too long", rule="ragged_rows", content=spells("3,2020-01-01,,,5\n"), rows=(3,)),
    Bad(name="row too short", rule="ragged_rows", content=spells("3,2020-01-01\n"), rows=(3,)),
    Bad(name="stray quote", rule="unreadable", content=spells('3,2020-01-01,"2021-01-01"x,other\n')),
    Bad(name="empty row", rule="empty_row", content=spells(",,,\n3,2020-01-01,,\n"), rows=(3,)),
    Bad(name="absolute path", rule="outside_data_dirs", sections=SOURCE.replace("spells.csv", "/etc/passwd")
        + 'format = "csv"\n'),
    Bad(name="path that climbs out", rule="outside_data_dirs",
        sections=SOURCE.replace("spells.csv", "../x.csv")),
    Bad(name="query that writes", rule="query_reads_only",
        sections='[tables.spells]\nquery = "drop table spells"\naddress_env = "WELLPERF_TEST_DB"\n'),
    Bad(name="file of a part missing", rule="missing_file",
        sections=SOURCE + '[tables.more]\npart_of = "spells"\npath = "more.csv"\n'),
    Bad(name="no database address", rule="database_address",
        sections='[tables.spells]\nquery = "select 1"\naddress_env = "WELLPERF_TEST_UNSET"\n'),
    Bad(name="database that is not there", rule="database",
        sections='[tables.spells]\nquery = "select 1"\naddress_env = "WELLPERF_TEST_DB"\n'),
    Bad(name="workbook that unpacks to gigabytes", rule="archive_too_large", sections=BOOK,
        files={"s_xlsx": excel_bomb()}),
    Bad(name="workbook of thousands of parts", rule="archive_too_large", sections=BOOK,
        files={"s_xlsx": workbook(ROWS, parts=6000)}),
    Bad(name="workbook with XML entities", rule="xml_entities", sections=BOOK,
        files={"s_xlsx": workbook(ROWS, before=ENTITIES)}),
    Bad(name="workbook with a cell in its last corner", rule="hollow_sheet", sections=BOOK,
        files={"s_xlsx": workbook(ROWS + b'<row r="1048576">' + CORNER + b"</row>")}),
    Bad(name="truncated workbook", rule="unreadable", sections=BOOK, files={"s_xlsx": workbook(ROWS)[:-60]}),
    Bad(name="damaged workbook", rule="unreadable", sections=BOOK, files={"s_xlsx": damaged(workbook(ROWS))}),
    Bad(name="truncated Parquet", rule="unreadable", sections=TYPED,
        files={"s_parquet": MANY[: len(MANY) // 2]}),
    Bad(name="Parquet without its first bytes", rule="unreadable", sections=TYPED,
        files={"s_parquet": MANY[8:]}),
    Bad(name="Parquet of no bytes", rule="unreadable", sections=TYPED, files={"s_parquet": b""}),
    Bad(name="Parquet of no rows", rule="empty_table", sections=TYPED,
        files={"s_parquet": parquet(employee_id=[""], start=["2020-01-01"], dates="start", rows=0)}),
    Bad(name="huge row", rule="huge_row", content=spells("3,2020-01-01,," + "x" * 1_100_000 + "\n"),
        rows=(3,)),
    Bad(name="very long cell", rule="long_cell", sections=attribute(), rows=(2,),
        content=people("dept", "a", SECRET + "x" * 40_000)),
    Bad(name="very long cell of many lines", rule="long_cell", sections=attribute(), rows=(2,),
        content=people("dept", "a", '"' + "line\n" * 8_000 + '"')),
    Bad(name="too many columns", rule="too_many_columns", content=",".join(f"c{i}" for i in range(6_000))
        + "\n"),
    Bad(name="quote that is never closed", rule="unreadable",
        content=spells('3,2020-01-01,,"other\n4,2020-01-01,,\n')),
    Bad(name="lines inside a cell", rule="line_breaks_in_cells", says="note",
        content='employee_id,start,comment\n1,2020-01-01,"a\nb"\n2,2020-01-01,c\n'),
    Bad(name="file cut off in a row", rule="ragged_rows", content=spells("3,2020-0"), rows=(3,)),
    Bad(name="rows out of shape, dropped", rule="ragged_rows", says="note", content=spells("3,2020-01-01\n"),
        sections=SOURCE + 'ragged_rows = "drop"\n'),
    Bad(name="most rows out of shape", rule="ragged_rows", content=spells("3,x\n4,x\n5,x\n"), rows=(3, 4, 5),
        sections=SOURCE + 'ragged_rows = "drop"\n'),
    Bad(name="rows without an id, dropped", rule="drop_missing", says="note",
        content=spells(",2020-01-01,,\n"),
        sections=SOURCE + 'drop_missing = ["employee_id"]\n'),
    Bad(name="hours in a workbook of text", rule="parses_as_number", rows=(1,),
        sections=WORKLOAD.replace("spells.csv", "s.xlsx"), files={"s_xlsx": workbook(ROWS.replace(b"start",
        b"period")
        .replace(b"exit_reason", b"hours").replace(b"voluntary", SECRET.encode()))}),
)  # fmt: skip

TWINS = (
    Good(name="workbook", sections=BOOK, files={"s_xlsx": workbook(ROWS)}),
    Good(name="Parquet", sections=TYPED, files={"s_parquet": MANY}),
    Good(name="old line ends", content=SPELLS.replace("\n", "\r"), not_said="line_breaks_in_cells"),
    Good(name="long file of short rows", content="employee_id,start\n"
         + "".join(f"{i},2020-01-01\n" for i in range(20_000))),
)  # fmt: skip


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_containers(bad: Bad, tmp_path: Path) -> None:
    judge(bad, tmp_path)


@pytest.mark.parametrize("good", TWINS, ids=lambda good: good.name)
def test_twins_pass(good: Good, tmp_path: Path) -> None:
    accept(good, tmp_path)
