"""What a run holds of the prediction model: its frame, beside study file and released answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wellperf_models.burnout.external.checks import ANOTHER_STUDY
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.disclosure import Released
from wellperf_models.evidence import Unanswered
from wellperf_models.guidelines import Facts
from wellperf_models.instruments import CutOff
from wellperf_models.study import Study, cut_offs_of


@dataclass(frozen=True, kw_only=True)
class RunFacts(Facts):
    """The run as the lists see it: nothing but what passed the gate, and what the study file says.

    Attributes:
        frame: The burnout frame; None where there is none.
    """

    frame: BurnoutFrame | None

    def given(self, identifier: str) -> Released | None:
        """The answer, if one says something; a model held to its own answers does not."""
        found = super().given(identifier)
        if found is None:
            return None
        own = any(c.name == ANOTHER_STUDY and c.passed is False for c in found.checks)
        return None if own else found

    @property
    def forward(self) -> bool:
        """Whether predictors lie before the outcome."""
        return self.frame is not None and self.frame.design == "forward"

    @property
    def cut_off(self) -> CutOff | None:
        """The known line at which a case begins, where the study file's own is one."""
        section = self.study.burnout
        if section is None or section.case_at is None:
            return None
        lines = cut_offs_of(self.study, section.outcome)
        return next((line for line in lines if abs(line.at - section.case_at) < 1e-9), None)

    def __repr__(self) -> str:
        """Names only."""
        return super().__repr__()


def read_facts(study: Study, frame: BurnoutFrame | Unanswered, answers: Sequence[Released]) -> RunFacts:
    """The facts of a run.

    Args:
        study: The study.
        frame: The burnout frame, or why there is none.
        answers: Released, in any order.
    """
    return RunFacts(
        study=study,
        frame=None if isinstance(frame, Unanswered) else frame,
        answers={released.id: released for released in answers},
    )
