"""Coverage of an extract: counted right, gated, with checks that fail when they should."""

import datetime as dt
import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.disclosure.builders import provenance, study
from tests.tables.folder import HEAD, SPELLS, write_study
from wellperf_models.data_quality import check_coverage, describe, measure_coverage, plot_response
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Check, Evidence
from wellperf_models.tables import Tables, load_tables

MEASURES = '[measures.exhaustion]\nlow = 0\nhigh = 6\nhigher_is = "worse"\n'
WAVES = [dt.date(2024, 1, 1), dt.date(2024, 4, 1), dt.date(2024, 7, 1)]


def tables(
    folder: Path,
    *,
    selective: bool = False,
    silent: float = 0.3,
    n: int = 400,
    seed: int = 1,
    open_days: int = 1,
) -> Tables:
    """n people; one in five left after the first wave; silence at random or of the exhausted."""
    rng = np.random.default_rng(seed)
    ids = [f"p{i:04d}" for i in range(n)]
    gone = np.arange(n) % 5 == 0
    spells = pl.DataFrame(
        {
            "employee_id": ids,
            "start": [dt.date(2020, 1, 1) if i % 2 else dt.date(2023, 6, 1) for i in range(n)],
            "end": [dt.date(2024, 2, 1) if g else None for g in gone],
            "exit_reason": ["voluntary" if g else None for g in gone],
        },
        schema_overrides={"end": pl.Date},
    )
    trait = rng.normal(3, 1, n).clip(0, 6)
    chance = np.where(trait > 3, silent * 1.8, silent * 0.2) if selective else np.full(n, silent)
    rows = [
        (
            ids[i],
            wave.isoformat(),
            "exhaustion",
            wave + dt.timedelta(i % open_days),
            round(float(trait[i]), 1),
        )
        for wave in WAVES
        for i in range(n)
        if not (gone[i] and wave > WAVES[0]) and rng.random() > chance[i]
    ]
    surveys = pl.DataFrame(rows, schema=["employee_id", "wave", "measure", "date", "value"], orient="row")
    owner = study(folder, general="observed_from = 2022-01-01", extra=MEASURES)
    return Tables.from_frames(owner, {"spells": spells, "surveys": surveys})


def evidence_of(data: Tables) -> Evidence:
    coverage = measure_coverage(data)
    return describe(data, coverage, check_coverage(coverage), provenance=provenance())


def check(checks: tuple[Check, ...], name: str) -> Check:
    return next(c for c in checks if c.name == name)


def test_counts(tmp_path: Path) -> None:
    coverage = measure_coverage(tables(tmp_path))
    assert (coverage.n_people, coverage.n_employed, coverage.n_exits, coverage.n_delayed) == (
        400,
        320,
        80,
        200,
    )
    assert [w.n_invited for w in coverage.waves] == [400, 320, 320]
    assert all(0.6 < w.n_answered / w.n_invited < 0.8 for w in coverage.waves if w.n_invited)


@pytest.mark.parametrize("seed", range(8))
def test_selective_silence_is_found_and_random_silence_is_not(tmp_path: Path, seed: int) -> None:
    for selective in (True, False):
        evidence = evidence_of(tables(tmp_path, selective=selective, seed=seed))
        found = check(evidence.checks, "silence_is_not_selective")
        assert found.passed is not selective
        if selective:
            assert found.value is not None
            assert found.value > 0


def test_answers_spread_over_days_are_one_wave(tmp_path: Path) -> None:
    at_once, spread = (measure_coverage(tables(tmp_path, selective=True, open_days=d)) for d in (1, 10))
    assert [w.n_answered for w in spread.waves] == [w.n_answered for w in at_once.waves]
    assert [w.n_invited for w in spread.waves] == [w.n_invited for w in at_once.waves]
    assert spread.gap is not None
    assert at_once.gap is not None
    assert spread.gap.value == pytest.approx(at_once.gap.value, rel=1e-12)
    assert spread.gap.se == pytest.approx(at_once.gap.se, rel=1e-12)
    assert spread.gap.n_silent < spread.gap.n_people


def test_low_response_fails_its_check(tmp_path: Path) -> None:
    for silent, passed in ((0.3, True), (0.7, False)):
        evidence = evidence_of(tables(tmp_path, silent=silent))
        assert check(evidence.checks, "response_rate").passed is passed


def test_released_counts_are_rounded_and_a_picture_is_made(tmp_path: Path) -> None:
    data = tables(tmp_path, n=403)
    released = release(evidence_of(data), data.study)
    assert "{" not in released.answer
    assert released.estimate("n_people").value == 405
    for row in released.table("response").rows:
        assert all(v % 5 == 0 for v in row.values[:2])
    picture = plot_response(released)
    assert picture is not None
    assert "%" in picture.alt


def test_picture_of_another_answer_is_refused(tmp_path: Path) -> None:
    from tests.disclosure.builders import evidence

    with pytest.raises(DesignError):
        plot_response(release(evidence(), study(tmp_path)))


def test_few_people_show_nothing(tmp_path: Path) -> None:
    data = tables(tmp_path, n=8)
    released = release(evidence_of(data), data.study)
    assert released.estimates == ()
    assert released.answer.startswith("Not shown")
    assert plot_response(released) is None


SPELLS_TABLE = '[tables.spells]\npath = "spells.csv"\n'
PUBLIC = 'public_microdata = true\nlicence = "CC0"\nsource = "s"\n'


def test_files_of_published_and_synthetic_data_are_named_by_hash(tmp_path: Path) -> None:
    for head in (PUBLIC, "synthetic = true\n"):
        data = load_tables(write_study(tmp_path, SPELLS_TABLE, head=HEAD + head, spells_csv=SPELLS))
        (row,) = release(evidence_of(data), data.study).table("files").rows
        assert row.key == ("spells.csv",)
        # a made-up organisation shows no exact head count: it is an example of a private pack
        n_rows = 2 if head == PUBLIC else None
        digest = hashlib.sha256(SPELLS.encode()).hexdigest()
        assert row.values == (n_rows, digest, "no published file is known")
        assert str(tmp_path) not in str(row)


def test_a_plain_hash_of_private_data_is_shown_nowhere(tmp_path: Path) -> None:
    """Whoever guessed the file could confirm the guess."""
    data = load_tables(write_study(tmp_path, SPELLS_TABLE, spells_csv=SPELLS))
    evidence = evidence_of(data)
    assert [t.name for t in evidence.tables if t.name == "files"] == []
    assert hashlib.sha256(SPELLS.encode()).hexdigest() not in repr(vars(evidence))


def test_a_cut_copy_of_a_public_file_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "illinois").mkdir()
    text = "unit_type,unit_id,name,value\nperson,1,spend,1\n"
    (tmp_path / "illinois" / "claims.csv").write_text(text)
    sections = '[tables.claims]\npart_of = "outcomes"\npath = "illinois/claims.csv"\n'
    data = load_tables(write_study(tmp_path, sections, head=HEAD + PUBLIC))
    (row,) = release(evidence_of(data), data.study).table("files").rows
    assert row.key == ("illinois/claims.csv",)
    assert row.values == (1, hashlib.sha256(text.encode()).hexdigest(), "cut copy, not the published file")


def test_a_file_of_two_tables_is_one_file(tmp_path: Path) -> None:
    people = '[tables.people]\npath = "spells.csv"\n'
    data = load_tables(
        write_study(tmp_path, SPELLS_TABLE + people, head=HEAD + "synthetic = true\n", spells_csv=SPELLS)
    )
    assert [file.name for file in measure_coverage(data).files] == ["spells.csv"]


def test_people_of_files_without_common_ids_are_counted_in_the_largest(tmp_path: Path) -> None:
    header = "unit_type,name,value\n"
    sections = "".join(
        f'[tables.{name}]\npart_of = "outcomes"\npath = "{name}.csv"\nrow_id = true\nduplicates = "keep"\n'
        for name in ("a", "b")
    )
    files = {"a_csv": header + "person,x,1\n" * 40, "b_csv": header + "person,y,1\n" * 25 + "team,y,1\n" * 90}
    data = load_tables(write_study(tmp_path, sections, **files))
    coverage = measure_coverage(data)
    assert (coverage.n_people, coverage.at_least) == (40, True)
    assert "at least 40 people" in release(evidence_of(data), data.study).answer
    alone = sections[: sections.index("[tables.b]")]
    coverage = measure_coverage(load_tables(write_study(tmp_path, alone, **files)))
    assert (coverage.n_people, coverage.at_least) == (40, False)
