"""What silence could hide: who answers; the same numbers weighted, at worst, with silence not at random."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wellperf_models.burnout.declared import is_case
from wellperf_models.burnout.nonresponse.frame import Pairs, ResponseFrame
from wellperf_models.burnout.split import find_cut
from wellperf_models.errors import DesignError, NotAskedError
from wellperf_models.evidence import Unanswered
from wellperf_models.inference.delta_adjustment import Asked, share_at, tipping_point
from wellperf_models.inference.design import fit_encoding
from wellperf_models.inference.response_bounds import Bounds, bound_share
from wellperf_models.inference.response_weights import (
    StandIns,
    auc_of_all,
    clustered,
    fit_response,
    mean_of_all,
    stand_ins,
)
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.scores import Score, clustered_mean
from wellperf_models.study import Burnout, NonResponse

# differences tried between none and the largest
_STEPS = 6
_OTHER_WAVES = "other waves"
# share of a column that earlier ones do not explain, below which it is implied by them
_IMPLIED = 1e-8


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One quantity, as those who answered give it and weighted to everybody asked.

    Attributes:
        as_answered: Of those who answered.
        weighted: Of everybody asked, where silence depends on nothing but what is known.
        shift: Weighted less as answered.
    """

    as_answered: Score
    weighted: Score
    shift: Score

    def __repr__(self) -> str:
        """Not its values: they have not passed the gate."""
        return "Compared(not released)"


@dataclass(frozen=True, kw_only=True)
class Supposed:
    """What would hold, had the silent fared worse than alike people by so much.

    Attributes:
        delta: In points.
        share: Share of cases among everybody asked.
        change: The same less their share in the wave before.
    """

    delta: float
    share: Score
    change: Score

    def __repr__(self) -> str:
        """The supposition alone."""
        return f"Supposed({self.delta:g} points; not released)"


@dataclass(frozen=True, kw_only=True)
class NonResponseFit:
    """What silence could hide.

    Attributes:
        log_odds: Of answering the next wave, per point more strain in the last, wave by wave.
        rate: Share of those asked who answered.
        weights: Those of the weighted numbers.
        n_parameters: Of the model behind them.
        share: Share of cases in the next wave.
        change: The same less the share of the same people in the wave before.
        auc: Of the last score alone, for a case in the next wave.
        share_bounds, change_bounds: At worst.
        case: Cases among the pairs whose next wave is known, shape (n,).
        supposed: From no difference to the largest.
        spread: Standard deviation of the scores of those who answered, in points.
        largest: Largest difference tried.
        matters: Difference in the share of cases that would matter.
        tips_share: Smallest difference that lifts the share of everybody above that of those who answered by
            as much as matters; None: none up to the largest.
        tips_change: Smallest difference with which the direction of the change reads otherwise; below 0 where
            the silent would have to have fared better; None: none.
        n_clusters: Independent units behind the intervals.
    """

    log_odds: Score
    rate: Score
    weights: StandIns
    n_parameters: int
    share: Compared
    change: Compared
    auc: Compared
    share_bounds: Bounds
    change_bounds: Bounds
    case: np.ndarray
    supposed: tuple[Supposed, ...]
    spread: float
    largest: float
    matters: float
    tips_share: float | None
    tips_change: float | None
    n_clusters: int

    def __repr__(self) -> str:
        """Shapes only."""
        return f"NonResponseFit({self.weights!r})"


def direction_of(change: Score) -> int:
    """1: cases became more frequent; -1: less; 0: the interval holds both."""
    return 1 if change.low > 0 else -1 if change.high < 0 else 0


def fit_nonresponse(response: ResponseFrame | Unanswered, section: Burnout) -> NonResponseFit:
    """Fits who answers, and what follows for cases, their change and the order by the last score.

    Args:
        response: From `build_response`.
        section: `[burnout]`.

    Raises:
        NotAskedError: There is no `[burnout.nonresponse]`.
        DesignError: Nobody could answer twice, or too few people answered, fell silent, or were a case.
        ConvergenceError: What is known separates who answers.
    """
    asked = section.nonresponse
    if asked is None:
        raise NotAskedError("The study file does not ask what silence could hide ([burnout.nonresponse]).")
    if isinstance(response, Unanswered):
        raise DesignError(response.reason, remedy=response.remedy or None)
    pairs = _require_enough(response)
    cut = _cut(response, pairs, section)
    weights = stand_ins(fit_response(_design(response, pairs), pairs.answered))
    known = Asked(weights=weights, strain=pairs.strain, cut=cut, cluster=pairs.cluster)
    case, before = known.case, is_case(pairs.last, cut).astype(float)
    _require_cases(response, pairs, case)
    spread = float(pairs.strain[pairs.answered].std())
    largest = asked.largest_difference or _two_digits(spread)
    share, change = _share(known, before), _share(known, before, change=True)
    alone = fit_response(np.column_stack([pairs.last, _waves(response, pairs)]), pairs.answered)
    return NonResponseFit(
        log_odds=alone.coefficient(0, pairs.cluster),
        rate=clustered_mean(pairs.answered.astype(float), pairs.cluster).within(0.0, 1.0),
        weights=weights,
        n_parameters=weights.response.X.shape[1],
        share=share,
        change=change,
        auc=_auc(known, pairs.last),
        share_bounds=bound_share(case, pairs.answered, pairs.cluster),
        change_bounds=bound_share(case, pairs.answered, pairs.cluster, less=before),
        case=case,
        supposed=_supposed(known, before, largest),
        spread=spread,
        largest=largest,
        matters=asked.difference_that_matters,
        tips_share=_tips_share(known, share.as_answered.value, asked, largest),
        tips_change=_tips_change(known, before, change.weighted, largest),
        n_clusters=int(np.unique(pairs.cluster).size),
    )


def _require_enough(response: ResponseFrame) -> Pairs:
    pairs = response.pairs
    if pairs is None:
        raise DesignError(
            "Nobody's answers can be followed from wave to wave. " + response.why,
            where="surveys",
            remedy="waves in which the same people are asked again, with ids that stay the same",
        )
    people = int(np.unique(pairs.person).size)
    silent = int(np.unique(pairs.person[~pairs.answered]).size)
    answered = int(np.unique(pairs.person[pairs.answered]).size)
    if people < response.min_people:
        raise DesignError(
            "Too few people were asked again.", where="surveys", expected=f"at least {response.min_people}"
        )
    if silent < response.min_cases:
        raise DesignError(
            "Nearly everybody who was asked answered: there are too few silent people to learn from.",
            where="surveys",
            expected=f"at least {response.min_cases} who did not",
        )
    if answered < response.min_people:
        raise DesignError(
            "Too few people answered again.", where="surveys", expected=f"at least {response.min_people}"
        )
    return pairs


def _require_cases(response: ResponseFrame, pairs: Pairs, case: np.ndarray) -> None:
    cases = int(np.unique(pairs.person[case]).size)
    others = int(np.unique(pairs.person[pairs.answered & ~case]).size)
    if min(cases, others) < response.min_cases:
        raise DesignError(
            "Too few of those who answered again are a case, or are none.",
            where="burnout.case_at, burnout.case_share",
            expected=f"at least {response.min_cases} of either",
        )


def _cut(response: ResponseFrame, pairs: Pairs, section: Burnout) -> float:
    """The declared cut-off, or the one that the declared share of those who answered reach."""
    if section.case_at is not None:
        return section.case_at if response.higher_is_worse else -section.case_at
    assert section.case_share is not None
    return find_cut(pairs.strain[pairs.answered], section.case_share)


def _design(response: ResponseFrame, pairs: Pairs) -> Floats:
    """Last score and its square, what else was known, and the wave; no level implied by the others."""
    centred = pairs.last - pairs.last.mean()
    made = [centred[:, None], np.square(centred)[:, None]]
    if pairs.covariates.width:
        encoding = fit_encoding(pairs.covariates, pairs.person, min_people=response.min_group_size)
        X = encoding.apply(pairs.covariates)
        for name, columns in encoding.blocks.items():
            # all levels of a category add up to the intercept: without a ridge one has to go
            implied = len(columns) > 1 and encoding.columns[columns[0]] != name
            made.append(X[:, columns[1:] if implied else columns])
    return _independent(np.column_stack([*made, _waves(response, pairs)]))


def _independent(X: Floats) -> Floats:
    """Without columns that earlier ones imply (two things missing together, a score of two values)."""
    design = np.column_stack([np.ones(X.shape[0]), X])
    scaled = design / np.sqrt(np.maximum(np.square(design).sum(axis=0), 1e-300))
    gram = scaled.T @ scaled
    kept = [0]
    for j in range(1, gram.shape[0]):
        with_earlier = gram[kept, j]
        rest = gram[j, j] - with_earlier @ np.linalg.solve(gram[np.ix_(kept, kept)], with_earlier)
        if rest > _IMPLIED:
            kept.append(j)
    return np.asarray(design[:, kept[1:]])


def _waves(response: ResponseFrame, pairs: Pairs) -> Floats:
    """A column a wave, but for the first; waves that (nearly) all or none answered are taken together."""
    names = np.array([_OTHER_WAVES] * pairs.wave.size, dtype=object)
    for wave in np.unique(pairs.wave):
        own = pairs.wave == wave
        if min(int(pairs.answered[own].sum()), int((~pairs.answered[own]).sum())) >= response.min_cases:
            names[own] = str(wave)
    levels = sorted(set(names.tolist()))[1:]
    return np.column_stack([np.zeros((pairs.wave.size, 0)), *[(names == v).astype(float) for v in levels]])


def _share(known: Asked, before: Floats, *, change: bool = False) -> Compared:
    """Share of cases, or its change since the wave before for the same people."""
    answered, case = known.weights.response.answered, known.case.astype(float)
    off = before if change else np.zeros(before.size)
    own = case - off
    mean = float(own[answered].mean())
    naive = np.where(answered, own - mean, 0.0) / answered.sum()
    value, influence = mean_of_all(known.weights, case, case)
    value -= float(off.mean())
    influence = influence - (off - off.mean()) / off.size
    return _compared(mean, naive, value, influence, known, least=-1.0 if change else 0.0)


def _auc(known: Asked, last: Floats) -> Compared:
    none = replace(
        known.weights,
        odds=np.zeros_like(known.weights.odds),
        moving=np.zeros_like(known.weights.moving),
    )
    mean, naive = auc_of_all(none, known.case, last)
    value, influence = auc_of_all(known.weights, known.case, last)
    return _compared(mean, naive, value, influence, known, least=0.0)


def _compared(
    mean: float, naive: Floats, value: float, influence: Floats, known: Asked, *, least: float
) -> Compared:
    return Compared(
        as_answered=clustered(mean, naive, known.cluster).within(least, 1.0),
        weighted=clustered(value, influence, known.cluster).within(least, 1.0),
        shift=clustered(value - mean, influence - naive, known.cluster),
    )


def _supposed(known: Asked, before: Floats, largest: float) -> tuple[Supposed, ...]:
    return tuple(
        Supposed(
            delta=float(delta),
            share=share_at(known, float(delta)).within(0.0, 1.0),
            change=share_at(known, float(delta), less=before).within(-1.0, 1.0),
        )
        for delta in np.linspace(0.0, largest, _STEPS + 1)
    )


def _tips_share(known: Asked, as_answered: float, asked: NonResponse, largest: float) -> float | None:
    line = as_answered + asked.difference_that_matters

    def lifted(delta: float) -> bool:
        return share_at(known, delta).value >= line

    return 0.0 if lifted(0.0) else tipping_point(known, lifted, furthest=largest)


def _tips_change(known: Asked, before: Floats, change: Score, largest: float) -> float | None:
    """Towards worse; where cases became more frequent already, towards better."""
    now = direction_of(change)

    def other(delta: float) -> bool:
        return direction_of(share_at(known, delta, less=before)) != now

    return tipping_point(known, other, furthest=-largest if now > 0 else largest)


def _two_digits(value: float) -> float:
    """To two significant digits: a difference to suppose, not a measurement."""
    return float(f"{value:.2g}")
