"""The best use of a budget, and how sure it is.

With NPV_i and C_i the net present value and the cost of candidate i, a set S can be paid for where
Σ_S E[C_i] ≤ budget, and the set with the largest Σ_S E[NPV_i] is chosen, every set being looked at (the 0/1
knapsack). Draw by draw the best set that can be paid for is found again: the share of the draws in which it
is the one chosen is the probability that the choice is right, and what is lost on average by not having known

    regret = E[max_S Σ_S NPV_i] − max_S E[Σ_S NPV_i],

is the value of perfect information about the choice (Willan & Briggs 2006, Statistical Analysis of
Cost-Effectiveness Data, ch. 7). Candidates are ranked by E[NPV_i] / E[C_i]: what each unit of the budget
brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.ledger import declared_decision
from wellperf_models.roi.portfolio.candidates import Candidate, candidate, programme
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.roi.summaries import Drawn, average, share
from wellperf_models.study import Roi

# every subset is looked at
MAX_CANDIDATES: Final = 12
# draws looked at together
_CHUNK: Final = 2_000
_CENT: Final = 0.005


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is chosen under one set of priors.

    Attributes:
        chosen: Places of the candidates chosen, in their order; () where none is worth it or can be paid for.
        order: Places of all candidates, the first in rank first.
        worth: Expected net present value of each candidate.
        per_unit: What each unit of its expected cost is expected to bring.
        best_choice: Probability that no other set that can be paid for is better.
        right_order: Probability that the whole ranking is right.
        first: Probability of each candidate to be the first.
        regret: Expected loss of choosing without knowing.
        together: Net present value of what is chosen, shape (n,); never shown.
    """

    chosen: tuple[int, ...]
    order: tuple[int, ...]
    worth: tuple[float, ...]
    per_unit: tuple[float, ...]
    best_choice: Drawn
    right_order: Drawn
    first: tuple[Drawn, ...]
    regret: Drawn
    together: Floats

    def __repr__(self) -> str:
        """What it is; its numbers have not passed the gate."""
        return "Choice(not released)"


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """The candidates, and what is chosen under each set of priors.

    Attributes:
        candidates: The programme first.
        budget: In the reporting currency; None: no limit is declared.
        affordable: Whether each candidate alone can be paid for.
        choices: Set of priors → choice.
        decision: What the programme's draws come from.
    """

    candidates: tuple[Candidate, ...]
    budget: float | None
    affordable: tuple[bool, ...]
    choices: dict[PriorName, Choice]
    decision: DecisionResult

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Portfolio({len(self.candidates)} candidates; not released)"


def fit_portfolio(frame: RoiFrame, decision: DecisionResult | Unanswered, section: Roi) -> Portfolio:
    """The best use of the budget among the programme and the initiatives declared.

    Args:
        frame: The return frame.
        decision: From `fit_decision`. Where it is not answered, neither is this.
        section: `[roi]`.

    Raises:
        NotAskedError: The study declares neither initiatives nor a budget.
        DesignError: There is no decision, there are too many initiatives, or one is not well declared.
    """
    if not section.initiatives and section.budget is None:
        raise NotAskedError(
            "The study file declares nothing else that the money could be spent on.",
            where="[roi.initiatives]",
        )
    if isinstance(decision, Unanswered):
        raise DesignError(decision.reason, remedy=decision.remedy or None)
    if len(section.initiatives) >= MAX_CANDIDATES:
        raise DesignError(
            "There are too many initiatives for every choice among them to be looked at.",
            where="[roi.initiatives]",
            expected=f"at most {MAX_CANDIDATES - 1}",
            got=str(len(section.initiatives)),
            remedy="put those together that would be bought together",
        )
    rule = declared_decision(section)
    others = (candidate(frame, n, i, decision, rule) for n, i in section.initiatives.items())
    candidates = (programme(decision), *others)
    budget = section.budget
    limit = None if budget is None else budget.amount * frame.money_rates[budget.currency]
    cost = np.array([c.cost for c in candidates])
    return Portfolio(
        candidates=candidates,
        budget=limit,
        affordable=tuple(bool(c <= _top(limit)) for c in cost),
        choices={
            prior: choose(np.column_stack([c.npv[prior] for c in candidates]), cost, limit, back.n_effective)
            for prior, back in decision.returns.items()
        },
        decision=decision,
    )


def choose(npv: Floats, cost: Floats, budget: float | None, n_effective: float) -> Choice:
    """The set with the largest expected net present value that can be paid for, and how sure it is.

    Args:
        npv: Draws, shape (n, c); c at most 12.
        cost: Expected costs, shape (c,), above 0.
        budget: None: no limit.
        n_effective: Independent draws that would be worth as much as n.
    """
    sets = _affordable_sets(cost, budget)
    worth = npv.mean(axis=0)
    # of equal ones the smallest: nothing is bought for nothing
    chosen = int(np.argmax(sets @ worth - 1e-12 * np.abs(worth).sum() * sets.sum(axis=1)))
    together = npv @ sets[chosen]
    best, right = np.empty(len(npv)), np.empty(len(npv), bool)
    for start in range(0, len(npv), _CHUNK):
        part = slice(start, start + _CHUNK)
        total = npv[part] @ sets.T
        best[part] = total.max(axis=1)
        right[part] = total.argmax(axis=1) == chosen
    score = npv / cost
    order = np.argsort(-score.mean(axis=0), kind="stable")
    ranks = np.argsort(-score, axis=1, kind="stable")
    return Choice(
        chosen=tuple(int(i) for i in np.flatnonzero(sets[chosen])),
        order=tuple(int(i) for i in order),
        worth=tuple(float(v) for v in worth),
        per_unit=tuple(float(v) for v in score.mean(axis=0)),
        best_choice=share(right, n_effective),
        right_order=share((ranks == order).all(axis=1), n_effective),
        first=tuple(share(ranks[:, 0] == i, n_effective) for i in range(cost.size)),
        regret=average(best - together, n_effective),
        together=together,
    )


def _affordable_sets(cost: Floats, budget: float | None) -> Floats:
    """Every set that can be paid for, as rows of 0 and 1; the empty one first, shape (s, c)."""
    places: NDArray[np.int64] = np.arange(2**cost.size)[:, None]
    sets = ((places >> np.arange(cost.size)) & 1).astype(float)
    return sets[sets @ cost <= _top(budget)]


def _top(budget: float | None) -> float:
    return np.inf if budget is None else budget + _CENT
