"""Tables → answers to the outcome's items beside its scores, and the other scales of the same instrument."""

from __future__ import annotations

from dataclasses import dataclass, field

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import check_section
from wellperf_models.burnout.frame import period_of
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.instruments import CutOff, ScoringKey
from wellperf_models.panel import (
    NO_GROUP,
    Roster,
    Source,
    build_waves,
    has_stable_ids,
    read_wave_order,
    roster_of,
    to_polars,
)
from wellperf_models.panel.engine import table
from wellperf_models.study import Burnout, Study, cut_offs_of
from wellperf_models.tables.scored import Keyed, item_rows, keyed_measures

# a wave of fewer people says little of a share; the newest answers of everybody are then looked at
_PEOPLE_OF_A_WAVE = 100


@dataclass(frozen=True, kw_only=True)
class Items:
    """Answers to the items of the outcome; rows are those of the frame.

    Attributes:
        key: How the score is made of them.
        names: Of the items, in the order of the key, shape (k,).
        answers: As the score runs (reversed ones turned), shape (n, k); nan where there is none or it is off
            the scale.
        off_scale: Item → answers off the scale.
        n_computed: Scores that the tables did not have and that were made from the items.
    """

    key: ScoringKey
    names: tuple[str, ...]
    answers: Floats
    off_scale: dict[str, int]
    n_computed: int

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Items({self.answers.shape[0]} rows × {self.answers.shape[1]} items)"


@dataclass(frozen=True, kw_only=True)
class MeasureFrame:
    """One row per person and wave with a score of the outcome; arrays of shape (n,).

    Attributes:
        section: `[burnout]`.
        outcome: What a reader calls it.
        low, high: Range of its scores.
        higher_is_worse: Which end is bad.
        cut_offs: Lines on the scale, the study's own first.
        waves: Names, the oldest first where their order is known.
        person, wave: Codes. score: The outcome's.
        newest: Rows that describe the present: those of the newest wave, or the last of each person.
        period: What these are, in words.
        group: As of the wave, or None.
        items: Answers to its items; None: there are none.
        why: Why there are none; "" where there are.
        scales: What a reader calls the outcome and the other scales of its instrument.
        scores: Of these, shape (n, m), the outcome's first; nan where not answered.
        group_by, population, min_people, min_group_size, seed, in_full: As in `BurnoutFrame`.
        roster: Who the codes of people are.
    """

    section: Burnout
    outcome: str
    low: float
    high: float
    higher_is_worse: bool
    cut_offs: tuple[CutOff, ...]
    waves: tuple[str, ...]
    person: Ints
    wave: Ints
    score: Floats
    newest: NDArray[np.bool_]
    period: str
    group: NDArray[np.str_] | None
    items: Items | None
    why: str
    scales: tuple[str, ...]
    scores: Floats
    group_by: str | None
    population: str
    min_people: int
    min_group_size: int
    seed: int
    in_full: bool
    roster: Roster | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"MeasureFrame({self.score.size} rows, {len(self.waves)} waves, {self.items!r})"


def build_measures(tables: Source) -> MeasureFrame:
    """Builds what the quality of the outcome's measurement is judged by.

    Args:
        tables: Holds `surveys`; where items stand among its rows, reliability can be judged.

    Raises:
        StudyError: No `[burnout]`, no surveys, or what `build_waves` refuses.
        DesignError: Nobody has a score of the outcome.
    """
    study = tables.study
    section = check_section(study)
    groups = (section.group_by,) if section.group_by else ()
    ordered = read_wave_order(tables).ordered
    rows = to_polars(build_waves(tables, (), groups=groups)).sort("employee_id", "wave_order", "wave")
    waves = rows.sort("wave_order", "wave")["wave"].unique(maintain_order=True).to_list()
    rows = rows.with_columns(
        (pl.col("employee_id").rank("dense") - 1).cast(pl.Int64).alias("person"),
        pl.col("wave").replace_strict(waves, range(len(waves)), return_dtype=pl.Int64).alias("wave_code"),
    )
    scale = study.measures[section.outcome]
    outcome = scale.label or section.outcome.replace("_", " ")
    keyed = next((k for k in keyed_measures(study) if k.measure == section.outcome), None)
    items = None if keyed is None else _items(tables, rows, keyed)
    names = _same_instrument(study, section.outcome)
    person, wave = rows["person"].to_numpy(), rows["wave_code"].to_numpy()
    newest, period = _newest(person, wave, waves, ordered=ordered)
    roster = roster_of(
        rows, code="person", identifier="employee_id", stable=has_stable_ids(study, ("people", "surveys"))
    )
    return MeasureFrame(
        section=section,
        outcome=outcome,
        low=scale.low,
        high=scale.high,
        higher_is_worse=scale.higher_is == "worse",
        cut_offs=(*_own_cut_off(section), *cut_offs_of(study, section.outcome)),
        waves=tuple(waves),
        person=person,
        wave=wave,
        score=rows["score"].to_numpy().astype(float),
        newest=newest,
        period=period,
        group=_group(rows, section),
        items=items,
        why="" if items is not None else _why(section.outcome, keyed),
        scales=tuple(study.measures[n].label or n.replace("_", " ") for n in names),
        scores=_scores(tables, rows, names),
        group_by=section.group_by,
        population=f"People of the study “{study.study.title or study.study.name}” with a score of {outcome}",
        min_people=study.disclosure.min_model_people,
        min_group_size=study.disclosure.min_group_size,
        seed=study.study.seed,
        in_full=study.study.public_microdata,
        roster=roster,
    )


def _own_cut_off(section: Burnout) -> tuple[CutOff, ...]:
    if section.case_at is None:
        return ()
    return (
        CutOff(
            name="a case in this study", at=section.case_at, status="convention", source="burnout.case_at"
        ),
    )


def _why(outcome: str, keyed: Keyed | None) -> str:
    if keyed is None:
        return "The study file does not say from which items the score is made."
    return "The surveys hold no answers to the items of the score."


def _newest(person: Ints, wave: Ints, waves: list[str], *, ordered: bool) -> tuple[NDArray[np.bool_], str]:
    """Rows of the newest wave, or the last of each person where it is small or not known."""
    last = wave == len(waves) - 1
    if len(waves) == 1 or (ordered and int(last.sum()) >= _PEOPLE_OF_A_WAVE):
        return last, period_of(waves[-1:])
    # rows of a person stand together, the oldest first
    own = np.append(person[1:] != person[:-1], True)
    return own, period_of(waves)


def _group(rows: pl.DataFrame, section: Burnout) -> NDArray[np.str_] | None:
    if section.group_by is None or rows[section.group_by].null_count() == rows.height:
        return None
    return rows[section.group_by].cast(pl.String).fill_null(NO_GROUP).to_numpy().astype(str)


def _same_instrument(study: Study, outcome: str) -> list[str]:
    """The outcome, then other scales of its instrument: by the key, or by the words of `instrument`."""
    own = study.measures[outcome]

    def is_same(name: str) -> bool:
        other = study.measures[name]
        by_key = bool(own.scored_from) and (
            other.scored_from.partition(".")[0] == own.scored_from.partition(".")[0]
        )
        return by_key or bool(own.instrument and other.instrument == own.instrument)

    # a total holds its parts: the two are not different sides of anything
    total = {n for n in study.measures if study.measures[n].scored_from.endswith(".total") and n != outcome}
    if own.scored_from.endswith(".total"):
        return [outcome]
    return [outcome, *(n for n in study.measures if n != outcome and n not in total and is_same(n))]


def _scores(tables: Source, rows: pl.DataFrame, names: list[str]) -> Floats:
    """Scores of every scale at the rows, shape (n, m)."""
    surveys = table(tables, "surveys").filter(
        nw.col("measure").is_in(names[1:]), nw.col("item").is_null(), ~nw.col("value").is_null()
    )
    wide = rows.select("employee_id", "wave", pl.col("score").cast(pl.Float64).alias(names[0]))
    if len(names) > 1:
        found = to_polars(surveys.select("employee_id", "wave", "measure", "value"))
        found = found.sort("employee_id", "wave", "measure", "value")
        for name in names[1:]:
            own = found.filter(pl.col("measure") == name).unique(
                ["employee_id", "wave"], keep="first", maintain_order=True
            )
            wide = wide.join(
                own.select("employee_id", "wave", pl.col("value").cast(pl.Float64).alias(name)),
                on=["employee_id", "wave"],
                how="left",
                maintain_order="left",
            )
    return np.asarray(wide.select(pl.col(names).fill_null(float("nan"))).to_numpy(), float)


def _items(tables: Source, rows: pl.DataFrame, keyed: Keyed) -> Items | None:
    """Answers at the rows; None where there is not one."""
    surveys = table(tables, "surveys").filter(nw.col("measure") == keyed.carrier, ~nw.col("item").is_null())
    names = [keyed.names[item] for item in keyed.key.items]
    cells = item_rows(to_polars(surveys).lazy(), keyed).collect()
    low, high = keyed.range
    inside = pl.col("value").is_between(low, high)
    off = cells.filter(~inside).group_by("item").len().sort("item")
    cells = cells.filter(inside).sort("employee_id", "wave", "item", "value")
    if not cells.height:
        return None
    wide = cells.pivot(on="item", index=["employee_id", "wave"], values="answer", aggregate_function="first")
    there = [name for name in names if name in wide.columns]
    at_rows = rows.select("employee_id", "wave").join(
        wide, on=["employee_id", "wave"], how="left", maintain_order="left"
    )
    answers = np.full((rows.height, len(names)), np.nan)
    for name in there:
        answers[:, names.index(name)] = at_rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    computed = sum(
        note.count
        for note in getattr(tables, "notes", ())
        if note.rule == "scored_from_items" and note.column == keyed.measure
    )
    return Items(
        key=keyed.key,
        names=tuple(names),
        answers=answers,
        off_scale=dict(off.iter_rows()),
        n_computed=computed,
    )
