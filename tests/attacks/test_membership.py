"""Whether somebody was in the data can't be told from what was released: 2,500 people and their like.

Members and others are drawn by lot from one organisation, so that nothing but membership tells them apart.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.attacks.made import make_private
from tests.attacks.members import Records, judge, lean, records_of, resemblance
from wellperf_models.disclosure import release
from wellperf_models.study import Study
from wellperf_models.synth import PRESETS, SyntheticOrganisation, generate, write_organisation

WORLD = dataclasses.replace(PRESETS["default"], people=12_000)
SEED = 11
PARTS = 5
_NOT_NEEDED = ("performance", "programmes", "costs", "ratings", "outcomes", "consent", "absences")
MOST = 0.55


@dataclass(frozen=True, kw_only=True)
class World:
    """Answers about the members, and the records of members, of others, and of a reference."""

    answers: Mapping[str, dict[str, Any]]
    members: Records
    others: Records
    reference: Records


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


def make_world() -> World:
    """Members are one fifth of the organisation, others as many; the reference are all the rest."""
    import wellperf_models as wp

    made = generate(WORLD, SEED).tables
    ids = made["people"]["employee_id"]
    part = np.random.default_rng(SEED).integers(0, PARTS, len(ids))

    def tables_of(*parts: int) -> dict[str, pl.DataFrame]:
        keep = ids.filter(pl.Series(np.isin(part, parts))).implode()
        kept = {n: f for n, f in made.items() if n not in _NOT_NEEDED}
        return {n: f.filter(pl.col("employee_id").is_in(keep)) for n, f in kept.items()}

    org = SyntheticOrganisation(tables=tables_of(0), world=WORLD, seed=SEED)
    with tempfile.TemporaryDirectory() as folder:
        path = write_organisation(org, Path(folder))
        make_private(path)
        study = wp.load_study(path)
        answers = _answers(study)
    general = study.study
    records = [
        records_of(tables_of(*parts), general.observed_from, general.as_of)
        for parts in ([0], [1], range(2, PARTS))
    ]
    return World(
        answers=answers,
        members=records[0],
        others=records[1],
        reference=records[2],
    )


def _answers(study: Study) -> dict[str, dict[str, Any]]:
    import wellperf_models as wp

    tables = wp.load_tables(study)
    provenance = wp.build_provenance(tables)
    coverage = wp.data_quality.measure_coverage(tables)
    frame = wp.turnover.build_frame(tables)
    description = wp.turnover.fit_description(frame, study.turnover)
    found = (
        wp.data_quality.describe(tables, coverage, (), provenance=provenance),
        wp.turnover.describe(frame, description, (), provenance=provenance),
    )
    return {e.id: release(e, study).to_dict() for e in found}


def test_what_was_released_alone_does_not_tell_members(world: World) -> None:
    """How likely a record is under the released curves, causes and groups."""
    assert world.members.n > 2_000
    found = judge(resemblance(world.members, world.answers), resemblance(world.others, world.answers))
    assert found.upper <= MOST
    assert found.hits <= found.chance


def test_nor_does_the_best_linear_attack_with_people_to_compare(world: World) -> None:
    """The attacker also knows thousands of the organisation who are not in the data; the AUC stays low.

    Above chance it is: the limit is set by the number of people behind what is released, see RESULTS.md.
    """
    scores = [lean(r, world.reference, world.answers) for r in (world.members, world.others)]
    found = judge(*scores)
    assert found.upper <= MOST
    assert found.hits <= 0.03


def test_the_linear_attack_finds_members_where_a_number_rests_on_few(world: World) -> None:
    """Exact counts of small cells, department by half-month of tenure, of the same people."""
    cells = [_cells(r) for r in (world.members, world.others, world.reference)]
    names = np.unique(cells[0])
    sizes = {name: int((cells[0] == name).sum()) for name in names}
    usual = {name: float((cells[2] == name).mean()) for name in names}
    n = cells[0].size
    leans = [
        np.array([sizes.get(c, 0) / n / max(usual.get(c, 0.0), 1 / n) for c in part]) for part in cells[:2]
    ]
    assert judge(*leans).auc > 0.7


def test_a_model_with_a_parameter_for_everybody_gives_members_away(world: World) -> None:
    """The distance to the nearest of as many released values as people."""
    rng = np.random.default_rng(3)
    values = [
        np.column_stack([r.duration, np.nan_to_num(r.scores, nan=-1)]) for r in (world.members, world.others)
    ]
    released = values[0] + rng.normal(0, 0.01, values[0].shape)
    scores = [-np.array([np.abs(released - v).sum(axis=1).min() for v in part]) for part in values]
    found = judge(*scores)
    assert found.auc > 0.7
    assert found.hits > 2 * found.chance


def test_scores_by_lot_are_judged_as_chance() -> None:
    rng = np.random.default_rng(4)
    found = judge(rng.normal(size=3_000), rng.normal(size=3_000))
    assert abs(found.auc - 0.5) < 0.03
    assert found.hits <= found.chance


def _cells(records: Records) -> np.ndarray:
    months = np.floor(2 * records.duration).astype(int).astype(str)
    return np.char.add(np.char.add(records.group.astype(str), "|"), months)
