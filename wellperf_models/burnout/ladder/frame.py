"""The rungs: what is forgiven on each, which rows train and are scored, or why it can't be climbed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.burnout.split import Split, folds_of, make_splits, one_group_left_out
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered, attempt
from wellperf_models.inference.folds import draw_groups
from wellperf_models.inference.risk_sets import Ints
from wellperf_models.study import Burnout

# the most forgiving first
WITHIN, WITHIN_PEOPLE, RANDOM, PEOPLE, FORWARD, SITE = (
    "within_wave",
    "within_wave_by_person",
    "random_rows",
    "by_person",
    "forward",
    "left_out",
)
# rows beyond this many change no rung by what could be read off it
MOST_ROWS = 20_000
# of so many rows one split into folds says as much as several
_ROWS_FOR_ONE_REPEAT, _MOST_REPEATS = 2_000, 2


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One way to score the model.

    Attributes:
        name: WITHIN … SITE.
        label: What a reader calls it.
        forgives: What a model may get away with, in words.
        late: Whether what is known with the outcome or after it is among the predictors.
        splits: What trains and what is scored, or why the rung can't be climbed.
    """

    name: str
    label: str
    forgives: str
    late: bool
    splits: tuple[Split, ...] | Unanswered

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Rung({self.name!r})"


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The rungs of a study.

    Attributes:
        frame: Whose rows are scored, with at most `MOST_ROWS` of them.
        model: The set of predictors.
        predictors: Those of it that are known before; they are on every rung.
        late: What is known with the outcome or after it: on the rungs "within wave" alone.
        rungs: The most forgiving first.
        honest: Name of the rung that forgives least of what the data can climb, sites apart.
        rows: The rows that every rung is scored on.
        same: Rungs that are the one before by construction → why.
        whom: What a grouped rung never parts, in words.
    """

    frame: BurnoutFrame
    model: str
    predictors: tuple[str, ...]
    late: tuple[str, ...]
    rungs: tuple[Rung, ...]
    honest: str
    rows: Ints
    same: dict[str, str]
    whom: str = "person"

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Ladder({len(self.rungs)} rungs, {self.rows.size} rows scored)"


def plan_ladder(frame: BurnoutFrame, section: Burnout) -> Ladder:
    """The rungs of a study.

    Args:
        frame: The burnout frame.
        section: `[burnout]`.

    Raises:
        DesignError: Too few people have a score.
    """
    if frame.answers.n_people < frame.min_people:
        raise DesignError(
            "Too few people have a score to model.", where="surveys", expected=f"at least {frame.min_people}"
        )
    frame = _sample(frame)
    model = section.candidates.predictors or next(iter(frame.sets))
    during = tuple(dict.fromkeys(c for chosen in frame.during.values() for c in chosen))
    # what is kept together may be many answers, even where everybody gave one
    single = np.unique(frame.answers.fold_group).size == frame.answers.person.size
    whom = _kept_together(section)
    forward = attempt(_newest, frame)
    rows = np.arange(frame.answers.person.size) if isinstance(forward, Unanswered) else forward[0].test
    late = (*frame.late, *during)
    rungs = _rungs(frame, forward, late=bool(late), single=single)
    same = {}
    if single:
        alone = "Everybody has one answer" if whom == "person" else f"No {whom} has two answers"
        why = f"{alone}, so no split of rows parts a {whom}: the same by construction."
        same = {PEOPLE: why} | ({WITHIN_PEOPLE: why} if late else {})
    return Ladder(
        frame=frame,
        model=model,
        predictors=tuple(c for c in frame.sets[model] if c not in during),
        late=late,
        rungs=rungs,
        honest=PEOPLE if isinstance(forward, Unanswered) else FORWARD,
        rows=rows,
        same=same,
        whom=whom,
    )


def _kept_together(section: Burnout) -> str:
    kept = {"person": "person", "cluster": str(section.cluster), "covariate_pattern": "covariate pattern"}
    return kept[section.validation.group_by]


def values_of(ladder: Ladder, covariates: Iterable[str]) -> pl.DataFrame:
    """Covariates of the ladder, late ones among them; for the ladder alone.

    Args:
        ladder: From `plan_ladder`.
        covariates: Names from its `predictors` and `late`.
    """
    answers = ladder.frame.answers
    return pl.DataFrame(
        [answers.late[c] if c in ladder.frame.late else answers.covariates[c] for c in covariates]
    )


def _sample(frame: BurnoutFrame) -> BurnoutFrame:
    """Whole people, drawn at random, where there are more rows than a rung needs."""
    answers = frame.answers
    rows = draw_groups(answers.person, MOST_ROWS, seed=frame.seed)
    if rows.size == answers.person.size:
        return frame
    return replace(frame, answers=answers.take(rows))


def _newest(frame: BurnoutFrame) -> tuple[Split, ...]:
    if frame.design != "forward":
        raise DesignError(frame.why.rstrip(".") or "Nothing is before any wave")
    if not frame.time_split:
        raise DesignError("Only one wave follows another, so none is left to score that is newer")
    return make_splits(frame)


def _rungs(
    frame: BurnoutFrame, forward: tuple[Split, ...] | Unanswered, *, late: bool, single: bool
) -> tuple[Rung, ...]:
    section = frame.section
    plan = section.validation
    answers = frame.answers
    many = answers.person.size > _ROWS_FOR_ONE_REPEAT
    repeats = 1 if many else min(plan.repeats, _MOST_REPEATS)
    # a case is the same on every rung: by the rule of the rows that the newest wave is foretold from
    case = None if isinstance(forward, Unanswered) else forward[0].case
    by_person = attempt(folds_of, frame, answers.fold_group, repeats=repeats, case=case)
    each = np.arange(answers.person.size)
    by_row = by_person if single else attempt(folds_of, frame, each, repeats=repeats, case=case)
    declared = "nothing is declared as known with the outcome or after it (burnout.ladder.late)"
    no_late = Unanswered(reason=declared[:1].upper() + declared[1:] + ".")
    whom = _kept_together(section)
    same = f"the same {'people' if whom == 'person' else whom} on both sides"
    before = "" if frame.design == "forward" else " The order of the waves is not used."
    return (
        Rung(
            name=WITHIN,
            label="Within the wave: rows at random, with what is known too late",
            forgives=f"Predictors recorded with the outcome or after it; {same}.",
            late=True,
            splits=by_row if late else no_late,
        ),
        Rung(
            name=WITHIN_PEOPLE,
            label=f"The same, but no {whom} on both sides",
            forgives="Predictors recorded with the outcome or after it.",
            late=True,
            splits=by_person if late else no_late,
        ),
        Rung(
            name=RANDOM,
            label="Rows at random, with what is known before alone",
            forgives=f"{same[:1].upper()}{same[1:]}, and rows of later waves to train on.",
            late=False,
            splits=by_row,
        ),
        Rung(
            name=PEOPLE,
            label=f"Grouped: no {whom} on both sides",
            forgives="Rows of the same and of later waves, of others, to train on." + before,
            late=False,
            splits=by_person,
        ),
        Rung(
            name=FORWARD,
            label="Forward in time: older waves train, the newest are scored",
            forgives="The same organisation, and mostly the same people, in a later wave.",
            late=False,
            splits=forward,
        ),
        Rung(
            name=SITE,
            label=f"One {section.ladder.leave_out or 'site'} left out"
            + ("" if isinstance(forward, Unanswered) else ", forward in time"),
            forgives="Nothing of the above; only that the places are of one organisation. Pairs are of one "
            "place, and so they are in the difference to another rung.",
            late=False,
            splits=attempt(
                one_group_left_out, frame, None if isinstance(forward, Unanswered) else forward[0]
            ),
        ),
    )
