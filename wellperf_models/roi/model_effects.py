"""What the programme changed: intention to treat, effect in compliers, and the contrast that is no effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.instrument import two_stage
from wellperf_models.inference.multiplicity import holm
from wellperf_models.inference.randomisation import randomisation_test
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.comparison import (
    MIN_CLUSTERS,
    by_cluster,
    cluster_of,
    counts_of,
    design_of,
    difference,
    few_units,
    moments,
    require_sides,
    spread_a_year,
)
from wellperf_models.roi.designs.controlled import Controlled, fit_controlled
from wellperf_models.roi.designs.regression_to_mean import Regression, fit_regression
from wellperf_models.roi.designs.staggered import RollOutEffects, fit_roll_out
from wellperf_models.roi.lots import LEVELS
from wellperf_models.roi.model_contrast import change_of, contrast_of
from wellperf_models.roi.rows import Effect, OutcomeRows, RoiFrame
from wellperf_models.study import Roi

# F of the first stage below which the sandwich of two-stage least squares is not to be trusted
MIN_FIRST_STAGE = 10.0
# share of the treated arm whose receipt may be unknown
_MAX_UNKNOWN = 0.1
NOT_BY_LOT = frozenset({"self_selected", "manager", "everyone"})
_NO_CONTROL = Unanswered(
    reason="there is no control group: nobody in the data was assigned to the control arm.",
    remedy="add those who were not offered the programme to the table outcomes, with their arm",
)
_NO_RECEIPT = "without lots by arm, what the programme does to those who take part cannot be told apart."


@dataclass(frozen=True, kw_only=True)
class OutcomeEffects:
    """What can be said of one outcome.

    Attributes:
        outcome: Name.
        intention_to_treat: Of being assigned to the treated arm; on an outcome measured before, a sign of a
            broken comparison.
        compliers: Of taking part, in those who take part when offered and would not otherwise.
        contrast: Those who took part against those who did not (or after against before): no effect.
        roll_out: Of a roll-out at different times: the same by time since the start, by starting time, and
            before the start.
        controlled: Of a comparison group that was not drawn by lot: what can be held against the difference
            in changes.
        regression: Where nothing was drawn by lot: what regression to the mean alone would bring.
    """

    outcome: str
    intention_to_treat: Effect | Unanswered
    compliers: Effect | Unanswered
    contrast: Effect | Unanswered
    roll_out: RollOutEffects | None = None
    controlled: Controlled | None = None
    regression: Regression | None = None


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Every effect and contrast of a programme.

    Attributes:
        primary: The first outcome the programme may have changed.
        of: Outcome → what can be said of it, in the order declared.
        holm_p: Outcome with timing "after" → p of its intention-to-treat effect, Holm-corrected over them.
        no_effect: Why this design allows no effect at all; None where it does.
    """

    primary: str
    of: dict[str, OutcomeEffects]
    holm_p: dict[str, float]
    no_effect: Unanswered | None

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Effects({len(self.of)} outcomes; not released)"


def fit_effects(frame: RoiFrame, section: Roi) -> Effects:
    """Estimates what the design allows, on every outcome.

    Intention to treat: weighted least squares of the outcome on the arm and what is adjusted for. Errors are
    HC1 where units were assigned one by one and measured once, otherwise CR2 at the level of the lots; below
    40 of what was assigned, CR2 in any case and the randomisation test beside it. Compliers: two-stage least
    squares, the arm being the instrument of receipt; the Anderson–Rubin interval below 40 clusters or an F of
    10.
    Contrast: least squares on receipt inside the treated arm, or on everybody where nothing was assigned.
    A roll-out at different times: imputation from units not yet treated (`designs.staggered`). A comparison
    group that was not drawn by lot: difference in changes (`designs.controlled`).

    Args:
        frame: The return frame.
        section: `[roi]`.

    Returns:
        The effects; what can't be estimated is an `Unanswered` that says why. Where the table programmes says
        that the programme was not assigned by lot, or at a coarser level, there is no effect: one of the two
        is wrong, and no number says which.
    """
    barrier = _barrier(frame, section)
    found = {name: _of_one(rows, frame, section, barrier) for name, rows in frame.outcomes.items()}
    tested = {
        name: effects.intention_to_treat.p_value
        for name, effects in found.items()
        if isinstance(effects.intention_to_treat, Effect) and frame.outcomes[name].declared.timing == "after"
    }
    return Effects(
        primary=section.primary,
        of=found,
        holm_p=dict(zip(tested, holm(list(tested.values())), strict=True)),
        no_effect=barrier,
    )


def _of_one(rows: OutcomeRows, frame: RoiFrame, section: Roi, barrier: Unanswered | None) -> OutcomeEffects:
    """Everything about one outcome, as its design allows."""
    if section.design == "staggered":
        return _of_roll_out(rows, frame, barrier)
    if section.design == "controlled_before_after":
        return _of_two_groups(rows, frame, barrier)
    by_lots = section.design == "randomised"
    return OutcomeEffects(
        outcome=rows.name,
        intention_to_treat=barrier if barrier else attempt(_intention_to_treat, rows, frame.seed),
        compliers=barrier if barrier else attempt(_compliers, rows),
        contrast=attempt(change_of, rows, frame)
        if section.design == "before_after"
        else attempt(contrast_of, rows, inside_treated=by_lots),
        regression=None if by_lots else fit_regression(rows, frame),
    )


def _of_roll_out(rows: OutcomeRows, frame: RoiFrame, barrier: Unanswered | None) -> OutcomeEffects:
    found: RollOutEffects | Unanswered = (
        barrier if barrier else attempt(fit_roll_out, rows, by_lot=frame.by_lot, seed=frame.seed)
    )
    known = None if isinstance(found, Unanswered) else found
    return OutcomeEffects(
        outcome=rows.name,
        intention_to_treat=found if isinstance(found, Unanswered) else found.overall,
        compliers=barrier or Unanswered(reason=_NO_RECEIPT),
        contrast=Unanswered(reason="in a roll-out everybody's turn comes: nobody is compared by choice."),
        roll_out=known,
    )


def _of_two_groups(rows: OutcomeRows, frame: RoiFrame, barrier: Unanswered | None) -> OutcomeEffects:
    compliers = barrier or Unanswered(reason=_NO_RECEIPT)
    if rows.declared.timing == "before" and barrier is None:
        gap = attempt(_gap, rows)
        return OutcomeEffects(
            outcome=rows.name, intention_to_treat=gap, compliers=compliers, contrast=compliers
        )
    found: Controlled | Unanswered = barrier if barrier else attempt(fit_controlled, rows, frame)
    known = None if isinstance(found, Unanswered) else found
    return OutcomeEffects(
        outcome=rows.name,
        intention_to_treat=found if isinstance(found, Unanswered) else found.change,
        compliers=compliers,
        contrast=attempt(contrast_of, rows, inside_treated=True),
        controlled=known,
        regression=fit_regression(rows, frame),
    )


def joint_correlation(effects: Sequence[Effect]) -> Floats:
    """Correlations of the errors of effects, from the clusters they share.

    Args:
        effects: As many as are to be combined, k.

    Returns:
        Shape (k, k), 1 on the diagonal; nan where two share no cluster, as with files that can't be joined.
    """
    k = len(effects)
    result = np.eye(k)
    for i in range(k):
        for j in range(i):
            result[i, j] = result[j, i] = _correlation(effects[i], effects[j])
    return result


def _correlation(a: Effect, b: Effect) -> float:
    if a.influence is None or b.influence is None:
        return math.nan
    _, in_a, in_b = np.intersect1d(a.influence[0], b.influence[0], assume_unique=True, return_indices=True)
    if not in_a.size:
        return math.nan
    shared = float(a.influence[1][in_a] @ b.influence[1][in_b])
    return max(-1.0, min(1.0, shared / (a.std_error * b.std_error)))


def _barrier(frame: RoiFrame, section: Roi) -> Unanswered | None:
    """Why there is no effect, whatever the numbers."""
    if section.design == "participation":
        return Unanswered(
            reason="nobody was assigned by lot; people chose whether to take part.",
            remedy="draw lots for who is offered the programme next",
        )
    if section.design == "before_after":
        return Unanswered(
            reason="there is no control group, and much changes with time besides the programme.",
            remedy="keep a control group drawn by lot, or start units at times drawn by lot",
        )
    if not frame.has_control:
        return _NO_CONTROL
    told = sorted(NOT_BY_LOT.intersection(frame.assigned_by))
    if section.design == "randomised" and told:
        return Unanswered(
            reason="the study says the programme was assigned by lot, but the table programmes says "
            f"{', '.join(told).replace('_', ' ')}: one of the two is wrong.",
            remedy="correct roi.design or programmes.assigned_by",
        )
    coarser = [v for v in frame.assigned_level if LEVELS.index(v) > LEVELS.index(section.level)]
    if coarser:
        return Unanswered(
            reason=f"the study says it was assigned by {section.level}, but the table programmes says by "
            f"{coarser[0]}: one of the two is wrong, and errors at too fine a level are too small.",
            remedy="correct roi.level or programmes.level",
        )
    return None


def _gap(rows: OutcomeRows) -> Effect:
    everyone = np.ones(rows.value.size, bool)
    require_sides(rows, everyone, rows.treated, "arm")
    return difference(rows, everyone, design_of(rows, everyone), rows.treated, "intention_to_treat")


def _intention_to_treat(rows: OutcomeRows, seed: int) -> Effect:
    effect = _gap(rows)
    X, treated = design_of(rows, np.ones(rows.value.size, bool)), rows.treated.astype(float)
    if effect.n_clusters is None or effect.n_clusters >= MIN_CLUSTERS:
        return effect
    p = randomisation_test(rows.value, X, treated, rows.cluster, rows.weight, rows.block, seed=seed)
    return replace(effect, randomisation_p=p)


def _compliers(rows: OutcomeRows) -> Effect:
    where = f"outcome {rows.name}"
    if rows.declared.timing == "before":
        raise DesignError("It was measured before the programme.", where=where)
    if rows.received is None:
        raise DesignError("It is not recorded who took part.", where="outcomes.received")
    chosen = np.isfinite(rows.received)
    if np.mean(~chosen[rows.treated]) > _MAX_UNKNOWN:
        raise DesignError(
            "Too often it is not recorded who took part.",
            where="outcomes.received",
            expected=f"at most {_MAX_UNKNOWN:.0%} of the treated arm unknown",
        )
    offered, received = rows.treated[chosen], rows.received[chosen]
    require_sides(rows, chosen, offered, "arm")
    y, w, cluster = rows.value[chosen], rows.weight[chosen], cluster_of(rows, chosen)
    X = design_of(rows, chosen)
    few = False
    if cluster is None and few_units(offered, w):
        cluster, few = rows.cluster[chosen], True
    fit = two_stage(y, X, offered.astype(float), received, w, cluster)
    few |= cluster is not None and fit.codes.size < MIN_CLUSTERS
    low, high = fit.interval()
    method = "HC0" if cluster is None else "clustered IV"
    if few or fit.first_stage < MIN_FIRST_STAGE:
        if fit.likely is None:
            raise DesignError(
                "The offer changed too little who took part to say what taking part does.",
                where=where,
                remedy="read the effect of the offer",
            )
        low, high = fit.likely
        method = "Anderson–Rubin, " + ("HC1" if cluster is None else "CR2")
    counts = counts_of(rows, chosen, offered, received == 1)
    # with the effect of the offer beside it, a handful who are in that one alone would follow from the two
    unknown = int(np.unique(rows.unit[~chosen]).size)
    mean, _ = moments(y[~offered], w[~offered])
    control = chosen & ~rows.treated
    return Effect(
        outcome=rows.name,
        kind="compliers",
        value=fit.beta,
        std_error=fit.std_error,
        low=low,
        high=high,
        df=fit.df,
        p_value=fit.reduced_p if method.startswith("Anderson") else fit.p_value,
        method=method,
        control_mean=mean,
        control_sd=spread_a_year(rows, control),
        n_rows=y.size,
        n_people=counts.people,
        smallest_side=min(counts.smallest_side, unknown) if unknown else counts.smallest_side,
        n_events=counts.events,
        n_non_events=counts.non_events,
        n_clusters=None if cluster is None else fit.codes.size,
        n_parameters=X.shape[1] + 1,
        first_stage=fit.first_stage,
        influence=by_cluster(rows, chosen, cluster, fit.codes, fit.influence),
        members=rows.members(chosen),
    )
