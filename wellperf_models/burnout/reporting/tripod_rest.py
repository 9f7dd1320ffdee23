"""TRIPOD+AI, items 18 to 27: open science, involvement, results and discussion (Collins et al. 2024)."""

from __future__ import annotations

from typing import Final

from wellperf_models.burnout.reporting.frame import RunFacts
from wellperf_models.burnout.reporting.line import the_model
from wellperf_models.guidelines import (
    Item,
    Line,
    all_of,
    from_answer,
    from_numbers,
    from_words,
    not_applicable,
    not_done,
    reported,
)

_FORECAST = "burnout.forecast"


def _data(facts: RunFacts) -> Line:
    general = facts.study.study
    if facts.text("data_access"):
        return reported("[reporting] data_access")
    if general.public_microdata:
        return reported("[study] source and licence")
    if general.synthetic:
        return reported("[study] synthetic: the data can be made again from the seed")
    return not_done("say who can have the data in [reporting] data_access")


def _code(facts: RunFacts) -> Line:
    if facts.text("code_access"):
        return reported("[reporting] code_access")
    found = facts.given(_FORECAST)
    if found is None or not found.provenance.package_version:
        return not_done("say who can have the code in [reporting] code_access")
    return reported("executed notebook of this page; package version and environment in the manifest")


def _flow(facts: RunFacts) -> Line:
    if facts.given(_FORECAST) is None:
        return not_done(facts.why_not(_FORECAST))
    if not facts.numbers(_FORECAST, "calibration"):
        return not_done("answers and cases are kept back: too few")
    if facts.frame is not None and facts.frame.left_out and facts.table(_FORECAST, "left_out") is None:
        return not_done("what was not used is kept back")
    return reported("burnout.forecast: answers, cases, and what was not used")


def _compared(facts: RunFacts) -> Line:
    if facts.given("burnout.external") is not None:
        return reported("burnout.external: shift in case mix")
    if facts.frame is not None and not facts.frame.time_split:
        return not_applicable("folds of the same answers")
    return not_done("no table compares older and newer waves; a second study would (model_from)")


def _updated(facts: RunFacts) -> Line:
    if facts.numbers("burnout.use", "recalibration"):
        return reported("burnout.use: before and after recalibration")
    if facts.given("burnout.external") is not None:
        return reported("burnout.external: before and after recalibration")
    return not_applicable("no model was updated")


REST_ITEMS: Final[tuple[Item[RunFacts], ...]] = (
    Item(
        number="18a",
        topic="funding",
        asks="Who paid, and what part they had",
        rule=from_words("funding", "who paid"),
    ),
    Item(
        number="18b",
        topic="conflicts",
        asks="Conflicts of interest",
        rule=from_words("conflicts", "who gains, or that nobody does"),
    ),
    Item(
        number="18c",
        topic="protocol",
        asks="Where the protocol is, or that there is none",
        rule=from_words("protocol", "where it is, or that there is none"),
    ),
    Item(
        number="18d",
        topic="registration",
        asks="Where the study is registered, or that it is not",
        rule=from_words("registration", "where it is registered, or that it is not"),
    ),
    Item(number="18e", topic="sharing data", asks="Who can have the data", rule=_data),
    Item(number="18f", topic="sharing code", asks="Who can have the code", rule=_code),
    Item(
        number="19",
        topic="involvement",
        asks="How those concerned took part, or that they did not",
        rule=from_words("involvement", "how employees took part, or that they did not"),
    ),
    # worded from memory; the official text was not seen
    Item(
        number="20a",
        topic="flow",
        asks="From everybody to those analysed, with and without the outcome",
        rule=_flow,
    ),
    Item(
        number="20b",
        topic="characteristics",
        asks="Who they are: predictors, outcome, missing values, by group",
        rule=from_answer("data_quality.description", "the data in numbers", "see the page on data quality"),
    ),
    Item(
        number="20c",
        topic="comparison",
        asks="Distributions where the model was developed and where it is evaluated",
        rule=_compared,
    ),
    Item(
        number="21",
        topic="numbers",
        asks="People and cases in each analysis",
        rule=from_numbers(_FORECAST, "calibration", part="answers and cases of each model"),
    ),
    Item(
        number="22",
        topic="the model",
        asks="The full model, so that others can use and evaluate it",
        rule=the_model,
    ),
    Item(
        number="23a",
        topic="performance",
        asks="Performance with intervals, in subgroups too",
        rule=all_of(
            from_numbers(_FORECAST, "auc_", part="AUC"),
            from_numbers(_FORECAST, "calibration_slope", part="calibration slope"),
            from_numbers("burnout.groups", "auc", part="AUC by group", remedy="[burnout] group_by"),
        ),
    ),
    Item(
        number="23b",
        topic="heterogeneity",
        asks="How performance differs between clusters, if examined",
        rule=from_numbers(
            "burnout.ladder",
            "auc_left_out",
            part="one group left out at a time",
            remedy="[burnout.ladder] leave_out",
        ),
    ),
    Item(number="24", topic="updated model", asks="Results of updating", rule=_updated),
    Item(
        number="25",
        topic="interpretation",
        asks="What it means, fairness and earlier studies included",
        rule=all_of(
            from_answer(_FORECAST, "answer"),
            from_answer("burnout.groups", "answer"),
            from_words("rationale", "what earlier models reached"),
        ),
    ),
    Item(
        number="26",
        topic="limits",
        asks="Limits, and what they do to the results",
        rule=from_answer(_FORECAST, "what this does not show, and checks"),
    ),
    Item(
        number="27a",
        topic="poor input",
        asks="What to do where predictors are missing or poor in use",
        rule=from_words("input_quality", "what to do where a predictor is missing"),
    ),
    Item(
        number="27b",
        topic="users",
        asks="What users have to do and know",
        rule=from_words("expertise", "what a user has to know"),
    ),
    Item(
        number="27c",
        topic="next steps",
        asks="What has to be studied next",
        rule=from_words("next_steps", "what has to be studied next"),
    ),
)
