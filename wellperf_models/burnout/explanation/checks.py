"""Statements about an explanation that can fail; each takes what it judges."""

from __future__ import annotations

from wellperf_models.burnout.checks import number_of_clusters
from wellperf_models.burnout.explanation.contributions import Explained
from wellperf_models.burnout.explanation.model import Explanation
from wellperf_models.burnout.explanation.odds import Way
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.evidence import Check, Unanswered
from wellperf_models.inference.shap_values import ADDITIVE

_STABLE = 0.7
_MOST_LOST = 0.002


def check_explanation(frame: BurnoutFrame, explanation: Explanation | Unanswered) -> tuple[Check, ...]:
    """Checks of what is told; none of an explanation that could not be made.

    Args:
        frame: The burnout frame.
        explanation: From `fit_explanation`.
    """
    if isinstance(explanation, Unanswered):
        return ()
    found: list[Check] = []
    for name, item in explanation.models.items():
        found.append(adds_up(name, item))
        if isinstance(item, Explained):
            found.append(stable_order(name, item.words, item.stability, item.n_refits))
    if not isinstance(explanation.odds, Unanswered):
        found.append(interval_of_refit(explanation.way))
    if explanation.lost is not None:
        found.append(rounding_keeps_order(explanation.lost))
    clusters = len(set(explanation.told.cluster.tolist()))
    return (*found, number_of_clusters(clusters, frame.section.cluster or "person"))


def adds_up(name: str, item: Explained | Unanswered) -> Check:
    """Contributions and base add up to the prediction, for every answer explained."""
    if isinstance(item, Unanswered):
        failed = "do not add up" in item.reason
        return Check(
            name=f"contributions_add_up_{name}",
            passed=False if failed else None,
            text=item.reason,
            computation="exact",
        )
    right = item.gap <= ADDITIVE
    return Check(
        name=f"contributions_add_up_{name}",
        passed=right,
        # below the tolerance the size of the rounding error says something about the machine only
        value=0.0 if right else item.gap,
        threshold=ADDITIVE,
        text=f"{item.words[:1].upper()}{item.words[1:]}: contributions add up to every prediction explained "
        "(largest gap {value}; allowed {threshold}).",
        computation="exact",
    )


def stable_order(name: str, words: str, stability: float | None, n_refits: int) -> Check:
    """Which group weighs most does not hang on who happened to be learnt from."""
    identifier = f"stable_order_{name}"
    head = f"{words[:1].upper()}{words[1:]}"
    if stability is None:
        return Check(
            name=identifier,
            passed=None,
            text=f"{head}: there is one group, or no refit, so an order of groups can't be judged.",
        )
    return Check(
        name=identifier,
        passed=stability >= _STABLE,
        value=stability,
        threshold=_STABLE,
        text=f"{head}: in {n_refits} refits on other draws of people the groups weigh in "
        + ("about the same order" if stability >= _STABLE else "another order: do not read it as one")
        + " (mean rank correlation {value}; needed {threshold}).",
    )


def interval_of_refit(way: Way) -> Check:
    """The interval is of what the ridge is drawn away from."""
    right = way == "unpenalised"
    return Check(
        name="odds_ratios_without_ridge",
        passed=right,
        text="Odds ratios and their intervals come from a refit without a ridge."
        if right
        else "The model does not converge without a ridge: odds ratios are drawn towards 1, and so are their "
        "intervals (200 draws of clusters).",
        computation="exact",
    )


def rounding_keeps_order(lost: float) -> Check:
    """The model as it travels, rounded, orders people as the exact one does."""
    return Check(
        name="rounding_keeps_order",
        passed=abs(lost) <= _MOST_LOST,
        value=round(lost, 4),
        threshold=_MOST_LOST,
        text="Rounded so that it may leave, the model's AUC differs by {value} (allowed {threshold}).",
    )
