"""Of a small organisation the choice tells nothing that its estimates may not."""

from __future__ import annotations

import pytest

from tests.roi.beliefs.builders import believed_trial, decided
from tests.roi.decision_builders import DECISION, PROVENANCE
from tests.roi.gated import no_verdict
from wellperf_models.disclosure import Released, release
from wellperf_models.roi.portfolio.checks import check_portfolio
from wellperf_models.roi.portfolio.findings import rank_initiatives
from wellperf_models.roi.portfolio.model import fit_portfolio
from wellperf_models.study import Study

STUDY = Study.model_validate({"study": {"name": "t", "as_of": "2024-12-31", "seed": 4}, "tables": {}})
KNOWN = {"source": "a guess", "tier": "asserted"}
ROSTERS = {
    "label": "Rosters",
    "people": 200,
    "effects": {"sick_days": {"mean": -1.0, "sd": 0.5} | KNOWN},
    "costs": [{"kind": "programme", "amount": 9.0, "per": "person_year", "currency": "EUR"} | KNOWN],
}


def _released(n: int) -> Released:
    parts = believed_trial(-0.1, 0.5, n=n, decision=DECISION, initiatives={"rosters": ROSTERS})
    frame, _, _, section = parts
    portfolio = fit_portfolio(frame, decided(parts), section)
    checks = check_portfolio(frame, portfolio)
    return release(rank_initiatives(frame, portfolio, checks, provenance=PROVENANCE), STUDY)


def test_of_few_people_no_check_tells_what_is_kept_back() -> None:
    few = _released(24)
    assert few.answer.startswith("Not shown")
    no_verdict(few)
    told = " ".join(check.text for check in few.checks)
    assert "Rosters" not in told
    assert "(not shown)" in told


@pytest.mark.parametrize("name", ["choice_likely_right", "chosen_on_local_evidence"])
def test_of_enough_people_the_same_checks_tell_their_number(name: str) -> None:
    found = {c.name: c.value for c in _released(1200).checks}
    assert found[name] is not None
