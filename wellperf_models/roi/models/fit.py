"""The declared model of an outcome, sampled once and then weighed by each set of priors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from wellperf_models.errors import ConvergenceError
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.sampling import (
    CHAINS,
    DRAWS,
    TUNE,
    Diagnostics,
    compile_once,
    diagnose,
    gate,
    sample,
)
from wellperf_models.roi.models.likelihoods import build_model, contrast_of
from wellperf_models.roi.models.prepare import Prepared, prior_of_contrast
from wellperf_models.roi.models.standardise import means_of, patterns_of
from wellperf_models.roi.models.structure import FIRST, Priors, Structure
from wellperf_models.roi.models.summary import posterior_of, told_of
from wellperf_models.roi.priors import PriorOfEffect
from wellperf_models.roi.rows import Effect, Modelled, Posterior, PriorName

# weighed draws must be worth this share of their number; else the model is sampled under that prior itself
_LEAST_WORTH: Final = 0.1
_KEPT: Final = 400
# with cluster effects a draw costs ten times as much: half as many, each told twice
_TWICE: Final = 2
# a false step or a chain astray: shorter steps, and the other way of seeing cluster effects
_TRIES: Final = ((0.9, None), (0.98, None), (0.98, 0.0), (0.98, 1.0))


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """Draws of one fit that passed the gate.

    Attributes:
        parameters: Name → draws, shape (chains × draws, …); `contrast` among them.
        control, treated: Means of the arms on the outcome's scale, shape (chains, draws).
        diagnostics: Of every reported quantity.
    """

    parameters: dict[str, Floats]
    control: Floats
    treated: Floats
    diagnostics: Diagnostics

    @property
    def effect(self) -> Floats:
        """Difference of the means, shape (chains, draws)."""
        return self.treated - self.control

    def __repr__(self) -> str:
        """Names only: draws are never shown."""
        return f"Fitted({', '.join(self.parameters)}; not released)"


def fit_declared(
    prepared: Prepared,
    effect: Effect,
    told: Mapping[PriorName, PriorOfEffect],
    seed: int,
    beside: Mapping[PriorName, Posterior] | None = None,
) -> dict[PriorName, Posterior]:
    """Posterior of the effect under each set of priors.

    The draws under a set of priors are those under the flat one, resampled by the density of the prior
    (systematically and in the order of the chains, so that what repeats counts as one), where they are worth
    a tenth of their number; otherwise the model is sampled again.

    Args:
        prepared: From `prepare`.
        effect: Of intention to treat, by which priors about a difference are put on the model's scale.
        told: Set → prior of the effect; the flat one is among them.
        seed: Of the sampler.
        beside: Set → posterior of the Gaussian model.

    Raises:
        ConvergenceError: The chains do not agree on something that is reported.
    """
    where = f"[roi.outcomes.{prepared.name}] likelihood = {prepared.structure.likelihood!r}"
    repeat = _TWICE if prepared.structure.n_clusters else 1
    flat = fit_once(prepared, (0.0, 0.0), seed=seed, where=f"{where}, flat prior", repeat=repeat)
    found: dict[PriorName, Posterior] = {}
    for prior, believed in told.items():
        own, resampled = flat, False
        if prior != "flat":
            mean, precision = prior_of_contrast(believed, effect, prepared)
            weighed = _weighed(flat, mean, precision, where=f"{where}, {prior} prior")
            resampled = weighed is not None
            own = weighed or fit_once(prepared, (mean, precision), seed=seed, where=f"{where}, {prior} prior")
        found[prior] = _posterior(
            prepared, prior, believed, own, resampled, None if beside is None else beside.get(prior)
        )
    return found


def fit_once(
    prepared: Prepared,
    prior: tuple[float, float],
    *,
    seed: int,
    where: str,
    priors: Priors | None = None,
    draws: int = DRAWS,
    tune: int = TUNE,
    repeat: int = 1,
) -> Fitted:
    """Samples a model under one prior of the contrast.

    Args:
        prepared: From `prepare`.
        prior: Mean and precision of the prior of the contrast; precision 0: flat.
        seed: Of the sampler.
        where: For the message of a refusal.
        priors: Of everything else; None: the packaged ones.
        draws, tune: Of each chain.
        repeat: How often each draw is told; diagnostics see that it is the same one.

    Raises:
        ConvergenceError: The chains do not agree on something that is reported.
    """
    structure = prepared.structure
    compiled = compile_once(("roi.models", structure), lambda: build_model(structure))
    data = prepared.data(priors or Priors(), prior)
    refused: ConvergenceError | None = None
    for number, (target_accept, centring) in enumerate(_TRIES):
        if centring is not None and not structure.n_clusters:
            break
        try:
            sampled = sample(
                compiled,
                data if centring is None else data | _centred(data, centring),
                reported=[f"effect_{part}" for part in structure.parts],
                ungated=["free"],
                seed=seed + number,
                where=where,
                draws=draws // repeat,
                tune=tune,
                target_accept=target_accept,
            )
            drawn = {name: np.repeat(values, repeat, axis=1) for name, values in sampled.draws.items()}
            return _fitted(prepared, drawn, sampled.diagnostics, where)
        except ConvergenceError as error:
            refused = error
    assert refused is not None
    raise refused


def _centred(data: Mapping[str, Any], centring: float) -> dict[str, Any]:
    clusters = data["clusters"].copy()
    clusters[:, 1:] = centring
    return {"clusters": clusters}


def _parameters(prepared: Prepared, drawn: Mapping[str, Floats]) -> dict[str, Floats]:
    """Name → draws, shape (chains × draws, …), of what the effect is made of."""
    structure = prepared.structure
    free = drawn["free"].reshape(-1, len(structure.free))
    made = {f"effect_{part}": drawn[f"effect_{part}"].ravel() for part in structure.parts}
    for part, data in prepared.parts.items():
        made[f"level_{part}"] = data.crude + free[:, structure.free.index(f"shift_{part}")]
        if structure.n_slopes:
            made[f"slopes_{part}"] = free[:, structure.place(f"slope_{part}")]
        if structure.n_clusters:
            spread = np.exp(free[:, structure.place(f"log_spread_{part}")])
            made[f"spread_{part}"] = spread[:, [0, structure.n_spreads - 1]]
    for name in ("log_shape", "log_nu"):
        if name in structure.free:
            made[name] = free[:, structure.free.index(name)]
    if "raw_lean" in structure.free:
        made["lean"] = np.tanh(free[:, structure.free.index("raw_lean")])
    if structure.likelihood == "student_t":
        made["log_sigma"] = free[:, structure.place("log_sigma")]
    return made | {"contrast": contrast_of(structure, made)}


def _fitted(prepared: Prepared, drawn: Mapping[str, Floats], found: Diagnostics, where: str) -> Fitted:
    structure = prepared.structure
    chains = drawn[f"effect_{FIRST}"].shape
    parameters = _parameters(prepared, drawn)
    patterns = patterns_of(prepared.units, parameters, structure)
    control, treated = (
        prepared.centre + prepared.scale * mean.reshape(chains)
        for mean in means_of(structure, parameters, patterns)
    )
    fitted = Fitted(parameters=parameters, control=control, treated=treated, diagnostics=found)
    return _gated(fitted, structure, found.n_divergences, where)


def _gated(fitted: Fitted, structure: Structure, n_divergences: int, where: str) -> Fitted:
    """The same, once everything that will be reported has passed the gate."""
    found = diagnose(_reported(fitted, structure), n_divergences=n_divergences)
    gate(found, where=where)
    return Fitted(
        parameters=fitted.parameters, control=fitted.control, treated=fitted.treated, diagnostics=found
    )


def _reported(fitted: Fitted, structure: Structure) -> dict[str, Floats]:
    """Quantity → draws, shape (chains, draws): the effect, and what `Modelled.told` says."""
    shape = fitted.control.shape
    p = fitted.parameters
    made = {"effect": fitted.effect}
    if structure.on_ratio:
        made["ratio"] = fitted.treated / fitted.control
    if structure.likelihood == "count":
        made["shape"] = np.exp(p["log_shape"]).reshape(shape)
    if structure.likelihood == "student_t":
        made["shape"] = np.exp(p["log_nu"]).reshape(shape)
    if structure.n_clusters:
        names = ("spread",) if structure.n_spreads == 1 else ("spread_control", "spread_treated")
        for arm, name in enumerate(names):
            made[name] = p[f"spread_{FIRST}"][:, arm].reshape(shape)
    return made


def _weighed(flat: Fitted, mean: float, precision: float, *, where: str) -> Fitted | None:
    """Draws under another prior of the contrast; None where too few of them carry the weight."""
    contrast = flat.parameters["contrast"]
    log_weight = -0.5 * precision * (contrast - mean) ** 2
    weight = np.exp(log_weight - log_weight.max())
    worth = float(weight.sum() ** 2 / (weight**2).sum())
    if worth < _LEAST_WORTH * weight.size:
        return None
    chosen = _systematic(weight.reshape(CHAINS, -1))
    shape = flat.control.shape
    weighed = Fitted(
        parameters={name: values[chosen] for name, values in flat.parameters.items()},
        control=flat.control.ravel()[chosen].reshape(shape),
        treated=flat.treated.ravel()[chosen].reshape(shape),
        diagnostics=flat.diagnostics,
    )
    found = diagnose({"effect": weighed.effect}, n_divergences=flat.diagnostics.n_divergences)
    try:
        gate(found, where=where)
    except ConvergenceError:
        return None
    return Fitted(
        parameters=weighed.parameters, control=weighed.control, treated=weighed.treated, diagnostics=found
    )


def _systematic(weight: Floats) -> Ints:
    """Places of as many draws as there are, each as often as its weight asks, chain by chain, in order.

    Args:
        weight: Shape (chains, draws).
    """
    chains, n = weight.shape
    places = []
    for chain in range(chains):
        upto = np.cumsum(weight[chain])
        at = (np.arange(n) + 0.5) / n * upto[-1]
        places.append(chain * n + np.minimum(np.searchsorted(upto, at), n - 1))
    return np.concatenate(places)


def _posterior(
    prepared: Prepared,
    prior: PriorName,
    believed: PriorOfEffect,
    fitted: Fitted,
    resampled: bool,
    beside: Posterior | None,
) -> Posterior:
    import arviz as az

    structure = prepared.structure
    kept = np.linspace(0, fitted.control.size - 1, _KEPT).astype(int)
    modelled = Modelled(
        likelihood=structure.likelihood,
        n_slopes=structure.n_slopes,
        n_clusters=structure.n_clusters,
        n_spreads=structure.n_spreads,
        parameters={name: values[kept] for name, values in fitted.parameters.items()},
        told={
            name: told_of(draws) for name, draws in _reported(fitted, structure).items() if name != "effect"
        },
        resampled=resampled,
    )
    return posterior_of(
        prepared.name,
        prior,
        believed,
        fitted.effect,
        float(az.mcse(fitted.effect, method="mean")),
        fitted.diagnostics,
        prepared.n_cells,
        modelled=modelled,
        beside=beside,
    )
