"""A full disk, a file that can't be written whole, a folder that can only be read: nothing half is left."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pytest

from tests.runs.fake import Place, in_a_child
from wellperf_models.errors import RunError, WellperfError


def _limited() -> None:
    # more than any file of the notebooks, less than the workbook
    resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))


@pytest.mark.parametrize("former", [False, True], ids=["new", "replaced"])
def test_a_file_that_can_not_be_written_whole(
    former: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path, monkeypatch, former=former)

    def act() -> None:
        _limited()
        place.run()

    assert in_a_child(act) == 70
    said = capfd.readouterr().err
    assert "RunError: The pack can't be written there." in said
    assert "File too large" in said
    assert (place.pack, place.ledger, place.left) == (place.before, place.ledger_before, [])
    assert place.run().ok


def _mounted(folder: Path, *options: str) -> None:
    """In a child: a file system of its own, gone with it."""
    if os.geteuid() != 0 or not hasattr(os, "unshare"):
        os._exit(77)
    try:
        os.unshare(os.CLONE_NEWNS)
        subprocess.run(["mount", "--make-rprivate", "/"], check=True, capture_output=True)
        mount = ["mount", "-t", "tmpfs", *(f"-o{o}" for o in options), "none", str(folder)]
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        os._exit(77)


@pytest.mark.parametrize("size", [24, 40, 64, 100])
def test_a_full_disk(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Study and pack on a disk that fills up during the run, earlier or later."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def act() -> None:
        _mounted(disk, f"size={size}k")
        place = Place(disk, monkeypatch, former=False)
        with pytest.raises(WellperfError, match=r"can't be written|No space left"):
            place.run()
        assert (place.pack, place.ledger, place.left) == ({}, [], [])
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        assert place.run().ok
        assert place.whole()

    _require(in_a_child(act))


@pytest.mark.parametrize("what", ["packs", "study/.wellperf"])
def test_a_folder_that_can_only_be_read(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, monkeypatch, former=False)
    folder = tmp_path / what
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def act() -> None:
        _mounted(folder, "ro")
        with pytest.raises(RunError, match="Read-only file system"):
            place.run()
        assert place.pack == {}
        assert list(folder.iterdir()) == []

    _require(in_a_child(act))
    assert place.run().ok


def _require(code: int) -> None:
    if code == 77:
        pytest.skip("no mounts for this user")
    assert code == 0
