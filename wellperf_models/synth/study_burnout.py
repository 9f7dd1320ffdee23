"""What the study file of a synthetic organisation asks about strain."""

from __future__ import annotations

from wellperf_models.synth.forecast import CASE_AT, TEST_SHARE

_BURNOUT = """\
# ---- what can be foreseen of exhaustion: the last score alone, and with what the work was like before
[burnout]
outcome = "exhaustion"        # a scale of [measures]
case_at = {case_at}                 # a case scores this or worse: the middle of the scale
test_share = {test_share:g}              # about this share of the answers, the newest, is kept for scoring
group_by = "department"
cluster = "team"              # errors: people of a team share a manager

[burnout.models.workload]
covariates = ["overtime_hours", "manager_contacts", "job_family"]
label = "Last score and work situation"

# ---- the same model scored in ways that forgive less and less; what is recorded with the outcome is never
# used by a model, and the ladder shows how good one would look that did
[burnout.ladder]
late = ["cynicism_same_day"]
leave_out = "site"

# ---- models of other kinds, held against the last score alone
[burnout.candidates]
learners = ["ridge", "forest", "boosting", "network"]
background = ["job_family"]        # who people are, not how they work: do these alone foretell anything?

# ---- what one would do with a predicted risk: at .2 four needless offers weigh as much as a missed case
[burnout.use]
thresholds = [0.2, 0.3, 0.5]
cut_offs = [2.6, 3.4]              # others that could have been declared: does it hang on the cut-off?

[burnout.explanation.groups]
"Conditions of work" = ["overtime_hours", "manager_contacts"]

# ---- how much worse those who did not answer may fare, in points, before the answer would change
[burnout.nonresponse]
largest_difference = 1.5

# ---- what the reporting lists ask and no data can tell; what is left out stands there as not done
[reporting]
setting = "One organisation with three sites; nobody in it exists."
intended_users = "A committee that decides about conditions of work; nobody who leads people."
funding = "None: a simulated organisation."
conflicts = "None."
protocol = "None was prepared."
registration = "Not registered."
involvement = "None: the people are simulated."
background = "An example: whether teams that start later should get the programme at all."
comparators = "Teams that waited for a year: what would happen without it."
perspective = "The employer's, who pays for it."
time_horizon = "Three years: the year that was measured, and two in which its effect fades."
discounting = "A usual real rate of a firm, for this example."
price_date = "Prices of the year in which it began; nothing had to be converted."
subgroups = "For nobody apart: the teams are too few."
distribution = "Every team gets it in the end; who is reached least was not looked at."
involvement_effect = "Nothing: nobody was involved."

# ---- the page that tries the methods on simulated organisations of this shape: how many of them
[method_check]
worlds = 60

"""


def burnout_section() -> str:
    """The sections of the study file that ask about strain."""
    return _BURNOUT.format(case_at=CASE_AT, test_share=TEST_SHARE)
