"""What the questions on turnover need, by counts alone."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.needs import (
    VALIDATION_EVENTS,
    Answerable,
    Frames,
    Need,
    distinct,
    judge,
    number,
)

# events per parameter of a model that explains (Peduzzi 1996) and of one that predicts (Ogundimu 2016)
_EVENTS_PER_PARAMETER, _EVENTS_PER_PREDICTOR = 10, 20
_NUMBER = ("number",)
# a policy is followed forward from several models at once
_EVENTS_FOR_A_POLICY = 50


def _or_failed_check(answer: Answerable, frames: Frames, study: Study) -> Answerable:
    """What the pack shows with a failed check: enough exits to be shown, too few for a rule of thumb."""
    gate = study.disclosure
    shown = (
        _exits(frames, study.turnover.causes[0]) >= gate.min_model_events
        and distinct(frames["spells"], "employee_id") >= gate.min_model_people
    )
    return replace(answer, now="with a failed check") if answer.now == "no" and shown else answer


def _exits(frames: Frames, cause: str | None = None) -> int:
    reason = pl.col("exit_reason")
    return number(frames["spells"].filter(reason.is_not_null() if cause is None else reason == cause))


def stay(text: str, frames: Frames, study: Study) -> Answerable:
    """People, and exits for each cause that happens at all."""
    gate = study.disclosure
    people = Need(have=distinct(frames["spells"], "employee_id"), want=gate.min_model_people, what="people")
    every = Need(have=_exits(frames), want=gate.min_model_events, what="exits")
    causes = [
        Need(have=_exits(frames, cause), want=gate.min_model_events, what=f"exits ({cause})")
        for cause in study.turnover.causes
        if _exits(frames, cause)
    ]
    answer = judge(text, [people, every, *causes], [people, every], "yes, all exits together")
    return _or_failed_check(answer, frames, study)


def _parameters(frames: Frames, study: Study) -> int:
    """Parameters of the declared covariates: one per number, levels less one per category."""
    total = 0
    for name in study.turnover.covariates:
        covariate = study.covariates[name]
        column = covariate.column or name
        frame = frames.get(covariate.table)
        if covariate.type in _NUMBER or frame is None or column not in frame.collect_schema().names():
            total += 1
        else:
            total += max(1, distinct(frame, column) - 1)
    return total


def explain(text: str, frames: Frames, study: Study) -> Answerable:
    """Exits for each coefficient of a model that explains."""
    return _per_parameter(text, frames, study, _EVENTS_PER_PARAMETER, 0)


def predict(text: str, frames: Frames, study: Study) -> Answerable:
    """Exits for each coefficient of a model that predicts."""
    return _per_parameter(text, frames, study, _EVENTS_PER_PREDICTOR, VALIDATION_EVENTS)


def _per_parameter(text: str, frames: Frames, study: Study, per: int, least: int) -> Answerable:
    if not study.turnover.covariates:
        return Answerable(question=text, now="no", needs="covariates in [turnover]")
    want = max(least, per * _parameters(frames, study))
    one = _exits_of_first(frames, study, want, ", or fewer covariates")
    every = Need(have=_exits(frames), want=want, what="exits")
    answer = judge(text, [one], [every], "yes, all exits together")
    return _or_failed_check(answer, frames, study)


def policy(text: str, frames: Frames, study: Study) -> Answerable:
    """A policy, dated spells, and exits enough for the models that are followed forward."""
    section = study.turnover
    if not section.policies:
        return Answerable(question=text, now="no", needs="a policy in [turnover.policies]")
    if not _dated(frames):
        return Answerable(question=text, now="no", needs="dates in spells")
    longest, observed = max(p.horizon_months for p in section.policies.values()), _months_observed(study)
    if observed is not None and observed < longest:
        return Answerable(
            question=text, now="no", needs=f"{longest} months under observation, or a shorter horizon"
        )
    want = max(_EVENTS_FOR_A_POLICY, _EVENTS_PER_PARAMETER * _parameters(frames, study))
    answer = judge(text, [_exits_of_first(frames, study, want, "")])
    return _or_failed_check(answer, frames, study)


def transition(text: str, frames: Frames, study: Study) -> Answerable:
    """Dated spells, and enough of the exits that are the aim."""
    asked = study.turnover.transition
    assert asked is not None
    if not _dated(frames):
        return Answerable(question=text, now="no", needs="dates in spells")
    least = study.disclosure.min_model_events
    return judge(
        text, [Need(have=_exits(frames, asked.cause), want=2 * least, what=f"exits ({asked.cause})")]
    )


def _exits_of_first(frames: Frames, study: Study, want: int, otherwise: str) -> Need:
    cause = study.turnover.causes[0]
    return Need(have=_exits(frames, cause), want=want, what=f"exits ({cause}){otherwise}")


def _months_observed(study: Study) -> int | None:
    """Whole months from the first day observed to the as-of date; None where the first is not declared."""
    general = study.study
    if general.observed_from is None:
        return None
    first, last = general.observed_from, general.as_of
    return 12 * (last.year - first.year) + last.month - first.month + (last.day >= first.day)


def _dated(frames: Frames) -> bool:
    spells = frames["spells"]
    return "start" in spells.collect_schema().names() and number(spells.drop_nulls("start")) > 0
