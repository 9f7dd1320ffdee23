"""A logistic model as numbers and words: what passes the gate in one study and is applied in another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.disclosure.wording import decimals_of, significant
from wellperf_models.evidence import CellValue
from wellperf_models.inference.risk_sets import Floats

SCHEMA: Final = "wellperf.burnout-model/1"
# parts of a predictor; a level is its name behind the words
VALUE, LEVEL, OTHER, UNKNOWN = "value", "level: ", "other levels", "not measured"
# decimals of a share: of more of them the people of a level that is kept back elsewhere would follow
SHARE_DIGITS: Final = 2
# of numbers without an interval, as the gate cuts them
_DIGITS = 3

Kind = Literal["number", "category"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One column of a predictor.

    Attributes:
        log_odds: Of a case, for one standard deviation more of a number, or for the level.
        share: Of the answers it was learnt from that are at the level; None for the value of a number, and
            for all levels of a predictor where a share would tell how few people another level has.
        centre, centre_low, centre_high: Mean of a number with its interval; None for a level.
        scale: Standard deviation of a number; None for a level.
        stands_for: What a reader calls the level, where people of others were added to it.
    """

    log_odds: float
    share: float | None = None
    centre: float | None = None
    centre_low: float | None = None
    centre_high: float | None = None
    scale: float | None = None
    stands_for: str = ""


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A predictor of the model.

    Attributes:
        name: As declared, or "last_score".
        label, unit: What a reader sees; the unit is "" where none was declared.
        kind: A number, or a category (yes/no included).
        parts: Name of the part → its numbers.
    """

    name: str
    label: str
    kind: Kind
    unit: str
    parts: Mapping[str, Part]

    @property
    def average(self) -> float:
        """Log odds of somebody of whom nothing is known: the mean, or the average level.

        Levels of which the other study does not tell the shares weigh alike.
        """
        if self.shares_untold:
            levels = [part.log_odds for name, part in self.parts.items() if name != UNKNOWN]
            return sum(levels) / len(levels)
        return sum(part.log_odds * part.share for part in self.parts.values() if part.share is not None)

    @property
    def shares_untold(self) -> bool:
        """Whether it is a category of which the share of a level is not told."""
        return self.kind == "category" and any(p.share is None for p in self.parts.values() if p.log_odds)

    def apply(self, values: pl.Series) -> tuple[Floats, NDArray[np.bool_]]:
        """Log odds of each row, and which rows were set to the average as the model does not know them.

        Args:
            values: Floats of a number, words of a category, n rows.
        """
        missing = values.is_null().to_numpy()
        unknown = self.parts.get(UNKNOWN)
        of_missing = self.average if unknown is None else unknown.log_odds
        if self.kind == "number":
            part = self.parts[VALUE]
            assert part.centre is not None
            assert part.scale is not None
            numbers = values.fill_null(part.centre).to_numpy()
            eta = part.log_odds * (numbers - part.centre) / part.scale
            return eta + np.where(missing, of_missing, 0.0), missing & (unknown is None)
        own = {
            name.removeprefix(LEVEL): p.log_odds for name, p in self.parts.items() if name.startswith(LEVEL)
        }
        # a study whose rare levels may not be told one by one has them as a level of that name
        other = self.parts.get(OTHER) or self.parts.get(LEVEL + OTHER)
        found = values.replace_strict(own, default=None, return_dtype=pl.Float64)
        strange = found.is_null().to_numpy() & ~missing
        eta = found.fill_null(self.average if other is None else other.log_odds).to_numpy()
        return (
            np.where(missing, of_missing, eta),
            (missing & (unknown is None)) | (strange & (other is None)),
        )

    def __repr__(self) -> str:
        """What it is; not its numbers."""
        return f"Predictor({self.name!r}, {self.kind}, {len(self.parts)} parts)"


@dataclass(frozen=True, kw_only=True)
class PublishedModel:
    """A model that can travel.

    Attributes:
        name: What a reader calls it.
        study, run_id, package_version: Where it comes from; "" before it has been published.
        as_of, data_hmac, waves: Date and keyed hash of the data it was learnt from, and names of the waves;
            "" and () before.
        sha256: Of the file it was read from; "" before.
        outcome, outcome_label: The scale whose cases it foretells.
        higher_is_worse: Which end of the scale is bad.
        low, high: Range of the scale.
        cut_off: A case scores this or worse.
        case: What a case is, in words.
        design: Whether predictors lie before the outcome ("forward"), and else why not.
        intercept: Log odds at the mean of every number.
        predictors: All it uses, the last score included.
        mean, spread: Of its log odds among the answers it was scored on.
        auc: There, with its 95 % interval.
    """

    name: str
    outcome: str
    outcome_label: str
    higher_is_worse: bool
    low: float
    high: float
    cut_off: float
    case: str
    design: str
    intercept: float
    predictors: tuple[Predictor, ...]
    mean: float
    spread: float
    auc: tuple[float, float, float]
    study: str = ""
    run_id: str = ""
    package_version: str = ""
    sha256: str = ""
    as_of: str = ""
    data_hmac: str = ""
    waves: tuple[str, ...] = ()

    @property
    def uses_last_score(self) -> bool:
        """Whether the last score is among its predictors."""
        return any(p.name == LAST_SCORE for p in self.predictors)

    def log_odds(self, data: pl.DataFrame) -> tuple[Floats, dict[str, NDArray[np.bool_]]]:
        """Log odds of rows, and by predictor the rows that were set to its average.

        Args:
            data: Predictors by name, n rows; one that has no column is set to its average for all.
        """
        eta, lacking = np.full(data.height, self.intercept), {}
        for predictor in self.predictors:
            if predictor.name in data.columns:
                own, lost = predictor.apply(data[predictor.name])
            else:
                own, lost = np.full(data.height, predictor.average), np.ones(data.height, bool)
            eta = eta + own
            lacking[predictor.name] = lost
        return eta, lacking

    def rounded(self) -> PublishedModel:
        """With the digits the gate leaves, and those in which shares are told."""
        cut = [
            replace(p, parts={name: _rounded(part) for name, part in p.parts.items()})
            for p in self.predictors
        ]
        return replace(
            self,
            intercept=significant(self.intercept, _DIGITS),
            predictors=tuple(cut),
            mean=significant(self.mean, _DIGITS),
            spread=significant(self.spread, _DIGITS),
        )

    def __repr__(self) -> str:
        """What it is; not its numbers."""
        return f"PublishedModel({self.name!r}: {', '.join(p.name for p in self.predictors)})"


def _rounded(part: Part) -> Part:
    centre = part.centre
    if centre is not None and part.centre_low is not None and part.centre_high is not None:
        centre = round(centre, decimals_of(part.centre_low, part.centre_high))
    return replace(
        part,
        log_odds=significant(part.log_odds, _DIGITS),
        share=None if part.share is None else round(part.share, SHARE_DIGITS),
        centre=centre,
        scale=None if part.scale is None else significant(part.scale, _DIGITS),
    )


def words_of(value: CellValue, longest: int = 200) -> str:
    """Words of a file from elsewhere: nothing that moves a cursor, and not longer than a line."""
    text = value if isinstance(value, str) else ""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:longest]
