"""How a model does within each group: order, calibration, and what acting on it would be worth there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.burnout.use.sides import Sides
from wellperf_models.errors import ConvergenceError, DesignError
from wellperf_models.inference.auc import clustered_auc
from wellperf_models.inference.calibration import recalibrate
from wellperf_models.inference.heterogeneity import Heterogeneity, differences
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.net_benefit import net_benefit
from wellperf_models.inference.scores import Score, clustered_mean, score_of
from wellperf_models.panel import Level

# risks are folded into (0, 1) so that their log odds are finite
_EDGE = 1e-12
_Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class GroupScore:
    """Scores of one model within one group.

    Attributes:
        name: Of the group.
        own: Its scored rows, shape (rows of `Forecasts.scored`,).
        enough: Enough people, cases and others, in it and outside of it, for a number of a model.
        auc: None where there are too few cases or others, or too few clusters of them.
        slope: Calibration slope; None where there is none.
        log_ratio: Log of cases for each one foretold; None likewise.
    """

    name: str
    own: NDArray[np.bool_]
    enough: bool
    auc: Score | None
    slope: Score | None
    log_ratio: Score | None

    def __repr__(self) -> str:
        """Not its values."""
        return "GroupScore(not released)"


@dataclass(frozen=True, kw_only=True)
class GroupUse:
    """Acting at a threshold within one group.

    Attributes:
        threshold: Of risk.
        name, own: The group and its scored rows.
        acted: Share of its answers at or above the threshold.
        net_benefit: Per answer.
        fewest: People in the smallest set these numbers tell of.
    """

    threshold: float
    name: str
    own: NDArray[np.bool_]
    acted: Score | None
    net_benefit: Score | None
    fewest: int

    def __repr__(self) -> str:
        """Not its values."""
        return "GroupUse(not released)"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Whether one score differs between groups.

    Attributes:
        name, what: The score, as an identifier and in words.
        p_value: That it differs as much by chance, after Holm over the scores compared.
        apart: Names of groups that stand out from the others, the lower and the higher.
    """

    name: str
    what: str
    p_value: float
    apart: tuple[tuple[str, ...], tuple[str, ...]]

    def __repr__(self) -> str:
        """What it is about."""
        return f"Difference({self.what!r}; not released)"


def score_groups(
    frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, level: Level
) -> tuple[GroupScore, ...]:
    """Scores of a model within each group of a level.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`.
        chosen: The model; with folds its risks are means over the repeats.
        level: The groups of the scored rows.
    """
    scored = forecasts.scored
    # a fold that failed leaves its answers without a prediction: they are in no row
    known = np.isfinite(chosen.risk)
    found = []
    for name in np.unique(level.groups[known]):
        own = known & (level.groups == name)
        case = scored.case[own]
        both = min(int(case.sum()), int((~case).sum())) >= frame.min_cases
        found.append(
            GroupScore(
                name=str(name),
                own=own,
                enough=_enough(frame, forecasts, own),
                auc=_auc(forecasts, chosen, own) if both else None,
                slope=_slope(forecasts, chosen, own) if both else None,
                log_ratio=_log_ratio(forecasts, chosen, own) if both else None,
            )
        )
    return tuple(found)


def _enough(frame: BurnoutFrame, forecasts: Forecasts, own: NDArray[np.bool_]) -> bool:
    """As the gate asks of a number of a model; in published microdata of nobody."""
    if frame.in_full:
        return True
    scored = forecasts.scored
    people = np.unique(scored.person[own]).size
    cases = np.unique(scored.person[own & scored.case]).size
    outside = np.unique(scored.person).size - people
    return (
        people >= max(frame.min_people, frame.min_group_size)
        and min(cases, people - cases) >= frame.min_cases
        and (outside == 0 or outside >= frame.min_group_size)
    )


def _auc(forecasts: Forecasts, chosen: Forecast, own: NDArray[np.bool_]) -> Score | None:
    scored = forecasts.scored
    try:
        found = clustered_auc(scored.case[own], chosen.risk[own][:, None], scored.cluster[own])
    except DesignError:
        return None
    error = float(np.sqrt(found.covariance[0, 0]))
    # not cut at 1: its width says how sure it is, few clusters included
    return score_of(float(found.auc[0]), error, found.n_clusters)


def _slope(forecasts: Forecasts, chosen: Forecast, own: NDArray[np.bool_]) -> Score | None:
    scored = forecasts.scored
    risk = np.clip(chosen.risk[own], _EDGE, 1 - _EDGE)
    try:
        found = recalibrate(scored.case[own], np.log(risk / (1 - risk)), scored.cluster[own])
        return score_of(found.slope, found.slope_std_error, found.n_clusters)
    except (ConvergenceError, DesignError):
        return None


def _log_ratio(forecasts: Forecasts, chosen: Forecast, own: NDArray[np.bool_]) -> Score | None:
    """Log of the sum of cases over the sum of risks; its error by the delta method, clustered."""
    scored, risk = forecasts.scored, chosen.risk[own]
    case = scored.case[own].astype(float)
    ratio = float(case.sum() / risk.sum())
    try:
        rest = clustered_mean((case - ratio * risk) / case.mean(), scored.cluster[own])
        clusters = int(np.unique(scored.cluster[own]).size)
        return score_of(float(np.log(ratio)), rest.std_error, clusters)
    except DesignError:
        return None


def use_in_groups(
    forecasts: Forecasts, chosen: Forecast, level: Level, thresholds: Sequence[float]
) -> tuple[GroupUse, ...]:
    """How many answers of each group are acted on at each threshold, and what that is worth.

    Args:
        forecasts: From `fit_forecasts`.
        chosen: The model.
        level: The groups of the scored rows.
        thresholds: Increasing.

    Returns:
        By threshold, then by group.
    """
    scored, known = forecasts.scored, np.isfinite(chosen.risk)
    groups = {str(name): known & (level.groups == name) for name in np.unique(level.groups[known])}
    fewest = {
        name: Sides(person=scored.person[own], case=scored.case[own], risks=(chosen.risk[own],)).fewest(
            thresholds
        )
        for name, own in groups.items()
    }
    return tuple(
        GroupUse(
            threshold=threshold,
            name=name,
            own=own,
            acted=_mean(forecasts, own, (chosen.risk[own] >= threshold).astype(float), share=True),
            net_benefit=_mean(forecasts, own, net_benefit(scored.case[own], chosen.risk[own], threshold)),
            fewest=fewest[name][number],
        )
        for number, threshold in enumerate(thresholds)
        for name, own in groups.items()
    )


def _mean(
    forecasts: Forecasts, own: NDArray[np.bool_], values: NDArray[np.float64], *, share: bool = False
) -> Score | None:
    try:
        mean = clustered_mean(values, forecasts.scored.cluster[own])
    except DesignError:
        return None
    return mean.within(0.0, 1.0) if share else mean


def compare_groups(groups: Sequence[GroupScore]) -> tuple[Difference, ...]:
    """Whether order and calibration differ between groups by more than chance.

    Groups without enough people are not compared; where there are any, calibration names no group, as those
    shown and those kept back would follow from each other.

    Args:
        groups: From `score_groups`, of one level.
    """
    found: list[tuple[str, str, Heterogeneity, list[str]]] = []
    whole = all(g.enough for g in groups)
    parts = (
        ("auc", "order (AUC)"),
        ("log_ratio", "number of cases for each one foretold"),
        ("slope", "calibration slope"),
    )
    for attribute, what in parts:
        scores = [(g.name, s) for g in groups if g.enough and (s := getattr(g, attribute)) is not None]
        # half the width of the t interval: with few clusters a group weighs less, and stands out less
        errors = np.array([(s.high - s.low) / (2 * _Z) for _, s in scores])
        test = differences(np.array([s.value for _, s in scores]), errors)
        if test is not None:
            names = [name for name, _ in scores] if whole or attribute == "auc" else []
            found.append((attribute, what, test, names))
    adjusted = holm([test.p_value for _, _, test, _ in found])
    return tuple(
        Difference(name=name, what=what, p_value=p, apart=_apart(test, names))
        for p, (name, what, test, names) in zip(adjusted, found, strict=True)
    )


def _apart(test: Heterogeneity, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # no names, where none may be named
    sides = list(zip(names, test.apart.tolist(), strict=False))
    return tuple(n for n, side in sides if side < 0), tuple(n for n, side in sides if side > 0)
