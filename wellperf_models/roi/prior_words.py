"""How the sets of priors are called where a reader meets them."""

from __future__ import annotations

from typing import Final

from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import PriorName

PRIOR_WORDS: Final[dict[PriorName, str]] = {
    "flat": "flat prior",
    "sceptical": "sceptical prior",
    "organisational": "prior for changes of organisation",
    "optimistic": "optimistic prior",
}
# who judges so, in a sentence
BELIEF: Final[dict[PriorName, str]] = {
    "flat": "judged by these data alone",
    "sceptical": "judged by a sceptic who sees these data",
    "organisational": "judged by somebody who expects much of changes of organisation",
    "optimistic": "judged by an optimist who sees these data",
}
BESIDE: Final = " (beside)"


def words_of(prior: PriorName, decision: DecisionResult) -> str:
    """A set of priors in a table; marked where it does not judge."""
    return PRIOR_WORDS[prior] + ("" if prior in decision.judged_by else BESIDE)
