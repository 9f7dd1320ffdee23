"""Fits the super-model and judges it on people and days it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import DesignError
from wellperf_models.inference.risk_scores import draw_clusters
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import Level
from wellperf_models.study import Turnover
from wellperf_models.turnover.causes import ShownCause, group_causes
from wellperf_models.turnover.risk.foretelling import Foreteller
from wellperf_models.turnover.risk.forward import (
    Foretold,
    fit_now,
    foretell_folds,
    foretell_forward,
)
from wellperf_models.turnover.risk.frame import Landmarks, build_landmarks
from wellperf_models.turnover.risk.scoring import (
    ANY,
    RiskGroup,
    Scores,
    by_group,
    by_risk,
    cluster_codes,
    score_all,
    scored_rows,
)
from wellperf_models.turnover.rows import TurnoverFrame

SAMPLES = 300
# months ahead of the headline, where it could be judged
_HEADLINE = 12


@dataclass(frozen=True, kw_only=True)
class GroupRisk:
    """What is foretold of the people of one group from now on.

    Attributes:
        name: Group.
        risk: Mean foretold share that leaves by each horizon, shape (horizons,).
        error: Standard error of the share that will leave, chance included, shape (horizons,).
        people: Codes.
    """

    name: str
    risk: Floats
    error: Floats
    people: Ints

    def __repr__(self) -> str:
        return "GroupRisk(not released)"


@dataclass(frozen=True, kw_only=True)
class RiskModel:
    """The model of now, and how models like it did.

    Attributes:
        model: Trained on everything known now.
        horizons: Months ahead that could be judged.
        headline: The one the answer is about.
        shown: Causes as they are reported.
        scores: By horizon and cause.
        calibration: (cause, group of foretold risk) at the headline horizon.
        past: Level → its groups at the last landmark whose horizon was observed; () without groups.
        past_day: That landmark in words.
        now: Level → what is foretold of its groups from now on; () without groups or dates.
        levels: Levels of groups, the narrowest first.
        parents: Level → group → group of the level above it.
        overall: Cause → mean foretold share from now on, by horizon; {} without dates.
        now_people: Codes of those it is foretold of.
        landmarks: Days tested, in words; () without dates.
        repeats: Of the folds; 0 with dates.
        censored: Whether some outcomes by the headline horizon are unknown.
        dated: Whether tested forward in time.
        n_exits: Fewest exits a tested model was trained on.
        n_columns: Columns of its covariates at most.
        gap: Largest distance of survival plus cumulative incidences from 1.
        latest: See `Foretold`.
        known_late: See `Landmarks`.
        clustered_by: What intervals take as independent.
    """

    model: Foreteller
    horizons: tuple[int, ...]
    headline: int
    shown: tuple[ShownCause, ...]
    scores: tuple[Scores, ...]
    calibration: tuple[tuple[str, RiskGroup], ...]
    past: dict[str, tuple[RiskGroup, ...]]
    past_day: str
    now: dict[str, tuple[GroupRisk, ...]]
    levels: tuple[Level, ...]
    overall: dict[str, Floats]
    now_people: Ints
    landmarks: tuple[str, ...]
    repeats: int
    censored: bool
    dated: bool
    n_exits: int
    n_columns: int
    gap: float
    latest: int | None
    known_late: int | None
    clustered_by: str

    def at(self, horizon: int, outcome: str = ANY) -> Scores | None:
        """Scores of one cause at one horizon; None where it could not be scored."""
        found = [s for s in self.scores if s.horizon == horizon and s.outcome == outcome]
        return found[0] if found else None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"RiskModel({self.model.hazard!r}, {len(self.scores)} scores; not released)"


def fit_risk(frame: TurnoverFrame, section: Turnover) -> RiskModel:
    """Foretells unseen people, compares with what came about, and fits the model of now.

    With dates: each landmark from the earlier ones, forward in time. Without: left-out folds.

    Args:
        frame: The turnover frame.
        section: `[turnover]`.

    Raises:
        DesignError: No covariates, too few months or exits, or a horizon nobody reaches.
        ConvergenceError: A fit did not converge.
    """
    landmarks = build_landmarks(frame, section)
    foretell = foretell_forward if landmarks.dated else foretell_folds
    foretold = foretell(landmarks, frame.covariates, section, seed=frame.seed)
    clusters = int(np.unique(cluster_codes(landmarks, foretold)).size)
    draws = draw_clusters(clusters, samples=SAMPLES, seed=frame.seed)
    headline, shown = _headline(foretold), _shown(frame, landmarks, foretold)
    scores = score_all(landmarks, foretold, shown, draws)
    judged = [s for s in scores if s.horizon == headline and s.outcome == ANY]
    if not judged:
        raise DesignError(
            "Too few people left, or stayed, by the horizon for a forecast to be judged.",
            where="turnover.risk.horizons_months",
            got=f"{headline} months",
        )
    every = tuple(range(1, landmarks.n_causes + 1))
    scored = scored_rows(landmarks, foretold, headline, every, draws)
    model = fit_now(landmarks, frame.covariates, section, seed=frame.seed)
    levels = _levels(frame, landmarks)
    tested = sorted({int(day) for day in scored.occasion})
    return RiskModel(
        model=model,
        horizons=foretold.horizons,
        headline=headline,
        shown=shown,
        scores=scores,
        calibration=_calibration(frame, landmarks, foretold, shown, headline, draws),
        past={level.name: by_group(scored, landmarks, headline, every, level.groups) for level in levels},
        past_day=landmarks.labels[tested[-1]] if landmarks.dated else "",
        now=_now(landmarks, model, foretold.horizons, levels, judged[0]) if landmarks.dated else {},
        levels=levels,
        overall=_overall(landmarks, model, foretold.horizons, shown) if landmarks.dated else {},
        now_people=np.unique(landmarks.person[landmarks.start == landmarks.n_months]),
        landmarks=tuple(landmarks.labels[day] for day in tested) if landmarks.dated else (),
        repeats=0 if landmarks.dated else section.validation.repeats,
        censored=scored.censored,
        dated=landmarks.dated,
        n_exits=foretold.n_exits,
        n_columns=foretold.n_columns,
        gap=foretold.gap,
        latest=foretold.latest,
        known_late=landmarks.known_late,
        clustered_by=str(section.cluster or "person"),
    )


def _headline(foretold: Foretold) -> int:
    """Twelve months where they were observed, else the nearest horizon that was."""
    observed = [
        horizon
        for i, horizon in enumerate(foretold.horizons)
        if np.isfinite(foretold.risk["model"][:, i, 0]).any()
    ]
    return min(observed, key=lambda h: (abs(h - _HEADLINE), h))


def _shown(frame: TurnoverFrame, landmarks: Landmarks, foretold: Foretold) -> tuple[ShownCause, ...]:
    rows = np.unique(foretold.row)
    horizon = _headline(foretold)
    return group_causes(
        frame.causes,
        landmarks.person[rows],
        landmarks.event[rows],
        landmarks.time[rows] <= horizon,
        0 if frame.in_full else frame.minimum.events,
    )


def _levels(frame: TurnoverFrame, landmarks: Landmarks) -> tuple[Level, ...]:
    if landmarks.group is None:
        return ()
    return (Level(name=str(frame.group_by), groups=landmarks.group), *landmarks.above)


def _calibration(
    frame: TurnoverFrame,
    landmarks: Landmarks,
    foretold: Foretold,
    shown: tuple[ShownCause, ...],
    horizon: int,
    draws: Floats,
) -> tuple[tuple[str, RiskGroup], ...]:
    every = tuple(range(1, landmarks.n_causes + 1))
    parts = [(ANY, every), *((c.name, c.members) for c in shown if len(shown) > 1)]
    made = []
    for name, members in parts:
        scored = scored_rows(landmarks, foretold, horizon, members, draws)
        groups = by_risk(scored, landmarks, horizon, members, frame.min_group_size)
        made += [(name, group) for group in groups]
    return tuple(made)


def _now(
    landmarks: Landmarks,
    model: Foreteller,
    horizons: tuple[int, ...],
    levels: tuple[Level, ...],
    judged: Scores,
) -> dict[str, tuple[GroupRisk, ...]]:
    """Groups from now on; the error of a share is chance (each leaves or not) and how far totals were off."""
    rows = np.flatnonzero(landmarks.start == landmarks.n_months)
    if not rows.size:
        return {}
    survival, _ = model.incidence(landmarks.words[rows], landmarks.tenure[rows], horizons)
    risk, person = 1 - survival, landmarks.person[rows]
    off = judged.log_ratio.std_error

    def group(name: str, own: NDArray[np.bool_]) -> GroupRisk:
        mean = risk[own].mean(axis=0)
        chance = (risk[own] * (1 - risk[own])).sum(axis=0) / own.sum() ** 2
        error = np.sqrt(chance + (mean * off) ** 2)
        return GroupRisk(name=name, risk=mean, error=error, people=np.unique(person[own]))

    return {
        level.name: tuple(
            group(str(name), level.groups[rows] == name) for name in np.unique(level.groups[rows])
        )
        for level in levels
    }


def _overall(
    landmarks: Landmarks, model: Foreteller, horizons: tuple[int, ...], shown: tuple[ShownCause, ...]
) -> dict[str, Floats]:
    rows = np.flatnonzero(landmarks.start == landmarks.n_months)
    if not rows.size:
        return {}
    survival, incidence = model.incidence(landmarks.words[rows], landmarks.tenure[rows], horizons)
    found = {ANY: (1 - survival).mean(axis=0)}
    for cause in shown if len(shown) > 1 else ():
        found[cause.name] = incidence[:, :, np.asarray(cause.members) - 1].sum(axis=2).mean(axis=0)
    return found
