"""Which questions the tables can answer, by counts alone: now, after pooling, or with how many more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables import section_questions, turnover_questions
from wellperf_models.tables.needs import (
    VALIDATION_EVENTS,
    Answerable,
    Frames,
    Need,
    distinct,
    judge,
    number,
)

_TEAMS = 20
_NOT_ANALYSED = "not analysed yet"


@dataclass(frozen=True, kw_only=True)
class _Question:
    text: str
    tables: tuple[str, ...]
    answer: Callable[[str, Frames, Study], Answerable]
    section: str = ""
    analysed: bool = False
    asked: Callable[[Study], bool] = lambda _: True


def build_questions(frames: Frames, study: Study) -> tuple[Answerable, ...]:
    """Holds every question against the tables.

    Args:
        frames: Tables that could be read.
        study: Gives sections, causes, covariates and the minimum group size.

    Returns:
        One row per question, in the order of the notebooks.
    """
    rows = []
    for question in (q for q in _QUESTIONS if q.asked(study)):
        absent = [name for name in question.tables if name not in frames]
        needs = [f"table{'s' if len(absent) > 1 else ''} {', '.join(absent)}"] if absent else []
        if question.section and getattr(study, question.section) is None:
            needs.append(f"section [{question.section}]")
        if needs:
            rows.append(Answerable(question=question.text, now="no", needs=", ".join(needs)))
        else:
            answer = question.answer(question.text, frames, study)
            rows.append(answer if question.analysed else _not_analysed(answer))
    return tuple(rows)


def _not_analysed(answer: Answerable) -> Answerable:
    """Says of data that suffice that no notebook answers the question yet."""
    now = answer.now
    if now == "yes":
        now = f"data suffice; {_NOT_ANALYSED}"
    elif now.startswith("partly"):
        now = f"{now}; {_NOT_ANALYSED}"
    pooled = answer.after_pooling
    if pooled.startswith("yes"):
        pooled = f"data suffice{pooled.removeprefix('yes')}; {_NOT_ANALYSED}"
    return replace(answer, now=now, after_pooling=pooled)


def _groups(frames: Frames, study: Study, column: str) -> pl.LazyFrame | None:
    """employee_id and group, of people assigned at the as-of date; None: there is no such column."""
    people = frames.get("people")
    if "assignments" in frames:
        as_of = study.study.as_of
        here = (pl.col("start") <= as_of) & (pl.col("end").is_null() | (pl.col("end") >= as_of))
        frame = frames["assignments"].filter(here)
    elif people is not None and column in people.collect_schema().names():
        frame = people
    else:
        return None
    chosen = frame.select("employee_id", pl.col(column).cast(pl.String).alias("group"))
    return chosen.filter(pl.col("group").is_not_null()).unique()


def _by_group(text: str, frames: Frames, study: Study, people: pl.LazyFrame) -> Answerable:
    """Whether groups are large enough, at each level of widening."""
    least = study.disclosure.min_group_size
    results: list[tuple[str, int, int, int]] = []
    level: str
    for level in study.disclosure.widen:
        if level == "organisation":
            total = distinct(people, "employee_id")
            results.append((level, 1, int(total >= least), max(0, least - total)))
            continue
        groups = _groups(frames, study, level)
        if groups is None:
            continue
        sizes = groups.join(people.unique(), on="employee_id").group_by("group").len().collect()["len"]
        if len(sizes):
            short = int((least - sizes.filter(sizes < least)).sum())
            results.append((level, len(sizes), int((sizes >= least).sum()), short))
    if not results or results[0][0] == "organisation":
        whole = "yes, organisation as a whole" if results and results[0][2] else "no"
        return Answerable(question=text, now="no", after_pooling=whole, needs="departments, in assignments")
    level, n, enough, short = results[0]
    if enough == n:
        return Answerable(question=text, now="yes")
    now = f"partly: {enough} of {n} {level}s" if enough else "no"
    wider = next((name for name, size, large, _ in results[1:] if large == size), None)
    pooled = {None: "no", "organisation": "yes, organisation as a whole"}.get(wider, f"yes, by {wider}")
    needs = Need(have=0, want=short, what=f"people in small {level}s").missing
    return Answerable(question=text, now=now, after_pooling=pooled, needs=needs)


def _stay_by_group(text: str, frames: Frames, study: Study) -> Answerable:
    return _by_group(text, frames, study, frames["spells"].select("employee_id"))


def _wellbeing_by_group(text: str, frames: Frames, study: Study) -> Answerable:
    surveys = frames["surveys"]
    last = surveys.filter(pl.col("wave") == pl.col("wave").max())
    return _by_group(text, frames, study, last.select("employee_id"))


def _absence(text: str, frames: Frames, study: Study) -> Answerable:
    gate = study.disclosure
    people = Need(
        have=distinct(frames["absences"], "employee_id"), want=gate.min_group_size, what="people absent"
    )
    return judge(text, [people])


def _alignment(text: str, frames: Frames, study: Study) -> Answerable:
    rated = frames["performance"].filter(pl.col("unit_type") == "person").select("unit_id").unique()
    asked = frames["surveys"].select("employee_id").unique()
    both = number(rated.join(asked, left_on="unit_id", right_on="employee_id", how="semi"))
    need = Need(have=both, want=VALIDATION_EVENTS, what="people with both")
    if need.met or "assignments" not in frames:
        return judge(text, [need])
    teams = Need(
        have=distinct(frames["performance"].filter(pl.col("unit_type") == "team"), "unit_id"),
        want=_TEAMS,
        what="teams",
    )
    return judge(text, [need], [teams], "yes, by team")


def _equity(text: str, frames: Frames, study: Study) -> Answerable:
    rated = frames["ratings"].filter(pl.col("role") != "self").select(pl.col("ratee_id").alias("employee_id"))
    known = frames["people"].filter(pl.col("gender").is_not_null()).select("employee_id", "gender")
    sizes = rated.unique().join(known, on="employee_id").group_by("gender").len().collect()["len"].sort()
    second = int(sizes[-2]) if len(sizes) > 1 else 0
    want = study.disclosure.min_model_people
    return judge(text, [Need(have=second, want=want, what="people rated in the second-largest group")])


_QUESTIONS = (
    _Question(text="How is well-being, by department?", tables=("surveys",), answer=_wellbeing_by_group),
    _Question(text="How often are people absent, and why?", tables=("absences",), answer=_absence),
    _Question(
        text="Can exhaustion be forecast from an earlier wave?",
        tables=("surveys",),
        answer=section_questions.forecast,
        section="burnout",
        analysed=True,
    ),
    _Question(
        text="How long do people stay, and why do they leave?",
        tables=("spells",),
        answer=turnover_questions.stay,
        analysed=True,
    ),
    _Question(
        text="Does turnover differ by department?", tables=("spells",), answer=_stay_by_group, analysed=True
    ),
    _Question(
        text="What goes with turnover?",
        tables=("spells",),
        answer=turnover_questions.explain,
        analysed=True,
    ),
    _Question(
        text="Can turnover be predicted?",
        tables=("spells",),
        answer=turnover_questions.predict,
        analysed=True,
    ),
    _Question(
        text="How many exits would another way of working avoid?",
        tables=("spells",),
        answer=turnover_questions.policy,
        analysed=True,
    ),
    _Question(
        text="How many reach the exit that is the aim?",
        tables=("spells",),
        answer=turnover_questions.transition,
        analysed=True,
        asked=lambda study: study.turnover.transition is not None,
    ),
    _Question(
        text="What did a programme change?",
        tables=("outcomes",),
        answer=section_questions.programme,
        section="roi",
        analysed=True,
    ),
    _Question(
        text="What does a programme return?",
        tables=("outcomes",),
        answer=section_questions.money,
        section="roi",
        analysed=True,
    ),
    _Question(
        text="Does well-being go with later performance?",
        tables=("performance", "surveys"),
        answer=_alignment,
    ),
    _Question(text="Are ratings equitable between groups?", tables=("ratings", "people"), answer=_equity),
)
