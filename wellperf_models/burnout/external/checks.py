"""Statements about an external validation that can fail; each takes what it judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wellperf_models.burnout.checks import calibration_slope, number_of_clusters
from wellperf_models.burnout.external.frame import Match
from wellperf_models.burnout.external.model import External
from wellperf_models.burnout.external.origin import learnt_from
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.scores import Score

# standard deviations of the other study: no two groups of employees are that far apart in the same unit
_FAR = 3.0
# Collins, Ogundimu & Altman (2016, Statistics in Medicine 35:214)
_ENOUGH = 100
_MOST_LACKING = 0.2
ANOTHER_STUDY = "another_study"


def check_external(frame: BurnoutFrame, external: External | Unanswered) -> tuple[Check, ...]:
    """Checks of a validation; none of one that could not be made.

    Args:
        frame: Of this study.
        external: From `fit_external`.
    """
    if isinstance(external, Unanswered):
        return ()
    held, support = external.as_published, support_of(external)
    slope = calibration_slope(held.slope, "as_published", support=support)
    # what nobody here has is said by the check before it
    known = [m.lacking for m in external.applied.matches if m.how == "used"]
    lacking = np.any(known, axis=0)
    return (
        another_study(same=learnt_from(frame, external.model)),
        predictors_known(external.applied.matches),
        rows_known(float(lacking.mean()), support),
        same_units(external.applied.matches),
        order_as_expected(held.auc, external.expected, support),
        replace(slope, text=f"As published: {slope.text[:1].lower()}{slope.text[1:]}"),
        right_on_the_whole(held.intercept, support),
        enough_cases(external.scored.case),
        same_case(external.applied.same_cut_off),
        number_of_clusters(external.n_clusters, frame.section.cluster or "person"),
    )


def support_of(external: External) -> Support:
    """What a score here rests on."""
    scored = external.scored
    return replace(scored.support(), n_clusters=external.n_clusters, members=scored.members())


def another_study(*, same: bool) -> Check:
    """The model was learnt from other answers than these.

    Args:
        same: Whether it was learnt from these (`learnt_from`, `same_data`).
    """
    return Check(
        name=ANOTHER_STUDY,
        passed=not same,
        text="The model was learnt from answers of this study, so that this is no external validation."
        if same
        else "Nothing says that the model was learnt from these answers: neither the hash of the data nor "
        "its means and spreads are theirs.",
        computation="exact",
    )


def predictors_known(matches: Sequence[Match]) -> Check:
    """Everything the model uses is known here."""
    unknown = [m.predictor.label for m in matches if m.how != "used"]
    return Check(
        name="predictors_known",
        passed=not unknown,
        text=f"Not known here, and set to the average of the other study: {', '.join(unknown)}."
        if unknown
        else "Everything the model uses is known here.",
        computation="exact",
    )


def rows_known(share: float, support: Support) -> Check:
    """Few answers had to be set to an average of the other study."""
    return Check(
        name="answers_known",
        passed=share <= _MOST_LACKING,
        value=round(share, 2),
        threshold=_MOST_LACKING,
        support=support,
        text="Share of answers with a value missing, or a level the model does not know, so that it is set "
        "to the average of the other study: {value} (allowed {threshold}).",
        computation="exact",
    )


def same_units(matches: Sequence[Match]) -> Check:
    """No number lies so far from where it lay in the other study that it must have another unit."""
    far = [m.predictor.label for m in matches if m.shift is not None and abs(m.shift) > _FAR]
    return Check(
        name="same_units",
        passed=not far,
        text=f"More than {_FAR:g} standard deviations from its mean in the other study, so that it may have "
        f"another unit or meaning here: {', '.join(far)}."
        if far
        else f"No number lies more than {_FAR:g} standard deviations from its mean in the other study.",
        computation="exact",
    )


def order_as_expected(auc: Score, expected: float, support: Support | None = None) -> Check:
    """People are ordered as well as they can be where the model is right and people are these."""
    right = auc.high >= expected
    return Check(
        name="order_as_expected",
        passed=right,
        value=auc.value,
        threshold=round(expected, 3),
        support=support,
        text="The order here (AUC {value}) is "
        + (
            "what the model would reach among these people if it were right ({threshold}), or better."
            if right
            else "below what the model would reach among these people if it were right ({threshold}): what "
            "it learnt there holds less here."
        ),
    )


def right_on_the_whole(intercept: Score | None, support: Support | None = None) -> Check:
    """As many cases as predicted, within the error of the comparison."""
    if intercept is None:
        return Check(name="right_on_the_whole", passed=None, text="The level of risks can't be judged here.")
    right = intercept.low <= 0 <= intercept.high
    return Check(
        name="right_on_the_whole",
        passed=right,
        value=intercept.value,
        threshold=0.0,
        support=support,
        text=(
            "There are as many cases as predicted, within the error of the comparison"
            if right
            else f"There are {'more' if intercept.value > 0 else 'fewer'} cases than predicted"
        )
        + " (calibration intercept {value} log odds; right is {threshold}).",
    )


def enough_cases(case: np.ndarray) -> Check:
    """Cases, and answers that are none, enough to judge a model by."""
    fewest = floor_count(min(int(case.sum()), int((~case).sum())))
    return Check(
        name="enough_cases",
        passed=fewest >= _ENOUGH,
        value=float(fewest),
        threshold=float(_ENOUGH),
        text="Cases, or answers that are none, whichever are fewer: at least {value} (a validation needs "
        "{threshold}).",
        computation="exact",
    )


def same_case(same: bool | None) -> Check:
    """Whether a case means here what it means in the rest of this notebook."""
    return Check(
        name="same_cut_off",
        passed=True if same else None,
        text="A case is the same here as in the other study."
        if same
        else "A case is counted by the cut-off of the other study, not by that of this one.",
        computation="exact",
    )
