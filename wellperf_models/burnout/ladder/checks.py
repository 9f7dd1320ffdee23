"""Statements about the ladder that can fail; each takes what it judges: a test can plant a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.ladder.frame import PEOPLE
from wellperf_models.burnout.ladder.model import Climbed, LadderResult
from wellperf_models.burnout.ladder.one_person import SamePeople
from wellperf_models.burnout.ladder.overlap import Overlap
from wellperf_models.burnout.ladder.suspects import Suspects
from wellperf_models.evidence import Check, Support, Unanswered, plain

# rows of the same people that a group of folds may hold before an order is in doubt
_FEW = 0.01


def check_ladder(frame: BurnoutFrame, ladder: LadderResult | Unanswered) -> tuple[Check, ...]:
    """Checks of the rungs, and for leaks that nobody declared.

    Args:
        frame: The burnout frame.
        ladder: From `climb_ladder`; none of one that could not be climbed.
    """
    if isinstance(ladder, Unanswered):
        return ()
    grouped = ladder.climbed.get(PEOPLE)
    both = grouped.n_on_both_sides if isinstance(grouped, Climbed) else None
    labels = {name: frame.label_of(name) for name in (*ladder.ladder.predictors, *ladder.ladder.late)}
    return (
        nobody_on_both_sides(both, frame.section.validation.group_by),
        one_person_one_id(ladder.same_people, ladder.ladder.frame.answers.n_people),
        predictors_not_too_good(ladder.suspects, labels),
        no_shared_items(ladder.overlaps, labels),
        refits_converged(sum(c.n_failed for c in ladder.climbed.values() if isinstance(c, Climbed))),
    )


def support_of(found: Climbed) -> Support:
    """What the score of a rung rests on."""
    scored = found.scored
    return replace(
        scored.support(),
        residual_df=int(found.n_train_cases) - found.n_parameters,
        n_parameters=found.n_parameters,
        n_clusters=int(found.ranking.taking_part.sum()),
        members=scored.members(),
    )


def nobody_on_both_sides(n_people: int | None, kept_together: str) -> Check:
    """On the rung that says so nobody's answers both train and are scored.

    Args:
        n_people: People on both sides of a grouped fold; None where the rung is not climbed.
        kept_together: `burnout.validation.group_by`.
    """
    if n_people is None:
        return Check(
            name="nobody_on_both_sides",
            passed=None,
            text="No rung is grouped by person.",
            computation="exact",
        )
    text = {
        True: "Grouped by person, nobody's answers are both trained on and scored.",
        False: "People's answers are both trained on and scored on the rung that is grouped by "
        f"{kept_together.replace('_', ' ')}: set burnout.validation.group_by to person.",
    }
    return Check(
        name="nobody_on_both_sides", passed=n_people == 0, text=text[n_people == 0], computation="exact"
    )


def one_person_one_id(found: SamePeople, n_people: int) -> Check:
    """No person seems to be there under two ids, so that grouping by id parts them.

    Args:
        found: Ids whose rows are those of another id.
        n_people: Ids looked at.
    """
    if not found.can_tell:
        return Check(
            name="one_person_one_id",
            passed=None,
            text="Whether a person is there under two ids can't be told: rows of strangers may be alike by "
            "chance, as few columns say little.",
            computation="exact",
        )
    some = found.n_people > 0
    few = "some" if found.n_people <= max(10, _FEW * n_people) else "many"
    return Check(
        name="one_person_one_id",
        passed=not some,
        text=f"Rows of {few} ids are those of another id, but for one value at most, and not by chance: the "
        "same person may be there twice, and then stands on both sides of every split by id. Find out how "
        "ids are made, and take one of the two out."
        if some
        else "No two ids have rows that are alike beyond chance: nobody seems to be there under two ids.",
        computation="exact",
    )


def predictors_not_too_good(found: Suspects, labels: dict[str, str]) -> Check:
    """No single predictor knows more of the outcome than anything known before it does."""
    if not found.looked_at:
        return Check(
            name="no_predictor_too_good",
            passed=None,
            text="Too few people to tell whether a predictor knows the outcome.",
        )
    named = ", ".join(plain(labels[name]) for name in found.names)
    return Check(
        name="no_predictor_too_good",
        passed=not found.names,
        text=f"Too good to have been known before the answer: {named}. Look for what is recorded with the "
        "outcome or because of it, or for the same answer given twice; if it is, name it in "
        "burnout.ladder.late instead."
        if found.names
        else "No single predictor knows more of the outcome than what is known before an answer ever does.",
    )


def no_shared_items(overlaps: Sequence[Overlap], labels: dict[str, str]) -> Check:
    """No predictor of the models asks what the outcome asks, in words or in fact."""
    own = [plain(labels[o.covariate]) for o in overlaps if o.overlaps and not o.late]
    late = [plain(labels[o.covariate]) for o in overlaps if o.overlaps and o.late]
    beside = f" (in no honest model: {', '.join(late)})" if late else ""
    return Check(
        name="no_shared_items",
        passed=not own,
        text=f"Predictors share items, an instrument or half of their variance with the outcome: "
        f"{', '.join(own)}{beside}. The ladder is climbed without them, too."
        if own
        else "No predictor of the models shares items, an instrument or half of its variance with the "
        f"outcome{beside}.",
    )


def refits_converged(n_failed: int) -> Check:
    """Every refit of every rung converged."""
    return Check(
        name="refits_converged",
        passed=n_failed == 0,
        value=float(n_failed),
        threshold=0.0,
        text="Refits that did not converge on any rung: {value}.",
        computation="exact",
    )
