"""Evidence `burnout.measurement`: how well the outcome is measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wellperf_models.burnout.measure.checks import ENOUGH, support_of
from wellperf_models.burnout.measure.findings_tables import is_beyond, tables_of
from wellperf_models.burnout.measure.frame import MeasureFrame
from wellperf_models.burnout.measure.model import ItemQuality, Measurement, ScoreReliability
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Support,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.latent_profiles import Profiles
from wellperf_models.inference.reliability import Reliability
from wellperf_models.inference.scores import clustered_mean
from wellperf_models.instruments import Status
from wellperf_models.panel import members_of, what_a_group_needs

_ID = "burnout.measurement"
_WELL = 0.8
_WORDS = ("no", "one", "two", "three", "four", "five")
_RESTS_ON: dict[Status, str] = {
    "contested": "the line is contested (withdrawn or disputed by those who know the scale),",
    "validated": "the line was validated against something else than the scale, but is",
    "convention": "the line is a convention,",
}


def describe_measurement(
    measures: MeasureFrame | Unanswered,
    measurement: Measurement | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on how well the outcome is measured; aggregates only.

    Args:
        measures: From `build_measures`.
        measurement: From `fit_measurement`.
        checks: From `check_measurement`.
        provenance: Where the numbers come from.
    """
    if isinstance(measures, Unanswered) or isinstance(measurement, Unanswered):
        why = measures if isinstance(measures, Unanswered) else measurement
        assert isinstance(why, Unanswered)
        return unanswered(
            _ID,
            "How well is the outcome measured?",
            why,
            population="People with a score of the outcome",
            provenance=provenance,
        )
    roster = measures.roster
    return Evidence(
        id=_ID,
        question=f"How well is {plain(measures.outcome)} measured?",
        answer=_answer(measures, measurement),
        estimand="Share of the variance of scores that their items have in common (ω, α); shares of people "
        f"beyond each line on the scale and kinds of people by their scores ({plain(measures.period)}).",
        population=measures.population,
        design="description",
        provenance=provenance,
        estimates=_estimates(measures, measurement),
        tables=tables_of(measures, measurement),
        checks=tuple(checks),
        assumptions=_assumptions(measurement),
        limits=_limits(measures, measurement),
        members=members_of(roster, measures.person),
    )


def _estimates(measures: MeasureFrame, measurement: Measurement) -> tuple[Estimate, ...]:
    found = []
    quality = measurement.quality
    if isinstance(quality, ItemQuality):
        support = support_of(measures, quality)
        named = (
            ("omega", "McDonald's ω of the score", quality.overall.omega),
            ("alpha", "Cronbach's α of the score", quality.overall.alpha),
        )
        found += [
            _reliability(name, label, value, support)
            for name, label, value in named
            if isinstance(value, Reliability)
        ]
    found.append(_mean_score(measures))
    if measures.cut_offs:
        found.append(_share_beyond(measures))
    if isinstance(measurement.profiles, Profiles) and measurement.profiles.entropy is not None:
        found.append(_certainty(measures, measurement, measurement.profiles))
    return tuple(found)


def _reliability(name: str, label: str, value: Reliability, support: Support) -> Estimate:
    return Estimate(
        name=name,
        label=label,
        value=value.value,
        low=value.low,
        high=value.high,
        coverage=0.95,
        interval="confidence",
        unit="share of the variance of scores",
        # on the scale of the coefficient: its digits follow from it
        se=value.std_error * (1 - value.value),
        support=support,
    )


def _mean_score(measures: MeasureFrame) -> Estimate:
    score, person = measures.score[measures.newest], measures.person[measures.newest]
    mean = clustered_mean(score, person)
    return Estimate(
        name="mean_score",
        label=f"mean score of {measures.outcome}, {measures.period}",
        value=mean.value,
        low=mean.low,
        high=mean.high,
        coverage=0.95,
        interval="confidence",
        unit="points",
        se=mean.std_error,
        kind="description",
        computation="exact",
        support=Support(n_people=score.size),
    )


def _share_beyond(measures: MeasureFrame) -> Estimate:
    line = measures.cut_offs[0]
    score, person = measures.score[measures.newest], measures.person[measures.newest]
    beyond = is_beyond(score, line, measures.higher_is_worse)
    share = clustered_mean(beyond.astype(float), person).within(0.0, 1.0)
    n = int(beyond.sum())
    return Estimate(
        name="share_beyond_first_line",
        label=f"share of people at “{line.name}” ({line.at:g}) or worse, {measures.period}",
        value=share.value,
        low=share.low,
        high=share.high,
        coverage=0.95,
        interval="confidence",
        unit="share",
        se=share.std_error,
        kind="description",
        computation="exact",
        support=Support(n_people=score.size, n_events=n, n_non_events=score.size - n),
    )


def _certainty(measures: MeasureFrame, measurement: Measurement, profiles: Profiles) -> Estimate:
    people = int(np.unique(measures.person[measurement.in_profiles]).size)
    counts = np.bincount(profiles.assigned)
    assert profiles.entropy is not None
    return Estimate(
        name="entropy",
        label="certainty of profiles (entropy: 1 is certain, 0 a guess)",
        value=profiles.entropy,
        unit="share",
        se=0.01,
        support=Support(n_people=people, smallest_level=int(counts.min())),
    )


def _answer(measures: MeasureFrame, measurement: Measurement) -> str:
    told = [_reliability_words(measures, measurement)]
    if measures.cut_offs:
        line = measures.cut_offs[0]
        end = "or more" if measures.higher_is_worse else "or less"
        told.append(
            f"[{{share_beyond_first_line.estimate}} of people score {line.at:g} {end} "
            f"({plain(line.name)}, {plain(measures.period)}); "
            + (
                "what lies beyond other lines, and what each line rests on, is in the table.]"
                if len(measures.cut_offs) > 1
                else f"{_RESTS_ON[line.status]} no diagnosis.]"
            )
        )
    told.append(_profile_words(measures, measurement))
    return " ".join(part for part in told if part)


def _reliability_words(measures: MeasureFrame, measurement: Measurement) -> str:
    outcome, found = plain(measures.outcome), measurement.reliability
    if found is None:
        assert isinstance(measurement.quality, Unanswered)
        reason = plain(measurement.quality.reason)
        more = f" What would help: {plain(measurement.quality.remedy)}." if measurement.quality.remedy else ""
        return f"{reason}{more} What the scores alone say follows."
    name = "omega" if "omega" in found.source else "alpha"
    return (
        f"{_verdict(found, outcome)} [Of what sets people's scores apart, a share of {{{name}.estimate}} is "
        "what the items have in common, where 1 would be no error; the rest is error of single items.]"
    )


def _verdict(found: ScoreReliability, outcome: str) -> str:
    if found.low >= _WELL:
        return f"{outcome} is measured well by its items."
    if found.low >= ENOUGH:
        return f"{outcome} is measured well enough to compare groups, not to judge anyone."
    if found.high < ENOUGH:
        return f"Poorly: the items of {outcome} have too little in common for a reliable score."
    return f"These data do not show whether {outcome} is measured reliably enough to compare groups."


def _profile_words(measures: MeasureFrame, measurement: Measurement) -> str:
    profiles = measurement.profiles
    if isinstance(profiles, Unanswered):
        return f"Whether there are different kinds of people is not told: {plain(profiles.reason)}"
    over = " and ".join(plain(name) for name in measures.scales)
    if profiles.number == 1:
        return f"By {over} people differ by degree, not in kind: one profile describes them best."
    return (
        f"By {over} {_WORDS[profiles.number]} kinds of people describe the scores best[ (certainty "
        "{entropy}; the table shows them)]."
    )


def _assumptions(measurement: Measurement) -> tuple[str, ...]:
    found = ["Who answered is like who did not."]
    if isinstance(measurement.quality, ItemQuality):
        found.append("The items share one common factor, and their errors are their own.")
    return tuple(found)


def _limits(measures: MeasureFrame, measurement: Measurement) -> tuple[str, ...]:
    limits = []
    if isinstance(measurement.quality, ItemQuality):
        limits.append(
            "Reliability of this kind knows the error of single items alone, not that of the day or the mood "
            "that all items of a day share. It says nothing of whether the right thing is measured."
        )
        limits.append("Answers of one person in several waves are counted as one unit in the intervals.")
    if measures.cut_offs:
        limits.append(
            "A line on a scale parts a continuum: people just beside it hardly differ, and none is a "
            "diagnosis. “Validated” means against something else than the scale; “contested” means withdrawn "
            "or disputed."
        )
    if isinstance(measurement.profiles, Profiles):
        limits.append(
            "Profiles depend on the form of distribution assumed: one continuum that bends may pass for two."
        )
    if measures.group is not None and isinstance(measurement.quality, ItemQuality) and not measures.in_full:
        what = str(measures.group_by).replace("_", " ")
        limits.append(what_a_group_needs(what, measures.min_people))
    return tuple(limits)
