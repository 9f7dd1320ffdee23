"""Evidence `roi.scenarios`: whether the answer is the same under other circumstances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Measure,
    Provenance,
    Row,
    Support,
    Table,
    Unanswered,
    interval_measures,
    plain,
    unanswered,
)
from wellperf_models.roi.findings_decision import doubts_of, money_unit, support_of_decision
from wellperf_models.roi.findings_returns import ENDS, in_percent, row_of
from wellperf_models.roi.findings_words import programme_of
from wellperf_models.roi.prior_words import BELIEF, words_of
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.roi.scenarios.model import AtScenario, Scenarios
from wellperf_models.roi.summaries import quantiles, share
from wellperf_models.study import Scenario

_ID = "roi.scenarios"
_QUESTION = "Would the answer be the same under other circumstances?"
DECLARED = "As declared"


def compare_scenarios(
    frame: RoiFrame | Unanswered,
    scenarios: Scenarios | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on the scenarios; aggregates only.

    Args:
        frame: The return frame.
        scenarios: From `fit_scenarios`; an `Unanswered` gives an evidence that says why, without a number.
        checks: From `check_scenarios`.
        provenance: Where the numbers come from.
    """
    if isinstance(frame, Unanswered):
        return unanswered(_ID, _QUESTION, frame, population="", provenance=provenance)
    if isinstance(scenarios, Unanswered):
        return unanswered(
            _ID,
            _QUESTION,
            scenarios,
            population=frame.population,
            provenance=provenance,
            checks=tuple(checks),
        )
    support = support_of_decision(scenarios.decision)
    return Evidence(
        id=_ID,
        question=_QUESTION,
        answer=_answer(frame, scenarios),
        estimand="Net present value of the decision, and the probability that it is above 0, with what the "
        "scenario names in place of what the study declares, all else being the same.",
        population=frame.population,
        design=frame.section.design.replace("_", " "),
        provenance=provenance,
        estimates=_estimates(frame, scenarios, support),
        tables=(_circumstances(frame, scenarios), _table(frame, scenarios, support)),
        checks=tuple(checks),
        assumptions=_assumptions(frame),
        limits=(
            "A scenario says what would follow if it held, not how likely it is to hold.",
            "One thing changes at a time unless a scenario names several.",
        ),
        members=support.members,
    )


def label_of(frame: RoiFrame, name: str) -> str:
    """What a reader sees of a scenario."""
    return plain(frame.section.scenarios[name].label or name.replace("_", " "))


def _answered(scenarios: Scenarios) -> dict[str, AtScenario]:
    return {name: found for name, found in scenarios.of.items() if isinstance(found, AtScenario)}


def _all(scenarios: Scenarios) -> dict[str, AtScenario]:
    """Scenarios that could be told, after what is declared, which has no name."""
    return {"": scenarios.declared} | _answered(scenarios)


def _named(what: str, name: str, prior: PriorName) -> str:
    """Name of an estimate."""
    return "_".join(part for part in (what, name, prior) if part)


def _answer(frame: RoiFrame, scenarios: Scenarios) -> str:
    declared, answered = scenarios.declared.answer, _answered(scenarios)
    doubts = doubts_of(frame, scenarios.effects)
    changed = {n: found.answer for n, found in answered.items() if found.answer != declared}
    missing = [label_of(frame, n) for n, found in scenarios.of.items() if isinstance(found, Unanswered)]
    if not answered:
        return f"Not known: no scenario can be told ({'; '.join(missing)}). See the table for the reasons."
    if doubts:
        start = f"Yes, as far as this comparison goes, which decides nothing: {' and '.join(doubts)}."
        if changed:
            start = f"No, and the comparison decides nothing in any case: {' and '.join(doubts)}."
    elif changed:
        start = "No: " + "; ".join(f"“{answer}” if {_if(frame, n)}" for n, answer in changed.items())
        start += f". As declared it is “{declared}”."
    else:
        each = "the one scenario" if len(answered) == 1 else f"each of the {len(answered)} scenarios"
        start = f"Yes: in {each} tried the answer is “{declared}”, as it is with what the study declares."
    first = scenarios.decision.judged_by[0]
    _, unit = money_unit(scenarios.decision)
    low, high = _extremes(scenarios, first)
    worst = f"{{{_named('npv', low, first)}.estimate}} {unit} ({_short(frame, low)})"
    best = f"{{{_named('npv', high, first)}.estimate}} {unit} ({_short(frame, high)})"
    told = (
        f" What offering {programme_of(frame)} brings less what it costs (its net present value) goes from "
        f"{worst} to {best}, {BELIEF[first]}."
    )
    apart = f" Not known: {'; '.join(missing)}." if missing else ""
    return start + told + apart


def _if(frame: RoiFrame, name: str) -> str:
    text = label_of(frame, name)
    return text[:1].lower() + text[1:]


def _short(frame: RoiFrame, name: str) -> str:
    return _if(frame, name) if name else DECLARED.lower()


def _extremes(scenarios: Scenarios, prior: PriorName) -> tuple[str, str]:
    """Names of the scenarios with the lowest and the highest median net present value."""
    middle = {
        name: quantiles(found.npv[prior], (0.5,), 1e3)[0].value for name, found in _all(scenarios).items()
    }
    return min(middle, key=lambda n: middle[n]), max(middle, key=lambda n: middle[n])


def _support_at(found: AtScenario, support: Support) -> Support:
    """With another uptake the one observed can be read off: it rests on who took part, and who did not."""
    if found.receipt is None:
        return support
    few = [found.receipt.n_took_part, found.receipt.n_others, support.smallest_level]
    return replace(support, smallest_level=min(n for n in few if n is not None and n > 0))


def _estimates(frame: RoiFrame, scenarios: Scenarios, support: Support) -> tuple[Estimate, ...]:
    decision, made = scenarios.decision, []
    divisor, unit = money_unit(decision)
    for name, found in _all(scenarios).items():
        own, label = _support_at(found, support), _short(frame, name)
        for prior in decision.judged_by:
            n = decision.returns[prior].n_effective
            middle, low, high = quantiles(found.npv[prior] / divisor, ENDS, n)
            p = share(found.npv[prior] > 0, n)
            made += [
                Estimate(
                    name=_named("npv", name, prior),
                    label=f"Net present value, {label}, {BELIEF[prior]}",
                    value=middle.value,
                    low=low.value,
                    high=high.value,
                    coverage=0.95,
                    interval="credible",
                    unit=unit,
                    support=own,
                    computation="sampled",
                    monte_carlo_error=middle.error,
                ),
                Estimate(
                    name=_named("p_positive", name, prior),
                    label=f"Probability that it returns more than it costs, {label}, {BELIEF[prior]}",
                    value=p.value,
                    unit="probability",
                    support=own,
                    computation="sampled",
                    monte_carlo_error=p.error,
                ),
            ]
    return tuple(made)


def words_of_scenario(scenario: Scenario) -> str:
    """What is different, in words."""
    told = []
    if scenario.wages != 1:
        told.append(f"what every outcome is worth, and what staff time costs, × {scenario.wages:g}")
    if scenario.price != 1:
        told.append(f"every cost × {scenario.price:g}")
    if scenario.uptake is not None:
        told.append(f"{100 * scenario.uptake:g} % of those offered it take part")
    if scenario.fade_out is not None:
        told.append(f"{100 * scenario.fade_out:g} % of the effect lost a year")
    if scenario.discount_rate is not None:
        told.append(f"discount rate {100 * scenario.discount_rate:g} %")
    return "; ".join(told) or "nothing"


def _circumstances(frame: RoiFrame, scenarios: Scenarios) -> Table:
    nobody = Support(n_people=0)
    rows = [
        Row(
            key=(label_of(frame, name),),
            values=(words_of_scenario(scenario), _why(scenarios, name)),
            support=nobody,
        )
        for name, scenario in frame.section.scenarios.items()
    ]
    return Table(
        name="circumstances",
        title="What is different in each scenario",
        keys=("scenario",),
        measures=(
            Measure(name="different", kind="text", label="Different from what is declared"),
            Measure(name="told", kind="text", label="Told"),
        ),
        rows=tuple(rows),
        about_people=False,
    )


def _why(scenarios: Scenarios, name: str) -> str:
    found = scenarios.of[name]
    return f"no: {found.reason}" if isinstance(found, Unanswered) else "yes"


def _table(frame: RoiFrame, scenarios: Scenarios, support: Support) -> Table:
    decision, rows = scenarios.decision, []
    for name, found in _all(scenarios).items():
        label = label_of(frame, name) if name else DECLARED
        for prior, npv in found.npv.items():
            n = decision.returns[prior].n_effective
            rows.append(
                row_of(
                    (label, words_of(prior, decision)),
                    (
                        *quantiles(npv, ENDS, n),
                        in_percent(share(npv > 0, n)),
                        found.answers[prior],
                        found.answer,
                    ),
                    _support_at(found, support),
                )
            )
    return Table(
        name="scenarios",
        title=f"Net present value and answer under other circumstances ({decision.currency})",
        keys=("scenario", "prior"),
        measures=(
            *interval_measures("npv", "Net present value", decision.currency),
            Measure(name="p_positive", kind="model", unit="%", label="Returns more than it costs (%)"),
            Measure(name="answer", kind="text", label="Answer alone"),
            Measure(name="together", kind="text", label="Answer by the rule"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _assumptions(frame: RoiFrame) -> tuple[str, ...]:
    found = [
        "Nothing is fitted again: the same draws of effects, amounts and costs go through other "
        "circumstances, so that what differs between two rows is the scenario and not chance.",
    ]
    if any(s.uptake is not None for s in frame.section.scenarios.values()):
        found.append(
            "With another uptake the effect of the offer grows in proportion: whoever joins gains as much as "
            "those who took part, nobody is affected without taking part, and the cost of the offer stays."
        )
    return tuple(found)
