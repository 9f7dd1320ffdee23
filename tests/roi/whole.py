"""Every answer of the return pillar on one study, as its notebook asks for them."""

from __future__ import annotations

from typing import Any

import wellperf_models as wp
from tests.fakes import provenance
from wellperf_models.disclosure import Released
from wellperf_models.tables import Tables


def answers_of(tables: Tables) -> dict[str, Released]:
    """Every answer of the pillar by id, released; nothing may stop on the way."""
    study = tables.study
    section = study.roi
    assert section is not None
    told: Any = {"provenance": provenance(study.study.as_of)}
    frame: Any = wp.attempt(wp.roi.build_frame, tables)
    case = wp.roi.build_case(tables, frame)
    effects: Any = wp.attempt(wp.roi.fit_effects, frame, section)
    posteriors: Any = wp.attempt(wp.roi.fit_posterior, frame, effects, section)
    decision: Any = wp.attempt(wp.roi.fit_decision, frame, effects, posteriors, section)
    beliefs: Any = wp.attempt(wp.roi.fit_beliefs, frame, effects, posteriors, decision, section)
    scenarios: Any = wp.attempt(wp.roi.fit_scenarios, frame, effects, decision, section)
    portfolio: Any = wp.attempt(wp.roi.fit_portfolio, frame, decision, section)
    information: Any = wp.attempt(wp.roi.fit_information, frame, effects, decision, section)
    fitted: Any = wp.attempt(wp.roi.fit_case, case, section)
    models = wp.roi.check_models(frame, effects, posteriors)
    checks = wp.roi.check_decision(frame, effects, posteriors, decision)
    found = [
        wp.roi.evaluate(frame, effects, wp.roi.check_effects(frame, effects), **told),
        wp.roi.contrast(frame, effects, wp.roi.check_contrast(frame, effects), **told),
        wp.roi.describe_models(frame, effects, posteriors, models, **told),
        wp.roi.describe_beliefs(frame, beliefs, wp.roi.check_beliefs(frame, beliefs), **told),
        wp.roi.judge_case(case, fitted, wp.roi.check_case(case, fitted), **told),
        wp.roi.decide(frame, effects, posteriors, decision, checks, **told),
        wp.roi.compare_scenarios(frame, scenarios, wp.roi.check_scenarios(frame, scenarios), **told),
        wp.roi.rank_initiatives(frame, portfolio, wp.roi.check_portfolio(frame, portfolio), **told),
        wp.roi.judge_information(frame, information, wp.roi.check_information(frame, information), **told),
    ]
    released = [wp.release(evidence, study) for evidence in found]
    released.append(wp.release(wp.roi.fill_cheers(frame, study, released, **told), study))
    return {answer.id: answer for answer in released}
