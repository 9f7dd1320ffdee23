"""The command: exit codes, messages without tracebacks, and the whole way round on a small organisation."""

import json
from pathlib import Path

import pytest

from wellperf_models.cli import main

COMMANDS = ("new", "simulate", "check", "run", "verify", "ledger", "dictionary")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize("command", [["check"], ["run"], ["ledger"]])
def test_absent_study_is_a_message_and_exit_2(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "nowhere.toml"]) == 2
    error = capsys.readouterr().err
    assert "no study file" in error
    assert "Traceback" not in error


def test_unknown_preset_is_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(tmp_path), "--preset", "defualt"]) == 2
    assert "default" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["study.toml", "people.csv"])
def test_simulate_never_replaces_a_real_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    real = tmp_path / name
    real.write_text('[study]\nname = "ours"\nas_of = 2024-12-31\nseed = 1\n')
    before = real.read_bytes()
    assert main(["simulate", str(tmp_path), "--preset", "micro"]) == 2
    assert "not written over" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert real.read_bytes() == before


def test_broken_pipe_and_surprises_show_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wellperf_models import cli

    def surprise(options: object) -> int:
        raise ValueError("Ann earns 5000")

    monkeypatch.setattr(cli, "_dictionary", surprise)
    assert main(["dictionary"]) == 2
    error = capsys.readouterr().err
    assert "ValueError" in error
    assert "Ann" not in error


def test_simulate_check_break_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "org"
    assert main(["simulate", str(folder), "--preset", "micro"]) == 0
    assert main(["check", str(folder)]) == 0
    assert "needs" in capsys.readouterr().out.lower()
    spells = folder / "spells.csv"
    lines = spells.read_text().splitlines()
    spells.write_text("\n".join([*lines, lines[1]]) + "\n")
    assert main(["check", str(folder)]) == 1
    out = capsys.readouterr().out
    assert "spells" in out
    assert "Traceback" not in out


def test_new_from_people_and_exits_alone_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One CSV with an id, two dates and a reason is a study; its guesses are marked."""
    source = tmp_path / "extract"
    source.mkdir()
    rows = ["emp_id,hired,left,reason"]
    reasons = ("voluntary", "involuntary", "other")
    for i in range(300):
        gone = i % 3 == 0
        month = i % 12 + 1
        end = f"2023-{month:02d}-15" if gone else ""
        rows.append(f"A{i:04d},2019-{month:02d}-01,{end},{reasons[i // 3 % 3] if gone else ''}")
    (source / "exits.csv").write_text("\n".join(rows) + "\n")
    folder = tmp_path / "study"
    assert main(["new", str(folder), "--from", str(source), "--as-of", "2024-12-31"]) == 0
    assert "guess" in (folder / "study.toml").read_text()
    assert main(["check", str(folder)]) == 0, capsys.readouterr().out
    pack = tmp_path / "pack"
    assert main(["run", str(folder), "--out", str(pack)]) == 0
    results = json.loads((pack / "results.json").read_text())
    assert {e["id"] for e in results["evidence"]} >= {"data_quality.description", "turnover.description"}


def test_dictionary_names_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    from wellperf_models.tables import SCHEMA

    assert main(["dictionary"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in SCHEMA)


def test_ledger_of_an_unpublished_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "org"
    main(["simulate", str(folder), "--preset", "micro"])
    assert main(["ledger", str(folder)]) == 0
    assert "0 published cells" in capsys.readouterr().out
