"""Instruments: scoring keys as data, and scores from items; nothing is fitted here.

`key.py` what a key is · `published.py` MBI-GS, MBI-SS, BAT-23, BAT-12, CBI, OLBI · `scoring.py` items →
scores. Instruments of a study's own are declared in `[instruments.NAME]` of the study file.
"""

from wellperf_models.instruments.key import CutOff, Direction, Scoring, ScoringKey, Status
from wellperf_models.instruments.published import KEYS
from wellperf_models.instruments.scoring import aligned, from_sum, score, scoring_key

__all__ = [
    "KEYS",
    "CutOff",
    "Direction",
    "Scoring",
    "ScoringKey",
    "Status",
    "aligned",
    "from_sum",
    "score",
    "scoring_key",
]
