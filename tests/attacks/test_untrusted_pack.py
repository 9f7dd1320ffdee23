"""A pack from anybody, given to `verify`: a named error or a drift, nothing read outside, nothing written.

And a place to write to that somebody else prepared.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runs.fake import NAME, fake_runs
from wellperf_models.errors import RunError, WellperfError
from wellperf_models.runs import run_study, verify_pack
from wellperf_models.runs.folders import require_free, staging_folder
from wellperf_models.runs.inside import list_files, read_inside, visible, write_inside
from wellperf_models.runs.publish import hash_files

SECRET = "SENTINEL-73519"


class Made:
    """A pack, the notebooks that made it, and a file outside that must not be read."""

    def __init__(self, base: Path, patch: pytest.MonkeyPatch) -> None:
        study, self.notebooks = fake_runs(patch, base)
        self.pack, self.base = base / "packs" / "pack", base
        run_study(study, out=self.pack, notebooks_dir=self.notebooks)
        self.outside = base / "outside.txt"
        self.outside.write_text(SECRET)

    def verify(self) -> Any:
        return verify_pack(self.pack, notebooks_dir=self.notebooks)

    def manifest(self, **changes: Any) -> None:
        path = self.pack / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(tmp_path, monkeypatch)


def _names(base: Path) -> set[str]:
    return {str(p) for p in base.rglob("*")}


def _refused_or_drift(made: Made) -> str:
    """What comes of verifying it, in words; it wrote nothing and says nothing of the file outside."""
    before = _names(made.base)
    try:
        report = made.verify()
    except WellperfError as error:
        words = str(error)
    else:
        assert not report.ok
        words = str(report)
    assert _names(made.base) == before
    assert SECRET not in words
    assert not {c for c in words if not c.isprintable()} - {"\n", "\u00a0", "\u202f"}, words
    assert len(words) < 40_000
    words.encode()
    return words


def test_as_it_was_made_it_verifies(made: Made) -> None:
    report = made.verify()
    assert report.ok, str(report)


@pytest.mark.parametrize(
    "file",
    ["manifest.json", "results.json", "index.html", f"notebooks/{NAME}.ipynb", "bundles/turnover.json",
     "tables.xlsx", "tables/turnover.description.exits.csv", "bundles", "notebooks", "tables", "extra"],
)  # fmt: skip
def test_no_link_in_a_pack_is_followed(made: Made, file: str) -> None:
    path = made.pack / file
    target = made.outside
    if path.is_dir():
        # a copy elsewhere: followed, it would verify
        target = made.base / "elsewhere"
        shutil.copytree(path, target)
        shutil.rmtree(path)
    elif path.exists():
        target = made.base / "elsewhere"
        shutil.move(path, target)
    path.symlink_to(target)
    assert "files and folders, nothing else" in _refused_or_drift(made)


def test_a_pipe_does_not_hold_it_up(made: Made) -> None:
    os.mkfifo(made.pack / "pipe")
    assert "nothing else" in _refused_or_drift(made)
    (made.pack / "pipe").unlink()
    (made.pack / "results.json").unlink()
    os.mkfifo(made.pack / "results.json")
    assert "nothing else" in _refused_or_drift(made)
    (made.pack / "manifest.json").unlink()
    os.mkfifo(made.pack / "manifest.json")
    assert "nothing else" in _refused_or_drift(made)


_DEEP = "[" * 100_000 + "]" * 100_000
MANIFESTS: dict[str, Callable[[Made], object]] = {
    "empty": lambda m: (m.pack / "manifest.json").write_text(""),
    "bytes": lambda m: (m.pack / "manifest.json").write_bytes(b"\xff\xfe\x00"),
    "deep": lambda m: (m.pack / "manifest.json").write_text(_DEEP),
    "deep inside": lambda m: (m.pack / "manifest.json").write_text('{"governance": ' + _DEEP + "}"),
    "list": lambda m: (m.pack / "manifest.json").write_text("[]"),
    "nan": lambda m: m.manifest(ledger_position=float("nan")),
    "negative": lambda m: m.manifest(ledger_position=-1),
    "huge": lambda m: m.manifest(ledger_position=10**30),
    "types": lambda m: m.manifest(notebooks={"a": 1}, files=[], parameters=3),
    "extra": lambda m: m.manifest(**{"\x1b[31m\u202e": 1}),
    "run id": lambda m: m.manifest(run_id="../../x"),
    "absolute study": lambda m: m.manifest(study="/etc/passwd"),
    "drive": lambda m: m.manifest(study="C:/x"),
    "zero": lambda m: m.manifest(study="../x\x00.toml"),
    "long study": lambda m: m.manifest(study="x/" * 450),
    "other study": lambda m: m.manifest(study="../../outside.txt"),
    "no study": lambda m: m.manifest(study="../../../../../../../nowhere\u202e.toml"),
    "study a folder": lambda m: m.manifest(study=".."),
    "a role": lambda m: m.manifest(role="root"),
    "governance": lambda m: m.manifest(governance={"fields": _nest(400)}),
    "twice": lambda m: m.manifest(notebooks=[_entry(), _entry()]),
    "unknown notebook": lambda m: m.manifest(notebooks=[_entry(name="../x\x1b[2J")]),
    "other file": lambda m: m.manifest(notebooks=[_entry(file="../../outside.txt")], files={"../x": "0"}),
    "parameter": lambda m: m.manifest(parameters={"turnover": {"x = 1\nimport os": 1}}),
    "study as parameter": lambda m: m.manifest(parameters={"turnover": {"study": "../../../outside.txt"}}),
    "files": lambda m: m.manifest(files={f"../{i}\x1b": "x" for i in range(3000)}),
    "hash": lambda m: m.manifest(files={"index.html": "x" * 10_000}),
}


def _entry(**changes: str) -> dict[str, str]:
    plain = {"name": "turnover", "file": f"notebooks/{NAME}.ipynb", "state": "done", "note": ""}
    return plain | changes


def _nest(depth: int) -> Any:
    content: Any = 1
    for _ in range(depth):
        content = [content]
    return content


def test_a_manifest_can_not_set_what_a_run_sets(made: Made) -> None:
    """With another study as its parameter, the notebook would read other data than were checked."""
    for name in ("study", "bundles"):
        made.manifest(parameters={"turnover": {name: "../../study/study.toml"}})
        assert "none that a run is given" in _refused_or_drift(made)


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_hostile_manifest_is_refused_or_a_drift(made: Made, kind: str) -> None:
    MANIFESTS[kind](made)
    _refused_or_drift(made)


CONTENTS = (
    "", "[]", "3", "null", '"x"', "{}", "{", "NaN", _DEEP, '{"a": ' * 900 + "1" + "}" * 900, "1" * 5000,
    '{"evidence": 5}', '{"evidence": [5]}', '{"evidence": [{"id": 5}]}',
    '{"evidence": null, "provenance": []}',
    '{"evidence": [{"id": "turnover.description", "estimates": {"a": 1}, "tables": [1], "checks": [null]}]}',
    '{"study": "tiny", "provenance": {"synthetic": NaN}, "evidence": []}', "\x1b[31m", "\ud800",
    '{"cells": [{"cell_type": "code", "source": "", "outputs": [{"data": []}]}]}', '{"cells": [[]]}',
    '{"cells": [{"cell_type": "code", "source": "", "outputs": [{"data": {"image/png": 5}}]}]}',
    '{"cells": [{"cell_type": "code", "source": "", "outputs": [{"data": '
    '{"application/vnd.wellperf.released+json": {"id": 1, "tables": 3}}}]}]}',
    '{"cells": [{"cell_type": "code", "source": "", "outputs": [{"data": '
    '{"application/vnd.wellperf.summary+json": {"groups": [5]}}}]}]}',
)  # fmt: skip


@pytest.mark.parametrize("file", ["results.json", f"notebooks/{NAME}.ipynb", "bundles/turnover.json"])
def test_hostile_contents_are_refused_or_a_drift(made: Made, file: str) -> None:
    for content in CONTENTS:
        (made.pack / file).write_bytes(content.encode("utf-8", "surrogatepass"))
        made.manifest(files=hash_files(made.pack))
        _refused_or_drift(made)


def test_a_picture_that_unpacks_to_a_huge_one_is_another_picture() -> None:
    import base64
    import struct
    import zlib

    from tests.report.samples import PNG
    from wellperf_models.runs.compare_notebooks import _same_to_the_eye

    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    assert not _same_to_the_eye(base64.b64encode(bomb).decode(), PNG)


def test_a_file_that_no_run_writes_is_a_drift_whatever_the_manifest_says(made: Made) -> None:
    (made.pack / "tables" / "more.html").write_text("<script>alert(1)</script>")
    made.manifest(files=hash_files(made.pack))
    words = _refused_or_drift(made)
    assert "tables/more.html: file: expected absent, got extra" in words


def test_falsified_tables_are_drift(made: Made) -> None:
    for file in ("tables.xlsx", "tables/turnover.description.exits.csv"):
        path = made.pack / file
        kept = path.read_bytes()
        path.write_bytes(kept.replace(b"1200", b"1300"))
        assert path.read_bytes() != kept
        made.manifest(files=hash_files(made.pack))
        assert f"{file}: content" in _refused_or_drift(made)
        path.write_bytes(kept)


def test_too_many_too_deep_and_too_large(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    import wellperf_models.runs.inside as inside

    deep = made.pack / "a/b/c/d/e/f"
    deep.mkdir(parents=True)
    assert "nothing else" in _refused_or_drift(made)
    shutil.rmtree(made.pack / "a")
    monkeypatch.setattr(inside, "_MOST_FILES", 3)
    assert "more files than a pack" in _refused_or_drift(made)
    monkeypatch.setattr(inside, "_MOST_FILES", 100)
    monkeypatch.setattr(inside, "_LARGEST_FILE", 2000)
    assert "too large" in _refused_or_drift(made)


def test_reading_and_writing_stay_inside(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "f").write_text("x")
    (tmp_path / "secret").write_text(SECRET)
    assert read_inside(folder, "a/f") == b"x"
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "b").symlink_to(tmp_path)
    for file in ("link", "b/secret", "a"):
        with pytest.raises(RunError, match="nothing else"):
            read_inside(folder, file)
    with pytest.raises(FileNotFoundError):
        read_inside(folder, "a/none")
    with pytest.raises(RunError, match="nothing else"):
        write_inside(folder / "link", "y")
    assert (tmp_path / "secret").read_text() == SECRET
    for link in ("b", "link"):
        with pytest.raises(RunError, match="a link"):
            list_files(folder)
        (folder / link).unlink()
    assert list_files(folder) == ["a/f"]
    assert visible("a\x1b[31m\u202eb\n" + "x" * 400).isprintable()


# --- where a pack is written ---


def test_a_link_that_a_notebook_put_into_its_pack_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wellperf_models.runs.execute as execute

    study, notebooks = fake_runs(monkeypatch, tmp_path)
    (tmp_path / "victim").write_text("precious")
    plain = execute.execute_plan
    for name in ("results.json", "tables", "extra", "bundles/turnover.json.x"):

        def hostile(plan: Any, folder: Path, work: Path, name: str = name, **_: Any) -> Any:
            outcomes = plain(plan, folder, work)
            (folder / name).symlink_to(tmp_path / "victim")
            return outcomes

        monkeypatch.setattr(execute, "execute_plan", hostile)
        with pytest.raises((RunError, FileExistsError, NotADirectoryError)):
            run_study(study, out=tmp_path / "packs" / "pack", notebooks_dir=notebooks)
        assert (tmp_path / "victim").read_text() == "precious"
        assert list((tmp_path / "packs").iterdir()) == []


def test_a_place_that_is_exchanged_during_the_run_is_refused(tmp_path: Path) -> None:
    real, other = tmp_path / "real", tmp_path / "other"
    other.mkdir()
    with staging_folder(real / "pack") as staging:
        (staging.folder / "manifest.json").write_text("{}")
        real.rename(tmp_path / "moved")
        real.symlink_to(other)
        with pytest.raises(RunError, match="no longer the one"):
            staging.move()
        with pytest.raises(RunError, match="no longer the one"):
            staging.keep_partial()
    assert list(other.iterdir()) == []
    assert not (tmp_path / "moved" / "pack").exists()


def test_a_link_that_comes_to_the_place_during_the_run_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with staging_folder(tmp_path / "packs" / "pack") as staging:
        (tmp_path / "packs" / "pack").symlink_to(other)
        with pytest.raises(RunError, match="a link"):
            staging.move()
    assert list(other.iterdir()) == []


def test_a_link_on_the_way_is_where_its_owner_says(tmp_path: Path) -> None:
    """`reports` on another disk is ordinary: the link is resolved once, when the run begins."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "reports").symlink_to(tmp_path / "disk")
    with staging_folder(tmp_path / "reports" / "pack") as staging:
        (staging.folder / "x").write_text("x")
        (tmp_path / "reports").unlink()
        staging.move()
    assert (tmp_path / "disk" / "pack" / "x").read_text() == "x"


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".x", "X", "x" * 65, "x\n", "", "é"])
def test_a_study_can_not_name_another_folder(name: str, tmp_path: Path) -> None:
    from wellperf_models.study import load_study

    path = tmp_path / "study.toml"
    path.write_text(f"[study]\nname = {json.dumps(name)}\nas_of = 2024-01-01\nseed = 1\n")
    if name.strip() == "x":
        # blanks are taken off
        assert load_study(path).study.name == "x"
        return
    with pytest.raises(WellperfError, match=r"study\.name"):
        load_study(path)


def test_data_are_not_read_through_a_link_that_leads_out(tmp_path: Path) -> None:
    from wellperf_models.study import load_study
    from wellperf_models.tables import check_study

    (tmp_path / "secret.csv").write_text(f"employee_id,{SECRET}\np1,{SECRET}\n")
    folder = tmp_path / "study"
    (folder / "sub").mkdir(parents=True)
    (folder / "people.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "out").symlink_to(tmp_path)
    whole = str(tmp_path / "secret.csv")
    for path in ("people.csv", "out/secret.csv", "../secret.csv", whole, "sub/../../secret.csv"):
        (folder / "study.toml").write_text(
            f'[study]\nname = "x"\nas_of = 2024-01-01\nseed = 1\n[tables.people]\npath = "{path}"\n'
        )
        report = check_study(load_study(folder))
        assert not report.ok
        assert SECRET not in str(report), path


def test_a_former_pack_is_known_by_its_own_manifest(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.json").write_text('{"schema": "wellperf.manifest/1"}')
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("precious")
    (target / "manifest.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(RunError, match="can't be written there"):
        require_free(target)
