"""The shape of a study's answers, and organisations of that shape whose scores are drawn anew.

Of what anybody scored nothing is kept but how scores are spread and how long they last. Whole clusters are
drawn with replacement, as the intervals take them to be; each brings its people, the waves they answered,
their covariates and what is missing. Every score is new, the first one of a person included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from wellperf_models.burnout import BurnoutFrame
from wellperf_models.burnout.frame import Answers
from wellperf_models.burnout.split import find_cut
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.method_check.persistence import Persistence, Steps, persistence_of, steps_of

# what is found in a part of a large organisation would be found in the whole
MOST_ANSWERS: Final = 3_500
_LEAST_CLUSTERS: Final = 40
# how often folds are drawn at most: a world would take a minute else
MOST_REPEATS: Final = 2
_SEED: Final = 84


@dataclass(frozen=True, kw_only=True, repr=False)
class AnswerShape:
    """What a simulated organisation shares with the study's; n answers, sorted by cluster, person and wave.

    Attributes:
        frame: The study's, with one model; its rows are those of the part that is simulated.
        place: How many answers of the same person come before, shape (n,).
        steps: The scores there are.
        persistence: How long they last.
        n_people, n_of: People in it, and in the study.
        share: Of the study's answers.
    """

    frame: BurnoutFrame
    place: Ints
    steps: Steps
    persistence: Persistence
    n_people: int
    n_of: int
    share: float

    @property
    def answers(self) -> Answers:
        """Its rows."""
        return self.frame.answers

    @property
    def cut(self) -> float:
        """Cut-off of a case, found in all rows where it is a share."""
        return cut_of(self.frame)

    def before(self, values: Floats) -> Floats:
        """Values at the answer before; of a person's first row (the one before is no row) its own.

        Args:
            values: Shape (n,).
        """
        rows = np.arange(values.size)
        return np.asarray(values[np.where(self.place > 0, rows - 1, rows)])

    def __repr__(self) -> str:
        """Shapes only."""
        return f"AnswerShape({self.answers!r})"


def shape_of_answers(frame: BurnoutFrame, model: str) -> AnswerShape:
    """Takes the shape of a study's answers.

    Of a large study a part: whole clusters, drawn until there are answers enough; where clusters are few and
    large, a part of the people of each.

    Args:
        frame: The burnout frame.
        model: The declared model that is tried.
    """
    whole = frame.answers
    chosen = _part_of(whole, frame.seed)
    order = chosen[np.lexsort((whole.wave[chosen], whole.person[chosen], whole.cluster[chosen]))]
    answers = take_rows(whole, order)
    steps = steps_of(whole.strain, cut_of(frame))
    first = np.flatnonzero(np.append(True, answers.person[1:] != answers.person[:-1]))
    place = np.arange(order.size) - np.repeat(first, np.diff(np.append(first, order.size)))
    persistence = persistence_of(
        steps.latent(answers.strain),
        None if answers.last is None else steps.latent(answers.last),
        answers.person,
        answers.cluster,
        place,
    )
    plan = frame.section.validation
    plan = plan.model_copy(update={"repeats": min(plan.repeats, MOST_REPEATS)})
    section = frame.section.model_copy(
        update={"models": {model: frame.section.models[model]}, "validation": plan}
    )
    return AnswerShape(
        # nothing of it is ever shown, so nothing need be grouped or kept back in it
        frame=replace(
            frame,
            section=section,
            answers=answers,
            sets={model: frame.sets[model]},
            response=(),
            left_out={},
            group_by=None,
            roster=None,
        ),
        place=place,
        steps=steps,
        persistence=persistence,
        n_people=answers.n_people,
        n_of=whole.n_people,
        share=order.size / whole.person.size,
    )


def cut_of(frame: BurnoutFrame) -> float:
    """Score of the least strained case, turned so that more is worse."""
    section = frame.section
    if section.case_at is not None:
        return section.case_at if frame.higher_is_worse else -section.case_at
    assert section.case_share is not None
    return find_cut(frame.answers.strain, section.case_share)


def take_rows(answers: Answers, rows: Ints) -> Answers:
    """Some rows of the answers, repeated or not; without groups and places."""
    return Answers(
        person=answers.person[rows],
        fold_group=answers.fold_group[rows],
        cluster=answers.cluster[rows],
        wave=answers.wave[rows],
        strain=answers.strain[rows],
        last=None if answers.last is None else answers.last[rows],
        group=None,
        covariates=answers.covariates[rows] if answers.covariates.width else pl.DataFrame(),
        places={},
    )


def _part_of(answers: Answers, seed: int) -> Ints:
    """Rows of the part that is simulated."""
    if answers.person.size <= MOST_ANSWERS:
        return np.arange(answers.person.size)
    rng = np.random.default_rng([seed, _SEED])
    _, cluster = np.unique(answers.cluster, return_inverse=True)
    order = rng.permutation(int(cluster.max()) + 1)
    enough = int(np.searchsorted(np.cumsum(np.bincount(cluster)[order]), MOST_ANSWERS)) + 1
    rows = np.flatnonzero(np.isin(cluster, order[: max(enough, _LEAST_CLUSTERS)]))
    if rows.size <= 2 * MOST_ANSWERS:
        return rows
    names, person = np.unique(answers.person[rows], return_inverse=True)
    people = rng.permutation(names.size)
    enough = int(np.searchsorted(np.cumsum(np.bincount(person)[people]), MOST_ANSWERS)) + 1
    return np.asarray(rows[np.isin(person, people[:enough])])


@dataclass(frozen=True, kw_only=True, repr=False)
class AnswerWorld:
    """How people answer in a simulated organisation.

    Attributes:
        shape: What it shares with the study's.
        x: What has an effect, standardised, 0 where it is unknown; shape (n,).
        effect: Of one unit of x on the latent score; 0: nothing has an effect.
    """

    shape: AnswerShape
    x: Floats
    effect: float

    def __repr__(self) -> str:
        """Shapes only."""
        return f"AnswerWorld({self.shape!r})"


@dataclass(frozen=True, kw_only=True, repr=False)
class Simulated:
    """One simulated organisation, and what is behind its scores; arrays of shape (n,), rows as in its frame.

    Attributes:
        frame: What the pillar's own functions take.
        rows: The row of the shape each one has its covariates from.
        lasting: What is lasting about the person and the cluster.
        rest: What is not, on the latent scale.
    """

    frame: BurnoutFrame
    rows: Ints
    lasting: Floats
    rest: Floats

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Simulated({self.frame.answers!r})"


def simulate_answers(world: AnswerWorld, rng: np.random.Generator) -> Simulated:
    """An organisation like the study's with other people's scores.

    Args:
        world: How people answer.
        rng: Source of chance.
    """
    shape, held = world.shape, world.shape.answers
    rows, cluster = _draw_clusters(held.cluster, rng)
    # a cluster drawn twice is two, with other people
    code = cluster * (int(held.person.max()) + 1) + held.person[rows]
    _, person = np.unique(code, return_inverse=True)
    lasting, rest, before = _draw_latent(shape, rows, person, cluster, rng)
    x = world.effect * world.x[rows] + lasting
    strain = shape.steps.scores(x + rest)
    last = None
    if held.last is not None:
        later = shape.place[rows] > 0
        last = np.where(later, np.append(0.0, strain[:-1]), shape.steps.scores(x + before))
    kept_together = shape.frame.section.validation.group_by
    answers = replace(
        take_rows(held, rows),
        person=person,
        cluster=cluster,
        fold_group={"person": person, "cluster": cluster}.get(kept_together, held.fold_group[rows]),
        strain=strain,
        last=last,
    )
    frame = replace(shape.frame, answers=answers)
    return Simulated(frame=frame, rows=rows, lasting=lasting, rest=rest)


def _draw_clusters(cluster: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """As many clusters as there are, with replacement: (rows, number of the draw each belongs to)."""
    first = np.flatnonzero(np.append(True, cluster[1:] != cluster[:-1]))
    size = np.diff(np.append(first, cluster.size))
    drawn = rng.integers(first.size, size=first.size)
    of_draw = np.repeat(np.arange(first.size), size[drawn])
    within = np.arange(of_draw.size) - np.repeat(np.cumsum(size[drawn]) - size[drawn], size[drawn])
    return first[drawn][of_draw] + within, of_draw


def _draw_latent(
    shape: AnswerShape, rows: Ints, person: Ints, cluster: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """What lasts, what does not, and what did not before a person's first row; latent, shape (n,) each."""
    lasts, place = shape.persistence, shape.place[rows]
    lasting = np.sqrt(lasts.person) * rng.normal(size=int(person.max()) + 1)[person]
    lasting += np.sqrt(lasts.cluster) * rng.normal(size=int(cluster.max()) + 1)[cluster]
    noise = np.sqrt(lasts.rest) * rng.normal(size=rows.size)
    before = np.sqrt(lasts.rest) * rng.normal(size=rows.size)
    rest, fresh = before.copy(), np.sqrt(1 - lasts.memory**2)
    for step in range(int(place.max(initial=0)) + 1):
        here = np.flatnonzero(place == step)
        previous = before[here] if step == 0 else rest[here - 1]
        rest[here] = lasts.memory * previous + fresh * noise[here]
    return lasting, rest, before
