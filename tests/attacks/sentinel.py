"""A private organisation with one person nobody could miss: every value of theirs is searchable."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import polars as pl

from tests.attacks.made import make_private
from tests.attacks.search import number_needles, text_needles
from wellperf_models.synth import PRESETS, SyntheticOrganisation, generate, write_organisation

WORLD = dataclasses.replace(PRESETS["small"], people=250, departments=4)
SEED = 5
PERSON = "ZQX-7731-Kasp\N{LATIN SMALL LETTER A WITH ACUTE}rov"
HIRED, LEFT = dt.date(1961, 2, 17), dt.date(2024, 7, 19)
BIRTH_YEAR = 1937
TEXTS = {
    "id": PERSON,
    "team": "Xylothek Tisch 9",
    "job family": "vexillologist",
    "site": "Qeqertarsuaq",
    "gender": "zyzzyva",
}
DEPARTMENT = "Sonderstab Xylographie"
NUMBERS = {
    "survey": 5.4321987,
    "overtime": 87.6543219,
    "hours": 191.7654327,
    "indicator": 734218.5531,
    "rating": 3.1234567,
    "absence": 17.3456789,
    "outcome": 6.7891234,
}
# where an id of a person may stand
_IDS = ("employee_id", "ratee_id", "rater_id", "manager_id", "secondary_manager_id", "unit_id")


def write_sentinel(folder: Path) -> Path:
    """The organisation with its sentinel; returns the study file."""
    made = generate(WORLD, SEED)
    chosen = _choose(made.tables)
    tables = {name: _mark(name, frame, chosen) for name, frame in made.tables.items()}
    path = write_organisation(SyntheticOrganisation(tables=tables, world=WORLD, seed=SEED), folder)
    make_private(path)
    return path


def needles() -> dict[str, list[bytes]]:
    """Name of a value → the forms any of which gives it away."""
    found = {name: text_needles(text) for name, text in TEXTS.items()}
    found |= {name: number_needles(value) for name, value in NUMBERS.items()}
    found["hired"], found["left"] = _days(HIRED), _days(LEFT)
    found["months employed"] = number_needles((LEFT - HIRED).days / (365.25 / 12))
    return found


def _choose(tables: dict[str, pl.DataFrame]) -> str:
    """Somebody who was there all along and answered, so that every table knows them."""
    here = tables["spells"].filter(pl.col("end").is_null())["employee_id"]
    answered = tables["surveys"].filter(pl.col("employee_id").is_in(here.implode()))
    stayed = tables["assignments"].filter(pl.col("end").is_null() & (pl.col("start") == dt.date(2022, 1, 1)))
    known = answered.filter(pl.col("employee_id").is_in(stayed["employee_id"].implode()))
    counted = known.group_by("employee_id").len().sort("len", "employee_id", descending=[True, False])
    return str(counted["employee_id"][0])


def _mark(name: str, frame: pl.DataFrame, chosen: str) -> pl.DataFrame:
    """Puts the sentinel's values into a table; what would lie after the last day goes."""
    subject = {"ratings": "ratee_id", "performance": "unit_id", "outcomes": "unit_id"}.get(
        name, "employee_id"
    )
    if subject not in frame.columns:
        return frame
    own = pl.col(subject) == chosen
    day = next((c for c in ("date", "period", "start") if frame.schema.get(c) == pl.Date), None)
    if day is not None:
        frame = frame.filter(~own | (pl.col(day) <= LEFT))
    new: dict[str, object] = {
        "people": {
            "birth_year": BIRTH_YEAR,
            "hire_date": HIRED,
            "job_family": TEXTS["job family"],
            "gender": TEXTS["gender"],
        },
        "assignments": {
            "end": LEFT,
            "team": TEXTS["team"],
            "department": DEPARTMENT,
            "site": TEXTS["site"],
        },
        "spells": {"start": HIRED, "end": LEFT, "exit_reason": "voluntary"},
        "workload": {"overtime_hours": NUMBERS["overtime"], "hours": NUMBERS["hours"]},
        "performance": {"value": NUMBERS["indicator"]},
        "ratings": {"score": NUMBERS["rating"]},
        "absences": {"days": NUMBERS["absence"]},
    }.get(name, {})
    assert isinstance(new, dict)
    changes = [pl.when(own).then(pl.lit(v)).otherwise(pl.col(c)).alias(c) for c, v in new.items()]
    if name in ("surveys", "outcomes"):
        scale = (
            pl.col("measure") == "exhaustion" if name == "surveys" else pl.col("name").str.contains("absence")
        )
        value = NUMBERS["survey" if name == "surveys" else "outcome"]
        changes.append(pl.when(own & scale).then(pl.lit(value)).otherwise(pl.col("value")).alias("value"))
    frame = frame.with_columns(changes)
    ids = [c for c in _IDS if c in frame.columns]
    return frame.with_columns(
        pl.when(pl.col(c) == chosen).then(pl.lit(PERSON)).otherwise(pl.col(c)).alias(c) for c in ids
    )


def _days(day: dt.date) -> list[bytes]:
    """A day as people and machines write it."""
    texts = [day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}", f"{day:%Y%m%d}"]
    texts += [f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}", f"{day:%d %b %Y}"]
    since = day - dt.date(1970, 1, 1)
    texts += [f"{since.days * 86_400}000", f"{since.days * 86_400}"]
    return [form for text in texts for form in text_needles(text)]
