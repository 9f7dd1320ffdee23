"""The study file of a synthetic organisation, commented as an example to copy from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from wellperf_models.study.governance import WITHOUT_BASIS
from wellperf_models.synth.large_sample import EXHAUSTION_CUTS, OVERTIME_CUTS
from wellperf_models.synth.measures import ITEMS_OF, MEASURES
from wellperf_models.synth.programmes import CURRENCY
from wellperf_models.synth.study_burnout import burnout_section
from wellperf_models.synth.study_roi import roi_section
from wellperf_models.synth.study_turnover import turnover_text
from wellperf_models.synth.world import World

# which tables are written as CSV; the long ones are Parquet
SMALL = ("people", "assignments", "spells", "absences", "programmes", "costs")

_MEASURE_FACTS = {
    "exhaustion": ("worse", "psychological", "Exhaustion", "in the form of MBI-GS"),
    "cynicism": ("worse", "psychological", "Cynicism", "in the form of MBI-GS"),
    "efficacy": ("better", "purpose", "Professional efficacy", "in the form of MBI-GS"),
    "workload_pulse": ("worse", "physical", "Workload pulse", "one question, 1 to 5"),
    "engagement": ("better", "purpose", "Engagement", "one question, 1 to 10"),
    "social_support": ("better", "social", "Social support", "one question, 1 to 5"),
    "financial_worry": ("worse", "financial", "Financial worry", "one question, 1 to 5"),
}

_HEAD = """\
# {title}.
# Written by `wellperf simulate`; nobody in it exists. Copy it as a start for your own study file: every table
# is optional, and where your headers or words differ from the declared ones you map them here
# (columns, values, date_format, encoding, separator); see DATA_DICTIONARY.md for what is declared.

[study]
name = "{name}"
title = "{title}"
as_of = {as_of}            # day of the extract: who is still here on it is censored
observed_from = {observed_from}    # people hired earlier are seen because they were still here on it
seed = {seed}
synthetic = true              # stamps every page "synthetic data: not evidence"

# ---- where each table is; the columns bear the declared names already, so nothing is mapped
"""

_COVARIATES = """\
# ---- predictors: only what was measured before the month of the outcome may predict
[covariates.exhaustion]
table = "surveys"
timing = "before"
bins = {exhaustion}
label = "Exhaustion, last score"
unit = "points"

[covariates.overtime_hours]
table = "workload"
timing = "before"
bins = {overtime}
label = "Overtime, month before"
unit = "hours a month"

[covariates.cynicism_same_day]
table = "surveys"
column = "cynicism"
timing = "during"                  # answered with the outcome: only ever shown as a leak
label = "Cynicism, same day"
unit = "points"

[covariates.manager_contacts]
table = "workload"
timing = "before"
bins = 3
label = "One-to-one contacts with the manager, month before"
unit = "contacts a month"

[covariates.job_family]
table = "people"
type = "category"
timing = "before"
label = "Job family"

"""

_DISCLOSURE = """\
# ---- the gate can be made stricter here, never laxer than 5
[disclosure]
min_group_size = 10
min_model_people = 30
min_model_events = 10
"""

_ROLES = """\

# ---- who reads what: researchers and the committee see everything unless it says otherwise here;
# `wellperf run STUDY --role manager` makes one page of tables by group
[roles.manager]
answers = ["turnover.description", "burnout.groups"]
parts = ["groups"]                 # of: answer, estimates, groups, tables, curves, checks
min_group_size = 15                # can only be raised

# ---- on what grounds, watched over by whom; every pack shows it as "How this may be used"
[governance]
controller = "Synthetic organisation, management board"
purpose = "See early where work wears people down, and whether what is done about it helps"
overseer = "Works council, with the data protection officer"
contest = "Write to the data protection officer or the works council; an answer comes within 30 days"
retention = "Extracts for 12 months, reports for 5 years"
prohibited_uses = ["ranking teams for pay or promotion"]     # beside those that always hold
{overrides}
[governance.legal_basis]           # a basis of GDPR Art. 6(1), or works_agreement
{bases}

[governance.dpia]
reference = "DPIA-1 (synthetic)"
date = {signed}
by = "Data protection officer"
residual_risk = "low"
"""

_OVERRIDES_KEY = (
    'overrides = "overrides.toml"       # decisions against a report: date, who, decision, reason\n'
)
_OVERRIDES = """\
# Decisions taken against a report, or beyond it: the day, who decided (a role, nobody's name), what and why.
# Every pack shows this log. Entries are added, never taken away.

[[override]]
date = {date}
who = "HR director, with the works council"
decision = "Workload coaching goes on until the next report, although the last one left its return open"
reason = "The works council asked not to stop it in the middle of the year; to be decided again in spring"
"""
# what the employment itself needs; everything else rests on an agreement with the works council
_BY_CONTRACT = ("people", "assignments", "spells")
_BY_CONSENT = ("surveys", "workload")

_CONSENT = """\

# ---- streams that are used only where the table consent holds a consent that covers them
[consent]
streams = ["surveys", "workload"]  # the others rest on another basis: see [governance.legal_basis]
withdrawal = "all"                 # who has withdrawn is left out altogether; or "from_then_on"
"""

_MONEY = """\

[money]
reporting_currency = "{currency}"
"""

_SCORED = """\
scored_from = "mbi_gs.exhaustion"  # the answers to single items are in the surveys too (rows with an item)
"""


def file_of(table: str) -> str:
    """File name of a table."""
    return f"{table}.csv" if table in SMALL else f"{table}.parquet"


def study_text(world: World, seed: int, tables: Iterable[str], *, all_parquet: bool = False) -> str:
    """The study file of the tables written.

    Args:
        world: What was simulated.
        seed: Its seed; also the study's.
        tables: Names of the tables written.
        all_parquet: True when no table was written as CSV.
    """
    names = list(tables)
    title = f"Synthetic organisation ({world.name}): {world.people:,} people, {world.months} months"
    text = _HEAD.format(
        name=f"synthetic-{world.name.replace('.', '-')}",
        title=title,
        as_of=world.as_of,
        observed_from=world.observed_from,
        seed=seed,
    )
    for name in names:
        text += f'[tables.{name}]\npath = "{f"{name}.parquet" if all_parquet else file_of(name)}"\n\n'
    if "surveys" in names:
        text += (
            "# ---- scales of the surveys: allowed range, which end is bad, which dimension of well-being\n"
        )
        items = ITEMS_OF if world.survey_items else ""
        text += "".join(_measure(name, scored=name == items) for name in MEASURES)
    text += _COVARIATES.format(exhaustion=list(EXHAUSTION_CUTS), overtime=list(OVERTIME_CUTS))
    text += turnover_text(world)
    text += burnout_section() + _DISCLOSURE
    if "consent" in names:
        text += _CONSENT
    text += _roles_and_governance(world, names, with_log=not all_parquet)
    if "costs" in names:
        text += _MONEY.format(currency=CURRENCY)
    if {"outcomes", "costs"} <= set(names):
        text += roi_section(world)
    return text


def override_log(world: World) -> str:
    """The override log beside the study file: one entry, as an example.

    Args:
        world: What was simulated.
    """
    return _OVERRIDES.format(date=world.as_of - dt.timedelta(days=41))


def _roles_and_governance(world: World, names: list[str], *, with_log: bool) -> str:
    bases = dict.fromkeys(names, "works_agreement") | dict.fromkeys(_BY_CONTRACT, "contract")
    if "consent" in names:
        bases |= dict.fromkeys(_BY_CONSENT, "consent")
    return _ROLES.format(
        overrides=_OVERRIDES_KEY if with_log else "",
        bases="\n".join(f'{name} = "{bases[name]}"' for name in names if name not in WITHOUT_BASIS),
        signed=world.as_of - dt.timedelta(days=200),
    )


def _measure(name: str, *, scored: bool) -> str:
    low, high, _ = MEASURES[name]
    higher_is, dimension, label, instrument = _MEASURE_FACTS[name]
    return (
        f'[measures.{name}]\nlow = {low}\nhigh = {high}\nhigher_is = "{higher_is}"\n'
        f'dimension = "{dimension}"\nlabel = "{label}"\ninstrument = "{instrument}"\n'
        + (_SCORED if scored else "")
        + "\n"
    )
