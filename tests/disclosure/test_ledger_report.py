"""`wellperf ledger`: runs and cells, nobody and no exact number."""

from pathlib import Path

import pytest

from tests.disclosure.builders import study
from tests.disclosure.published import as_of, claim, go, people
from wellperf_models.cli import main
from wellperf_models.disclosure.ledger_report import render_ledger


def test_runs_and_cells(tmp_path: Path) -> None:
    go(
        as_of(tmp_path, "2024-03-31"),
        [claim("A", people(0, 103)), claim("B", people(200, 250), period="wave 1")],
    )
    go(
        as_of(tmp_path, "2024-06-30"),
        [claim("A", people(0, 118)), claim("B", people(200, 251), period="wave 1")],
    )
    text = render_ledger(as_of(tmp_path, "2024-06-30"))
    subject = "turnover.description/table/exits_by_group"
    assert text.splitlines() == [
        "ledger.jsonl: 3 published cells",
        "",
        "runs (cells a pack shows as they were published before are not new, and not counted)",
        "  acme as of 2024-03-31, run of-2024-03-31: 2 new cells",
        "  acme as of 2024-06-30, run of-2024-06-30: 1 new cells",
        "",
        "cells (people to the nearest 5)",
        f"  {subject}/A: published 2 times, last as of 2024-06-30, about 120 people",
        f"  {subject}/B (wave 1): published once, last as of 2024-03-31, about 50 people",
    ]


def test_nobody_and_no_exact_number(tmp_path: Path) -> None:
    go(as_of(tmp_path, "2024-03-31"), [claim("A", people(0, 103), values=(1.25,))])
    text = render_ledger(as_of(tmp_path, "2024-03-31"))
    assert not any(word in text for word in ("103", "p000", "1.25"))


def test_names_cannot_move_the_cursor_or_turn_the_text_around(tmp_path: Path) -> None:
    go(as_of(tmp_path, "2024-03-31"), [claim("A\x1b[2J\u202eB\u200b", people(0, 100))])
    text = render_ledger(as_of(tmp_path, "2024-03-31"))
    assert "A\ufffd[2J\ufffdB\ufffd" in text


def test_nothing_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    owner = study(tmp_path)
    assert main(["ledger", str(owner.path)]) == 0
    assert capsys.readouterr().out.startswith("ledger.jsonl: 0 published cells\nnothing has been published")
    assert [p.name for p in tmp_path.iterdir()] == ["acme.toml"]


def test_published_microdata(tmp_path: Path) -> None:
    owner = study(tmp_path, general='public_microdata = true\nlicence = "CC0"\nsource = "x"')
    assert "need no ledger" in render_ledger(owner)
