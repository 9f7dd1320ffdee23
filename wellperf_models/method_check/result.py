"""What trying a pillar's pipeline on simulated organisations found; the same for every pillar."""

from __future__ import annotations

from dataclasses import dataclass

from wellperf_models.evidence import Members
from wellperf_models.method_check.recovered import Recovered, Share
from wellperf_models.method_check.verdicts import Verdicts
from wellperf_models.method_check.words import Words


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a pipeline claims about effects.

    Attributes:
        planted: What was planted, in words.
        effect: Hazard ratio, odds ratio or change planted.
        found: Worlds with the effect in which it was called clear.
        false_alarms: Worlds without any effect in which something was called clear.
        n_looked_at: Covariates corrected for.
    """

    planted: str
    effect: float
    found: Share
    false_alarms: Share
    n_looked_at: int


@dataclass(frozen=True, kw_only=True)
class MethodCheckResult:
    """How a pillar's own pipeline did where the truth is known.

    Attributes:
        pillar: "turnover", "burnout" or "roi".
        n_worlds: Simulated organisations with the effect; as many without, where there are claims.
        recovered: Each target.
        claims: None where the pipeline makes none.
        no_claims: Why not, in words; "" where there are claims.
        n_failed: What failed → number of worlds, of those tried.
        n_tried: Fits tried in all.
        part: Share of the organisation's people that was simulated.
        members: Who the numbers are functions of.
        words: What the findings say of this pillar.
        verdicts: What a decision rule says; None where there is none, or none could be tried.
        no_verdicts: Why none could be tried, in words; "" where none is asked for.
    """

    pillar: str
    n_worlds: int
    recovered: tuple[Recovered, ...]
    claims: Claims | None
    no_claims: str
    n_failed: dict[str, int]
    n_tried: int
    part: float
    members: Members
    words: Words
    verdicts: Verdicts | None = None
    no_verdicts: str = ""

    def __repr__(self) -> str:
        """Shapes only."""
        return f"MethodCheckResult({self.pillar!r}: {self.n_worlds} worlds; not released)"
