"""No row that was kept back can be worked out from everything that is shown, by linear programming."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.attacks.made import describe_all, write_private
from tests.attacks.organisations import Organisation, draw, nested, publish, table, totals
from tests.attacks.pack import Pack, exact_counts
from tests.attacks.reader import read_answers
from tests.disclosure.builders import evidence, study
from tests.disclosure.published import a_run
from wellperf_models.disclosure import release
from wellperf_models.disclosure.ledger import publish_claims
from wellperf_models.evidence import Evidence, Row

# an interval of this many people may hold a whole group
WIDTH = 10
# of the rule that is not used by the reader
MINIMUM = 10
TRIALS = 200
EXAMPLE = Path(__file__).resolve().parents[2] / "reports" / "example" / "results.json"


def narrow(org: Organisation, answers: Sequence[dict[str, Any]]) -> list[str]:
    """Rows of fewer people than the minimum that are known to within fewer than `WIDTH`.

    A larger row is hidden because it would give a small one away (which is looked at), or because nobody or
    everybody in it left; how many people it has is no secret.
    """
    reader = read_answers(org, answers)
    found = []
    for hidden in reader.hidden:
        people = org.size(hidden.atoms)
        if not 0 < people < MINIMUM:
            continue
        low, high = reader.people(hidden)
        assert low <= people <= high, "the reader reasons wrongly"
        if high - low < WIDTH:
            found.append(f"{hidden.where}: {people} people are within {low:g} to {high:g}")
    return found


def primary_only(evidence: Evidence) -> dict[str, Any]:
    """What a naive gate gives out: small rows blanked, everything else as it is."""
    return {
        "estimates": [{"name": e.name, "value": e.value} for e in evidence.estimates],
        "tables": [
            {
                "name": t.name,
                "measures": [{"name": m.name} for m in t.measures],
                "rows": [
                    {
                        "key": list(r.key),
                        "values": list(r.values if r.support.n_people >= MINIMUM else [None] * 3),
                    }
                    for r in t.rows
                ],
            }
            for t in evidence.tables
        ],
        "curves": [],
    }


def _large(row: Row) -> bool:
    return row.support.n_people >= MINIMUM


def small_one(*sizes: int) -> Organisation:
    """One site and band; department 00 is the first size."""
    atoms = [("site 0", f"department {i:02d}", "band 0") for i in range(len(sizes))]
    return Organisation(
        people=dict(zip(atoms, sizes, strict=True)),
        exits={a: n // 4 for a, n in zip(atoms, sizes, strict=True)},
    )


def test_the_attack_recovers_a_cell_that_only_primary_suppression_hides() -> None:
    org = small_one(4, 40, 300)
    answer = primary_only(evidence(tables=(table(org, "departments", 1),), estimates=totals(org)))
    reader = read_answers(org, [answer], band=0)
    (hidden,) = reader.hidden
    assert reader.people(hidden) == (4, 4)
    # rounding alone leaves a handful
    low, high = read_answers(org, [answer]).people(hidden)
    assert 0 <= low <= 4 <= high <= 10


def test_the_attack_recovers_most_random_cells_that_only_primary_suppression_hides() -> None:
    hidden = recovered = 0
    for seed in range(20):
        rng = np.random.default_rng([1, seed])
        org = draw(rng)
        parts = evidence(tables=(nested(org), table(org, "sites", 0)), estimates=totals(org))
        reader = read_answers(org, [primary_only(parts)], band=0)
        found = [reader.people(h) for h in reader.hidden]
        hidden += len(found)
        recovered += sum(low == high for low, high in found)
    assert hidden > 20
    assert recovered > hidden / 3


def small_hidden(org: Organisation, answers: Sequence[dict[str, Any]]) -> int:
    """How many small rows are hidden at all."""
    rows = [(row, org.atoms_of(*row["key"])) for a in answers for t in a["tables"] for row in t["rows"]]
    return sum(not row["shown"] and 0 < org.size(atoms) < MINIMUM for row, atoms in rows)


@pytest.mark.parametrize("part", range(4))
def test_no_hidden_row_of_random_tables_is_known(tmp_path: Path, part: int) -> None:
    """Sizes 1 to 60, parents, margins shared by several tables, totals and curves beside them."""
    plain, hidden, known = study(tmp_path), 0, []
    for seed in range(part, TRIALS, 4):
        rng = np.random.default_rng(seed)
        org = draw(rng)
        answer = release(publish(org, rng), plain).to_dict()
        hidden += small_hidden(org, [answer])
        known += [f"seed {seed}, {text}" for text in narrow(org, [answer])]
    assert hidden > 100, "the trials hide hardly anything"
    assert not known


def test_no_hidden_row_is_known_where_nobody_is_named(tmp_path: Path) -> None:
    """Without names the gate has counts alone: one table with its levels, and the totals."""
    plain, hidden, known = study(tmp_path), 0, []
    for seed in range(80):
        org = dataclasses.replace(draw(np.random.default_rng([3, seed])), named=False)
        answer = release(evidence(tables=(nested(org),), estimates=totals(org)), plain).to_dict()
        hidden += small_hidden(org, [answer])
        known += [f"seed {seed}, {text}" for text in narrow(org, [answer])]
    assert hidden > 20
    assert not known


def test_overlapping_tables_of_one_day_give_no_row_away(tmp_path: Path) -> None:
    """The same people by department within sites, by site and by band, in one answer."""
    plain, hidden, known = study(tmp_path), 0, []
    for seed in range(40):
        org = draw(np.random.default_rng([2, seed]))
        made = (nested(org), table(org, "sites", 0), table(org, "bands", 2))
        answer = release(evidence(tables=made, estimates=totals(org)), plain).to_dict()
        hidden += small_hidden(org, [answer])
        known += [f"seed {seed}, {text}" for text in narrow(org, [answer])]
    assert hidden > 20
    assert not known


def test_packs_of_one_day_give_no_row_away(tmp_path: Path) -> None:
    """The same table by department within sites in one pack and by site or band in the next ones."""
    hidden, known = 0, []
    for seed in range(25):
        folder = tmp_path / str(seed)
        folder.mkdir()
        org, plain, packs = draw(np.random.default_rng([4, seed])), study(folder), []
        for run, made in enumerate((nested(org), table(org, "sites", 0), table(org, "bands", 2))):
            one = dataclasses.replace(made, name="exits_by_group")
            with a_run(folder) as claims:
                packs.append(release(evidence(tables=(one,), estimates=totals(org)), plain).to_dict())
                publish_claims(plain, claims, f"run-{run}", "0" * 64)
        hidden += small_hidden(org, packs)
        known += [f"seed {seed}, {text}" for text in narrow(org, packs)]
    assert hidden > 10
    assert not known


@pytest.mark.parametrize(
    ("preset", "departments", "seed"), [("micro", 2, 1), ("micro", 6, 2), ("small", 3, 3), ("small", 8, 4)]
)
def test_no_hidden_count_of_a_small_organisation_is_known(
    tmp_path: Path, preset: str, departments: int, seed: int
) -> None:
    study_file, evidences = describe_all(write_private(tmp_path, preset, seed, departments=departments))
    pack = Pack([release(e, study_file).to_dict() for e in evidences])
    exact = exact_counts(evidences)
    assert pack.hidden
    for name in pack.hidden:
        low, high = pack.interval(name)
        assert low <= exact.get(name, low) <= high, "the reader reasons wrongly"
        assert high - low >= WIDTH, f"{name} is within {low:g} to {high:g}"


def test_no_hidden_count_of_the_example_pack_is_known() -> None:
    pack = Pack(json.loads(EXAMPLE.read_text(encoding="utf-8"))["evidence"])
    for name in pack.hidden:
        low, high = pack.interval(name)
        assert high - low >= WIDTH, f"{name} is within {low:g} to {high:g}"
