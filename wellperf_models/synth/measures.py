"""Tables of what is measured on people: workload, surveys, absences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.synth.calendar import month_of_year
from wellperf_models.synth.path import Path
from wellperf_models.synth.staffing import dates, ids, pick
from wellperf_models.synth.streams import Floats, Ints, Mechanism

# name: (lowest, highest, steps per point)
MEASURES = {
    "exhaustion": (0, 6, 5),
    "cynicism": (0, 6, 5),
    "efficacy": (0, 6, 5),
    "workload_pulse": (1, 5, 1),
    "engagement": (1, 10, 1),
    "social_support": (1, 5, 1),
    "financial_worry": (1, 5, 1),
}
# the measure whose items are asked too, by their numbers in the key mbi_gs.exhaustion
ITEMS_OF, ITEM_NAMES = "exhaustion", ("1", "2", "3", "4", "6")
ABSENCE_CAUSES = ("illness", "mental_health", "caregiving", "other")
# working days per month relative to the mean: January to December
_SEASON = np.array([1.0, 0.95, 1.05, 0.97, 1.0, 1.0, 0.96, 0.9, 1.05, 1.06, 1.04, 0.9])
_FULL_TIME_HOURS = 150.0


def workload_of(path: Path, month: int) -> pl.DataFrame:
    """Rows of one month: everyone who held a post in it; the month of exit counts to the last day."""
    world, register = path.world, path.register
    person, posts = path.person[month], path.person.shape[1]
    rng = path.streams.of(Mechanism.WORKLOAD, month)
    noise, switches, contacts = (
        rng.standard_normal(posts),
        rng.standard_normal(posts),
        rng.standard_normal(posts),
    )
    begin, end = path.first_day[month], path.first_day[month + 1]
    share = np.minimum(1.0, (register.end_day[person] - begin + 1) / (end - begin))
    overtime = path.overtime[month] * share
    contract = _FULL_TIME_HOURS * register.fte[person] * _SEASON[month_of_year(world, month)] * share
    hours = np.maximum(0.0, contract + 4.0 * share * noise) + overtime
    load = (path.overtime[month] - world.overtime_mean) / 10.0
    # counts near their mean: a rounded square-root scale is Poisson-like and costs no inverse distribution
    switched = np.square(np.maximum(0.0, 9.0 + 0.8 * load + 1.2 * switches)) * share
    met = np.square(np.maximum(0.0, 2.4 + 0.25 * _quality(path, month) + 0.5 * contacts)) * share
    # a person has their first month of records when they were there on its first day
    keep = np.flatnonzero((register.hire_day[person] <= begin) & path.consented("workload", person, begin))
    keep = keep[np.argsort(person[keep], kind="stable")]
    overtime = np.round(overtime * 2) / 2
    return pl.DataFrame(
        {
            "employee_id": ids(path).gather(person[keep].astype(np.uint32)),
            "period": dates(np.full(len(keep), begin)),
            "hours": np.maximum(np.round(hours * 2) / 2, overtime)[keep],
            "overtime_hours": overtime[keep],
            "task_switches": np.round(switched).astype(np.int64)[keep],
            "manager_contacts": np.round(met).astype(np.int64)[keep],
        }
    )


def _quality(path: Path, month: int) -> Floats:
    manager = path.manager[month]
    return np.where(manager >= 0, path.register.quality[manager], 0.0)


def waves(path: Path) -> Iterator[int]:
    """Months whose first day is a survey day."""
    return iter(range(0, path.world.months, path.world.survey_every_months))


def answered(path: Path, month: int) -> np.ndarray:
    """True for posts whose holder answers; the exhausted answer less. Nobody is asked on their first day."""
    world = path.world
    odds = np.log(world.response_rate / (1 - world.response_rate)) + world.exhaustion_on_response * (
        path.exhaustion[month] - world.exhaustion_mean
    )
    u = path.streams.of(Mechanism.RESPONSE, month).random(path.person.shape[1])
    return (u < 1 / (1 + np.exp(-odds))) & (
        path.register.hire_day[path.person[month]] < path.first_day[month]
    )


def scores_of(path: Path, month: int) -> dict[str, Floats]:
    """Scale scores everyone would give on the first day of a month, rounded as the scales are, over posts."""
    world, n = path.world, path.person.shape[1]
    noise = path.streams.of(Mechanism.SURVEY, month).standard_normal((len(MEASURES), n))
    exhaustion = path.exhaustion[month]
    tired = exhaustion - world.exhaustion_mean
    overtime = path.overtime[month - 1] if month else path.overtime[0]
    raw = (
        exhaustion + world.survey_noise_sd * noise[0],
        1.8 + 0.6 * tired + 0.8 * noise[1],
        4.4 - 0.35 * tired + 0.7 * noise[2],
        2.9 + 0.06 * (overtime - world.overtime_mean) + 0.7 * noise[3],
        7.0 - 0.8 * tired + 1.3 * noise[4],
        3.6 + 0.25 * _quality(path, month) + 0.8 * noise[5],
        # nothing in the world moves it: a negative control
        2.4 + 0.9 * noise[6],
    )
    return {
        name: np.round(np.clip(values, low, high) * steps) / steps
        for (name, (low, high, steps)), values in zip(MEASURES.items(), raw, strict=True)
    }


def surveys_of(path: Path, month: int) -> pl.DataFrame:
    """Rows of the wave on the first day of a month: the scale scores of everyone who answered, and items."""
    person = path.person[month]
    day = path.first_day[month]
    keep = np.flatnonzero(answered(path, month) & path.consented("surveys", person, day))
    keep = keep[np.argsort(person[keep], kind="stable")]
    scores = scores_of(path, month)
    k, n = len(MEASURES), len(keep)
    first = np.datetime64(int(day), "D")
    wave = f"{first.astype('datetime64[Y]')}-{first.astype('datetime64[M]').astype(int) % 12 + 1:02d}"
    rows = pl.DataFrame(
        {
            "employee_id": ids(path).gather(np.repeat(person[keep], k).astype(np.uint32)),
            "wave": pl.repeat(wave, n * k, dtype=pl.String, eager=True),
            "measure": pick(list(MEASURES), np.tile(np.arange(k), n)),
            "item": pl.repeat(None, n * k, dtype=pl.String, eager=True),
            "date": dates(np.full(n * k, day)),
            "value": np.stack([values[keep] for values in scores.values()], axis=1).ravel(),
        }
    )
    if not path.world.survey_items:
        return rows
    return pl.concat([rows, _item_rows(path, month, keep, wave, scores[ITEMS_OF])])


def _item_rows(path: Path, month: int, keep: Ints, wave: str, score: Floats) -> pl.DataFrame:
    """The answers behind the exhaustion scores of one wave, a row each."""
    answers = answers_of(path, month, score)[keep]
    n, k = answers.shape
    person, day = path.person[month], path.first_day[month]
    return pl.DataFrame(
        {
            "employee_id": ids(path).gather(np.repeat(person[keep], k).astype(np.uint32)),
            "wave": pl.repeat(wave, n * k, dtype=pl.String, eager=True),
            "measure": pl.repeat(ITEMS_OF, n * k, dtype=pl.String, eager=True),
            "item": pick(list(ITEM_NAMES), np.tile(np.arange(k), n)),
            "date": dates(np.full(n * k, day)),
            "value": answers.ravel().astype(np.float64),
        }
    )


def answers_of(path: Path, month: int, score: Floats) -> Ints:
    """Whole answers, 0 to 6, to five items whose mean is exactly the score, shape (posts, 5).

    An item is the latent state and an error of its own; the mean of five errors is what the score is off by,
    so an error has five times the variance of `survey_noise_sd`. Given the score, what is left of them are
    deviations that add up to nothing. They are rounded so that the sum stays: down, and up again where most
    was lost.

    Args:
        path: The lived months.
        month: Whose first day it is.
        score: Rounded to fifths, over posts.
    """
    k = len(ITEM_NAMES)
    noise = path.streams.of(Mechanism.ITEMS, month).standard_normal((score.size, k))
    spread = np.sqrt(k) * path.world.survey_noise_sd
    raw = score[:, None] + spread * (noise - noise.mean(axis=1, keepdims=True))
    whole = np.floor(raw)
    total = np.round(score * k)
    # at the ends of the scale deviations do not fit: whoever can still move takes the rest, step by step
    whole = np.clip(whole, 0, 6)
    lost = raw - whole
    for _ in range(6 * k):
        short = total - whole.sum(axis=1)
        if not short.any():
            break
        up = np.where(whole < 6, lost, -np.inf).argmax(axis=1)
        down = np.where(whole > 0, lost, np.inf).argmin(axis=1)
        step = np.sign(short)
        place = np.where(step > 0, up, down)
        rows = np.flatnonzero(step)
        whole[rows, place[rows]] += step[rows]
        lost[rows, place[rows]] -= step[rows]
    return whole.astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Absences:
    """Absences of one block; arrays over absences, in order of their month.

    Attributes:
        person: Number in the register. start: Days since 1970.
        cause: Place in ABSENCE_CAUSES. days: Working days.
    """

    person: Ints
    start: Ints
    cause: Ints
    days: Ints


def absences_of(path: Path, before: int | None = None) -> Absences:
    """At most one absence begins per person and month, none during another or outside employment.

    Args:
        path: The lived months.
        before: Only those of months before this one; None: all.
    """
    world, register = path.world, path.register
    last_day = np.minimum(register.end_day, path.first_day[-1] - 1)
    busy_until = np.full(len(register.hire_day), -1)
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    for month in range(world.months if before is None else before):
        person = path.person[month]
        rng = path.streams.of(Mechanism.ABSENCE, month)
        u, which, when, length = rng.random((4, len(person)))
        cause, some = _absence_cause(path, month, u, which)
        begin = path.first_day[month] + np.floor(when * 28).astype(np.int64)
        some &= (
            (begin <= last_day[person]) & (begin > busy_until[person]) & (begin >= register.hire_day[person])
        )
        posts = np.flatnonzero(some & path.consented("absences", person, begin))
        who, begin, cause = person[posts], begin[posts], cause[posts]
        mean = np.array([4.0, 24.0, 3.0, 2.0])[cause]
        days = np.minimum(1 + np.floor(-np.log(length[posts]) * mean).astype(np.int64), 180)
        # working days, five in seven; cut off where the employment or the extract ends
        until = np.minimum(begin + np.ceil(days * 1.4).astype(np.int64) - 1, last_day[who])
        days = np.maximum(1, np.minimum(days, np.ceil((until - begin + 1) / 1.4).astype(np.int64)))
        busy_until[who] = until
        found.append((who, begin, cause, days))
    # nothing before the first month
    parts = zip(*found, strict=True) if found else [(np.zeros(0, dtype=np.int64),)] * 4
    who, begin, cause, days = (np.concatenate(part) for part in parts)
    return Absences(person=who, start=begin, cause=cause, days=days)


def build_absences(path: Path) -> pl.DataFrame:
    """One row per absence, by person and day."""
    found = absences_of(path)
    order = np.lexsort((found.start, found.person))
    return pl.DataFrame(
        {
            "employee_id": ids(path).gather(found.person[order].astype(np.uint32)),
            "start": dates(found.start[order]),
            "cause": pick(ABSENCE_CAUSES, found.cause[order]),
            "days": found.days[order].astype(np.float64),
        }
    )


def _absence_cause(path: Path, month: int, u: Floats, which: Floats) -> tuple[Ints, np.ndarray]:
    """Cause each absence would have, and whether there is one."""
    world = path.world
    tired = path.exhaustion[month] - world.exhaustion_mean
    winter = 0.3 * np.cos(2 * np.pi * (month_of_year(world, month) - 0.5) / 12)
    care = np.where(path.register.gender[path.person[month]] == 1, 1.4, 0.7)
    rates = np.stack(
        [
            world.illness_rate_month * np.exp(world.exhaustion_on_illness * tired + winter),
            world.mental_health_rate_month * np.exp(world.exhaustion_on_mental_health * tired),
            world.caregiving_rate_month * care,
            np.full(len(u), 0.005),
        ]
    )
    total = rates.sum(axis=0)
    cause = (which * total > np.cumsum(rates, axis=0)[:-1]).sum(axis=0)
    return cause, u < -np.expm1(-total)
