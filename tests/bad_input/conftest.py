"""The environment that some bad inputs name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.case import SECRET


@pytest.fixture(autouse=True)
def _addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WELLPERF_TEST_UNSET", raising=False)
    monkeypatch.setenv("WELLPERF_TEST_DB", f"sqlite:///{tmp_path}/none/{SECRET}.db")
