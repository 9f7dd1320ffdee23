"""What `[burnout]` declares, held against the rest of the study file: outcome, case, predictors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wellperf_models.errors import StudyError
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.study import Burnout, Covariate, Scale, Study

LAST_SCORE = "last_score"
# a score computed from items must not miss the line by rounding
ROUNDING = 1e-9


def is_case(strain: Floats, cut: float) -> NDArray[np.bool_]:
    """Whether scores reach a cut-off; the one rule wherever cases are told.

    Args:
        strain: Scores, more is worse, shape (n,); nan is none.
        cut: Turned likewise.
    """
    return np.asarray(strain >= cut - ROUNDING)


def check_section(study: Study) -> Burnout:
    """`[burnout]`, if it can be used.

    Raises:
        StudyError: There is none, the bad end of its scale is not declared, the cut-off lies outside of the
            scale, or a model bears the name of the last score.
    """
    section = study.burnout
    if section is None:
        raise StudyError(
            "The study does not say which scale to forecast.",
            where="[burnout]",
            expected="outcome, case_at or case_share, and [burnout.models.NAME]",
        )
    scale = study.measures[section.outcome]
    if scale.higher_is == "neither":
        raise StudyError(
            "The outcome has no bad end, so nobody can be a case.",
            where=f"[measures.{section.outcome}] higher_is",
            expected='"worse" or "better"',
            got=repr(scale.higher_is),
        )
    if section.case_at is not None and not scale.low <= section.case_at <= scale.high:
        raise StudyError(
            "The cut-off lies outside of the scale.",
            where="burnout.case_at",
            got=f"{section.case_at:g}",
            expected=f"{scale.low:g} to {scale.high:g}, the range of [measures.{section.outcome}]",
        )
    if LAST_SCORE in section.models:
        raise StudyError(
            "A model bears the name of the one it is compared with.",
            where=f"[burnout.models.{LAST_SCORE}]",
            remedy="choose another name; the last score alone is always a model of its own",
        )
    return section


def split_covariates(
    study: Study, section: Burnout
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Covariates of each model, and those dropped because they are the last score itself.

    Raises:
        StudyError: The outcome is among the predictors of its own wave, or one is measured after it.
    """
    kept: dict[str, tuple[str, ...]] = {}
    dropped: dict[str, tuple[str, ...]] = {}
    for model, chosen in section.models.items():
        own = tuple(c for c in chosen.covariates if _is_outcome(c, study.covariates[c], section))
        for name in own:
            if study.covariates[name].timing != "before":
                raise StudyError(
                    "The outcome is among its own predictors.",
                    where=f"[burnout.models.{model}]: {name}",
                    got=f"[covariates.{name}] reads {section.outcome!r}, the outcome, of the same wave",
                    remedy="leave it out; the last score before the wave is a predictor anyway",
                )
        for name in chosen.covariates:
            if study.covariates[name].timing == "after":
                raise StudyError(
                    "A covariate measured after the outcome can't foretell it.",
                    where=f"[burnout.models.{model}]: [covariates.{name}] timing",
                    expected='"before" (or "during", where nothing is forecast)',
                    got="'after'",
                )
        kept[model] = tuple(c for c in dict.fromkeys(chosen.covariates) if c not in own)
        dropped[model] = own
    _check_late(study, section)
    return kept, dropped


def _check_late(study: Study, section: Burnout) -> None:
    """Even what only the ladder may see is something else than the outcome of the wave itself."""
    for name in section.ladder.late:
        covariate = study.covariates[name]
        if _is_outcome(name, covariate, section) and covariate.timing == "during":
            raise StudyError(
                "The outcome is among its own predictors.",
                where=f"burnout.ladder.late: {name}",
                got=f"[covariates.{name}] reads {section.outcome!r}, the outcome, of the same wave",
                remedy="leave it out; late is for what is recorded beside the outcome, or after it",
            )


def _is_outcome(name: str, covariate: Covariate, section: Burnout) -> bool:
    return covariate.table == "surveys" and (covariate.column or name) == section.outcome


def case_words(section: Burnout, scale: Scale, outcome: str) -> str:
    """What a case is, in words.

    Args:
        section: `[burnout]`.
        scale: Of the outcome.
        outcome: What a reader calls it.
    """
    if section.case_at is not None:
        end = "or more" if scale.higher_is == "worse" else "or less"
        return f"a score of {outcome} of {section.case_at:g} {end}"
    share = 100 * float(section.case_share or 0)
    return (
        f"a score of {outcome} among the worst {share:g} in 100 (cut-off found in the answers a model is "
        "trained on)"
    )
