"""Answers and runs made by hand, for tests of reporting lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from tests.fakes import provenance
from wellperf_models.disclosure import Released, release
from wellperf_models.evidence import Check, Estimate, Evidence, Support, Unanswered, unanswered
from wellperf_models.guidelines import Facts, table_of_words
from wellperf_models.study import Study

PROVENANCE = provenance(dt.date(2024, 12, 31))


def make_study(**sections: Any) -> Study:
    """A study of no table."""
    return Study.model_validate({"study": {"name": "t", "as_of": "2024-12-31", "seed": 1}} | sections)


def make_answer(
    identifier: str,
    *,
    estimates: Sequence[str] = (),
    tables: Sequence[str] = (),
    checks: Sequence[Check] = (),
    people: int = 500,
    study: Study | None = None,
) -> Released:
    """A released answer with estimates and tables of these names, resting on so many people."""
    evidence = Evidence(
        id=identifier,
        question="Is it so?",
        answer="It is so. More of it.",
        estimand="a mean",
        population="people",
        design="randomised",
        provenance=PROVENANCE,
        estimates=tuple(
            Estimate(
                name=name,
                label=name,
                value=1.0,
                low=0.5,
                high=1.5,
                coverage=0.95,
                interval="credible",
                unit="points",
                support=Support(n_people=people),
            )
            for name in estimates
        ),
        tables=tuple(
            table_of_words(name, name, ("what",), (("text", "Words"),), [(("a",), ("b",))]) for name in tables
        ),
        checks=tuple(checks),
        assumptions=("Something is assumed.",),
    )
    return release(evidence, make_study() if study is None else study)


def make_silence(identifier: str, *, asked: bool = True) -> Released:
    """A released answer that says why there is none."""
    why = Unanswered(reason="there are too few of them.", asked=asked)
    told = unanswered(identifier, "Is it so?", why, population="people", provenance=PROVENANCE)
    return release(told, make_study())


def make_facts(*answers: Released, **sections: Any) -> Facts:
    """A run of these answers."""
    return Facts(study=make_study(**sections), answers={a.id: a for a in answers})
