"""Posterior draws: a model compiled once, sampled with new data, and refused where the chains disagree.

PyMC describes the model and nutpie samples it; nutpie runs no convergence check of its own, so `sample` does
and raises. The gate is that of Vehtari et al. (2021, Bayesian Analysis 16:667): R-hat at most 1.01, effective
sample size of bulk and tails at least 400 for every quantity that will be reported, and no divergence.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from wellperf_models.errors import ConvergenceError
from wellperf_models.inference.risk_sets import Floats

CHAINS: Final = 4
DRAWS: Final = 5_000
TUNE: Final = 600
# shorter steps than usual: with six clusters .8 gave a false step in a few fits, this none in a hundred
_TARGET_ACCEPT: Final = 0.9
R_HAT_MAX: Final = 1.01
ESS_MIN: Final = 400.0
# the ends of the 95 % intervals that are reported
_TAIL: Final = (0.025, 0.975)

_COMPILED: dict[Hashable, Any] = {}


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """How far the chains agree, worst over the reported quantities.

    Attributes:
        r_hat: Rank-normalised, split; 1 where the chains agree.
        ess_bulk, ess_tail: Independent draws that would be worth as much, for the middle and for the ends of
            the 95 % interval.
        n_divergences: Steps that left the posterior.
        worst: Name of the quantity with the largest R-hat.
    """

    r_hat: float
    ess_bulk: float
    ess_tail: float
    n_divergences: int
    worst: str = ""


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """Draws that passed the gate.

    Attributes:
        draws: Quantity → draws, shape (chains, draws).
        monte_carlo_error: Quantity → one standard deviation of the error of its mean.
        diagnostics: Of the run.
    """

    draws: dict[str, Floats]
    monte_carlo_error: dict[str, float]
    diagnostics: Diagnostics

    def __repr__(self) -> str:
        """Names only: draws are never shown."""
        return f"Sampled({', '.join(self.draws)}; not released)"


def compile_once(key: Hashable, build: Callable[[], Any]) -> Any:
    """The compiled model of this structure, compiled the first time it is asked for in this process.

    Args:
        key: What the structure depends on, such as a name and the number of columns; data are not part of it.
        build: Makes the PyMC model; its `pm.Data` can be replaced at every call of `sample`.
    """
    if key not in _COMPILED:
        import nutpie

        _COMPILED[key] = nutpie.compile_pymc_model(build())
    return _COMPILED[key]


def sample(
    compiled: Any,
    data: Mapping[str, Any],
    *,
    reported: Sequence[str],
    seed: int,
    where: str,
    draws: int = DRAWS,
    tune: int = TUNE,
    ungated: Sequence[str] = (),
    target_accept: float = _TARGET_ACCEPT,
) -> Sampled:
    """Draws from the posterior given these data; the same seed gives the same draws on any number of cores.

    Args:
        compiled: From `compile_once`.
        data: Name of each `pm.Data` → its value.
        reported: Scalar variables that will be reported; all of them are gated.
        seed: Of the sampler.
        where: What is fitted, for the message of a refusal.
        draws, tune: Of each of the four chains.
        ungated: Vectors kept as they are, shape (chains, draws, n), for quantities that the caller makes of
            them and gates itself.
        target_accept: Nearer to 1, steps are shorter: fewer false ones, at more time.

    Raises:
        ConvergenceError: The sampler could not start, or the gate refused.
    """
    import nutpie

    try:
        tree = nutpie.sample(
            compiled.with_data(**data),
            draws=draws,
            tune=tune,
            chains=CHAINS,
            cores=min(CHAINS, os.cpu_count() or 1),
            seed=seed,
            target_accept=target_accept,
            progress_bar=False,
            save_warmup=False,
        )
    except RuntimeError as error:
        raise ConvergenceError(
            "The sampler found no point to start from.",
            where=where,
            remedy="look for an outcome without variation, or a covariate that repeats another",
        ) from error
    kept = {name: np.asarray(tree["posterior"][name].values, float) for name in reported}
    found = diagnose(kept, n_divergences=int(tree["sample_stats"]["diverging"].values.sum()))
    gate(found, where=where)
    errors = _errors(kept)
    beside = {name: np.asarray(tree["posterior"][name].values, float) for name in ungated}
    return Sampled(draws=kept | beside, monte_carlo_error=errors, diagnostics=found)


def diagnose(draws: Mapping[str, Floats], *, n_divergences: int = 0) -> Diagnostics:
    """R-hat and effective sample sizes, worst over quantities.

    Args:
        draws: Quantity → draws, shape (chains, draws) each.
        n_divergences: Counted by the sampler.
    """
    import arviz as az

    r_hat = {name: float(az.rhat(values)) for name, values in draws.items()}
    # a constant chain has no R-hat: nan must lose against every number
    worst = max(r_hat, key=lambda name: (not np.isfinite(r_hat[name]), r_hat[name]))
    return Diagnostics(
        r_hat=r_hat[worst],
        ess_bulk=min(float(az.ess(values, method="bulk")) for values in draws.values()),
        ess_tail=min(float(az.ess(values, method="tail", prob=_TAIL)) for values in draws.values()),
        n_divergences=n_divergences,
        worst=worst,
    )


def gate(found: Diagnostics, *, where: str) -> None:
    """Refuses draws that can't be trusted.

    Raises:
        ConvergenceError: Which limit was broken, and by how much.
    """
    broken = []
    # "not <=" also refuses nan
    if not found.r_hat <= R_HAT_MAX:
        broken.append(f"R-hat of {found.worst} {found.r_hat:.3f}, above {R_HAT_MAX}")
    for name, size in (("bulk", found.ess_bulk), ("tail", found.ess_tail)):
        if not size >= ESS_MIN:
            broken.append(f"effective sample size ({name}) {size:.0f}, below {ESS_MIN:.0f}")
    if found.n_divergences:
        broken.append(f"{found.n_divergences} divergences")
    if broken:
        raise ConvergenceError(
            f"The chains do not agree, so there is no posterior: {'; '.join(broken)}.",
            where=where,
            expected=f"R-hat at most {R_HAT_MAX}, effective sample sizes of {ESS_MIN:.0f}, no divergence",
            remedy="more rows or clusters, or a simpler model: fewer covariates",
        )


def _errors(draws: Mapping[str, Floats]) -> dict[str, float]:
    import arviz as az

    return {name: float(az.mcse(values, method="mean")) for name, values in draws.items()}
