"""The PyMC models themselves: a likelihood on cells, the effect, and the prior of the effect.

hazard: complementary log-log of a yes/no outcome (Prentice & Gloeckler 1978, Biometrics 34:57). count:
negative
binomial with variance μ + μ² / α. hurdle: whether there is anything at all by a complementary log-log, how
much by a gamma with shape a (Mullahy 1986, Journal of Econometrics 33:341); cluster effects of the two are
correlated. student_t: Lange, Little & Taylor 1989, JASA 84:881; spread by arm, degrees of freedom
~ Gamma(2, .1) (Juárez & Steel 2010).

`contrast` is the logarithm of the ratio of means between the arms (of hazards), which a relative prior is
about; of a hurdle it is that of people with average covariates,
with the share that has anything taken at its mean over clusters. For a Student t it is the difference in
standard deviations of the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.models.structure import (
    FIRST,
    SECOND,
    Part,
    Shared,
    Structure,
    add_part,
    add_shared,
)

_LEAN_SD: Final = 0.8
_SIGMA_SD: Final = 2.0
# Gamma(2, .1) of the degrees of freedom
_NU_RATE: Final = 0.1


def build_model(structure: Structure) -> Any:
    """The PyMC model; its data are replaced at every fit.

    Densities are written out and nothing is computed beside them, which divides the time to compile by four.

    Args:
        structure: Likelihood and sizes.
    """
    import pymc as pm

    build = {"hazard": _hazard, "count": _count, "hurdle": _hurdle, "student_t": _student_t}
    with pm.Model() as model:
        shared = add_shared(structure)
        likelihood, contrast, prior = build[structure.likelihood](structure, shared)
        pm.Potential("likelihood", likelihood)
        # a precision of 0 is the flat prior exactly, so one compiled model serves every set of priors
        off = contrast - shared.number("prior_mean")
        pm.Potential("prior", prior - 0.5 * shared.number("prior_precision") * off**2)
    return model


def contrast_of(structure: Structure, parameters: Mapping[str, Floats]) -> Floats:
    """The contrast of draws of the parameters, as `build_model` has it.

    Args:
        structure: Of the model.
        parameters: Name → draws.
    """
    effect = parameters[f"effect_{FIRST}"]
    if structure.likelihood != "hurdle":
        return effect
    level = parameters[f"level_{FIRST}"]
    share = [np.log(-np.expm1(-np.exp(level + arm * effect))) for arm in (0, 1)]
    return np.asarray(parameters[f"effect_{SECOND}"] + share[1] - share[0])


def _hazard(structure: Structure, shared: Shared) -> tuple[Any, Any, Any]:
    part = add_part(structure, shared, FIRST)
    return _of_hazard(part), part.effect, part.prior


def _of_hazard(part: Part) -> Any:
    import pytensor.tensor as pt

    h = pt.exp(part.eta)
    return (part.y * pt.log(-pt.expm1(-h)) - (part.n - part.y) * h).sum()


def _count(structure: Structure, shared: Shared) -> tuple[Any, Any, Any]:
    import pymc as pm
    import pytensor.tensor as pt

    part = add_part(structure, shared, FIRST)
    log_shape, prior = _shape(shared)
    totals = pm.Data("totals", np.ones((1, 2)))
    alpha, log_mean, n = pt.exp(log_shape), part.eta + part.log_exposure, part.n
    value = (part.y * log_mean - (part.y + n * alpha) * pt.log(pt.exp(log_mean) + alpha)).sum()
    value += n.sum() * (alpha * log_shape - pt.gammaln(alpha))
    value += (totals[:, 1] * pt.gammaln(totals[:, 0] + alpha)).sum()
    return value, part.effect, part.prior + prior


def _shape(shared: Shared) -> tuple[Any, Any]:
    """Logarithm of the shape, and its prior."""
    log_shape = shared.free("log_shape")
    return log_shape, -0.5 * ((log_shape - shared.number("shape_mean")) / shared.number("shape_sd")) ** 2


def _hurdle(structure: Structure, shared: Shared) -> tuple[Any, Any, Any]:
    import pytensor.tensor as pt

    first = add_part(structure, shared, FIRST)
    lean, prior = None, first.prior
    if structure.n_clusters:
        raw = shared.free("raw_lean")
        prior, lean = prior - 0.5 * (raw / _LEAN_SD) ** 2, pt.tanh(raw)
    second = add_part(structure, shared, SECOND, lean, first.deviate)
    log_shape, own = _shape(shared)
    a = pt.exp(log_shape)
    value = a * (second.n * (log_shape - second.eta) - second.y * pt.exp(-second.eta)).sum()
    value += (a - 1) * shared.number("log_y") - second.n.sum() * pt.gammaln(a)
    share = [pt.log(-pt.expm1(-pt.exp(first.level + arm * first.effect))) for arm in (0, 1)]
    contrast = second.effect + share[1] - share[0]
    return _of_hazard(first) + value, contrast, prior + second.prior + own


def _student_t(structure: Structure, shared: Shared) -> tuple[Any, Any, Any]:
    import pytensor.tensor as pt

    part = add_part(structure, shared, FIRST)
    log_sigma, log_nu = shared.vector[structure.place("log_sigma")], shared.free("log_nu")
    nu = pt.exp(log_nu)
    own = log_sigma[0] + part.arm * (log_sigma[1] - log_sigma[0])
    squared = ((part.y - part.eta) * pt.exp(-own)) ** 2
    constant = pt.gammaln((nu + 1) / 2) - pt.gammaln(nu / 2) - 0.5 * log_nu
    value = (part.n * (constant - own - 0.5 * (nu + 1) * pt.log1p(squared / nu))).sum()
    prior = part.prior - 0.5 * ((log_sigma / _SIGMA_SD) ** 2).sum() + 2 * log_nu - _NU_RATE * nu
    return value, part.effect, prior


def normal_nodes(n: int) -> tuple[Floats, Floats]:
    """Nodes and weights with which Σ w f(x) is the mean of f over a standard normal (Gauss–Hermite)."""
    x, w = np.polynomial.hermite_e.hermegauss(n)
    return x, w / w.sum()
