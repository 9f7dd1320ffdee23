"""The ledger: draft outside a run, one check at publish, nothing written on a conflict."""

from pathlib import Path

import pytest

from tests.disclosure.builders import estimate, evidence, headcount, study
from wellperf_models.disclosure import CLAIMS_VARIABLE, ledger_path, publish_claims, read_ledger, release
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import Support
from wellperf_models.study import Study


def publish(
    owner: Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    people: dict[str, int],
    *,
    run: str,
    data: str,
) -> int:
    claims = tmp_path / f"claims-{run}"
    claims.mkdir()
    monkeypatch.setenv(CLAIMS_VARIABLE, str(claims))
    release(evidence(tables=(headcount(people),)), owner)
    return publish_claims(owner, claims, run, data)


def test_a_draft_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CLAIMS_VARIABLE, raising=False)
    owner = study(tmp_path)
    release(evidence(estimates=(estimate(),)), owner)
    assert [p.name for p in tmp_path.iterdir()] == ["acme.toml"]


def test_same_data_twice_is_idempotent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = study(tmp_path)
    assert publish(owner, tmp_path, monkeypatch, {"a": 50, "b": 80}, run="1", data="x") == 2
    before = ledger_path(owner).read_bytes()
    assert publish(owner, tmp_path, monkeypatch, {"a": 50, "b": 80}, run="2", data="x") == 0
    assert ledger_path(owner).read_bytes() == before


def test_one_person_less_is_refused_and_both_cells_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = study(tmp_path)
    publish(owner, tmp_path, monkeypatch, {"a": 52, "b": 80}, run="1", data="x")
    before = ledger_path(owner).read_bytes()
    with pytest.raises(DisclosureError, match=r"run 2 and run 1") as caught:
        publish(owner, tmp_path, monkeypatch, {"a": 44, "b": 80}, run="2", data="y")
    assert "headcount/a" in str(caught.value)
    # the unchanged row teaches nothing new, and no count of people stands in the message
    assert "headcount/b" not in str(caught.value)
    assert "44" not in str(caught.value)
    assert ledger_path(owner).read_bytes() == before


def test_other_people_of_the_same_data_are_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A covariate more in the study file leaves out who lacks it."""
    owner = study(tmp_path)
    publish(owner, tmp_path, monkeypatch, {"a": 52, "b": 80}, run="1", data="x")
    with pytest.raises(DisclosureError, match="other people"):
        publish(owner, tmp_path, monkeypatch, {"a": 44, "b": 80}, run="2", data="x")


def test_a_batch_of_enough_people_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = study(tmp_path)
    publish(owner, tmp_path, monkeypatch, {"a": 50, "b": 80}, run="1", data="x")
    assert publish(owner, tmp_path, monkeypatch, {"a": 60, "b": 80}, run="2", data="y") == 1


def test_other_studies_in_the_same_folder_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = study(tmp_path), study(tmp_path, name="other")
    publish(one, tmp_path, monkeypatch, {"a": 50, "b": 80}, run="1", data="x")
    assert publish(other, tmp_path, monkeypatch, {"a": 44, "b": 80}, run="2", data="y") == 2


def test_damaged_ledger_refuses_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = study(tmp_path)
    publish(owner, tmp_path, monkeypatch, {"a": 50, "b": 80}, run="1", data="x")
    ledger_path(owner).write_text("{not json\n")
    with pytest.raises(DisclosureError, match="can't be read"):
        read_ledger(owner)
    with pytest.raises(DisclosureError, match="can't be read"):
        publish(owner, tmp_path, monkeypatch, {"a": 50, "b": 80}, run="2", data="x")


def test_ledger_stays_with_the_study(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match="stay with the study"):
        ledger_path(study(tmp_path, extra='[disclosure]\nledger = "../elsewhere.jsonl"'))


def test_ledger_and_claims_are_private_and_hold_no_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = study(tmp_path)
    claims = tmp_path / "claims"
    claims.mkdir()
    monkeypatch.setenv(CLAIMS_VARIABLE, str(claims))
    support = Support(n_people=203, n_events=50, n_non_events=153)
    release(evidence(estimates=(estimate(value=0.987654, support=support),)), owner)
    publish_claims(owner, claims, "1", "x")
    assert "987654" not in ledger_path(owner).read_text()
    for path in (ledger_path(owner), *claims.iterdir()):
        assert path.stat().st_mode & 0o077 == 0
