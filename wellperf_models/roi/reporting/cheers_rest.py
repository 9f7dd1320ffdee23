"""CHEERS 2022, items 16 to 28: methods, results, discussion and other matters (Husereau et al. 2022)."""

from __future__ import annotations

from typing import Final

from wellperf_models.guidelines import (
    Item,
    Line,
    all_of,
    either,
    from_answer,
    from_numbers,
    from_words,
    not_done,
    reported,
)
from wellperf_models.roi.reporting.cheers import CASE, CHANNELS, COSTS, DECISION
from wellperf_models.roi.reporting.frame import RunFacts

_MODELS = "roi.models"
_PRIORS = "roi.priors"
_SCENARIOS = "roi.scenarios"
_INFORMATION = "roi.information"
_CODE = "where the code of the model can be had"
_PRIOR_EVIDENCE = either(
    from_numbers(_PRIORS, "sources", part="table of prior evidence, with sources"),
    from_numbers(CASE, "sources", part="table of prior evidence, with sources"),
)


def _code(facts: RunFacts) -> Line:
    if facts.text("code_access"):
        return reported("[reporting] code_access of the study file")
    found = facts.given(_MODELS)
    if found is None or not found.provenance.package_version:
        return not_done(f"say {_CODE} in [reporting] code_access")
    return reported("executed notebook of this page; package version and environment in the manifest")


def _assumptions(facts: RunFacts) -> Line:
    for identifier in (DECISION, CASE):
        found = facts.given(identifier)
        if found is not None and found.assumptions:
            return reported(f"{identifier}: what is assumed")
    return not_done(facts.why_not(DECISION))


def _discount_rate_changed(facts: RunFacts) -> Line:
    section = facts.section
    if section is None or section.decision is None or section.decision.horizon_years == 1:
        return reported("one year alone: nothing is discounted")
    if any(scenario.discount_rate is not None for scenario in section.scenarios.values()):
        return reported("another discount rate among the scenarios")
    return not_done("no scenario has another discount rate: [roi.scenarios.NAME] discount_rate")


REST_ITEMS: Final[tuple[Item[RunFacts], ...]] = (
    Item(
        number="16",
        topic="model",
        asks="Which model, why it, and where it can be had",
        rule=all_of(from_answer(_MODELS, "likelihoods and why these"), _code),
    ),
    Item(
        number="17",
        topic="analytics and assumptions",
        asks="How data were analysed, carried forward in time, and the model tried",
        rule=_assumptions,
    ),
    Item(
        number="18",
        topic="heterogeneity",
        asks="How it was found out whether results differ between groups",
        rule=from_words("subgroups", "for whom the result was looked at apart, or that it was for nobody"),
    ),
    Item(
        number="19",
        topic="distributional effects",
        asks="Who gains and who bears it, and whether some count more",
        rule=from_words("distribution", "who gains, who pays, and who is reached least"),
    ),
    Item(
        number="20",
        topic="uncertainty",
        asks="How uncertainty was dealt with",
        rule=either(
            from_numbers(DECISION, "npv_", part="intervals, under several sets of priors"),
            from_answer(CASE, "probabilities under several sets of priors"),
        ),
    ),
    Item(
        number="21",
        topic="engagement",
        asks="How those concerned took part in the design",
        rule=from_words("involvement", "how employees took part, or that they did not"),
    ),
    Item(
        number="22",
        topic="study parameters",
        asks="Every input with its value, spread and source",
        rule=all_of(CHANNELS, COSTS, _PRIOR_EVIDENCE),
    ),
    Item(
        number="23",
        topic="main results",
        asks="Costs, benefits and the overall measure",
        rule=either(
            from_numbers(DECISION, "npv_", part="present values and net present value"),
            from_answer(CASE, "answer"),
        ),
    ),
    Item(
        number="24",
        topic="effect of uncertainty",
        asks="What inputs, judgements, discount rate and horizon change",
        rule=all_of(
            from_answer(_INFORMATION, "what moves the result"),
            from_answer(_SCENARIOS, "other circumstances", "[roi.scenarios]"),
            _discount_rate_changed,
        ),
    ),
    Item(
        number="25",
        topic="effect of engagement",
        asks="What the part they took changed",
        rule=from_words("involvement_effect", "what their part changed, or that it changed nothing"),
    ),
    Item(
        number="26",
        topic="findings and limits",
        asks="Findings, limits, how far they carry, and what was known before",
        rule=all_of(
            either(
                from_answer(DECISION, "answer, and what it does not show"),
                from_answer(CASE, "answer, and what it does not show"),
            ),
            _PRIOR_EVIDENCE,
        ),
    ),
    Item(
        number="27",
        topic="funding",
        asks="Who paid for it, and what part they had",
        rule=from_words("funding", "who paid"),
    ),
    Item(
        number="28",
        topic="conflicts of interest",
        asks="Who gains by the result",
        rule=from_words("conflicts", "who gains, or that nobody does"),
    ),
)
