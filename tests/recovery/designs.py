"""Coverage and bias by design and number of clusters: `python -m tests.recovery.designs --worlds 200`.

Lots by person and by team, a roll-out at different times whose effects are all alike or differ by starting
time and grow, and a comparison group that was not drawn by lot; 8, 20 and 60 teams. Beside the roll-outs
stands what plain two-way fixed effects make of them. Then the detectors, in worlds with the fault and
without. The committed table is DESIGNS.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tests.fakes import FakeTables
from tests.recovery import trials
from tests.recovery.worlds import Found, Judged, judge
from tests.roi.designs.worlds import QUARTERS, roll_out_tables, two_groups_tables
from wellperf_models.inference.least_squares import fit_wls
from wellperf_models.roi import build_frame, check_contrast, check_effects, fit_effects
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame

STARTS: tuple[int | None, ...] = (4, 7, 10, None)
UNEVEN: dict[str, float] = {"effect": -0.4, "growth": -0.15, "early": -0.1}
TWFE = "two-way fixed effects"
CLUSTERS = (8, 20, 60)
_FIRST_YEAR = 4

Floats = NDArray[np.float64]


def effect_of(
    start: int, since: int, *, effect: float = -0.5, growth: float = 0.0, early: float = 0.0
) -> float:
    """The true effect on a team that started in a quarter, some quarters later."""
    last = max(s for s in STARTS if s is not None)
    return effect + growth * since + early * (last - start)


def truth_of_roll_out(most: int, **world: float) -> float:
    """Mean effect over treated team-quarters, `most` quarters from the start on; teams are as many each."""
    cells = [
        effect_of(start, since, **world)
        for start in STARTS
        if start is not None
        for since in range(min(most, len(QUARTERS) - start))
    ]
    return float(np.mean(cells))


def _found(effect: object) -> Found:
    assert isinstance(effect, Effect)
    return Found(value=effect.value, error=effect.std_error, low=effect.low, high=effect.high)


def of_tables(tables: FakeTables) -> tuple[RoiFrame, Found]:
    """The effect on the first outcome by the package's own pipeline."""
    frame = build_frame(tables)
    section = frame.section
    return frame, _found(fit_effects(frame, section).of[section.primary].intention_to_treat)


def two_way(rows: OutcomeRows) -> Found:
    """What plain two-way fixed effects say: team and quarter dummies and one for being treated, CR2."""
    assert rows.timeline is not None
    time = rows.timeline.time
    n_periods = rows.timeline.n_periods
    codes, group = np.unique(rows.cluster, return_inverse=True)
    place = group * n_periods + time
    size = codes.size * n_periods
    w = np.bincount(place, rows.weight, size)
    y = np.bincount(place, rows.weight * rows.value, size) / w
    treated = np.bincount(place, rows.treated, size) > 0
    team, period = np.repeat(np.arange(codes.size), n_periods), np.tile(np.arange(n_periods), codes.size)
    X = np.column_stack(
        [team[:, None] == np.arange(codes.size), period[:, None] == np.arange(1, n_periods), treated]
    ).astype(float)
    fit = fit_wls(y, X, w, team)
    low, high = fit.interval(-1)
    return Found(value=float(fit.beta[-1]), error=float(fit.std_error[-1]), low=low, high=high)


@dataclass(frozen=True, kw_only=True)
class Study:
    """One design: name, clusters (0: by person), its truths, and what a world gives."""

    name: str
    clusters: int
    truth: dict[str, float]
    run: Callable[[int], dict[str, Found]]


def _lots(clusters: int) -> Study:
    trial = trials.Trial(people=max(400, 20 * clusters), clusters=clusters, share=0.5, weights=False)
    truth = {"effect": trial.truth["intention_to_treat"]}

    def run(seed: int) -> dict[str, Found]:
        return {"effect": trials.estimate(trial, seed)["intention_to_treat"]}

    return Study(
        name="lots by team" if clusters else "lots by person", clusters=clusters, truth=truth, run=run
    )


def _roll_out(clusters: int, *, uneven: bool) -> Study:
    world: dict[str, float] = UNEVEN if uneven else {"effect": -0.5}
    truth = {
        "effect": truth_of_roll_out(_FIRST_YEAR, **world),
        TWFE: truth_of_roll_out(len(QUARTERS), **world),
    }

    def run(seed: int) -> dict[str, Found]:
        settings: dict[str, Any] = {"teams": clusters, "size": 8, "starts": STARTS, "drawn": False}
        frame, found = of_tables(roll_out_tables(seed, **settings, **world))
        return {"effect": found, TWFE: two_way(frame.outcomes[frame.section.primary])}

    name = f"roll-out, effects {'that differ and grow' if uneven else 'all alike'}"
    return Study(name=name, clusters=clusters, truth=truth, run=run)


def _two_groups(clusters: int) -> Study:
    def run(seed: int) -> dict[str, Found]:
        tables = two_groups_tables(seed, n=20 * clusters, teams=clusters, gap=0.4, effect=-0.5)
        return {"effect": of_tables(tables)[1]}

    return Study(name="comparison group", clusters=clusters, truth={"effect": -0.5}, run=run)


def studies() -> list[Study]:
    """Every design with every number of clusters."""
    made = [_lots(0)]
    for clusters in CLUSTERS:
        made += [
            _lots(clusters),
            _roll_out(clusters, uneven=False),
            _roll_out(clusters, uneven=True),
            _two_groups(clusters),
        ]
    return made


def fires(tables: FakeTables, name: str) -> bool:
    """Whether a check of the effects, or else of the contrast, fails."""
    frame = build_frame(tables)
    effects = fit_effects(frame, frame.section)
    checks = (*check_effects(frame, effects), *check_contrast(frame, effects))
    return next(c for c in checks if c.name == name).passed is False


def _with(design: str, **world: Any) -> Callable[[int], FakeTables]:
    return lambda seed: two_groups_tables(seed, design=design, **world)


def _rolled(**world: Any) -> Callable[[int], FakeTables]:
    return lambda seed: roll_out_tables(seed, drawn=False, size=8, **world)


LEAD, MEAN = "no_effect_before_start", "no_regression_to_the_mean"
CONTROLLED = "controlled_before_after"
# check, design → world with the fault, world without
DETECTORS: dict[tuple[str, str], tuple[Callable[[int], FakeTables], Callable[[int], FakeTables]]] = {
    (LEAD, "roll-out, 24 teams"): (_rolled(trend=0.2), _rolled()),
    (LEAD, "comparison group, 400 people"): (
        _with(CONTROLLED, earlier=True, trend=0.4),
        _with(CONTROLLED, earlier=True),
    ),
    (MEAN, "comparison group, 400 people"): (_with(CONTROLLED, picked=True), _with(CONTROLLED)),
    (MEAN, "comparison group that always differed"): (
        _with(CONTROLLED, picked=True),
        _with(CONTROLLED, gap=0.8),
    ),
    (MEAN, "comparison group, two times before"): (
        _with(CONTROLLED, picked=True, earlier=True),
        _with(CONTROLLED, gap=0.8, earlier=True),
    ),
    (MEAN, "comparison group, 20 teams"): (
        _with(CONTROLLED, teams=20, picked=True),
        _with(CONTROLLED, teams=20),
    ),
    (MEAN, "participation"): (_with("participation", picked=True), _with("participation")),
    (MEAN, "before and after, one time before"): (
        _with("before_after", picked=True),
        _with("before_after"),
    ),
    (MEAN, "before and after, two times before"): (
        _with("before_after", earlier=True, picked=True),
        _with("before_after", earlier=True),
    ),
}


def _tell(study: Study, rows: list[Judged]) -> bool:
    """Prints the rows of a design; True where bias or coverage of the package's own estimate is off."""
    off = False
    for row in rows:
        held = round(row.coverage * row.n_worlds)
        interval = stats.binomtest(held, row.n_worlds).proportion_ci(0.99, "exact")
        what = study.name if row.name == "effect" else f"{study.name}: {row.name}"
        print(
            f"| {what} | {study.clusters or '–'} | {row.truth:.3f} | {row.mean:.3f} | "
            f"{row.bias_in_errors:+.2f} | {row.coverage:.3f} | {interval.low:.3f} to {interval.high:.3f} |"
        )
        off |= row.name == "effect" and (row.bias_p < 0.01 or interval.high < 0.95)
    return off


def _designs(seeds: range) -> bool:
    """Prints coverage by design; True where an estimate is off or covers too little."""
    from tqdm import tqdm

    print("| design | teams | truth | mean | bias / error | coverage | 99 % |\n|---|---|---|---|---|---|---|")
    off = False
    for study in studies():
        title = f"{study.name}, {study.clusters or 'no'} teams"
        jobs = tqdm(seeds, desc=title, disable=not sys.stderr.isatty())
        found = [study.run(seed) for seed in jobs]
        off |= _tell(study, judge(found, study.truth, dict.fromkeys(study.truth, 0.0)))
    return off


def _detectors(seeds: range) -> bool:
    """Prints how often detectors fire; True where one misses faults or cries wolf, beyond chance."""
    from tqdm import tqdm

    print("| check | design | fires with the fault | without |\n|---|---|---|---|")
    off = False
    for (name, design), (faulty, clean) in DETECTORS.items():
        jobs = tqdm(seeds, desc=f"{name}, {design}", disable=not sys.stderr.isatty())
        hits = [(fires(faulty(seed), name), fires(clean(seed), name)) for seed in jobs]
        with_it, without = (sum(h[side] for h in hits) for side in (0, 1))
        print(f"| {name} | {design} | {with_it / len(hits):.3f} | {without / len(hits):.3f} |")
        off |= stats.binomtest(with_it, len(hits), 0.9, alternative="less").pvalue < 0.01
        off |= stats.binomtest(without, len(hits), 0.1, alternative="greater").pvalue < 0.01
    return off


PARTS = {"designs": _designs, "detectors": _detectors}


def main() -> int:
    """Prints both tables; exit code 1 where an estimate or a detector is off."""
    parser = argparse.ArgumentParser(prog="python -m tests.recovery.designs", description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--part", choices=PARTS, nargs="+", default=list(PARTS))
    arguments = parser.parse_args()
    results = [PARTS[part](range(arguments.worlds)) for part in arguments.part]
    return int(any(results))


if __name__ == "__main__":
    sys.exit(main())
