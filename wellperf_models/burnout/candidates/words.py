"""What a reader calls each kind of model."""

from __future__ import annotations

from wellperf_models.burnout.candidates.model import BASE_RATE, Candidates
from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.frame import BurnoutFrame

KINDS = {
    "ridge": "Penalised logistic",
    "forest": "Random forest",
    "boosting": "Boosted trees",
    "network": "Neural network",
}
_REFERENCES = {LAST_SCORE: "Last score alone", BASE_RATE: "Same risk for everybody"}
_WITH_ARTICLE = {
    "ridge": "the penalised logistic model",
    "forest": "the random forest",
    "boosting": "the boosted trees",
    "network": "the neural network",
    LAST_SCORE: "the last score alone",
    BASE_RATE: "the same risk for everybody",
}


def kind_of(name: str) -> str:
    """Of a table or a label: a learner, or what all are compared with."""
    return KINDS.get(name) or _REFERENCES[name]


def the(name: str) -> str:
    """Inside a sentence."""
    return _WITH_ARTICLE[name]


def orders(name: str) -> str:
    """The verb that goes with it."""
    return "order" if name == "boosting" else "orders"


def than(candidates: Candidates) -> str:
    """What people would otherwise be ordered by."""
    return "their last score alone" if candidates.reference == LAST_SCORE else "chance would"


def background_words(frame: BurnoutFrame, candidates: Candidates) -> str:
    """The background covariates, listed."""
    labels = [
        frame.label_of(c) if c in frame.declared else c.replace("_", " ") for c in candidates.background_names
    ]
    return ", ".join(label[:1].lower() + label[1:] for label in labels)
