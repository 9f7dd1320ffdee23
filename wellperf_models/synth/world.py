"""The causal world: its true parameters, frozen, and the variants method checks need."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any, Literal, Self

from wellperf_models.errors import DesignError

Assignment = Literal["randomised", "self_selected"]

# what each variant changes; everything else stays as the world has it
VARIANTS: dict[str, dict[str, Any]] = {
    # nothing that the workbench asks about has an effect on anything; people and teams still differ
    "null": {
        "exhaustion_on_voluntary": 0.0,
        "overtime_on_voluntary": 0.0,
        "performance_on_involuntary": 0.0,
        "exhaustion_on_performance": 0.0,
        "quality_on_performance": 0.0,
        "exhaustion_on_illness": 0.0,
        "exhaustion_on_mental_health": 0.0,
        "overtime_on_exhaustion": 0.0,
        "exhaustion_on_overtime": 0.0,
        "quality_on_exhaustion": 0.0,
        "quality_on_overtime": 0.0,
        # tired or rested by tenure alone would be associated with exits that fall with tenure
        "exhaustion_honeymoon": 0.0,
        "programme_on_exhaustion": 0.0,
        "confounder_on_exhaustion": 0.0,
        "confounder_on_voluntary": 0.0,
        "rating_gap_women": 0.0,
        "rating_gap_temporary": 0.0,
    },
    # a person's exhaustion is new each month: the last score says nothing about the next
    "no_persistence": {
        "exhaustion_memory": 0.0,
        "exhaustion_person_sd": 0.0,
        "exhaustion_team_sd": 0.0,
        "exhaustion_honeymoon": 0.0,
        "exhaustion_season": 0.0,
        "exhaustion_noise_sd": 1.1,
        "overtime_on_exhaustion": 0.0,
        "quality_on_exhaustion": 0.0,
        "programme_on_exhaustion": 0.0,
        "confounder_on_exhaustion": 0.0,
    },
    # something nobody measured makes people both exhausted and likely to leave
    "confounded": {"confounder_on_exhaustion": 0.7, "confounder_on_voluntary": 0.7},
    # exhausted people fall behind and work longer, which exhausts them
    "feedback": {"overtime_on_exhaustion": 0.03, "exhaustion_on_overtime": 2.2},
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """True parameters of a synthetic organisation. Time runs in months; t−1 is the month before t.

    Exhaustion E is on a 0–6 scale, overtime O in hours a month, manager quality and the unmeasured
    confounder are standard normal. With m the mean of a person in their team, month t has

    - O_t = max(0, m_O + overtime_memory (O_{t−1} − m_O) + exhaustion_on_overtime (E_{t−1} − mean) + noise)
    - E_t = clip(m_E + exhaustion_memory (E_{t−1} − m_E) + overtime_on_exhaustion (O_{t−1} − mean) + noise)
    - performance_t = person + team + quality_on_performance q + exhaustion_on_performance (E_{t−1} − mean)
      + noise
    - cause-specific exit hazards that are constant within the month and depend on t−1 only.

    Attributes:
        name: Preset, and variant after a dot.
        people: Posts; every leaver is replaced, so this is the headcount at the start of each month.
        months: Length of the extract in months.
        history_months: Months simulated before the extract starts, so that tenure, exhaustion and who is
            still there fit together.
        observed_from: First day of the extract, the first of a month.
        block_people: Posts simulated at once; blocks are independent organisations-within-the-organisation.
        team_size: Mean posts in a team. departments: Departments in a block. sites: Sites in a block.
        matrix_share: Share of teams with a secondary manager.
        move_rate_month: Chance a month that a person changes team within the department.
        voluntary_rate_year, involuntary_rate_year, other_rate_year: Hazard per year of a person at mean
            exhaustion, mean overtime and mean performance with 30 months of tenure.
        voluntary_tenure, involuntary_tenure, other_tenure: Slope of the log hazard on
            log((tenure months + 6) / 36): below 0 falls with tenure, above 0 rises.
        exhaustion_on_voluntary: Log hazard per point of exhaustion. overtime_on_voluntary: per hour a month.
        performance_on_involuntary: Log hazard per standard deviation of performance.
        voluntary_team_sd: Standard deviation of the team's own log hazard of voluntary exit.
        temporary_on_other: Log hazard of other exits for temporary contracts.
        exhaustion_mean, exhaustion_person_sd, exhaustion_team_sd, exhaustion_noise_sd: Points.
        exhaustion_memory: Share of last month's deviation that stays. exhaustion_season: Amplitude, points.
        exhaustion_honeymoon: Points by which a new hire starts below their own mean.
        overtime_mean, overtime_person_sd, overtime_team_sd, overtime_noise_sd: Hours a month, before the
            floor at 0. overtime_memory: as above. overtime_season: Amplitude, hours.
        overtime_on_exhaustion: Points per hour. exhaustion_on_overtime: Hours per point.
        quality_on_exhaustion, quality_on_overtime, quality_on_performance: Per standard deviation of
            manager quality; points, hours, standard deviations.
        confounder_on_exhaustion, confounder_on_voluntary: Points; log hazard.
        performance_person_sd, performance_team_sd, performance_noise_sd: Standard deviations.
        exhaustion_on_performance: Standard deviations per point.
        illness_rate_month, mental_health_rate_month, caregiving_rate_month: Absences a month at the mean.
        exhaustion_on_illness, exhaustion_on_mental_health: Log rate per point.
        programme: Name. programme_assignment: How teams come to it.
        programme_on_exhaustion: Points by which it shifts the mean a person tends to.
        response_rate: Survey response at mean exhaustion. exhaustion_on_response: Log odds per point.
        survey_noise_sd: Measurement error of the exhaustion score, points.
        survey_items: Whether the surveys hold the items of the exhaustion score beside it; they change no
            score.
        survey_every_months: Months between waves.
        rating_gap_women, rating_gap_temporary: Points on the 1–5 scale by which managers rate women
            (temporary staff) differently at equal performance. calibration_keeps: Share of gap and of
            leniency left after calibration. rater_leniency_sd: Points.
        women_share, temporary_share, part_time_share: Shares of hires.
        consent_refusal: Chance that a person refuses a stream. consent_withdrawal: Chance that they withdraw
            it later.
    """

    name: str = "default"
    people: int = 2500
    months: int = 36
    history_months: int = 120
    observed_from: dt.date = dt.date(2022, 1, 1)
    block_people: int = 50_000
    team_size: int = 12
    departments: int = 8
    sites: int = 3
    matrix_share: float = 0.2
    move_rate_month: float = 0.003

    voluntary_rate_year: float = 0.125
    involuntary_rate_year: float = 0.032
    other_rate_year: float = 0.016
    voluntary_tenure: float = -0.35
    involuntary_tenure: float = -0.2
    other_tenure: float = 0.2
    exhaustion_on_voluntary: float = 0.35
    overtime_on_voluntary: float = 0.012
    performance_on_involuntary: float = -0.6
    voluntary_team_sd: float = 0.15
    temporary_on_other: float = 0.7

    exhaustion_mean: float = 2.3
    exhaustion_person_sd: float = 0.6
    exhaustion_team_sd: float = 0.2
    exhaustion_noise_sd: float = 0.55
    exhaustion_memory: float = 0.7
    exhaustion_season: float = 0.08
    exhaustion_honeymoon: float = 0.3
    overtime_mean: float = 26.0
    overtime_person_sd: float = 8.0
    overtime_team_sd: float = 3.0
    overtime_noise_sd: float = 8.0
    overtime_memory: float = 0.5
    overtime_season: float = 3.0
    overtime_on_exhaustion: float = 0.012
    exhaustion_on_overtime: float = 0.6
    quality_on_exhaustion: float = -0.2
    quality_on_overtime: float = -1.0
    quality_on_performance: float = 0.1
    confounder_on_exhaustion: float = 0.0
    confounder_on_voluntary: float = 0.0
    performance_person_sd: float = 0.7
    performance_team_sd: float = 0.2
    performance_noise_sd: float = 0.6
    exhaustion_on_performance: float = -0.2

    illness_rate_month: float = 0.08
    mental_health_rate_month: float = 0.004
    caregiving_rate_month: float = 0.012
    exhaustion_on_illness: float = 0.2
    exhaustion_on_mental_health: float = 0.7

    programme: str = "workload_coaching"
    programme_assignment: Assignment = "randomised"
    programme_on_exhaustion: float = -0.35

    response_rate: float = 0.75
    exhaustion_on_response: float = -0.35
    survey_noise_sd: float = 0.35
    survey_items: bool = False
    survey_every_months: int = 3
    rating_gap_women: float = -0.12
    rating_gap_temporary: float = -0.2
    calibration_keeps: float = 0.5
    rater_leniency_sd: float = 0.35

    women_share: float = 0.46
    temporary_share: float = 0.12
    part_time_share: float = 0.2
    consent_refusal: float = 0.03
    consent_withdrawal: float = 0.02

    def __post_init__(self) -> None:
        """Refuses sizes and dates no organisation could have."""
        if self.people < 2 * self.team_size or self.people < 2 * self.departments:
            raise DesignError(
                "This world is too small for its teams.",
                expected="at least two teams' and two people a department",
                got=f"{self.people} people, team_size {self.team_size}, {self.departments} departments",
                where="World",
                remedy="raise `people`, or lower `team_size` and `departments`",
            )
        if self.months < 1 or self.history_months < 1 or self.observed_from.day != 1:
            raise DesignError(
                "The extract's time is not well given.",
                expected="at least one month, at least one month of history, a first of a month",
                got=f"months {self.months}, history {self.history_months}, from {self.observed_from}",
                where="World",
            )

    @property
    def as_of(self) -> dt.date:
        """Last day of the extract."""
        index = self.observed_from.year * 12 + self.observed_from.month - 1 + self.months
        return dt.date(index // 12, index % 12 + 1, 1) - dt.timedelta(days=1)

    @property
    def programme_starts(self) -> tuple[int, int]:
        """Months of the extract in which the first and the second third of the teams start."""
        return self.months // 3, 2 * self.months // 3

    def but(self, **changes: Any) -> Self:
        """The same world with some parameters changed."""
        return dataclasses.replace(self, **changes)

    def variant(self, name: str) -> Self:
        """A world that differs in what `VARIANTS[name]` says.

        Args:
            name: "null", "no_persistence", "confounded" or "feedback".

        Raises:
            DesignError: There is no such variant.
        """
        if name not in VARIANTS:
            raise DesignError(
                "There is no such variant.",
                expected=", ".join(VARIANTS),
                got=repr(name),
                where="World.variant",
            )
        return self.but(name=f"{self.name}.{name}", **VARIANTS[name])

    def __repr__(self) -> str:
        """Name and shape; the parameters are in `dataclasses.asdict`."""
        return f"World({self.name!r}, {self.people} people × {self.months} months)"
