"""The committed data dictionary is the one the declarations give."""

from pathlib import Path

from wellperf_models.tables.dictionary import render_dictionary

ROOT = Path(__file__).resolve().parents[2]


def test_committed_dictionary_is_current() -> None:
    committed = (ROOT / "data_synthetic" / "DATA_DICTIONARY.md").read_text(encoding="utf-8")
    assert committed == render_dictionary(), "run `make data`"
