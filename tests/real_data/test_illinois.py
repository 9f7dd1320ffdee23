"""The Illinois trial, year one, to the printed digit of its tables (Jones, Molitor, Reif, QJE 2019)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import wellperf_models as wp
from wellperf_models.disclosure import Released
from wellperf_models.roi import Effects, RoiFrame
from wellperf_models.roi.rows import Effect
from wellperf_models.study import Study, load_study

HERE = Path(__file__).parent

# outcome: decimals, then value and standard error of offer, n, taking part, contrast of participants
PUBLISHED: dict[str, tuple[int, float, float, int, float, float, float, float]] = {
    "spend": (1, 10.8, 48.5, 3239, 17.7, 79.0, -137.3, 68.6),
    "terminated": (3, -0.013, 0.010, 4834, -0.022, 0.018, -0.080, 0.011),
    "sick_days": (3, 0.186, 0.230, 4782, 0.322, 0.398, 0.275, 0.272),
    "productivity": (3, -0.046, 0.061, 3309, -0.070, 0.092, 0.069, 0.073),
    "management_priority": (3, 0.057, 0.015, 3566, 0.087, 0.023, -0.004, 0.017),
    "ever_screened": (3, 0.039, 0.009, 3567, 0.060, 0.014, 0.073, 0.011),
    "gym": (3, -0.062, 0.733, 4834, -0.110, 1.309, 3.527, 0.813),
    "promotion": (3, -0.003, 0.013, 4146, -0.006, 0.022, 0.019, 0.014),
}


def _study() -> Study:
    study = load_study(HERE / "illinois.toml")
    paths = [source.path or "" for source in study.tables.values()]
    if not all(any((folder / path).is_file() for folder in study.data_dirs()) for path in paths):
        pytest.skip("WELLPERF_DATA_DIR holds no copy of the data")
    return study


@pytest.fixture(scope="module")
def fitted() -> tuple[Study, RoiFrame, Effects]:
    study = _study()
    frame = wp.roi.build_frame(wp.load_tables(study))
    assert study.roi is not None
    return study, frame, wp.roi.fit_effects(frame, study.roi)


@pytest.fixture(scope="module")
def released(fitted: tuple[Study, RoiFrame, Effects]) -> tuple[Released, Released]:
    study, frame, effects = fitted
    provenance = wp.build_provenance(wp.load_tables(study))
    evidence = (
        wp.roi.evaluate(frame, effects, wp.roi.check_effects(frame, effects), provenance=provenance),
        wp.roi.contrast(frame, effects, wp.roi.check_contrast(frame, effects), provenance=provenance),
    )
    return wp.release(evidence[0], study), wp.release(evidence[1], study)


def _same(effect: object, value: float, error: float, decimals: int, method: str) -> Effect:
    """Equal in every printed digit."""
    assert isinstance(effect, Effect)
    assert f"{effect.value:.{decimals}f}" == f"{value:.{decimals}f}"
    assert f"{effect.std_error:.{decimals}f}" == f"{error:.{decimals}f}"
    assert effect.method == method
    return effect


@pytest.mark.real_data
@pytest.mark.parametrize("name", list(PUBLISHED))
def test_the_published_row(fitted: tuple[Study, RoiFrame, Effects], name: str) -> None:
    decimals, itt, itt_se, n, iv, iv_se, compared, compared_se = PUBLISHED[name]
    one = fitted[2].of[name]
    assert _same(one.intention_to_treat, itt, itt_se, decimals, "HC1").n_people == n
    assert _same(one.compliers, iv, iv_se, decimals, "HC0").n_people == n
    _same(one.contrast, compared, compared_se, decimals, "HC1")


@pytest.mark.real_data
def test_the_frame_counts_people_once(fitted: tuple[Study, RoiFrame, Effects]) -> None:
    frame = fitted[1]
    assert frame.n_offered == 3300
    assert all(o.n_assigned == (1534, 3300) for o in frame.outcomes.values())
    assert frame.outcomes["sick_days"].left_out["rows without a weight, or with weight 0"].rows == 52
    claims, admin = (set(frame.outcomes[n].unit.tolist()) for n in ("spend", "gym"))
    assert not claims & admin


@pytest.mark.real_data
def test_errors_are_joint_inside_a_file_and_unknown_between(fitted: tuple[Study, RoiFrame, Effects]) -> None:
    effects = [fitted[2].of[n].intention_to_treat for n in ("spend", "terminated", "sick_days")]
    joint = wp.roi.joint_correlation([e for e in effects if isinstance(e, Effect)])
    assert np.isnan(joint[0, 1])
    assert -0.2 < joint[1, 2] < 0


@pytest.mark.real_data
def test_the_lots_made_the_arms_alike_and_choice_did_not(
    fitted: tuple[Study, RoiFrame, Effects], released: tuple[Released, Released]
) -> None:
    checks = {c.name: c.passed for part in released for c in part.checks}
    assert checks["arms_alike_at_start"] is True
    assert checks["attrition_alike"] is True
    assert checks["first_stage"] is True
    assert checks["design_of_contrast"] is False
    assert checks["participants_differ_at_start"] is False


@pytest.mark.real_data
def test_no_saving_is_found_by_lot_and_the_contrast_is_warned_of(released: tuple[Released, Released]) -> None:
    effects, compared = released
    assert "“Spending on health care” by 11 (−84 to 106) dollars a month" in effects.answer
    assert "The interval includes no change" in effects.answer
    assert compared.answer.startswith("Not an effect, whatever its number")
    assert "−137 (−272 to −3) dollars a month" in compared.answer
    assert compared.answer.index("Not an effect") < compared.answer.index("−137")
    # only two of the eight stay clear, and neither is money
    table = effects.table("effects")
    p = [m.name for m in table.measures].index("p_holm")
    clear = [row.key[0] for row in table.rows if float(row.values[p] or 0) < 0.05]
    assert clear == [
        "Says that management gives priority to health and safety",
        "Ever had a health screening",
    ]
    picture = wp.roi.plot_contrast(compared)
    assert picture is not None
    assert picture.title == "Comparing participants would claim 3 changes that the lots do not show"


@pytest.mark.real_data
def test_published_microdata_are_shown_in_full(released: tuple[Released, Released]) -> None:
    effects, _ = released
    assert not effects.suppressed
    counts = {row.key: row.values[:2] for row in effects.table("arms").rows}
    assert counts["Spending on health care", "control"] == (1534, 1031)
