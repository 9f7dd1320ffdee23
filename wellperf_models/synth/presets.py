"""Worlds by size."""

from __future__ import annotations

from wellperf_models.synth.world import World

PRESETS: dict[str, World] = {
    "micro": World(name="micro", people=80, team_size=8, departments=2, sites=2),
    "small": World(name="small", people=120, team_size=10, departments=3, sites=2),
    "default": World(survey_items=True),
    "large": World(name="large", people=50_000, departments=40, sites=8),
    # half the history: what matters at this size is the size
    "million": World(
        name="million",
        people=1_000_000,
        departments=40,
        sites=8,
        history_months=60,
        consent_refusal=0.0,
        consent_withdrawal=0.0,
    ),
}
