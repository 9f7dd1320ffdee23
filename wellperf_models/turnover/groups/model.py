"""How often people leave by group: hazards partially pooled on exact cells of group and band of tenure.

In a month of band b somebody of group g leaves for the modelled cause at the rate λ = exp(α_b + u_g),

    u ~ Normal(0, σ²),   σ ~ |Normal(0, .5²)|,   α_b ~ Normal(crude log rate, 2²).

A small group is drawn to what is usual, the more the less groups differ (Gelman and Hill 2007, chapter 12).
Of n at risk, d leave with the log-likelihood

    d log(1 − exp(−λ)) − (n − d) λ = d log λ − (n − d/2) λ + d λ²/24 − …;

the last term, .0004 an exit at a monthly rate of .1, is left out. A fit costs what groups cost, not what
people cost.

Sampled is u_g / σ^(1 − c_g): c = 1 (centred) mixes where a group's own exits say most about it, c = 0 where
the others do (Papaspiliopoulos, Roberts and Sköld 2007). c is set by the exits expected of each group.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from wellperf_models.errors import ConvergenceError
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.sampling import Diagnostics, Sampled, compile_once, diagnose, gate, sample
from wellperf_models.study import Turnover
from wellperf_models.turnover.groups.frame import LEVELS, GroupCells, build_groups
from wellperf_models.turnover.rows import TurnoverFrame

PRIOR_SCALE: Final = 0.5
# two groups picked at random that differ by less than a tenth are alike
TRIVIAL_RATIO: Final = 1.1
_DRAWS: Final = 2_500
# few groups with many exits each: steps of the usual length fall into the funnel of a small σ
_STEPS: Final = 0.9
_SHORT: Final = 0.99
_BAND_PRIOR_SD: Final = 2.0
_SEED: Final = 83
# log of the ratio of two groups picked at random is normal with σ √2; its absolute value has this median
_MEDIAN: Final = math.sqrt(2) * 0.6744897501960817
# exits per 100 person-years, from a monthly probability: of people replaced when they leave, so that at 10 %
# a month 120 leave, and not of the same 100 people
_PER_100_YEARS: Final = 1_200.0
_LEAST_WEIGHT: Final = 400.0
_REPLICATES: Final = 400


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A quantity of the posterior: mean and 95 % interval, each with its Monte Carlo error; never draws."""

    mean: float
    low: float
    high: float
    errors: tuple[float, float, float]

    def __repr__(self) -> str:
        """Its values have not passed the gate."""
        return "Summary(not released)"


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Posterior of how much groups differ.

    Attributes:
        scale: σ, the standard deviation of log rates between groups.
        scale_sd: Standard deviation of its posterior.
        median_ratio: Rates of two groups picked at random, the higher by the lower one: the median ratio.
        prob_differs: Probability that this is above 1.1.
        prob_error: Its Monte Carlo error.
    """

    scale: Summary
    scale_sd: float
    median_ratio: Summary
    prob_differs: float
    prob_error: float

    def __repr__(self) -> str:
        """Its values have not passed the gate."""
        return "Spread(not released)"


@dataclass(frozen=True, kw_only=True, repr=False)
class GroupHazards:
    """Partially pooled hazards.

    Attributes:
        cells: What they were fitted to.
        spread: How much groups differ.
        rates: Level → name → exits per 100 person-years at everyone's mix of tenure.
        everyone: The same of all.
        diagnostics: Worst over all of these.
        predicted_spread: Share of data sets drawn from the posterior, groups drawn anew, in which exits by
            group spread more than in the data.
        other_priors: Prior scale → (mean of σ, probability that groups differ) under it; None where these
            draws can't tell.
    """

    cells: GroupCells
    spread: Spread
    rates: dict[str, dict[str, Summary]]
    everyone: Summary
    diagnostics: Diagnostics
    predicted_spread: float
    other_priors: dict[float, tuple[float, float] | None]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"GroupHazards({self.cells!r}; not released)"


def fit_groups(frame: TurnoverFrame, section: Turnover, *, widen: Sequence[str] = LEVELS) -> GroupHazards:
    """Samples the partially pooled hazards of the modelled cause.

    Args:
        frame: The turnover frame.
        section: `[turnover]`, with `pooled_by`.
        widen: `disclosure.widen`: levels above a group, in which small ones are shown.

    Raises:
        NotAskedError: The study does not ask.
        DesignError: Too few groups or exits.
        ConvergenceError: The chains do not agree on something that would be reported.
    """
    return fit_cells(build_groups(frame, section, widen), frame.seed)


def fit_cells(cells: GroupCells, seed: int) -> GroupHazards:
    """As `fit_groups`, from the cells.

    Args:
        cells: From `build_groups`.
        seed: Of the study.

    Raises:
        ConvergenceError: The chains do not agree on something that would be reported.
    """
    sampled = _sample(cells, seed)
    levels, everyone = _rates(cells, sampled)
    told = {f"{level}: {name}": v for level, groups in levels.items() for name, v in groups.items()}
    found = diagnose({"scale": sampled.draws["scale"], "everyone": everyone, **told})
    gate(found, where=f"turnover.groups (by {cells.what})")
    return GroupHazards(
        cells=cells,
        spread=_spread(sampled.draws["scale"]),
        rates={
            level: {name: _summary(draws) for name, draws in groups.items()}
            for level, groups in levels.items()
        },
        everyone=_summary(everyone),
        diagnostics=found,
        predicted_spread=_predict_spread(cells, sampled, seed),
        other_priors={
            scale: _under_prior(sampled.draws["scale"].ravel(), scale)
            for scale in (PRIOR_SCALE / 2, 2 * PRIOR_SCALE)
        },
    )


def build_model(n_groups: int, n_bands: int) -> Any:
    """The PyMC model; its data are replaced at every fit.

    Densities are written out, which halves the time to compile.

    Args:
        n_groups, n_bands: G and B.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model() as model:
        months = pm.Data("months", np.ones((n_groups, n_bands)))
        exits_of_group = pm.Data("exits_of_group", np.zeros(n_groups))
        exits_of_band = pm.Data("exits_of_band", np.zeros(n_bands))
        crude = pm.Data("crude", np.zeros(n_bands))
        centring = pm.Data("centring", np.zeros(n_groups))
        shift = pm.Flat("shift", shape=n_bands)
        raw = pm.Flat("raw", shape=n_groups)
        log_scale = pm.Flat("log_scale", initval=-1.5)
        pm.Deterministic("scale", pt.exp(log_scale))
        group = pm.Deterministic("group", raw * pt.exp((1 - centring) * log_scale))
        at_risk = (months * pt.exp(crude + shift)[None, :]).sum(axis=1)
        told = (exits_of_band * shift).sum() + (exits_of_group * group).sum()
        pm.Potential("likelihood", told - (pt.exp(group) * at_risk).sum())
        # the half-normal of σ, seen on its logarithm
        prior = log_scale - 0.5 * pt.exp(2 * log_scale) / PRIOR_SCALE**2
        prior -= 0.5 * (shift**2).sum() / _BAND_PRIOR_SD**2
        prior -= 0.5 * (raw**2 * pt.exp(-2 * centring * log_scale)).sum() + centring.sum() * log_scale
        pm.Potential("prior", prior)
    return model


def _sample(cells: GroupCells, seed: int) -> Sampled:
    """Draws of `scale`, which passed the gate, and of `shift` (of α from its crude value) and `group` (u)."""
    n_groups, n_bands = cells.months.shape
    key = ("turnover.groups", n_groups, n_bands)
    compiled = compile_once(key, lambda: build_model(n_groups, n_bands))
    # who leaves is at risk for half of the month
    months = cells.months - cells.exits / 2
    data = {
        "months": months,
        "exits_of_group": cells.exits.sum(axis=1),
        "exits_of_band": cells.exits.sum(axis=0),
        "crude": _crude(cells),
    }
    suggested = _centring(cells)
    refused: ConvergenceError | None = None
    tries = (
        (suggested, _STEPS),
        (suggested, _SHORT),
        (np.zeros(n_groups), _SHORT),
        (np.ones(n_groups), _SHORT),
    )
    # another try also draws anew: a chain that went astray once seldom does so twice
    for number, (centring, target_accept) in enumerate(tries):
        try:
            return sample(
                compiled,
                data | {"centring": centring},
                reported=["scale"],
                ungated=["shift", "group"],
                seed=int(np.random.default_rng([seed, _SEED, number]).integers(2**31)),
                where=f"turnover.groups (by {cells.what})",
                draws=_DRAWS,
                target_accept=target_accept,
            )
        except ConvergenceError as error:
            refused = error
    assert refused is not None
    raise refused


def _crude(cells: GroupCells) -> Floats:
    """Log of the monthly rate of each band, all groups together; shape (B,)."""
    return np.asarray(np.log(cells.exits.sum(axis=0) / (cells.months - cells.exits / 2).sum(axis=0)))


def _expected(cells: GroupCells) -> Floats:
    """Exits of each group if all were alike, shape (G,)."""
    return np.asarray((cells.months - cells.exits / 2) @ np.exp(_crude(cells)))


def _centring(cells: GroupCells) -> Floats:
    """Share of what is known about each group that its own exits tell: E σ² / (1 + E σ²), σ² by moments."""
    exits, expected = cells.exits.sum(axis=1), _expected(cells)
    variance = max(float(((exits - expected) ** 2 - expected).sum() / (expected**2).sum()), 0.0)
    return np.asarray(expected * variance / (1 + expected * variance))


def _rates(cells: GroupCells, sampled: Sampled) -> tuple[dict[str, dict[str, Floats]], Floats]:
    """Draws of the rate by level and name, and of all; a wider group's are those of its parts, by months."""
    band = np.exp(_crude(cells) + sampled.draws["shift"])
    weight = cells.months.sum(axis=0) / cells.months.sum()
    own = np.stack(
        [
            _PER_100_YEARS * (-np.expm1(-band * u[..., None]) @ weight)
            for u in np.moveaxis(np.exp(sampled.draws["group"]), -1, 0)
        ],
        axis=-1,
    )
    months = cells.months.sum(axis=1)

    def together(chosen: Any) -> Floats:
        return np.asarray(own[..., chosen] @ (months[chosen] / months[chosen].sum()))

    levels = {cells.what: {str(name): own[..., i] for i, name in enumerate(cells.names)}}
    for level in cells.above:
        names = np.unique(level.groups)
        levels[level.name] = {str(name): together(level.groups == name) for name in names}
    return levels, together(np.arange(months.size))


def _summary(draws: Floats) -> Summary:
    import arviz as az

    low, high = (float(v) for v in np.quantile(draws, [0.025, 0.975]))
    lower, upper = (float(az.mcse(draws, method="quantile", prob=p)) for p in (0.025, 0.975))
    errors = (float(az.mcse(draws, method="mean")), lower, upper)
    return Summary(mean=float(draws.mean()), low=low, high=high, errors=errors)


def _spread(scale: Floats) -> Spread:
    import arviz as az

    ratio = np.exp(_MEDIAN * scale)
    differs = (ratio > TRIVIAL_RATIO).astype(float)
    # draws that are all alike show no error; it is below that of one draw
    mixed = 0 < differs.mean() < 1
    return Spread(
        scale=_summary(scale),
        scale_sd=float(scale.std(ddof=1)),
        median_ratio=_summary(ratio),
        prob_differs=float(differs.mean()),
        prob_error=float(az.mcse(differs, method="mean")) if mixed else 1.0 / differs.size,
    )


def _under_prior(scale: Floats, prior_scale: float) -> tuple[float, float] | None:
    """Mean of σ and probability that groups differ under another prior scale, by weights on the draws.

    Source: Kallioinen, Paananen, Bürkner and Vehtari (2024), Statistics and Computing 34:57.

    Returns:
        None where so few draws carry the weight that they can't tell.
    """
    log_weight = 0.5 * scale**2 * (PRIOR_SCALE**-2 - prior_scale**-2)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    if 1 / float((weight**2).sum()) < _LEAST_WEIGHT:
        return None
    differs = np.exp(_MEDIAN * scale) > TRIVIAL_RATIO
    return float(weight @ scale), float(weight @ differs)


def _predict_spread(cells: GroupCells, sampled: Sampled, seed: int) -> float:
    """Posterior predictive p of Σ (O − E)² / E over groups, groups drawn anew (Gelman, Meng and Stern 1996).

    E is what a group of its months and tenure would have, were it like all.
    """
    rng = np.random.default_rng([seed, _SEED, 9])
    n_bands = cells.months.shape[1]
    band = np.exp(_crude(cells) + sampled.draws["shift"].reshape(-1, n_bands))
    scale = sampled.draws["scale"].ravel()
    expected, months = _expected(cells), cells.months.astype(np.int64)
    seen = float(((cells.exits.sum(axis=1) - expected) ** 2 / expected).sum())
    more = 0.0
    for draw in rng.choice(scale.size, size=_REPLICATES, replace=False):
        group = np.exp(rng.normal(0.0, scale[draw], cells.names.size))
        exits = rng.binomial(months, -np.expm1(-group[:, None] * band[draw])).sum(axis=1)
        told = float(((exits - expected) ** 2 / expected).sum())
        more += float(told > seen) + 0.5 * float(told == seen)
    return more / _REPLICATES
