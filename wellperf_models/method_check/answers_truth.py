"""What a fitted model reaches among endlessly many answers like those simulated: exact, without a simulation.

Given its covariates, and what is known of the person, an answer's latent score and the one before are normal.
So how often each last score comes with a case is an integral over the steps of the last score (three
Gauss–Legendre nodes in probability), and the AUC of any log odds is a sum over rows and steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wellperf_models.burnout import BurnoutFrame
from wellperf_models.burnout.split import Split
from wellperf_models.burnout.tried import Fit, predictors_of
from wellperf_models.inference.logistic import fit_logistic
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.method_check.answers import AnswerShape, AnswerWorld, Simulated, take_rows
from wellperf_models.method_check.persistence import Steps

_NODES = 3
# the latent effect with the wanted odds ratio is looked for by secants; one unit of it is a large effect
_MOST_ROUNDS, _CLOSE, _LARGEST = 12, 1e-4, 3.0


@dataclass(frozen=True, kw_only=True, repr=False)
class Population:
    """Endlessly many answers; d rows of covariates, S steps of the last score (1 without one).

    Attributes:
        frame: Its rows are the d rows.
        values: The steps, shape (S,).
        cases, others: How often each last score comes with a case and without, shape (d, S); rows sum to 1.
    """

    frame: BurnoutFrame
    values: Floats
    cases: Floats
    others: Floats

    def log_odds(self, fit: Fit, covariates: Sequence[str]) -> Floats:
        """Log odds that a fitted logistic model gives to each row and last score, shape (d, S).

        Args:
            fit: On one split of a simulated organisation.
            covariates: Predictors it was given, beside the last score.
        """
        held, values = self.frame.answers, self.values
        if held.last is None:
            data = predictors_of(self.frame, covariates)
            return np.asarray(fit.learned.log_odds(fit.encoding.apply(data)))[:, None]
        # a logistic model is a sum: what a last score adds is the same in every row
        lowest = replace(held, last=np.full(held.person.size, values[0]))
        every = replace(take_rows(held, np.zeros(values.size, np.int64)), last=values)
        eta, by_step = (
            fit.learned.log_odds(
                fit.encoding.apply(predictors_of(replace(self.frame, answers=a), covariates))
            )
            for a in (lowest, every)
        )
        return np.asarray(eta[:, None] + (by_step - by_step[0])[None, :])

    def auc(self, eta: Floats) -> float:
        """AUC of log odds of shape (d, S)."""
        score = eta.ravel()
        order = np.argsort(score, kind="stable")
        score, cases, others = score[order], self.cases.ravel()[order], self.others.ravel()[order]
        first = np.flatnonzero(np.append(True, np.diff(score) > 1e-12))
        cases, others = np.add.reduceat(cases, first), np.add.reduceat(others, first)
        below = np.cumsum(others) - others / 2
        return float(cases @ below) / float(cases.sum() * others.sum())

    def slope(self, eta: Floats) -> float:
        """Calibration slope of log odds of shape (d, S), which are taken in steps of a hundredth."""
        values, code = np.unique(np.round(eta.ravel(), 2), return_inverse=True)
        cases, others = (np.bincount(code, weights=w.ravel()) for w in (self.cases, self.others))
        kept = cases + others > 0
        fit = fit_logistic(values[kept, None], (cases + others)[kept], cases[kept], np.inf)
        return float(fit.beta[0])

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Population({self.cases.shape[0]} rows × {self.cases.shape[1]} last scores)"


def other_people(world: AnswerWorld, rows: Ints, cut: float) -> Population:
    """Answers of endlessly many other people.

    Args:
        world: How people answer.
        rows: Rows of the shape whose outcome is scored, shape (d,).
        cut: Score of the least strained case.
    """
    from scipy import special

    shape, x = world.shape, world.effect * world.x
    frame = replace(shape.frame, answers=take_rows(shape.answers, rows))
    edge = shape.steps.edge_of(cut)
    if shape.answers.last is None:
        case = special.ndtr(x[rows] - edge)[:, None]
        return Population(frame=frame, values=np.zeros(1), cases=case, others=1 - case)
    slope = shape.persistence.next_answer
    cases, others = _table(
        shape.steps,
        edge,
        before=shape.before(x)[rows],
        spread=np.ones(rows.size),
        now=x[rows],
        slope=slope,
        fresh=float(np.sqrt(1 - slope**2)),
    )
    return Population(frame=frame, values=shape.steps.values, cases=cases, others=others)


def same_people(world: AnswerWorld, made: Simulated, split: Split, cut: float) -> Population:
    """The scored waves as they could have come out for the people of a simulated organisation.

    What is lasting about them, and all of the waves a model was trained on, stays as it is.

    Args:
        world: How people answer.
        made: The organisation.
        split: Its rows that are trained on and scored, in time.
        cut: Score of the least strained case.
    """
    shape, lasts, person = world.shape, world.shape.persistence, made.frame.answers.person
    trained = np.zeros(person.size, bool)
    trained[split.train] = True
    rows = np.arange(person.size)
    # last row of the same person that was trained on, and the answers since
    anchor = np.maximum.accumulate(np.where(trained, rows, -1))[split.test]
    anchored = (anchor >= 0) & (person[anchor] == person[split.test])
    since = np.where(anchored, split.test - anchor, 1).astype(float)
    start = np.where(anchored, made.rest[anchor], 0.0)
    x = (world.effect * world.x)[made.rows[split.test]]
    x_before = shape.before(world.effect * world.x)[made.rows[split.test]]
    lasting = made.lasting[split.test]
    spread = np.where(anchored, 1 - lasts.memory ** (2 * (since - 1)), 1.0)
    before = x_before + lasting + lasts.memory ** (since - 1) * start
    cases, others = _table(
        shape.steps,
        shape.steps.edge_of(cut),
        before=before,
        spread=np.sqrt(lasts.rest * spread),
        now=x + lasting + lasts.memory**since * start,
        slope=lasts.memory,
        fresh=float(np.sqrt(lasts.rest * (1 - lasts.memory**2))),
    )
    frame = replace(made.frame, answers=take_rows(made.frame.answers, split.test))
    return Population(frame=frame, values=shape.steps.values, cases=cases, others=others)


def _table(
    steps: Steps,
    edge: float,
    *,
    before: Floats,
    spread: Floats,
    now: Floats,
    slope: float,
    fresh: float,
) -> tuple[Floats, Floats]:
    """How often each step of the last score comes with a case, and without; shape (d, S) each.

    Args:
        steps: Of the scores.
        edge: Latent value above which an answer is a case.
        before, spread: Mean and standard deviation of the latent score before, shape (d,); 0: it is known.
        now: Mean of the latent score where the one before is at its mean, shape (d,).
        slope: Of it on the one before.
        fresh: Standard deviation of it given the one before.
    """
    from scipy import special

    # where the last score is known it lies in one step alone
    wide = np.maximum(spread, 1e-9)[:, None]
    reached = special.ndtr((np.append(steps.edges, np.inf)[None, :] - before[:, None]) / wide)
    low, width = reached[:, :-1], np.diff(reached, axis=1)
    cases = np.zeros_like(width)
    for node, weight in zip(*np.polynomial.legendre.leggauss(_NODES), strict=True):
        off = special.ndtri(np.clip(low + width * (1 + node) / 2, 1e-300, 1 - 1e-16))
        mean = now[:, None] + slope * spread[:, None] * off
        cases += weight / 2 * width * special.ndtr((mean - edge) / fresh)
    return cases, width - cases


def plant_effect(shape: AnswerShape, x: Floats, odds_ratio: float) -> AnswerWorld:
    """The world in which a unit of x goes with an odds ratio of a case among people with the same last score.

    Args:
        shape: Of the study's answers.
        x: What has an effect, shape (n,).
        odds_ratio: As a logistic model with the last score and x finds it in endlessly many answers.
    """
    wanted, everyone = float(np.log(odds_ratio)), np.arange(x.size)

    def reached(effect: float) -> float:
        population = other_people(AnswerWorld(shape=shape, x=x, effect=effect), everyone, shape.cut)
        columns = [np.repeat(x, population.values.size)]
        if population.values.size > 1:
            columns.append(np.tile(shape.steps.latent(population.values), x.size))
        total, cases = (population.cases + population.others).ravel(), population.cases.ravel()
        kept = total > 0
        fit = fit_logistic(np.column_stack(columns)[kept], total[kept], cases[kept], np.inf)
        return float(fit.beta[0])

    # a logistic slope is about 1.7 times a probit one
    at, effect = 0.0, wanted / 1.7
    told, found = 0.0, reached(effect)
    for _ in range(_MOST_ROUNDS):
        if abs(found - wanted) < _CLOSE or found == told:
            break
        step = effect + (wanted - found) * (effect - at) / (found - told)
        at, told, effect = effect, found, float(np.clip(step, -_LARGEST, _LARGEST))
        found = reached(effect)
    return AnswerWorld(shape=shape, x=x, effect=effect)
