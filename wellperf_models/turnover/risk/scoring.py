"""Foretold against what came about: scores by horizon and cause, and by group of foretold risk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.aalen_johansen import fit_aalen_johansen
from wellperf_models.inference.ipcw import fit_censoring, weights_at
from wellperf_models.inference.risk_scores import (
    Drawn,
    Outcomes,
    auc,
    brier,
    calibration_slope,
    observed_to_foretold,
    scaled,
    share,
    share_among,
)
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.inference.scores import Score, score_of
from wellperf_models.turnover.causes import ShownCause
from wellperf_models.turnover.risk.forward import Foretold
from wellperf_models.turnover.risk.frame import Landmarks

ANY = "any"
_GROUPS = 5
# people a group of foretold risk has at least, in smallest groups that may be shown
_GROUPS_DEEP = 3
_Z = 1.959963984540054
# a standard error below it is rounding
_NO_ERROR = 1e-9


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How one cause was foretold at one horizon; every Score has a cluster-bootstrap interval.

    Attributes:
        horizon: Months ahead.
        outcome: Name of the cause, or "any".
        foretold: Mean foretold share.
        observed: Share that came about.
        log_ratio: Log of observed over foretold; its error holds that of training too.
        slope: Calibration slope; None where everybody has nearly the same risk.
        scaled: Scaled Brier score of the model against the average.
        scaled_tenure: The same of tenure alone.
        gain: Difference of the two, paired.
        auc, auc_tenure, auc_gain: AUC of the model, of tenure alone, and their difference, paired.
        people, leavers: Codes of distinct people scored, and of those of them who left for the cause.
        n_clusters: Independent units.
    """

    horizon: int
    outcome: str
    foretold: float
    observed: Score
    log_ratio: Score
    slope: Score | None
    scaled: Score
    scaled_tenure: Score
    gain: Score
    auc: Score
    auc_tenure: Score
    auc_gain: Score
    people: Ints
    leavers: Ints
    n_clusters: int

    def __repr__(self) -> str:
        """What it is; its values have not passed the gate."""
        return f"Scores({self.outcome!r} at {self.horizon} months; not released)"


@dataclass(frozen=True, kw_only=True)
class RiskGroup:
    """People with similar foretold risk, or of one group.

    Attributes:
        name: "1 of 5" is the lowest, or the group.
        foretold: Mean foretold share.
        chance: Standard deviation of the share that leaves where everybody's risk is as foretold.
        observed: Share that left by the horizon (Aalen–Johansen).
        low, high: 95 % interval, clusters drawn; by Wilson's score where they do not vary, None where the
            group is a single cluster.
        rows, exits: Rows scored, and exits among them seen by the horizon.
        people, leavers: Codes.
    """

    name: str
    foretold: float
    chance: float
    observed: float
    low: float | None
    high: float | None
    rows: int
    exits: int
    people: Ints
    leavers: Ints

    def __repr__(self) -> str:
        return "RiskGroup(not released)"


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Rows whose horizon was observed, with one cause.

    Attributes:
        outcomes: What happened, with weights.
        row: Into the landmarks, shape (n,).
        occasion: As of `Foretold`, shape (n,).
        risk: Model → foretold share, shape (n,).
        censored: Whether anybody's outcome is unknown.
        training_error: See `Foretold`.
    """

    outcomes: Outcomes
    row: Ints
    occasion: Ints
    risk: dict[str, Floats]
    censored: bool
    training_error: float

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Scored({self.row.size} rows)"


def scored_rows(
    landmarks: Landmarks, foretold: Foretold, horizon: int, members: Sequence[int], draws: Floats
) -> Scored:
    """Rows to score at a horizon.

    Args:
        landmarks: What came about.
        foretold: Predictions.
        horizon: One of theirs.
        members: Causes counted (from 1).
        draws: Of clusters, from `draw_clusters`; codes are those of `cluster_codes`.

    Raises:
        DesignError: Nobody was watched up to the horizon.
    """
    at = foretold.horizons.index(horizon)
    known = np.isfinite(foretold.risk["model"][:, at, 0])
    row, occasion = foretold.row[known], foretold.occasion[known]
    time, event = landmarks.time[row], landmarks.event[row]
    weight = np.zeros(row.size)
    zero = np.zeros(row.size)
    for value in np.unique(occasion):
        own = occasion == value
        censoring = fit_censoring(zero[own], time[own], event[own])
        weight[own] = weights_at(censoring, float(horizon), zero[own], time[own], event[own])
    columns = np.asarray(members) - 1
    return Scored(
        outcomes=Outcomes(
            case=np.isin(event, members) & (time <= horizon),
            weight=weight,
            stratum=foretold.stratum[known],
            cluster=cluster_codes(landmarks, foretold)[known],
            draws=draws,
        ),
        row=row,
        occasion=occasion,
        risk={name: risk[known][:, at, columns].sum(axis=1) for name, risk in foretold.risk.items()},
        censored=bool((weight == 0).any()),
        training_error=foretold.training_error(members),
    )


def cluster_codes(landmarks: Landmarks, foretold: Foretold) -> Ints:
    """Dense codes of the clusters of the foretold rows."""
    _, code = np.unique(landmarks.cluster[foretold.row], return_inverse=True)
    return code.astype(np.int64)


def score(scored: Scored, landmarks: Landmarks, horizon: int, outcome: str) -> Scores:
    """Every score of one cause at one horizon.

    Raises:
        DesignError: Nobody left for it, everybody did, or there is a single cluster.
    """
    outcomes, risk = scored.outcomes, scored.risk
    losses = {name: brier(outcomes, values) for name, values in risk.items()}
    skill = {name: scaled(losses[name], losses["average"]) for name in ("model", "tenure")}
    areas = {name: auc(outcomes, risk[name]) for name in ("model", "tenure")}
    groups = int(np.unique(outcomes.cluster).size)

    def held(drawn: Drawn) -> Score:
        return drawn.score(groups)

    try:
        slope = calibration_slope(outcomes, risk["model"])
    except ConvergenceError:
        slope = None
    person = landmarks.person[scored.row]
    ratio = held(observed_to_foretold(outcomes, risk["model"]))
    return Scores(
        horizon=horizon,
        outcome=outcome,
        foretold=float(risk["model"].mean()),
        observed=held(share(outcomes)).within(0.0, 1.0),
        log_ratio=score_of(ratio.value, math.hypot(ratio.std_error, scored.training_error), groups),
        slope=slope,
        scaled=held(skill["model"]),
        scaled_tenure=held(skill["tenure"]),
        gain=held(skill["model"] - skill["tenure"]),
        auc=held(areas["model"]).within(0.0, 1.0),
        auc_tenure=held(areas["tenure"]).within(0.0, 1.0),
        auc_gain=held(areas["model"] - areas["tenure"]),
        people=np.unique(person),
        leavers=np.unique(person[outcomes.case]),
        n_clusters=groups,
    )


def score_all(
    landmarks: Landmarks, foretold: Foretold, shown: Sequence[ShownCause], draws: Floats
) -> tuple[Scores, ...]:
    """Any exit and each cause shown, at every horizon; what can't be scored is left out."""
    every = tuple(range(1, landmarks.n_causes + 1))
    parts = [(ANY, every)]
    if len(shown) > 1:
        parts += [(cause.name, cause.members) for cause in shown]
    made = []
    for horizon in foretold.horizons:
        for name, members in parts:
            try:
                scored = scored_rows(landmarks, foretold, horizon, members, draws)
                made.append(score(scored, landmarks, horizon, name))
            except DesignError:
                continue
    return tuple(made)


def by_risk(
    scored: Scored, landmarks: Landmarks, horizon: int, members: Sequence[int], least: int
) -> tuple[RiskGroup, ...]:
    """Groups of foretold risk of about equal size, the lowest first; five where there are people enough.

    Args:
        scored: From `scored_rows`.
        landmarks: What came about.
        horizon: In months.
        members: Causes counted.
        least: `disclosure.min_group_size`.
    """
    person = landmarks.person[scored.row]
    number = min(_GROUPS, max(1, int(np.unique(person).size) // (_GROUPS_DEEP * least)))
    risk = scored.risk["model"]
    edges = np.unique(np.quantile(risk, np.arange(1, number) / number)) if number > 1 else np.zeros(0)
    group = np.searchsorted(edges, risk, side="left")
    codes = np.unique(group)
    return tuple(
        _group(f"{i + 1} of {codes.size}", group == code, scored, landmarks, horizon, members)
        for i, code in enumerate(codes)
    )


def by_group(
    scored: Scored,
    landmarks: Landmarks,
    horizon: int,
    members: Sequence[int],
    groups: NDArray[np.str_],
) -> tuple[RiskGroup, ...]:
    """Groups of the organisation, each person once: the last landmark, or the first repeat.

    Args:
        scored: From `scored_rows`.
        landmarks: What came about.
        horizon: In months.
        members: Causes counted.
        groups: Group of each row of the landmarks.
    """
    occasion = scored.occasion
    once = occasion == (occasion.max() if landmarks.dated else occasion.min())
    own = groups[scored.row]
    return tuple(
        _group(str(name), once & (own == name), scored, landmarks, horizon, members)
        for name in np.unique(own[once])
    )


def _group(
    name: str,
    own: NDArray[np.bool_],
    scored: Scored,
    landmarks: Landmarks,
    horizon: int,
    members: Sequence[int],
) -> RiskGroup:
    row = scored.row[own]
    # the watch ends at the horizon; a cause counted is 1, another 2
    event, time = landmarks.event[row], landmarks.time[row]
    code = np.where(np.isin(event, members), 1, np.where(event > 0, 2, 0))
    seen = time > 0
    curve = fit_aalen_johansen(np.zeros(int(seen.sum())), time[seen], code[seen], 2)
    observed, _, _, _ = curve.at(float(horizon), 1)
    low, high = _interval(observed, scored.outcomes, own)
    person, case = landmarks.person[row], scored.outcomes.case[own]
    risk = scored.risk["model"][own]
    return RiskGroup(
        name=name,
        foretold=float(risk.mean()),
        chance=float(np.sqrt((risk * (1 - risk)).sum()) / risk.size),
        observed=observed,
        low=low,
        high=high,
        rows=row.size,
        exits=int(case.sum()),
        people=np.unique(person),
        leavers=np.unique(person[case]),
    )


def _interval(
    observed: float, outcomes: Outcomes, own: NDArray[np.bool_]
) -> tuple[float, float] | tuple[None, None]:
    """Interval of a share of some rows; None where a single cluster tells nothing of how clusters vary."""
    clusters = int(np.unique(outcomes.cluster[own]).size)
    if clusters < 2:
        return None, None
    samples = share_among(outcomes, own).samples
    samples = samples[np.isfinite(samples)]
    error = float(samples.std(ddof=1)) if samples.size > 1 else 0.0
    if error > _NO_ERROR:
        return max(0.0, observed - _Z * error), min(1.0, observed + _Z * error)
    # nobody or everybody left, or all clusters alike: a cluster counts as one observation, Wilson (1927)
    spread = _Z**2 / clusters
    centre = (observed + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(observed * (1 - observed) / clusters + spread / (4 * clusters))
    return min(observed, max(0.0, centre - half)), max(observed, min(1.0, centre + half))
