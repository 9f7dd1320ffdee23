"""What a pillar finds: estimates, tables, curves and checks, each with the support the gate judges by.

Nothing in this module is displayable. Only `wellperf_models.disclosure.release` turns an `Evidence`
into a `Released`, and only a `Released` shows values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wellperf_models.errors import ConvergenceError, DesignError, WellperfError

IntervalKind = Literal["confidence", "credible", "prediction", "bounds"]
# what `wellperf verify` may expect of a number: bit-equal, 1e-6, or within Monte Carlo error
Computation = Literal["exact", "iterative", "sampled"]
# which row of the disclosure table applies
EstimateKind = Literal["count", "description", "model", "group"]
MeasureKind = Literal["count", "rate", "mean", "model", "text"]
CellValue = float | int | str | None


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
    """

    n_people: int
    n_complement: int | None = None
    n_events: int | None = None
    n_non_events: int | None = None
    residual_df: int | None = None
    n_parameters: int | None = None
    smallest_level: int | None = None
    n_clusters: int | None = None

    def __repr__(self) -> str:
        return "Support(not released)"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number with its interval.

    Attributes:
        name: Identifier used in answer templates (`snake_case`, suffix carries the unit).
        label: What a committee member reads.
        value, low, high: Same unit; low and high are None only where `interval` is None.
        coverage: Nominal coverage of the interval, e.g. .95.
        interval: What kind of interval it is.
        unit: Unit in words, e.g. "exits per 100 people", "hazard ratio".
        scale: "identity", "log" or "logit": on which scale the interval is symmetric.
        support: What it rests on.
        se: Standard error on `scale`; decides how many digits are printed.
        kind: Row of the disclosure table: count (rounded to base 5), description, model (≥ 30 people,
            ≥ 10 events), group.
        computation: exact, iterative or sampled: what `verify` may expect.
        monte_carlo_error: For sampled numbers, one standard deviation of the Monte Carlo error.
    """

    name: str
    value: float
    support: Support
    unit: str
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    interval: IntervalKind | None = None
    label: str = ""
    scale: Literal["identity", "log", "logit"] = "identity"
    se: float | None = None
    kind: EstimateKind = "model"
    computation: Computation = "iterative"
    monte_carlo_error: float | None = None

    def __post_init__(self) -> None:
        _require(
            bool(self.name) and self.name.isidentifier(), "an estimate's name is an identifier", self.name
        )
        _require(math.isfinite(self.value), "an estimate is a finite number", self.name)
        bounded = self.low is not None and self.high is not None
        _require(
            bounded == (self.interval is not None), "an interval has a kind, a low and a high", self.name
        )
        _require(bounded == (self.coverage is not None), "an interval states its coverage", self.name)
        if self.low is not None and self.high is not None:
            ordered = self.low <= self.high and math.isfinite(self.low) and math.isfinite(self.high)
            _require(ordered, "low and high are finite and in order", self.name)
        _require(
            (self.computation == "sampled") == (self.monte_carlo_error is not None),
            "exactly the sampled estimates carry a Monte Carlo error",
            self.name,
        )

    def __repr__(self) -> str:
        return f"Estimate({self.name!r}, unit={self.unit!r}, kind={self.kind!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A column of a `Table`.

    Attributes:
        name: Identifier.
        kind: `count` is rounded to base 5 at release; `rate` is recomputed from two released counts
            (`numerator`, `denominator`); `mean`, `model` pass with their row; `text` is not numeric.
        unit: Unit in words.
        label: Column head.
        numerator, denominator: For rates: names of count measures of the same table.
        per: For rates: multiplier, e.g. 100 for per cent.
    """

    name: str
    kind: MeasureKind
    unit: str = ""
    label: str = ""
    numerator: str | None = None
    denominator: str | None = None
    per: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a `Table`.

    Attributes:
        key: One value per key column.
        values: In the order of the measures.
        support: What it rests on.
        monte_carlo_errors: Of a sampled table: one standard deviation of the Monte Carlo error of each value,
            None for a value that is not drawn. () elsewhere.
    """

    key: tuple[str, ...]
    values: tuple[CellValue, ...]
    support: Support
    monte_carlo_errors: tuple[float | None, ...] = ()

    def __repr__(self) -> str:
        return "Row(not released)"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Aggregates by key; each row is judged by its own support.

    Attributes:
        name: Identifier.
        title: What it shows, in words.
        keys: Names of the key columns.
        measures: The value columns.
        rows: The rows.
        partition: True where the rows split one population, so that a single suppressed row could be
            had by subtraction; release then suppresses a second one.
        about_people: False for tables of facts on the data or method (rules, files), which hold no
            person-derived number and pass the gate as they are.
        computation: What `verify` may expect of its numbers.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    measures: tuple[Measure, ...]
    rows: tuple[Row, ...]
    partition: bool = True
    about_people: bool = True
    computation: Computation = "exact"

    def __post_init__(self) -> None:
        for row in self.rows:
            _require(len(row.key) == len(self.keys), "a row has one value per key", self.name)
            _require(len(row.values) == len(self.measures), "a row has one value per measure", self.name)
            _require(
                len(row.monte_carlo_errors) == (len(self.measures) if self.computation == "sampled" else 0),
                "exactly the rows of sampled tables carry a Monte Carlo error for each value",
                self.name,
            )

    def __repr__(self) -> str:
        return f"Table({self.name!r}: {len(self.rows)} rows × {len(self.measures)} measures; not released)"


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A step function with its risk set.

    Attributes:
        name: Identifier, unique in its evidence together with `group`.
        label: What is drawn ("Still employed", "Left voluntarily").
        group: Group the curve is about; "" is everyone.
        x, y, low, high: Step positions and values; y holds from x[i] until x[i + 1].
        at_risk, events: People at risk just before x[i], and events at x[i].
        x_unit, y_unit: Units in words.
        coverage, interval: Of the pointwise band.
        support: What the whole curve rests on.
        series: Curves of one series ("survival", "cumulative_incidence") are drawn together.
        block_ends: Where the gate may end a block of events, one for each x; None: anywhere. Curves that add
            up need it: the last one would follow from the others wherever they are all known.
    """

    name: str
    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    at_risk: tuple[int, ...]
    events: tuple[int, ...]
    support: Support
    x_unit: str
    y_unit: str
    group: str = ""
    series: str = "survival"
    coverage: float = 0.95
    interval: IntervalKind = "confidence"
    computation: Computation = "exact"
    block_ends: tuple[bool, ...] | None = None

    def __post_init__(self) -> None:
        parts = (self.x, self.y, self.low, self.high, self.at_risk, self.events)
        lengths = {len(v) for v in (*parts, self.x if self.block_ends is None else self.block_ends)}
        _require(len(lengths) == 1, "all parts of a curve have the same length", self.name)
        _require(all(a < b for a, b in zip(self.x, self.x[1:], strict=False)), "x increases", self.name)

    def __repr__(self) -> str:
        return f"Curve({self.name!r}, group={self.group!r}: {len(self.x)} steps; not released)"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A statement about a fit that can fail.

    Attributes:
        name: Identifier.
        passed: None means informative only.
        value, threshold: What was measured and where the line is.
        text: Template in plain words; may use `{value}` and `{threshold}`.
        computation: What `verify` may expect of `value`.
        support: Given where the value itself is derived from few people; judged like a model estimate.
    """

    name: str
    passed: bool | None
    text: str
    value: float | None = None
    threshold: float | None = None
    computation: Computation = "iterative"
    monte_carlo_error: float | None = None
    support: Support | None = None

    def __repr__(self) -> str:
        return f"Check({self.name!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where the numbers come from.

    Attributes:
        study: Name of the study.
        as_of: ISO date; never taken from the data.
        data_hmac: Keyed hash of the data, so that a guess about a row can't be confirmed.
        synthetic: True stamps the pack "synthetic data: not evidence".
        public_microdata: True shows everything in full, with licence and source on the first page.
        git_commit: Informative; not compared by `verify`.
    """

    study: str
    as_of: str
    data_hmac: str
    synthetic: bool
    public_microdata: bool
    seed: int
    package_version: str
    lock_sha256: str
    python: str
    licence: str = ""
    source: str = ""
    git_commit: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """An answer to one question, before the gate.

    Attributes:
        id: Unique in a pack, e.g. "turnover.description".
        question: The committee's question.
        answer: Template filled by `release` from the estimates that passed, e.g.
            "{survival_12_months} of people stay a year". A number reaches prose only this way. A part in
            [square brackets] is left out where one of its own estimates was kept back.
        estimand: What is estimated, in words, with population, time and contrast.
        population: Who it is about.
        design: How the data speak to it: "description", "association", "randomised" …
        estimates, tables, curves, checks: The findings.
        assumptions: What must hold.
        limits: What this does not show.
        provenance: Where the numbers come from.
    """

    id: str
    question: str
    answer: str
    estimand: str
    population: str
    design: str
    provenance: Provenance
    estimates: tuple[Estimate, ...] = ()
    tables: tuple[Table, ...] = ()
    curves: tuple[Curve, ...] = ()
    checks: tuple[Check, ...] = ()
    assumptions: tuple[str, ...] = ()
    limits: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for what, names in (
            ("estimate", [e.name for e in self.estimates]),
            ("table", [t.name for t in self.tables]),
            ("curve", [f"{c.name}/{c.group}" for c in self.curves]),
            ("check", [c.name for c in self.checks]),
        ):
            _require(len(names) == len(set(names)), f"every {what} of an evidence has its own name", self.id)

    def __repr__(self) -> str:
        """Shapes only: an Evidence has not passed the gate."""
        return (
            f"Evidence({self.id!r}: {len(self.estimates)} estimates, {len(self.tables)} tables, "
            f"{len(self.curves)} curves, {len(self.checks)} checks; not released)"
        )


def _require(holds: bool, rule: str, where: str) -> None:
    if not holds:
        raise WellperfError("A finding is not well formed.", expected=rule, where=where)


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """Why a question has no answer in these data: the design does not allow it, or a fit did not converge.

    Attributes:
        reason: One sentence, without a person's value.
        remedy: What would help; may be empty.
    """

    reason: str
    remedy: str = ""

    @property
    def words(self) -> str:
        """Reason and remedy as an answer."""
        return f"Not answered: {self.reason}" + (f" What would help: {self.remedy}." if self.remedy else "")


def plain(text: str) -> str:
    """Words of others inside a template: braces and brackets would be read as one."""
    return text.translate(str.maketrans("{}[]", "()()"))


def unanswered(
    identifier: str,
    question: str,
    why: Unanswered,
    *,
    population: str,
    provenance: Provenance,
    checks: tuple[Check, ...] = (),
) -> Evidence:
    """An evidence without a number: the question, and why these data do not answer it.

    Args:
        identifier, question: Of the evidence.
        why: The reason.
        population: Who it is about.
        provenance: Where the data come from.
        checks: What can be said all the same.
    """
    return Evidence(
        id=identifier,
        question=question,
        answer=plain(why.words),
        estimand="None: not estimated.",
        population=population,
        design="not answered",
        provenance=provenance,
        checks=checks,
        limits=("Nothing can be concluded from the absence of an answer.",),
    )


def attempt[**P, R](step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | Unanswered:
    """Takes one step of an analysis; what these data can't support becomes an `Unanswered`, not a stop.

    Only `DesignError` and `ConvergenceError` are taken for an answer; a wrong study file still stops.

    Args:
        step: E.g. `turnover.fit_cox`.
        args, kwargs: Its arguments.
    """
    try:
        return step(*args, **kwargs)
    except (DesignError, ConvergenceError) as error:
        where = f" ({error.where})" if error.where else ""
        return Unanswered(reason=error.summary.rstrip(".") + where + ".", remedy=error.remedy or "")
