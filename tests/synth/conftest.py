import pytest

from wellperf_models.synth import PRESETS, SyntheticOrganisation, generate


@pytest.fixture(scope="package")
def organisation() -> SyntheticOrganisation:
    """400 people for two years."""
    return generate(
        PRESETS["default"].but(name="t", people=400, months=24, departments=4, history_months=60), 3
    )
