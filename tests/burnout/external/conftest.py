"""One published model for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.burnout.builders import FakeTables, make_tables
from tests.burnout.external.builders import SET, published
from wellperf_models.burnout.explanation.model import Explanation
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecasts
from wellperf_models.disclosure import Released


@pytest.fixture(scope="session")
def home_tables() -> FakeTables:
    return make_tables(1, models=SET)


@pytest.fixture(scope="session")
def home(home_tables: FakeTables) -> tuple[BurnoutFrame, Forecasts, Explanation, Released]:
    return published(home_tables)
