"""Statements about the measurement of the outcome that can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wellperf_models.burnout.measure.frame import MeasureFrame
from wellperf_models.burnout.measure.model import ItemQuality, Measurement, ScoreReliability
from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.risk_sets import Floats

# Nunnally (1978), Psychometric Theory: .7 for comparing groups, .8 and more for less error
ENOUGH = 0.7
_AGAINST = -0.1
_ONE_FACTOR = 0.08
_AGREE = 0.99


def check_measurement(
    measures: MeasureFrame | Unanswered, measurement: Measurement | Unanswered
) -> tuple[Check, ...]:
    """Checks of the outcome's items; none where there are no items.

    Args:
        measures: From `build_measures`.
        measurement: From `fit_measurement`.
    """
    if isinstance(measures, Unanswered) or isinstance(measurement, Unanswered) or measures.items is None:
        return ()
    off = off_scale(measures.items.off_scale)
    quality = measurement.quality
    if isinstance(quality, Unanswered):
        return (off,)
    support = support_of(measures, quality)
    found = [off, items_run_together(quality.item_rest, measures.items.names, support)]
    found += [no_twins(quality.twins), scores_agree(quality, measures.items.n_computed)]
    if quality.constant:
        found.append(items_vary(quality.constant))
    if measurement.reliability is not None:
        found.insert(0, reliable_enough(measurement.reliability, support))
    if quality.residual is not None:
        found.append(one_factor_fits(quality.residual, support))
    return tuple(found)


def support_of(measures: MeasureFrame, quality: ItemQuality) -> Support:
    """What coefficients of everybody rest on."""
    assert measures.items is not None
    n_parameters = 2 * len(measures.items.names)
    return Support(
        n_people=quality.n_people, residual_df=quality.n_people - n_parameters, n_parameters=n_parameters
    )


def reliable_enough(reliability: ScoreReliability, support: Support) -> Check:
    """Reliability against the usual line for comparing groups; informative: the line is a convention."""
    above, below = reliability.low >= ENOUGH, reliability.high < ENOUGH
    told = (
        "is above the usual line for comparing groups"
        if above
        else "is below the usual line for comparing groups"
        if below
        else "may lie on either side of the usual line for comparing groups"
    )
    return Check(
        name="reliability",
        passed=None,
        value=reliability.value,
        threshold=ENOUGH,
        support=support,
        text=f"Reliability of the score ({{value}}, by {reliability.source}) {told} ({{threshold}}).",
    )


def off_scale(counts: Mapping[str, int]) -> Check:
    """No answer lies off the scale of its item."""
    total = sum(counts.values())
    named = ", ".join(counts)
    return Check(
        name="items_on_scale",
        passed=total == 0,
        text="Every answer to an item lies on its scale."
        if not total
        else f"Answers off the scale were left out, to item {named}.",
        computation="exact",
    )


def items_run_together(item_rest: Floats, names: Sequence[str], support: Support) -> Check:
    """No item runs against the others: one that does was not reversed, or does not belong."""
    against = [name for name, r in zip(names, item_rest, strict=True) if r < _AGAINST]
    weakest = float(np.nanmin(item_rest))
    return Check(
        name="items_run_together",
        passed=not against,
        value=weakest,
        threshold=_AGAINST,
        support=support,
        text="Every item runs with the rest of its scale (weakest correlation {value})."
        if not against
        else f"Runs against the rest of the scale, so not reversed or wrongly so: item {', '.join(against)} "
        "(correlation {value}).",
    )


def items_vary(constant: Sequence[str]) -> Check:
    """Every item tells people apart; those that do not are left out of the coefficients, not of the score."""
    return Check(
        name="items_vary",
        passed=not constant,
        text="No item was answered alike by everybody."
        if not constant
        else "Answered in one way by everybody, so left out where reliability is judged: item "
        f"{', '.join(constant)}.",
        computation="exact",
    )


def no_twins(twins: Sequence[tuple[str, str]]) -> Check:
    """No two items are the same column."""
    told = ", ".join(f"{a} and {b}" for a, b in twins)
    return Check(
        name="no_duplicated_items",
        passed=not twins,
        text="No two items were answered alike by everybody."
        if not twins
        else f"Answered alike by everybody, so that the scale looks too reliable: items {told}.",
        computation="exact",
    )


def scores_agree(quality: ItemQuality, n_computed: int) -> Check:
    """Scores of the table are those that follow from the items.

    Args:
        quality: Holds how many can be compared, and how many agree.
        n_computed: Scores made from the items, which agree of themselves.
    """
    compared, agree = quality.n_compared - n_computed, quality.n_agree - n_computed
    if compared <= 0:
        return Check(
            name="scores_agree_with_items",
            passed=None,
            text="All scores were made from the items: there is none to compare.",
            computation="exact",
        )
    share = agree / compared
    return Check(
        name="scores_agree_with_items",
        passed=share >= _AGREE,
        value=round(floor_count(agree) / max(floor_count(compared), 5), 2),
        threshold=_AGREE,
        text="Share of scores that follow from their items by the key: {value} (needed: {threshold})."
        + ("" if share >= _AGREE else " The scores were made by another rule, or the items are of others."),
        computation="exact",
    )


def one_factor_fits(residual: float, support: Support) -> Check:
    """What the items share is one thing: ω and the score take that for granted."""
    return Check(
        name="one_common_factor",
        passed=residual <= _ONE_FACTOR,
        value=residual,
        threshold=_ONE_FACTOR,
        support=support,
        text="What one common factor leaves of the correlations between items: {value} (root mean square, at "
        "most {threshold}).",
    )
