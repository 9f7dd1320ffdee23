"""Tables built from frames, as the synthetic organisation gives them."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tests.tables.good import frame, frames, make_study
from wellperf_models.errors import TablesError
from wellperf_models.tables import SCHEMA, Tables

D = dt.date


def test_from_frames_checks_and_carries_extra_columns() -> None:
    people = frame("people").with_columns(age=pl.Series([1, 2, 3, 4]))
    tables = Tables.from_frames(make_study(), frames(people=people))
    assert tables.names == tuple(SCHEMA)
    assert tables["people"].collect()["age"].to_list() == [1.0, 2.0, 3.0, 4.0]
    assert "voluntary" not in repr(tables)
    with pytest.raises(TablesError, match="inside_spell"):
        Tables.from_frames(make_study(), frames(absences=frame("absences", start=D(2019, 1, 1))))
    with pytest.raises(TablesError, match="no table"):
        Tables.from_frames(make_study(), {"spell": people})


def test_from_frames_fingerprint_follows_the_rows() -> None:
    one = Tables.from_frames(make_study(), {"absences": frame("absences")})
    two = Tables.from_frames(make_study(), {"absences": frame("absences", days=2.0)})
    assert one.fingerprint != two.fingerprint
