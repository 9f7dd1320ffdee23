"""Tables of what silence could hide: all ways side by side, differences supposed, who answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.nonresponse.checks import support_of
from wellperf_models.burnout.nonresponse.frame import Pairs, ResponseFrame
from wellperf_models.burnout.nonresponse.model import Compared, NonResponseFit, direction_of
from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, interval_measures
from wellperf_models.inference.response_bounds import Bounds
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.panel import members_of
from wellperf_models.study import HARD_FLOOR

_SHARE = "Share of cases, per 100 people asked"
_CHANGE = "Change since the wave before, per 100"
_AUC = "AUC of the last score alone"
_READS = {1: "more frequent", -1: "less frequent", 0: "not told"}
_MOST_BANDS = 5


def case_support(response: ResponseFrame, fit: NonResponseFit) -> Support:
    """What a number about cases rests on: everybody asked; the events are those known to be a case."""
    pairs = response.pairs
    assert pairs is not None
    cases = int(np.unique(pairs.person[fit.case]).size)
    answered = int(np.unique(pairs.person[pairs.answered]).size)
    return replace(
        support_of(response, fit),
        n_events=cases,
        n_non_events=answered - cases,
        members=members_of(response.roster, pairs.person, pairs.person[fit.case]),
    )


def side_by_side(response: ResponseFrame, fit: NonResponseFit) -> Table:
    """Every quantity, as answered, weighted, with the largest difference supposed, and at worst."""
    support = case_support(response, fit)
    far = fit.supposed[-1]
    supposed = f"Others {far.delta:g} points worse off"
    rows = [
        *_compared(_SHARE, fit.share, 100.0),
        _row(_SHARE, supposed, (far.share.value, far.share.low, far.share.high), 100.0),
        _at_worst(_SHARE, fit.share_bounds),
        *_compared(_CHANGE, fit.change, 100.0),
        _row(_CHANGE, supposed, (far.change.value, far.change.low, far.change.high), 100.0),
        _at_worst(_CHANGE, fit.change_bounds),
        *_compared(_AUC, fit.auc, 1.0),
    ]
    return Table(
        name="side_by_side",
        title="The same numbers as answered, weighted, supposed and at worst",
        keys=("what", "how"),
        measures=(
            *interval_measures("value", "Value", ends=""),
            Measure(name="unit", kind="text", label="Unit"),
        ),
        rows=tuple(Row(key=key, values=values, support=support) for key, values in rows),
        partition=False,
        computation="iterative",
    )


type _Line = tuple[tuple[str, str], tuple[CellValue, ...]]


def _compared(what: str, found: Compared, times: float) -> list[_Line]:
    return [
        _row(what, how, (score.value, score.low, score.high), times)
        for how, score in (
            ("As answered", found.as_answered),
            ("Weighted to everybody asked", found.weighted),
        )
    ]


def _at_worst(what: str, bounds: Bounds) -> _Line:
    """No value: anything between the bounds fits the data equally well."""
    return _row(what, "At worst (all or none a case)", (None, bounds.lowest, bounds.highest), 100.0)


def _row(what: str, how: str, values: tuple[float | None, ...], times: float) -> _Line:
    numbers = tuple(None if v is None else times * v for v in values)
    return (what, how), (*numbers, "AUC" if what == _AUC else "per 100")


def table_of_differences(response: ResponseFrame, fit: NonResponseFit) -> Table:
    """The share of cases and its change, were the silent so much worse off than alike people."""
    support = case_support(response, fit)
    rows = []
    for item in fit.supposed:
        numbers = (
            *(100 * v for v in (item.share.value, item.share.low, item.share.high)),
            *(100 * v for v in (item.change.value, item.change.low, item.change.high)),
        )
        reads = _READS[direction_of(item.change)]
        rows.append(Row(key=(f"{item.delta:.3g}",), values=(*numbers, reads), support=support))
    return Table(
        name="differences",
        title="Cases, were those who did not answer worse off than alike people who did",
        keys=("points_worse_off",),
        measures=(
            *interval_measures("share", "Cases per 100", unit="per 100"),
            *interval_measures("change", "Change since the wave before", unit="per 100"),
            Measure(name="reads", kind="text", label="Cases became"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def table_by_score(response: ResponseFrame) -> Table:
    """Who answered the next wave, by band of the score in the last one."""
    pairs = response.pairs
    assert pairs is not None
    band = bands_of(pairs.last, pairs.person, response.min_group_size)
    last = int(band.max()) + 1
    ends = {0: " (least strained)", last - 1: " (most strained)"} if last > 1 else {}
    rows = [
        _band(response, pairs, band == number, f"{number + 1} of {last}{ends.get(number, '')}")
        for number in range(last)
    ]
    return Table(
        name="response_by_score",
        title=f"Who answered the next wave, by band of the last score of {response.outcome}",
        keys=("band_of_last_score",),
        measures=(
            Measure(name="asked", kind="count", unit="answers", label="Asked"),
            Measure(name="answered", kind="count", unit="answers", label="Answered"),
            Measure(
                name="response_rate",
                kind="rate",
                unit="per 100 asked",
                label="Answered per 100 asked",
                numerator="answered",
                denominator="asked",
                per=100.0,
            ),
        ),
        rows=tuple(rows),
    )


def _band(response: ResponseFrame, pairs: Pairs, own: NDArray[np.bool_], name: str) -> Row:
    asked, answered = int(own.sum()), int((own & pairs.answered).sum())
    people = int(np.unique(pairs.person[own]).size)
    silent = int(np.unique(pairs.person[own & ~pairs.answered]).size)
    support = Support(
        n_people=people,
        n_complement=int(np.unique(pairs.person).size) - people,
        n_events=silent,
        n_non_events=people - silent,
        members=response.members(own),
    )
    fewest = min(answered, asked - answered)
    if fewest < HARD_FLOOR:
        # "nearly all of them answered" tells of each
        support = replace(support, smallest_level=fewest)
    return Row(key=(name,), values=(asked, answered, 100 * answered / asked), support=support)


def bands_of(last: Floats, person: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Band of each row by its last score, 0 the least strained; at most five, of about as many rows each.

    Args:
        last: More is worse, shape (n,).
        person: Codes, shape (n,).
        least: People a band needs; rows of one score are never parted.
    """
    for wanted in range(_MOST_BANDS, 1, -1):
        edges = np.unique(np.quantile(last, np.arange(1, wanted) / wanted, method="inverted_cdf"))
        _, band = np.unique(np.searchsorted(edges, last, side="left"), return_inverse=True)
        people = [np.unique(person[band == b]).size for b in range(int(band.max()) + 1)]
        if min(people) >= least:
            return band
    return np.zeros(last.size, np.int64)
