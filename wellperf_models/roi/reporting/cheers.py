"""CHEERS 2022, items 1 to 15: what is compared, for whom, and what it is worth (Husereau et al. 2022).

Husereau et al., Consolidated Health Economic Evaluation Reporting Standards 2022, BMJ 376:e067975. Numbers
are the official ones (28 items); what each asks for is in our own words: read the list itself before a paper
is sent in. The evaluation is of a programme at work: "patients" are the people it is offered to.
"""

from __future__ import annotations

from typing import Final

from wellperf_models.guidelines import (
    Item,
    Line,
    all_of,
    always_not_applicable,
    either,
    from_answer,
    from_numbers,
    from_words,
    not_done,
    reported,
)
from wellperf_models.roi.reporting.frame import RunFacts

EFFECTS: Final = "roi.effects"
CONTRAST: Final = "roi.contrast"
DECISION: Final = "roi.decision"
CASE: Final = "roi.case"

# where lots or a comparison group allow no effect, the case on beliefs alone is the evaluation
EVALUATION: Final = either(from_answer(DECISION, "estimand"), from_answer(CASE, "estimand"))
CHANNELS: Final = either(
    from_numbers(DECISION, "channels", part="channel ledger, with sources"),
    from_numbers(CASE, "channels", part="channel ledger, with sources"),
)
COSTS: Final = either(
    from_numbers(DECISION, "costs", part="cost ledger, with sources"),
    from_numbers(CASE, "costs", part="cost ledger, with sources"),
)


def _outcomes(facts: RunFacts) -> Line:
    chosen = either(from_answer(EFFECTS, "every outcome declared"), from_answer(CONTRAST, "every outcome"))
    if not facts.measured_after:
        return not_done("the study file declares no outcome: [roi.outcomes]")
    found = chosen(facts)
    return found if found.status == "reported" else either(chosen, CHANNELS)(facts)


def _measured(facts: RunFacts) -> Line:
    without = [name for name in facts.measured_after if not facts.has_unit(name)]
    if not facts.measured_after:
        return not_done("the study file declares no outcome: [roi.outcomes]")
    if without:
        return not_done(f"say in which unit it is counted: [roi.outcomes.{without[0]}] unit")
    return reported("[roi.outcomes] of the study file: table, period and unit of each")


def _currency(facts: RunFacts) -> Line:
    if facts.study.money is None:
        return not_done("declare the currency in [money] reporting_currency")
    return reported("[money]: reporting currency, dated rates")


FIRST_ITEMS: Final[tuple[Item[RunFacts], ...]] = (
    Item(
        number="1",
        topic="title",
        asks="That it is an economic evaluation, and of what",
        rule=either(
            from_answer(DECISION, "question and estimand"), from_answer(CASE, "question and estimand")
        ),
    ),
    Item(
        number="2",
        topic="abstract",
        asks="A structured summary",
        rule=always_not_applicable("a report and no paper: each answer begins with its summary"),
    ),
    Item(
        number="3",
        topic="background",
        asks="Context, question, and what it matters for",
        rule=from_words("background", "why it is evaluated, and which decision hangs on it"),
    ),
    Item(
        number="4",
        topic="analysis plan",
        asks="Whether there was a plan of the analysis, and where it is",
        rule=from_words("protocol", "where the plan of the analysis is, or that there is none"),
    ),
    Item(
        number="5",
        topic="study population",
        asks="Who the people are",
        rule=either(
            from_numbers(EFFECTS, "arms", part="population, and units by arm"),
            from_answer(CONTRAST, "population"),
        ),
    ),
    Item(
        number="6",
        topic="setting and location",
        asks="Where it took place, as far as that may have mattered",
        rule=from_words("setting", "where people work, and at how many sites"),
    ),
    Item(
        number="7",
        topic="comparators",
        asks="What is compared, and why that",
        rule=from_words("comparators", "what the programme is compared with, and why"),
    ),
    Item(
        number="8",
        topic="perspective",
        asks="Whose costs and benefits count, and why theirs",
        rule=all_of(EVALUATION, from_words("perspective", "why this point of view")),
    ),
    Item(
        number="9",
        topic="time horizon",
        asks="Over how many years, and why so many",
        rule=all_of(EVALUATION, from_words("time_horizon", "why these years")),
    ),
    Item(
        number="10",
        topic="discount rate",
        asks="At which discount rate, and why that one",
        rule=all_of(EVALUATION, from_words("discounting", "why this discount rate")),
    ),
    Item(
        number="11",
        topic="selection of outcomes",
        asks="Which outcomes stand for benefit and harm",
        rule=_outcomes,
    ),
    Item(
        number="12",
        topic="measurement of outcomes",
        asks="How these outcomes were measured",
        rule=_measured,
    ),
    Item(
        number="13",
        topic="valuation of outcomes",
        asks="How outcomes were given a value, and by whom",
        rule=CHANNELS,
    ),
    Item(
        number="14",
        topic="resources and costs",
        asks="How costs were measured and valued",
        rule=COSTS,
    ),
    Item(
        number="15",
        topic="currency and price date",
        asks="Currency, dates of quantities and prices, conversion",
        rule=all_of(_currency, from_words("price_date", "of which year prices are, and how converted")),
    ),
)
