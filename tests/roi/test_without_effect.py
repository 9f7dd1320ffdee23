"""Why there is no return where there is no effect: in the words of the design, and where to go instead."""

from __future__ import annotations

import pytest

from tests.roi.decision_builders import PLAIN, SICK_DAYS, make_effects, make_section, sick_days
from wellperf_models.errors import DesignError
from wellperf_models.roi.model_posterior import refuse_without_effect


@pytest.mark.parametrize(
    ("design", "says", "never"),
    [
        ("before_after", "There is no comparison group", "took part"),
        ("participation", "Who took part was not decided by lot", "comparison group"),
    ],
)
def test_the_reason_fits_the_design_and_the_business_case_is_named(
    design: str, says: str, never: str
) -> None:
    section = make_section({"sick_days": SICK_DAYS}, PLAIN, design=design)
    with pytest.raises(DesignError) as caught:
        refuse_without_effect(make_effects([sick_days(section)]), section)
    assert caught.value.summary.startswith(says)
    assert never not in caught.value.summary
    assert "the business case before any data" in (caught.value.remedy or "")


def test_with_an_effect_nothing_is_refused() -> None:
    section = make_section({"sick_days": SICK_DAYS}, PLAIN)
    refuse_without_effect(make_effects([sick_days(section)]), section)
