"""What the study file says of the model, for the page and for the model card."""

from __future__ import annotations

from wellperf_models.burnout.reporting.frame import RunFacts

_OUTCOME, _PREDICTORS = "Outcome", "Predictors"


def declared_facts(facts: RunFacts) -> list[tuple[str, str]]:
    """(What, words) of everything declared that a reader of the model has to know; no value of anybody.

    Args:
        facts: The run.
    """
    reporting, governance = facts.study.reporting, facts.study.governance
    purpose = reporting.intended_use or (governance.purpose if governance is not None else "")
    told = [
        *_of_the_model(facts),
        ("Intended use", purpose),
        ("Intended users", reporting.intended_users),
        ("Not for, in this study", reporting.not_for),
        ("Setting", reporting.setting),
        ("Where a predictor is missing", reporting.input_quality),
        ("What a user has to know", reporting.expertise),
        ("Funding", reporting.funding),
        ("Conflicts of interest", reporting.conflicts),
        ("Protocol", reporting.protocol),
    ]
    return [(what, text) for what, text in told if text]


def _of_the_model(facts: RunFacts) -> list[tuple[str, str]]:
    frame = facts.frame
    if frame is None:
        return []
    scale = facts.study.measures[frame.section.outcome]
    instrument = f" ({scale.instrument})" if scale.instrument else ""
    line = facts.cut_off
    source = f"; {line.status}: {line.source}" if line is not None else "; no source named for the cut-off"
    told = [
        (_OUTCOME, f"{frame.outcome}{instrument}, {scale.low:g} to {scale.high:g}"),
        ("A case", frame.case + (source if frame.section.case_at is not None else "")),
    ]
    last = ["last score"] if frame.design == "forward" else []
    for model, covariates in frame.sets.items():
        named = ", ".join((*last, *(frame.label_of(c) for c in covariates)))
        told.append((f"{_PREDICTORS}: {frame.name_of(model)}", named))
    return told
