"""The ledger on disk: private, whole or refused, never silently less."""

import gzip
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.disclosure.builders import study
from tests.disclosure.published import a_run, claim, people, publish
from wellperf_models.disclosure.claims import record_claims
from wellperf_models.disclosure.entries import append, locked
from wellperf_models.disclosure.history import History
from wellperf_models.disclosure.ledger import ledger_path, publish_claims, read_ledger
from wellperf_models.errors import DisclosureError
from wellperf_models.study import Study

CELLS = [
    claim("a", people(0, 50), events=people(0, 20)),
    claim("b", people(50, 130)),
    claim("a", people(0, 50), events=people(0, 20), subject="turnover.description/table/other"),
]


@pytest.fixture
def published(tmp_path: Path) -> Study:
    owner = study(tmp_path)
    assert publish(owner, CELLS, run="1") == 3
    return owner


def cohorts(owner: Study) -> list[Path]:
    return sorted((ledger_path(owner).parent / "ledger.cohorts").iterdir())


def test_each_set_is_stored_once(published: Study) -> None:
    assert len(cohorts(published)) == 3
    entries = read_ledger(published)
    assert entries[0].people == entries[2].people != entries[1].people
    assert entries[1].events == ""


def test_everything_is_private(published: Study, tmp_path: Path) -> None:
    folder = ledger_path(published).parent
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    with a_run(tmp_path) as claims:
        record_claims(published, CELLS)
        for path in claims.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_lines_name_nobody_and_hashes_need_the_key(published: Study, tmp_path: Path) -> None:
    assert "p000" not in ledger_path(published).read_text()
    other = tmp_path / "elsewhere"
    other.mkdir()
    publish(study(other), CELLS, run="1")
    assert {p.name for p in cohorts(published)}.isdisjoint(p.name for p in cohorts(study(other)))


def remove(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def say_less(path: Path) -> None:
    path.write_bytes(gzip.compress(json.dumps(["p00001"]).encode()))


def write_nonsense(path: Path) -> None:
    path.write_bytes(b"nonsense")


@pytest.mark.parametrize("damage", [remove, cut_off, say_less, write_nonsense])
def test_people_who_cannot_be_read_back_refuse_everything(
    published: Study, damage: Callable[[Path], None]
) -> None:
    for path in cohorts(published):
        damage(path)
    before = ledger_path(published).read_bytes()
    now = [claim("a", people(0, 49))]
    with pytest.raises(DisclosureError, match="can't be read back"):
        History.of(published).judge(now)
    with pytest.raises(DisclosureError, match="can't be read back"):
        publish(published, now)
    assert ledger_path(published).read_bytes() == before


def test_a_reference_leads_nowhere_else(published: Study) -> None:
    path = ledger_path(published)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    (path.parent.parent / "outside.json.gz").write_bytes(gzip.compress(b'["p00001"]'))
    lines[0]["people"] = "../../outside"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(DisclosureError, match="can't be read back"):
        History.of(published).judge([claim("a", people(0, 49))])


def test_a_damaged_set_is_written_again_by_who_knows_it(published: Study) -> None:
    whole = {p: p.read_bytes() for p in cohorts(published)}
    # another statistic, so that nothing needs to be compared with the damaged sets
    for path in whole:
        cut_off(path)
    again = [claim("a", c.people, events=c.events, subject="burnout.groups/table/cases") for c in CELLS[:2]]
    assert publish(published, again[:1]) == 1
    assert sum(p.read_bytes() == content for p, content in whole.items()) == 2


def test_another_key_is_refused(published: Study) -> None:
    key = published.folder / ".wellperf" / "key"
    key.unlink()
    with pytest.raises(DisclosureError, match="not the one its ledger was written with"):
        History.of(published).judge([claim("a", people(0, 50))])
    with pytest.raises(DisclosureError, match="not the one its ledger was written with"):
        publish(published, [claim("a", people(0, 50))])


@pytest.mark.parametrize(
    "text",
    ["{not json\n", "[]\n", '{"study": "acme"}\n', '{"schema": 2, "study": "acme"}\n', "\x00\n", '"x"\n'],
)
def test_a_damaged_ledger_refuses_everything(published: Study, text: str) -> None:
    path = ledger_path(published)
    path.write_text(path.read_text() + text)
    for step in (read_ledger, History.of, lambda s: publish(s, CELLS)):
        with pytest.raises(DisclosureError, match="can't be read, so nothing can be published"):
            step(published)  # type: ignore[operator]


def test_values_changed_in_the_ledger_are_noticed(published: Study) -> None:
    path = ledger_path(published)
    path.write_text(path.read_text().replace('"values": [50, 20]', '"values": [55, 20]'))
    with pytest.raises(DisclosureError, match="can't be read"):
        read_ledger(published)


def test_an_unknown_schema_is_refused(published: Study) -> None:
    path = ledger_path(published)
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 3', 1))
    with pytest.raises(DisclosureError, match="A later version wrote the ledger"):
        read_ledger(published)


def test_a_publisher_that_was_killed_leaves_one_ledger(
    published: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ledger_path(published)
    before = path.read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            append(published, read_ledger(published), read_ledger(published))
    assert path.read_bytes() == before
    (path.parent / ".ledger-left").write_text("half")
    with locked(path):
        pass
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "key",
        "ledger.cohorts",
        "ledger.jsonl",
        "ledger.lock",
    ]


def test_content_is_on_the_disk_before_its_name_and_people_before_lines(
    published: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, move = os.fsync, os.replace

    def noted_sync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "content")
        sync(descriptor)

    def noted_move(source: str, target: Path) -> None:
        steps.append(Path(target).suffix)
        move(source, target)

    with a_run(published.folder) as claims:
        record_claims(published, [claim("new", people(300, 400))])
        monkeypatch.setattr(os, "fsync", noted_sync)
        monkeypatch.setattr(os, "replace", noted_move)
        assert publish_claims(published, claims, "2", "x") == 1
    assert steps == ["content", ".gz", "folder", "content", ".jsonl", "folder"]


def test_people_are_on_the_disk_before_the_line_that_names_them(
    published: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ledger_path(published)
    before = path.read_bytes()
    real = os.replace

    def full(source: str, target: Path) -> None:
        if Path(target).suffix == ".gz":
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        publish(published, [claim("new", people(300, 400))])
    assert path.read_bytes() == before
    assert not list(path.parent.rglob(".cohort-*"))
