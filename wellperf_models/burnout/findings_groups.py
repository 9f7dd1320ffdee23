"""Evidence `burnout.groups`: how frequent cases are by group, and how well the model does within each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from wellperf_models.burnout.findings_groups_tables import (
    auc_table,
    calibration_by_group,
    cases_table,
    use_table,
)
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.group_scores import Difference, GroupScore, compare_groups, score_groups
from wellperf_models.burnout.model import Forecast, Forecasts
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Table,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.inference.scores import clustered_mean
from wellperf_models.panel import Level, what_a_group_needs

_LINE: Final = 0.05


def describe_groups(
    frame: BurnoutFrame, forecasts: Forecasts | Unanswered, *, provenance: Provenance
) -> Evidence:
    """Builds the evidence by group, for the model declared first among those that could be fitted.

    Args:
        frame: The burnout frame.
        forecasts: From `fit_forecasts`; an `Unanswered` gives an evidence that says why.
        provenance: Where the numbers come from.
    """
    what = str(frame.group_by or "group").replace("_", " ")
    question = f"How frequent are cases of {frame.outcome} by {what}, and does the order hold in each?"
    why = _why_not(forecasts)
    if isinstance(forecasts, Unanswered) or why is not None:
        assert why is not None
        return unanswered("burnout.groups", question, why, population=frame.population, provenance=provenance)
    chosen = next(iter(forecasts.answered.values()))
    own = _own_level(frame, forecasts)
    groups = score_groups(frame, forecasts, chosen, own)
    found = compare_groups(groups)
    return Evidence(
        id="burnout.groups",
        question=question,
        answer=_answer(frame, chosen, groups, found, what),
        estimand=f"Share of answers that are cases by {what} as of the wave; the share the model predicts, "
        "for answers it has not seen; and its AUC within the group.",
        population=frame.population,
        design="prediction" if frame.design == "forward" else "cross-section",
        provenance=provenance,
        estimates=(_case_rate(frame, forecasts),),
        tables=_tables(frame, forecasts, chosen, groups, own),
        checks=tuple(groups_alike(d, what) for d in found),
        assumptions=("Who answered is like who did not, in each group.",),
        limits=_limits(frame, forecasts, what),
        members=forecasts.scored.members(),
    )


def _why_not(forecasts: Forecasts | Unanswered) -> Unanswered | None:
    """Why there is nothing by group; None where there is."""
    if isinstance(forecasts, Unanswered):
        return forecasts
    if forecasts.scored.group is None:
        return Unanswered(reason="The study names no group.", remedy="name burnout.group_by")
    if forecasts.answered:
        return None
    return next(f for f in forecasts.models.values() if isinstance(f, Unanswered))


def _own_level(frame: BurnoutFrame, forecasts: Forecasts) -> Level:
    assert forecasts.scored.group is not None
    return Level(name=str(frame.group_by), groups=forecasts.scored.group)


def _tables(
    frame: BurnoutFrame, forecasts: Forecasts, chosen: Forecast, groups: Sequence[GroupScore], own: Level
) -> tuple[Table, ...]:
    levels = (own, *forecasts.scored.above)
    tables = [
        cases_table(frame, forecasts, chosen, levels),
        auc_table(frame, forecasts, chosen, groups),
        calibration_by_group(frame, forecasts, chosen, groups, levels),
    ]
    if frame.section.use.thresholds:
        tables.append(use_table(frame, forecasts, chosen, levels))
    return tuple(tables)


def _answer(
    frame: BurnoutFrame,
    chosen: Forecast,
    groups: Sequence[GroupScore],
    found: Sequence[Difference],
    what: str,
) -> str:
    model = frame.name_of(chosen.name)
    told = [
        "{case_rate.estimate} of the scored answers are cases.",
        plain(
            f"A case is {frame.case}. The tables show how frequent they are by {what}, and how well "
            f"“{model}” does within each."
        ),
    ]
    judged = [g for g in groups if g.enough and g.auc is not None]
    if len(judged) < len(groups):
        told.append(
            f"In {'no' if not judged else 'not every'} {what} are there enough people, cases and others to "
            f"tell how well."
        )
    if alike := [f"the {d.what}" for d in found if d.p_value >= _LINE]:
        listed = alike[0] if len(alike) == 1 else f"{', '.join(alike[:-1])} or {alike[-1]}"
        told.append(f"These data do not show that {listed} differ between {what}s by more than chance.")
    told += [plain(words) for d in found if d.p_value < _LINE for words in _difference_words(d, what)]
    return " ".join(told)


def _difference_words(found: Difference, what: str) -> list[str]:
    """One score in a sentence; a group is named only where it stands out."""
    lower, higher = found.apart
    told = [f"The {found.what} differs from one {what} to another by more than chance."]
    for names, how in ((lower, "lower"), (higher, "higher")):
        if names:
            told.append(
                f"It is {how} than in the others, many comparisons allowed for, in {', '.join(names)}."
            )
    if not lower and not higher:
        told.append("No one of them stands out for certain.")
    return told


def groups_alike(found: Difference, what: str) -> Check:
    """A score of the model is the same in every group, within chance.

    Args:
        found: From `compare_groups`.
        what: What a group is.
    """
    alike = found.p_value >= _LINE
    return Check(
        name=f"groups_alike_{found.name}",
        passed=alike,
        text=(
            f"The {found.what} does not differ from one {what} to another by more than chance "
            "(Cochran's Q, Holm over the scores compared)."
        )
        if alike
        else (
            f"The {found.what} differs from one {what} to another by more than chance (Cochran's Q, Holm "
            f"over the scores compared): what is told for all does not hold in each."
        ),
    )


def _case_rate(frame: BurnoutFrame, forecasts: Forecasts) -> Estimate:
    scored = forecasts.scored
    share = clustered_mean(scored.case.astype(float), scored.cluster).within(0.0, 1.0)
    label = f"share of scored answers that are cases of {frame.outcome}"
    return replace(share.estimate("case_rate", label, "share", scored.support()), computation="exact")


def _limits(frame: BurnoutFrame, forecasts: Forecasts, what: str) -> tuple[str, ...]:
    repeated = np.unique(forecasts.scored.person).size < forecasts.scored.person.size
    return (
        "Groups are described, not explained: what differs between them besides the predictors is not known.",
        "An interval is for one group alone; the best and the worst of many groups differ by chance too, and "
        "a group is named only where it stands out with that allowed for.",
        "Predictions are for groups: nobody's own risk is shown.",
        *(("Answers of one person in several waves are counted each.",) if repeated else ()),
        *(() if frame.in_full else (what_a_group_needs(what, frame.min_group_size),)),
    )
