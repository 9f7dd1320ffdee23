"""What the study file of a synthetic organisation asks about staying and leaving."""

from __future__ import annotations

from wellperf_models.synth.large_sample import BAND_EDGES
from wellperf_models.synth.policies import CAP_HOURS, FEWER_HOURS, POLICY_MONTHS
from wellperf_models.synth.world import World

# more teams than this are no table anybody reads
_MOST_PEOPLE_BY_TEAM = 600

_TURNOVER = """\
# ---- how long people stay and why they leave
[turnover]
causes = ["voluntary", "involuntary", "other"]     # the first is the one modelled
horizons_months = [12.0, 24.0, 36.0]
group_by = "department"
covariates = ["exhaustion", "overtime_hours", "job_family"]
cluster = "team"
period_edges_months = {edges}
pooled_by = "{pooled_by}"{pad}# groups too small to be judged alone borrow strength from one another

[turnover.validation]
folds = 5
repeats = 2
group_by = "person"

# ---- who will leave, foretold for groups at a landmark from what was known on that day
[turnover.risk]
horizons_months = [6, 12]          # months ahead; three years can't judge a forecast for two years well
every_months = 6                   # months between landmarks

# ---- what if overtime were different from now on? Exits and exhaustion are simulated forward from it
[turnover.policies.cap_20_hours]
covariate = "overtime_hours"
cap = {cap}
horizon_months = {horizon}
label = "Overtime capped at {cap:g} hours a month"

[turnover.policies.minus_5_hours_a_week]
covariate = "overtime_hours"
reduce_by = {fewer}                  # hours a month: 5 a week, but never below `floor`, which is 0
horizon_months = {horizon}
label = "Overtime 5 hours a week lower"

"""


def turnover_text(world: World) -> str:
    """`[turnover]` and the questions below it.

    Args:
        world: What was simulated.
    """
    pooled_by = "team" if world.people <= _MOST_PEOPLE_BY_TEAM else "department"
    return _TURNOVER.format(
        edges=[float(e) for e in BAND_EDGES],
        pooled_by=pooled_by,
        pad=" " * max(1, 21 - len(pooled_by)),
        cap=CAP_HOURS,
        fewer=FEWER_HOURS,
        horizon=POLICY_MONTHS,
    )
