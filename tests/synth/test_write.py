import hashlib
import json
import tomllib
from pathlib import Path

import polars as pl
import pytest

from tests.tables.folder import load_as_read
from wellperf_models.errors import DesignError
from wellperf_models.study import load_study
from wellperf_models.synth import (
    DEFAULT_SEED,
    DEFINITIONS,
    PRESETS,
    VARIANTS,
    simulate,
    truth,
    write_million,
    write_organisation,
)
from wellperf_models.synth.write import all_or_nothing
from wellperf_models.tables import check_study

COMMITTED = Path(__file__).parents[2] / "data_synthetic"


def _hashes(folder: Path) -> dict[str, str]:
    return {
        f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir()) if f.is_file()
    }


def test_data_synthetic_regenerates_to_the_same_bytes(tmp_path):
    """Same lock, same bytes; the truth, a minute's work, is checked for its place below."""
    simulate(tmp_path, truth_people=0)
    made, kept = _hashes(tmp_path), _hashes(COMMITTED)
    assert set(made) <= set(kept)
    assert made == {name: kept[name] for name in made}


def test_data_synthetic_is_small_and_holds_no_violation():
    # what a run keeps beside the study (its ledger, its key) is not committed, and grows with every pack
    files = [f for f in COMMITTED.rglob("*") if f.is_file() and ".wellperf" not in f.parts]
    assert len(files) > 10
    assert sum(f.stat().st_size for f in files) <= 5_000_000
    report = check_study(load_study(COMMITTED))
    assert report.ok, str(report)


def test_committed_truth_is_that_of_the_default_world_on_a_million_people():
    kept = json.loads((COMMITTED / "truth.json").read_text(encoding="utf-8"))
    assert kept["n_people"] == 1_000_000
    assert kept["seed"] == DEFAULT_SEED
    again = truth(PRESETS["default"], seed=DEFAULT_SEED + 1, n_people=20_000)
    assert kept["world"] == json.loads(again.to_json())["world"]
    assert list(kept["estimands"]) == list(again.estimands)
    for name, entry in kept["estimands"].items():
        assert entry["definition"] == DEFINITIONS[name]
        error = (entry["monte_carlo_error"] ** 2 + again.monte_carlo_error[name] ** 2) ** 0.5
        # 45 estimands, Student's t with 9 degrees of freedom, family-wise .005
        assert abs(entry["value"] - again.estimands[name]) < 6.6 * error, name


@pytest.mark.parametrize("variant", [None, *VARIANTS])
@pytest.mark.parametrize("preset", ["micro", "small"])
def test_every_preset_and_variant_passes_its_own_check(tmp_path, preset, variant):
    path = simulate(tmp_path, preset=preset, variant=variant, seed=9)
    report = check_study(load_study(path))
    assert report.ok, str(report)
    assert tomllib.loads(path.read_text(encoding="utf-8"))["study"]["synthetic"] is True


def test_what_was_written_is_what_was_generated(tmp_path, organisation):
    path = write_organisation(organisation, tmp_path)
    text = path.read_text(encoding="utf-8")
    asks = 'streams = ["surveys", "workload"]'
    assert asks in text
    # everything is read, whoever withdrew
    path.write_text(text.replace(asks, "streams = []"), encoding="utf-8")
    tables = load_as_read(load_study(path))
    for name, frame in organisation.tables.items():
        read = tables[name].collect()
        assert read.height == frame.height
        assert read.select(frame.columns).cast(dict(frame.schema)).equals(frame, null_equal=True), name


def test_a_broken_write_leaves_what_was_there(tmp_path):
    (tmp_path / "people.csv").write_text("before", encoding="utf-8")

    def interrupted() -> None:
        with all_or_nothing(tmp_path) as partial:
            (partial / "people.csv").write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [f.name for f in tmp_path.iterdir()] == ["people.csv"]
    assert (tmp_path / "people.csv").read_text(encoding="utf-8") == "before"


def test_truth_is_written_when_asked_for(tmp_path):
    simulate(tmp_path, preset="micro", seed=1, months=6, truth_people=1000)
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["n_people"] == 1000


def test_unknown_presets_are_refused(tmp_path):
    with pytest.raises(DesignError, match="preset"):
        simulate(tmp_path, preset="huge")
    assert list(tmp_path.iterdir()) == []


def test_million_streams_blocks_and_passes_check(tmp_path):
    """A small one in several blocks: what is in memory is one block's, whatever the number of blocks."""
    world = PRESETS["million"].but(block_people=900, departments=6, history_months=24)
    path = write_million(tmp_path / "a", people=2500, months=6, seed=3, world=world)
    assert check_study(load_study(path)).ok
    people = pl.scan_parquet(tmp_path / "a" / "people.parquet").collect()
    assert people["employee_id"].is_unique().all()
    assert people.height > 2500
    hours = pl.scan_parquet(tmp_path / "a" / "workload.parquet").group_by("period").len().collect()
    assert hours["len"].min() > 2450
    assert hours.height == 6
    write_million(tmp_path / "b", people=2500, months=6, seed=3, world=world)
    assert _hashes(tmp_path / "a") == _hashes(tmp_path / "b")
