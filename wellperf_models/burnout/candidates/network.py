"""A small neural network by scikit-learn; its weight decay and length of training are tuned.

Standardised input, one hidden layer, Adam (Kingma & Ba 2015). A round is a fixed number of steps, each on the
same share of the rows, so that a number of rounds found on some of the rows means the same on all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.candidates.tuning import (
    NETWORK,
    inner_folds,
    log_likelihood,
    log_odds_of,
    stream,
    unchecked,
)
from wellperf_models.burnout.learner import Learned, own_auc
from wellperf_models.errors import ConvergenceError
from wellperf_models.inference.folds import draw_groups
from wellperf_models.inference.risk_sets import Floats, Ints

# the strongest first: it wins a tie
DECAYS = (0.01, 0.0001)
HIDDEN = 12
_STEPS, _LEAST_OF_A_STEP = 25, 32
_MOST_ROUNDS, _PATIENCE = 50, 4
_RATE = 0.02


@dataclass(frozen=True)
class _Network:
    """A network and what its input is standardised by."""

    engine: Any
    mean: Floats
    spread: Floats
    n_rows: int

    @classmethod
    def of(cls, X: Floats, decay: float, seed: int) -> _Network:
        from sklearn.neural_network import MLPClassifier

        spread = X.std(axis=0)
        engine = MLPClassifier(
            hidden_layer_sizes=(HIDDEN,),
            # scikit-learn divides it by the rows of a step: so it is the same for few rows and many
            alpha=decay * _batch(X.shape[0]),
            batch_size=_batch(X.shape[0]),
            learning_rate_init=_RATE,
            random_state=stream(seed, NETWORK),
        )
        return cls(engine, X.mean(axis=0), np.where(spread > 0, spread, 1.0), X.shape[0])

    def standard(self, X: Floats) -> Floats:
        return (X - self.mean) / self.spread

    def train(self, standard: Floats, case: NDArray[np.bool_]) -> None:
        """One round."""
        self.engine.partial_fit(standard, case, classes=[False, True])

    def log_odds(self, standard: Floats) -> Floats:
        return log_odds_of(self.engine.predict_proba(standard)[:, 1], self.n_rows)


@unchecked()
def learn_network(X: Floats, case: NDArray[np.bool_], group: Ints, *, seed: int, most_rows: int) -> Learned:
    """Trains a network on all rows; weight decay and rounds are chosen in inner folds.

    scikit-learn's own early stopping would draw rows and not people.

    Args:
        X, case, group, seed: As in `Learner`.
        most_rows: Rows decay and rounds are chosen with at most, drawn by group.

    Raises:
        DesignError: Too few groups or cases to choose with.
        ConvergenceError: Its weights grew without bound.
    """
    rows = draw_groups(group, most_rows, seed=seed + NETWORK)
    pairs = inner_folds(case[rows], group[rows], seed=seed)
    found = [_rounds(X[rows], case[rows], pairs, decay, seed) for decay in DECAYS]
    best = int(np.argmax([value for value, _ in found]))
    network, rounds = _Network.of(X, DECAYS[best], seed), found[best][1]
    standard = network.standard(X)
    for _ in range(rounds):
        network.train(standard, case)

    def log_odds(Z: Floats) -> Floats:
        return network.log_odds(network.standard(Z))

    if not all(np.isfinite(w).all() for w in network.engine.coefs_):
        raise ConvergenceError("A network did not converge.", where="burnout.candidates")
    return Learned(
        log_odds=log_odds,
        setting=f"{HIDDEN} hidden units, decay {DECAYS[best]:g}, "
        + ("1 round" if rounds == 1 else f"{rounds} rounds"),
        engine=network.engine,
        own_auc=own_auc(X, case, log_odds),
    )


def _rounds(
    X: Floats, case: NDArray[np.bool_], pairs: tuple[tuple[Ints, Ints], ...], decay: float, seed: int
) -> tuple[float, int]:
    """The highest log-likelihood of held-out rows over rounds, and the round that had it."""
    folds = []
    for fitted, held in pairs:
        network = _Network.of(X[fitted], decay, seed)
        folds.append((network, network.standard(X[fitted]), case[fitted], network.standard(X[held]), held))
    best, at = -np.inf, 1
    for number in range(1, _MOST_ROUNDS + 1):
        value = 0.0
        for network, standard, own, other, held in folds:
            network.train(standard, own)
            value += log_likelihood(case[held], network.log_odds(other))
        if value > best:
            best, at = value, number
        elif number - at >= _PATIENCE:
            break
    return best, at


def _batch(n_rows: int) -> int:
    """Rows of a step."""
    return min(n_rows, max(_LEAST_OF_A_STEP, n_rows // _STEPS))
