"""Evidence `roi.contrast`: what a comparison of participants would have said, and why it is no effect."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.evidence import Check, Estimate, Evidence, Provenance, Unanswered, plain, unanswered
from wellperf_models.roi.checks_effects import labels_of
from wellperf_models.roi.designs.less_bias import bias_words
from wellperf_models.roi.findings_tables import tables_of_contrast
from wellperf_models.roi.findings_words import estimate_of, members_of_outcomes, programme_of, unit_words
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.rows import Effect, RoiFrame

_QUESTION = "What would a comparison of participants have said?"
_QUESTION_BEFORE_AFTER = "What would a comparison of before and after have said?"


def contrast(
    frame: RoiFrame | Unanswered,
    effects: Effects | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on the contrast; the answer warns before it says a number.

    Args:
        frame: The return frame.
        effects: From `fit_effects`.
        checks: From `check_contrast`; its first one fails always.
        provenance: Where the data come from.
    """
    if isinstance(frame, Unanswered):
        return unanswered("roi.contrast", _QUESTION, frame, population="", provenance=provenance)
    over_time = frame.section.design == "before_after"
    question = _QUESTION_BEFORE_AFTER if over_time else _QUESTION
    chosen = _outcome_told(frame, effects)
    if isinstance(chosen, Unanswered):
        return unanswered(
            "roi.contrast",
            question,
            chosen,
            population=frame.population,
            provenance=provenance,
            checks=tuple(checks),
        )
    assert isinstance(effects, Effects)
    return Evidence(
        id="roi.contrast",
        question=question,
        answer=_answer(frame, effects, chosen, over_time=over_time),
        estimand=_estimand(frame, over_time=over_time),
        population=frame.population,
        design="contrast of before and after: not an effect"
        if over_time
        else "contrast of participants: not an effect",
        provenance=provenance,
        estimates=_estimates(frame, effects),
        tables=tables_of_contrast(frame, effects),
        checks=tuple(checks),
        assumptions=("None would make it an effect that these data could support.",),
        limits=(
            "It says how two sets of people, or two times, differ; it says nothing of what the programme "
            "did.",
            "No adjustment for what was measured mends it: what makes people take part is mostly not "
            "measured.",
            "It is shown so that nobody needs to compute it and believe it.",
            *((told,) if (told := bias_words(frame)) else ()),
        ),
        members=members_of_outcomes(frame),
    )


def _outcome_told(frame: RoiFrame, effects: Effects | Unanswered) -> str | Unanswered:
    """The primary outcome where it has a contrast, else the first that has one, else why not."""
    if isinstance(effects, Unanswered):
        return effects
    names = [n for n, rows in frame.outcomes.items() if rows.declared.timing != "before"]
    for name in (effects.primary, *names):
        if isinstance(effects.of[name].contrast, Effect):
            return name
    why = effects.of[effects.primary].contrast
    assert isinstance(why, Unanswered)
    return why


def _answer(frame: RoiFrame, effects: Effects, name: str, *, over_time: bool) -> str:
    label, words = plain(labels_of(frame.outcomes)[name]), unit_words(frame.outcomes[name])
    number = f"{{contrast_{name}.estimate}} {words}"
    if over_time:
        return (
            "Not an effect, whatever its number: much else changes with time, and people picked because they "
            f"do badly do better by themselves. “{label}” was different after {programme_of(frame)} by "
            f"{number}."
        )
    told = (
        "Not an effect, whatever its number: people chose whether to take part, and those who do are other "
        f"people to begin with. In “{label}”, those who took part differ from those who did not by {number}."
    )
    if isinstance(effects.of[name].intention_to_treat, Effect):
        told += f" [The lots say: {{itt_{name}.estimate}} {words} by the offer.]"
    if isinstance(effects.of[name].compliers, Effect):
        told += f" [By taking part because of the offer: {{compliers_{name}.estimate}} {words}.]"
    return told


def _estimand(frame: RoiFrame, *, over_time: bool) -> str:
    if over_time:
        return (
            "Mean of the outcome after less before in the same people: a description of two times, no effect."
        )
    inside = (
        f", among those who were assigned to “{plain(frame.section.treated)}”"
        if frame.section.design == "randomised"
        else ""
    )
    return (
        "Difference in the mean of an outcome between those who took part and those who did not"
        f"{inside}: a description of two sets of people, not an effect."
    )


def _estimates(frame: RoiFrame, effects: Effects) -> tuple[Estimate, ...]:
    """Each contrast with what the lots say of the same outcome beside it."""
    labels = labels_of(frame.outcomes)
    found = []
    for name, one in effects.of.items():
        rows = frame.outcomes[name]
        if rows.declared.timing == "before" or not isinstance(one.contrast, Effect):
            continue
        kinds = (
            (one.contrast, "contrast", "a contrast, not an effect"),
            (one.intention_to_treat, "itt", "change by the offer"),
            (one.compliers, "compliers", "change in those who took part because of the offer"),
        )
        for effect, kind, words in kinds:
            if isinstance(effect, Effect):
                found.append(estimate_of(effect, f"{kind}_{name}", f"{labels[name]}: {words}", rows))
    return tuple(found)
