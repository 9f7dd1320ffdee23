"""A closer look at tables that could be read: what no rule on a single row can see.

Violations are what no analysis should be built on; notes are what a reader should know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from wellperf_models.study import Study
from wellperf_models.tables.items import keyed_carriers, look_at_items
from wellperf_models.tables.odd_numbers import find_reversed_items, find_sentinels, look_at_covariates
from wellperf_models.tables.parts import locate
from wellperf_models.tables.twins import find_twins
from wellperf_models.tables.violation import Note, Violation


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a closer look found."""

    violations: tuple[Violation, ...]
    notes: tuple[Note, ...]


def look_closer(study: Study, keys: Mapping[str, Sequence[str]], frames: Mapping[str, pl.LazyFrame]) -> Look:
    """Looks at every table, after the rules and before ids are replaced.

    Args:
        study: Gives covariates, and which tables keep twins.
        keys: Table → names of its sources in the study file.
        frames: Tables in their declared form, with `_row`.
    """
    violations, notes = find_twins(study, keys, frames)
    violations += [
        violation
        if tuple(keys[violation.table]) == (violation.table,)
        else locate(violation, keys[violation.table])
        for violation in find_sentinels(frames)
    ]
    more, told = look_at_covariates(study, frames)
    of_items, told_of_items = look_at_items(study, frames)
    # of those with a key it is known which are to be reversed
    keyed = frozenset(keyed_carriers(study))
    return Look(
        violations=(*violations, *more, *of_items),
        notes=(*notes, *told, *told_of_items, *find_reversed_items(frames, but=keyed)),
    )
