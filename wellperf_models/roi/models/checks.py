"""Statements about the declared outcome models: they fit, they agree with the estimate, they were sampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wellperf_models.evidence import Check, Unanswered, plain
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.models.predictive import predictive_p
from wellperf_models.roi.rows import Effect, Posterior, RoiFrame

# two-sided; several features are looked at, and such a p is seldom this near an end by chance
_LINE: Final = 0.01
_APART: Final = 0.5


def check_models(
    frame: RoiFrame | Unanswered, effects: Effects | Unanswered, posteriors: Posteriors | Unanswered
) -> tuple[Check, ...]:
    """Checks of every declared model, outcome by outcome.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
        posteriors: From `fit_posterior`.
    """
    if isinstance(frame, Unanswered):
        return ()
    if isinstance(effects, Unanswered) or isinstance(posteriors, Unanswered):
        return ()
    labels = labels_of(frame.outcomes)
    flat = {name: one for (name, prior), one in posteriors.items() if prior == "flat"}
    checks = [sampled(posteriors)]
    for name, one in flat.items():
        effect = intention_to_treat(effects, name)
        if effect is None:
            continue
        if one.instead:
            checks.append(_stands_in(name, labels[name], one))
        if one.modelled is None:
            continue
        if frame.outcomes[name].declared.likelihood == "tweedie":
            checks.append(_as_hurdle(name, labels[name]))
        found = predictive_p(frame.outcomes[name], one.modelled, frame.seed)
        checks += [fits(name, labels[name], found, effect), agrees(name, labels[name], one, effect)]
    return tuple(checks)


def sampled(posteriors: Posteriors) -> Check:
    """The chains agree on everything reported; otherwise there would be no posterior."""
    worst = max(one.r_hat for one in posteriors.values())
    return Check(
        name="sampler",
        passed=worst <= 1.01 and not any(one.n_divergences for one in posteriors.values()),
        value=worst,
        threshold=1.01,
        computation="sampled",
        monte_carlo_error=0.005,
        text="Every posterior was drawn four times over and the four agree (R-hat at most {value}, allowed "
        "{threshold}), without a false step.",
    )


def fits(name: str, label: str, found: Mapping[str, float], effect: Effect) -> Check:
    """Data drawn from the fitted model look like the data.

    Args:
        name, label: Of the outcome.
        found: From `predictive_p`.
        effect: Of intention to treat: what it rests on.
    """
    own = f"fits_{name}"
    if not found:
        text = f"“{plain(label)}” is yes or no and was assigned one by one: its model can miss nothing."
        return Check(name=own, passed=None, text=text)
    two_sided = {feature: 2 * min(p, 1 - p) for feature, p in found.items()}
    missed = [feature for feature, p in two_sided.items() if p < _LINE]
    words = ", ".join(found)
    return Check(
        name=own,
        passed=not missed,
        value=min(two_sided.values()),
        threshold=_LINE,
        computation="sampled",
        monte_carlo_error=0.02,
        support=support_of(effect),
        text=f"Data drawn from the model of “{plain(label)}” look like the data in: {words} (smallest p "
        "{value}, line {threshold})."
        if not missed
        else f"Data drawn from the model of “{plain(label)}” do not look like the data in: "
        f"{', '.join(missed)} "
        "(p {value}, line {threshold}). Declare another likelihood, or trust the plain comparison of means "
        "beside it.",
    )


def agrees(name: str, label: str, posterior: Posterior, effect: Effect) -> Check:
    """How far the model lies from the weighted estimate; informative: either may be the better one."""
    apart = (posterior.mean - effect.value) / effect.std_error
    near = abs(apart) <= _APART
    return Check(
        name=f"agrees_{name}",
        passed=None,
        value=apart,
        threshold=_APART,
        computation="sampled",
        monte_carlo_error=posterior.monte_carlo_error / effect.std_error,
        support=support_of(effect),
        text=f"On “{plain(label)}” the model and the plain comparison of means agree: {{value}} standard "
        f"errors "
        "apart."
        if near
        else f"On “{plain(label)}” the model and the plain comparison of means lie {{value}} standard errors "
        "apart (more than {threshold}): the model weighs units by how much they tell, the comparison by "
        "how many "
        "people they hold.",
    )


def _stands_in(name: str, label: str, posterior: Posterior) -> Check:
    text = f"“{plain(label)}” is judged without the declared model. {plain(posterior.instead)}"
    return Check(name=f"declared_{name}", passed=None, text=text)


def _as_hurdle(name: str, label: str) -> Check:
    text = (
        f"“{plain(label)}” was declared a Tweedie outcome and is fitted as a hurdle: the Tweedie density "
        f"is an "
        "endless series that is not safe to sample, and the hurdle asks less of the share of zeros."
    )
    return Check(name=f"tweedie_{name}", passed=None, text=text)
