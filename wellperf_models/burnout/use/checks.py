"""Statements about the use of a predicted risk that can fail; each takes what it judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wellperf_models.burnout.checks import number_of_clusters, support_of
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.use.cut_offs import AtCutOff
from wellperf_models.burnout.use.intervals import Intervals
from wellperf_models.burnout.use.measured import Measured
from wellperf_models.burnout.use.model import Use
from wellperf_models.burnout.use.trust import Recalibrated
from wellperf_models.evidence import Check, Support, Unanswered
from wellperf_models.inference.calibration_error import CalibrationError
from wellperf_models.inference.scores import Score

# cases per 100 answers by which a group of risk may be off on average
_MOST_ERROR = 5.0


def check_use(frame: BurnoutFrame, use: Use | Unanswered) -> tuple[Check, ...]:
    """Checks of every part that could be told; none of what could not.

    Args:
        frame: The burnout frame.
        use: From `fit_use`.
    """
    if isinstance(use, Unanswered):
        return ()
    support = support_of(use.forecasts, use.chosen)
    found = [right_on_the_whole(use.chosen.scores.intercept, support)]
    if isinstance(use.error, CalibrationError):
        found.append(small_error(use.error, support))
    if isinstance(use.recalibrated, Recalibrated):
        found.append(needs_no_setting_right(use.recalibrated.brier_change, support))
    if isinstance(use.intervals, Intervals):
        found.append(intervals_hold(use.intervals.against_nominal, use.intervals.nominal, support))
    if isinstance(use.measured, Measured):
        ceiling = use.measured.ceiling_high or use.measured.ceiling
        found.append(below_the_ceiling(use.chosen.scores.auc, ceiling, support))
    if len(use.cut_offs) > 1:
        found.append(same_at_every_cut_off(use.cut_offs))
    clusters = number_of_clusters(use.chosen.scores.n_clusters, frame.section.cluster or "person")
    return (*found, clusters)


def right_on_the_whole(intercept: Score | None, support: Support | None = None) -> Check:
    """As many answers are cases as foretold: calibration in the large."""
    name = "calibration_in_the_large"
    if intercept is None:
        return Check(
            name=name,
            passed=None,
            text="Whether as many are cases as foretold can't be judged: they are separated.",
        )
    right = intercept.low <= 0 <= intercept.high
    told = "More" if intercept.value > 0 else "Fewer"
    return Check(
        name=name,
        passed=right,
        value=intercept.value,
        threshold=0.0,
        support=support,
        text="On the whole as many answers are cases as foretold, within the error (intercept {value} in log "
        "odds; {threshold} is right)."
        if right
        else f"{told} answers are cases than foretold on the whole (intercept {{value}} in log odds; "
        "{threshold} is right).",
    )


def small_error(error: CalibrationError, support: Support | None = None) -> Check:
    """Groups of risk are foretold within a few cases per 100, chance deducted."""
    value, low, high = (100 * v for v in (error.error.value, error.error.low, error.error.high))
    passed = True if high <= _MOST_ERROR else False if low > _MOST_ERROR else None
    words = {
        True: "Predicted and observed shares of cases differ by {value} per 100 on average, chance deducted: "
        "within {threshold}.",
        False: "Predicted and observed shares of cases differ by {value} per 100 on average, chance "
        "deducted: more than {threshold}.",
        None: "Predicted and observed shares of cases differ by {value} per 100 on average, chance deducted; "
        "whether by more than {threshold}, these data do not tell.",
    }
    return Check(
        name="calibration_error",
        passed=passed,
        value=value,
        threshold=_MOST_ERROR,
        support=support,
        text=words[passed],
    )


def needs_no_setting_right(change: Score, support: Support | None = None) -> Check:
    """Slope and intercept of an earlier wave would not have made the risks of later ones better."""
    better, worse = change.high < 0, change.low > 0
    text = "Setting the risks right by an earlier wave would have changed nothing that these data show."
    if better:
        text = (
            "Setting the risks right by an earlier wave would have made those of later ones better: they are "
            "to be set right before they are used."
        )
    elif worse:
        text = (
            "Setting the risks right by an earlier wave would have made those of later ones worse: how far "
            "they are off changes from wave to wave."
        )
    return Check(
        name="recalibration_forward", passed=None if worse else not better, text=text, support=support
    )


def intervals_hold(coverage: Score, nominal: float, support: Support | None = None) -> Check:
    """As many scores fall into the intervals as was asked for.

    Args:
        coverage: With an interval that holds what the width is off by.
        nominal: Asked for.
        support: Of the coverage.
    """
    narrow, wide = coverage.high < nominal, coverage.low > nominal
    text = "As many of the scores fell into their intervals as asked for, within the error"
    if narrow:
        text = "Fewer of the scores fell into their intervals than asked for"
    elif wide:
        text = "More of the scores fell into their intervals than asked for: they are wider than needed"
    return Check(
        name="interval_coverage",
        passed=not narrow,
        value=coverage.value,
        threshold=nominal,
        support=support,
        text=f"{text} (share {{value}}; asked for: {{threshold}}).",
    )


def below_the_ceiling(auc: Score, ceiling: float, support: Support | None = None) -> Check:
    """The order is not better than error of measurement allows."""
    above = auc.low > ceiling
    return Check(
        name="below_the_ceiling",
        passed=not above,
        value=auc.value,
        threshold=round(ceiling, 3),
        support=support,
        text="The order (AUC {value}) is below what error of measurement allows ({threshold})."
        if not above
        else "The order (AUC {value}) is above what error of measurement allows ({threshold}): predictors "
        "share their error with the outcome, or the reliability is understated.",
    )


def same_at_every_cut_off(found: Mapping[float, AtCutOff | Unanswered]) -> Check:
    """Whether the model beats the last score alone is the same at every cut-off that can be told.

    A gain that shows at one and not at another, but differs by no more than either is off by, is no
    difference: the check is informative then.
    """
    answered = [a for a in found.values() if isinstance(a, AtCutOff)]
    own = next(a for a in answered if a.declared)
    name = "same_at_every_cut_off"
    if len(answered) < 2:
        return Check(name=name, passed=None, text="No other cut-off has enough cases to be compared with.")
    what = what_is_judged(own)
    same = agree(answered)
    text = {
        True: f"Whether the model {what} is the same at every cut-off tried.",
        None: f"Whether the model {what} shows at some cut-offs and not at others, which may be chance.",
        False: f"Whether the model {what} hangs on the cut-off: see the table of cut-offs.",
    }[same]
    missing = " Some can't be told." if len(answered) < len(found) else ""
    return Check(name=name, passed=same, text=text + missing)


def agree(answered: Sequence[AtCutOff]) -> bool | None:
    """True where all cut-offs give the same verdict, None where they may, False where they do not."""
    own = next(a for a in answered if a.declared)
    states: list[bool | None] = []
    for other in answered:
        if _verdict(other) == _verdict(own):
            states.append(True)
            continue
        a, b = _judged(own), _judged(other)
        near = a.low <= b.value <= a.high and b.low <= a.value <= b.high
        states.append(None if near else False)
    return False if False in states else None if None in states else True


def what_is_judged(item: AtCutOff) -> str:
    """The question a cut-off is tried on, in words."""
    return "beats the last score alone" if item.last is not None else "orders people better than chance"


def _judged(item: AtCutOff) -> Score:
    """The gain over the last score alone; the AUC less that of chance where there is no last score."""
    gain, auc = item.scores.delta_auc, item.scores.auc
    if item.last is not None and gain is not None:
        return gain
    return Score(value=auc.value - 0.5, std_error=auc.std_error, low=auc.low - 0.5, high=auc.high - 0.5)


def _verdict(item: AtCutOff) -> int:
    """1 where the model is better than what it is compared with, −1 where worse, 0 where neither shows."""
    score = _judged(item)
    return int(score.low > 0) - int(score.high < 0)
