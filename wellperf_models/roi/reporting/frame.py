"""What a run holds of the economic evaluation: its frame, beside study file and released answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wellperf_models.disclosure import Released
from wellperf_models.evidence import Unanswered
from wellperf_models.guidelines import Facts
from wellperf_models.roi.rows import RoiFrame
from wellperf_models.study import Outcome, Roi, Study


@dataclass(frozen=True, kw_only=True)
class RunFacts(Facts):
    """The run as the list sees it: nothing but what passed the gate, and what the study file says.

    Attributes:
        frame: The return frame; None where there is none.
    """

    frame: RoiFrame | None

    @property
    def section(self) -> Roi | None:
        """`[roi]`."""
        return self.study.roi

    @property
    def measured_after(self) -> dict[str, Outcome]:
        """Outcomes that the programme may have changed, as declared."""
        outcomes = {} if self.section is None else self.section.outcomes
        return {name: outcome for name, outcome in outcomes.items() if outcome.timing == "after"}

    def has_unit(self, name: str) -> bool:
        """Whether a reader is told what an outcome is counted in; a yes/no outcome needs no unit."""
        rows = None if self.frame is None else self.frame.outcomes.get(name)
        return bool(self.measured_after[name].unit) or (rows is not None and rows.binary)

    def __repr__(self) -> str:
        """Names only."""
        return super().__repr__()


def read_facts(
    study: Study, frame: RoiFrame | Unanswered, answers: Sequence[Released | Unanswered]
) -> RunFacts:
    """The facts of a run.

    Args:
        study: The study.
        frame: The return frame, or why there is none.
        answers: Released, in any order.
    """
    return RunFacts(
        study=study,
        frame=None if isinstance(frame, Unanswered) else frame,
        answers={released.id: released for released in answers if isinstance(released, Released)},
    )
