"""Evidence `burnout.candidates`: whether a model of another kind is worth having."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.burnout.candidates.findings_tables import differences_table, models_table
from wellperf_models.burnout.candidates.model import BACKGROUND, Candidates
from wellperf_models.burnout.candidates.words import background_words, kind_of, orders, than, the
from wellperf_models.burnout.checks import support_of
from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.model import Forecast
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Unanswered,
    plain,
    unanswered,
)

_ID = "burnout.candidates"
_AUC_UNIT = "AUC (0.5 is chance, 1 is perfect order)"
_AUC_WORDS = "AUC is the chance that a case is ranked above somebody who is none; 0.5 is a coin."


def compare_candidates(
    frame: BurnoutFrame,
    candidates: Candidates | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on models of other kinds, side by side; aggregates only.

    Args:
        frame: The burnout frame.
        candidates: From `fit_candidates`; an `Unanswered` gives an evidence that says why.
        checks: From `check_candidates`.
        provenance: Where the numbers come from.
    """
    question = (
        f"Does another kind of model order cases of {frame.outcome} better"
        + (" than the last score alone" if frame.design == "forward" else "")
        + ", and which is the simplest that is as good as the best?"
    )
    if isinstance(candidates, Unanswered):
        return unanswered(_ID, question, candidates, population=frame.population, provenance=provenance)
    return Evidence(
        id=_ID,
        question=question,
        answer=_answer(frame, candidates),
        estimand=_estimand(frame, candidates),
        population=frame.population,
        design="prediction" if frame.design == "forward" else "cross-section",
        provenance=provenance,
        estimates=_estimates(frame, candidates),
        tables=(models_table(frame, candidates), differences_table(frame, candidates)),
        checks=tuple(checks),
        assumptions=_assumptions(frame),
        limits=_limits(frame),
        members=candidates.forecasts.scored.members(),
    )


def _answer(frame: BurnoutFrame, candidates: Candidates) -> str:
    told = [] if frame.design == "forward" else ["Cross-section only: nothing is forecast."]
    told.append(_first_sentence(frame, candidates))
    told.append(_recommendation(candidates))
    during = [frame.label_of(c) for c in frame.during[candidates.predictors]]
    if during:
        told.append(
            plain(
                f"Warning: asked in the same questionnaire as the outcome: {', '.join(during)}; part of this "
                "order is the same answer given twice."
            )
        )
    background = candidates.background
    if isinstance(background, Unanswered):
        told.append(plain(f"What people's background foretells is not answered: {_lower(background.reason)}"))
    elif background is not None and _has_signal(background):
        told.append(
            f"[Who people are ({plain(background_words(frame, candidates))}) orders them by itself with an "
            "AUC of {auc_background.estimate}.]"
        )
    for name, item in candidates.models.items():
        if isinstance(item, Unanswered):
            told.append(plain(f"{_upper(the(name))} could not be fitted: {_lower(item.reason)}"))
    return " ".join([*told, _AUC_WORDS])


def _first_sentence(frame: BurnoutFrame, candidates: Candidates) -> str:
    """Whether any beats the last score alone, and whether background carries no signal: both, in one."""
    silent = ""
    background = candidates.background
    if isinstance(background, Forecast) and not _has_signal(background):
        silent = (
            f", and who people are ({plain(background_words(frame, candidates))}) is not shown to foretell "
            "anything by itself (AUC {auc_background.estimate})"
        )
    winners = candidates.winners
    if not winners:
        best = max(candidates.gains, key=lambda name: candidates.gains[name].auc.value)
        several = len(candidates.gains) > 1
        tried = f"any of the kinds of models tried {orders('')}" if several else f"{the(best)} {orders(best)}"
        # an interval for one alone may leave out 0 all the same
        allowed = ", of several tried" if several and candidates.gains[best].auc.low > 0 else ""
        return (
            f"These data do not show that {tried} people better than {than(candidates)} (largest gain in AUC "
            f"{{delta_auc_{best}.estimate}}, {the(best)}{allowed}){silent}."
        )
    shown = candidates.recommended
    if shown not in winners:
        # as good as the best, but by itself not told apart from the last score
        shown = max(winners, key=lambda name: candidates.gains[name].auc.value)
    return (
        f"Yes, {the(shown)} {orders(shown)} people better than {than(candidates)} (gain in AUC "
        f"{{delta_auc_{shown}.estimate}}){silent}."
    )


def _recommendation(candidates: Candidates) -> str:
    shown, best = candidates.recommended, candidates.best
    if shown == candidates.reference:
        kept = "the last score alone" if shown == LAST_SCORE else "none of them"
        return f"Recommended: {kept}."
    alone = ""
    if shown not in candidates.winners:
        alone = f"; by itself it is not shown to order people better than {than(candidates)}"
    if shown == best:
        simpler = next(iter(candidates.answered)) == shown
        return f"Recommended: {the(shown)}, which has the highest AUC" + (
            f" and is the simplest tried{alone}."
            if simpler
            else f"; no simpler one is within one standard error of it{alone}."
        )
    return (
        f"Recommended: {the(shown)}, the simplest within one standard error of the best (the AUC of "
        f"{the(best)} is higher by {{behind_best_{shown}.estimate}}){alone}."
    )


def _has_signal(background: Forecast) -> bool:
    return background.scores.auc.low > 0.5


def _estimand(frame: BurnoutFrame, candidates: Candidates) -> str:
    reference = kind_of(candidates.reference).lower()
    plan = frame.section.validation
    how = (
        "on the newest waves, trained on older ones"
        if frame.time_split
        else f"in {plan.repeats} × {plan.folds} folds"
    )
    return (
        "Probability that a model ranks a case above an answer that is none (AUC), for answers it has not "
        f"seen, less that of: {reference}. A case is {frame.case}. All models have the same predictors "
        f"(“{frame.name_of(candidates.predictors)}”), are scored {how}, and choose their settings in folds "
        "of the answers they are trained on. That one is better is said where it holds for all models tried "
        "together (Holm); intervals are for one at a time."
    )


def _estimates(frame: BurnoutFrame, candidates: Candidates) -> tuple[Estimate, ...]:
    forecasts, found = candidates.forecasts, []
    against = kind_of(candidates.reference).lower()
    if forecasts.last_score is not None:
        base = forecasts.last_score
        found.append(
            base.scores.auc.estimate(
                "auc_last_score", "AUC: last score alone", _AUC_UNIT, support_of(forecasts, base)
            )
        )
    for name, item in candidates.answered.items():
        gain, support, kind = candidates.gains[name], support_of(forecasts, item), kind_of(name)
        parts = [
            (f"auc_{name}", f"AUC: {kind}", item.scores.auc, _AUC_UNIT),
            (f"delta_auc_{name}", f"difference in AUC: {kind} less {against}", gain.auc, "AUC"),
            (
                f"delta_brier_{name}",
                f"difference in Brier score: {kind} less {against}",
                gain.brier,
                "below 0: better",
            ),
        ]
        found += [score.estimate(key, label, unit, support) for key, label, score, unit in parts]
    shown, best = candidates.recommended, candidates.best
    if shown in candidates.answered and shown != best:
        found.append(
            candidates.behind[shown].estimate(
                f"behind_best_{shown}",
                f"difference in AUC: {kind_of(best)} less {kind_of(shown).lower()}",
                "AUC",
                support_of(forecasts, candidates.answered[shown]),
            )
        )
    if isinstance(candidates.background, Forecast):
        found.append(
            candidates.background.scores.auc.estimate(
                f"auc_{BACKGROUND}",
                f"AUC of background alone: {background_words(frame, candidates)}",
                _AUC_UNIT,
                support_of(forecasts, candidates.background),
            )
        )
    return tuple(found)


def _assumptions(frame: BurnoutFrame) -> tuple[str, ...]:
    if frame.design != "forward":
        return ("Who answered is like who did not, given the predictors.",)
    return (
        "The next waves resemble those observed.",
        "Nothing among the predictors was recorded or corrected after the fact.",
    )


def _limits(frame: BurnoutFrame) -> tuple[str, ...]:
    limits = [
        "An order of groups, not a forecast for a person: no person's risk is shown, and it is never to be "
        "used to decide on anyone.",
        "An association: it does not say what would change if a predictor were changed.",
        "Each kind of model was tuned over a few settings, named beforehand; a longer search could find "
        "another, and would need more answers to be believed.",
    ]
    if frame.time_split:
        limits.append(
            "The intervals are for these fitted models on these scored waves; they leave out what refitting "
            "on other people would change."
        )
    else:
        limits.append(
            "Intervals are over repeated folds (Nadeau–Bengio); they do not carry over to another firm."
        )
    if frame.design != "forward":
        limits.append(frame.why + " What people will answer next time can't be judged from this.")
    return tuple(limits)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
