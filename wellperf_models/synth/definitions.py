"""What each estimand of `Truth` is, in words."""

from __future__ import annotations

from wellperf_models.synth.dynamics import CAUSES
from wellperf_models.synth.forecast import CASE_AT, TEST_SHARE
from wellperf_models.synth.policies import CAP_HOURS, COHORT_MONTHS, FEWER_HOURS, POLICY_MONTHS

HORIZONS_MONTHS = (12, 24, 36)

_HAZARD = (
    "large-sample target of a cloglog hazard of voluntary exit in a calendar month on the last exhaustion "
    "score and the last overtime from before it, given tenure band; person-months of the extract"
)
_LINEAR = _HAZARD + " with both known; both linear, per "
_LEVELS = _HAZARD + "; both as levels, 'not measured' one of them"
_POLICY = (
    f" within {POLICY_MONTHS} months, of those at work at the start of the months "
    f"{', '.join(map(str, COHORT_MONTHS[:-1]))} and {COHORT_MONTHS[-1]} of the extract (counted from 0), "
    "simulated forward with feedback, the programme as it was rolled out, by overtime that is from then on "
)
_POLICY_OUTCOMES = {
    "voluntary_exits_averted_per_100": "people per 100 kept from leaving voluntarily",
    "exits_averted_per_100": "people per 100 kept from leaving for any cause",
    "months_gained": "months employed gained per person, counted in days,",
}
_RULES = {
    "overtime_cap_20_hours": f"at most {CAP_HOURS:g} hours a month",
    "overtime_minus_5_weekly_hours": f"each month {FEWER_HOURS:g} hours (5 a week) below what it would have "
    "come to in that month after the months as lived with the policy, but not below 0",
}
_TRIAL = (
    "large-sample target of intention to treat by the team held when the first third of the teams starts "
    "(all others wait), as the difference between the arms less that of the same arms without a programme: "
)
_TENURE = ", at the exit rates by tenure of the extract's time"
DEFINITIONS: dict[str, str] = {
    **{
        f"survival_{h}_months": f"share of those hired who are still employed after {h} months" + _TENURE
        for h in HORIZONS_MONTHS
    },
    **{
        f"cumulative_incidence_{cause}_{h}_months": "share of those hired who have left for this cause "
        f"within {h} months, the other causes competing" + _TENURE
        for cause in CAUSES
        for h in HORIZONS_MONTHS
    },
    "restricted_mean_36_months": "mean months employed of the first 36 since hire" + _TENURE,
    **{
        f"exits_per_100_person_years_{cause}": "exits in the extract by 100 years of employment in it"
        for cause in CAUSES
    },
    "exhaustion_mean": "mean of true exhaustion over person-months of the extract, points",
    "exhaustion_autocorrelation_one_wave": "correlation of exhaustion scores one wave apart, both answered",
    "auc_last_score": "area under the curve of the last exhaustion score, however old, for a score of "
    f"{CASE_AT:g} or more in a wave; answers of people who had answered before, in the newest waves that "
    f"hold at least {TEST_SHARE:g} of them",
    "log_hazard_ratio_exhaustion_voluntary": _LINEAR + "point",
    "log_hazard_ratio_exhaustion_voluntary_per_sd": _LINEAR + "standard deviation over person-months",
    "log_hazard_ratio_overtime_voluntary": _LINEAR + "hour a month",
    "log_hazard_ratio_overtime_voluntary_per_sd": _LINEAR + "standard deviation over person-months",
    **{
        f"log_hazard_ratio_exhaustion_{level}_against_1.5_to_2.5": _LEVELS
        for level in ("up_to_1.5", "2.5_to_3.5", "over_3.5")
    },
    **{
        f"log_hazard_ratio_overtime_{level}_against_up_to_15": _LEVELS
        for level in ("15_to_25", "25_to_35", "over_35")
    },
    "programme_effect_exhaustion_12_months": "mean exhaustion of the workforce after 12 months with the "
    "programme in every team minus in none, points",
    "programme_effect_exhaustion_follow_up": _TRIAL + "score just before the second third of the teams "
    "starts, points, given the score just before the first third did; those who answered both",
    "programme_effect_exhaustion_follow_up_unadjusted": _TRIAL + "score just before the second third of the "
    "teams starts, points; those who answered it",
    "programme_effect_absence_days_a_year": _TRIAL + "working days of absences that began between the two "
    "starts, by year employed between them; leavers count with the time until they left",
    "programme_effect_left_voluntarily": _TRIAL
    + "share of people who left voluntarily between the two starts",
    "programme_effect_voluntary_exits_per_100_person_years": "voluntary exits per 100 person-years in those "
    "12 months with the programme in every team minus in none",
    **{
        f"{policy}_{what}": words + _POLICY + rule
        for policy, rule in _RULES.items()
        for what, words in _POLICY_OUTCOMES.items()
    },
    **{
        f"rating_gap_{group}_{stage}": f"points by which managers' ratings {stage} calibration differ for "
        f"{group} because of who they are, at equal performance"
        for group in ("women", "temporary")
        for stage in ("before", "after")
    },
}
