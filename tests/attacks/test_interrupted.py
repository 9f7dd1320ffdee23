"""A run killed at any point leaves no half pack and an unchanged ledger, and the next run goes on.

Each test forks: the child kills itself (SIGKILL: nothing is unwound) where a function of the run is entered
or left; notebooks are given, everything after them is real.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wellperf_models.disclosure.ledger as ledger
import wellperf_models.disclosure.pending as pending
import wellperf_models.runs.execute as execute
import wellperf_models.runs.folders as folders
import wellperf_models.runs.publish as publish
from tests.runs.fake import CLAIMS, Place, in_a_child
from wellperf_models.errors import RunError, WellperfError
from wellperf_models.runs import verify_pack

Deadly = Callable[[pytest.MonkeyPatch], None]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _killed(
    owner: Any, name: str, *, after: bool = False, nth: int = 1
) -> Callable[[pytest.MonkeyPatch], None]:
    """Patches a function so that its nth call kills the process before, or after, it acts."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        plain, calls = getattr(owner, name), [0]

        def deadly(*given: Any, **named: Any) -> Any:
            calls[0] += 1
            if calls[0] == nth and not after:
                _die()
            result = plain(*given, **named)
            if calls[0] == nth:
                _die()
            return result

        monkeypatch.setattr(owner, name, deadly)

    return patch


# phase → where the run dies, and whether the new pack stands then
PHASES: dict[str, tuple[Deadly, bool]] = {
    "check": (_killed(execute, "check_data"), False),
    "staging made": (_killed(folders, "_make", after=True), False),
    "execute": (_killed(execute, "execute_plan"), False),
    "executed": (_killed(execute, "execute_plan", after=True), False),
    "write begins": (_killed(publish, "write_inside"), False),
    "write goes on": (_killed(publish, "write_inside", nth=3), False),
    "manifest": (_killed(publish, "hash_files"), False),
    "written": (_killed(execute, "write_pack", after=True), False),
    "judged": (_killed(ledger, "text_of"), False),
    "next ledger begins": (_killed(pending, "_write"), False),
    "next ledger written": (_killed(pending, "_write", after=True), False),
    "note written": (_killed(pending, "_write", after=True, nth=2), False),
    "move begins": (_killed(folders.Staging, "move"), False),
    "moved": (_killed(folders.Staging, "move", after=True), True),
    "commit begins": (_killed(pending, "_commit"), True),
    "committed": (_killed(pending, "_commit", after=True), True),
    "swept": (_killed(execute, "forget_failures"), True),
}


@pytest.mark.parametrize("former", [False, True], ids=["new", "replaced"])
@pytest.mark.parametrize("phase", PHASES)
def test_killed(phase: str, former: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, monkeypatch, former=former)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    deadly, stands = PHASES[phase]

    def act() -> None:
        with pytest.MonkeyPatch.context() as inside:
            deadly(inside)
            place.run()

    assert in_a_child(act) == -signal.SIGKILL
    # no half pack: the former one untouched, none, or the new one whole
    if stands:
        assert place.whole()
        assert place.pack != place.before
    else:
        assert place.pack == place.before
        assert place.ledger == place.ledger_before
    # a reader, the next run: what stands counts, what does not was never published
    from wellperf_models.study import load_study

    pending.recover_ledger(load_study(place.study))
    new = [c.definition for c in CLAIMS]
    assert place.ledger == place.ledger_before + (new if stands else [])
    result = place.run()
    assert result.ok
    assert place.whole()
    assert place.ledger == place.ledger_before + new
    assert place.left == []
    assert list(temporary.iterdir()) == []
    # as if nothing had happened: the same run, the same bytes
    pack = place.pack
    assert place.run().run_id == result.run_id
    assert place.pack.keys() == pack.keys()
    assert place.ledger == place.ledger_before + new


def test_a_note_that_can_not_be_read_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, monkeypatch, former=True)
    note = place.study.parent / ".wellperf" / "ledger.jsonl.pending"
    note.write_text("{")
    with pytest.raises(WellperfError, match="interrupted run can't be read"):
        place.run()
    assert place.pack == place.before
    assert place.ledger == place.ledger_before


def test_another_pack_in_its_place_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, monkeypatch, former=True)
    file = place.study.parent / ".wellperf" / "ledger.jsonl"
    (file.parent / "ledger.jsonl.next").write_text("")
    note = {"pack": str(place.target), "manifest_sha256": "0" * 64}
    (file.parent / "ledger.jsonl.pending").write_text(json.dumps(note))
    place.run()
    assert place.ledger == [*place.ledger_before, *(c.definition for c in CLAIMS)]


def test_a_move_that_fails_leaves_the_ledger_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, monkeypatch, former=True)

    def refuse(staging: Any) -> None:
        raise RunError("Somebody else was there first.")

    with monkeypatch.context() as inside:
        inside.setattr(folders.Staging, "move", refuse)
        with pytest.raises(RunError, match="first"):
            place.run()
    assert (place.pack, place.ledger, place.left) == (place.before, place.ledger_before, [])


def test_a_run_that_goes_on_is_not_swept_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with folders.private_folder() as mine, folders.staging_folder(tmp_path / "pack") as staging:

        def other() -> None:
            with folders.private_folder() as work, folders.staging_folder(tmp_path / "pack"):
                assert work != mine

        assert in_a_child(other) == 0
        assert mine.is_dir()
        assert staging.folder.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_goes_while_it_is_looked_at_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "wellperf-run-abcdefgh").mkdir()
    plain = Path.lstat

    def gone(path: Path) -> os.stat_result:
        if path.name == "wellperf-run-abcdefgh":
            shutil.rmtree(path)
        return plain(path)

    monkeypatch.setattr(Path, "lstat", gone)
    with folders.private_folder() as mine:
        assert mine.is_dir()


def test_only_what_is_ours_is_swept_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = [
        "wellperf-packages",
        "wellperf-run-me",
        ".thesis.partial",
        ".x.0123456789abcdef",
        "pack.failed",
        "my.failed",
    ]
    for name in kept:
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "f").write_text("precious")
    links = (".pack.0123456789abcdef.partial", "wellperf-run-abcdefgh", "0123456789ab.failed")
    for name in links:
        (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / ".other.0123456789abcdee.partial").mkdir()
    (tmp_path / "wellperf-run-hgfedcba").mkdir()
    (tmp_path / "ffffffffffff.failed").mkdir()
    with folders.private_folder(), folders.staging_folder(tmp_path / "0123456789ac"):
        pass
    folders.forget_failures(tmp_path / "0123456789ac")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*kept, *links, "elsewhere"])
    assert (tmp_path / "elsewhere" / "f").read_text() == "precious"


def test_a_pack_that_stepped_aside_comes_back(tmp_path: Path) -> None:
    """Where folders can't be exchanged in one step, the old pack is gone for a moment."""
    aside = tmp_path / ".pack.0123456789abcdef.former"
    aside.mkdir()
    (aside / "manifest.json").write_text("{}")
    with folders.staging_folder(tmp_path / "pack"):
        assert (tmp_path / "pack" / "manifest.json").exists()
    assert not aside.exists()


def test_without_an_exchange_the_pack_is_replaced_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, monkeypatch, former=True)
    monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    place.run()
    assert place.whole()
    assert place.pack != place.before
    assert place.left == []


def test_a_pack_verifies_as_of_its_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came to the ledger later is not seen; the ledger is not written."""
    from wellperf_models.runs import verify

    place = Place(tmp_path, monkeypatch, former=True)
    place.run()
    manifest = json.loads((place.target / "manifest.json").read_text())
    assert manifest["ledger_position"] == len(place.ledger_before) == 1
    kept = shutil.copytree(place.target, tmp_path / "packs" / "kept")
    seen = []
    plain = verify.execute_plan

    def look(plan: Any, *given: Any, **named: Any) -> Any:
        seen.append(plan.ledger_position)
        return plain(plan, *given, **named)

    monkeypatch.setattr(verify, "execute_plan", look)
    before = {p: p.read_bytes() for p in place.study.parent.rglob("*") if p.is_file()}
    assert verify_pack(kept, notebooks_dir=place.notebooks).ok
    assert seen == [1]
    assert {p: p.read_bytes() for p in place.study.parent.rglob("*") if p.is_file()} == before
    from wellperf_models.runs.workers import worker_environment

    assert worker_environment(tmp_path, "researcher", 7)["WELLPERF_LEDGER_ENTRIES"] == "7"
