"""Tables of the measurement: reliability by wave and group, items, cut-offs, distribution, profiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.frame import period_of
from wellperf_models.burnout.measure.checks import support_of
from wellperf_models.burnout.measure.frame import MeasureFrame
from wellperf_models.burnout.measure.model import Coefficients, ItemQuality, Measurement
from wellperf_models.evidence import CellValue, Measure, Members, Row, Support, Table, interval_measures
from wellperf_models.inference.latent_profiles import Profiles
from wellperf_models.inference.reliability import Reliability
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.instruments import CutOff
from wellperf_models.panel import members_of

# smallest described groups in a band of the distribution: a count in steps of 5 of fewer says little
_BAND_DEEP = 3
_BANDS = 6
_SMALL = 1e-9
_PEOPLE = Measure(name="people", kind="count", unit="people", label="People")


def tables_of(measures: MeasureFrame, measurement: Measurement) -> tuple[Table, ...]:
    """Every table there is."""
    quality, profiles = measurement.quality, measurement.profiles
    tables: list[Table] = []
    if isinstance(quality, ItemQuality):
        tables += _reliabilities(measures, quality)
        tables.append(_items(measures, quality))
    edges = band_edges(measures)
    tables.append(_distribution(measures, edges))
    if measurement.cut_offs:
        tables.append(_cut_offs(measures, measurement.cut_offs, edges))
    if isinstance(profiles, Profiles):
        tables += _profiles(measures, measurement, profiles)
    return tuple(tables)


_COEFFICIENTS = (
    *interval_measures("alpha", "Cronbach's α"),
    *interval_measures("omega", "McDonald's ω"),
)


def _reliabilities(measures: MeasureFrame, quality: ItemQuality) -> list[Table]:
    made = []
    if quality.by_wave:
        names = np.array(measures.waves)[measures.wave]
        made.append(_reliability(measures, quality.by_wave, names, "wave", "by wave"))
    if quality.by_group and measures.group is not None:
        what = str(measures.group_by)
        title = f"by {what.replace('_', ' ')}, all waves together"
        made.append(_reliability(measures, quality.by_group, measures.group, what, title))
    return made


def _reliability(
    measures: MeasureFrame,
    parts: Sequence[Coefficients],
    names: NDArray[np.str_],
    key: str,
    title: str,
) -> Table:
    assert measures.items is not None
    complete = np.isfinite(measures.items.answers).all(axis=1)
    everybody = int(np.unique(measures.person[complete]).size)
    k, by_wave = len(measures.items.names), key == "wave"
    rows = []
    for part in parts:
        people = measures.person[complete & (names == part.name)]
        n = int(np.unique(people).size)
        support = Support(
            n_people=n,
            n_complement=everybody - n,
            residual_df=n - 2 * k,
            n_parameters=2 * k,
            members=members_of(
                measures.roster.during(period_of([part.name]))
                if by_wave and measures.roster
                else measures.roster,
                people,
            ),
        )
        rows.append(Row(key=(part.name,), values=(*_told(part.alpha), *_told(part.omega)), support=support))
    return Table(
        name="reliability_by_wave" if by_wave else "reliability_by_group",
        title=f"How reliable the score of {measures.outcome} is {title}",
        keys=(key,),
        measures=_COEFFICIENTS,
        rows=tuple(rows),
        # a coefficient does not follow from those of the others
        partition=False,
        computation="iterative",
    )


def _told(value: object) -> tuple[CellValue, ...]:
    if not isinstance(value, Reliability):
        return (None, None, None)
    return (value.value, value.low, value.high)


def _items(measures: MeasureFrame, quality: ItemQuality) -> Table:
    assert measures.items is not None
    support = support_of(measures, quality)
    reversed_items = {
        name
        for item, name in zip(measures.items.key.items, measures.items.names, strict=True)
        if item in measures.items.key.reversed_items
    }
    rows = tuple(
        Row(
            key=(f"item {name}",),
            values=(None if np.isnan(r) else float(r), "yes" if name in reversed_items else "no"),
            support=support,
        )
        for name, r in zip(measures.items.names, quality.item_rest, strict=True)
    )
    return Table(
        name="items",
        title=f"How each item of {measures.outcome} goes with the others",
        keys=("item",),
        measures=(
            Measure(name="item_rest", kind="model", label="Correlation with the sum of the others"),
            Measure(name="reversed", kind="text", label="Reversed before scoring"),
        ),
        rows=rows,
        partition=False,
    )


def band_edges(measures: MeasureFrame) -> Floats:
    """Borders of bands of the score, those of cut-offs first, none between which too few people stand.

    A cut-off too near to another is no border, and its count is then kept back too: the people between the
    two could be had by subtraction.
    """
    score = measures.score[measures.newest]
    edges: list[float] = []
    least = 1 if measures.in_full else measures.min_group_size
    for line in measures.cut_offs:
        if _smallest([*edges, line.at], score, measures.higher_is_worse) >= least:
            edges.append(line.at)
    for at in np.linspace(measures.low, measures.high, _BANDS + 1)[1:-1]:
        if _smallest([*edges, float(at)], score, measures.higher_is_worse) >= _BAND_DEEP * least:
            edges.append(float(at))
    return np.array(sorted(set(edges)))


def _smallest(edges: Sequence[float], score: Floats, higher_is_worse: bool) -> int:
    """People in the smallest of the bands between edges."""
    bands = band_of(score, np.array(sorted(set(edges))), higher_is_worse)
    return int(np.bincount(bands, minlength=len(set(edges)) + 1).min())


def band_of(score: Floats, edges: Floats, higher_is_worse: bool) -> NDArray[np.int64]:
    """Band of each score, 0 the lowest; a score at an edge is on its bad side."""
    if higher_is_worse:
        return np.searchsorted(edges - _SMALL, score, side="right")
    return np.searchsorted(edges + _SMALL, score, side="left")


def _distribution(measures: MeasureFrame, edges: Floats) -> Table:
    score, person = measures.score[measures.newest], measures.person[measures.newest]
    bands = band_of(score, edges, measures.higher_is_worse)
    bounds = [measures.low, *edges, measures.high]
    rows = []
    for number in range(edges.size + 1):
        own = bands == number
        support = Support(
            n_people=int(own.sum()),
            n_complement=int((~own).sum()),
            members=_members(measures, person[own]),
        )
        low, high = bounds[number], bounds[number + 1]
        closed = number == edges.size or not measures.higher_is_worse
        first = number == 0 or measures.higher_is_worse
        label = f"{'' if first else 'above '}{low:g} to {'' if closed else 'below '}{high:g}"
        rows.append(Row(key=(label,), values=(int(own.sum()), score.size, 100 * own.mean()), support=support))
    return Table(
        name="distribution",
        title=f"Scores of {measures.outcome}, {measures.period}",
        keys=("score",),
        measures=(
            _PEOPLE,
            Measure(name="of_people", kind="count", unit="people", label="Of"),
            Measure(
                name="share", kind="rate", unit="%", label="Per cent",
                numerator="people", denominator="of_people", per=100.0,
            ),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _members(
    measures: MeasureFrame, people: NDArray[np.int64], cases: NDArray[np.int64] | None = None
) -> Members:
    """Who is behind a number of the newest answers."""
    roster = measures.roster
    return members_of(None if roster is None else roster.during(measures.period), people, cases)


def is_beyond(score: Floats, line: CutOff, higher_is_worse: bool) -> NDArray[np.bool_]:
    """Who scores at a line or worse."""
    return score >= line.at - _SMALL if higher_is_worse else score <= line.at + _SMALL


def _cut_offs(measures: MeasureFrame, lines: Sequence[CutOff], edges: Floats) -> Table:
    score, person = measures.score[measures.newest], measures.person[measures.newest]
    rows = []
    for line in lines:
        beyond = is_beyond(score, line, measures.higher_is_worse)
        n = int(beyond.sum())
        support = Support(
            n_people=score.size,
            n_events=n,
            n_non_events=score.size - n,
            smallest_level=_smallest([*edges, line.at], score, measures.higher_is_worse),
            members=_members(measures, person, person[beyond]),
        )
        end = "or more" if measures.higher_is_worse else "or less"
        values = (n, score.size, 100 * n / score.size, line.status, line.source)
        rows.append(Row(key=(f"{line.name}: {line.at:g} {end}",), values=values, support=support))
    return Table(
        name="cut_offs",
        title=f"People beyond each line on the scale of {measures.outcome}, {measures.period}",
        keys=("cut_off",),
        measures=(
            Measure(name="beyond", kind="count", unit="people", label="People beyond"),
            Measure(name="of_people", kind="count", unit="people", label="Of"),
            Measure(
                name="share", kind="rate", unit="%", label="Per cent",
                numerator="beyond", denominator="of_people", per=100.0,
            ),
            Measure(name="status", kind="text", label="Status"),
            Measure(name="source", kind="text", label="Source"),
        ),
        rows=tuple(rows),
        # lines contain each other; what lies between two is judged by `smallest_level`
        partition=False,
    )  # fmt: skip


def _profiles(measures: MeasureFrame, measurement: Measurement, profiles: Profiles) -> list[Table]:
    person = measures.person[measurement.in_profiles]
    scores = measures.scores[measurement.in_profiles]
    tried = _profiles_tried(measures, profiles, int(np.unique(person).size), scores.shape[1])
    if profiles.number == 1:
        return [tried]
    rows = []
    for number in range(profiles.number):
        own = profiles.assigned == number
        support = Support(
            n_people=int(own.sum()),
            n_complement=int((~own).sum()),
            members=_members(measures, person[own]),
        )
        values = (int(own.sum()), own.size, 100 * own.mean(), *map(float, profiles.means[number]))
        rows.append(Row(key=(f"{number + 1} of {profiles.number}",), values=values, support=support))
    found = Table(
        name="profiles",
        title=f"Kinds of people by their scores together, {measures.period}",
        keys=("profile",),
        measures=(
            _PEOPLE,
            Measure(name="of_people", kind="count", unit="people", label="Of"),
            Measure(
                name="share", kind="rate", unit="%", label="Per cent",
                numerator="people", denominator="of_people", per=100.0,
            ),
            *(
                Measure(name=f"scale_{i + 1}", kind="mean", unit="points", label=f"Mean {label}")
                for i, label in enumerate(measures.scales)
            ),
        ),
        rows=tuple(rows),
        computation="iterative",
    )  # fmt: skip
    return [found, tried]


def _profiles_tried(measures: MeasureFrame, profiles: Profiles, n_people: int, m: int) -> Table:
    lowest = min(profiles.criteria.values())
    rows = []
    for number, criterion in profiles.criteria.items():
        parameters = number * m + m * (m + 1) // 2 + number - 1
        support = Support(n_people=n_people, residual_df=n_people - parameters, n_parameters=parameters)
        chosen = "yes" if number == profiles.number else "no"
        rows.append(Row(key=(str(number),), values=(criterion - lowest, chosen), support=support))
    return Table(
        name="profiles_tried",
        title="How many kinds of people describe the scores: more than one only where better by over 10 "
        "and where people can be told apart",
        keys=("number_of_profiles",),
        measures=(
            Measure(name="bic", kind="model", label="BIC above the lowest (0 is best)"),
            Measure(name="chosen", kind="text", label="Chosen"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )
