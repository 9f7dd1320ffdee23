"""What must hold for the decision, and what it does not show, in words."""

from __future__ import annotations

from wellperf_models.disclosure.wording import print_whole
from wellperf_models.evidence import plain
from wellperf_models.roi.bias import believed_bias
from wellperf_models.roi.checks_effects import labels_of
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.model_posterior import Posteriors, intention_to_treat
from wellperf_models.roi.returns import DecisionResult
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.study import Decision


def assumptions_of(
    frame: RoiFrame, posteriors: Posteriors, decision: DecisionResult, declared: Decision
) -> tuple[str, ...]:
    """What must hold for the decision."""
    lost = (
        f"once it has ended, {100 * declared.fade_out:g} % of an effect is lost from each year to the next"
        + (" (known only roughly)" if declared.fade_out_spread else "")
    )
    judging = [decision.returns[prior] for prior in decision.judged_by]
    error = 100 * max(back.error_of_probability() for back in judging)
    found = [
        f"The effect of the year evaluated is that of every year the programme runs; {lost}. The years after "
        "and the loss are declared, not measured.",
        "What an outcome is worth, and what the programme costs, is as declared in the two ledgers: amounts "
        "are log-normal around the amount declared (their median) with the spread given there. Every cost "
        "booked, or declared in total, falls into the first year.",
        "What each set of priors believes is in the table of priors; a relative one is turned into the "
        "outcome's unit by the control arm's mean.",
        f"Each probability rests on {print_whole(judging[0].npv.size)} draws; the chance of the draws is "
        f"worth at most {error:.1g} percentage points (one standard deviation).",
    ]
    if frame.section.design == "staggered" and any(line.covers is not None for line in frame.costs):
        found.append(
            "Bookings count until the units that started first have had their years. What units that started "
            "later have yet to cost by then is taken to be in proportion to time: what was paid once for all "
            "of them after the first start would be counted too high, and is better declared."
        )
    if believed_bias(frame.section, frame.assigned_by) is not None:
        mean, sd = believed_bias(frame.section, frame.assigned_by) or (0.0, 0.0)
        found.append(
            "Lots were not drawn, so the comparison may mislead. By how much is believed, not known: the "
            f"logarithm of the ratio of means is off by {mean:g} on average, with a standard deviation of "
            f"{sd:g}, the same for every outcome. It is taken off, and makes the answer less sure."
        )
    gaussian = [
        n for (n, p), told in posteriors.items() if p == "flat" and told.modelled is None and not told.instead
    ]
    if any(frame.outcomes[name].binary for name in gaussian):
        found.append(
            "Yes/no outcomes are modelled as numbers (a linear probability), which matches the trial's "
            "estimate of a difference in shares."
        )
    if decision.n_assumed:
        found.append(
            "The effects on outcomes that can't be joined are taken to be correlated by "
            f"{declared.correlation:g}; the table of correlations shows what another value would change."
        )
    return tuple(found)


def limits_of(
    frame: RoiFrame, effects: Effects, posteriors: Posteriors, decision: DecisionResult
) -> tuple[str, ...]:
    """What the decision does not show."""
    labels = labels_of(frame.outcomes)
    counted = {c.outcome for c in decision.channels}
    after = [n for n, rows in frame.outcomes.items() if rows.declared.timing == "after"]
    found = [
        "It is what offering the programme returns, whether or not people take part. Those who took part "
        "against those who did not is no evidence of a return, and is not used.",
        "A probability near one half says that the data leave it open, not that the programme breaks even.",
    ]
    if without := [plain(labels[n]) for n in after if n not in counted]:
        told = "; ".join(without)
        found.append(f"Not in the money, as what they are worth is not known, or only asserted: {told}.")
    if asked := [n for n in frame.section.willingness_to_pay if n not in {p.name for p in decision.paid}]:
        told = "; ".join(plain(n.replace("_", " ")) for n in asked)
        found.append(
            "What somebody would pay is not told where the outcome has no effect here, or no side that is "
            f"better: {told}."
        )
    missing = [
        n for n in after if (n, "flat") not in posteriors and intention_to_treat(effects, n) is not None
    ]
    if missing:
        told = "; ".join(plain(labels[n]) for n in missing)
        found.append(f"Without a posterior, as their values are too few or too alike in an arm: {told}.")
    return tuple(found)
