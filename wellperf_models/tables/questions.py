"""Which questions the tables can answer, by counts alone: now, after pooling, or with how many more.

Numbers of people and events still needed are rounded up to five, as every count that leaves the tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from wellperf_models.study import Study

_BASE = 5
# events per parameter of a model that explains (Peduzzi 1996) and of one that predicts (Ogundimu 2016)
_EVENTS_PER_PARAMETER, _EVENTS_PER_PREDICTOR = 10, 20
# events for a validation to say anything (Collins, Ogundimu, Altman 2016)
_VALIDATION_EVENTS = 100
_UNITS_PER_ARM = 10
_NOT_ANALYSED = "not analysed yet"
_NUMBER_TYPES = ("number",)

Frames = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True, kw_only=True)
class Answerable:
    """One row of the table: question · answerable now · after pooling · needs.

    Attributes:
        question: In the committee's words.
        now: "yes", "with a failed check" (shown, and marked), "no", or "partly: 3 of 5 departments". Where no
            notebook answers the question yet: "data suffice; not analysed yet" in place of "yes".
        after_pooling: What wider groups allow; "" where pooling changes nothing.
        needs: What is still missing; "" where nothing is.
    """

    question: str
    now: str
    after_pooling: str = ""
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class _Need:
    have: int
    want: int
    what: str

    @property
    def met(self) -> bool:
        return self.have >= self.want

    @property
    def missing(self) -> str:
        return f"{math.ceil((self.want - self.have) / _BASE) * _BASE} more {self.what}"


@dataclass(frozen=True, kw_only=True)
class _Question:
    text: str
    tables: tuple[str, ...]
    answer: Callable[[str, Frames, Study], Answerable]
    one_of: tuple[str, ...] = ()
    analysed: bool = False


def build_questions(frames: Frames, study: Study) -> tuple[Answerable, ...]:
    """Holds every question against the tables.

    Args:
        frames: Tables that could be read.
        study: Gives causes, covariates and the minimum group size.

    Returns:
        One row per question, in the order of the notebooks.
    """
    rows = []
    for question in _QUESTIONS:
        missing = [name for name in question.tables if name not in frames]
        if question.one_of and not any(name in frames for name in question.one_of):
            missing.append(" or ".join(question.one_of))
        if missing:
            needs = f"table{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            rows.append(Answerable(question=question.text, now="no", needs=needs))
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


def _or_failed_check(answer: Answerable, frames: Frames, study: Study) -> Answerable:
    """What the pack shows with a failed check: enough exits to be shown, too few for a rule of thumb."""
    gate = study.disclosure
    shown = (
        _exits(frames, study.turnover.causes[0]) >= gate.min_model_events
        and _distinct(frames["spells"], "employee_id") >= gate.min_model_people
    )
    return replace(answer, now="with a failed check") if answer.now == "no" and shown else answer


def _judge(text: str, now: list[_Need], pooled: list[_Need] | None = None, how: str = "") -> Answerable:
    """Yes where every need is met; else pooled, else what is missing."""
    if all(need.met for need in now):
        return Answerable(question=text, now="yes")
    missing = ", ".join(need.missing for need in now if not need.met)
    pools = pooled is not None and all(need.met for need in pooled)
    return Answerable(question=text, now="no", after_pooling=how if pools else "no", needs=missing)


def _number(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect(engine="streaming").item())


def _distinct(frame: pl.LazyFrame, column: str) -> int:
    return int(frame.select(pl.col(column).drop_nulls().n_unique()).collect(engine="streaming").item())


def _exits(frames: Frames, cause: str | None = None) -> int:
    reason = pl.col("exit_reason")
    return _number(frames["spells"].filter(reason.is_not_null() if cause is None else reason == cause))


def _stay(text: str, frames: Frames, study: Study) -> Answerable:
    gate = study.disclosure
    people = _Need(have=_distinct(frames["spells"], "employee_id"), want=gate.min_model_people, what="people")
    every = _Need(have=_exits(frames), want=gate.min_model_events, what="exits")
    causes = [
        _Need(have=_exits(frames, cause), want=gate.min_model_events, what=f"exits ({cause})")
        for cause in study.turnover.causes
        if _exits(frames, cause)
    ]
    answer = _judge(text, [people, every, *causes], [people, every], "yes, all exits together")
    return _or_failed_check(answer, frames, study)


def _parameters(frames: Frames, study: Study) -> int:
    """Parameters of the declared covariates: one per number, levels less one per category."""
    total = 0
    for name in study.turnover.covariates:
        covariate = study.covariates[name]
        column = covariate.column or name
        frame = frames.get(covariate.table)
        if covariate.type in _NUMBER_TYPES or frame is None or column not in frame.collect_schema().names():
            total += 1
        else:
            total += max(1, _distinct(frame, column) - 1)
    return total


def _per_parameter(per: int, least: int) -> Callable[[str, Frames, Study], Answerable]:
    def answer(text: str, frames: Frames, study: Study) -> Answerable:
        if not study.turnover.covariates:
            return Answerable(question=text, now="no", needs="covariates in [turnover]")
        cause = study.turnover.causes[0]
        want = max(least, per * _parameters(frames, study))
        one = _Need(have=_exits(frames, cause), want=want, what=f"exits ({cause}), or fewer covariates")
        every = _Need(have=_exits(frames), want=want, what="exits")
        answer = _judge(text, [one], [every], "yes, all exits together")
        return _or_failed_check(answer, frames, study)

    return answer


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
            total = _distinct(people, "employee_id")
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
    needs = _Need(have=0, want=short, what=f"people in small {level}s").missing
    return Answerable(question=text, now=now, after_pooling=pooled, needs=needs)


def _stay_by_group(text: str, frames: Frames, study: Study) -> Answerable:
    return _by_group(text, frames, study, frames["spells"].select("employee_id"))


def _wellbeing_by_group(text: str, frames: Frames, study: Study) -> Answerable:
    surveys = frames["surveys"]
    last = surveys.filter(pl.col("wave") == pl.col("wave").max())
    return _by_group(text, frames, study, last.select("employee_id"))


def _absence(text: str, frames: Frames, study: Study) -> Answerable:
    gate = study.disclosure
    people = _Need(
        have=_distinct(frames["absences"], "employee_id"), want=gate.min_group_size, what="people absent"
    )
    return _judge(text, [people])


def _forecast(text: str, frames: Frames, study: Study) -> Answerable:
    """People with the same measure in at least two waves; the waves are what a forecast needs first."""
    scores = frames["surveys"].filter(pl.col("item").is_null())
    waves = _Need(have=_distinct(scores, "wave"), want=2, what="waves")
    if not waves.met:
        return Answerable(question=text, now="no", needs="a second wave of the same people")
    repeated = scores.group_by("measure", "employee_id").agg(pl.col("wave").n_unique().alias("n"))
    pairs = repeated.filter(pl.col("n") >= 2).group_by("measure").len().collect()["len"]
    have = max(pairs.to_list(), default=0)
    return _judge(text, [_Need(have=have, want=_VALIDATION_EVENTS, what="people with two waves")])


def _programme(text: str, frames: Frames, study: Study) -> Answerable:
    if "outcomes" in frames:
        arms = frames["outcomes"].filter(pl.col("arm").is_not_null()).group_by("arm").len().collect()["len"]
        if len(arms) >= 2:
            least = min(arms.to_list())
            want = study.disclosure.min_model_people
            return _judge(text, [_Need(have=least, want=want, what="units in the smallest arm")])
    if "programmes" not in frames:
        return Answerable(question=text, now="no", needs="table programmes, or arm in outcomes")
    treated = frames["programmes"].group_by("programme", "level").agg(pl.col("unit_id").n_unique().alias("n"))
    have = int(treated.select(pl.col("n").max()).collect().item() or 0)
    return _judge(text, [_Need(have=have, want=_UNITS_PER_ARM, what="units in a programme")])


def _money(text: str, frames: Frames, study: Study) -> Answerable:
    both = set(frames["costs"].select(pl.col("programme").unique()).collect()["programme"])
    if both & set(frames["programmes"].select(pl.col("programme").unique()).collect()["programme"]):
        return Answerable(question=text, now="yes")
    return Answerable(question=text, now="no", needs="costs of a programme that is in programmes")


def _alignment(text: str, frames: Frames, study: Study) -> Answerable:
    rated = frames["performance"].filter(pl.col("unit_type") == "person").select("unit_id").unique()
    asked = frames["surveys"].select("employee_id").unique()
    both = _number(rated.join(asked, left_on="unit_id", right_on="employee_id", how="semi"))
    need = _Need(have=both, want=_VALIDATION_EVENTS, what="people with both")
    if need.met or "assignments" not in frames:
        return _judge(text, [need])
    teams = _Need(
        have=_distinct(frames["performance"].filter(pl.col("unit_type") == "team"), "unit_id"),
        want=2 * _UNITS_PER_ARM,
        what="teams",
    )
    return _judge(text, [need], [teams], "yes, by team")


def _equity(text: str, frames: Frames, study: Study) -> Answerable:
    rated = frames["ratings"].filter(pl.col("role") != "self").select(pl.col("ratee_id").alias("employee_id"))
    known = frames["people"].filter(pl.col("gender").is_not_null()).select("employee_id", "gender")
    sizes = rated.unique().join(known, on="employee_id").group_by("gender").len().collect()["len"].sort()
    second = int(sizes[-2]) if len(sizes) > 1 else 0
    want = study.disclosure.min_model_people
    return _judge(text, [_Need(have=second, want=want, what="people rated in the second-largest group")])


_QUESTIONS = (
    _Question(text="How is well-being, by department?", tables=("surveys",), answer=_wellbeing_by_group),
    _Question(text="How often are people absent, and why?", tables=("absences",), answer=_absence),
    _Question(text="Can exhaustion be forecast from an earlier wave?", tables=("surveys",), answer=_forecast),
    _Question(
        text="How long do people stay, and why do they leave?",
        tables=("spells",),
        answer=_stay,
        analysed=True,
    ),
    _Question(
        text="Does turnover differ by department?", tables=("spells",), answer=_stay_by_group, analysed=True
    ),
    _Question(
        text="What goes with turnover?",
        tables=("spells",),
        answer=_per_parameter(_EVENTS_PER_PARAMETER, 0),
        analysed=True,
    ),
    _Question(
        text="Can turnover be predicted?",
        tables=("spells",),
        answer=_per_parameter(_EVENTS_PER_PREDICTOR, _VALIDATION_EVENTS),
        analysed=True,
    ),
    _Question(
        text="What did a programme change?",
        tables=(),
        one_of=("outcomes", "programmes"),
        answer=_programme,
    ),
    _Question(text="What does a programme return?", tables=("programmes", "costs"), answer=_money),
    _Question(
        text="Does well-being go with later performance?",
        tables=("performance", "surveys"),
        answer=_alignment,
    ),
    _Question(text="Are ratings equitable between groups?", tables=("ratings", "people"), answer=_equity),
)
