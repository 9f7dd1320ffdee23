"""The study's key: its owner's alone, whole, and no link to something else."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tables.folder import HEAD, SPELLS, write_study
from wellperf_models.errors import StudyError
from wellperf_models.study import Study
from wellperf_models.tables import key as keys, load_tables
from wellperf_models.tables.key import study_key

SECTION = '[tables.spells]\npath = "spells.csv"\n'


def study_in(folder: Path, head: str = HEAD) -> Study:
    return write_study(folder, SECTION, head=head, spells_csv=SPELLS)


def test_it_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        first = study_key(study_in(tmp_path))
    finally:
        os.umask(old)
    path = tmp_path / ".wellperf" / "key"
    assert path.read_bytes() == first == study_key(study_in(tmp_path))
    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["key"]


def test_published_and_made_up_data_have_no_secret(tmp_path: Path) -> None:
    for more in ("synthetic = true\n", 'public_microdata = true\nlicence = "CC0"\nsource = "s"\n'):
        assert study_key(study_in(tmp_path, HEAD + more)) == b"no secret: t"
    assert not (tmp_path / ".wellperf").exists()


@pytest.mark.parametrize("name", ["key", ""])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o700 | 0o001])
def test_a_key_that_others_reach_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    study = study_in(tmp_path)
    secret = study_key(study)
    (tmp_path / ".wellperf" / name).chmod(mode if name else mode | 0o700)
    with pytest.raises(StudyError, match="read by others") as caught:
        load_tables(study)
    assert secret.hex() not in str(caught.value)


def test_a_key_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_in(tmp_path)
    study_key(study)
    monkeypatch.setattr(keys.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StudyError, match="somebody else"):
        study_key(study)


def test_links_and_other_things_are_refused(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / "key").write_bytes(b"x" * 32)
    (elsewhere / "key").chmod(0o600)
    folder = tmp_path / ".wellperf"
    folder.symlink_to(elsewhere)
    with pytest.raises(StudyError, match="no links"):
        study_key(study)
    folder.unlink()
    folder.mkdir(mode=0o700)
    for make in (
        lambda path: path.symlink_to(elsewhere / "key"),
        lambda path: path.symlink_to(tmp_path / "nothing"),
        lambda path: path.mkdir(mode=0o700),
        lambda path: os.mkfifo(path, 0o600),
    ):
        path = folder / "key"
        make(path)
        with pytest.raises(StudyError, match="no links"):
            study_key(study)
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    assert not (tmp_path / "nothing").exists()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    (tmp_path / ".wellperf").write_text("")
    with pytest.raises(StudyError, match="can't be made"):
        study_key(study)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_damaged_key_is_refused_and_not_replaced(tmp_path: Path, size: int) -> None:
    study = study_in(tmp_path)
    study_key(study)
    path = tmp_path / ".wellperf" / "key"
    path.write_bytes(b"x" * size)
    with pytest.raises(StudyError, match="damaged"):
        study_key(study)
    assert path.stat().st_size == size


def test_notebooks_that_ask_at_the_same_moment_get_one_key(tmp_path: Path) -> None:
    study_in(tmp_path)
    code = (
        "import sys, time\n"
        "from wellperf_models.study import load_study\n"
        "from wellperf_models.tables.key import study_key\n"
        "study = load_study(sys.argv[1])\n"
        "time.sleep(max(0.0, float(sys.argv[2]) - time.time()))\n"
        "print(study_key(study).hex())\n"
    )
    import time

    at = str(time.time() + 4)
    asked = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), at], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = {process.communicate(timeout=60)[0].strip() for process in asked}
    assert len(answers) == 1
    assert len(answers.pop()) == 64
    assert os.listdir(tmp_path / ".wellperf") == ["key"]


def test_a_slower_process_takes_the_key_of_the_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for a key and the making of one, another process makes it."""
    study = study_in(tmp_path)
    read = keys._read
    calls = []

    def late(path: Path, folder: int) -> bytes | None:
        calls.append(path)
        if len(calls) == 1:
            path.write_bytes(b"k" * 32)
            path.chmod(0o600)
            return None
        return read(path, folder)

    monkeypatch.setattr(keys, "_read", late)
    assert study_key(study) == b"k" * 32
    assert os.listdir(tmp_path / ".wellperf") == ["key"]
