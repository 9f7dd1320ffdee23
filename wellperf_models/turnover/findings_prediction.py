"""Evidence `turnover.prediction`: in which order people leave."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.evidence import Check, Estimate, Evidence, Provenance, Support, Unanswered, unanswered
from wellperf_models.inference.folds import FoldMean
from wellperf_models.turnover.findings_members import members_of_rows
from wellperf_models.turnover.model import ValidationResult
from wellperf_models.turnover.rows import TurnoverFrame

_C_LABEL = "concordance (C) for people the model has not seen"
_ORDERING = "How well can the risk of leaving be ordered?"


def predict(
    frame: TurnoverFrame,
    result: ValidationResult | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on foretelling the order of exits.

    Args:
        frame: The turnover frame.
        result: From `validate`; an `Unanswered` gives an evidence that says why.
        checks: From `check_validation`.
        provenance: Where the numbers come from.
    """
    if isinstance(result, Unanswered):
        return unanswered(
            "turnover.prediction", _ORDERING, result, population=frame.population, provenance=provenance
        )
    kept = {"person": "every person", "covariate_pattern": "people alike in every covariate"}
    together = kept.get(result.group_by, "every cluster")
    return Evidence(
        id="turnover.prediction",
        question=_ORDERING,
        answer=_answer(result),
        estimand="Probability that, of two people of the same tenure at work at the time one of them leaves "
        f"({frame.causes[0].replace('_', ' ')}), the model ranks the leaver higher; over {result.repeats} × "
        f"{result.folds} folds that keep {together} together.",
        population=frame.population + "; those with every covariate known",
        design="prediction",
        provenance=provenance,
        estimates=_estimates(result),
        checks=tuple(checks),
        assumptions=(
            "The future resembles the months observed.",
            "Nothing among the covariates was recorded after the fact.",
        ),
        limits=(
            "An order of groups, not a forecast for a person: never to be used to decide on anyone.",
            "Intervals are over repeated folds (Nadeau–Bengio); they do not carry over to another firm.",
            "Only pairs of the same tenure are compared.",
        ),
        members=members_of_rows(frame),
    )


def _estimates(result: ValidationResult) -> tuple[Estimate, ...]:
    support = Support(
        n_people=result.n_people,
        n_events=result.n_leavers,
        n_non_events=result.n_people - result.n_leavers,
        n_parameters=result.n_parameters,
        residual_df=result.n_leavers - result.n_parameters,
    )
    unit = "C (0.5 is chance, 1 is perfect order)"
    made = [
        _estimate("concordance", _C_LABEL, unit, result.concordance, support),
    ]
    if result.hazard is not None and result.gain is not None:
        own = "concordance (C) of the hazard in bands"
        gain = "concordance: hazard in bands less Cox, same folds"
        made.append(_estimate("concordance_hazard", own, unit, result.hazard, support))
        made.append(_estimate("concordance_gain", gain, "difference in C", result.gain, support, signed=True))
    if (brier := result.brier) is not None:
        score = f"integrated Brier score to month {brier.until} (0 is perfect)"
        made += [
            _estimate("brier_cox", f"{score}: Cox", "Brier score", brier.cox, support),
            _estimate("brier_hazard", f"{score}: hazard in bands", "Brier score", brier.hazard, support),
            _estimate("brier_average", f"{score}: the average", "Brier score", brier.average, support),
            _estimate(
                "brier_gain",
                "integrated Brier score: hazard in bands less Cox, same folds (below 0 it is better)",
                "Brier score",
                brier.gain,
                support,
                signed=True,
            ),
        ]
    return tuple(made)


def _estimate(
    name: str, label: str, unit: str, mean: FoldMean, support: Support, *, signed: bool = False
) -> Estimate:
    least = -1.0 if signed else 0.0
    return Estimate(
        name=name,
        label=label,
        value=mean.mean,
        low=max(least, mean.low),
        high=min(1.0, mean.high),
        coverage=0.95,
        interval="confidence",
        unit=unit,
        se=mean.std_error,
        support=support,
    )


def _answer(result: ValidationResult) -> str:
    """What C means, whether it is more than guessing, and whether a model to be read does as well."""
    told = [
        "Shown two people of the same tenure, one of whom then leaves while the other stays at work, the "
        "model gives the leaver the higher risk with a probability of {concordance.estimate}. Guessing would "
        "give 0.5, a perfect order 1."
    ]
    c = result.concordance
    if c.low <= 0.5:
        told.append("[The range of {concordance.interval} holds guessing: there is no usable order here.]")
    if (gain := result.gain) is not None:
        if gain.low > 0:
            how = "orders better than Cox's model"
        elif gain.high < 0:
            how = "orders less well than Cox's model"
        else:
            how = "orders as well as Cox's model, as far as these data can tell"
        told.append(
            f"[A model that can be read as a table, with a monthly risk for each band, {how}: difference "
            "{concordance_gain.estimate}.]"
        )
    return " ".join(told)
