"""Evidence `roi.reporting`: which items of CHEERS 2022 are reported."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.disclosure import Released
from wellperf_models.evidence import Evidence, Provenance, Table, Unanswered, plain, unanswered
from wellperf_models.guidelines import (
    every_line_reported,
    fill,
    lines_in_words,
    table_of_lines,
    table_of_words,
)
from wellperf_models.roi.reporting.cheers import FIRST_ITEMS
from wellperf_models.roi.reporting.cheers_rest import REST_ITEMS
from wellperf_models.roi.reporting.frame import RunFacts, read_facts
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.study import Study

_ID = "roi.reporting"
_QUESTION = "Is everything reported that a reader needs to judge the economic evaluation?"
_LIST = "CHEERS 2022"
# key of [reporting] → what a reader sees
_WORDS = {
    "background": "Why it is evaluated",
    "setting": "Setting",
    "comparators": "Compared with",
    "perspective": "Why this point of view",
    "time_horizon": "Why these years",
    "discounting": "Why this discount rate",
    "price_date": "Prices of which year",
    "subgroups": "Groups looked at apart",
    "distribution": "Who gains and who pays",
    "involvement": "How those concerned took part",
    "involvement_effect": "What that changed",
    "protocol": "Plan of the analysis",
    "code_access": "Who can have the code",
    "funding": "Funding",
    "conflicts": "Conflicts of interest",
}


def fill_cheers(
    frame: RoiFrame | Unanswered,
    study: Study,
    answers: Sequence[Released | Unanswered],
    *,
    provenance: Provenance,
) -> Evidence:
    """Fills CHEERS 2022 from what the run released and the study file says.

    Nothing is taken for reported that is not there: an answer that was not given, or a number that the gate
    kept back, is "not done".

    Args:
        frame: The return frame, or why there is none.
        study: The study.
        answers: Everything released on the page before, in any order.
        provenance: Where the numbers come from.
    """
    facts = read_facts(study, frame, answers)
    population = "" if facts.frame is None else facts.frame.population
    if facts.section is None or facts.section.decision is None:
        why = Unanswered(
            reason="no decision is declared, so there is no economic evaluation to report.",
            remedy="add [roi.decision]",
            asked=False,
        )
        return unanswered(_ID, _QUESTION, why, population=population, provenance=provenance)
    lines = fill((*FIRST_ITEMS, *REST_ITEMS), facts)
    check = every_line_reported(lines, _LIST, "Items")
    told = lines_in_words(lines, f"{_LIST}, the checklist for economic evaluations,", "items")
    return Evidence(
        id=_ID,
        question=_QUESTION,
        answer=plain(f"{'Yes' if check.passed else 'No'}: {told}"),
        estimand="None: a reading of the report by a list.",
        population=population,
        design="reporting list filled from the run",
        provenance=provenance,
        tables=(table_of_lines(lines, "cheers", f"Reporting by {_LIST}, item by item", "item"), _said(facts)),
        checks=(check,),
        limits=(
            "“Reported” says that it is there, not that it is good.",
            "Our words, with the official numbers: read the list itself before a paper is sent in "
            "(Husereau et al. 2022, BMJ 376:e067975).",
            "Filled by rule from what the run holds; the list wants a person to confirm it.",
        ),
    )


def _said(facts: RunFacts) -> Table:
    return table_of_words(
        "declared",
        "What the study file says of the evaluation",
        ("what",),
        (("text", "In the study file"),),
        [((what,), (facts.text(key),)) for key, what in _WORDS.items() if facts.text(key)],
    )
