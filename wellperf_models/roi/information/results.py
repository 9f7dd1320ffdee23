"""What the value of information is made of: groups of unknowns, trials one could run, swings. Types only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wellperf_models.disclosure.wording import print_whole
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.moment_independent import Delta
from wellperf_models.inference.value_of_information import Gain
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import PriorName

# what could be known: an effect, all of them, the comparison's bias, what an outcome is worth, costs, how
# an effect fades, or everything that no trial tells
GroupKind = Literal["effect", "effects", "bias", "worth", "costs", "fade_out", "inputs"]
# a trial tells these
BY_TRIAL: frozenset[GroupKind] = frozenset({"effect", "effects", "bias"})


@dataclass(frozen=True, kw_only=True)
class Group:
    """Unknowns that could become known together.

    Attributes:
        kind, label: What it is, and what a reader sees.
        unknowns: Names of draws.
    """

    kind: GroupKind
    label: str
    unknowns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """One unknown, for a reader.

    Attributes:
        name: Of its draws.
        label, unit: What a reader sees.
        status: How it is known: "estimated", "measured", "transported", "asserted", "judgement", "declared".
        scale: Draws times this are in the unit.
    """

    name: str
    label: str
    unit: str
    status: str
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A trial that could be run.

    Attributes:
        people: In both arms together.
        clusters: Number of what lots would be drawn among; None: people.
    """

    people: int
    clusters: int | None

    def words(self, level: str) -> str:
        """It, in a sentence."""
        among = "" if self.clusters is None else f" in {print_whole(self.clusters)} {level}s"
        return f"{print_whole(self.people)} people{among}"


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What a person's outcome varies by over a year, given what it is adjusted for.

    Attributes:
        sd: In the outcome's unit, as of equally weighted people.
        icc: Share of the variance between clusters.
        told: Whether these data, or the study, say so; otherwise the usual value.
    """

    sd: float
    icc: float
    told: bool


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """What one trial would bring, for everybody the decision is about, in the reporting currency.

    Attributes:
        trial: Which.
        gain: Value of what it tells, were it free and known at once (EVSI).
        cost: Of running it: once, for each person, and the programme's for those in it who are offered it.
        waiting: What is lost by deciding later, less what those who are offered it in the trial gain; it may
            be below 0.
        net: `gain − cost − waiting` (ENBS).
        net_error: One standard deviation of its Monte Carlo error.
    """

    trial: Trial
    gain: Gain
    cost: float
    waiting: float
    net: float
    net_error: float


@dataclass(frozen=True, kw_only=True)
class Swing:
    """Net present value with one unknown at the ends of its 95 % interval and all others at their median.

    Attributes:
        unknown: Which.
        low, high: 2.5 % and 97.5 % of it, in its unit.
        npv_low, npv_high: Net present value there.
        errors: Monte Carlo errors (one standard deviation) of low, high, npv_low and npv_high.
        delta: By how much it moves the whole distribution of the net present value.
    """

    unknown: Unknown
    low: float
    high: float
    npv_low: float
    npv_high: float
    errors: tuple[float, float, float, float]
    delta: Delta

    @property
    def size(self) -> float:
        """How far apart the two ends are."""
        return abs(self.npv_high - self.npv_low)


@dataclass(frozen=True, kw_only=True)
class UnderPrior:
    """Everything under one set of priors.

    Attributes:
        prior: Which.
        mean: Expected net present value of funding it now, for everybody.
        mean_error: One standard deviation of its Monte Carlo error.
        perfect: Value of knowing everything (EVPI).
        groups: Group and value of knowing it (EVPPI), in the order told.
        trials: What each trial would bring; `Unanswered` where none is declared.
        swings: The largest first.
        n_effective: Independent draws that would be worth as much.
    """

    prior: PriorName
    mean: float
    mean_error: float
    perfect: Gain
    groups: tuple[tuple[Group, Gain], ...]
    trials: tuple[Sampled, ...] | Unanswered
    swings: tuple[Swing, ...]
    n_effective: float

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"UnderPrior({self.prior!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class VarianceShare:
    """Share of the variance of the net present value by one exogenous unknown (Sobol), with errors.

    Attributes:
        unknown: Which.
        first, first_error: By it alone.
        total, total_error: With all it does together with others.
    """

    unknown: Unknown
    first: float
    first_error: float
    total: float
    total_error: float


@dataclass(frozen=True, kw_only=True)
class Information:
    """The value of information, before the gate.

    Attributes:
        decision, effects: What it is about.
        under: Set of priors that judges → everything under it.
        shares: Variance shares of the exogenous unknowns; () with fewer than two of them.
        impossible: Trials that were declared and can't be run, in words.
        spreads: Outcome with a value → what a person's outcome varies by; empty without trials.
    """

    decision: DecisionResult
    effects: Effects
    under: dict[PriorName, UnderPrior]
    shares: tuple[VarianceShare, ...]
    impossible: tuple[str, ...]
    spreads: dict[str, Spread]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Information({len(self.under)} sets of priors; not released)"
