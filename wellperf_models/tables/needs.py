"""What a question needs, and whether the tables hold it; counts only.

Numbers of people and events still needed are rounded up to five, as every count that leaves the tables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

_BASE = 5
# events for a validation to say anything (Collins, Ogundimu, Altman 2016)
VALIDATION_EVENTS = 100
Frames = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True, kw_only=True)
class Answerable:
    """One row of the table: question · answerable now · after pooling · needs.

    Attributes:
        question: In the committee's words.
        now: "yes", "yes, with wide intervals", "with a failed check" (shown, and marked), "no", "partly: 3 of
            5 departments", or "cross-section only" (described, and nothing forecast). Where no notebook
            answers the question yet: "data suffice; not analysed yet" in place of "yes".
        after_pooling: What wider groups allow; "" where pooling changes nothing.
        needs: What is still missing; "" where nothing is.
    """

    question: str
    now: str
    after_pooling: str = ""
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class Need:
    """So many of something, and how many there are."""

    have: int
    want: int
    what: str

    @property
    def met(self) -> bool:
        """There are enough."""
        return self.have >= self.want

    @property
    def missing(self) -> str:
        """How many more, in words."""
        return f"{math.ceil((self.want - self.have) / _BASE) * _BASE} more {self.what}"


def judge(text: str, now: list[Need], pooled: list[Need] | None = None, how: str = "") -> Answerable:
    """Yes where every need is met; else pooled, else what is missing."""
    if all(need.met for need in now):
        return Answerable(question=text, now="yes")
    missing = ", ".join(need.missing for need in now if not need.met)
    pools = pooled is not None and all(need.met for need in pooled)
    return Answerable(question=text, now="no", after_pooling=how if pools else "no", needs=missing)


def number(frame: pl.LazyFrame) -> int:
    """Rows."""
    return int(frame.select(pl.len()).collect(engine="streaming").item())


def distinct(frame: pl.LazyFrame, *columns: str) -> int:
    """Distinct values, or combinations of them; missing ones not counted."""
    return number(frame.select(columns).drop_nulls().unique())
