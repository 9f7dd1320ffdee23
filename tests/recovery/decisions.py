"""Whether programmes pay as often as they are said to, and how often one that does nothing is funded.

`python -m tests.recovery.decisions --worlds 100` prints the tables of DECISIONS.md. In each world what the
offer changes, what one unit of it is worth and what the programme costs are drawn from what the study file
believes; the trial is simulated, and the pillar's own functions (effects, posterior by the sampler, decision)
say with which probability the programme pays. Most posteriors are those of the estimate by quantiles, some
are sampled as on the page. The flat set holds no belief that a world could be drawn from.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tests.recovery.trials import NULL, Trial, outcomes_of, study_of
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.logistic import fit_logistic
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.method_check.quick_posterior import quick_posteriors
from wellperf_models.method_check.verdicts import chance_of
from wellperf_models.roi import (
    DecisionResult,
    Effect,
    build_frame,
    fit_decision,
    fit_effects,
    fit_posterior,
)
from wellperf_models.roi.terms import cash_of, unknown
from wellperf_models.study import PriorSet, Study
from wellperf_models.tables import Tables

BELIEFS: tuple[PriorSet, ...] = ("sceptical", "organisational", "optimistic")
SHAPES: dict[str, Trial] = {
    "600 people": dataclasses.replace(NULL, people=600),
    "20 teams of 30": dataclasses.replace(NULL, people=600, clusters=20),
}
# standard deviation of the score without the programme: confounder and noise, beside what teams share
_SD = math.sqrt(2)
_SPREAD = 0.3
EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was said of one programme, and whether it pays."""

    p_positive: float
    pays: bool


def believed_study(trial: Trial, seed: int, belief: PriorSet) -> Study:
    """The trial's study; what is believed of the score is in its unit, amounts and costs are uncertain."""
    content = study_of(trial, seed).model_dump(mode="json", exclude_unset=True)
    mean, sd = {"sceptical": (0.0, 0.10), "organisational": (0.10, 0.20), "optimistic": (0.25, 0.15)}[belief]
    roi = content["roi"]
    roi["priors"] = {
        belief: {
            "score": {
                "quantity": "change of the score",
                "scale": "unit",
                "mean": mean * _SD,
                "sd": sd * _SD,
                "source": "simulated",
                "status": "judgement",
            }
        }
    }
    roi["outcomes"]["score"]["value"]["spread"] = _SPREAD
    roi["costs"][0]["spread"] = _SPREAD
    return Study.model_validate(content)


def decided(study: Study, world: Trial, seed: int, *, sampler: bool) -> DecisionResult:
    """The pillar's own decision on one trial.

    Args:
        study: With what is believed.
        world: The trial.
        seed: Of its draws.
        sampler: The page's own posterior; else the same one by quantiles (`method_check.quick_posterior`).
    """
    frame = build_frame(Tables.from_frames(study, {"outcomes": outcomes_of(world, seed)}))
    section = frame.section
    effects = fit_effects(frame, section)
    if sampler:
        return fit_decision(frame, effects, fit_posterior(frame, effects, section), section)
    effect = effects.of["score"].intention_to_treat
    assert isinstance(effect, Effect)
    sets = ("flat", "sceptical", *section.priors)
    posteriors = quick_posteriors(frame, {"score": effect}, sets, section, np.random.default_rng([seed, 1]))
    return fit_decision(frame, effects, posteriors, section)


def one_world(trial: Trial, belief: PriorSet, seed: int, *, sampler: bool) -> Said:
    """Draws a programme, tries it, and decides."""
    rng = np.random.default_rng([seed, 0xDEC1])
    study = believed_study(trial, seed, belief)
    assert study.roi is not None
    entry = study.roi.priors[belief]["score"]
    offer = entry.mean + entry.sd * float(rng.normal())
    amount, cost = np.exp(_SPREAD * rng.normal(size=2))
    world = dataclasses.replace(trial, effect=offer / trial.compliance)
    decision = decided(study, world, seed, sampler=sampler)
    truth = {
        unknown("effect", "score"): np.array([offer]),
        unknown("amount", "score"): np.array([amount]),
        unknown("cost", "0"): np.array([cost]),
    }
    return Said(
        p_positive=decision.returns[belief].p_positive,
        pays=bool(cash_of(truth, decision.terms).npv[0] > 0),
    )


def null_funded(trial: Trial, seed: int) -> bool:
    """Whether a programme that changes nothing, and costs, is funded under the packaged priors."""
    world = dataclasses.replace(trial, effect=0.0)
    return decided(study_of(trial, seed), world, seed, sampler=False).answer == "fund"


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How probabilities and what came of them agree.

    Attributes:
        n: Worlds.
        said, paid: Mean probability, and share that pays.
        p_number, p_brier: Two-sided p of the number that pay, and of the Brier score, if probabilities hold.
        slope, low, high: Logistic slope of what came on the log odds, 99 %; 1 where probabilities hold.
        bins: (from, to, worlds, mean probability, share that pays, its 99 % interval).
    """

    n: int
    said: float
    paid: float
    p_number: float
    p_brier: float
    slope: float
    low: float
    high: float
    bins: tuple[tuple[float, float, int, float, float, float, float], ...]

    @property
    def holds(self) -> bool:
        """Nothing lies outside its 99 % Monte Carlo interval, two tests corrected for."""
        return 2 * min(self.p_number, self.p_brier) >= 0.01 and self.low <= 1 <= self.high


def _slope(p: Floats, pays: Floats) -> tuple[float, float]:
    """Logistic slope and half its 99 % interval; (1, inf) where worlds are told apart without an error."""
    # what a few thousand draws say is never certain
    log_odds = stats.logistic.ppf(np.clip(p, 1e-3, 1 - 1e-3))
    fit = attempt(fit_logistic, log_odds[:, None], np.ones(p.size), pays, np.inf)
    if isinstance(fit, Unanswered):
        return 1.0, math.inf
    slope = float(fit.beta[0])
    mean = 1 / (1 + np.exp(-(fit.intercept + slope * log_odds)))
    weight = mean * (1 - mean)
    centred = log_odds - np.average(log_odds, weights=weight)
    return slope, 2.576 / math.sqrt(float((weight * centred**2).sum()))


def calibrate(told: Sequence[Said]) -> Calibration:
    """Calibration over worlds."""
    p = np.array([t.p_positive for t in told])
    pays = np.array([float(t.pays) for t in told])
    p_number, p_brier = chance_of(p, pays)
    slope, half = _slope(p, pays)
    bins = []
    for low, high in itertools.pairwise(EDGES):
        own = (p >= low) & ((p < high) | (high == 1.0))
        if n := int(own.sum()):
            k = int(pays[own].sum())
            interval = stats.binomtest(k, n).proportion_ci(0.99)
            bins.append(
                (low, high, n, float(p[own].mean()), k / n, float(interval.low), float(interval.high))
            )
    return Calibration(
        n=p.size,
        said=float(p.mean()),
        paid=float(pays.mean()),
        p_number=p_number,
        p_brier=p_brier,
        slope=slope,
        low=slope - half,
        high=slope + half,
        bins=tuple(bins),
    )


Found = dict[tuple[str, str], Calibration]


def print_calibration(found: Found) -> bool:
    """Prints slopes and bins; whether something is off."""
    print("| trial | drawn from | worlds | said | paid | p of the number | p of Brier | slope | 99 % |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (shape, belief), c in found.items():
        p = f"{c.p_number:.2f} | {c.p_brier:.2f}"
        slope = f"{c.slope:.2f} | {c.low:.2f} to {c.high:.2f}"
        print(f"| {shape} | {belief} | {c.n} | {c.said:.3f} | {c.paid:.3f} | {p} | {slope} |")
    print("\n| trial | drawn from | said between | worlds | said | paid | 99 % |")
    print("|---|---|---|---|---|---|---|")
    for (shape, belief), c in found.items():
        for low, high, n, said, paid, least, most in c.bins:
            told = f"{n} | {said:.2f} | {paid:.2f} | {least:.2f} to {most:.2f}"
            print(f"| {shape} | {belief} | {low:g} and {high:g} | {told} |")
    return not all(c.holds for c in found.values())


def print_nothing(seeds: range) -> bool:
    """Prints how often a programme that does nothing is funded; whether that is too often."""
    from tqdm import tqdm

    wrong = False
    print("\n| trial of a programme that does nothing | funded | of | 99 % |\n|---|---|---|---|")
    for shape, trial in SHAPES.items():
        jobs = tqdm(seeds, desc=f"{shape}, nothing", leave=False, disable=not sys.stderr.isatty())
        funded = sum(null_funded(trial, seed) for seed in jobs)
        interval = stats.binomtest(funded, len(seeds)).proportion_ci(0.99)
        print(f"| {shape} | {funded} | {len(seeds)} | {interval.low:.3f} to {interval.high:.3f} |")
        wrong |= bool(stats.binomtest(funded, len(seeds), 0.05, alternative="greater").pvalue < 0.01)
    return wrong


def by_quantiles(seeds: range) -> Found:
    """Calibration of each kind of world; rows of a table share their programmes, worlds of a row do not."""
    from tqdm import tqdm

    found: Found = {}
    for shape, trial in SHAPES.items():
        for belief in BELIEFS:
            jobs = tqdm(seeds, desc=f"{shape}, {belief}", leave=False, disable=not sys.stderr.isatty())
            found[shape, belief] = calibrate([one_world(trial, belief, s, sampler=False) for s in jobs])
    return found


def by_sampler(n: int, first: int) -> Calibration:
    """Calibration over n worlds of each kind together, every one of them another."""
    from tqdm import tqdm

    kinds = list(itertools.product(SHAPES.values(), BELIEFS))
    seeds = tqdm(range(n * len(kinds)), desc="sampler", leave=False, disable=not sys.stderr.isatty())
    return calibrate([one_world(*kinds[s % len(kinds)], first + s, sampler=True) for s in seeds])


def main() -> int:
    """Prints the tables; exit code 1 where something lies outside its Monte Carlo interval."""
    parser = argparse.ArgumentParser(prog="python -m tests.recovery.decisions", description=__doc__)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--sampled", type=int, default=12, help="of each kind, by the sampler of the page")
    parser.add_argument("--part", choices=["all", "quantiles", "sampler"], default="all")
    parser.add_argument("--first-seed", type=int, default=10_000)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.worlds)
    found: Found = {}
    if arguments.part != "sampler":
        found |= by_quantiles(seeds)
    if arguments.part != "quantiles":
        found["both, by the sampler", "each of the three"] = by_sampler(arguments.sampled, seeds.start)
    wrong = print_calibration(found)
    if arguments.part != "sampler":
        wrong |= print_nothing(seeds)
    return int(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
