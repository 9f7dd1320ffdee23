"""Whether other models say the same as Cox; takes coefficients: a test can plant a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.turnover.model import CoxModel, Sensitivity

# All models read the same rows, so what they say differs by far less than by sampling: without a fault a
# clear association keeps most of its size (tests/turnover/test_faults.py). Half lost is another answer.
_KEPT = 0.5
_NAMES = {"frailty": "a shared frailty", "weibull": "Weibull", "log_logistic": "log-logistic"}


def check_sensitivity(
    cox: CoxModel | Unanswered, sensitivity: Sensitivity | Unanswered | None
) -> tuple[Check, ...]:
    """Checks of the other models; none where there is no Cox model, or nobody asked them."""
    if isinstance(cox, Unanswered) or sensitivity is None:
        return ()
    if isinstance(sensitivity, Unanswered):
        return (Check(name="sensitivity_agrees", passed=None, text=sensitivity.words),)
    support = Support(
        n_people=cox.n_people, n_events=cox.n_leavers, n_non_events=cox.n_people - cox.n_leavers
    )
    labels = [c.label for c in cox.columns]
    return (sensitivity_agrees(cox.fit.beta, cox.clear, sensitivity.log_hazard_ratios(), labels, support),)


def sensitivity_agrees(
    beta: Floats,
    clear: Sequence[int],
    others: Mapping[str, Floats],
    labels: Sequence[str],
    support: Support | None = None,
) -> Check:
    """No clear association changes sign or loses more than half of its size in another model.

    Args:
        beta: Cox's log hazard ratios, shape (p,).
        clear: Which of them are clear.
        others: Model → log hazard ratios, or what is like them, shape (p,).
        labels: What each is about, for the text.
        support: What the number rests on.
    """
    asked = ", ".join(_NAMES.get(model, model) for model in others)
    if not clear or not others:
        return Check(
            name="sensitivity_agrees",
            passed=None,
            text="No other model could be fitted."
            if not others
            else f"No association is clear, so other models ({asked}) have none to confirm.",
        )
    kept = {(j, model): float(other[j] / beta[j]) for model, other in others.items() for j in clear}
    least = min(kept.values())
    lost = [(j, model) for (j, model), share in kept.items() if share < _KEPT]
    named = "; ".join(f"{labels[j]} ({_NAMES.get(model, model)})" for j, model in lost)
    return Check(
        name="sensitivity_agrees",
        passed=not lost,
        value=least,
        threshold=_KEPT,
        support=support,
        text=f"Other models ({asked}) say the same: the clear associations keep at least {{value}} of their "
        "size there (line at {threshold}, on the scale of log hazard ratios)."
        if not lost
        else f"Other models do not say the same: {named}. The smallest share of its size that an association "
        "keeps is {value} (line at {threshold}, on the scale of log hazard ratios; below 0 it turns round).",
    )
