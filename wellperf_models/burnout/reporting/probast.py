"""PROBAST+AI: 16 questions on development, 18 on evaluation (Moons et al. 2025, BMJ 388:e082505).

Numbers are those of the form (part, domain and question); what each asks is in our own words. Answers follow
from what the run holds. The form lets an assessor say "probably", and overrule a domain with a reason;
nothing is overruled here. Not applicable exists for four questions only (development 4.4, evaluation 4.4 to
4.6). Concerns on applicability are not judged: they depend on the purpose of whoever reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from wellperf_models.burnout.reporting.frame import RunFacts
from wellperf_models.burnout.reporting.probast_analysis import (
    NO,
    NOT_APPLICABLE,
    UNKNOWN,
    YES,
    Answered,
    balanced,
    categories,
    development_size,
    evaluation_size,
    missing_handled,
    no_leakage,
    not_apparent_alone,
    overfitting,
    performance,
    resampled,
)

Part = Literal["Development", "Evaluation"]
Judgement = Literal["low", "high", "unclear"]
_FORECAST = "burnout.forecast"
# checks of the measurement that fail where people's answers were not scored alike
_SCORING = (
    "items_on_scale",
    "items_run_together",
    "no_duplicated_items",
    "scores_agree_with_items",
    "items_vary",
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A signalling question.

    Attributes:
        part: Of the form.
        number: Domain and place in it, such as "4.2".
        asks: In our words.
        rule: How a run answers it, and why.
    """

    part: Part
    number: str
    asks: str
    rule: Callable[[RunFacts], Answered]

    @property
    def domain(self) -> str:
        """Name of its domain."""
        return DOMAINS[int(self.number[0]) - 1]


DOMAINS: Final = ("participants and data", "predictors", "outcome", "analysis")


def _sources(facts: RunFacts) -> Answered:
    if facts.study.study.synthetic:
        return NO, "the data are simulated"
    if facts.frame is None:
        return UNKNOWN, "no answers that could be used"
    return YES, "named tables with keyed hashes of what was read"


def _design(facts: RunFacts) -> Answered:
    if facts.frame is None:
        return UNKNOWN, "no answers that could be used"
    if facts.forward:
        return YES, "the same people asked wave after wave"
    return NO, facts.frame.why


def _representative(facts: RunFacts) -> Answered:
    if facts.given("burnout.nonresponse") is None:
        return UNKNOWN, "whom those who answered stand for is not known: " + facts.why_not(
            "burnout.nonresponse"
        )
    state = facts.state("burnout.nonresponse", "silence_changes_little")
    if state is None:
        return UNKNOWN, "burnout.nonresponse: the data do not tell whether silence changes the share of cases"
    told = "hardly changes" if state else "changes"
    return (YES if state else NO), f"burnout.nonresponse: weighting to all who were asked {told} the cases"


def _same_way(facts: RunFacts) -> Answered:
    if facts.frame is None:
        return UNKNOWN, "no answers that could be used"
    return YES, "each predictor is one declared column, read by one rule for everybody"


def _same_preparation(facts: RunFacts) -> Answered:
    if facts.given(_FORECAST) is None:
        return UNKNOWN, facts.why_not(_FORECAST)
    return YES, "codings learnt on the training answers and applied to all"


def _blind(facts: RunFacts) -> Answered:
    state = facts.state(_FORECAST, "predictors_from_before")
    if state is None:
        return UNKNOWN, "predictors carry no date of their own: that they were known before is declared"
    if state:
        return YES, "no value was measured in or after the wave it is used for"
    return NO, "predictors were asked with the outcome, or measured after it"


def _available(facts: RunFacts) -> Answered:
    answer, why = _blind(facts)
    if answer == UNKNOWN and facts.forward and facts.checks(_FORECAST, "predictors_from_before"):
        return YES, "all are declared as known before the wave"
    return answer, why


def _defined(facts: RunFacts) -> Answered:
    section = facts.study.burnout
    if section is not None and section.case_share is not None:
        return NO, "a case is the worst share of the answers themselves: a cut-off made by the data"
    line = facts.cut_off
    if line is None:
        return UNKNOWN, "no source is named for the cut-off"
    if line.status == "contested":
        return NO, f"the cut-off is contested ({line.source})"
    return (
        YES,
        f"the cut-off is {'validated' if line.status == 'validated' else 'a convention'} ({line.source})",
    )


def _outcome_same_way(facts: RunFacts) -> Answered:
    if facts.frame is None:
        return UNKNOWN, "no answers that could be used"
    failed = [c for n in _SCORING for c in facts.checks("burnout.measurement", n) if c.passed is False]
    if failed:
        return NO, f"burnout.measurement: {failed[0].text.rstrip('.')}"
    return YES, "one scale, one way of scoring and one cut-off for everybody"


def _outcome_blind(facts: RunFacts) -> Answered:
    state = facts.state(_FORECAST, "no_predictor_is_the_outcome")
    if state is False:
        return NO, "a predictor is the outcome itself"
    if facts.frame is not None and any(facts.frame.during.values()):
        return NO, "predictors are asked in the same questionnaire as the outcome"
    if not facts.forward and facts.state("burnout.ladder", "no_shared_items") is False:
        return NO, "burnout.ladder: a predictor holds items of the outcome"
    if state is None:
        return UNKNOWN, facts.why_not(_FORECAST)
    return YES, "no predictor, alone or with others, is the outcome"


def _interval(facts: RunFacts) -> Answered:
    if facts.frame is None:
        return UNKNOWN, "no answers that could be used"
    if not facts.forward:
        return NO, "predictors and outcome are from the same wave"
    return YES, "predictors are the latest known before the wave of the outcome"


def _first_domains(part: Part) -> tuple[Question, ...]:
    """Domains 1 to 3: the same eleven questions in both parts."""
    asked: Sequence[tuple[str, str, Callable[[RunFacts], Answered]]] = (
        ("1.1", "Suitable sources of data", _sources),
        ("1.2", "A suitable design", _design),
        ("1.3", "Who was included leaves people like those the model is for", _representative),
        ("2.1", "Predictors defined and measured alike for all", _same_way),
        ("2.2", "Predictors prepared alike for all", _same_preparation),
        ("2.3", "Predictors measured without knowing the outcome", _blind),
        ("2.4", "Predictors there when the model would be used", _available),
        ("3.1", "Outcome defined and measured in a suitable way", _defined),
        ("3.2", "Outcome defined and measured alike for all", _outcome_same_way),
        ("3.3", "Outcome measured without use of the predictors", _outcome_blind),
        ("3.4", "A suitable time between predictors and outcome", _interval),
    )
    return tuple(Question(part=part, number=n, asks=asks, rule=rule) for n, asks, rule in asked)


QUESTIONS: Final = (
    *_first_domains("Development"),
    Question(part="Development", number="4.1", asks="Enough people and cases", rule=development_size),
    Question(
        part="Development",
        number="4.2",
        asks="Numbers and categories handled in a suitable way",
        rule=categories,
    ),
    Question(
        part="Development",
        number="4.3",
        asks="Missing answers handled in a suitable way",
        rule=missing_handled,
    ),
    Question(
        part="Development",
        number="4.4",
        asks="After methods against rare classes, recalibrated",
        rule=balanced,
    ),
    Question(part="Development", number="4.5", asks="Something done against overfitting", rule=overfitting),
    *_first_domains("Evaluation"),
    Question(
        part="Evaluation",
        number="4.1",
        asks="More than the performance on the training data",
        rule=not_apparent_alone,
    ),
    Question(part="Evaluation", number="4.2", asks="Enough people and cases", rule=evaluation_size),
    Question(
        part="Evaluation",
        number="4.3",
        asks="Missing answers handled in a suitable way",
        rule=missing_handled,
    ),
    Question(
        part="Evaluation",
        number="4.4",
        asks="Evaluated without methods against rare classes",
        rule=balanced,
    ),
    Question(
        part="Evaluation",
        number="4.5",
        asks="Where data were split, nothing leaked across",
        rule=no_leakage,
    ),
    Question(
        part="Evaluation",
        number="4.6",
        asks="Where data were resampled, every step was repeated",
        rule=resampled,
    ),
    Question(
        part="Evaluation",
        number="4.7",
        asks="Order, calibration and usefulness measured",
        rule=performance,
    ),
)


def judge_domain(answers: Sequence[str]) -> Judgement:
    """A domain: high with any no, else unclear with anything unknown, else low.

    Args:
        answers: To its questions.
    """
    if NO in answers:
        return "high"
    return "unclear" if UNKNOWN in answers or not set(answers) - {NOT_APPLICABLE} else "low"


def judge_part(domains: Sequence[Judgement]) -> Judgement:
    """A part of the form is as bad as its worst domain.

    Args:
        domains: Judgements of its domains.
    """
    worst: Judgement = "high" if "high" in domains else "unclear" if "unclear" in domains else "low"
    return worst
