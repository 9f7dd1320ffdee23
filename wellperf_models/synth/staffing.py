"""Tables on who is employed where: people, assignments, spells, consent."""

from __future__ import annotations

import numpy as np
import polars as pl

from wellperf_models.synth.dynamics import CAUSES, NEVER
from wellperf_models.synth.path import STREAMS, Path
from wellperf_models.synth.streams import Ints, Mechanism
from wellperf_models.synth.structure import FAMILIES, SITES, department_names, team_names

GENDERS = ("man", "woman", "other")


def pick(names: list[str] | tuple[str, ...], index: Ints, *, null_below: int = 0) -> pl.Series:
    """Names by place; null where the place is below `null_below`."""
    values = pl.Series([*names, None], dtype=pl.String)
    return values.gather(np.where(index < null_below, len(names), index).astype(np.uint32))


def dates(days: Ints) -> pl.Series:
    """Dates from days since 1970; NEVER becomes null."""
    known = bool((days < NEVER).all())
    series = pl.Series((days if known else np.where(days >= NEVER, 0, days)).astype(np.int32)).cast(pl.Date)
    if known:
        return series
    return pl.select(pl.when(pl.Series(days < NEVER)).then(series)).to_series()


def seen(path: Path) -> np.ndarray:
    """True for those in the register who were hired before the extract ended, shape (people,)."""
    return path.register.hire_day < path.first_day[-1]


def ids(path: Path) -> pl.Series:
    """`employee_id` of everyone in the register, in its order."""
    prefix = f"E{path.structure.block:02d}" if path.world.people > path.world.block_people else "E"
    width = 6 if len(prefix) == 3 else 5
    numbers = pl.Series(np.arange(len(path.register.hire_day))).cast(pl.String).str.zfill(width)
    return (prefix + numbers).rename("employee_id")


def build_people(path: Path) -> pl.DataFrame:
    """One row per person employed in the extract."""
    r = path.register
    family = path.structure.family[path.structure.department[r.team]]
    # one in ten works in another family than their department's
    other = path.streams.of(Mechanism.CONSENT, part=1).random(len(r.team))
    family = np.where(other < 0.1, np.floor(other * 10 * len(FAMILIES)).astype(np.int64), family)
    return pl.DataFrame(
        {
            "employee_id": ids(path),
            "birth_year": r.birth_year,
            "gender": pick(GENDERS, r.gender),
            "hire_date": dates(r.hire_day),
            "job_family": pick(FAMILIES, family),
            "contract": pick(("permanent", "temporary"), r.temporary),
            "fte": r.fte,
        }
    ).filter(pl.Series(seen(path)))


def build_spells(path: Path) -> pl.DataFrame:
    """One row per person: true first day, last day and why; still employed: both null."""
    r = path.register
    return pl.DataFrame(
        {
            "employee_id": ids(path),
            "start": dates(r.hire_day),
            "end": dates(r.end_day),
            "exit_reason": pick(CAUSES, r.cause),
        }
    ).filter(pl.Series(seen(path)))


def build_assignments(path: Path) -> pl.DataFrame:
    """Dated stays in a team under a manager; a new row the day after a manager left or the day of a move."""
    rows = _stays(path)
    structure = path.structure
    team = rows["team"]
    names = ids(path)
    departments = department_names(structure, path.world.departments)
    sites = [
        SITES[s % len(SITES)] + (f" {s // len(SITES) + 1}" if s >= len(SITES) else "")
        for s in range(path.world.sites)
    ]
    return pl.DataFrame(
        {
            "employee_id": names.gather(rows["person"].astype(np.uint32)),
            "start": dates(rows["start"]),
            "end": dates(rows["end"]),
            "team": pick(team_names(structure), team),
            "department": pick(departments, structure.department[team]),
            "site": pick(sites, structure.site[team]),
            "manager_id": pick(names.to_list(), rows["manager"]),
            "secondary_manager_id": pick(names.to_list(), rows["secondary"]),
        }
    )


def _stays(path: Path) -> dict[str, Ints]:
    """Person numbers, first and last day of every stay, in order of person and time."""
    months, posts = path.person.shape
    month = np.repeat(np.arange(months), posts)
    flat = {name: getattr(path, name).ravel() for name in ("person", "team", "manager", "secondary")}
    order = np.lexsort((month, flat["person"]))
    month, flat = month[order], {name: values[order] for name, values in flat.items()}

    def changed(name: str) -> np.ndarray:
        return np.concatenate([[True], flat[name][1:] != flat[name][:-1]])

    new_person, moved, other, second = (changed(n) for n in ("person", "team", "manager", "secondary"))
    at = np.flatnonzero(new_person | moved | other | second)
    before = np.where(other[at], flat["manager"][at - 1], flat["secondary"][at - 1])
    begin = path.first_day[month[at]]
    # the manager of the month before left in it: the successor's first day is the day after
    left = np.where(before >= 0, path.register.end_day[before], NEVER) + 1
    start = np.where(
        ~moved[at] & (left < begin), np.maximum(left, path.first_day[np.maximum(month[at] - 1, 0)]), begin
    )
    hired = np.maximum(path.register.hire_day[flat["person"][at]], path.first_day[0])
    rows = {name: values[at] for name, values in flat.items()}
    rows["start"] = np.where(new_person[at], hired, start)
    last = np.append(new_person[at][1:], True)
    rows["end"] = np.where(last, path.register.end_day[rows["person"]], np.append(rows["start"][1:] - 1, 0))
    # what begins after the extract is not in it, and what it would have ended lasts
    keep = rows["start"] < path.first_day[-1]
    rows["end"] = np.where(
        rows["end"] >= path.first_day[-1] - 1, path.register.end_day[rows["person"]], rows["end"]
    )
    return {name: values[keep] for name, values in rows.items()}


def build_consent(path: Path) -> pl.DataFrame:
    """Dated consents; who refuses a stream has no row for it."""
    begin, until = path.consent_days
    stream, person = np.nonzero((begin < NEVER) & seen(path)[None, :])
    return pl.DataFrame(
        {
            "employee_id": ids(path).gather(person.astype(np.uint32)),
            "stream": pick(STREAMS, stream),
            "from_date": dates(begin[stream, person]),
            "to_date": dates(until[stream, person]),
        }
    )
