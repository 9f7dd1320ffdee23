"""What the return models eat, and what they give: types only, shared by frame, models and findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wellperf_models.evidence import Members, Unanswered
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import LeftOut, Roster, members_of
from wellperf_models.panel.roster import UNKNOWN
from wellperf_models.study import BORNE_BY_EMPLOYER, Likelihood, Outcome, Party, PriorSet, Roi

EffectKind = Literal["intention_to_treat", "compliers", "contrast"]
PriorName = PriorSet


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """Everybody an outcome should have been measured on, one entry a unit; arrays of shape (m,).

    Attributes:
        treated: Assigned to the treated arm.
        cluster: As in `OutcomeRows`.
        measured: Among the rows of the outcome.
        block: Code of the block of the lots; None: one block.
        unit: Code of the unit; None where nobody asks who they are.
    """

    treated: NDArray[np.bool_]
    cluster: Ints
    measured: NDArray[np.bool_]
    block: Ints | None = None
    unit: Ints | None = None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Assigned({self.treated.size} units)"


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """When the rows of an outcome were measured, where units start at different times; arrays of shape (n,).

    Attributes:
        time: Index of the row's period.
        adopted: Index of the first period that lies wholly after the start of what the row belongs to; the
            number of periods or more: not within them.
        names: Of the periods, in order of time.
        first_days: First day of each of them.
    """

    time: Ints
    adopted: Ints
    names: tuple[str, ...]
    first_days: tuple[dt.date, ...]

    @property
    def n_periods(self) -> int:
        """Their number."""
        return len(self.names)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Timeline({self.n_periods} periods)"


@dataclass(frozen=True, kw_only=True)
class OutcomeRows:
    """One outcome of a trial, measured rows only; arrays of shape (n,).

    Attributes:
        name: As declared in `[roi.outcomes]`.
        declared: Its declaration.
        value, weight: The value, and its weight (above 0; 1 where none is declared).
        treated: Assigned to the treated arm; in the design "participation": took part.
        received: 1 took part, 0 did not, nan not recorded; None where it is recorded for nobody in the
            treated arm. In the control arm, missing is 0.
        unit: Code of the unit; the same code is the same unit in every outcome of the frame.
        cluster: Code of what was assigned as a whole, the same in every outcome of the frame; the unit's own
            where it was assigned alone.
        block: Code of the block of the lots; None: one block.
        X: Covariates adjusted for, centred at their weighted mean, shape (n, p); p may be 0. Where lots were
            drawn in blocks, a column for each block but one.
        covariates: Their names, p of them.
        binary: Every value is 0 or 1.
        n_assigned: Units by arm, (control, treated), measured or not: those that occur in this outcome or in
            one that shares units with it.
        n_left_out: Rows left out because a covariate is missing, or the weight is missing or 0.
        left_out: Reason in words → what did not enter.
        assigned: The units behind `n_assigned`, for whether the arms were measured alike.
        background: Every covariate of the study known before the programme, adjusted for or not, shape
            (n, q), nan where unknown; with the labels of its columns.
        roster: Who the codes of units are, in the period of the outcome; for the ledger.
        timeline: Of a roll-out at different times: one row a unit and period; `treated` is then whether what
            the unit belongs to had started. None in other designs.
        per_year: Values are rates a year made of shorter times: what happened to somebody is then a value
            above 0, and not 1.
        row_years: The share of a year that a row holds, on average, where `per_year`; 1 elsewhere.
        of_cases: Every value was 0 or 1 before it was brought to a year.
        time_unsaid: It has a value, was measured more often than once a year, and nothing says what time a
            value is of: an amount of money for a year can't be set against it.
    """

    name: str
    declared: Outcome
    value: Floats
    weight: Floats
    treated: NDArray[np.bool_]
    received: Floats | None
    unit: Ints
    cluster: Ints
    block: Ints | None
    X: Floats
    covariates: tuple[str, ...]
    binary: bool
    n_assigned: tuple[int, int]
    n_left_out: int
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    assigned: Assigned | None = None
    background: Floats | None = None
    background_labels: tuple[str, ...] = ()
    roster: Roster | None = field(default=None, repr=False)
    timeline: Timeline | None = None
    per_year: bool = False
    row_years: float = 1.0
    of_cases: bool = False
    time_unsaid: bool = False

    @property
    def counts_cases(self) -> bool:
        """Whether it is about something that happens to somebody or does not."""
        made = self.per_year and self.declared.measured_in == "exits"
        return self.binary or self.of_cases or made

    def members(self, chosen: NDArray[np.bool_]) -> Members:
        """Units behind a number of some of the rows; of a yes/no outcome the events are those with it."""
        with_it = chosen & (self.value > 0) if self.counts_cases else np.zeros(chosen.size, bool)
        return members_of(self.roster, self.unit[chosen], self.unit[with_it])

    @property
    def n_units(self) -> tuple[int, int]:
        """Distinct units measured in the control and in the treated arm."""
        control, treated = self.unit[~self.treated], self.unit[self.treated]
        return int(np.unique(control).size), int(np.unique(treated).size)

    @property
    def clustered(self) -> bool:
        """True where rows are not independent of each other: assigned together, or repeated."""
        return bool(np.unique(self.cluster).size < self.value.size)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"OutcomeRows({self.name!r}: {self.value.size} rows)"


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One line of the cost ledger, in the reporting currency.

    Attributes:
        kind: programme, staff_time, technology or other.
        amount: Money.
        per: For each person offered the programme and year it runs, for each year it runs, or in all.
        spread: Standard deviation of its logarithm; 0: known.
        source, tier: Where it comes from: measured, transported or asserted.
        times: Factors it is multiplied by.
        borne_by: Whose money it is, in shares that add up to 1.
        share: Of it, of whose money is counted.
        covers: Share of the years the programme runs of which its bookings are; None: declared, or not known.
    """

    kind: str
    amount: float
    per: Literal["person_year", "year", "once"]
    spread: float
    source: str
    tier: str
    times: tuple[str, ...] = ()
    borne_by: Mapping[Party, float] = field(default_factory=lambda: dict(BORNE_BY_EMPLOYER))
    share: float = 1.0
    covers: float | None = None


@dataclass(frozen=True, kw_only=True)
class RoiFrame:
    """What the return models eat.

    Attributes:
        section: `[roi]`.
        outcomes: Name → rows, in the order declared.
        has_control: Whether there is anybody to compare with: a control arm, a comparison group, or units
            that start later; False for designs that give contrasts alone.
        costs: The cost ledger; () where nothing is known about costs.
        currency: Reporting currency; "" without `[money]`.
        money_rates: Currency → factor to the reporting currency at the programme's start.
        n_offered: Units assigned to the treated arm. Outcomes that share no unit (files that can't be joined)
            are about the same people, so the largest of them counts.
        population: Who it is about, in words.
        min_group_size: People a described group needs.
        seed: The study's.
        in_full: Published microdata.
        assigned_by, assigned_level: What the table programmes says of the programme; () where it is silent.
        start: First day of the programme, where known.
        not_measured: Outcome that was declared and can't be used → why; the first one is never among them.
        of_people: Every unit is a person; otherwise nobody knows how many people are behind them.
        negative_controls: Outcomes of the frame that the programme can't have changed.
    """

    section: Roi
    outcomes: dict[str, OutcomeRows]
    has_control: bool
    costs: tuple[CostLine, ...]
    currency: str
    money_rates: dict[str, float]
    n_offered: int
    population: str
    min_group_size: int
    seed: int
    in_full: bool
    assigned_by: tuple[str, ...] = ()
    assigned_level: tuple[str, ...] = ()
    start: dt.date | None = None
    of_people: bool = True
    not_measured: dict[str, Unanswered] = field(default_factory=dict)
    negative_controls: tuple[str, ...] = ()

    @property
    def by_lot(self) -> bool:
        """Whether lots decided: who gets it, or when."""
        drawn = set(self.assigned_by) == {"randomised"}
        return self.section.design == "randomised" or (self.section.design == "staggered" and drawn)

    def __repr__(self) -> str:
        """Shapes only."""
        return f"RoiFrame({self.section.programme!r}, {self.section.design}: {', '.join(self.outcomes)})"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A difference with its error.

    Attributes:
        outcome: Name.
        kind: Intention to treat; effect in compliers; contrast of participants, which is no effect.
        value, std_error, low, high: In the outcome's unit; 95 % interval.
        df: Degrees of freedom of its t quantile; inf: normal.
        p_value: Two-sided.
        method: Of the error: "HC1", "HC0", "CR2", "CR2, clustered IV" …
        control_mean, control_sd: Weighted, of the arm or side it is compared with.
        n_rows, n_people: Rows, and distinct units.
        smallest_side: Units on the smaller side of the comparison.
        n_events, n_non_events: Of a binary outcome, on the side that has fewest; None otherwise.
        n_clusters: None where every row is assigned alone.
        randomisation_p: p of the randomisation test; None where it was not run.
        first_stage: F of the first stage (compliers only).
        n_parameters: Coefficients of its regression.
        influence: Cluster codes, increasing, and the influence of each on the estimate; the squares sum to
            the variance. For joint errors, never shown.
        members: The units it rests on, for the ledger.
    """

    outcome: str
    kind: EffectKind
    value: float
    std_error: float
    low: float
    high: float
    df: float
    p_value: float
    method: str
    control_mean: float
    control_sd: float
    n_rows: int
    n_people: int
    smallest_side: int
    n_events: int | None = None
    n_non_events: int | None = None
    n_clusters: int | None = None
    n_parameters: int = 2
    randomisation_p: float | None = None
    first_stage: float | None = None
    influence: tuple[Ints, Floats] | None = None
    members: Members = UNKNOWN

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"Effect({self.outcome!r}, {self.kind}, {self.method}; not released)"


@dataclass(frozen=True, kw_only=True)
class Told:
    """A quantity of a fitted model: median, 95 % interval, and the Monte Carlo error of the median."""

    middle: float
    low: float
    high: float
    monte_carlo_error: float


@dataclass(frozen=True, kw_only=True)
class Modelled:
    """What a declared outcome model says beside its effect.

    Attributes:
        likelihood: Which.
        n_slopes, n_clusters, n_spreads: Its structure (`models.structure`).
        parameters: Name → some hundreds of draws of it, thinned, for replicated data; never shown.
        told: "ratio" (of means), "shape" (dispersion), "spread_control", "spread_treated" (between clusters)
            … → what is said of it.
        resampled: Whether the draws are those under the flat prior, weighed by this one.
    """

    likelihood: Likelihood
    n_slopes: int
    n_clusters: int
    n_spreads: int
    parameters: Mapping[str, Floats]
    told: Mapping[str, Told]
    resampled: bool = False

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"Modelled({self.likelihood!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Posterior of the intention-to-treat effect on one outcome under one prior.

    Attributes:
        outcome, prior: Which.
        draws: Of the effect in the outcome's unit, all chains after another, shape (n,); never shown.
        mean, sd, low, high: Of the draws; 95 % equal-tailed.
        monte_carlo_error: Of the mean.
        prior_mean, prior_sd: Of the effect, in the outcome's unit; nan and inf for the flat one.
        r_hat, ess_bulk, ess_tail: Worst over the reported quantities.
        n_divergences: Must be 0.
        n_cells: Cells the likelihood was evaluated on.
        modelled: The declared model behind it; None where it is the Gaussian one, or that of the estimate.
        beside: Where there is a declared model, the posterior of the Gaussian one under the same prior.
        instead: Why the estimate's own likelihood stands in for the declared one; "" where it does not.
    """

    outcome: str
    prior: PriorName
    draws: Floats
    mean: float
    sd: float
    low: float
    high: float
    monte_carlo_error: float
    prior_mean: float
    prior_sd: float
    r_hat: float
    ess_bulk: float
    ess_tail: float
    n_divergences: int
    n_cells: int
    modelled: Modelled | None = None
    beside: Posterior | None = None
    instead: str = ""

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"Posterior({self.outcome!r}, {self.prior}; not released)"
