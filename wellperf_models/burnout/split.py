"""Which answers a model is trained on and scored on, and who counts as a case in them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.answers import Answers
from wellperf_models.burnout.declared import is_case
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.errors import DesignError
from wellperf_models.inference.folds import grouped_folds
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import NO_GROUP

# Share of the rows that one score holds, from which folds that part there do not foretell the same: more than
# this, and than twice what chance gives the share of cases.
_COARSE = 0.02


@dataclass(frozen=True, kw_only=True)
class Split:
    """Training rows, scored rows, and cases by the cut-off found in the training rows.

    Attributes:
        train, test: Row numbers.
        case: Of all rows, shape (n,).
        repeat, fold: Which one it is; 0 and 0 where time splits.
    """

    train: Ints
    test: Ints
    case: NDArray[np.bool_]
    repeat: int = 0
    fold: int = 0

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Split({self.train.size} rows to train on, {self.test.size} to score)"


def find_cut(strain: Floats, share: float) -> float:
    """The cut-off whose share of equal or worse scores is closest to the one asked for; of two the stricter.

    Args:
        strain: Scores, more is worse, shape (n,).
        share: The worst share that counts as cases.
    """
    values, counts = np.unique(strain, return_counts=True)
    at_least = counts[::-1].cumsum()[::-1] / strain.size
    # rounding must not decide between two that are equally far
    distance = np.round(np.abs(at_least - share), 12)
    return float(values[np.flatnonzero(distance == distance.min())[-1]])


def cases_of(frame: BurnoutFrame, train: Ints) -> NDArray[np.bool_]:
    """Who is a case, of all rows, by the declared cut-off or the one found in the training rows."""
    section, strain = frame.section, frame.answers.strain
    if section.case_at is not None:
        cut = section.case_at if frame.higher_is_worse else -section.case_at
    else:
        assert section.case_share is not None
        cut = find_cut(strain[train], section.case_share)
    return is_case(strain, cut)


def make_splits(frame: BurnoutFrame) -> tuple[Split, ...]:
    """One split in time where a newer wave can be kept, else repeated grouped folds.

    Raises:
        DesignError: Fewer groups than folds, rows to train on or to score that hold one class only, or folds
            that find the worst share at different scores of a coarse scale.
    """
    answers = frame.answers
    if frame.time_split:
        newest = _first_scored_wave(answers, frame.section.test_share)
        parts = [(answers.wave >= newest, 0, 0)]
    else:
        plan = frame.section.validation
        groups = int(np.unique(answers.fold_group).size)
        if groups < plan.folds:
            raise DesignError(
                "There are fewer groups than folds.",
                where="burnout.validation",
                expected=f"at least {plan.folds} groups",
                got=f"{groups}",
            )
        assigned = grouped_folds(answers.fold_group, folds=plan.folds, repeats=plan.repeats, seed=frame.seed)
        parts = [(assigned[r] == f, r, f) for r in range(plan.repeats) for f in range(plan.folds)]
    splits = []
    for scored, repeat, fold in parts:
        train, test = np.flatnonzero(~scored), np.flatnonzero(scored)
        case = cases_of(frame, train)
        for rows, what in ((train, "to train on"), (test, "to score")):
            if not case[rows].any() or case[rows].all():
                nobody = "nobody is" if not case[rows].any() else "everybody is"
                raise DesignError(
                    f"Among the answers {what} {nobody} a case.",
                    where="burnout.case_at, burnout.case_share" if frame.time_split else "burnout.validation",
                    expected="cases and others, in both",
                    remedy="another cut-off" + ("" if frame.time_split else ", or fewer folds"),
                )
        splits.append(Split(train=train, test=test, case=case, repeat=repeat, fold=fold))
    if not frame.time_split:
        _refuse_two_cuts(frame, splits)
    return tuple(splits)


def _refuse_two_cuts(frame: BurnoutFrame, splits: Iterable[Split]) -> None:
    """Folds may find cut-offs that differ by a row or two; never by a score that many people have.

    Raises:
        DesignError: Some splits, or all rows together, count such a score as a case and others do not.
    """
    answers = frame.answers
    found = [s.case for s in splits] + [cases_of(frame, np.arange(answers.strain.size))]
    # cut-offs are of one score, so cases are nested
    fewest, most = min(found, key=np.sum), max(found, key=np.sum)
    _, counts = np.unique(answers.strain[most & ~fewest], return_counts=True)
    share = float(most.mean())
    by_chance = 2 * math.sqrt(share * (1 - share) / answers.n_people)
    if not np.any(counts > max(_COARSE, by_chance) * answers.strain.size):
        return
    cuts = [float(answers.strain[case].min()) for case in (most, fewest)]
    sign = 1.0 if frame.higher_is_worse else -1.0
    shown = [
        f"case_at = {sign * cut + 0.0:g}" for cut in cuts if _people_at(answers, cut) >= frame.min_group_size
    ]
    raise DesignError(
        "The worst share falls between two scores of a coarse scale, so folds would not foretell the same.",
        where="burnout.case_share",
        expected="a share that every fold finds at the same score",
        remedy="declare the score from which somebody is a case"
        + (f": {' or '.join(shown)}" if shown else ""),
    )


def _people_at(answers: Answers, strain: float) -> int:
    return int(np.unique(answers.person[answers.strain == strain]).size)


def folds_of(
    frame: BurnoutFrame, group: Ints, *, repeats: int, case: NDArray[np.bool_] | None = None
) -> tuple[Split, ...]:
    """Grouped folds of all rows, whatever could split them in time; for rungs that forgive that.

    Args:
        frame: The burnout frame.
        group: What is not parted, shape (n,).
        repeats: How often they are drawn.
        case: Who is a case, where that is settled; None: each fold finds it in its training rows.

    Raises:
        DesignError: Fewer groups than folds, no fold that holds both classes, or folds that find the worst
            share at different scores of a coarse scale.
    """
    folds = frame.section.validation.folds
    assigned = grouped_folds(group, folds=folds, repeats=repeats, seed=frame.seed)
    parts = [(assigned[r] == f, r, f) for r in range(repeats) for f in range(folds)]
    splits = [
        Split(
            train=np.flatnonzero(~scored),
            test=np.flatnonzero(scored),
            case=cases_of(frame, np.flatnonzero(~scored)) if case is None else case,
            repeat=repeat,
            fold=fold,
        )
        for scored, repeat, fold in parts
    ]
    if case is None:
        _refuse_two_cuts(frame, splits)
    return _usable(splits)


def one_group_left_out(frame: BurnoutFrame, newest: Split | None) -> tuple[Split, ...]:
    """One split for each place of `burnout.ladder.leave_out`: trained elsewhere, scored there.

    Nobody who was ever among the scored rows of a place trains its model. Places of fewer people than a
    described group needs are not left out; their people train the others.

    Args:
        frame: The burnout frame.
        newest: The split in time, where there is one: trained on older waves, scored on the newest alone,
            cases as there.

    Raises:
        DesignError: No place is declared or known, there is only one, no split holds both classes, or they
            find the worst share at different scores of a coarse scale.
    """
    answers, asked = frame.answers, frame.section.ladder.leave_out
    if asked is None:
        raise DesignError("No column of places is declared", where="burnout.ladder.leave_out")
    if answers.leave_out is None:
        raise DesignError(f"Nobody's {asked} is known as of a wave", where="burnout.ladder.leave_out")
    old, new = (np.arange(answers.person.size),) * 2 if newest is None else (newest.train, newest.test)
    splits = []
    for number, place in enumerate(np.unique(answers.leave_out[answers.leave_out != NO_GROUP])):
        test = new[answers.leave_out[new] == place]
        if np.unique(answers.person[test]).size < frame.min_group_size:
            continue
        train = old[(answers.leave_out[old] != place) & ~np.isin(answers.person[old], answers.person[test])]
        if train.size:
            case = cases_of(frame, train) if newest is None else newest.case
            splits.append(Split(train=train, test=test, case=case, fold=number))
    if len(splits) < 2:
        raise DesignError(f"There is only one {asked} with enough people", where="burnout.ladder.leave_out")
    if newest is None:
        _refuse_two_cuts(frame, splits)
    return _usable(splits)


def _usable(splits: Iterable[Split]) -> tuple[Split, ...]:
    """Splits that can be trained and hold a pair to score."""
    kept = tuple(s for s in splits if _has_both(s.case[s.train]) and _has_both(s.case[s.test]))
    if not kept:
        raise DesignError(
            "No split has both cases and people who are none, to train on and to score",
            where="burnout.case_at, burnout.case_share",
            remedy="another cut-off",
        )
    return kept


def _has_both(case: NDArray[np.bool_]) -> bool:
    return bool(case.any() and not case.all())


def _first_scored_wave(answers: Answers, share: float) -> int:
    """The fewest newest waves that hold at least the share; one wave is always left to train on."""
    counts = np.bincount(answers.wave)
    newest_first = counts[::-1].cumsum() / counts.sum()
    number = int(np.searchsorted(newest_first, share - 1e-12)) + 1
    return counts.size - min(number, counts.size - 1)
