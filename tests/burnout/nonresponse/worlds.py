"""Worlds in which what the silent would have said is known, and organisations with leavers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tests.burnout.builders import AS_OF, make_frames, make_study
from tests.fakes import FakeTables
from wellperf_models.burnout.nonresponse.frame import Pairs, ResponseFrame
from wellperf_models.panel import Roster
from wellperf_models.study import Burnout

CUT = 3.5


def section_of(**nonresponse: Any) -> Burnout:
    """`[burnout]` with the question asked."""
    return Burnout.model_validate(
        {
            "outcome": "exhaustion",
            "case_at": CUT,
            "models": {"load": {"covariates": ["overtime"]}},
            "nonresponse": nonresponse,
        }
    )


def response_of(pairs: Pairs | None, *, why: str = "", section: Burnout | None = None) -> ResponseFrame:
    """A frame of pairs made by hand."""
    ids = [] if pairs is None else [f"p{i:05d}" for i in range(int(pairs.person.max()) + 1)]
    return ResponseFrame(
        pairs=pairs,
        why=why,
        outcome="Exhaustion",
        case="a score of Exhaustion of 3.5 or more",
        population="People of the study “t”",
        higher_is_worse=True,
        section=section or section_of(),
        model="Workload",
        asked_by="spells",
        waves=("w0", "w1"),
        left_out={},
        min_people=30,
        min_cases=10,
        min_group_size=10,
        in_full=False,
        consent=False,
        roster=Roster(ids=np.array(ids, dtype=object), period="wave w1"),
    )


@dataclass(frozen=True, kw_only=True)
class World:
    """Pairs, and the share of cases and the AUC among everybody asked."""

    response: ResponseFrame
    share: float
    change: float


def make_world(
    seed: int,
    n: int = 1500,
    *,
    by_last: float = -0.5,
    by_overtime: float = 0.0,
    delta: float = 0.0,
    steps: float = 5.0,
    section: Burnout | None = None,
) -> World:
    """People asked once more; silence depends on the last score and overtime, and the silent are worse by δ.

    Args:
        seed: Of the draws.
        n: People.
        by_last, by_overtime: Log odds of answering per point and per standard deviation.
        delta: What the silent score more than alike people who answered, in points.
        steps: Steps a point of the scale.
        section: `[burnout]`.
    """
    rng = np.random.default_rng(seed)
    overtime = rng.normal(size=n)
    trait = rng.normal(size=n)
    last = np.round((2.8 + trait + 0.6 * rng.normal(size=n)) * steps) / steps
    now = 2.8 + trait + 0.4 * overtime + 0.6 * rng.normal(size=n)
    chance = 1 / (1 + np.exp(-(1.0 + by_last * (last - 2.8) + by_overtime * overtime)))
    answered = rng.uniform(size=n) < chance
    now = np.round(np.where(answered, now, now + delta) * steps) / steps
    pairs = Pairs(
        person=np.arange(n),
        cluster=np.arange(n) // 5,
        wave=np.zeros(n, np.int64),
        last=last,
        answered=answered,
        strain=np.where(answered, now, np.nan),
        covariates=pl.DataFrame({"overtime": overtime}),
    )
    case = now >= CUT - 1e-9
    return World(
        response=response_of(pairs, section=section),
        share=float(case.mean()),
        change=float(case.mean() - (last >= CUT - 1e-9).mean()),
    )


def make_organisation(
    seed: int = 0,
    *,
    leavers: int = 40,
    spells: bool = True,
    dated: bool = True,
    frames: dict[str, Any] | None = None,
    **study: Any,
) -> FakeTables:
    """Four waves; the first people of the list left between the second and the third, by spells if asked."""
    tables = make_frames(seed, **({"n": 400, "dated": dated} | (frames or {})))
    declared = make_study(**({"models": {"m": {"covariates": ["noise"]}}, "nonresponse": {}} | study))
    ids = tables["people"]["employee_id"]
    gone, day = set(ids[:leavers].to_list()), dt.date(2021, 8, 1)
    surveys = tables["surveys"].filter(
        ~(pl.col("employee_id").is_in(list(gone)) & pl.col("wave").is_in(["w2", "w3"]))
    )
    held = {
        "employee_id": ids,
        "start": [dt.date(2020, 1, 1)] * len(ids),
        "end": pl.Series([day if i in gone else None for i in ids], dtype=pl.Date),
    }
    made = {**tables, "surveys": surveys}
    if spells:
        made["spells"] = pl.DataFrame(held)
    else:
        made["assignments"] = tables["assignments"].with_columns(pl.Series("end", held["end"]))
    assert declared.study.as_of == AS_OF
    return FakeTables(declared, made)
