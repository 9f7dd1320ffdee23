"""The effect of intention to treat as a posterior, under every set of priors.

An outcome whose `likelihood` is another than "gaussian" gets that model (`roi/models`) wherever lots were
drawn and there is enough to fit it by; the Gaussian one stands beside it.

For row i of cluster c in arm a, on a standardised scale,

    y_i ~ Normal(α + τ t_i + x_i·β + u_c, σ_a² / w_i),   u_c ~ Normal(0, ω²) where clusters have several rows,

α and τ flat, β ~ Normal(0, 10), log σ_a ~ Normal(0, 2), in standard deviations of the outcome. The posterior
mean of τ under the flat prior is the weighted least-squares estimate, and its spread that of an error that
lets the arms differ, as HC1 does; where weights differ the likelihood is raised to the power that makes it so
(`match_sandwich`).

Where rows go together in clusters, or units are so few or so unequal that the estimate needs CR2, such a
model would estimate something else: a cluster effect weighs clusters by how sure their means are, not by how
many people they hold, and where effects differ with size even the sign may differ. There the likelihood is
that of the estimate itself, a t with the degrees of freedom of its error: (τ̂ − τ) / se ~ t(df).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.gaussian_blocks import (
    GaussianBlocks,
    build_gaussian_blocks,
    match_sandwich,
    sandwich_power,
)
from wellperf_models.inference.known_estimate import draw_known
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import CHAINS, DRAWS, compile_once, diagnose, gate, sample
from wellperf_models.roi.comparison import MIN_CLUSTERS
from wellperf_models.roi.designs.whole_years import refuse_time_unsaid
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.models.fit import fit_declared
from wellperf_models.roi.models.prepare import prepare
from wellperf_models.roi.models.summary import posterior_of
from wellperf_models.roi.priors import PriorOfEffect, prior_of
from wellperf_models.roi.rows import Effect, OutcomeRows, Posterior, PriorName, RoiFrame
from wellperf_models.study import CAUSAL_DESIGNS, PRIOR_SETS, Likelihood, Outcome, Roi

# told of every outcome; the other sets only of those that are in the money
_ALWAYS: Final[tuple[PriorName, ...]] = ("flat", "sceptical")
# outcome and prior → posterior
Posteriors = Mapping[tuple[str, PriorName], Posterior]

_SEED: Final = 40
_SIGMA_PRIOR_SD: Final = 2.0
_OMEGA_PRIOR_SD: Final = 0.5
_SLOPE_PRIOR_SD: Final = 10.0
_MIN_ROWS: Final = 5
# standard errors a declared model may lie from the plain comparison
_APART: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Standardised:
    """An outcome as the sampler sees it.

    Attributes:
        blocks: Exact blocks of the standardised rows.
        scale: Standard deviation the outcome was divided by, in its unit.
    """

    blocks: GaussianBlocks
    scale: float


def fit_posterior(frame: RoiFrame, effects: Effects, section: Roi) -> Posteriors:
    """Posterior of the effect on every outcome the programme may have changed, under each prior.

    Args:
        frame: The return frame.
        effects: From `fit_effects`: gives the control arm's mean and spread, which scale sceptical priors.
        section: `[roi]`.

    Returns:
        (outcome, prior) → posterior, for outcomes with `timing = "after"` that have an effect of intention to
        treat and vary in both arms.

    Raises:
        DesignError: The design allows no effect, no outcome has one, or one with a value does not vary in an
            arm, or does not say what time its values are of.
        ConvergenceError: The chains of an outcome do not agree.
    """
    refuse_without_effect(effects, section)
    refuse_time_unsaid(frame)
    found: dict[tuple[str, PriorName], Posterior] = {}
    # one structure, compiled once, for every outcome: who has fewer covariates gets columns of zeros
    n_slopes = max(rows.X.shape[1] for rows in frame.outcomes.values())
    for number, (name, rows) in enumerate(frame.outcomes.items()):
        effect = intention_to_treat(effects, name)
        if rows.declared.timing != "after" or effect is None:
            continue
        try:
            data = standardise(rows, n_slopes) if effect.method == "HC1" else None
            instead = why_not_declared(rows, effect, section)
            if instead is None and rows.declared.value is None and name != section.primary:
                instead = "It is neither the primary outcome nor in the money."
            room = _slopes_of(frame, rows.declared.likelihood)
            prepared = None if instead is not None else prepare(rows, rows.declared.likelihood, room)
        except DesignError:
            # the decision can do without an outcome that has no value; the findings name it
            if rows.declared.value is not None:
                raise
            continue
        told = {p: prior_of(name, rows.declared, effect, p, section) for p in priors_of(rows.declared)}
        # one seed for all priors: what differs between them is the prior, not the luck of the draws
        seed = int(np.random.default_rng([frame.seed, _SEED, number]).integers(2**31))
        gaussian = _gaussian(rows, effect, told, data, seed, n_slopes)
        if prepared is None:
            own = {prior: replace(one, instead=instead or "") for prior, one in gaussian.items()}
        else:
            own = _near(fit_declared(prepared, effect, told, seed, gaussian), effect, gaussian)
        found |= {(name, prior): one for prior, one in own.items()}
    if not found:
        raise DesignError("No outcome has an effect, so there is no return.", where="[roi.outcomes]")
    return found


def _near(
    own: dict[PriorName, Posterior], effect: Effect, gaussian: Mapping[PriorName, Posterior]
) -> dict[PriorName, Posterior]:
    """The declared model's posteriors, unless they are about something else than the estimate.

    Both are of the same difference of means. A model that lies errors away from it is wrong about the
    outcome, and no money is made of it.
    """
    apart = abs(own["flat"].mean - effect.value) / effect.std_error
    if apart <= _APART:
        return own
    why = (
        "The declared model lies more than two standard errors from the plain comparison of means, so it "
        "does not fit the outcome: the likelihood is that of the estimate."
    )
    return {prior: replace(one, instead=why) for prior, one in gaussian.items()}


def _gaussian(
    rows: OutcomeRows,
    effect: Effect,
    told: Mapping[PriorName, PriorOfEffect],
    data: Standardised | None,
    seed: int,
    n_slopes: int,
) -> dict[PriorName, Posterior]:
    """Posterior under each set by the Gaussian model, or by the estimate's own likelihood without data."""
    return {
        prior: _posterior_of_estimate(effect, prior, believed, seed)
        if data is None
        else _posterior(rows, prior, data, believed, seed, n_slopes)
        for prior, believed in told.items()
    }


def why_not_declared(rows: OutcomeRows, effect: Effect, section: Roi) -> str | None:
    """Why the likelihood of the estimate stands in for the declared one; "" where none was declared.

    Args:
        rows: One outcome.
        effect: Of intention to treat on it.
        section: `[roi]`.

    Returns:
        None where the declared model can be fitted.
    """
    if rows.declared.likelihood == "gaussian":
        return ""
    if section.design != "randomised":
        return (
            "The estimate of this design is no plain comparison of two arms, which is what the declared "
            "model "
            "would be: the likelihood is that of the estimate."
        )
    if effect.n_clusters is not None and not rows.clustered:
        return (
            "So few people were assigned, or so unequal are their weights, that the declared model would be "
            "too sure: the likelihood is that of the estimate."
        )
    if effect.n_clusters is not None and effect.n_clusters < MIN_CLUSTERS:
        return (
            f"Fewer than {MIN_CLUSTERS} units were assigned, too few to learn how much they differ: the "
            "likelihood is that of the estimate, with its few degrees of freedom."
        )
    return None


def _slopes_of(frame: RoiFrame, likelihood: Likelihood) -> int:
    """Covariates a model of this likelihood has room for: one structure for all its outcomes."""
    return max(r.X.shape[1] for r in frame.outcomes.values() if r.declared.likelihood == likelihood)


def priors_of(outcome: Outcome) -> tuple[PriorName, ...]:
    """Sets of priors under which an outcome is judged."""
    return PRIOR_SETS if outcome.value is not None else _ALWAYS


def refuse_without_effect(effects: Effects, section: Roi) -> None:
    """A return needs an effect, and an effect needs lots.

    Raises:
        DesignError: The design is not randomised, or allows no effect for another reason.
    """
    if section.design not in CAUSAL_DESIGNS:
        why = (
            "There is no comparison group: what changed from before to after"
            if section.design == "before_after"
            else "Who took part was not decided by lot: a contrast"
        )
        raise DesignError(
            f"{why} is no evidence of what the programme returns.",
            where=f"[roi] design = {section.design!r}",
            remedy="assign the next group by lot, person by person or team by team; until then the business "
            "case before any data says what one would have to believe",
        )
    if effects.no_effect is not None:
        raise DesignError(
            f"Without an effect there is no return: {effects.no_effect.reason}",
            remedy=effects.no_effect.remedy or None,
        )


def intention_to_treat(effects: Effects, outcome: str) -> Effect | None:
    """The effect of intention to treat on an outcome, or None where there is none."""
    found = effects.of[outcome].intention_to_treat if outcome in effects.of else None
    return None if found is None or isinstance(found, Unanswered) else found


def standardise(rows: OutcomeRows, n_slopes: int) -> Standardised:
    """Centres and scales an outcome, and reduces it to exact blocks.

    Args:
        rows: One outcome.
        n_slopes: Covariates the model has room for, at least those of the outcome.

    Raises:
        DesignError: An arm has too few rows, or the outcome does not vary in it.
    """
    for name, arm in (("control", ~rows.treated), ("treated", rows.treated)):
        # a share of nobody or of everybody has no spread to estimate
        if int(arm.sum()) < _MIN_ROWS or not np.ptp(rows.value[arm]) > 0:
            raise DesignError(
                f"An outcome has too few rows in the {name} arm, or does not vary in it.",
                where=f"[roi.outcomes.{rows.name}]",
                expected=f"at least {_MIN_ROWS} rows that are not all alike",
                remedy="leave the outcome out, or measure more units",
            )
    weight = rows.weight / rows.weight.mean()
    centre = np.average(rows.value, weights=weight)
    scale = float(np.sqrt(np.average((rows.value - centre) ** 2, weights=weight)))
    treated = rows.treated.astype(float)
    slopes = np.zeros((treated.size, n_slopes))
    if rows.X.shape[1]:
        slopes[:, : rows.X.shape[1]] = rows.X / rows.X.std(axis=0)
    # centred arms: intercept and effect are then nearly independent, which samples faster
    arm = treated - np.average(treated, weights=weight)
    design = np.column_stack([np.ones(treated.size), arm, slopes])
    y = (rows.value - centre) / scale
    clusters = rows.cluster if rows.clustered else None
    blocks = build_gaussian_blocks(y, design, weight, rows.treated, clusters)
    if clusters is None:
        blocks = match_sandwich(blocks, sandwich_power(y, design, weight, rows.treated))
    return Standardised(blocks=blocks, scale=scale)


def build_model(n_slopes: int) -> Any:
    """The PyMC model; its data are replaced at every fit. Without clusters the arrays of groups are empty.

    Args:
        n_slopes: Covariates.
    """
    import pymc as pm
    import pytensor.tensor as pt

    width = n_slopes + 3
    with pm.Model() as model:
        within = pm.Data("within", np.zeros((2, width, width)))
        n_within = pm.Data("n_within", np.ones(2))
        between = pm.Data("between", np.zeros((0, width, width)))
        n_between = pm.Data("n_between", np.ones(0))
        group_weight = pm.Data("group_weight", np.ones(0))
        group_arm = pm.Data("group_arm", np.zeros(0, np.int64))
        prior_mean, prior_precision = pm.Data("prior_mean", 0.0), pm.Data("prior_precision", 0.0)
        intercept, effect = pm.Flat("intercept"), pm.Flat("effect")
        coefficients = [-intercept[None], -effect[None]]
        if n_slopes:
            coefficients.append(-pm.Normal("slopes", 0.0, _SLOPE_PRIOR_SD, shape=n_slopes))
        v = pt.concatenate([*coefficients, np.ones(1)])
        log_sigma = pm.Normal("log_sigma", 0.0, _SIGMA_PRIOR_SD, shape=2)
        # |ω| is half-normal; only ω² enters, so its sign is free and nothing is squeezed towards a bound at 0
        omega = pm.Normal("omega", 0.0, _OMEGA_PRIOR_SD)
        sigma_squared = pt.exp(2 * log_sigma)
        inside = ((within * v).sum(axis=2) ** 2).sum(axis=1)
        value = -(n_within * log_sigma + 0.5 * inside / sigma_squared).sum()
        variance = omega**2 + sigma_squared[group_arm] / group_weight
        outside = ((between * v).sum(axis=2) ** 2).sum(axis=1)
        value -= 0.5 * (n_between * pt.log(variance) + outside / variance).sum()
        pm.Potential("likelihood", value)
        # a precision of 0 is the flat prior exactly, so one compiled model serves both priors
        pm.Potential("prior", -0.5 * prior_precision * (effect - prior_mean) ** 2)
    return model


def data_of(blocks: GaussianBlocks) -> dict[str, Any]:
    """Name of each `pm.Data` of the likelihood → its value."""
    names = ("within", "n_within", "between", "n_between", "group_weight", "group_arm")
    return {name: getattr(blocks, name) for name in names}


def _posterior(
    rows: OutcomeRows, prior: PriorName, data: Standardised, told: PriorOfEffect, seed: int, n_slopes: int
) -> Posterior:
    name, flat = rows.name, prior == "flat"
    sampled = sample(
        compile_once(("roi.gaussian_arms", n_slopes), lambda: build_model(n_slopes)),
        data_of(data.blocks)
        | {
            "prior_mean": 0.0 if flat else told.mean / data.scale,
            "prior_precision": 0.0 if flat else (data.scale / told.sd) ** 2,
        },
        reported=["effect"],
        seed=seed,
        where=f"[roi.outcomes.{name}], {prior} prior",
    )
    draws: Floats = sampled.draws["effect"] * data.scale
    error = sampled.monte_carlo_error["effect"] * data.scale
    return posterior_of(name, prior, told, draws, error, sampled.diagnostics, data.blocks.n_cells)


def _posterior_of_estimate(effect: Effect, prior: PriorName, told: PriorOfEffect, seed: int) -> Posterior:
    import arviz as az

    flat, error = prior == "flat", effect.std_error
    drawn = draw_known(
        effect.df,
        prior_mean=0.0 if flat else (told.mean - effect.value) / error,
        prior_precision=0.0 if flat else (error / told.sd) ** 2,
        shape=(CHAINS, DRAWS),
        seed=seed,
    )
    draws = effect.value + error * drawn
    found = diagnose({"effect": draws})
    gate(found, where=f"[roi.outcomes.{effect.outcome}], {prior} prior")
    spread = float(az.mcse(draws, method="mean"))
    return posterior_of(effect.outcome, prior, told, draws, spread, found, 1)
