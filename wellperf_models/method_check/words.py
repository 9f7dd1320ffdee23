"""What the findings say of each pillar: what was drawn anew, what a claim is, what was planted."""

from __future__ import annotations

from dataclasses import dataclass

from wellperf_models.burnout import BurnoutFrame
from wellperf_models.evidence import plain
from wellperf_models.method_check.answers import MOST_REPEATS
from wellperf_models.study import MethodCheck

_ALIKE = (
    "over simulated organisations with the people, entries, follow-up, covariates, missing values and "
    "clusters of this one, in which exits are drawn anew from its rates by tenure and cause"
)


@dataclass(frozen=True, kw_only=True)
class Words:
    """Of one pillar. Sentences are templates of an answer.

    Attributes:
        estimand: What is estimated.
        alarm, alarm_label: A claim where nothing is there, in {false_alarms.estimate}: sentence and label.
        found, found_label: The planted effect claimed, in {effect_found.estimate}.
        detectable, detectable_label: What would be found in 8 of 10; the label ends with what it acts
            through, behind a colon, and holds {} where a ratio says above or below.
        unit: Of what can be found.
        ratio: Whether it has two sides, r and 1 / r.
        no_gain: What the estimate is where there is no effect, taken off what was planted (an AUC: .5).
        no_claims: What nothing is said of where the pipeline makes no claims.
        assumptions, limits: Of the simulation.
        detectable_column: Head of the column of what is found in 8 of 10; "": made of the unit.
        more: Further sentences of the answer.
    """

    estimand: str
    alarm: str
    alarm_label: str
    found: str
    found_label: str
    detectable: str
    detectable_label: str
    unit: str
    ratio: bool
    no_gain: float
    no_claims: str
    assumptions: tuple[str, ...]
    limits: tuple[str, ...]
    detectable_column: str = ""
    more: tuple[str, ...] = ()


def words_of_exits(planted: str, effect: float, n_looked_at: int) -> Words:
    """Of the pillar on staying and leaving.

    Args:
        planted: What has an effect, in words; "" where associations can't be tried.
        effect: Hazard ratio planted.
        n_looked_at: Coefficients corrected for; 0 where associations can't be tried.
    """
    unknown = (
        "Where a covariate is unknown, people leave at the rate of the average."
        if n_looked_at
        else "Everybody of the same tenure leaves at the same rate."
    )
    of_claims = (
        f"Found means: called clear after correction for looking at {n_looked_at} coefficients; both ends of "
        "what could have been found hold for the covariate named.",
        "The second road to the same hazard ratios (hazard on cells) is not tried here: a check of its own "
        "holds it against the first.",
    )
    return Words(
        estimand="How far the pipeline's estimates lie from the truth on average, how often its 95 % "
        f"intervals hold it, and how often it calls an association clear, {_ALIKE}.",
        alarm="Where nothing was there, it called something clear in {false_alarms.estimate}.",
        alarm_label="organisations without any effect in which something was called clear",
        found=f"A planted hazard ratio of {effect:g} it called clear in {{effect_found.estimate}}.",
        found_label=f"organisations in which a planted hazard ratio of {effect:g} was called clear",
        detectable=f"For “{plain(planted)}” a hazard ratio of {{detectable_above}} or more, or of "
        "{detectable_below} or less, would have been found in 8 of 10; for the others see the table.",
        detectable_label=f"hazard ratio {{}} 1 that is found in 8 of 10: {planted}",
        unit="hazard ratio",
        ratio=True,
        no_gain=1.0,
        no_claims="associations",
        assumptions=(
            "Hazards are proportional and rates constant within a month.",
            "Who left would have been followed as long as others were, with the covariates last known.",
            unknown,
            "Exits of a cluster go together as much as they do here, and no more.",
        ),
        limits=(
            "The simulated organisations follow the model that is fitted to them. That hazards are not "
            "proportional, that something unmeasured lies behind an association, or that leaving has to do "
            "with when people were first seen, can't show here: other checks look for it.",
            *(of_claims if n_looked_at else ()),
        ),
    )


def words_of_answers(
    frame: BurnoutFrame, model: str, planted: str, asked_for: MethodCheck, n_worlds: int, share: float
) -> Words:
    """Of the pillar on strain.

    Args:
        frame: Says whether there is a last score to beat.
        model: Declared model that is tried.
        planted: What has an effect, in words.
        asked_for: What the study asks.
        n_worlds: Organisations of each kind that were tried.
        share: Of the study's answers.
    """
    name, effect = plain(frame.name_of(model)), asked_for.effect
    forward = frame.answers.last is not None
    gain = "gain in AUC over the last score" if forward else "gain in AUC over a coin (0.5)"
    among = "among people with the same last score" if forward else "between people"
    truth = (
        "in endlessly many scored waves of the same people"
        if frame.time_split
        else "among endlessly many other people"
    )
    claimed = (
        "that the model adds to the last score" if forward else "that the model orders better than a coin"
    )
    return Words(
        estimand="How far the pipeline's AUC, gain and calibration slope lie from the truth on average, how "
        "often its 95 % intervals hold it, and how often it says "
        f"{claimed}, over simulated organisations with the people, waves answered, covariates, missing "
        "values and clusters of this one (clusters drawn with replacement), in which every score is drawn "
        f"anew from how scores are spread and last here. The truth is what the fitted models reach {truth}.",
        alarm=f"Where nothing was there, it said {claimed} in {{false_alarms.estimate}}.",
        alarm_label=f"organisations in which nothing is there and the pipeline says {claimed}",
        found=f"A planted association of “{plain(planted)}” (an odds ratio of {effect:g} {among}), worth a "
        f"{gain} of {{planted_gain}}, it found in {{effect_found.estimate}}.",
        found_label=f"organisations in which a planted odds ratio of {effect:g} was found: {planted}",
        detectable=f"A {gain} of {{detectable}} or more would have been found in 8 of 10.",
        detectable_label=f"smallest {gain} found in 8 of 10: {name}",
        unit="AUC",
        ratio=False,
        no_gain=0.0 if forward else 0.5,
        no_claims="a gain",
        assumptions=(
            "Scores are normal but for their steps; part of them lasts in people and in clusters, part is "
            "remembered from one answer to the next.",
            "Nothing but the planted association is behind a score, and waves do not differ but in who "
            "answers them.",
            "Before a person's first answer their predictors were those of the second.",
        ),
        limits=_limits(frame, name, asked_for, n_worlds, share),
    )


def _limits(
    frame: BurnoutFrame, name: str, asked_for: MethodCheck, n_worlds: int, share: float
) -> tuple[str, ...]:
    limits = [
        "The simulated organisations follow a model of scores. That predictors work in another way, that a "
        "predictor knows the outcome, or that who does not answer differs, can't show here: other checks "
        "look for it.",
        "Found means: the 95 % interval lies above what is to be beaten. Other questions on strain (other "
        "kinds of models, use, explanation) are not tried here.",
    ]
    if len(frame.section.models) > 1:
        limits.append(f"Of the declared models one is tried: “{name}”.")
    if frame.time_split:
        limits.append(
            "Who is scored was mostly trained on too, here as on the page: among other people a gain would "
            "be a little smaller."
        )
    if n_worlds < asked_for.worlds:
        limits.append(
            f"{n_worlds} organisations of each kind were tried, not the {asked_for.worlds} asked for: each "
            "of them costs much."
        )
    if not frame.time_split and frame.section.validation.repeats > MOST_REPEATS:
        limits.append(
            f"Folds were drawn {MOST_REPEATS} times, not {frame.section.validation.repeats} as on the page: "
            "intervals there are a little narrower."
        )
    if share < 1:
        limits.append(
            "The smallest gain found in 8 of 10 is that of all answers: errors of the part that was tried, "
            "made smaller by the root of its share."
        )
    return tuple(limits)
