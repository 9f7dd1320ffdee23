"""Which predictors share items, wording or the questionnaire with the outcome: the item-overlap matrix."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.ladder.frame import Ladder, values_of
from wellperf_models.inference.design import fit_encoding
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.study import Scale

# half of the variance of the score: two scales of one questionnaire that are not the same one reach .6
ALIKE = 0.7
_MIN_ROWS = 20
_FAMILY = re.compile(r"[a-z]+")


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What a predictor shares with the outcome.

    Attributes:
        covariate: Name.
        same_questionnaire: Answered with the outcome ("during").
        late: Known with the outcome or after it; in no model.
        items: It asks some of the same questions, by declaration or because both are scored from the same
            items.
        instrument: It is a scale of the same instrument, or of one that words its questions alike.
        correlation: With the outcome's score, of whatever sign; of a category, how far its levels differ (the
            square root of the share of variance, adjusted). None: too few rows, or one value.
        n_people: With a value.
    """

    covariate: str
    same_questionnaire: bool
    late: bool
    items: bool
    instrument: bool
    correlation: float | None
    n_people: int

    @property
    def overlaps(self) -> bool:
        """Whether part of its order may be the outcome told twice."""
        return self.items or self.instrument or (self.correlation is not None and self.correlation >= ALIKE)

    def __repr__(self) -> str:
        """Not its correlation: that has not passed the gate."""
        return f"Overlap({self.covariate!r}; not released)"


def find_overlaps(ladder: Ladder) -> tuple[Overlap, ...]:
    """One for each predictor of any rung, in the order declared.

    Args:
        ladder: From `plan_ladder`.
    """
    frame = ladder.frame
    names = (*ladder.predictors, *ladder.late)
    values = values_of(ladder, names)
    found = []
    for name in names:
        scale = _scale_of(frame, name)
        known = values[name].is_not_null().to_numpy()
        found.append(
            Overlap(
                covariate=name,
                same_questionnaire=frame.declared[name].timing == "during",
                late=name in ladder.late,
                items=scale is not None and _shares_items(frame, name, scale),
                instrument=scale is not None and _same_instrument(frame, scale),
                correlation=correlation(values[name], frame.answers.strain, frame.answers.person),
                n_people=int(np.unique(frame.answers.person[known]).size),
            )
        )
    return tuple(found)


def correlation(values: pl.Series, strain: Floats, person: np.ndarray) -> float | None:
    """Size of the correlation of a number, or the adjusted correlation ratio of a category, with the score.

    Args:
        values: Of the predictor, n rows.
        strain: The outcome's score, shape (n,).
        person: Code of each row's person, shape (n,).
    """
    known = values.is_not_null().to_numpy()
    score = strain[known]
    if score.size < _MIN_ROWS or not np.ptp(score) > 0:
        return None
    own = values.drop_nulls()
    if own.dtype.is_float():
        numbers = own.to_numpy()
        return abs(float(np.corrcoef(numbers, score)[0, 1])) if np.ptp(numbers) > 0 else None
    encoding = fit_encoding(pl.DataFrame({"c": own}), person[known], min_people=1)
    columns = encoding.apply(pl.DataFrame({"c": own}))
    return None if not columns.shape[1] else adjusted_r(columns, score)


def adjusted_r(X: Floats, score: Floats) -> float:
    """Square root of the adjusted share of variance that columns explain; 0 where it is negative.

    Args:
        X: Shape (n, p).
        score: Shape (n,); not all the same.
    """
    centred, target = X - X.mean(axis=0), score - score.mean()
    beta, _, rank, _ = np.linalg.lstsq(centred, target, rcond=None)
    rest = target - centred @ beta
    df = target.size - 1 - int(rank)
    if df < 1:
        return 0.0
    share = 1 - (float(rest @ rest) / df) / (float(target @ target) / (target.size - 1))
    return float(np.sqrt(max(0.0, share)))


def _scale_of(frame: BurnoutFrame, name: str) -> Scale | None:
    covariate = frame.declared[name]
    return frame.measures.get(covariate.column or name) if covariate.table == "surveys" else None


def _shares_items(frame: BurnoutFrame, name: str, scale: Scale) -> bool:
    outcome, other = frame.section.outcome, frame.declared[name].column or name
    own = frame.measures.get(outcome)
    if other == outcome or outcome in scale.shares_items_with:
        return True
    if own is None:
        return False
    return other in own.shares_items_with or bool(own.scored_from and own.scored_from == scale.scored_from)


def _same_instrument(frame: BurnoutFrame, scale: Scale) -> bool:
    """Named alike, or scored with keys of one family (bat12 and bat23, mbi_gs and mbi_ss)."""
    own = frame.measures.get(frame.section.outcome)
    if own is None:
        return False
    if own.instrument and own.instrument.strip().casefold() == scale.instrument.strip().casefold():
        return True
    return bool(_family(own)) and _family(own) == _family(scale)


def _family(scale: Scale) -> str:
    matched = _FAMILY.match(scale.scored_from)
    return matched.group() if matched else ""
