"""Evidence `burnout.reporting`: which lines of TRIPOD+AI are reported, and the risk of bias by PROBAST+AI."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.reporting.declared import declared_facts
from wellperf_models.burnout.reporting.frame import RunFacts, read_facts
from wellperf_models.burnout.reporting.probast import (
    DOMAINS,
    QUESTIONS,
    Judgement,
    Part,
    Question,
    judge_domain,
    judge_part,
)
from wellperf_models.burnout.reporting.probast_analysis import NO, UNKNOWN, Answered
from wellperf_models.burnout.reporting.tripod import FIRST_ITEMS
from wellperf_models.burnout.reporting.tripod_rest import REST_ITEMS
from wellperf_models.disclosure import Released
from wellperf_models.evidence import Check, Evidence, Provenance, Table, Unanswered, plain
from wellperf_models.guidelines import (
    Filled,
    every_line_reported,
    fill,
    lines_in_words,
    table_of_lines,
    table_of_words,
)
from wellperf_models.study import Study

_ID = "burnout.reporting"
_QUESTION = "Is everything reported that a reader needs to judge the model, and how far could it be biased?"
_MOST_NAMED = 6
_PARTS: tuple[Part, ...] = ("Development", "Evaluation")

type _Judged = tuple[tuple[Question, Answered], ...]


def fill_lists(
    frame: BurnoutFrame | Unanswered,
    study: Study,
    answers: Sequence[Released | Unanswered],
    *,
    provenance: Provenance,
) -> Evidence:
    """Fills TRIPOD+AI and PROBAST+AI from what the run released and the study file says.

    Nothing is taken for reported that is not there: an answer that was not given, or a number that the gate
    kept back, is "not done".

    Args:
        frame: The burnout frame.
        study: The study.
        answers: Everything released on the page before, in any order.
        provenance: Where the numbers come from.
    """
    facts = read_facts(study, frame, [a for a in answers if isinstance(a, Released)])
    lines = fill((*FIRST_ITEMS, *REST_ITEMS), facts)
    judged: _Judged = tuple((question, question.rule(facts)) for question in QUESTIONS)
    domains = {
        (part, domain): judge_domain(
            [answer for q, (answer, _) in judged if q.part == part and q.domain == domain]
        )
        for part in _PARTS
        for domain in DOMAINS
    }
    parts = {part: judge_part([domains[part, domain] for domain in DOMAINS]) for part in _PARTS}
    return Evidence(
        id=_ID,
        question=_QUESTION,
        answer=plain(" ".join((lines_in_words(lines, "TRIPOD+AI"), _probast_words(judged, parts)))),
        estimand="None: a reading of the report by two lists.",
        population="" if facts.frame is None else facts.frame.population,
        design="reporting lists filled from the run",
        provenance=provenance,
        tables=(
            table_of_lines(lines, "tripod_ai", "Reporting by TRIPOD+AI, line by line"),
            _probast(judged),
            _domains(domains, parts),
            _declared(facts),
        ),
        checks=_checks(lines, parts),
        limits=(
            "“Reported” says that it is there, not that it is good.",
            "Our words, with the official numbers: read the lists themselves before a paper is sent in "
            "(Collins et al. 2024, BMJ 385:e078378; Moons et al. 2025, BMJ 388:e082505).",
            "Judged by rule from what the run holds; the lists want a person to confirm it. Whether the "
            "model fits a reader's own purpose (applicability) is not judged.",
        ),
    )


def _probast_words(judged: _Judged, parts: dict[Part, Judgement]) -> str:
    evaluated, developed = parts["Evaluation"], parts["Development"]
    return (
        f"By PROBAST+AI the risk of bias is {evaluated}{_because(judged, 'Evaluation', evaluated)}; concern "
        f"about how the model was developed is {developed}{_because(judged, 'Development', developed)}."
    )


def _because(judged: _Judged, part: Part, judgement: Judgement) -> str:
    """The reasons for a judgement: the answers that made it."""
    telling = {"high": NO, "unclear": UNKNOWN}.get(judgement)
    reasons = dict.fromkeys(why for q, (answer, why) in judged if q.part == part and answer == telling)
    if not reasons:
        return ""
    if part == "Development" and list(reasons) == _reasons(judged, "Evaluation", telling):
        return " for the same reasons"
    shown = [why[:1].lower() + why[1:].rstrip(".") for why in list(reasons)[:_MOST_NAMED]]
    return f", because {'; '.join(shown)}"


def _reasons(judged: _Judged, part: Part, telling: str | None) -> list[str]:
    return list(dict.fromkeys(why for q, (answer, why) in judged if q.part == part and answer == telling))


def _probast(judged: _Judged) -> Table:
    return table_of_words(
        "probast_ai",
        "Risk of bias by PROBAST+AI, question by question",
        ("part", "question"),
        (("asks", "What it asks"), ("answer", "Answer"), ("why", "Why")),
        [((q.part, q.number), (q.asks, answer, why)) for q, (answer, why) in judged],
    )


def _domains(domains: dict[tuple[Part, str], Judgement], parts: dict[Part, Judgement]) -> Table:
    rows = [((part, domain), (judgement,)) for (part, domain), judgement in domains.items()]
    rows += [((part, "overall"), (judgement,)) for part, judgement in parts.items()]
    return table_of_words(
        "probast_ai_domains",
        "PROBAST+AI: concern about the development, risk of bias in the evaluation",
        ("part", "domain"),
        (("judgement", "Concern or risk"),),
        rows,
    )


def _declared(facts: RunFacts) -> Table:
    return table_of_words(
        "declared",
        "What the study file says of the model",
        ("what",),
        (("text", "In the study file"),),
        [((what,), (text,)) for what, text in declared_facts(facts)],
    )


def _checks(lines: Filled[RunFacts], parts: dict[Part, Judgement]) -> tuple[Check, ...]:
    risk = parts["Evaluation"]
    return (
        every_line_reported(lines, "TRIPOD+AI"),
        Check(
            name="low_risk_of_bias",
            passed={"low": True, "high": False}.get(risk),
            text=f"By PROBAST+AI the risk of bias is {risk}.",
            computation="exact",
        ),
    )
