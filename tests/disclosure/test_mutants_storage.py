"""Publishing in one step, and the notes of what was displayed: each step as it is and broken off."""

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wellperf_models.disclosure import pending
from wellperf_models.disclosure.claims import CLAIMS_VARIABLE
from wellperf_models.disclosure.pending import publish_together, recover
from wellperf_models.disclosure.shown import digest_of, displayed, record_shown, shown
from wellperf_models.errors import DisclosureError

MANIFEST = '{"run": 1}'
SHA = hashlib.sha256(MANIFEST.encode()).hexdigest()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    path.write_text("old\n")
    return path


def mover(pack: Path) -> Callable[[], None]:
    def move() -> None:
        pack.mkdir()
        (pack / "manifest.json").write_text(MANIFEST)

    return move


def publish(ledger: Path, move: Callable[[], None] | None = None) -> None:
    pack = ledger.parent / "pack"
    publish_together(ledger, "new\n", pack=pack, manifest_sha256=SHA, move=move or mover(pack))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def begin(ledger: Path, *, note: str | None = None, following: str | None = "new\n") -> None:
    """What a killed run leaves."""
    if following is not None:
        ledger.with_name("ledger.jsonl.next").write_text(following)
    pack = {"pack": str(ledger.parent / "pack"), "manifest_sha256": SHA}
    ledger.with_name("ledger.jsonl.pending").write_text(json.dumps(pack) if note is None else note)


def test_ledger_and_pack_appear_together(ledger: Path) -> None:
    def move() -> None:
        # what is on the disk the moment before: a killed run is finished or undone from it
        note = json.loads(ledger.with_name("ledger.jsonl.pending").read_text())
        assert note == {"pack": str(ledger.parent / "pack"), "manifest_sha256": SHA}
        assert ledger.with_name("ledger.jsonl.next").read_text() == "new\n"
        assert stat.S_IMODE(ledger.with_name("ledger.jsonl.next").stat().st_mode) == 0o600
        assert ledger.read_text() == "old\n"
        mover(ledger.parent / "pack")()

    publish(ledger, move)
    assert ledger.read_text() == "new\n"
    assert names(ledger.parent) == {"ledger.jsonl", "pack"}


def test_what_can_not_be_moved_is_not_published(ledger: Path) -> None:
    def fail() -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        publish(ledger, fail)
    assert ledger.read_text() == "old\n"
    assert names(ledger.parent) == {"ledger.jsonl"}


def test_what_was_moved_before_the_error_is_published(ledger: Path) -> None:
    def late() -> None:
        mover(ledger.parent / "pack")()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(ledger, late)
    assert ledger.read_text() == "new\n"
    assert names(ledger.parent) == {"ledger.jsonl", "pack"}


def test_another_run_that_was_interrupted_stops_this_one(ledger: Path) -> None:
    begin(ledger)
    with pytest.raises(DisclosureError, match="interrupted just now"):
        publish(ledger)
    assert ledger.read_text() == "old\n"
    assert not (ledger.parent / "pack").exists()


def test_a_killed_run_whose_pack_stands_is_finished(ledger: Path) -> None:
    begin(ledger)
    mover(ledger.parent / "pack")()
    recover(ledger)
    assert ledger.read_text() == "new\n"
    assert names(ledger.parent) == {"ledger.jsonl", "pack"}


@pytest.mark.parametrize("pack", ["none", "another", "a file"])
def test_a_killed_run_whose_pack_does_not_stand_is_undone(ledger: Path, pack: str) -> None:
    begin(ledger)
    if pack == "another":
        (ledger.parent / "pack").mkdir()
        (ledger.parent / "pack" / "manifest.json").write_text("{}")
    elif pack == "a file":
        (ledger.parent / "pack").write_text("x")
    recover(ledger)
    assert ledger.read_text() == "old\n"
    assert names(ledger.parent) <= {"ledger.jsonl", "pack"}


def test_a_run_killed_before_its_note_leaves_nothing(ledger: Path) -> None:
    ledger.with_name("ledger.jsonl.next").write_text("new\n")
    for name in ("ledger.jsonl.next.part", "ledger.jsonl.pending.part"):
        ledger.with_name(name).write_text("half")
    recover(ledger)
    assert (ledger.read_text(), names(ledger.parent)) == ("old\n", {"ledger.jsonl"})
    # nothing to do is nothing done
    recover(ledger)
    assert names(ledger.parent) == {"ledger.jsonl"}


def test_a_run_killed_after_the_rename_is_finished(ledger: Path) -> None:
    begin(ledger, following=None)
    mover(ledger.parent / "pack")()
    recover(ledger)
    assert (ledger.read_text(), names(ledger.parent)) == ("old\n", {"ledger.jsonl", "pack"})


@pytest.mark.parametrize("note", ["", "[]", '{"pack": "x"}', "\0"])
def test_a_note_that_can_not_be_read_is_left_alone(ledger: Path, note: str) -> None:
    begin(ledger, note=note)
    with pytest.raises(DisclosureError, match="can't be read"):
        recover(ledger)
    assert "ledger.jsonl.next" in names(ledger.parent)


def test_a_file_is_written_whole_or_not_at_all(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    publish(ledger)
    # ledger, note, and the folder after each rename
    assert len(synced) == 5

    def full(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        publish_together(
            ledger,
            "newer\n",
            pack=ledger.parent / "two",
            manifest_sha256=SHA,
            move=mover(ledger.parent / "two"),
        )
    assert (ledger.read_text(), names(ledger.parent)) == ("new\n", {"ledger.jsonl", "pack"})


def test_a_link_in_the_place_of_a_part_is_not_followed(ledger: Path) -> None:
    other = ledger.parent / "other"
    other.write_text("untouched")
    ledger.with_name("ledger.jsonl.next.part").symlink_to(other)
    publish(ledger)
    assert (other.read_text(), ledger.read_text()) == ("untouched", "new\n")


def test_folders_are_closed_again(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        pending.sync_folder(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError):
        pending.sync_folder(tmp_path / "file")


# ---- what was displayed


def test_a_digest_is_that_of_the_json_form() -> None:
    output = {"b": [1, 2.5], "a": "text"}
    expected = hashlib.sha256(b'{"a": "text", "b": [1, 2.5]}').hexdigest()
    assert digest_of(output) == digest_of({"a": "text", "b": [1, 2.5]}) == expected
    assert digest_of({"b": [np.int64(1), np.float32(2.5)], "a": "text"}) == expected
    with pytest.raises(TypeError, match="set"):
        digest_of({"a": {1}})


def test_nothing_is_noted_outside_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CLAIMS_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    record_shown("a" * 64)
    assert displayed({"text/plain": "x"}) == {"text/plain": "x"}
    assert (names(tmp_path), shown(tmp_path)) == (set(), frozenset())


def test_what_is_displayed_in_a_run_is_noted_privately(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CLAIMS_VARIABLE, str(tmp_path))
    first, second = {"text/plain": "x"}, {"text/plain": "y"}
    assert displayed(first) is first
    displayed(first)
    displayed(second)
    assert shown(tmp_path) == {digest_of(first), digest_of(second)}
    folder = tmp_path / "shown"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o600}
    assert not [f for f in folder.iterdir() if f.read_bytes()]
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="linked"):
        record_shown("linked")
    assert not (tmp_path / "elsewhere").exists()
