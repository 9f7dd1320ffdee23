"""Tables of the evidence `roi.models`."""

from __future__ import annotations

from typing import Final

from wellperf_models.evidence import CellValue, Measure, Row, Table, Unanswered, interval_measures
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.findings_words import unit_of
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.rows import Posterior, PriorName, RoiFrame
from wellperf_models.study import Likelihood

LIKELIHOODS: Final[dict[Likelihood, str]] = {
    "gaussian": "a difference of means",
    "student_t": "a model that a few extreme values hardly move (Student t)",
    "hazard": "a model of yes or no (hazard, complementary log-log)",
    "count": "a model of whole numbers (negative binomial)",
    "tweedie": "a model of averages with zeros (Tweedie)",
    "hurdle": "a model of whether there was any and how much (hurdle)",
}
_SHORT: Final[dict[Likelihood, str]] = {
    "gaussian": "difference of means",
    "student_t": "Student t",
    "hazard": "hazard",
    "count": "negative binomial",
    "tweedie": "Tweedie",
    "hurdle": "hurdle",
}
ESTIMATE: Final = "plain comparison of means"
GAUSSIAN: Final = "Gaussian model"
_TOLD: Final = {
    "shape": "shape (smaller: more dispersed)",
    "spread": "spread between what was assigned (log scale)",
    "spread_control": "spread between what was assigned, control arm (log scale)",
    "spread_treated": "spread between what was assigned, treated arm (log scale)",
}
# the ends of a 95 % interval lie in thin tails: their Monte Carlo error is about 2.7 of the middle's
_TAIL: Final = 3.0
_PRIORS: Final[tuple[PriorName, ...]] = ("flat", "sceptical")
_Interval = tuple[float, float, float]


def tables_of_models(
    frame: RoiFrame, effects: Effects | Unanswered, posteriors: Posteriors
) -> tuple[Table, ...]:
    """Every table of the evidence.

    Args:
        frame, effects, posteriors: As of `describe_models`.
    """
    assert isinstance(effects, Effects)
    tables = [_side_by_side(frame, effects, posteriors)]
    quantities = _quantities(frame, effects, posteriors)
    return (*tables, quantities) if quantities.rows else tuple(tables)


def _side_by_side(frame: RoiFrame, effects: Effects, posteriors: Posteriors) -> Table:
    labels, rows = labels_of(frame.outcomes), []
    for name in dict.fromkeys(outcome for outcome, _ in posteriors):
        effect = intention_to_treat(effects, name)
        assert effect is not None
        told: list[tuple[str, _Interval, Posterior | None]] = [
            (ESTIMATE, (effect.value, effect.low, effect.high), None)
        ]
        for prior in _PRIORS:
            one = posteriors.get((name, prior))
            if one is None:
                continue
            plain_model = one.beside or one
            told.append((f"{GAUSSIAN}, {prior} prior", _ends(plain_model), plain_model))
            if one.modelled is not None:
                words = f"{_SHORT[one.modelled.likelihood]}, {prior} prior"
                told.append((words, _ends(one), one))
        unit, support = unit_of(frame.outcomes[name]), support_of(effect)
        for words, values, posterior in told:
            ratio, ratio_errors = _ratio(posterior)
            errors = (None,) * 3 if posterior is None else _errors(posterior.monte_carlo_error)
            rows.append(
                Row(
                    key=(labels[name], words),
                    values=(*values, unit, *ratio),
                    support=support,
                    monte_carlo_errors=(*errors, None, *ratio_errors),
                )
            )
    return Table(
        name="models",
        title="Effect of the offer by the plain comparison and by each model",
        keys=("outcome", "by"),
        measures=(
            *interval_measures("effect", "Effect"),
            Measure(name="unit", kind="text", label="Unit"),
            *interval_measures("ratio", "As a ratio of means"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _ends(posterior: Posterior) -> _Interval:
    return posterior.mean, posterior.low, posterior.high


def _errors(middle: float) -> _Interval:
    return middle, _TAIL * middle, _TAIL * middle


def _ratio(posterior: Posterior | None) -> tuple[tuple[CellValue, ...], tuple[float | None, ...]]:
    if posterior is None or posterior.modelled is None or "ratio" not in posterior.modelled.told:
        return (None,) * 3, (None,) * 3
    told = posterior.modelled.told["ratio"]
    return (told.middle, told.low, told.high), _errors(told.monte_carlo_error)


def _quantities(frame: RoiFrame, effects: Effects, posteriors: Posteriors) -> Table:
    """Dispersion and spread between what was assigned, under the flat prior."""
    labels, rows = labels_of(frame.outcomes), []
    for (name, prior), one in posteriors.items():
        effect = intention_to_treat(effects, name)
        if prior != "flat" or one.modelled is None or effect is None:
            continue
        for quantity, told in one.modelled.told.items():
            if quantity == "ratio":
                continue
            rows.append(
                Row(
                    key=(labels[name], _TOLD[quantity]),
                    values=(told.middle, told.low, told.high),
                    support=support_of(effect),
                    monte_carlo_errors=_errors(told.monte_carlo_error),
                )
            )
    return Table(
        name="quantities",
        title="What else the models say: how dispersed an outcome is, how much what was assigned differs; "
        "where the spread is larger in the treated arm, the effect varies from one to another",
        keys=("outcome", "quantity"),
        measures=interval_measures("quantity", "Median"),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )
