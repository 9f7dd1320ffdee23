"""Questions that are asked only where the study file has a section for them: `[burnout]`, `[roi]`."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from wellperf_models.study import CAUSAL_DESIGNS, Burnout, Roi, Study
from wellperf_models.tables.needs import VALIDATION_EVENTS, Answerable, Frames, Need, distinct, judge, number

_SECOND_WAVE = "a second wave of the same people"


def forecast(text: str, frames: Frames, study: Study) -> Answerable:
    """Cases and non-cases of `burnout.outcome`, and people who answered two waves whose order is known."""
    burnout, gate = study.burnout, study.disclosure
    assert burnout is not None
    scores = frames["surveys"].filter(
        pl.col("measure") == burnout.outcome, pl.col("item").is_null(), pl.col("value").is_not_null()
    )
    n_cases, n_others = _cases(scores, burnout, study)
    one_wave = [
        Need(have=distinct(scores, "employee_id"), want=gate.min_model_people, what="people with a score"),
        Need(have=n_cases, want=gate.min_model_events, what="cases"),
        Need(have=n_others, want=gate.min_model_events, what="people who are no case"),
    ]
    described = judge(text, one_wave)
    waves = scores.group_by("employee_id").agg(pl.col("wave").n_unique().alias("n"))
    n_linked = number(waves.filter(pl.col("n") >= 2))
    dated = scores.group_by("wave").agg(pl.col("date").is_not_null().any()).select(pl.col("date").all())
    ordered = bool(burnout.waves) or bool(dated.collect().item())
    two = Need(have=n_linked, want=VALIDATION_EVENTS, what="people with two waves")
    now = "cross-section only"
    if distinct(scores, "wave") < 2 or not n_linked:
        more = _SECOND_WAVE
    elif not ordered:
        more = "dates of the answers, or the order of the waves in [burnout]"
    elif two.met:
        return described
    else:
        more = two.missing
        # the pillar forecasts from so many on, and its intervals say how little that is
        now = "yes, with wide intervals" if n_linked >= gate.min_model_people else now
    now = now if described.now == "yes" else "no"
    return replace(
        described, now=now, after_pooling="", needs=", ".join(filter(None, (described.needs, more)))
    )


def _cases(scores: pl.LazyFrame, burnout: Burnout, study: Study) -> tuple[int, int]:
    """Answers that are a case, and those that are none."""
    n = number(scores)
    if burnout.case_share is not None:
        cases = int(n * burnout.case_share)
    else:
        better = study.measures[burnout.outcome].higher_is == "better"
        value = pl.col("value")
        cases = number(scores.filter(value <= burnout.case_at if better else value >= burnout.case_at))
    return cases, n - cases


def programme(text: str, frames: Frames, study: Study) -> Answerable:
    """Units of the primary outcome, measured, on the smaller side of the comparison."""
    roi = study.roi
    assert roi is not None
    need = Need(
        have=min(_sides(frames["outcomes"], roi)),
        want=study.disclosure.min_model_people,
        what="units in the smallest arm",
    )
    answer = judge(text, [need])
    if answer.now == "yes" and roi.design not in CAUSAL_DESIGNS:
        # a contrast, and said to be no more than that
        return replace(answer, now="with a failed check", needs="units drawn by lot")
    return answer


def _sides(outcomes: pl.LazyFrame, roi: Roi) -> list[int]:
    """Distinct units on each side: of each arm; of who took part and who did not, where there is one arm."""
    primary = roi.outcomes[roi.primary]
    name, period = primary.name or roi.primary, primary.period
    rows = outcomes.filter(pl.col("name") == name, pl.col("value").is_not_null())
    if period is not None:
        rows = rows.filter(pl.col("period") == period)
    arm = pl.col("arm")
    if roi.design == "staggered":
        # each unit is its own comparison before it starts
        sides = [rows]
    elif roi.control is not None:
        sides = [rows.filter(arm == roi.treated), rows.filter(arm == roi.control)]
    elif roi.design == "participation":
        sides = [rows.filter(arm == roi.treated, pl.col("received") == word) for word in ("yes", "no")]
    else:
        sides = [rows.filter(arm == roi.treated)]
    return [distinct(side, "unit_type", "unit_id") for side in sides]


def money(text: str, frames: Frames, study: Study) -> Answerable:
    """As `programme`; besides what a unit is worth, what the programme costs, and a rule of decision."""
    roi = study.roi
    assert roi is not None
    missing = []
    if roi.decision is None:
        missing.append("section [roi.decision]")
    # an asserted amount never enters the net present value
    if not any(o.value is not None and o.value.tier != "asserted" for o in roi.outcomes.values()):
        missing.append("a measured or transported [roi.outcomes.NAME.value]")
    if not roi.costs and not _booked(frames, roi):
        missing.append("costs, in table costs or [[roi.costs]]")
    answer = programme(text, frames, study)
    if not missing:
        return answer
    return Answerable(question=text, now="no", needs=", ".join(filter(None, (*missing, answer.needs))))


def _booked(frames: Frames, roi: Roi) -> bool:
    return "costs" in frames and number(frames["costs"].filter(pl.col("programme") == roi.programme)) > 0
