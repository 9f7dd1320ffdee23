"""TRIPOD+AI, items 1 to 17: title, introduction and methods (Collins et al. 2024, BMJ 385:e078378).

Numbers are the official ones (27 items, 52 lines); what each asks for is in our own words. The official text
is at tripod-statement.org; read it before a paper is sent in.
"""

from __future__ import annotations

from typing import Final

from wellperf_models.burnout.reporting.frame import RunFacts
from wellperf_models.burnout.reporting.line import the_model
from wellperf_models.guidelines import (
    Item,
    Line,
    all_of,
    always_not_applicable,
    either,
    from_answer,
    from_numbers,
    from_words,
    not_applicable,
    not_done,
    reported,
)

_FORECAST = "burnout.forecast"
_SELF_REPORT = "people answer about themselves; nobody else assesses them"


def _purpose(facts: RunFacts) -> Line:
    governance = facts.study.governance
    if facts.text("intended_use"):
        return reported("[reporting] intended_use")
    if governance is not None:
        return reported("[governance] purpose")
    return not_done("say what it is for in [reporting] intended_use, or [governance] purpose")


def _sources(facts: RunFacts) -> Line:
    if facts.frame is None:
        return not_done("there is no table of answers that could be used")
    if facts.given("burnout.nonresponse") is None:
        return not_done(
            "sources are in [tables]; how far those who answered stand for all is not: "
            + facts.why_not("burnout.nonresponse")
        )
    return reported("[tables] of the study file; burnout.nonresponse on who is missing")


def _treatments(facts: RunFacts) -> Line:
    if facts.text("treatments"):
        return reported("[reporting] treatments")
    if not facts.study.sources_of("programmes"):
        return not_applicable("the study knows of no programme")
    return not_done("programmes ran meanwhile: say how they were handled in [reporting] treatments")


def _predictors(facts: RunFacts) -> Line:
    if facts.frame is None or not facts.frame.declared:
        return not_done("no predictor is declared")
    return reported("[covariates] of the study file: table, column, timing")


def _sample_size(facts: RunFacts) -> Line:
    if facts.text("sample_size"):
        return reported("[reporting] sample_size")
    if facts.checks(_FORECAST, "cases_per_parameter"):
        return reported("burnout.forecast: check on cases for each parameter")
    return not_done("say how the size came about in [reporting] sample_size")


def _updating(facts: RunFacts) -> Line:
    if facts.numbers("burnout.use", "recalibration"):
        return reported("burnout.use: recalibration forward in time")
    if facts.given("burnout.external") is not None:
        return reported("burnout.external: recalibration to the new study")
    return not_applicable("no model was updated")


def _differences(facts: RunFacts) -> Line:
    if facts.given("burnout.external") is not None:
        return reported("burnout.external: shift in case mix")
    if facts.asked("burnout.external"):
        return not_done(facts.why_not("burnout.external"))
    return not_applicable("the model is evaluated on answers of the same study")


def _ethics(facts: RunFacts) -> Line:
    if facts.text("ethics"):
        return reported("[reporting] ethics")
    governance = facts.study.governance
    if governance is not None and governance.dpia is not None:
        return reported("[governance]: legal basis of each table, impact assessment")
    return not_done("name who approved it in [reporting] ethics, or [governance.dpia]")


_CLUSTERS = from_numbers(
    "burnout.ladder",
    "auc_left_out",
    part="one group left out at a time",
    remedy="[burnout.ladder] leave_out",
)

FIRST_ITEMS: Final[tuple[Item[RunFacts], ...]] = (
    Item(
        number="1",
        topic="title",
        asks="That a model is developed or evaluated, of whom, and of which outcome",
        rule=from_answer(_FORECAST, "question and population"),
    ),
    Item(
        number="2",
        topic="abstract",
        asks="A summary by the list for abstracts",
        rule=always_not_applicable("a report and no paper: each answer begins with its summary"),
    ),
    Item(
        number="3a",
        topic="background",
        asks="Why there is a model, in which context, and which exist already",
        rule=from_words("rationale", "why there is a model, and which exist"),
    ),
    Item(
        number="3b",
        topic="purpose",
        asks="Who it is about, what it is for, and who would use it",
        rule=all_of(_purpose, from_words("intended_users", "who would use it")),
    ),
    Item(
        number="3c",
        topic="inequalities",
        asks="Known inequalities between groups of people",
        rule=from_words("inequalities", "what is known of differences between groups"),
    ),
    Item(
        number="4",
        topic="objectives",
        asks="The aims, and whether a model is developed, evaluated or both",
        rule=from_answer(_FORECAST, "question and design"),
    ),
    Item(
        number="5a",
        topic="data",
        asks="Sources of the data, why these, and whom they stand for",
        rule=_sources,
    ),
    # worded after a short paraphrase; the official text was not seen
    Item(
        number="5b",
        topic="dates",
        asks="When the data were collected",
        rule=from_answer(_FORECAST, "waves in the estimand; [study] as_of"),
    ),
    Item(
        number="6a",
        topic="setting",
        asks="Where people work, and how many sites there are",
        rule=from_words("setting", "where people work, and at how many sites"),
    ),
    Item(
        number="6b",
        topic="who enters",
        asks="Who could enter the analysis",
        rule=from_answer(_FORECAST, "population, and what was not used"),
    ),
    Item(
        number="6c",
        topic="treatments",
        asks="Treatments received and how they were handled, if relevant",
        rule=_treatments,
    ),
    Item(
        number="7",
        topic="preparation",
        asks="How data were prepared and checked, alike in all groups",
        rule=from_answer("burnout.measurement", "items, scoring and reliability"),
    ),
    Item(
        number="8a",
        topic="outcome",
        asks="The outcome, its horizon, how and when it is assessed",
        rule=from_answer(_FORECAST, "what a case is, in the estimand; [measures]"),
    ),
    Item(
        number="8b",
        topic="assessors",
        asks="Who assessed the outcome, where that takes judgement",
        rule=always_not_applicable(_SELF_REPORT),
    ),
    Item(
        number="8c",
        topic="blinding",
        asks="How the assessment of the outcome was blinded",
        rule=always_not_applicable(_SELF_REPORT),
    ),
    Item(
        number="9a",
        topic="choice of predictors",
        asks="Why these predictors, and what was selected beforehand",
        rule=from_words("predictor_choice", "why these predictors"),
    ),
    Item(
        number="9b",
        topic="predictors",
        asks="Every predictor, how and when it is measured",
        rule=_predictors,
    ),
    Item(
        number="9c",
        topic="assessors of predictors",
        asks="Who assessed predictors, where that takes judgement",
        rule=always_not_applicable("predictors are records and people's own answers"),
    ),
    Item(
        number="10",
        topic="size",
        asks="How the size of the study came about, and whether it is enough",
        rule=_sample_size,
    ),
    Item(
        number="11",
        topic="missing data",
        asks="How missing data were handled, and what was left out",
        rule=from_answer("burnout.nonresponse", "weighting, bounds, tipping point", "[burnout.nonresponse]"),
    ),
    Item(
        number="12a",
        topic="use of data",
        asks="Which data developed the model and which evaluated it",
        rule=from_answer(_FORECAST, "estimand: trained on, scored on"),
    ),
    Item(
        number="12b",
        topic="form of predictors",
        asks="In which form predictors enter",
        rule=from_answer("burnout.explained", "coefficients with their units and levels"),
    ),
    Item(
        number="12c",
        topic="type of model",
        asks="Type of model, every step of building and tuning, internal validation",
        rule=either(
            from_answer("burnout.candidates", "learners and settings tuned"),
            from_answer(_FORECAST, "ridge logistic; estimand"),
        ),
    ),
    Item(
        number="12d",
        topic="heterogeneity",
        asks="Whether parameters and performance differ between clusters, and how that was found",
        rule=_CLUSTERS,
    ),
    Item(
        number="12e",
        topic="measures",
        asks="Measures of performance: order, calibration, usefulness",
        rule=all_of(
            from_numbers(_FORECAST, "auc_", part="AUC"),
            from_numbers(_FORECAST, "calibration_slope", part="calibration slope"),
            from_answer("burnout.use", "net benefit", "[burnout.use] thresholds"),
        ),
    ),
    Item(number="12f", topic="updating", asks="Updating of the model after its evaluation", rule=_updating),
    Item(
        number="12g",
        topic="predictions",
        asks="How predictions are calculated",
        rule=the_model,
    ),
    Item(
        number="13",
        topic="imbalance",
        asks="Methods against rare classes, and recalibration after them",
        rule=always_not_applicable("none is used: cases are neither copied nor weighted up"),
    ),
    Item(
        number="14",
        topic="fairness",
        asks="What was done about fairness, and why",
        rule=from_answer("burnout.groups", "order and calibration by group", "[burnout] group_by"),
    ),
    Item(
        number="15",
        topic="output",
        asks="What the model puts out, and how thresholds were found",
        rule=from_answer("burnout.use", "risks; thresholds are declared", "[burnout.use] thresholds"),
    ),
    Item(
        number="16",
        topic="development and evaluation",
        asks="How data for development and evaluation differ",
        rule=_differences,
    ),
    Item(number="17", topic="ethics", asks="Approval, and how people agreed", rule=_ethics),
)
