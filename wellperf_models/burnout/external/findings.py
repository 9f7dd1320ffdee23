"""Evidence `burnout.external`: whether a model of another study holds here, as it is and after mending."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.burnout.external.checks import ANOTHER_STUDY, another_study, support_of
from wellperf_models.burnout.external.findings_tables import (
    calibration_table,
    case_mix_table,
    matched_table,
    scores_table,
    source_table,
)
from wellperf_models.burnout.external.model import BOTH, External
from wellperf_models.burnout.external.origin import learnt_from, same_data
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.scores import Score

_ID = "burnout.external"
_AUC = "AUC (0.5 is chance, 1 is perfect order)"


def question_of(frame: BurnoutFrame) -> str:
    """The committee's question."""
    return f"Does a model of {frame.outcome} that another study has published hold here?"


def judge_external(
    frame: BurnoutFrame,
    external: External | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on the model of another study; aggregates only.

    Args:
        frame: Of this study.
        external: From `fit_external`; an `Unanswered` gives an evidence that says why.
        checks: From `check_external`.
        provenance: Of this study's data.
    """
    question = question_of(frame)
    if isinstance(external, Unanswered):
        return unanswered(
            _ID, question, external, population=frame.population, provenance=provenance, checks=tuple(checks)
        )
    same = same_data(external.model, provenance.data_hmac) or learnt_from(frame, external.model)
    # `check_external` does not know the hash of the data
    rest = (c for c in checks if c.name != ANOTHER_STUDY)
    return Evidence(
        id=_ID,
        question=question,
        answer=_answer(external, same=same),
        estimand=(
            "Probability that the published model, unchanged, ranks a case above an answer that is none "
            f"(AUC), and whether its risks are those observed; a case is {external.model.case}."
        ),
        population=frame.population,
        design="prediction" if frame.design == "forward" else "cross-section",
        provenance=provenance,
        estimates=_estimates(external),
        tables=(
            scores_table(external),
            calibration_table(frame, external),
            case_mix_table(external),
            matched_table(frame, external),
            source_table(external),
        ),
        checks=(another_study(same=same), *rest),
        assumptions=(
            "Outcome and predictors are measured here as in the other study: the same questions, the same "
            "units.",
            "Who answered is like who did not, given the predictors.",
        ),
        limits=_limits(frame, external),
        members=external.scored.members(),
    )


def _verdict(external: External) -> str:
    """The plain answer, by intervals."""
    held = external.as_published
    order, risks = held.auc.high >= external.expected, _risks_hold(external)
    if held.auc.low <= 0.5:
        return "No: these data do not show that the model orders people here at all."
    if order and risks:
        return (
            "Yes, as far as these data tell: the model orders people here and its risks are those observed."
        )
    if order:
        return (
            "In part: the model orders people here as well as it can among them, but its risks are off and "
            "must be mended before they are used."
        )
    return "In part: the model orders people here, but less well than it would if it held as it does there."


def _risks_hold(external: External) -> bool:
    """Whether level and spread of the risks are those observed, within their errors."""
    slope, level = external.as_published.slope, external.as_published.intercept
    if slope is None or level is None:
        return False
    return slope.low <= 1 <= slope.high and level.low <= 0 <= level.high


def _answer(external: External, *, same: bool) -> str:
    model, held = external.model, external.as_published
    auc = model.auc[0]
    told = [
        "These are answers the model was learnt from: no external validation."
        if same
        else _verdict(external),
        f"“{plain(model.name)}” of the study “{plain(model.study)}”, unchanged, reaches an AUC of "
        f"{{auc.estimate}} here and had {auc:.2f} there; among these people {{expected_auc}} would be "
        "expected if every risk it predicts were right. AUC is the chance that a case is ranked above "
        "somebody who is none; 0.5 is a coin.",
    ]
    if external.delta is not None:
        how = (
            "better than"
            if external.delta.low > 0
            else "worse than"
            if external.delta.high < 0
            else "not clearly better or worse than"
        )
        told.append(f"[It orders people {how} their last score alone (difference {{delta_auc.estimate}}).]")
    told.append("[It predicts {predicted_share} cases where {observed_share.estimate} came about.]")
    mended = external.named(BOTH)
    if mended is not None and not _risks_hold(external) and mended.brier.value < held.brier.value:
        told.append(
            "[With level and spread of its risks mended here, the Brier score falls from {brier} to "
            "{brier_mended} (0 is perfect).]"
        )
    unknown = [m.predictor.label for m in external.applied.matches if m.how != "used"]
    if unknown:
        told.append(plain(f"Not known here and set to the average there: {', '.join(unknown)}."))
    return " ".join(told)


def _estimates(external: External) -> tuple[Estimate, ...]:
    support, held = support_of(external), external.as_published
    mended = external.named(BOTH)
    parts: list[tuple[str, str, Score | None, str]] = [
        ("auc", "AUC here, as published", held.auc, _AUC),
        ("delta_auc", "difference in AUC: as published less the last score alone", external.delta, "AUC"),
        ("brier", "Brier score, as published", held.brier, "mean squared error of the risk (0 is perfect)"),
        (
            "calibration_slope",
            "calibration slope, as published",
            held.slope,
            "1 is right; below: too extreme",
        ),
        (
            "calibration_intercept",
            "calibration intercept, as published",
            held.intercept,
            "log odds; 0 is right, above: too low",
        ),
        ("observed_share", "cases here", external.observed, "share"),
        (
            "brier_mended",
            "Brier score, level and spread mended here",
            None if mended is None else mended.brier,
            "mean squared error of the risk (0 is perfect)",
        ),
    ]
    found = [
        score.estimate(name, label, unit, support) for name, label, score, unit in parts if score is not None
    ]
    plain_ones = (
        (
            "expected_auc",
            "AUC among these people if every predicted risk were right",
            external.expected,
            _AUC,
        ),
        (
            "told_apart",
            "how well the model's log odds tell these people from those there",
            external.told_apart,
            "AUC (0.5: not at all)",
        ),
        ("predicted_share", "cases predicted, as published", external.predicted, "share"),
    )
    return (
        *found,
        *(
            Estimate(name=name, label=label, value=value, unit=unit, support=support)
            for name, label, value, unit in plain_ones
        ),
    )


def _limits(frame: BurnoutFrame, external: External) -> tuple[str, ...]:
    limits = [
        "An order of groups, not a forecast for a person: no person's risk is shown, and it is never to be "
        "used to decide on anyone.",
        "It is the model as released there: its numbers are rounded as the gate of that study left them.",
        "The intervals are for this model on these answers; that it was learnt from a sample is not in them.",
        "How far these people are from those there is told from mean and spread of the predicted log odds "
        "alone: people who differ in what the model does not use look alike.",
        "Mended risks were tried on people left out of the mending, not on a later wave.",
    ]
    if external.model.design != "forward":
        limits.append(f"In the other study nothing was forecast: {plain(external.model.design)}")
    if frame.design != "forward":
        limits.append(frame.why + " What people will answer next time can't be judged from this.")
    untold = [m.predictor.label for m in external.applied.matches if m.predictor.shares_untold]
    if untold:
        limits.append(
            "The other study does not tell the shares of levels, so that their average is that of levels of "
            f"the same size: {plain(', '.join(untold))}."
        )
    if not external.applied.same_cut_off:
        limits.append(
            "Cases are counted by the cut-off of the other study, so they differ from those on the rest of "
            "this page."
        )
    return tuple(limits)
