"""Statements about roll-outs and comparison groups that can fail; each takes what it judges."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from wellperf_models.disclosure.rules import floor_count
from wellperf_models.evidence import Check, Support, plain
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.roi.checks_balance import attrition_alike, none_differs
from wellperf_models.roi.checks_statements import (
    labels_of,
    randomisation_agrees,
    resting_on,
    several_outcomes,
    smallest_detectable,
    support_of,
)
from wellperf_models.roi.comparison import MIN_CLUSTERS, SAME
from wellperf_models.roi.designs.controlled import unit_means
from wellperf_models.roi.designs.regression_to_mean import Regression
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.rows import Effect, RoiFrame

# share of what was treated in the first year that a comparison should reach
_MOST_COMPARED = 0.5
# units that two columns share before they are called the same
_FEWEST_SHARED = 20


def check_roll_out(frame: RoiFrame, effects: Effects) -> list[Check]:
    """Checks of a roll-out at different times, beside how it was assigned.

    Args:
        frame: The return frame.
        effects: From `fit_effects`; the design allows effects.
    """
    labels = labels_of(frame.outcomes)
    rolled = {n: o.roll_out for n, o in effects.of.items() if o.roll_out is not None}
    leads = {labels[n]: o.leads_p for n, o in rolled.items() if o.leads_p is not None}
    first = rolled.get(effects.primary)
    checks = [no_effect_before_start(leads, _least(o.overall for o in rolled.values()))]
    if first is not None:
        checks += [
            starts_compared(first.compared, support_of(first.overall)),
            enough_units(first.overall.n_clusters, frame.section.level),
        ]
    return checks + _shared(frame, effects)


def check_controlled(frame: RoiFrame, effects: Effects) -> list[Check]:
    """Checks of a comparison group that was not drawn by lot, beside how it was assigned.

    Args:
        frame: The return frame.
        effects: From `fit_effects`; the design allows effects.
    """
    labels = labels_of(frame.outcomes)
    compared = {n: o.controlled for n, o in effects.of.items() if o.controlled is not None}
    earlier = {labels[n]: o.earlier.p_value for n, o in compared.items() if o.earlier is not None}
    checks = [
        no_effect_before_start(
            earlier, _least(o.earlier for o in compared.values() if o.earlier is not None)
        ),
        *regression_checks(frame, effects),
    ]
    first = compared.get(effects.primary)
    if first is not None:
        checks += [
            adjusting_agrees(first.change, first.adjusted),
            enough_units(first.change.n_clusters, frame.section.level),
        ]
    rows = frame.outcomes[effects.primary]
    lost = attrition_alike(
        {labels[n]: o.assigned for n, o in frame.outcomes.items() if o.declared.timing != "before"}
    )
    checks.append(resting_on(lost, sum(rows.n_assigned), min(rows.n_assigned)))
    return checks + _shared(frame, effects)


def _shared(frame: RoiFrame, effects: Effects) -> list[Check]:
    """What both designs are asked."""
    labels = labels_of(frame.outcomes)
    found = {n: o.intention_to_treat for n, o in effects.of.items()}
    known = {n: e for n, e in found.items() if isinstance(e, Effect)}
    checks = [] if frame.by_lot else [parallel_trends_assumed()]
    primary = known.get(effects.primary)
    if primary is not None:
        if primary.randomisation_p is not None:
            checks.append(randomisation_agrees(primary))
        checks.append(smallest_detectable(primary, frame.outcomes[effects.primary].declared.unit))
    checks.append(several_outcomes({labels[n]: known[n].p_value for n in effects.holm_p}))
    controls = {labels[n]: known[n].p_value for n in frame.negative_controls if n in known}
    if controls:
        check = none_differs(
            "negative_controls_unmoved",
            controls,
            nothing="There is no outcome that the programme cannot have changed.",
            good="Outcomes that the programme cannot have changed did not change (smallest Holm-corrected "
            "p = {value}, line at {threshold}).",
            bad="Something the programme cannot have changed did change: {what} (Holm-corrected p = {value}, "
            "line at {threshold}). The comparison is broken.",
        )
        checks.append(_on(check, _least(known[n] for n in frame.negative_controls if n in known)))
    return checks


def _least(effects: Iterable[Effect]) -> Support | None:
    """What the effect with the smallest side rests on."""
    found = list(effects)
    return support_of(min(found, key=lambda e: (e.smallest_side, e.n_people))) if found else None


def _on(check: Check, support: Support | None) -> Check:
    return check if check.value is None else replace(check, support=support)


def no_effect_before_start(p_values: Mapping[str, float], support: Support | None = None) -> Check:
    """Before the programme began, those who would get it did not move away from the others (Holm)."""
    check = none_differs(
        "no_effect_before_start",
        p_values,
        nothing="Too little was measured before the programme to see whether the groups moved alike then.",
        good="Before the programme began, those who would get it moved as the others did (smallest "
        "Holm-corrected p = {value}, line at {threshold}). That they would have gone on to is assumed.",
        bad="Already before the programme began, those who would get it moved away from the others: {what} "
        "(Holm-corrected p = {value}, line at {threshold}). What happened after may be more of the same, and "
        "no effect.",
    )
    return _on(check, support)


def parallel_trends_assumed() -> Check:
    """What the whole comparison rests on, and nothing can prove."""
    text = (
        "Assumed, and not to be proved: without the programme, those who got it would have changed as those "
        "they are compared with did (parallel trends)."
    )
    return Check(name="parallel_trends_assumed", passed=None, text=text, computation="exact")


def starts_compared(share: float, support: Support | None = None) -> Check:
    """Enough of the first year after the starts has somebody to be compared with."""
    enough = share >= _MOST_COMPARED
    return Check(
        name="starts_compared",
        passed=enough,
        value=share,
        threshold=_MOST_COMPARED,
        support=support,
        text="Of what was measured in the first year after a start, a share of {value} has units beside it "
        "that had not started (needed {threshold}); the effect is about that share."
        if enough
        else "Of what was measured in the first year after a start, only a share of {value} has units beside "
        "it that had not started (needed {threshold}): the effect is about those who started early.",
    )


def enough_units(n_clusters: int | None, level: str) -> Check:
    """Enough was assigned for chance to be judged; below 40 by methods made for few."""
    name = "enough_clusters"
    if n_clusters is None:
        text = "Units were assigned one by one, many of them: chance is judged by ordinary errors (HC1)."
        return Check(name=name, passed=True, text=text, computation="exact")
    unit = {"person": "people"}.get(level, f"{level}s")
    few = n_clusters < MIN_CLUSTERS
    return Check(
        name=name,
        passed=None if few else True,
        value=float(floor_count(n_clusters)),
        threshold=float(MIN_CLUSTERS),
        text=f"At least {{value}} {unit} are compared, fewer than {{threshold}}: errors are those made for "
        "few, and only a large effect could be found."
        if few
        else f"At least {{value}} {unit} are compared, and errors are at their level (enough from "
        "{threshold}).",
        computation="exact",
    )


def adjusting_agrees(change: Effect, adjusted: Effect | None) -> Check:
    """Adjusting for the value before comes to a number that the difference in changes allows."""
    name = "adjusting_agrees"
    if adjusted is None:
        return Check(name=name, passed=None, text="The value before could not be adjusted for.")
    same = change.low <= adjusted.value <= change.high
    return Check(
        name=name,
        passed=same,
        value=adjusted.value,
        support=support_of(adjusted),
        text="Adjusting the value after for the value before gives {value}, inside the interval of the "
        "difference in changes: it matters little which of the two is right."
        if same
        else "Adjusting the value after for the value before gives {value}, outside the interval of the "
        "difference in changes: the groups differed before, and which of the two numbers is right "
        "depends on why they did.",
    )


def regression_checks(frame: RoiFrame, effects: Effects) -> list[Check]:
    """The check of regression to the mean, over outcomes of a design without lots."""
    labels = labels_of(frame.outcomes)
    found = {labels[n]: o.regression for n, o in effects.of.items() if o.regression is not None}
    return [no_regression_to_the_mean(found)]


def no_regression_to_the_mean(found: Mapping[str, Regression]) -> Check:
    """Those who got it were not picked for doing badly, so that they do better by themselves (Holm)."""
    check = none_differs(
        "no_regression_to_the_mean",
        {label: one.p_value for label, one in found.items()},
        nothing="Whether people were picked for doing badly cannot be seen: nothing was measured before, or "
        "too little. People who are do better by themselves.",
        good="No sign that those who got it were picked for doing badly just before (smallest Holm-corrected "
        "p = {value}, line at {threshold}); a gap that always was there is none.",
        bad="Those who got it seem to have been picked for doing badly just before: {what} (Holm-corrected "
        "p = {value}, line at {threshold}). People picked for a bad value do better next time by themselves "
        "(regression to the mean); where it can be told, a table says how much that alone would bring.",
    )
    if not found:
        return check
    least = min(found.values(), key=lambda one: (one.smallest_side, one.n_people))
    support = Support(
        n_people=least.n_people,
        smallest_level=least.smallest_side,
        n_clusters=least.n_clusters,
        members=least.members,
    )
    return _on(check, support)


def channels_apart(frame: RoiFrame) -> list[Check]:
    """The check `no_channel_twice`, where several outcomes are in the money.

    Args:
        frame: The return frame.
    """
    labels = labels_of(frame.outcomes)
    valued = [n for n, o in frame.outcomes.items() if o.declared.value is not None]
    if len(valued) < 2:
        return []
    pairs = {
        f"{labels[a]} and {labels[b]}": _alike(frame, a, b) for a, b in itertools.combinations(valued, 2)
    }
    return [no_channel_twice(pairs)]


def _alike(frame: RoiFrame, a: str, b: str) -> float | None:
    """Correlation of two outcomes between units that both were measured on; None where hardly any were."""
    first, second = frame.outcomes[a], frame.outcomes[b]
    units = np.intersect1d(first.unit, second.unit)
    if units.size < _FEWEST_SHARED:
        return None
    x, y = unit_means(first, units), unit_means(second, units)
    return correlation(x, y)


def correlation(x: Floats, y: Floats) -> float | None:
    """Pearson's, by size; None where one does not vary."""
    if not (np.ptp(x) > 0 and np.ptp(y) > 0):
        return None
    return float(abs(np.corrcoef(x, y)[0, 1]))


def no_channel_twice(pairs: Mapping[str, float | None]) -> Check:
    """No two outcomes with a value are one column told twice (correlation between units above .98)."""
    name = "no_channel_twice"
    twice = [plain(label) for label, size in pairs.items() if size is not None and size > SAME]
    if twice:
        text = (
            f"Two outcomes that are both in the money are nearly the same numbers: {'; '.join(twice)}. The "
            "same money may be counted twice: keep one of them."
        )
        return Check(name=name, passed=False, text=text)
    if all(size is None for size in pairs.values()):
        text = "Outcomes in the money are of different units, so whether two are the same can't be seen."
        return Check(name=name, passed=None, text=text)
    return Check(name=name, passed=True, text="No two outcomes in the money are the same numbers told twice.")
