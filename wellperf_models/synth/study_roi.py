"""What the study file of a synthetic organisation asks about its programme."""

from __future__ import annotations

from wellperf_models.synth.programmes import CURRENCY
from wellperf_models.synth.world import World

_ROI = """\

# ---- what a programme changed, and what that is worth; all of it is declared before an outcome is read
[roi]
programme = "{programme}"    # as in the tables programmes and costs
label = "Workload coaching"
design = "{design}"{comment}
level = "team"                     # what was assigned as a whole; errors are at this level
treated = "programme"              # arms in the table outcomes: teams that started first,
control = "waiting"                # and those that waited

# the first outcome measured after the start is the primary one
[roi.outcomes.exhaustion_follow_up]
label = "Exhaustion after a year"
unit = "points"
higher_is = "worse"
adjust_for = ["exhaustion_before"]

# measured before: may be adjusted for, and a difference in it is a sign of a broken comparison
[roi.outcomes.exhaustion_before]
label = "Exhaustion before"
unit = "points"
higher_is = "worse"
timing = "before"

[roi.outcomes.absence_days]
label = "Days of absence"
unit = "days a year"
higher_is = "worse"
likelihood = "hurdle"              # averages a year, many of them 0; "gaussian" is a difference of means

[roi.outcomes.absence_days.value]
channel = "absence"                # one outcome a channel, or money would be counted twice
amount = 250.0                     # of one day
spread = 0.2                       # standard deviation of its logarithm: what is not known about it
currency = "{currency}"
source = "what a working day costs elsewhere: 45,000 a year and 22 % on top, by 220 days"
tier = "transported"               # measured here, transported from elsewhere, or asserted

[roi.outcomes.left_voluntarily]
label = "Left voluntarily within the year"
unit = "share of people"
higher_is = "worse"
likelihood = "hazard"              # of leaving within the year

[roi.outcomes.left_voluntarily.value]
channel = "turnover"
amount = 45000.0                   # a year's pay,
times = ["replacement_cost"]       # of which replacing somebody costs about a fifth (a factor of the package)
currency = "{currency}"
source = "a year's pay of 45,000, times the cost of replacing somebody as a share of it"
tier = "transported"

[roi.decision]
discount_rate = 0.03               # a year; there is no default
perspective = "employer"
horizon_years = 3
programme_years = 1
fade_out = 0.3                     # share of the effect lost from each year to the next once it has ended
fade_out_spread = 0.1              # nobody knows it well
judged_by = ["flat", "sceptical"]  # both must agree for "fund" or "stop"; other sets are shown beside
correlation = 0.0                  # between the estimates of different outcomes

# ---- a further trial that could be run before deciding for everybody
[roi.pilot]
people = [200, 400, 800, 1600]     # in both arms together
clusters = [20, 60]                # teams among which lots would be drawn
cost_once = 8000.0
cost_per_person = 10.0             # of measuring, beyond the programme itself
delay_years = 1.0
currency = "{currency}"
source = "an estimate made for this example"
tier = "asserted"

# ---- the same model under other circumstances
[roi.scenarios.higher_wages]
label = "Wages a tenth higher"
wages = 1.1

[roi.scenarios.dearer]
label = "The programme costs half as much again"
price = 1.5

[roi.scenarios.lasting]
label = "Nothing of the effect is lost"
fade_out = 0.0

# ---- what else the same money could be spent on; nothing of it was measured here
[roi.budget]
amount = 250000.0
currency = "{currency}"

[roi.initiatives.rostering]
label = "Rosters known a month ahead"
people = 800

[roi.initiatives.rostering.effects.absence_days]
mean = -0.3
sd = 0.5
source = "a guess made for this example"
tier = "asserted"

[[roi.initiatives.rostering.costs]]
kind = "staff_time"
amount = 60.0
per = "person_year"
spread = 0.3
currency = "{currency}"
source = "an estimate made for this example"
tier = "asserted"

# ---- what somebody would pay for what has no price; told apart, never in the headline
[roi.willingness_to_pay.exhaustion]
outcome = "exhaustion_follow_up"
amount = 150.0                     # for one point less of one person over a year
spread = 0.5
currency = "{currency}"
asked = "the works council and the board, for this example"
source = "an estimate made for this example"
"""

_DESIGNS = {
    "randomised": ("randomised", "              # lots were drawn among the teams"),
    "self_selected": ("participation", "           # teams asked for it: a contrast, never an effect"),
}


def roi_section(world: World) -> str:
    """The sections `[roi…]` of the study file.

    Args:
        world: What was simulated.
    """
    design, comment = _DESIGNS[world.programme_assignment]
    return _ROI.format(programme=world.programme, design=design, comment=comment, currency=CURRENCY)
