"""Evidence `burnout.reporting`: which lines of TRIPOD+AI are reported, and the risk of bias by PROBAST+AI."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.reporting.declared import declared_facts
from wellperf_models.burnout.reporting.frame import RunFacts, read_facts
from wellperf_models.burnout.reporting.line import Item, Line
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
from wellperf_models.evidence import (
    Check,
    Evidence,
    Measure,
    Provenance,
    Row,
    Support,
    Table,
    Unanswered,
    plain,
)
from wellperf_models.study import Study

_ID = "burnout.reporting"
_QUESTION = "Is everything reported that a reader needs to judge the model, and how far could it be biased?"
_MOST_NAMED = 6
_PARTS: tuple[Part, ...] = ("Development", "Evaluation")
_NOBODY = Support(n_people=0)

type _Filled = tuple[tuple[Item, Line], ...]
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
    lines: _Filled = tuple((item, item.rule(facts)) for item in (*FIRST_ITEMS, *REST_ITEMS))
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
        answer=plain(" ".join((_tripod_words(lines), _probast_words(judged, parts)))),
        estimand="None: a reading of the report by two lists.",
        population="" if facts.frame is None else facts.frame.population,
        design="reporting lists filled from the run",
        provenance=provenance,
        tables=(_tripod(lines), _probast(judged), _domains(domains, parts), _declared(facts)),
        checks=_checks(lines, parts),
        limits=(
            "“Reported” says that it is there, not that it is good.",
            "Our words, with the official numbers: read the lists themselves before a paper is sent in "
            "(Collins et al. 2024, BMJ 385:e078378; Moons et al. 2025, BMJ 388:e082505).",
            "Judged by rule from what the run holds; the lists want a person to confirm it. Whether the "
            "model fits a reader's own purpose (applicability) is not judged.",
        ),
    )


def _tripod_words(lines: _Filled) -> str:
    asked = [(item, line) for item, line in lines if line.status != "not applicable"]
    missing = [f"{item.number} {item.topic}" for item, line in asked if line.status == "not done"]
    told = f"{len(asked) - len(missing)} of {len(asked)} lines of TRIPOD+AI that apply are reported"
    if not missing:
        return told + "."
    more = len(missing) - _MOST_NAMED
    listed = ", ".join(missing[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{told}; missing: {listed}."


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


def _tripod(lines: _Filled) -> Table:
    return _table(
        "tripod_ai",
        "Reporting by TRIPOD+AI, line by line",
        ("line",),
        (
            ("asks", "What it asks for"),
            ("status", "Status"),
            ("where", "Where, why not, or what would do it"),
        ),
        [((item.number,), (item.asks, line.status, line.where)) for item, line in lines],
    )


def _probast(judged: _Judged) -> Table:
    return _table(
        "probast_ai",
        "Risk of bias by PROBAST+AI, question by question",
        ("part", "question"),
        (("asks", "What it asks"), ("answer", "Answer"), ("why", "Why")),
        [((q.part, q.number), (q.asks, answer, why)) for q, (answer, why) in judged],
    )


def _domains(domains: dict[tuple[Part, str], Judgement], parts: dict[Part, Judgement]) -> Table:
    rows = [((part, domain), (judgement,)) for (part, domain), judgement in domains.items()]
    rows += [((part, "overall"), (judgement,)) for part, judgement in parts.items()]
    return _table(
        "probast_ai_domains",
        "PROBAST+AI: concern about the development, risk of bias in the evaluation",
        ("part", "domain"),
        (("judgement", "Concern or risk"),),
        rows,
    )


def _declared(facts: RunFacts) -> Table:
    return _table(
        "declared",
        "What the study file says of the model",
        ("what",),
        (("text", "In the study file"),),
        [((what,), (text,)) for what, text in declared_facts(facts)],
    )


def _table(
    name: str,
    title: str,
    keys: tuple[str, ...],
    measures: tuple[tuple[str, str], ...],
    rows: Sequence[tuple[tuple[str, ...], tuple[str, ...]]],
) -> Table:
    """A table of words: it is about nobody."""
    return Table(
        name=name,
        title=title,
        keys=keys,
        measures=tuple(Measure(name=m, kind="text", label=label) for m, label in measures),
        rows=tuple(Row(key=key, values=values, support=_NOBODY) for key, values in rows),
        partition=False,
        about_people=False,
    )


def _checks(lines: _Filled, parts: dict[Part, Judgement]) -> tuple[Check, ...]:
    missing = sum(line.status == "not done" for _, line in lines)
    risk = parts["Evaluation"]
    return (
        Check(
            name="every_line_reported",
            passed=missing == 0,
            value=float(missing),
            threshold=0.0,
            text="Lines of TRIPOD+AI that apply and are not reported: {value}.",
            computation="exact",
        ),
        Check(
            name="low_risk_of_bias",
            passed={"low": True, "high": False}.get(risk),
            text=f"By PROBAST+AI the risk of bias is {risk}.",
            computation="exact",
        ),
    )
