"""What a committee is told of `turnover.explained`, and the numbers those words hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.evidence import Estimate, Unanswered, plain
from wellperf_models.turnover.design import Column
from wellperf_models.turnover.findings_explain_tables import (
    bounded_exp,
    support_of_band,
    support_of_column,
    tenure_words,
)
from wellperf_models.turnover.model import CoxModel
from wellperf_models.turnover.model_cox import quantile_of
from wellperf_models.turnover.model_tenure import BandRatio, ByTenure
from wellperf_models.turnover.rows import TurnoverFrame

# a sentence with more of them is not read
_MOST_TOLD = 3


@dataclass(frozen=True, kw_only=True)
class Told:
    """The answer in words.

    Attributes:
        frame, cox: What is told of.
        columns: Indices of the clear associations that are told, the clearest first.
        leading: Index of the clearest one, clear or not.
    """

    frame: TurnoverFrame
    cox: CoxModel
    columns: tuple[int, ...]
    leading: int

    @classmethod
    def of(cls, frame: TurnoverFrame, cox: CoxModel) -> Told:
        """Chooses what is told."""
        leading = int(np.argmax(np.abs(cox.fit.beta) / cox.fit.std_error))
        return cls(frame=frame, cox=cox, columns=tuple(cox.clear[:_MOST_TOLD]), leading=leading)

    def answer(self) -> str:
        """Names what is clear after Holm over covariates, the clearest first; association words only."""
        cause = self.cox.cause.replace("_", " ")
        if not self.columns:
            return (
                f"No covariate is clearly associated with exits ({cause}), after correction for looking at "
                "several." + self._changes()
            )
        told: dict[str, list[str]] = {"more": [], "less": []}
        for index in self.columns:
            told["more" if self.cox.fit.beta[index] > 0 else "less"].append(self._item(index))
        parts = [f"leave {often} often with: {'; '.join(items)}" for often, items in told.items() if items]
        found = ". They ".join(parts)
        return (
            f"Other covariates equal, people {found} (exits: {cause}). These are associations, not effects."
            + self._changes()
            + self._explained_away()
        )

    def estimates(self) -> tuple[Estimate, ...]:
        """Numbers that the answer holds beside the hazard ratios and E-values."""
        spreads = [self.cox.columns[i] for i in self.columns if self.cox.columns[i].spread is not None]
        bands = [
            _band_estimate(self.frame, when, ratio, by_tenure)
            for by_tenure, pair in self._told_bands()
            for when, ratio in zip(("early", "late"), pair, strict=True)
        ]
        return (*(self._spread(column) for column in spreads), *bands)

    def _item(self, index: int) -> str:
        column = self.cox.columns[index]
        times = f"{{hazard_ratio_{column.name}.estimate}} times as often in any month"
        if column.spread is None:
            return f"{plain(column.label)}, {times}"
        label, unit = _subject(column), plain(self.frame.covariates[column.covariate].unit or "more")
        more = f"{unit} more" if unit != "more" else "more"
        return f"{label}, {times} for each {{spread_{column.name}}} {more}"

    def _spread(self, column: Column) -> Estimate:
        assert column.spread is not None
        cox = self.cox
        return Estimate(
            name=f"spread_{column.name}",
            label=f"standard deviation: {_subject(column)}",
            value=column.spread,
            unit=self.frame.covariates[column.covariate].unit or "its own unit",
            support=support_of_column(column, cox.n_people, cox.n_leavers, cox.columns, cox.fit.n_clusters),
            computation="exact",
        )

    def _explained_away(self) -> str:
        """The E-value in plain words; left out with the number."""
        what = _subject(self.cox.columns[self.leading])
        return (
            f"[ To explain the clearest of them ({what}) away, something that nobody measured would have to "
            "go with both it and leaving by a factor of at least {e_value} each; a factor of {e_value_limit} "
            "would make it unclear.]"
        )

    def _changes(self) -> str:
        """What is said where a hazard ratio changes with tenure."""
        by_tenure = self.cox.by_tenure
        if by_tenure is None:
            return ""
        if isinstance(by_tenure, Unanswered):
            return (
                " Ratios change with tenure, but too few people left to say how: read them as averages over "
                "the tenures observed."
            )
        names = "; ".join(self._label(name) for name in by_tenure.covariates)
        said = [
            f"[ {_subject(early.column)}: {{ratio_early_{early.column.name}.estimate}} times as often "
            f"{tenure_words(early)}, {{ratio_late_{late.column.name}.estimate}} times {tenure_words(late)}.]"
            for _, (early, late) in self._told_bands()
        ]
        average = f" This changes with tenure for {names}: there the ratio is an average over tenures."
        return average + "".join(said)

    def _label(self, covariate: str) -> str:
        declared = self.frame.covariates[covariate]
        return plain(declared.label or covariate.replace("_", " "))

    def _told_bands(self) -> list[tuple[ByTenure, tuple[BandRatio, BandRatio]]]:
        """First and last band of each changing covariate that has one column; others are in the table."""
        by_tenure = self.cox.by_tenure
        if by_tenure is None or isinstance(by_tenure, Unanswered):
            return []
        found = []
        for name in by_tenure.covariates[:_MOST_TOLD]:
            own = [r for r in by_tenure.ratios if r.column.covariate == name]
            if len({r.column.name for r in own}) == 1:
                found.append((by_tenure, (own[0], own[-1])))
        return found


def _subject(column: Column) -> str:
    return plain(column.label.removesuffix(" (per standard deviation)"))


def _band_estimate(frame: TurnoverFrame, when: str, ratio: BandRatio, by_tenure: ByTenure) -> Estimate:
    quantile = quantile_of(by_tenure.n_clusters)
    low, high = (bounded_exp(ratio.beta + side * quantile * ratio.std_error) for side in (-1, 1))
    return Estimate(
        name=f"ratio_{when}_{ratio.column.name}",
        label=f"{ratio.column.label}, {tenure_words(ratio)} of tenure",
        value=bounded_exp(ratio.beta),
        low=low,
        high=high,
        coverage=0.95,
        interval="confidence",
        unit="hazard ratio",
        scale="log",
        se=ratio.std_error,
        support=support_of_band(frame, ratio, by_tenure),
    )
