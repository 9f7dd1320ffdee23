"""Public tenures that lifelines ships, as study files: each is calibrated."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import wellperf_models as wp
from tests.fakes import provenance
from wellperf_models.disclosure import Released
from wellperf_models.evidence import Unanswered
from wellperf_models.study import Study, load_study
from wellperf_models.tables import check_study, load_tables
from wellperf_models.turnover.risk.checks import check_risk
from wellperf_models.turnover.risk.findings import foretell
from wellperf_models.turnover.risk.model import fit_risk
from wellperf_models.turnover.rows import TurnoverFrame
from wellperf_models.turnover.transition.checks import check_transition
from wellperf_models.turnover.transition.findings import judge_transition
from wellperf_models.turnover.transition.model import fit_transition

HERE = Path(__file__).parent
# rows, exits, and the share still there at a tenure in years: lifelines' KaplanMeierFitter on the same file
FACTS = {"load_dd": (1808, 1468, 4), "canadian_senators": (933, 834, 10)}
NAMES = {"load_dd": "dd.csv", "canadian_senators": "canadian_senators.csv"}


@pytest.fixture
def study(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study file, reading a copy of what lifelines installed; nothing of it is in this project."""
    import lifelines.datasets

    folder = tmp_path / "lifelines"
    folder.mkdir()
    shutil.copy(Path(lifelines.datasets.__file__).with_name(NAMES[request.param]), folder)
    monkeypatch.setenv("WELLPERF_DATA_DIR", str(tmp_path))
    return load_study(HERE / f"{request.param}.toml")


def released(study: Study) -> tuple[TurnoverFrame, dict[str, Released]]:
    turnover, section = wp.turnover, study.turnover
    frame = turnover.build_frame(load_tables(study))
    where = provenance(study.study.as_of)
    description = wp.attempt(turnover.fit_description, frame, section)
    cox, hazard, order = (
        wp.attempt(fit, frame, section) for fit in (turnover.fit_cox, turnover.fit_hazard, turnover.validate)
    )
    transition, risk = (wp.attempt(fit, frame, section) for fit in (fit_transition, fit_risk))
    checks = (*turnover.check_cox(frame, cox), *turnover.check_hazard(hazard))
    of_spells = turnover.check_description(frame, description)
    found = (
        turnover.describe(frame, description, of_spells, provenance=where),
        turnover.explain(frame, cox, hazard, checks, provenance=where),
        turnover.predict(frame, order, turnover.check_validation(order), provenance=where),
        judge_transition(frame, transition, check_transition(frame, transition), provenance=where),
        foretell(frame, risk, check_risk(risk), provenance=where),
    )
    assert not isinstance(description, Unanswered)
    return frame, {e.id.removeprefix("turnover."): wp.release(e, study) for e in found}


@pytest.mark.parametrize("study", list(NAMES), indirect=True)
def test_every_answer_of_public_tenures(study: Study) -> None:
    from lifelines import KaplanMeierFitter

    assert check_study(study).ok
    frame, found = released(study)
    rows, exits, years = FACTS[study.study.name]
    spells = frame.spells
    assert spells.entry.size == rows
    assert (spells.event > 0).sum() == exits
    # in full, as public microdata are: the number a reader sees is that of lifelines, to the digits printed
    fitter = KaplanMeierFitter().fit(spells.duration, spells.event > 0)
    expected = float(fitter.survival_function_at_times(12 * years).iloc[0])
    estimate = found["description"].estimate(f"survival_{12 * years}_months")
    assert estimate.value == pytest.approx(expected, abs=0.001)
    assert all(c.passed is not False for c in found["description"].checks)
    assert "Not answered" not in found["explained"].answer
    concordance = found["prediction"].estimate("concordance").value
    assert 0.45 < concordance < 0.8
    assert "does not ask" in found["transition"].answer
    assert not found["transition"].estimates
    # calibrated, leaders too, who leave at whole years alone; the party at appointment orders senators by
    # their century and not by what they do
    assert {c.name: c.passed for c in found["risk"].checks}["right_on_the_whole"] is True
    risk = found["risk"]
    if study.study.name == "load_dd":
        came = risk.estimate("observed_exits_per_100").value
        assert risk.estimate("foretold_exits_per_100").value == pytest.approx(came, abs=0.5)
    assert ("no usable order" in risk.answer) is (study.study.name == "canadian_senators")
    for one in found.values():
        assert np.isfinite([e.value for e in one.estimates]).all()
