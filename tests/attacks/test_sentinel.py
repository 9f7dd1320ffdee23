"""One person's values are in no byte of a pack, of the logs, or of what the command prints."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.attacks.conftest import NOTEBOOKS
from tests.attacks.search import number_needles, search_bytes, search_folder, text_needles
from tests.attacks.sentinel import BIRTH_YEAR, DEPARTMENT, PERSON, needles
from wellperf_models.tables.pseudonymise import pseudonym


def test_the_sentinel_is_in_the_data(sentinel_run: Path) -> None:
    """Else nothing would be proved: every value is in the study's tables."""
    folder = sentinel_run / "study"
    rows = [pl.read_parquet(p).write_csv().encode() for p in folder.glob("*.parquet")]
    found = search_bytes([p.read_bytes() for p in folder.glob("*.csv")] + rows, needles())
    # the months between two days are not in a table; the gate is to keep them
    assert found == set(needles()) - {"months employed"}


def test_no_value_is_in_the_pack(sentinel_run: Path) -> None:
    assert len(list((sentinel_run / "pack").rglob("*.html"))) >= 4
    assert search_folder(sentinel_run / "pack", needles()) == []


def test_no_value_is_printed_or_logged(sentinel_run: Path) -> None:
    logs = [*(sentinel_run / "work").glob("*.log"), *(sentinel_run / "work").glob("*.outcome.json")]
    assert len(logs) >= len(NOTEBOOKS)
    assert search_bytes([p.read_bytes() for p in logs], needles()) == set()
    assert search_folder(sentinel_run / "printed", needles()) == []


def test_a_department_of_one_is_not_described(sentinel_run: Path) -> None:
    """Its name may stand where a row is kept back; no number does."""
    text = (sentinel_run / "pack" / "results.json").read_text(encoding="utf-8")
    for answer in json.loads(text)["evidence"]:
        assert all(curve["group"] != DEPARTMENT for curve in answer["curves"])
        assert DEPARTMENT not in answer["answer"]
        for table in answer["tables"]:
            for row in table["rows"]:
                if any(DEPARTMENT in key for key in row["key"]):
                    assert set(row["values"]) == {None}


def test_the_birth_year_is_no_number_of_the_pack(sentinel_run: Path) -> None:
    numbers: set[float] = set()

    def walk(part: object) -> None:
        if isinstance(part, dict | list):
            for item in part.values() if isinstance(part, dict) else part:
                walk(item)
        elif isinstance(part, int | float):
            numbers.add(float(part))

    walk(json.loads((sentinel_run / "pack" / "results.json").read_text(encoding="utf-8")))
    assert BIRTH_YEAR not in numbers


def test_key_ledger_and_pseudonyms_stay_with_the_study(sentinel_run: Path) -> None:
    secret = sentinel_run / "study" / ".wellperf"
    private = {p for p in secret.rglob("*") if p.is_file()}
    assert {"key"} <= {p.name for p in private}
    key = (secret / "key").read_bytes()
    inside = {"key": [key, key.hex().encode()], "pseudonym": text_needles(pseudonym(key, PERSON))}
    assert search_folder(sentinel_run / "pack", inside) == []
    assert not [p for p in (sentinel_run / "pack").rglob("*") if p.name in {q.name for q in private}]


def _zip(value: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<t>{value}</t>")
    return buffer.getvalue()


def _png(value: str) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    body = b"Comment\0\0" + zlib.compress(value.encode())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13) + chunk(b"zTXt", body) + chunk(b"IEND", b"")


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda v: f"a {v} b".encode(),
    "json": lambda v: json.dumps({"a": v}).encode(),
    "json in json": lambda v: json.dumps(json.dumps({"a": v})).encode(),
    "html entities": lambda v: html.escape(v).encode("ascii", "xmlcharrefreplace"),
    "url": lambda v: urllib.parse.quote(v).encode(),
    "base64": lambda v: b'src="data:x;base64,' + base64.b64encode(b"xyz" + v.encode() + b"1234") + b'"',
    "base64 of much": lambda v: b"x " + base64.b64encode(b"\0" * 900 + v.encode() + b"1234") + b" y",
    "base64 in lines": lambda v: base64.encodebytes(b"q" * 500 + v.encode() + b"12" * 30),
    "base64 in json": lambda v: json.dumps(
        {"image/png": base64.encodebytes(b"q" * 500 + v.encode()).decode()}
    ).encode(),
    "base64 for urls": lambda v: base64.urlsafe_b64encode(b"\xff\xfe\xfd?>" + v.encode()),
    "hex": lambda v: b"id " + v.encode().hex().encode() + b" .",
    "HEX": lambda v: v.encode().hex().upper().encode(),
    "utf-16": lambda v: v.encode("utf-16"),
    "gzip": lambda v: gzip.compress(v.encode()),
    "pdf": lambda v: b"%PDF-1.7\nstream\n" + zlib.compress(v.encode()) + b"\nendstream",
    "xlsx": _zip,
    "picture": _png,
    "picture in a page": lambda v: b'<img src="data:image/png;base64,' + base64.b64encode(_png(v)) + b'">',
}


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_the_search_finds_a_planted_value(encoding: str) -> None:
    content = ENCODINGS[encoding](PERSON)
    assert search_bytes([content], {"id": text_needles(PERSON)}) == {"id"}
    assert search_bytes([ENCODINGS[encoding]("ZQX-7732-Nobody")], {"id": text_needles(PERSON)}) == set()


@pytest.mark.parametrize(
    "text",
    [
        "734218.5531",
        "734218.55",
        "734,218.55",
        "734\N{NARROW NO-BREAK SPACE}218,55",
        "7.342186e+05",
        "734218,5531",
    ],
)
def test_the_search_finds_a_planted_number(text: str) -> None:
    assert search_bytes([text.encode()], {"pay": number_needles(734218.5531)}) == {"pay"}
    assert search_bytes([b"744218.5531 834219"], {"pay": number_needles(734218.5531)}) == set()
