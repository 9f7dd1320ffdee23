"""Organisations with a known truth: a causal world, what it makes of people, and what is true of it."""

from wellperf_models.synth.command import DEFAULT_SEED, simulate
from wellperf_models.synth.definitions import DEFINITIONS
from wellperf_models.synth.estimands import Truth, truth
from wellperf_models.synth.forecast import auc_last_score
from wellperf_models.synth.generate import SyntheticOrganisation, generate
from wellperf_models.synth.million import write_million
from wellperf_models.synth.presets import PRESETS
from wellperf_models.synth.world import VARIANTS, World
from wellperf_models.synth.write import write_organisation

__all__ = [
    "DEFAULT_SEED",
    "DEFINITIONS",
    "PRESETS",
    "VARIANTS",
    "SyntheticOrganisation",
    "Truth",
    "World",
    "auc_last_score",
    "generate",
    "simulate",
    "truth",
    "write_million",
    "write_organisation",
]
