"""Worlds in which a comparison is broken, and clean ones of the same design: how often the guard fires.

`python -m tests.recovery.adversarial --worlds 200` prints the table of ADVERSARIAL.md. A guard is a check of
the return pillar that fails, or a refusal; it is looked for by name. Worlds are of 600 people, or 40 teams:

- selection into participation: people who are seldom sick rather take part, by one standard deviation;
- participants called lots: the same people, and the study file says that lots were drawn;
- lots overruled: the sickest third of those who drew no place get one all the same;
- picked for a high value: the most often sick three in ten get the programme, and are compared with the rest;
- one group picked for a high value: the same without anybody to compare them with, with a year before that;
- trends that part: those who will get the programme get worse every year, before it too;
- roll-out by need: teams that get worse start first;
- the sick are lost: of those who were offered it, the sickest fifth is not measured afterwards;
- teams called people: lots of teams, errors asked for by person;
- one channel twice: the same days, in hours and typed with an error of 3 %, are valued again.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from tests.fakes import FakeTables
from tests.roi.builders import START, make_rows, make_study
from wellperf_models.errors import DesignError, StudyError
from wellperf_models.evidence import attempt
from wellperf_models.roi import build_frame, check_contrast, check_effects, fit_effects
from wellperf_models.study import Money

Floats = NDArray[np.float64]
PEOPLE, TEAMS = 600, 40
_YEARS = ("2022", "2023", "2024")
_QUARTERS = tuple(f"{year}-Q{quarter}" for year in (2022, 2023) for quarter in (1, 2, 3, 4))
_BEFORE = {"label": "Sick days, year before", "timing": "before", "unit": "days", "higher_is": "worse"}
_AFTER = {"label": "Sick days", "unit": "days", "higher_is": "worse"}
_PRICE = {"currency": "EUR", "source": "simulated", "tier": "measured"}
REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault, the guard that must fire, and how a world with it or without it is made."""

    guard: str
    make: Callable[[np.random.Generator, bool], FakeTables]


def tables_of(rows: pl.DataFrame, more: dict[str, pl.DataFrame] | None = None, **roi: Any) -> FakeTables:
    """Tables of a world; `roi` overrides the section."""
    return FakeTables(make_study(**roi), {"outcomes": rows} | (more or {}))


def _trial(rng: np.random.Generator, **settings: Any) -> pl.DataFrame:
    """A trial of people; who is seldom sick does not rather take part, unless said so."""
    return make_rows(int(rng.integers(2**31)), PEOPLE, **({"choice": 0.0} | settings))


def participation(rng: np.random.Generator, fault: bool) -> FakeTables:
    """Participants against others, declared as such."""
    return tables_of(_trial(rng, choice=float(fault)), design="participation", control=None)


def called_lots(rng: np.random.Generator, fault: bool) -> FakeTables:
    """Participants as the treated arm."""
    rows = _trial(rng, choice=float(fault)).filter(pl.col("arm") == "offered")
    arm = pl.when(pl.col("received") == "yes").then(pl.lit("offered")).otherwise(pl.lit("waiting"))
    return tables_of(rows.with_columns(arm=arm))


def overruled(rng: np.random.Generator, fault: bool) -> FakeTables:
    """Some who drew no place get one."""
    rows = _trial(rng)
    if fault:
        before = rows.filter((pl.col("name") == "sick_days_before") & (pl.col("arm") == "waiting"))
        moved = before.sort("value", descending=True).head(before.height // 3)["unit_id"]
        arm = pl.when(pl.col("unit_id").is_in(moved.implode())).then(pl.lit("offered"))
        rows = rows.with_columns(arm=arm.otherwise("arm"))
    return tables_of(rows)


def lost(rng: np.random.Generator, fault: bool) -> FakeTables:
    """A tenth of everybody is not measured afterwards; with the fault, of one arm the sickest fifth."""
    rows = _trial(rng)
    ids = rows["unit_id"].unique().sort()
    gone = set(ids.filter(pl.Series(rng.uniform(size=ids.len()) < 0.1)).to_list())
    if fault:
        own = rows.filter((pl.col("name") == "sick_days") & (pl.col("arm") == "offered"))
        gone |= set(own.sort("value", descending=True).head(own.height // 5)["unit_id"].to_list())
    hit = (pl.col("name") == "sick_days") & pl.col("unit_id").is_in(list(gone))
    return tables_of(rows.with_columns(value=pl.when(~hit).then("value")))


def wrong_level(rng: np.random.Generator, fault: bool) -> FakeTables:
    """Lots of teams; the study file says people, or teams."""
    return tables_of(_trial(rng, teams=TEAMS), level="person" if fault else "team")


def channel_twice(rng: np.random.Generator, fault: bool) -> FakeTables:
    """A second outcome with a price: the same days in hours, or something that goes with them."""
    rows = _trial(rng)
    days = rows.filter(pl.col("name") == "sick_days")
    noise = rng.normal(size=days.height)
    value = days["value"].to_numpy()
    other = 8 * value * (1 + 0.03 * noise) if fault else 0.6 * value + noise
    more = days.with_columns(name=pl.lit("hours"), value=pl.Series(other))
    priced = {"amount": 10.0} | _PRICE
    outcomes = {
        "sick_days": _AFTER | {"value": {"channel": "absence"} | priced},
        "hours": {"label": "Hours", "higher_is": "worse", "value": {"channel": "productivity"} | priced},
    }
    tables = tables_of(pl.concat([rows, more]), outcomes=outcomes)
    tables.study = tables.study.model_copy(update={"money": Money(reporting_currency="EUR")})
    return tables


def _three_years(rng: np.random.Generator) -> Floats:
    """Sick days of three years, shape (people, 3): six tenths of their variance lasts."""
    lasting, chance = rng.normal(size=(PEOPLE, 1)), rng.normal(size=(PEOPLE, 3))
    return 6 + 2 * (np.sqrt(0.6) * lasting + np.sqrt(0.4) * chance)


def _compared(values: Floats, treated: NDArray[np.bool_], *, alone: bool = False) -> FakeTables:
    """Before and after, with a group to compare with or without."""
    own = np.ones(PEOPLE, bool) if not alone else treated
    n = int(own.sum())
    parts = [
        pl.DataFrame(
            {
                "unit_type": ["person"] * n,
                "unit_id": [f"p{i:05d}" for i in np.flatnonzero(own)],
                "arm": np.where(treated[own], "offered", "waiting").tolist(),
                "name": ["sick_days"] * n,
                "period": [year] * n,
                "value": values[own, place],
            }
        )
        for place, year in enumerate(_YEARS)
    ]
    outcomes = {
        "after": _AFTER | {"name": "sick_days", "period": "2024", "adjust_for": ["before"]},
        "before": _BEFORE | {"name": "sick_days", "period": "2023"},
        "earlier": _BEFORE | {"name": "sick_days", "period": "2022", "label": "Two years before"},
    }
    design = {"design": "before_after", "control": None} if alone else {"design": "controlled_before_after"}
    return tables_of(pl.concat(parts), outcomes=outcomes, start=START, **design)


def _some(rng: np.random.Generator, share: float = 0.3) -> NDArray[np.bool_]:
    return np.asarray(rng.permutation(PEOPLE) < share * PEOPLE)


def picked(rng: np.random.Generator, fault: bool) -> FakeTables:
    """Those who were sick most often the year before, or anybody."""
    values = _three_years(rng)
    high = values[:, 1] >= np.quantile(values[:, 1], 0.7)
    return _compared(values, high if fault else _some(rng))


def picked_alone(rng: np.random.Generator, fault: bool) -> FakeTables:
    """The same, one group."""
    values = _three_years(rng)
    high = values[:, 1] >= np.quantile(values[:, 1], 0.7)
    return _compared(values, high if fault else _some(rng), alone=True)


def parting(rng: np.random.Generator, fault: bool) -> FakeTables:
    """Groups that differ all along, and with the fault ever more: by .6 days a year."""
    treated = _some(rng, 0.5)
    values = _three_years(rng) + 0.5 * np.arange(3)
    values[treated] += 0.6 * np.arange(3) if fault else 0.0
    return _compared(values, treated)


def roll_out(rng: np.random.Generator, fault: bool) -> FakeTables:
    """Teams of ten people start in one of six quarters, or never; with the fault by need."""
    quarters, size = len(_QUARTERS), 10
    begins = rng.permutation(np.arange(TEAMS) % (quarters - 1)) + 2
    slope = 0.15 * (quarters - begins) if fault else np.zeros(TEAMS)
    team = np.repeat(np.arange(TEAMS), size)
    person = rng.normal(size=team.size)
    time = np.arange(quarters)
    values = 6 + 0.2 * time + rng.normal(size=(team.size, quarters)) + person[:, None]
    values += 0.3 * rng.normal(size=(TEAMS, quarters))[team] + (slope[:, None] * time)[team]
    values -= 0.5 * (time >= begins[team][:, None])
    names = np.array([f"t{t:03d}" for t in range(TEAMS)])
    n = team.size * quarters
    rows = pl.DataFrame(
        {
            "unit_type": ["person"] * n,
            "unit_id": np.repeat([f"p{i:05d}" for i in range(team.size)], quarters).tolist(),
            "cluster": np.repeat(names[team], quarters).tolist(),
            "name": ["sick_days"] * n,
            "period": list(_QUARTERS) * team.size,
            "value": values.ravel(),
        }
    )
    some = np.flatnonzero(begins < quarters)
    starts = [dt.date(2022 + int(begins[t]) // 4, 3 * (int(begins[t]) % 4) + 1, 1) for t in some]
    programmes = pl.DataFrame(
        {
            "programme": ["coaching"] * some.size,
            "unit_type": ["team"] * some.size,
            "unit_id": names[some].tolist(),
            "start": starts,
            "end": pl.Series([None] * some.size, dtype=pl.Date),
            "assigned_by": ["manager"] * some.size,
            "level": ["team"] * some.size,
        }
    )
    return tables_of(
        rows,
        {"programmes": programmes},
        design="staggered",
        level="team",
        control=None,
        outcomes={"sick_days": _AFTER},
    )


CASES: Mapping[str, Case] = {
    "selection into participation": Case(guard="participants_differ_at_start", make=participation),
    "participants called lots": Case(guard="arms_alike_at_start", make=called_lots),
    "lots overruled": Case(guard="arms_alike_at_start", make=overruled),
    "the sick are lost": Case(guard="attrition_alike", make=lost),
    "teams called people": Case(guard=REFUSED, make=wrong_level),
    "one channel twice": Case(guard="no_channel_twice", make=channel_twice),
    "picked for a high value": Case(guard="no_regression_to_the_mean", make=picked),
    "one group picked for a high value": Case(guard="no_regression_to_the_mean", make=picked_alone),
    "trends that part": Case(guard="no_effect_before_start", make=parting),
    "roll-out by need": Case(guard="no_effect_before_start", make=roll_out),
}


def guards(tables: FakeTables) -> dict[str, bool | None]:
    """Check → whether it fires (None: it says nothing); {"refused": True} where the frame can't be built."""
    try:
        frame = build_frame(tables)
    except (StudyError, DesignError):
        return {REFUSED: True}
    effects = attempt(fit_effects, frame, frame.section)
    checks = [*check_effects(frame, effects), *check_contrast(frame, effects)]
    fired: dict[str, bool | None] = {REFUSED: False}
    for check in checks:
        said = None if check.passed is None else not check.passed
        fired[check.name] = fired.get(check.name) or said
    return fired


def rates(case: Case, fault: bool, seeds: range, name: str) -> int:
    """Worlds in which the guard fired."""
    from tqdm import tqdm

    found = 0
    for seed in tqdm(seeds, desc=name, leave=False, disable=not sys.stderr.isatty()):
        found += guards(case.make(np.random.default_rng([seed, 0xADE]), fault)).get(case.guard) is True
    return found


def main() -> int:
    """Prints the table; exit code 1 where a rate lies outside what is asked, beyond Monte Carlo error."""
    parser = argparse.ArgumentParser(prog="python -m tests.recovery adversarial", description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=10_000)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.worlds)
    wrong = False
    print("| fault | guard | world | fired | of | 99 % interval |")
    print("|---|---|---|---|---|---|")
    for name, case in CASES.items():
        for fault in (True, False):
            fired = rates(case, fault, seeds, name)
            interval = stats.binomtest(fired, len(seeds)).proportion_ci(0.99)
            world = "with the fault" if fault else "clean"
            told = f"{interval.low:.2f} to {interval.high:.2f}"
            print(f"| {name} | {case.guard} | {world} | {fired} | {len(seeds)} | {told} |", flush=True)
            wrong |= bool(interval.high < 0.9 if fault else interval.low > 0.1)
    return int(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
