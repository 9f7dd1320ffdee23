"""What is true of a world: estimands by paired intervention on a million simulated people."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import multiprocessing
from collections.abc import Iterable, Iterator

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.synth.definitions import DEFINITIONS, HORIZONS_MONTHS
from wellperf_models.synth.dynamics import CAUSES
from wellperf_models.synth.forecast import auc_of
from wellperf_models.synth.large_sample import fit_levels, fit_slopes
from wellperf_models.synth.policies import policy_effects
from wellperf_models.synth.tallies import FOLLOW_UP_MONTHS, LONGEST_MONTHS, Tally, tally_block
from wellperf_models.synth.trial import trial_effects
from wellperf_models.synth.world import World

A_MILLION = 1_000_000
# the truth's people are others than the data's, whatever the seed
_FIRST_BLOCK = 1_000_000
_BLOCK_POSTS, _FEWEST_BLOCKS = 20_000, 10


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truth:
    """True values of what the workbench estimates.

    Attributes:
        world: The parameters.
        estimands: Name (see `DEFINITIONS`) → value.
        monte_carlo_error: Name → standard error of that value from simulating finitely many people.
        n_people: Posts simulated. seed: Seed of the simulation.
    """

    world: World
    estimands: dict[str, float]
    monte_carlo_error: dict[str, float]
    n_people: int
    seed: int

    def __repr__(self) -> str:
        """Shape; values are in `estimands`."""
        return (
            f"Truth({self.world!r}, {len(self.estimands)} estimands from {self.n_people:,} simulated people)"
        )

    __str__ = __repr__

    def to_json(self) -> str:
        """Everything as JSON, with a definition of each estimand and how to make it again."""
        preset, _, variant = self.world.name.partition(".")
        command = f"wellperf simulate DIR --preset {preset}" + (f" --variant {variant}" if variant else "")
        world = {
            key: str(v) if key == "observed_from" else v for key, v in dataclasses.asdict(self.world).items()
        }
        content = {
            "command": f"{command} --seed {self.seed} --truth {self.n_people}",
            "seed": self.seed,
            "n_people": self.n_people,
            "world": world,
            "estimands": {
                name: {
                    # rounded far below the Monte Carlo error, so that the last bits of a machine don't show
                    "value": round(value, 8),
                    "monte_carlo_error": round(self.monte_carlo_error[name], 8),
                    "definition": DEFINITIONS[name],
                }
                for name, value in self.estimands.items()
            },
        }
        return json.dumps(content, indent=2) + "\n"


def truth(
    world: World, *, seed: int = 0, n_people: int = A_MILLION, progress: bool = False, processes: int = 1
) -> Truth:
    """Computes the estimands of a world.

    People live the same months under every policy with the same random numbers, so that results differ by
    effect alone; blocks of people are independent, and the Monte Carlo error is their jackknife.

    Args:
        world: The parameters; its `people` do not matter (the truth is that of a large organisation like it).
        seed: Seed of the simulation; its people are never those `generate` makes.
        n_people: Posts to simulate; a million for anything published.
        progress: Show a progress bar.
        processes: Processes to share the work; the values do not depend on it.

    Raises:
        DesignError: Too few people for ten blocks of whole organisations, or an extract without two waves.
    """
    if world.months <= world.survey_every_months:
        raise DesignError(
            "The extract is too short for a truth.",
            expected=f"two survey waves: more than {world.survey_every_months} months",
            got=f"{world.months} months",
            where="truth(world)",
        )
    size = min(_BLOCK_POSTS, n_people // _FEWEST_BLOCKS)
    if size < 4 * max(world.team_size, world.departments):
        raise DesignError(
            "Too few people to compute a truth from.",
            expected=f"at least {4 * max(world.team_size, world.departments) * _FEWEST_BLOCKS}",
            got=str(n_people),
            where="truth(n_people=…)",
        )
    jobs = [(world, seed, _FIRST_BLOCK + block, size) for block in range(n_people // size)]
    tallies = list(_in_order(jobs, processes, progress))
    total = {key: np.sum([tally[key] for tally in tallies], axis=0) for key in tallies[0]}
    values = _estimands(total)
    left_out = [_estimands({key: total[key] - tally[key] for key in total}) for tally in tallies]
    n = len(tallies)
    errors = {
        name: float(np.sqrt((n - 1) / n * np.square([v[name] - values[name] for v in left_out]).sum()))
        for name in values
    }
    return Truth(world=world, estimands=values, monte_carlo_error=errors, n_people=n * size, seed=seed)


def _in_order(jobs: list[tuple[World, int, int, int]], processes: int, progress: bool) -> Iterator[Tally]:
    """Tallies in the order of the jobs, so that sums come out the same however they were shared."""
    with contextlib.ExitStack() as stack:
        if processes > 1:
            pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(processes))
            found: Iterable[Tally] = pool.imap(_tally, jobs)
        else:
            found = map(_tally, jobs)
        if progress:
            from tqdm import tqdm

            # disable=None: silent where the output is not a terminal
            found = tqdm(found, total=len(jobs), desc="truth", unit="block", disable=None)
        yield from found


def _tally(job: tuple[World, int, int, int]) -> Tally:
    return tally_block(*job)


def _estimands(sums: Tally) -> dict[str, float]:
    """Every estimand as a function of the sums, in the order of `DEFINITIONS`."""
    n, xs, ys, xx, yy, xy = sums["moments"]
    values = {
        **_by_tenure(sums),
        **{
            f"exits_per_100_person_years_{cause}": 100 * float(sums["exits"][k] / sums["person_years"])
            for k, cause in enumerate(CAUSES)
        },
        "exhaustion_mean": float(sums["exhaustion_sum"] / sums["person_months"]),
        "exhaustion_autocorrelation_one_wave": float(
            (xy - xs * ys / n) / np.sqrt((xx - xs * xs / n) * (yy - ys * ys / n))
        ),
        "auc_last_score": auc_of(sums["forecasts"]),
        **trial_effects(_part(sums, "trial")),
        **fit_slopes(sums["at_risk"], sums["events"]),
        **fit_levels(sums["at_risk"], sums["events"]),
        "programme_effect_exhaustion_12_months": _difference(sums, "programme", "exhaustion"),
        "programme_effect_voluntary_exits_per_100_person_years": 100
        * 12
        / FOLLOW_UP_MONTHS
        * _difference(sums, "programme", "exits"),
        **policy_effects(_part(sums, "policy")),
    }
    for group in ("women", "temporary"):
        for stage in ("before", "after"):
            values[f"rating_gap_{group}_{stage}"] = float(sums[f"gap_{group}_{stage}"] / sums[f"n_{group}"])
    # −0.0 and 0.0 are one truth
    return {name: values[name] + 0.0 for name in DEFINITIONS}


def _part(sums: Tally, name: str) -> Tally:
    return {k.removeprefix(f"{name}."): v for k, v in sums.items() if k.startswith(f"{name}.")}


def _difference(sums: Tally, policy: str, what: str) -> float:
    return float((sums[f"{policy}.{what}"] - sums[f"none.{what}"]) / sums["none.people"])


def _by_tenure(sums: Tally) -> dict[str, float]:
    """Product-limit and Aalen–Johansen values with delayed entry, as a large sample gives them."""
    before_exit = np.cumsum(sums["left"].sum(axis=0)) - sums["left"].sum(axis=0)
    at_risk = np.cumsum(sums["entered"]) - sums["entered"] - before_exit
    steps = LONGEST_MONTHS * 31 + 1
    at_risk, left = np.maximum(at_risk[:steps], 1), sums["left"][1:, :steps]
    survival = np.cumprod(1 - left.sum(axis=0) / at_risk)
    just_before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(just_before * left / at_risk, axis=1)
    found = {f"survival_{h}_months": float(survival[31 * h]) for h in HORIZONS_MONTHS}
    for k, cause in enumerate(CAUSES):
        for h in HORIZONS_MONTHS:
            found[f"cumulative_incidence_{cause}_{h}_months"] = float(incidence[k, 31 * h])
    found["restricted_mean_36_months"] = float(survival[: steps - 1].sum() / 31)
    return found
