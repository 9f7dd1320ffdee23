"""What a number rests on: how many people, and, for the ledger alone, who."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, repr=False)
class Members:
    """Who a number rests on: pseudonyms, kept by the ledger in the study's private folder and nowhere else.

    Attributes:
        people: Everyone behind the number.
        events: Those of them with the event (exits, cases); empty where there is none.
        period: The time the number is about, in words that stay the same between packs ("wave 2024-03"); "":
            everything up to the study's day. Numbers of different periods are never subtracted.
        stable: The same person has the same pseudonym in every extract; False where rows were numbered.
    """

    people: frozenset[str]
    events: frozenset[str] = frozenset()
    period: str = ""
    stable: bool = True

    def __repr__(self) -> str:
        return "Members(not released)"


@dataclass(frozen=True, kw_only=True)
class Support:
    """What a number rests on; the gate judges by this alone.

    Attributes:
        n_people: Distinct people behind the number.
        n_complement: People of the same population who are *not* behind it; None where the number is
            about the whole population.
        n_events: People with the event (exits, cases); None where there is no event.
        n_non_events: People without it.
        residual_df: Residual degrees of freedom of the model; None for descriptions.
        n_parameters: Parameters estimated; None for descriptions.
        smallest_level: People in the smallest level of any dummy, arm or interaction; None without one.
        n_clusters: Independent units the interval rests on, where clustered.
        total, largest, second: Of a sum (or a mean of amounts): the sum of all contributions, and the two
            largest ones by size; None where nobody's amount is added up.
        members: Who they are, for the ledger alone; None: those of the evidence.
    """

    n_people: int
    n_complement: int | None = None
    n_events: int | None = None
    n_non_events: int | None = None
    residual_df: int | None = None
    n_parameters: int | None = None
    smallest_level: int | None = None
    n_clusters: int | None = None
    total: float | None = None
    largest: float | None = None
    second: float | None = None
    members: Members | None = None

    def __repr__(self) -> str:
        return "Support(not released)"
