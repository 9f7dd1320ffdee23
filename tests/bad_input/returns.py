"""Small programmes, and every answer the return pillar gives on them, as its notebook asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from tests.fakes import provenance
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import attempt
from wellperf_models.roi.beliefs.checks import check_beliefs
from wellperf_models.roi.beliefs.findings import describe_beliefs
from wellperf_models.roi.beliefs.model import fit_beliefs
from wellperf_models.roi.case.checks import check_case
from wellperf_models.roi.case.findings import judge_case
from wellperf_models.roi.case.frame import build_case
from wellperf_models.roi.case.model import fit_case
from wellperf_models.roi.checks import check_contrast, check_decision, check_effects
from wellperf_models.roi.findings import contrast, decide, evaluate
from wellperf_models.roi.frame import build_frame
from wellperf_models.roi.information.checks import check_information
from wellperf_models.roi.information.findings import judge_information
from wellperf_models.roi.information.model import fit_information
from wellperf_models.roi.model import fit_decision, fit_effects, fit_posterior
from wellperf_models.roi.models.checks import check_models
from wellperf_models.roi.models.findings import describe_models
from wellperf_models.roi.portfolio.checks import check_portfolio
from wellperf_models.roi.portfolio.findings import rank_initiatives
from wellperf_models.roi.portfolio.model import fit_portfolio
from wellperf_models.roi.reporting.findings import fill_cheers
from wellperf_models.roi.scenarios.checks import check_scenarios
from wellperf_models.roi.scenarios.findings import compare_scenarios
from wellperf_models.roi.scenarios.model import fit_scenarios
from wellperf_models.study import Study
from wellperf_models.tables import Tables

N = 200
HEAD = {"name": "returns", "as_of": "2024-12-31", "seed": 1}
VALUE = {
    "channel": "absence",
    "amount": 250.0,
    "currency": "EUR",
    "source": "payroll",
    "tier": "measured",
}
DAYS = {"label": "Days away", "unit": "days a year", "higher_is": "worse", "value": VALUE}
COST = {
    "kind": "programme",
    "amount": 100.0,
    "per": "person_year",
    "currency": "EUR",
    "source": "contract",
    "tier": "measured",
}
DECISION = {"discount_rate": 0.03, "perspective": "employer", "horizon_years": 2, "fade_out": 0.5}
# everything that can be asked of a return
ASKED: dict[str, Any] = {
    "decision": DECISION,
    "costs": [COST],
    "pilot": {"people": [100], "currency": "EUR", "source": "s", "tier": "asserted"},
    "scenarios": {"dear": {"price": 1.5}},
    "budget": {"amount": 1000.0, "currency": "EUR"},
    "initiatives": {
        "gym": {
            "people": 50,
            "effects": {"days": {"mean": -0.1, "sd": 0.2, "source": "s", "tier": "asserted"}},
            "costs": [COST],
        }
    },
}


def make_study(tables: Sequence[str], **roi: Any) -> Study:
    """A study that asks everything of one programme."""
    section = {
        "programme": "walk",
        "design": "randomised",
        "level": "person",
        "treated": "t",
        "control": "c",
        "outcomes": {"days": DAYS},
    }
    return Study.model_validate(
        {
            "study": HEAD,
            "money": {"reporting_currency": "EUR"},
            "tables": {name: {"path": f"{name}.csv"} for name in tables},
            "roi": section | ASKED | roi,
        }
    )


def make_outcomes(
    n: int = N, *, values: Sequence[float] | np.ndarray | None = None, **columns: Sequence[Any]
) -> pl.DataFrame:
    """Rows of the table outcomes: days away of n people; half of them in each arm unless `columns` say so."""
    days = np.random.default_rng(3).gamma(2.0, 3.0, n).round(2)
    made: dict[str, Any] = {
        "unit_type": ["person"] * n,
        "unit_id": [f"p{i:03}" for i in range(n)],
        "name": ["days"] * n,
        "value": np.asarray(days if values is None else values, float),
        "arm": ["t" if i % 2 else "c" for i in range(n)],
    }
    return pl.DataFrame(made | columns)


def make_tables(rows: pl.DataFrame, more: dict[str, pl.DataFrame] | None = None, **roi: Any) -> Tables:
    """Checked tables of one programme."""
    frames = {"outcomes": rows} | (more or {})
    return Tables.from_frames(make_study(list(frames), **roi), frames)


def answers_of(tables: Tables) -> dict[str, Released]:
    """Every answer of the pillar by id, released; nothing may stop on the way."""
    study = tables.study
    section = study.roi
    assert section is not None
    told: Any = {"provenance": provenance(study.study.as_of)}
    frame: Any = attempt(build_frame, tables)
    case = build_case(tables, frame)
    effects: Any = attempt(fit_effects, frame, section)
    posteriors: Any = attempt(fit_posterior, frame, effects, section)
    decision: Any = attempt(fit_decision, frame, effects, posteriors, section)
    beliefs: Any = attempt(fit_beliefs, frame, effects, posteriors, decision, section)
    scenarios: Any = attempt(fit_scenarios, frame, effects, decision, section)
    portfolio: Any = attempt(fit_portfolio, frame, decision, section)
    information: Any = attempt(fit_information, frame, effects, decision, section)
    from_case: Any = attempt(fit_case, case, section)
    checks = check_decision(frame, effects, posteriors, decision)
    found = [
        evaluate(frame, effects, check_effects(frame, effects), **told),
        contrast(frame, effects, check_contrast(frame, effects), **told),
        describe_models(frame, effects, posteriors, check_models(frame, effects, posteriors), **told),
        describe_beliefs(frame, beliefs, check_beliefs(frame, beliefs), **told),
        judge_case(case, from_case, check_case(case, from_case), **told),
        decide(frame, effects, posteriors, decision, checks, **told),
        compare_scenarios(frame, scenarios, check_scenarios(frame, scenarios), **told),
        rank_initiatives(frame, portfolio, check_portfolio(frame, portfolio), **told),
        judge_information(frame, information, check_information(frame, information), **told),
    ]
    released = [release(evidence, study) for evidence in found]
    released.append(release(fill_cheers(frame, study, released, **told), study))
    return {answer.id: answer for answer in released}
