"""What the turnover models eat: types only, shared by frame, models and findings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.evidence import Unanswered
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import LeftOut, Level, Roster
from wellperf_models.study import Covariate
from wellperf_models.turnover.design import Design, Minimum


def rows_by_group(groups: NDArray[np.str_]) -> list[tuple[str, Ints]]:
    """(group, indices of its rows), in the order of names; one pass, however many groups there are."""
    names, code = np.unique(groups, return_inverse=True)
    order = np.argsort(code, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(code, minlength=names.size))[:-1])
    return [(str(name), part.astype(np.int64)) for name, part in zip(names, parts, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Spells:
    """One row per spell; all arrays of shape (n,).

    Attributes:
        entry, duration: Exact tenure in months at entry into observation and at exit or censoring.
        event: 0 censored, 1..K by order of the frame's causes.
        person: Code of the employee.
        group: Group at entry into observation ("not assigned" where there was none), or None without groups.
        above: The levels above the group, the narrowest first; () without groups.
        cluster: Code of what errors are clustered by: `turnover.cluster`, as it was at entry into
            observation, or the person where the study names none and somebody has several spells; None:
            spells are independent.
        clustered_by: What a cluster is, in a word; "" without.
        start: First day of the spell on the calendar, in months since year 0 where a day is 1/31 of a month,
            so that `start + duration` is the day after the last one; None in the duration form.
    """

    entry: Floats
    duration: Floats
    event: Ints
    person: Ints
    group: NDArray[np.str_] | None
    above: tuple[Level, ...] = ()
    cluster: Ints | None = None
    clustered_by: str = ""
    start: Floats | None = None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Spells({self.entry.size} rows)"


@dataclass(frozen=True, kw_only=True)
class ModelRows:
    """Counting-process rows with every covariate known; arrays of shape (n,).

    Attributes:
        entry, exit: At risk for entry < t ≤ exit, months of tenure: exact ones where covariates stay as they
            are, whole months of the panel where they change.
        event: 0, 1..K.
        design: X and its columns; levels too rare to be shown are pooled.
        unpooled: X with every level a column of its own, for refits that choose by their own rows alone.
        person, fold_group: Codes of the employee and of what must not be split between folds.
        cluster, stratum: Codes, or None.
        varying: True where the rows are person-months.
        n_rows_left_out, n_people_left_out, n_exits_left_out: What lacked a covariate.
        measured_day, period_day: Of each dated covariate value and of its interval, days since 1970.
    """

    entry: Floats
    exit: Floats
    event: Ints
    design: Design
    unpooled: Design
    person: Ints
    fold_group: Ints
    cluster: Ints | None
    stratum: Ints | None
    varying: bool
    n_rows_left_out: int
    n_people_left_out: int
    n_exits_left_out: int
    measured_day: Ints
    period_day: Ints

    def __repr__(self) -> str:
        """Shapes only."""
        return f"ModelRows({self.entry.size} rows × {len(self.design.columns)} columns)"


@dataclass(frozen=True, kw_only=True)
class TurnoverFrame:
    """What the turnover models eat.

    Attributes:
        causes: Exit reasons, in order; the first is the one modelled. Where anyone left for a reason the
            study does not name, "another_reason" is the last: described like a cause, censored in the models.
        spells: For description.
        panel: Person-months with binned covariates ("not measured" is a level), start_months, event, person,
            cluster (where declared): the hazard's rows; None without covariates.
        months: The same person-months before binning, sorted by spell and stop_months: employee_id (a keyed
            pseudonym), spell, person, pattern, start_months, stop_months, event; covariates and strata as
            read, null where not known yet; team, department, site; cluster_key where declared; where dates
            are known spell_start, period (first day of the month), period_day and NAME_measured_day. None
            where `panel` is.
        covariates: Name → declaration, of the modelled ones.
        rows: For Cox and validation; None without covariates, or where they can't be modelled.
        no_rows: Why covariates can't be modelled; None where they can, or where there are none.
        group_by: What groups are, or None.
        left_out: Reason in words → rows and people; everything that did not enter as it stood.
        left_out_of_models: Likewise, what is described and did not enter a model with covariates.
        dated: False for the duration form.
        delayed_entry: Whether anyone enters observation after hire.
        minimum: People, exits and stays a model level needs.
        min_group_size: People a described group or risk set needs.
        population: Who it is about, in words.
        seed: The study's.
        in_full: Published microdata: nothing needs to be kept back.
        roster: Who the codes of people are, for the ledger; None where a frame was made by hand.
        observed_from, observed_until: On the calendar of `Spells.start`: the day observation begins (None:
            every spell is seen from hire) and the day after it ends; None in the duration form.
    """

    causes: tuple[str, ...]
    spells: Spells
    panel: pl.DataFrame | None
    months: pl.DataFrame | None
    covariates: dict[str, Covariate]
    rows: ModelRows | None
    no_rows: Unanswered | None
    group_by: str | None
    left_out: dict[str, LeftOut]
    dated: bool
    delayed_entry: bool
    minimum: Minimum
    min_group_size: int
    population: str
    seed: int
    left_out_of_models: dict[str, LeftOut] = field(default_factory=dict)
    in_full: bool = False
    roster: Roster | None = field(default=None, repr=False)
    observed_from: float | None = None
    observed_until: float | None = None

    @property
    def n_people(self) -> int:
        """Distinct people."""
        return int(np.unique(self.spells.person).size)

    def __repr__(self) -> str:
        """Shapes only."""
        panel = "no panel" if self.panel is None else f"{self.panel.height} person-months"
        return f"TurnoverFrame({self.spells!r}, {panel}, causes: {', '.join(self.causes)})"
