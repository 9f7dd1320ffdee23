"""The hazard on cells beside Cox: the same rows, the same folds, and what each foretells of staying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.inference.cox import CoxFit
from wellperf_models.inference.ipcw import fit_censoring, weights_at
from wellperf_models.inference.kaplan_meier import fit_kaplan_meier
from wellperf_models.inference.risk_scores import integrated_brier
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.study import Turnover
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.risk.coding import as_words
from wellperf_models.turnover.risk.foretelling import Foreteller, Watched, fit_foreteller
from wellperf_models.turnover.rows import ModelRows, TurnoverFrame

# share of people still watched at the last month that is scored
_STILL_WATCHED = 0.1
_LEAST_MONTHS = 3


@dataclass(frozen=True, kw_only=True)
class HazardRows:
    """Cox's rows as the hazard reads them; arrays of shape (n,).

    Attributes:
        frame, section: Covariates, bands, seed.
        words: Covariates and strata, unbinned.
        tenure: Whole months at entry.
        months: Months at risk after it.
        event: 0, 1..K.
        group: What must not be split between folds.
    """

    frame: TurnoverFrame
    section: Turnover
    words: pl.DataFrame
    tenure: Ints
    months: Ints
    event: Ints
    group: Ints

    def fit(self, train: NDArray[np.bool_]) -> Foreteller:
        """The penalised hazard of all causes on some of the rows.

        Raises:
            DesignError: Nobody left, or too few groups.
            ConvergenceError: A fit did not converge.
        """
        rows = np.flatnonzero(train)
        return fit_foreteller(
            Watched(
                words=self.words[rows],
                tenure=self.tenure[rows],
                months=self.months[rows],
                event=self.event[rows],
                group=self.group[rows],
                n_causes=len(self.frame.causes),
            ),
            self.frame.covariates,
            self.section.strata,
            numbers=self.section.risk.numbers,
            edges=self.section.period_edges_months,
            seed=self.frame.seed,
        )

    def survival(self, fit: Foreteller, test: NDArray[np.bool_], times: Floats) -> Floats:
        """Foretold share still employed, shape (tested, times)."""
        rows = np.flatnonzero(test)
        survival, _ = fit.incidence(self.words[rows], self.tenure[rows], [round(t) for t in times])
        return survival

    def __repr__(self) -> str:
        """Shapes only."""
        return f"HazardRows({self.tenure.size} rows)"


def hazard_rows(frame: TurnoverFrame, section: Turnover) -> HazardRows:
    """Takes Cox's rows: person-months as they are, spells as the whole months they were watched."""
    rows = require_rows(frame)
    assert frame.months is not None
    names = [*frame.covariates, *section.strata]
    if rows.varying:
        known = frame.months.drop_nulls(names)
        tenure, months = rows.entry.astype(np.int64), np.ones(rows.entry.size, np.int64)
    else:
        # what does not change over time is a person's own
        own = frame.months.group_by("person").agg(pl.col(names).first())
        known = pl.DataFrame({"person": rows.person}).join(
            own, on="person", how="left", maintain_order="left"
        )
        tenure = np.floor(rows.entry).astype(np.int64)
        # an exit ends its month; who was censored within one was not watched to its end
        last = np.where(rows.event > 0, np.ceil(rows.exit), np.floor(rows.exit)).astype(np.int64)
        months = np.maximum(last - tenure, (rows.event > 0).astype(np.int64))
    return HazardRows(
        frame=frame,
        section=section,
        words=as_words(known, frame.covariates, section.strata),
        tenure=tenure,
        months=months,
        event=rows.event,
        group=rows.fold_group,
    )


@dataclass(frozen=True, kw_only=True)
class BrierGrid:
    """Months at which staying is scored, 1 to `until`."""

    times: Floats

    @property
    def until(self) -> int:
        """The last of them."""
        return round(float(self.times[-1]))

    @classmethod
    def of(cls, rows: ModelRows) -> Self | None:
        """Up to the month at which a tenth is still watched; None where no curve from hire on is foretold.

        Leaving for another cause is leaving too: with several causes Cox of one does not foretell staying.
        """
        simple = not rows.varying and rows.stratum is None and not (rows.entry > 0).any()
        until = int(np.quantile(rows.exit, 1 - _STILL_WATCHED))
        if not simple or rows.event.max(initial=0) > 1 or until < _LEAST_MONTHS:
            return None
        return cls(times=np.arange(1.0, until + 1))

    def of_cox(self, fit: CoxFit, risk: Floats) -> Floats:
        """exp(−Λ(t) exp(x β)), shape (n, times)."""
        return np.exp(-np.exp(risk)[:, None] * self._cumulated(fit.baseline_times, fit.baseline_hazard))

    def of_average(self, rows: ModelRows, train: NDArray[np.bool_]) -> Floats:
        """Kaplan–Meier of the training rows for everybody, shape (1, times)."""
        curve = fit_kaplan_meier(rows.entry[train], rows.exit[train], rows.event[train])
        return np.array([[curve.at(t)[0] for t in self.times]])

    def score(self, rows: ModelRows, test: NDArray[np.bool_], survival: Floats) -> float:
        """Integrated Brier score on the fold.

        Censoring is learned from all rows: it has nothing to do with what either model foretells.
        """
        censoring = fit_censoring(rows.entry, rows.exit, rows.event)
        entry, time, event = rows.entry[test], rows.exit[test], rows.event[test]
        weights = np.column_stack([weights_at(censoring, float(t), entry, time, event) for t in self.times])
        gone = (event > 0)[:, None] & (time[:, None] <= self.times)
        return integrated_brier(np.broadcast_to(survival, gone.shape), self.times, weights, gone)

    def _cumulated(self, times: Floats, steps: Floats) -> Floats:
        total = np.concatenate(([0.0], np.cumsum(steps)))
        return np.asarray(total[np.searchsorted(times, self.times, side="right")])
