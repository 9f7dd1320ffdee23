"""Tables → what the burnout models eat: answers with their last score, and which question they can bear."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from wellperf_models.burnout.answers import Answers, build_answers, with_first_seen_in
from wellperf_models.burnout.declared import case_words, check_section, split_covariates
from wellperf_models.panel import (
    LeftOut,
    Roster,
    Source,
    build_waves,
    has_stable_ids,
    left_out_rows,
    read_wave_order,
    roster_of,
    to_polars,
)
from wellperf_models.panel.covariates import GROUPS
from wellperf_models.study import Burnout, Covariate, Scale, Study

# forward: predictors lie before the wave of the outcome. cross_section: one answer a person, or too few who
# answered twice. grouped: people answered several times, but nothing says in which order
Design = Literal["forward", "grouped", "cross_section"]


@dataclass(frozen=True, kw_only=True)
class BurnoutFrame:
    """What the burnout models eat.

    Attributes:
        section: `[burnout]`.
        outcome: What a reader calls the outcome.
        higher_is_worse: Which end of the scale is bad.
        case: What a case is, in words.
        design: Which question the waves can bear.
        why: Why it is not "forward", in words; "" where it is.
        waves: Names of the waves modelled, oldest first.
        time_split: True where a newer wave can be kept for scoring.
        answers: The rows.
        sets: Model → its covariates, without the outcome itself.
        during: Model → those of them taken from the wave of the outcome.
        dropped: Model → covariates that are the last score itself.
        late: Covariates known with the answer or after it; in no model.
        measures: Scale → declaration, of all of the study.
        declared: Covariate → declaration.
        response: For each wave that follows one: (people of the wave before, those of them who answered); ()
            where nothing is forecast.
        left_out: Reason → what did not enter.
        group_by: What groups are, or None.
        population: Who it is about, in words.
        min_people, min_cases: People, and cases and non-cases each, a model needs.
        min_group_size: People a described group needs.
        seed: The study's.
        in_full: Published microdata.
        roster: Who the codes of people are, for the ledger; None where a frame was made by hand.
        scale: Range and direction of the outcome; None where a frame was made by hand.
    """

    section: Burnout
    outcome: str
    higher_is_worse: bool
    case: str
    design: Design
    why: str
    waves: tuple[str, ...]
    time_split: bool
    answers: Answers
    sets: dict[str, tuple[str, ...]]
    during: dict[str, tuple[str, ...]]
    dropped: dict[str, tuple[str, ...]]
    declared: dict[str, Covariate]
    response: tuple[tuple[int, int], ...]
    left_out: dict[str, LeftOut]
    group_by: str | None
    population: str
    min_people: int
    min_cases: int
    min_group_size: int
    seed: int
    in_full: bool
    roster: Roster | None = field(default=None, repr=False)
    scale: Scale | None = None
    late: tuple[str, ...] = ()
    measures: dict[str, Scale] = field(default_factory=dict)

    def label_of(self, covariate: str) -> str:
        """What a reader calls a covariate."""
        return self.declared[covariate].label or covariate.replace("_", " ")

    def name_of(self, model: str) -> str:
        """What a reader calls a model."""
        return self.section.models[model].label or model.replace("_", " ")

    def __repr__(self) -> str:
        """Shapes only."""
        return f"BurnoutFrame({self.design}, {self.answers!r}, models: {', '.join(self.sets)})"


def build_frame(tables: Source) -> BurnoutFrame:
    """Builds everything the burnout pillar fits.

    Args:
        tables: Holds `surveys`, and what the study's covariates and groups are read from.

    Returns:
        The frame.

    Raises:
        StudyError: No `[burnout]`, no surveys, an outcome whose bad end is not declared, the outcome among
            the predictors, repeated answers, waves in no clear order, or a covariate that can't be placed.
        DesignError: Nobody has a score of the outcome.
    """
    study = tables.study
    section = check_section(study)
    sets, dropped = split_covariates(study, section)
    names = tuple(dict.fromkeys(c for chosen in sets.values() for c in chosen))
    late = section.ladder.late
    asked = (section.group_by, section.cluster, section.ladder.leave_out)
    extra = [g for g in asked if g and g != "person"]
    order = read_wave_order(tables, (*names, *late))
    raw = to_polars(build_waves(tables, names, groups=tuple(dict.fromkeys((*GROUPS, *extra))), late=late))
    raw = raw.sort("employee_id", "wave_order", "wave").with_columns(
        (pl.col("employee_id").rank("dense") - 1).cast(pl.Int64).alias("person"),
        (pl.col("wave_order").rank("dense") - 1).cast(pl.Int64).alias("wave_order"),
        pl.col("last_score").fill_nan(None),
    )
    raw = with_first_seen_in(raw, section)
    design, why = _design(raw, study, ordered=order.ordered)
    roster = roster_of(
        raw, code="person", identifier="employee_id", stable=has_stable_ids(study, ("people", "surveys"))
    )
    rows, left_out = _rows(raw, design, roster)
    placed = rows.with_columns((pl.col("wave_order").rank("dense") - 1).cast(pl.Int64).alias("wave_order"))
    scale = study.measures[section.outcome]
    outcome = scale.label or section.outcome.replace("_", " ")
    worse = scale.higher_is == "worse"
    during = {
        m: tuple(c for c in chosen if study.covariates[c].timing == "during") for m, chosen in sets.items()
    }
    return BurnoutFrame(
        section=section,
        outcome=outcome,
        higher_is_worse=worse,
        case=case_words(section, scale, outcome),
        design=design,
        why=why,
        waves=tuple(rows.sort("wave_order", "wave")["wave"].unique(maintain_order=True)),
        time_split=design == "forward" and rows["wave_order"].n_unique() > 1,
        answers=build_answers(
            placed, study, section, names, forward=design == "forward", sign=1 if worse else -1
        ),
        sets=sets,
        during=during,
        dropped=dropped,
        declared={name: study.covariates[name] for name in (*section.covariates, *late)},
        late=late,
        measures=dict(study.measures),
        response=_response(raw) if design == "forward" else (),
        left_out=left_out,
        group_by=section.group_by,
        population=f"People of the study “{study.study.title or study.study.name}” with a score of "
        f"{outcome}" + (" who had one at an earlier wave too" if design == "forward" else ""),
        min_people=study.disclosure.min_model_people,
        min_cases=study.disclosure.min_model_events,
        min_group_size=study.disclosure.min_group_size,
        seed=study.study.seed,
        in_full=study.study.public_microdata,
        roster=roster,
        scale=scale,
    )


def _design(raw: pl.DataFrame, study: Study, *, ordered: bool) -> tuple[Design, str]:
    """Which question the waves can bear, and why not the better one."""
    answers = raw.group_by("person").agg(pl.col("wave").n_unique().alias("waves"))
    repeated = int((answers["waves"] > 1).sum())
    if not ordered:
        if repeated:
            return "grouped", (
                "People answered in several waves, but nothing says which wave came first (no dates, and no "
                "burnout.waves)."
            )
        return "cross_section", "The waves have no order and no person in common."
    twice = raw.filter(pl.col("last_score").is_not_null())["person"].n_unique()
    if twice >= study.disclosure.min_model_people:
        return "forward", ""
    if raw["wave"].n_unique() == 1:
        return "cross_section", "There is one wave."
    if not repeated:
        return "cross_section", "No person answered in two waves (ids may differ from wave to wave)."
    return "cross_section", "Too few people answered in two waves to compare with their last score."


def _rows(raw: pl.DataFrame, design: Design, roster: Roster) -> tuple[pl.DataFrame, dict[str, LeftOut]]:
    if design != "forward":
        return raw, {}
    first = raw.filter(pl.col("last_score").is_null())
    left_out = {}
    if first.height:
        why = "answers without an earlier score of the same person"
        waves = first.sort("wave_order", "wave")["wave"].unique(maintain_order=True)
        left_out[why] = left_out_rows(first["person"].to_numpy(), roster.during(period_of(waves.to_list())))
    return raw.filter(pl.col("last_score").is_not_null()), left_out


def period_of(waves: Sequence[str]) -> str:
    """Waves as the period of a number: the same words in every pack that is about the same waves.

    Args:
        waves: Their names, oldest first.
    """
    return f"wave {waves[0]}" if len(waves) == 1 else f"waves {waves[0]} to {waves[-1]}"


def _response(raw: pl.DataFrame) -> tuple[tuple[int, int], ...]:
    """For each wave but the first: people who answered the wave before, and how many of them answered it."""
    asked = raw.select("wave_order", "person").unique()
    waves = asked["wave_order"].unique().sort().to_list()
    people = {w: asked.filter(pl.col("wave_order") == w)["person"].sort() for w in waves}
    return tuple(
        (people[a].len(), np.intersect1d(people[a], people[b], assume_unique=True).size)
        for a, b in itertools.pairwise(waves)
    )
