"""The parts of an evidence: estimates, tables, curves and checks, each with its support."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from wellperf_models.errors import WellperfError
from wellperf_models.evidence.support import Support

IntervalKind = Literal["confidence", "credible", "prediction", "bounds"]
# what `wellperf verify` may expect of a number: bit-equal, 1e-6, or within Monte Carlo error
Computation = Literal["exact", "iterative", "sampled"]
# which row of the disclosure table applies
EstimateScale = Literal["identity", "log", "logit"]
EstimateKind = Literal["count", "description", "model", "group"]
# `sum` needs the two largest contributions in its support
MeasureKind = Literal["count", "rate", "mean", "sum", "model", "text"]
CellValue = float | int | str | None


@dataclass(frozen=True, kw_only=True)
class Area:
    """The area under a curve (a restricted mean): release reads it off the released curve.

    Attributes:
        curve: Name of the curve (of everyone) in the same evidence.
        start, end: From where to where, in the curve's unit of x.
        at_end: Name of the estimate of the same evidence that is the curve's value at `end`.
    """

    curve: str
    start: float
    end: float
    at_end: str


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
        area: Under which curve it is the area, if it is one.
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
    scale: EstimateScale = "identity"
    se: float | None = None
    kind: EstimateKind = "model"
    computation: Computation = "iterative"
    monte_carlo_error: float | None = None
    area: Area | None = None

    def __post_init__(self) -> None:
        require(
            bool(self.name) and self.name.isidentifier(), "an estimate's name is an identifier", self.name
        )
        require(math.isfinite(self.value), "an estimate is a finite number", self.name)
        bounded = self.low is not None and self.high is not None
        require(bounded == (self.interval is not None), "an interval has a kind, a low and a high", self.name)
        require(bounded == (self.coverage is not None), "an interval states its coverage", self.name)
        if self.low is not None and self.high is not None:
            ordered = self.low <= self.high and math.isfinite(self.low) and math.isfinite(self.high)
            require(ordered, "low and high are finite and in order", self.name)
        require(
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
            (`numerator`, `denominator`); `mean`, `model` pass with their row; `sum` adds people's amounts,
            of which the row's support names the two largest; `text` is no number.
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


def interval_measures(
    name: str, label: str, unit: str = "", *, ends: str | None = None
) -> tuple[Measure, ...]:
    """The three columns of a model's number and its 95 % interval.

    Args:
        name, label, unit: Of the number.
        ends: What the names of the ends begin with; None: the number's own name.
    """
    start = f"{name}_" if ends is None else ends
    return (
        Measure(name=name, kind="model", unit=unit, label=label),
        Measure(name=f"{start}low", kind="model", unit=unit, label="95 % from"),
        Measure(name=f"{start}high", kind="model", unit=unit, label="to"),
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a `Table`.

    Attributes:
        key: One value per key column.
        values: In the order of the measures.
        support: What it rests on.
        monte_carlo_errors: Of a sampled table: one standard deviation of the Monte Carlo error of each value,
            None for a value that is not drawn. () elsewhere.
        parent: Last key of the row of `Table.wider` this one is a part of; "": of none.
    """

    key: tuple[str, ...]
    values: tuple[CellValue, ...]
    support: Support
    monte_carlo_errors: tuple[float | None, ...] = ()
    parent: str = ""

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
        level: What a row is about, in a word ("department", "site", "organisation"); "" where rows have no
            level above them.
        wider: The same table one level up, the same measures: a row that fails is shown within its `parent`
            there.
        open_keys: Keys come from what people wrote, so that a row kept back is not even named.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    measures: tuple[Measure, ...]
    rows: tuple[Row, ...]
    partition: bool = True
    about_people: bool = True
    computation: Computation = "exact"
    level: str = ""
    wider: Table | None = None
    open_keys: bool = False

    def __post_init__(self) -> None:
        if self.wider is not None:
            same = self.wider.measures == self.measures and len(self.wider.keys) == len(self.keys)
            require(same, "a wider table has the same measures and as many keys", self.name)
            above = {row.key[-1] for row in self.wider.rows}
            require(all(r.parent in above for r in self.rows), "every row has a parent above", self.name)
        for row in self.rows:
            require(len(row.key) == len(self.keys), "a row has one value per key", self.name)
            require(len(row.values) == len(self.measures), "a row has one value per measure", self.name)
            require(
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
        require(len(lengths) == 1, "all parts of a curve have the same length", self.name)
        require(all(a < b for a, b in zip(self.x, self.x[1:], strict=False)), "x increases", self.name)

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


def require(holds: bool, rule: str, where: str) -> None:
    """Refuses a finding that is not well formed."""
    if not holds:
        raise WellperfError("A finding is not well formed.", expected=rule, where=where)
