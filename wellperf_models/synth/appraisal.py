"""Tables of what people achieve and how they are judged: performance, ratings."""

from __future__ import annotations

import numpy as np
import polars as pl

from wellperf_models.synth.path import Path
from wellperf_models.synth.staffing import dates, ids, pick
from wellperf_models.synth.streams import Floats, Ints, Mechanism
from wellperf_models.synth.structure import team_names

ITEMS = ("results", "conduct")
_KINDS = {"tasks_completed": "output", "first_time_right": "quality"}
_TEAM_KINDS = {"peer_support": "collaboration", "ideas_adopted": "innovation"}


def build_performance(path: Path) -> pl.DataFrame:
    """Quarterly indicators of people (output, quality) and of teams (collaboration, innovation)."""
    parts = []
    for month in range(2, path.world.months, 3):
        parts += [_of_people(path, month), _of_teams(path, month)]
    return (
        pl.concat(parts).sort("unit_type", "unit_id", "period", "indicator") if parts else _no_performance()
    )


def _no_performance() -> pl.DataFrame:
    text = ("unit_type", "unit_id", "indicator", "kind")
    schema: dict[str, type[pl.DataType]] = dict.fromkeys(text, pl.String)
    schema |= {"period": pl.Date, "value": pl.Float64, "target": pl.Float64}
    return pl.DataFrame(schema=pl.Schema(schema)).select(_COLUMNS)


_COLUMNS = ("unit_type", "unit_id", "period", "indicator", "kind", "value", "target")


def _of_people(path: Path, month: int) -> pl.DataFrame:
    rng = path.streams.of(Mechanism.INDICATORS, month)
    noise = rng.standard_normal((2, path.person.shape[1]))
    level = path.performance[month - 2 : month + 1].mean(axis=0)
    values = (
        np.round(100 + 12 * level + 6 * noise[0]),
        np.clip(np.round(92 + 2.5 * level + 2 * noise[1]), 0, 100),
    )
    person, day = path.person[month], path.first_day[month]
    keep = np.flatnonzero(
        (path.register.hire_day[person] <= path.first_day[month - 2])
        & path.consented("performance", person, day)
    )
    return _rows(
        "person",
        ids(path).gather(person[keep].astype(np.uint32)),
        day,
        _KINDS,
        [v[keep] for v in values],
        90.0,
    )


def _of_teams(path: Path, month: int) -> pl.DataFrame:
    n = path.structure.n_teams
    rng = path.streams.of(Mechanism.INDICATORS, month, part=1)
    noise = rng.standard_normal((2, n))
    team = path.team[month]
    size = np.bincount(team, minlength=n)
    level = np.bincount(team, path.performance[month], n) / np.maximum(1, size)
    values = (np.round(70 + 6 * level + 4 * noise[0]), np.maximum(0, np.round(3 + level + 1.5 * noise[1])))
    keep = np.flatnonzero(size > 0)
    return _rows("team", pick(team_names(path.structure), keep), path.first_day[month], _TEAM_KINDS,
                 [v[keep] for v in values], None)  # fmt: skip


def _rows(
    unit: str, names: pl.Series, day: int, kinds: dict[str, str], values: list[Floats], target: float | None
) -> pl.DataFrame:
    n, k = len(names), len(kinds)
    return pl.DataFrame(
        {
            "unit_type": pl.repeat(unit, n * k, dtype=pl.String, eager=True),
            "unit_id": pl.concat([names] * k),
            "period": dates(np.full(n * k, day)),
            "indicator": pick(list(kinds), np.repeat(np.arange(k), n)),
            "kind": pick(list(kinds.values()), np.repeat(np.arange(k), n)),
            "value": np.concatenate(values),
            "target": pl.repeat(target, n * k, dtype=pl.Float64, eager=True),
        }
    )


def cycles(path: Path) -> list[int]:
    """Months in which a review cycle closes: every twelfth, or the last of a short extract."""
    return list(range(11, path.world.months, 12)) or [path.world.months - 1]


def manager_scores(path: Path, month: int, *, with_gaps: bool = True) -> tuple[Floats, Floats]:
    """Managers' scores before and after calibration, (items, posts), 1–5 in whole points.

    Args:
        path: The block.
        month: Month the cycle closes.
        with_gaps: False rates everyone as if they were neither a woman nor temporary; same draws.
    """
    world = path.world
    rng = path.streams.of(Mechanism.RATINGS, month)
    noise = 0.55 * rng.standard_normal((len(ITEMS), path.person.shape[1]))
    person, manager = path.person[month], path.manager[month]
    gap = np.zeros(len(person))
    if with_gaps:
        gap = world.rating_gap_women * (path.register.gender[person] == 1)
        gap = gap + world.rating_gap_temporary * (path.register.temporary[person] == 1)
    bias = gap + np.where(manager >= 0, leniency(path)[manager], 0.0)
    true = _worth(path, month) + noise
    return _round(true + bias), _round(true + world.calibration_keeps * bias)


def leniency(path: Path) -> Floats:
    """Points by which each person rates others too high, over people."""
    rng = path.streams.of(Mechanism.RATINGS, part=1)
    return path.world.rater_leniency_sd * rng.standard_normal(len(path.register.hire_day))


def _worth(path: Path, month: int) -> Floats:
    return 3.3 + 0.55 * path.performance[max(0, month - 11) : month + 1][-3:].mean(axis=0)


def _round(score: Floats) -> Floats:
    return np.clip(np.round(score), 1, 5)


def build_ratings(path: Path) -> pl.DataFrame:
    """Every cycle: the manager before and after calibration, oneself, and one peer of the team; two items."""
    parts = []
    for month in cycles(path):
        person, manager, peer = (
            path.person[month],
            path.manager[month],
            _peers(path.team[month], path.person[month]),
        )
        day = path.first_day[month + 1] - 1
        there = (path.register.hire_day[person] <= path.first_day[max(0, month - 2)]) & ~path.ended[month]
        there &= path.consented("ratings", person, day)
        before, after = manager_scores(path, month)
        noise = path.streams.of(Mechanism.RATINGS, month, part=2).standard_normal(
            (2, len(ITEMS), len(person))
        )
        own = _round(_worth(path, month) + 0.35 + 0.6 * noise[0])
        from_peer = _round(
            _worth(path, month) + 0.15 + np.where(peer >= 0, leniency(path)[peer], 0.0) + 0.6 * noise[1]
        )
        for role, stage, rater, scores in (
            ("manager", "before", manager, before),
            ("manager", "after", manager, after),
            ("self", "before", person, own),
            ("peer", "before", peer, from_peer),
        ):
            parts.append(_ratings(path, month, there & (rater >= 0), role, stage, rater, scores))
    return pl.concat(parts).sort("ratee_id", "cycle", "role", "stage", "item")


def _ratings(
    path: Path, month: int, keep: np.ndarray, role: str, stage: str, rater: Ints, scores: Floats
) -> pl.DataFrame:
    posts = np.flatnonzero(keep)
    n, k = len(posts), len(ITEMS)
    names = ids(path)
    cycle = str(np.datetime64(int(path.first_day[month]), "D").astype("datetime64[Y]"))
    return pl.DataFrame(
        {
            "ratee_id": names.gather(np.tile(path.person[month][posts], k).astype(np.uint32)),
            "rater_id": names.gather(np.tile(rater[posts], k).astype(np.uint32)),
            **{
                name: pl.repeat(value, n * k, dtype=pl.String, eager=True)
                for name, value in (("role", role), ("cycle", cycle), ("stage", stage))
            },
            "item": pick(ITEMS, np.repeat(np.arange(k), n)),
            "score": scores[:, posts].ravel(),
        }
    )


def _peers(team: Ints, person: Ints) -> Ints:
    """Next colleague of the team in the order of posts; −1 where there is none."""
    order = np.argsort(team, kind="stable")
    teams, first, size = np.unique(team[order], return_index=True, return_counts=True)
    place = np.repeat(np.arange(len(teams)), size)
    following = first[place] + (np.arange(len(order)) - first[place] + 1) % size[place]
    peer = np.empty_like(person)
    peer[order] = np.where(size[place] > 1, person[order[following]], -1)
    return peer
