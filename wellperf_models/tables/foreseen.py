"""What the pillars would refuse later: settings that contradict each other, or what the tables hold.

Each is a violation, with the likely name where one is close. The names that a column holds are never listed:
a column mapped by mistake may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.foreseen_money import foresee_bookings, foresee_money
from wellperf_models.tables.foreseen_units import distinct_words, foresee_units, likely
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.violation import Violation, file_problem

Frames = Mapping[str, pl.LazyFrame]
_ADJUSTABLE = ("outcomes", "people")


def foresee_settings(study: Study) -> list[Violation]:
    """What the study file alone tells."""
    return [
        *_roi_settings(study),
        *foresee_money(study),
        *_burnout_settings(study),
        *_turnover_settings(study),
    ]


def foresee_rows(study: Study, frames: Frames) -> list[Violation]:
    """What the tables tell."""
    return [
        *foresee_units(study, frames),
        *_programme(study, frames),
        *foresee_bookings(study, frames),
        *_waves(study, frames),
    ]


def _roi_settings(study: Study) -> Iterator[Violation]:
    roi = study.roi
    if roi is None:
        return
    if roi.start is not None and roi.start > study.study.as_of:
        yield file_problem(
            "(study)",
            "roi_start",
            f"roi.start is {roi.start}, after the study's as_of date: nothing can have changed yet",
            "correct roi.start or [study] as_of",
        )
    for key, outcome in roi.outcomes.items():
        for name in outcome.adjust_for:
            if name in roi.outcomes or name not in study.covariates:
                continue
            covariate = study.covariates[name]
            if covariate.timing != "before":
                yield file_problem(
                    "(study)",
                    "adjust_for_timing",
                    f"roi.outcomes.{key}.adjust_for: {name!r} is measured {covariate.timing} the treatment",
                    'adjust only for what was measured before: timing = "before"',
                )
            if covariate.table not in _ADJUSTABLE:
                yield file_problem(
                    "(study)",
                    "adjust_for_table",
                    f"roi.outcomes.{key}.adjust_for names {name!r}, read from {covariate.table}",
                    f"adjust for covariates of {' or '.join(_ADJUSTABLE)}, or for outcomes measured before",
                )


def _burnout_settings(study: Study) -> Iterator[Violation]:
    burnout = study.burnout
    if burnout is None or burnout.outcome not in study.measures:
        return
    scale = study.measures[burnout.outcome]
    if burnout.case_at is not None and not scale.low <= burnout.case_at <= scale.high:
        yield file_problem(
            "(study)",
            "case_at_in_scale",
            f"burnout.case_at is {burnout.case_at:g}, outside of {burnout.outcome} ({scale.low:g} to "
            f"{scale.high:g})",
            f"correct case_at, or the range in [measures.{burnout.outcome}]",
        )
    if scale.higher_is == "neither":
        yield file_problem(
            "(study)",
            "case_has_an_end",
            f"burnout.outcome is {burnout.outcome}, which has no bad end, so nobody can be a case",
            f'write higher_is = "worse" or "better" in [measures.{burnout.outcome}]',
        )
    for model, chosen in burnout.models.items():
        for name in chosen.covariates:
            if name in study.covariates and study.covariates[name].timing == "after":
                yield _too_late(f"burnout.models.{model}", name, "after")


def _turnover_settings(study: Study) -> Iterator[Violation]:
    turnover = study.turnover
    for section, names in (("covariates", turnover.covariates), ("strata", turnover.strata)):
        for name in names:
            if name in study.covariates and study.covariates[name].timing != "before":
                yield _too_late(f"turnover.{section}", name, study.covariates[name].timing)
    allowed = SCHEMA["spells"].by_name["exit_reason"].allowed
    for cause in turnover.causes:
        if cause not in allowed:
            yield file_problem(
                "spells",
                "turnover_cause",
                f"turnover.causes names {cause!r}, which is no exit reason{likely(cause, allowed)}",
                f"write one of {', '.join(allowed)}",
                column="exit_reason",
            )


def _too_late(where: str, name: str, timing: str) -> Violation:
    return file_problem(
        "(study)",
        "covariate_timing",
        f"{where} names {name!r}, measured {timing} the outcome: it can't foretell it",
        f"take it out of {where}, or correct timing in [covariates.{name}]",
    )


def _programme(study: Study, frames: Frames) -> Iterator[Violation]:
    roi = study.roi
    if roi is None:
        return
    if "costs" in frames and roi.decision is not None and not roi.costs:
        known = distinct_words(frames["costs"], "programme")
        if roi.programme not in known:
            yield _unknown_programme("costs", roi.programme, known)
    if "programmes" not in frames:
        return
    known = distinct_words(frames["programmes"], "programme")
    # a table of other programmes is no mistake, one of nearly this name is
    if roi.programme not in known and likely(roi.programme, known):
        yield _unknown_programme("programmes", roi.programme, known)
    own = frames["programmes"].filter(pl.col("programme") == roi.programme)
    start = own.select(pl.col("start").min()).collect().item()
    if roi.start is None and start is not None and start > study.study.as_of:
        yield file_problem(
            "programmes",
            "roi_start",
            "the programme of [roi] began on or before the study's as_of date",
            "correct programmes.start or [study] as_of",
            column="start",
        )


def _unknown_programme(table: str, given: str, known: Iterable[str]) -> Violation:
    return file_problem(
        table,
        f"programme_in_{table}",
        f"roi.programme names {given!r}, no programme in the table {table}{likely(given, known)}",
        "correct roi.programme, or the names in the table"
        + (", or declare [[roi.costs]]" if table == "costs" else ""),
        column="programme",
    )


def _waves(study: Study, frames: Frames) -> Iterator[Violation]:
    burnout = study.burnout
    if burnout is None or "surveys" not in frames:
        return
    scored = frames["surveys"].filter(pl.col("measure") == burnout.outcome)
    known = distinct_words(scored.filter(pl.col("item").is_null()), "wave")
    if not known:
        own = (
            ""
            if not distinct_words(scored, "wave")
            else ": only items, and no key to score them (scored_from)"
        )
        yield file_problem(
            "surveys",
            "outcome_in_surveys",
            f"burnout.outcome names {burnout.outcome!r}, of which the table surveys has no score{own}",
            "correct burnout.outcome, or the mapping of surveys.measure and surveys.item",
            column="measure",
        )
        return
    left_out = [wave for wave in known if wave not in burnout.waves]
    if not burnout.waves or not left_out:
        return  # a wave that is still to come may be named
    for wave in burnout.waves:
        if wave not in known:
            yield file_problem(
                "surveys",
                "wave_in_surveys",
                f"burnout.waves names {wave!r}, no wave of {burnout.outcome} in the table surveys"
                + likely(wave, known),
                "correct burnout.waves, or the mapping of surveys.wave",
                column="wave",
            )
    yield Violation(
        table="surveys",
        column="wave",
        rule="wave_order_complete",
        count=len(left_out),
        text="burnout.waves names every wave of the outcome, the oldest first",
        what_to_do="complete burnout.waves, or leave it out and give the dates of the answers",
    )
