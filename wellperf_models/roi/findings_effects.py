"""Evidence `roi.effects`: what the programme changed, where lots were drawn."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.evidence import Check, Estimate, Evidence, Provenance, Unanswered, plain, unanswered
from wellperf_models.roi.checks_balance import ALPHA
from wellperf_models.roi.checks_effects import labels_of
from wellperf_models.roi.comparison import MIN_CLUSTERS
from wellperf_models.roi.designs import words
from wellperf_models.roi.designs.less_bias import bias_words
from wellperf_models.roi.findings_tables import tables_of_effects
from wellperf_models.roi.findings_words import (
    estimate_of,
    includes_none,
    members_of_outcomes,
    unit_words,
)
from wellperf_models.roi.model_effects import Effects
from wellperf_models.roi.rows import Effect, RoiFrame

_QUESTION = "What did the programme change?"


def evaluate(
    frame: RoiFrame | Unanswered,
    effects: Effects | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on effects; aggregates only.

    Args:
        frame: The return frame.
        effects: From `fit_effects`; where the design allows no effect, the evidence says why and holds none.
        checks: From `check_effects`.
        provenance: Where the data come from.
    """
    if isinstance(frame, Unanswered):
        return unanswered("roi.effects", _QUESTION, frame, population="", provenance=provenance)
    why = effects if isinstance(effects, Unanswered) else effects.no_effect
    if why is not None:
        return unanswered(
            "roi.effects",
            _QUESTION,
            why,
            population=frame.population,
            provenance=provenance,
            checks=tuple(checks),
        )
    assert isinstance(effects, Effects)
    section = frame.section
    by_arm = section.design == "randomised"
    return Evidence(
        id="roi.effects",
        question=_QUESTION,
        answer=_answer(frame, effects, checks),
        estimand=_estimand(frame) if by_arm else words.estimand(frame),
        population=frame.population,
        design=words.design_words(frame),
        provenance=provenance,
        estimates=_estimates(frame, effects),
        tables=tables_of_effects(frame, effects),
        checks=tuple(checks),
        assumptions=_assumptions(frame, effects) if by_arm else words.assumptions(frame),
        limits=(
            *(
                (
                    "It is what offering the programme changed, whether or not people took part; the effect "
                    "of taking part is another number, and stands beside it.",
                )
                if by_arm
                else words.limits(frame)
            ),
            *((told,) if (told := bias_words(frame)) else ()),
            "An interval that includes no change does not show that nothing changed: the checks say how "
            "large an effect would have been found.",
            "It holds for these people, this programme and the time in which the outcomes were measured.",
            "Only the first outcome was named as the one to judge by; of the others, those that are clear "
            "after "
            "correction for looking at several are worth a second look, not a decision.",
            *_few_clusters(effects, section.level),
            *(
                f"Not answered for “{plain(section.outcomes[name].label or name.replace('_', ' '))}”: "
                f"{plain(why.reason)}"
                for name, why in frame.not_measured.items()
            ),
        ),
        members=members_of_outcomes(frame),
    )


def _estimates(frame: RoiFrame, effects: Effects) -> tuple[Estimate, ...]:
    """Intention to treat first, then compliers; outcomes measured before are in a table of their own."""
    labels = labels_of(frame.outcomes)
    offer, taking_part = [], []
    for name, one in effects.of.items():
        rows = frame.outcomes[name]
        if rows.declared.timing == "before":
            continue
        if isinstance(one.intention_to_treat, Effect):
            label = f"{labels[name]}: {words.short_label(frame)}"
            offer.append(estimate_of(one.intention_to_treat, f"itt_{name}", label, rows))
        if isinstance(one.compliers, Effect):
            label = f"{labels[name]}: change in those who took part because of the offer"
            taking_part.append(estimate_of(one.compliers, f"compliers_{name}", label, rows))
    return (*offer, *taking_part)


def _answer(frame: RoiFrame, effects: Effects, checks: Sequence[Check]) -> str:
    """The primary outcome in plain words, as its interval says; then what else is clear."""
    doubt = words.undermined(frame, checks)
    labels = {name: plain(label) for name, label in labels_of(frame.outcomes).items()}
    primary = effects.of[effects.primary].intention_to_treat
    parts = []
    if isinstance(primary, Unanswered):
        parts.append(f"On “{labels[effects.primary]}”: {plain(primary.words)}")
    else:
        rows = frame.outcomes[effects.primary]
        number = f"{{itt_{effects.primary}.estimate}} {unit_words(rows)}"
        parts.append(words.changed(frame, checks, labels[effects.primary], number))
        if not doubt:
            parts.append(_verdict(primary, rows.declared.higher_is))
        if isinstance(effects.of[effects.primary].compliers, Effect):
            parts.append(
                f"[In those who took part because it was offered, the change was "
                f"{{compliers_{effects.primary}.estimate}} {unit_words(rows)}.]"
            )
    if doubt:
        return " ".join(parts)
    clear = [n for n, p in effects.holm_p.items() if n != effects.primary and p < ALPHA]
    for name in clear:
        parts.append(
            f"[Also after correction for looking at several outcomes, “{labels[name]}” changed by "
            f"{{itt_{name}.estimate}} {unit_words(frame.outcomes[name])}.]"
        )
    if not clear and len(effects.holm_p) > 1:
        parts.append("No other outcome changed clearly, after correction for looking at several.")
    return " ".join(parts)


def _verdict(effect: Effect, higher_is: str) -> str:
    if includes_none(effect):
        return "The interval includes no change: these data do not tell whether it changed at all."
    better = (effect.value > 0) == (higher_is == "better")
    which = "" if higher_is == "neither" else f", for the {'better' if better else 'worse'}"
    if effect.randomisation_p is not None and effect.randomisation_p >= ALPHA:
        return "The interval excludes no change, but drawing the lots again does not confirm it."
    return f"The interval excludes no change: it changed{which}."


def _estimand(frame: RoiFrame) -> str:
    section = frame.section
    blocks = any(rows.block is not None for rows in frame.outcomes.values())
    within = ", within the blocks in which lots were drawn" if blocks else ""
    return (
        f"Difference in the mean of an outcome between all who were assigned to “{plain(section.treated)}” "
        f"and "
        f"all who were assigned to “{plain(section.control or '')}”{within}, whether or not they took part "
        "(intention to treat), weighted where the outcome has a weight. For those who took part because of "
        "the "
        "offer: the same difference divided by the difference in who took part."
    )


def _assumptions(frame: RoiFrame, effects: Effects) -> tuple[str, ...]:
    level = frame.section.level
    taken = any(isinstance(one.compliers, Effect) for one in effects.of.values())
    compliers = (
        "For the effect of taking part: the offer changes an outcome only through taking part (exclusion), "
        "and "
        "nobody stays away because of being offered it (monotonicity). Both are assumed, not tested.",
    )
    return (
        f"Lots were drawn by {level}, as declared; errors are at that level.",
        "What one is offered does not change the outcomes of another who was assigned apart.",
        "Who was not measured would not have changed the difference between the arms (how many were measured "
        "is checked).",
        "Outcomes were measured in both arms alike.",
        *(compliers if taken else ()),
    )


def _few_clusters(effects: Effects, level: str) -> tuple[str, ...]:
    primary = effects.of[effects.primary].intention_to_treat
    if isinstance(primary, Unanswered) or primary.n_clusters is None or primary.n_clusters >= MIN_CLUSTERS:
        return ()
    unit = {"person": "people"}.get(level, f"{level}s")
    return (
        f"Few {unit} were assigned: whatever happened in one or two of them weighs heavily, and only a large "
        "effect could be found.",
    )
