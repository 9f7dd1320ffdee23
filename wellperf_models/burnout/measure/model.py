"""How well the outcome is measured: reliability, agreement of items and scores, cut-offs, profiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.burnout.measure.frame import Items, MeasureFrame
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.latent_profiles import Profiles, fit_profiles
from wellperf_models.inference.reliability import (
    Reliability,
    item_rest,
    reliability,
    residual_correlation,
)
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.instruments import CutOff, from_sum
from wellperf_models.study import Study

_MOST_PROFILES = 4
# of the range: scores are often published rounded to one decimal
_AGREES_WITHIN = 0.01
_MOST_WAVES = 40


@dataclass(frozen=True, kw_only=True)
class ScoreReliability:
    """Reliability of the outcome's score, for whoever reckons with its error.

    Attributes:
        value, low, high: Coefficient and 95 % interval.
        source: How it was found, in words.
    """

    value: float
    low: float
    high: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """Both coefficients of some rows.

    Attributes:
        name: Wave or group; "" for everybody.
        alpha, omega: Or why there is none.
    """

    name: str
    alpha: Reliability | Unanswered
    omega: Reliability | Unanswered


@dataclass(frozen=True, kw_only=True)
class ItemQuality:
    """What the items of the outcome say of each other.

    Attributes:
        overall: Of all complete answers, those of one person counted as one unit.
        by_wave, by_group: Of waves and groups with enough people.
        item_rest: Correlation of each item with the sum of the others, shape (k,); nan where constant.
        constant: Items to which everybody gave the same answer, left out of everything else here.
        twins: Pairs of items everybody answered alike.
        residual: Root mean square correlation that one common factor leaves; None: it could not be fitted.
        n_people: People with a complete answer.
        n_compared, n_agree: Scores of the table that can be held against their items, and those that agree.
    """

    overall: Coefficients
    by_wave: tuple[Coefficients, ...]
    by_group: tuple[Coefficients, ...]
    item_rest: Floats
    constant: tuple[str, ...]
    twins: tuple[tuple[str, str], ...]
    residual: float | None
    n_people: int
    n_compared: int
    n_agree: int


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """How well the outcome is measured.

    Attributes:
        quality: Of its items, or why it can't be told.
        cut_offs: Lines on the scale.
        profiles: Over the scales of its instrument, or why there are none.
        in_profiles: Rows of the frame that were looked at for profiles.
    """

    quality: ItemQuality | Unanswered
    cut_offs: tuple[CutOff, ...]
    profiles: Profiles | Unanswered
    in_profiles: np.ndarray

    @property
    def reliability(self) -> ScoreReliability | None:
        """ω where one common factor could be fitted, else α; None without items."""
        if isinstance(self.quality, Unanswered):
            return None
        found = (
            ("McDonald's omega of its items", self.quality.overall.omega),
            ("Cronbach's alpha of its items", self.quality.overall.alpha),
        )
        for source, value in found:
            if isinstance(value, Reliability):
                return ScoreReliability(value=value.value, low=value.low, high=value.high, source=source)
        return None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Measurement({len(self.cut_offs)} cut-offs, {self.profiles!r}; not released)"


def fit_measurement(measures: MeasureFrame, study: Study) -> Measurement:
    """Judges how well the outcome is measured; where there are no items, what its scores alone tell.

    Args:
        measures: From `build_measures`.
        study: The study; its seed starts the search for profiles.
    """
    rows = measures.newest & np.isfinite(measures.scores).all(axis=1)
    return Measurement(
        quality=attempt(_quality, measures),
        cut_offs=measures.cut_offs,
        profiles=attempt(_profiles, measures, rows, study.study.seed),
        in_profiles=rows,
    )


def _profiles(measures: MeasureFrame, rows: np.ndarray, seed: int) -> Profiles:
    if measures.scores.shape[1] < 2:
        # one skewed scale is described by several normal distributions, whatever people there are
        raise DesignError(
            "Profiles need two scales: over one, people differ by degree.",
            expected="another scale of the same instrument in [measures]",
            remedy="declare the instrument's other scales, or take its parts instead of its total",
        )
    return fit_profiles(measures.scores[rows], most=_MOST_PROFILES, seed=seed)


def _quality(measures: MeasureFrame) -> ItemQuality:
    items = measures.items
    if items is None:
        raise DesignError(
            "How reliable the score is can't be told. " + measures.why,
            remedy="give the answers to single items (rows of surveys with an item) and scored_from",
        )
    complete = np.isfinite(items.answers).all(axis=1)
    answers = items.answers[complete]
    n_people = int(np.unique(measures.person[complete]).size)
    if n_people < measures.min_people:
        raise DesignError(
            "How reliable the score is can't be told. Too few people answered every item of it.",
            expected=f"{measures.min_people} people",
            remedy="more complete answers, or a key without the items that were not asked",
        )
    varies = np.ptp(answers, axis=0) > 0
    if varies.sum() < 2:
        raise DesignError(
            "How reliable the score is can't be told. To "
            + ("all items of it but one" if varies.any() else "every item of it")
            + " everybody gave the same answer.",
            expected="2 items that people answer differently",
            remedy="find out whether the answers were lost or filled in on the way",
        )
    compared, agree = _agreement(measures, items)
    own = answers[:, varies]
    residual = attempt(residual_correlation, own) if own.shape[1] >= 3 else None
    return ItemQuality(
        overall=_coefficients("", own, measures.person[complete]),
        by_wave=_by_wave(measures, complete, varies),
        by_group=_by_group(measures, complete, varies),
        item_rest=item_rest(answers),
        constant=tuple(name for name, moves in zip(items.names, varies, strict=True) if not moves),
        twins=_twins(answers, items.names),
        residual=residual if isinstance(residual, float) else None,
        n_people=n_people,
        n_compared=compared,
        n_agree=agree,
    )


def _coefficients(name: str, answers: Floats, person: np.ndarray) -> Coefficients:
    return Coefficients(
        name=name,
        alpha=attempt(reliability, answers, person, kind="alpha"),
        omega=attempt(reliability, answers, person, kind="omega"),
    )


def _by_wave(measures: MeasureFrame, complete: np.ndarray, varies: np.ndarray) -> tuple[Coefficients, ...]:
    if not 1 < len(measures.waves) <= _MOST_WAVES:
        return ()
    return _parts(measures, complete, varies, measures.wave, dict(enumerate(measures.waves)))


def _by_group(measures: MeasureFrame, complete: np.ndarray, varies: np.ndarray) -> tuple[Coefficients, ...]:
    if measures.group is None:
        return ()
    names, code = np.unique(measures.group, return_inverse=True)
    return _parts(measures, complete, varies, code, dict(enumerate(map(str, names))))


def _parts(
    measures: MeasureFrame,
    complete: np.ndarray,
    varies: np.ndarray,
    code: np.ndarray,
    names: dict[int, str],
) -> tuple[Coefficients, ...]:
    """Coefficients of every part with enough people."""
    assert measures.items is not None
    found = []
    for number, name in names.items():
        own = complete & (code == number)
        if np.unique(measures.person[own]).size >= measures.min_people:
            answers = measures.items.answers[own][:, varies]
            found.append(_coefficients(name, answers, measures.person[own]))
    return tuple(found)


def _agreement(measures: MeasureFrame, items: Items) -> tuple[int, int]:
    """Scores that can be made from their items, and those of them that are the same."""
    n = np.isfinite(items.answers).sum(axis=1)
    known = n >= items.key.min_answered
    made = from_sum(np.nansum(items.answers[known], axis=1), n[known], items.key)
    off = np.abs(made - measures.score[known])
    within = _AGREES_WITHIN * (measures.high - measures.low) + 1e-9
    return int(known.sum()), int((off <= within).sum())


def _twins(answers: Floats, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    varies = answers.std(axis=0) > 0
    return tuple(
        (names[a], names[b])
        for a in range(len(names))
        for b in range(a + 1, len(names))
        if varies[a] and varies[b] and abs(np.corrcoef(answers[:, a], answers[:, b])[0, 1]) > 0.999999
    )
