"""How often people leave by group: hazards partially pooled on exact cells of group and band of tenure.

In a month of band b somebody of group g leaves for the modelled cause at the rate λ = exp(α_b + u_g),

    u ~ Normal(0, σ²) with Σ u_g = 0,   σ ~ |Normal(0, .5²)|,   α_b ~ Normal(crude log rate, 2²).

A small group is drawn to what is usual, the more the less groups differ (Gelman and Hill 2007, chapter 12). Of
n at risk, d leave with the log-likelihood d log(1 − exp(−λ)) − (n − d) λ = d log λ − (n − d/2) λ + d λ²/24 − …:
the last term, .0004 an exit at a monthly rate of .1, is left out, and what is left needs the exits of each
group and band and the months of each cell alone: a fit costs what groups cost, not what people cost.

Where groups are large and differ, u mixes as it is (centred); where they are small or alike, u / σ does
(Betancourt and Girolami 2015). What the exits suggest is tried first, then the other.
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
# two groups picked at random then differ by less than a tenth, as a rule
TRIVIAL_RATIO: Final = 1.1
_DRAWS: Final = 1_500
_BAND_PRIOR_SD: Final = 2.0
_SEED: Final = 83
# information of a typical group's own exits by that of the others, from which on the former is more
_RICH: Final = 2.0
# log of the ratio of two groups picked at random is normal with σ √2; its absolute value has this median
_MEDIAN: Final = math.sqrt(2) * 0.6744897501960817
# exits of 100 people in a year, from a monthly probability
_PER_100_YEARS: Final = 1_200.0


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A quantity of the posterior: mean and 95 % interval, never draws."""

    mean: float
    low: float
    high: float
    monte_carlo_error: float

    def __repr__(self) -> str:
        """Its values have not passed the gate."""
        return "Summary(not released)"


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Posterior of how much groups differ.

    Attributes:
        scale: σ, the standard deviation of log hazards between groups.
        scale_sd: Standard deviation of its posterior.
        median_ratio: Ratio of the rates of two groups picked at random, the higher one above: its median.
        prob_differs: Probability that this ratio is above 1.1.
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
        rates: Level → name → exits per 100 people and year at everyone's mix of tenure.
        everyone: The same of all.
        diagnostics: Worst over all of these.
        centred: How groups were sampled.
        predicted_spread: Share of data sets drawn from the posterior, groups drawn anew, in which exits by
            group spread more than in the data.
        other_priors: Prior scale → spread under it, or None where the chains did not agree.
    """

    cells: GroupCells
    spread: Spread
    rates: dict[str, dict[str, Summary]]
    everyone: Summary
    diagnostics: Diagnostics
    centred: bool
    predicted_spread: float
    other_priors: dict[float, Spread | None]

    def __repr__(self) -> str:
        """Shapes only."""
        return f"GroupHazards({self.cells!r}; not released)"


def fit_groups(
    frame: TurnoverFrame, section: Turnover, *, widen: Sequence[str] = LEVELS
) -> GroupHazards:
    """Samples the partially pooled hazards of the modelled cause, and refits under other priors of the scale.

    Args:
        frame: The turnover frame.
        section: `[turnover]`, with `pooled_by`.
        widen: `disclosure.widen`: levels above a group, in which small ones are shown.

    Raises:
        DesignError: Not asked, or too few groups or exits.
        ConvergenceError: The chains do not agree.
    """
    cells = build_groups(frame, section, widen)
    sampled, centred = _sample_either(cells, frame.seed, PRIOR_SCALE)
    rates = _draws_of(sampled, "rate")
    levels = _levels(cells, rates)
    everyone = _weighted(rates, cells.months.sum(axis=1))
    widest = {"everyone": everyone}
    for name, groups in levels.items():
        if name != cells.what:
            widest |= {f"{name} {key}": value for key, value in groups.items()}
    own = diagnose(widest)
    gate(own, where="turnover.groups")
    return GroupHazards(
        cells=cells,
        spread=_spread(sampled),
        rates={
            name: {key: _summary(draws) for key, draws in groups.items()} for name, groups in levels.items()
        },
        everyone=_summary(everyone),
        diagnostics=_worse(sampled.diagnostics, own),
        centred=centred,
        predicted_spread=_predict_spread(cells, sampled, frame.seed),
        other_priors={
            scale: _refit(cells, frame.seed, scale, centred) for scale in (PRIOR_SCALE / 2, 2 * PRIOR_SCALE)
        },
    )


def build_model(n_groups: int, n_bands: int, *, centred: bool) -> Any:
    """The PyMC model; its data are replaced at every fit.

    Args:
        n_groups, n_bands: G and B.
        centred: Whether u itself is sampled, or u / σ.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model() as model:
        months = pm.Data("months", np.ones((n_groups, n_bands)))
        exits_of_group = pm.Data("exits_of_group", np.zeros(n_groups))
        exits_of_band = pm.Data("exits_of_band", np.zeros(n_bands))
        crude = pm.Data("crude", np.zeros(n_bands))
        prior_scale = pm.Data("prior_scale", PRIOR_SCALE)
        shift = pm.Normal("shift", 0.0, _BAND_PRIOR_SD, shape=n_bands)
        scale = pm.HalfNormal("scale", prior_scale)
        if centred:
            group = pm.ZeroSumNormal("group", sigma=scale, shape=n_groups)
        else:
            raw = pm.ZeroSumNormal("raw", sigma=1.0, shape=n_groups)
            group = pm.Deterministic("group", scale * raw)
        expected = pt.exp(group) * pt.dot(months, pt.exp(crude + shift))
        told = pt.dot(exits_of_band, shift) + pt.dot(exits_of_group, group)
        pm.Potential("likelihood", told - expected.sum())
    return model


def _sample_either(cells: GroupCells, seed: int, prior_scale: float) -> tuple[Sampled, bool]:
    first = _suggests_centred(cells)
    try:
        return sample_cells(cells, seed, prior_scale, centred=first), first
    except ConvergenceError:
        return sample_cells(cells, seed, prior_scale, centred=not first), not first


def _suggests_centred(cells: GroupCells) -> bool:
    """Whether exits say more about a typical group than the other groups do: E σ² above 2, σ² by moments."""
    exits = cells.exits.sum(axis=1)
    expected = cells.months @ (cells.exits.sum(axis=0) / cells.months.sum(axis=0))
    variance = float(((exits - expected) ** 2 - expected).sum() / (expected**2).sum())
    return variance * float(np.median(expected)) > _RICH


def sample_cells(cells: GroupCells, seed: int, prior_scale: float, *, centred: bool) -> Sampled:
    """Draws of `scale`, `shift` (of α from its crude value) and `group` (u) that passed the gate.

    Args:
        cells: From `build_groups`.
        seed: Of the study.
        prior_scale: Of σ.
        centred: See `build_model`.

    Raises:
        ConvergenceError: The chains do not agree.
    """
    n_groups, n_bands = cells.months.shape
    return sample(
        compile_once(
            ("turnover.groups", n_groups, n_bands, centred),
            lambda: build_model(n_groups, n_bands, centred=centred),
        ),
        {
            # who leaves is at risk for half of the month
            "months": cells.months - cells.exits / 2,
            "exits_of_group": cells.exits.sum(axis=1),
            "exits_of_band": cells.exits.sum(axis=0),
            "crude": crude_rates(cells),
            "prior_scale": prior_scale,
        },
        reported=["scale", "shift", "group"],
        # every prior with the same luck: what differs is the prior
        seed=int(np.random.default_rng([seed, _SEED]).integers(2**31)),
        where=f"turnover.groups (by {cells.what})",
        draws=_DRAWS,
    )


def crude_rates(cells: GroupCells) -> Floats:
    """Log of the monthly rate of each band, all groups together; shape (B,)."""
    months = (cells.months - cells.exits / 2).sum(axis=0)
    return np.asarray(np.log(cells.exits.sum(axis=0) / months))


def _refit(cells: GroupCells, seed: int, prior_scale: float, centred: bool) -> Spread | None:
    try:
        return _spread(sample_cells(cells, seed, prior_scale, centred=centred))
    except ConvergenceError:
        return None


def _draws_of(sampled: Sampled, name: str) -> Floats:
    """A vector's draws, shape (chains, draws, n)."""
    found = [v for key, v in sampled.draws.items() if key.startswith(f"{name}[")]
    return np.stack(found, axis=-1)


def _levels(cells: GroupCells, rates: Floats) -> dict[str, dict[str, Floats]]:
    """Draws by level and name: of a wider group, those of its parts by their months at risk."""
    months = cells.months.sum(axis=1)
    levels = {cells.what: {str(n): rates[..., i] for i, n in enumerate(cells.names)}}
    for level in cells.above:
        levels[level.name] = {
            str(name): _weighted(rates[..., level.groups == name], months[level.groups == name])
            for name in np.unique(level.groups)
        }
    return levels


def _weighted(rates: Floats, months: Floats) -> Floats:
    return np.asarray(rates @ (months / months.sum()))


def _summary(draws: Floats) -> Summary:
    import arviz as az

    low, high = np.quantile(draws, [0.025, 0.975])
    return Summary(
        mean=float(draws.mean()),
        low=float(low),
        high=float(high),
        monte_carlo_error=float(az.mcse(draws, method="mean")),
    )


def _spread(sampled: Sampled) -> Spread:
    import arviz as az

    scale = sampled.draws["scale"]
    ratio = np.exp(_MEDIAN * scale)
    differs = (ratio > TRIVIAL_RATIO).astype(float)
    # all draws alike have no error that could be told; one draw in their number bounds it
    error = float(az.mcse(differs, method="mean")) if 0 < differs.mean() < 1 else 1.0 / differs.size
    return Spread(
        scale=_summary(scale),
        scale_sd=float(scale.std(ddof=1)),
        median_ratio=_summary(ratio),
        prob_differs=float(differs.mean()),
        prob_error=error,
    )


def _worse(one: Diagnostics, other: Diagnostics) -> Diagnostics:
    first = one if one.r_hat >= other.r_hat else other
    return Diagnostics(
        r_hat=first.r_hat,
        ess_bulk=min(one.ess_bulk, other.ess_bulk),
        ess_tail=min(one.ess_tail, other.ess_tail),
        n_divergences=one.n_divergences,
        worst=first.worst,
    )


def _predict_spread(cells: GroupCells, sampled: Sampled, seed: int) -> float:
    """Posterior predictive p of the spread of exits by group, groups drawn anew (Gelman et al. 1996).

    The spread is Σ (O − E)² / E over groups, E what a group of its size and tenure would have on average.
    """
    rng = np.random.default_rng([seed, _SEED, 1])
    band, scale = _draws_of(sampled, "band").reshape(-1, cells.months.shape[1]), sampled.draws["scale"].ravel()
    chosen = rng.choice(scale.size, size=min(500, scale.size), replace=False)
    more = 0.0
    for draw in chosen:
        common = -np.expm1(-np.exp(band[draw]))
        expected = cells.months @ common
        group = rng.normal(0.0, scale[draw], cells.names.size)
        chance = -np.expm1(-np.exp(band[draw][None, :] + group[:, None]))
        drawn = rng.binomial(cells.months.astype(np.int64), chance).sum(axis=1)
        told, seen = (
            float(((o - expected) ** 2 / expected).sum()) for o in (drawn, cells.exits.sum(axis=1))
        )
        more += float(told > seen) + 0.5 * float(told == seen)
    return more / chosen.size
