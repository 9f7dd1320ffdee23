"""Public data: downloaded only by `fetch`, kept only with the published hash; local copies are left alone."""

from __future__ import annotations

import hashlib
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import wellperf_models as wp
from wellperf_models import datasets
from wellperf_models.errors import TablesError

FILES = {"claims.csv": b"treat,spend\n1,2\n", "marathon.csv": b"treat,ran\n0,1\n"}


class _Counting(http.server.SimpleHTTPRequestHandler):
    """Serves a folder of this machine, and notes what is asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A web server on this machine that holds a dataset of two files; what it was asked for."""
    site = tmp_path / "site"
    site.mkdir()
    for name, content in FILES.items():
        (site / name).write_bytes(content)
    paths: list[str] = []
    handler = type("Handler", (_Counting,), {"asked": paths})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    files = tuple(
        datasets.File(
            name=name,
            url=f"http://127.0.0.1:{server.server_port}/{name}",
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for name, content in FILES.items()
    )
    known = replace(datasets.available()[0], name="trial", files=files)
    monkeypatch.setattr(datasets, "_DATASETS", (known,))
    monkeypatch.delenv("WELLPERF_DATA_DIR", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    yield paths
    server.shutdown()
    server.server_close()


def test_what_is_known_of_illinois() -> None:
    (illinois,) = datasets.available()
    assert illinois.name == "illinois"
    assert illinois.licence == "CC0"
    assert "d94e43c" in illinois.source
    assert "re-identify" in illinois.note
    assert [file.name for file in illinois.files] == [
        "claims.csv", "firm_admin.csv", "online_surveys.csv", "participation.csv", "marathon.csv",
    ]  # fmt: skip
    for file in illinois.files:
        assert file.url == f"https://reifjulian.github.io/illinois-wellness-data/data/csv/{file.name}"
        assert len(file.sha256) == 64
        assert set(file.sha256) <= set("0123456789abcdef")
    assert len({file.sha256 for file in illinois.files}) == 5
    assert "CC0" in repr(illinois)
    assert wp.datasets is datasets


def test_fetch_downloads_once(asked: list[str], tmp_path: Path) -> None:
    folder = datasets.fetch("trial", tmp_path / "data")
    assert folder == tmp_path / "data" / "trial"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert asked == ["/claims.csv", "/marathon.csv"]
    datasets.fetch("trial", tmp_path / "data")
    assert len(asked) == 2
    (folder / "marathon.csv").unlink()
    datasets.fetch("trial", tmp_path / "data")
    assert asked[2:] == ["/marathon.csv"]
    assert all(file.published for file in datasets.local_sha256("trial", tmp_path / "data"))


def test_a_file_of_another_hash_is_not_kept(asked: list[str], tmp_path: Path) -> None:
    changed = b"treat,spend\n1,3\n"
    (tmp_path / "site" / "claims.csv").write_bytes(changed)
    with pytest.raises(TablesError) as caught:
        datasets.fetch("trial", tmp_path / "data")
    text = str(caught.value)
    assert "not the published file" in text
    assert hashlib.sha256(FILES["claims.csv"]).hexdigest() in text
    assert f"got: sha256 {hashlib.sha256(changed).hexdigest()}" in text
    assert "what to do" in text
    assert list((tmp_path / "data" / "trial").iterdir()) == []


def test_a_file_that_is_there_is_never_overwritten(asked: list[str], tmp_path: Path) -> None:
    mine = tmp_path / "data" / "trial"
    mine.mkdir(parents=True)
    (mine / "claims.csv").write_text("mine")
    with pytest.raises(TablesError, match="there already is not the published one"):
        datasets.fetch("trial", tmp_path / "data")
    assert (mine / "claims.csv").read_text() == "mine"
    assert asked == []


def test_no_network_and_no_such_page(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site" / "marathon.csv").unlink()
    with pytest.raises(TablesError, match="can't be downloaded") as caught:
        datasets.fetch("trial", tmp_path / "data")
    assert "WELLPERF_DATA_DIR" in str(caught.value)
    (known,) = datasets.available()
    closed = tuple(replace(file, url=f"http://127.0.0.1:9/{file.name}") for file in known.files)
    monkeypatch.setattr(datasets, "_DATASETS", (replace(known, files=closed),))
    with pytest.raises(TablesError, match="can't be downloaded"):
        datasets.fetch("trial", tmp_path / "other")


def test_a_local_copy_is_used_as_it_is(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copies" / "trial"
    copy.mkdir(parents=True)
    (copy / "claims.csv").write_bytes(b"cut\n")
    monkeypatch.setenv("WELLPERF_DATA_DIR", str(tmp_path / "copies"))
    assert datasets.fetch("trial") == copy
    (local,) = datasets.local_sha256("trial")
    assert (local.name, local.published) == ("trial/claims.csv", False)
    assert local.sha256 == hashlib.sha256(b"cut\n").hexdigest()
    assert local.status == "cut copy, not the published file"
    (copy / "claims.csv").write_bytes(FILES["claims.csv"])
    assert datasets.local_sha256("trial")[0].status == "published file"
    assert asked == []


def test_a_data_folder_without_the_set_is_filled(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WELLPERF_DATA_DIR", str(tmp_path / "copies"))
    assert datasets.fetch("trial") == tmp_path / "copies" / "trial"
    assert len(asked) == 2


def test_files_are_known_by_hash_and_by_name(asked: list[str]) -> None:
    own = hashlib.sha256(FILES["claims.csv"]).hexdigest()
    assert datasets.identify("renamed.csv", own) == "published file"
    assert datasets.identify("trial/claims.csv", "0" * 64) == "cut copy, not the published file"
    assert datasets.identify("spells.csv", "0" * 64) == ""
    assert asked == []


def test_an_unknown_name_comes_with_a_suggestion() -> None:
    for ask in (datasets.fetch, datasets.local_sha256):
        with pytest.raises(TablesError, match="did you mean 'illinois'"):
            ask("ilinois")
    with pytest.raises(TablesError, match="available"):
        datasets.fetch("qqq")


def test_neither_import_nor_load_tables_can_download() -> None:
    """Whoever downloads needs pooch; importing the package or reading tables does not load it."""
    code = (
        "import sys, wellperf_models as wp; wp.datasets.available(); wp.load_tables; "
        "sys.exit('pooch' in sys.modules or 'requests' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
