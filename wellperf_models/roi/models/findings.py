"""Evidence `roi.models`: the effect by the plain comparison, the Gaussian model and the declared one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wellperf_models.evidence import Check, Estimate, Evidence, Provenance, Unanswered, plain, unanswered
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.findings_words import members_of_outcomes, unit_of, unit_words
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.models.tables import LIKELIHOODS, tables_of_models
from wellperf_models.roi.rows import Posterior, RoiFrame

_ID: Final = "roi.models"
_QUESTION: Final = "Does a model made for each outcome say the same as the plain comparison of means?"
_ASSUMPTIONS: Final = (
    "The likelihood of each outcome was declared before it was read.",
    "Units that were assigned as a whole differ by effects that are normal on the scale of the model.",
    "Rows of one person were put together first: cutting a year into months adds no knowledge.",
    "A weight says how much of a time a value covers; the likelihood is raised to the power that "
    "gives "
    "a weighted mean its robust error.",
)
_LIMITS: Final = (
    "A posterior is what to believe of the effect after these data; where nothing was believed "
    "before "
    "(flat prior) it should lie near the plain comparison.",
    "Where the two differ, the plain comparison asks less of the outcome and the model more of the "
    "reader's trust in its form: the checks say whether data drawn from it look like the data.",
)


def describe_models(
    frame: RoiFrame | Unanswered,
    effects: Effects | Unanswered,
    posteriors: Posteriors | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on the outcome models; aggregates only.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
        posteriors: From `fit_posterior`.
        checks: From `check_models`.
        provenance: Where the data come from.
    """
    if isinstance(frame, Unanswered):
        return unanswered(_ID, _QUESTION, frame, population="", provenance=provenance)
    why = next((g for g in (effects, posteriors) if isinstance(g, Unanswered)), None)
    if why is not None:
        return unanswered(
            _ID,
            _QUESTION,
            why,
            population=frame.population,
            provenance=provenance,
            checks=tuple(checks),
        )
    assert isinstance(effects, Effects)
    assert not isinstance(posteriors, Unanswered)
    flat = {name: one for (name, prior), one in posteriors.items() if prior == "flat"}
    return Evidence(
        id=_ID,
        question=_QUESTION,
        answer=_answer(frame, effects, flat, checks),
        estimand="Difference in the mean of an outcome between all who were assigned to the programme and "
        "all "
        "who were not, taken part or not, standardised over the covariates of everybody (g-computation); "
        "as a "
        "ratio where the model is one of ratios.",
        population=frame.population,
        design=frame.section.design,
        provenance=provenance,
        estimates=_estimates(frame, effects, flat),
        tables=tables_of_models(frame, effects, posteriors),
        checks=tuple(checks),
        assumptions=_ASSUMPTIONS,
        limits=_LIMITS,
        members=members_of_outcomes(frame),
    )


def _estimates(frame: RoiFrame, effects: Effects, flat: dict[str, Posterior]) -> tuple[Estimate, ...]:
    labels, made = labels_of(frame.outcomes), []
    for name, one in flat.items():
        effect = intention_to_treat(effects, name)
        assert effect is not None
        rows, support = frame.outcomes[name], support_of(effect)
        made.append(
            Estimate(
                name=f"model_{name}",
                label=f"{labels[name]}: change by the offer, by its model",
                value=one.mean,
                low=one.low,
                high=one.high,
                coverage=0.95,
                interval="credible",
                unit=unit_of(rows),
                support=support,
                se=one.sd,
                computation="sampled",
                monte_carlo_error=one.monte_carlo_error,
            )
        )
        if one.modelled is None or "ratio" not in one.modelled.told:
            continue
        ratio = one.modelled.told["ratio"]
        made.append(
            Estimate(
                name=f"ratio_{name}",
                label=f"{labels[name]}: mean with the offer over mean without",
                value=ratio.middle,
                low=ratio.low,
                high=ratio.high,
                coverage=0.95,
                interval="credible",
                unit="times",
                scale="log",
                support=support,
                computation="sampled",
                monte_carlo_error=ratio.monte_carlo_error,
            )
        )
    return tuple(made)


def _answer(frame: RoiFrame, effects: Effects, flat: dict[str, Posterior], checks: Sequence[Check]) -> str:
    """Whether models and comparisons say the same of no change; then the figures of each declared model."""
    labels = {name: plain(label) for name, label in labels_of(frame.outcomes).items()}
    modelled = {name: one for name, one in flat.items() if one.modelled is not None}
    if not modelled:
        return (
            "No outcome has a model of its own here: each is judged by the plain comparison of means, and "
            "what "
            "to believe of it (its posterior) is that comparison with its error."
        )
    differ = []
    for name, one in modelled.items():
        effect = intention_to_treat(effects, name)
        assert effect is not None
        if (one.low <= 0 <= one.high) != (effect.low <= 0 <= effect.high):
            differ.append(labels[name])
    parts = [
        "Yes: for every outcome that has a model of its own, the model and the plain comparison of means "
        "agree "
        "on whether a change can be told from none."
        if not differ
        else "Not for every outcome: the model and the plain comparison of means disagree on whether a "
        "change "
        f"can be told from none for {'; '.join(f'“{label}”' for label in differ)}."
    ]
    missed = {check.name for check in checks if check.passed is False}
    if odd := [labels[name] for name in modelled if f"fits_{name}" in missed]:
        told = "; ".join(f"“{label}”" for label in odd)
        parts.append(f"Data drawn from the model of {told} do not look like the data: trust the comparison.")
    for name, one in modelled.items():
        assert one.modelled is not None
        words = unit_words(frame.outcomes[name])
        ratio = f" (the mean with the offer is {{ratio_{name}.estimate}} times that without)"
        parts.append(
            f"[By {LIKELIHOODS[one.modelled.likelihood]}, the offer changed “{labels[name]}” by "
            f"{{model_{name}.estimate}} {words}{ratio if 'ratio' in one.modelled.told else ''}.]"
        )
    return " ".join(parts)
