"""The study file of a synthetic organisation, commented as an example to copy from."""

from __future__ import annotations

from collections.abc import Iterable

from wellperf_models.synth.large_sample import BAND_EDGES, EXHAUSTION_CUTS, OVERTIME_CUTS
from wellperf_models.synth.measures import MEASURES
from wellperf_models.synth.programmes import CURRENCY
from wellperf_models.synth.world import World

# which tables are written as CSV; the long ones are Parquet
SMALL = ("people", "assignments", "spells", "absences", "outcomes", "programmes", "costs")

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

# ---- how long people stay and why they leave
[turnover]
causes = ["voluntary", "involuntary", "other"]     # the first is the one modelled
horizons_months = [12.0, 24.0, 36.0]
group_by = "department"
covariates = ["exhaustion", "overtime_hours", "job_family"]
cluster = "team"
period_edges_months = {edges}

[turnover.validation]
folds = 5
repeats = 2
group_by = "person"

# ---- the gate can be made stricter here, never laxer than 5
[disclosure]
min_group_size = 10
min_model_people = 30
min_model_events = 10
"""

_MONEY = """\

[money]
reporting_currency = "{currency}"
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
        text += "".join(_measure(name) for name in MEASURES)
    text += _COVARIATES.format(
        exhaustion=list(EXHAUSTION_CUTS), overtime=list(OVERTIME_CUTS), edges=[float(e) for e in BAND_EDGES]
    )
    if "costs" in names:
        text += _MONEY.format(currency=CURRENCY)
    return text


def _measure(name: str) -> str:
    low, high, _ = MEASURES[name]
    higher_is, dimension, label, instrument = _MEASURE_FACTS[name]
    return (
        f'[measures.{name}]\nlow = {low}\nhigh = {high}\nhigher_is = "{higher_is}"\n'
        f'dimension = "{dimension}"\nlabel = "{label}"\ninstrument = "{instrument}"\n\n'
    )
