"""Ids of people become keyed hashes at reading: the same in every table, nothing of the source kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from pathlib import Path

import polars as pl
import pytest

from tests.tables.folder import HEAD, SPELLS, write_study
from tests.tables.good import frames as good_frames, make_study
from wellperf_models.errors import TablesError
from wellperf_models.study import Study, load_study
from wellperf_models.tables import SCHEMA, Tables, check_study, load_tables, pseudonymise as module
from wellperf_models.tables.key import study_key
from wellperf_models.tables.pseudonymise import HEX_DIGITS, pseudonym, pseudonymise

# every column whose name says id, and what is behind it
PEOPLE = {
    ("people", "employee_id"), ("assignments", "employee_id"), ("assignments", "manager_id"),
    ("assignments", "secondary_manager_id"), ("spells", "employee_id"), ("workload", "employee_id"),
    ("surveys", "employee_id"), ("ratings", "ratee_id"), ("ratings", "rater_id"), ("absences", "employee_id"),
    ("consent", "employee_id"),
}  # fmt: skip
UNITS = {("performance", "unit_id"), ("outcomes", "unit_id"), ("programmes", "unit_id")}


def good_study(folder: Path, head: str = HEAD) -> Study:
    """The good study as Parquet files; ids made long enough to be found anywhere."""
    sections = ""
    for name, frame in good_frames().items():
        long = [c for c in frame.columns if c.endswith("_id")]
        person = pl.col("unit_type") == "person" if "unit_type" in frame.columns else pl.lit(True)
        frame.with_columns(
            pl.when(person).then("sentinel-" + pl.col(c)).otherwise(pl.col(c)).alias(c) for c in long
        ).write_parquet(folder / f"{name}.parquet")
        sections += f'[tables.{name}]\npath = "{name}.parquet"\n'
    scales = "".join(f"[measures.{m}]\nlow = 0\nhigh = 6\n" for m in ("exhaustion", "efficacy"))
    rate = '[[money.rates]]\ncurrency = "USD"\ndate = 2024-01-01\nrate = 0.9\n'
    money = f'[money]\nreporting_currency = "EUR"\n{rate}'
    return write_study(folder, sections + scales + money, head=head)


def test_every_id_is_known_to_be_a_persons_or_a_units() -> None:
    """A new column of ids must say which it is."""
    ids = {(t.name, c.name) for t in SCHEMA.values() for c in t.columns if c.name.endswith("_id")}
    assert ids == PEOPLE | UNITS
    found = {
        (name, column)
        for name, frame in good_frames().items()
        for column in module._columns(name, frame.lazy())
    }
    assert found == PEOPLE | UNITS


def test_every_persons_id_is_hashed_and_tables_still_join(tmp_path: Path) -> None:
    study = good_study(tmp_path)
    key, plain, hashed = study_key(study), {}, load_tables(study)
    for table, column in PEOPLE | UNITS:
        source = pl.read_parquet(tmp_path / f"{table}.parquet")
        if table in hashed.consent_streams:
            continue  # filtered; its own tests
        kinds = source["unit_type"] if "unit_type" in source.columns else ["person"] * source.height
        expected = [
            pseudonym(key, i) if i is not None and kind == "person" else i
            for i, kind in zip(source[column], kinds, strict=True)
        ]
        assert hashed[table].collect()[column].to_list() == expected, (table, column)
        assert (
            hashed[table]
            .collect()
            .drop(c for _, c in PEOPLE | UNITS if c in source.columns)
            .equals(
                source.drop(c for _, c in PEOPLE | UNITS if c in source.columns).select(
                    c for c in hashed[table].collect_schema().names() if (table, c) not in PEOPLE | UNITS
                )
            )
        )
        plain[table] = source
    everywhere = "".join(hashed[name].collect().write_csv() for name in hashed.names)
    assert "sentinel" not in everywhere
    one = pseudonym(key, "sentinel-1")
    assert {one} < set(hashed["people"].collect()["employee_id"])
    joined = hashed["people"].join(hashed["spells"], on="employee_id").collect()
    assert joined.height == plain["spells"].height


def test_it_is_sixteen_characters_of_a_keyed_hash(tmp_path: Path) -> None:
    tables = load_tables(write_study(tmp_path, '[tables.spells]\npath = "spells.csv"\n', spells_csv=SPELLS))
    key = (tmp_path / ".wellperf" / "key").read_bytes()
    expected = [hmac.new(key, f"person:{i}".encode(), hashlib.sha256).hexdigest()[:16] for i in "12"]
    assert tables["spells"].collect()["employee_id"].to_list() == expected
    # the same in every extract, another in every study
    assert load_tables(load_study(tmp_path))["spells"].collect()["employee_id"].to_list() == expected
    (tmp_path / "other").mkdir()
    other = load_tables(
        write_study(tmp_path / "other", '[tables.spells]\npath = "spells.csv"\n', spells_csv=SPELLS)
    )
    assert not set(other["spells"].collect()["employee_id"]) & set(expected)


def test_rules_speak_of_rows_as_before_and_a_check_makes_no_key(tmp_path: Path) -> None:
    text = SPELLS + "2,2021-01-01,,\n"
    study = write_study(tmp_path, '[tables.spells]\npath = "spells.csv"\n', spells_csv=text)
    assert {(v.rule, v.first_rows) for v in check_study(study).violations} == {("no_overlap", (3,))}
    with pytest.raises(TablesError, match="no_overlap"):
        load_tables(study)
    assert not (tmp_path / ".wellperf").exists()


def test_nothing_of_the_source_is_kept(tmp_path: Path) -> None:
    text = SPELLS.replace("\n1,", "\nsentinel-1,").replace("\n2,", "\nsentinel-2,")
    tables = load_tables(write_study(tmp_path, '[tables.spells]\npath = "spells.csv"\n', spells_csv=text))
    (raw,) = tables.sources.values()
    assert raw.frame.collect_schema().names() == ["_row"]
    assert raw.frame.collect().height == 2
    assert b"sentinel-1" in pl.LazyFrame({"id": ["sentinel-1"]}).serialize()  # it would be seen
    assert b"sentinel" not in tables["spells"].serialize() + raw.frame.serialize()
    assert "sentinel" not in repr(tables) + str(vars(tables))
    # a fingerprint is of the bytes of the file, whatever was done to the ids
    digest = hashlib.sha256(bytes.fromhex(hashlib.sha256(text.encode()).hexdigest())).hexdigest()
    assert tables.fingerprint == hashlib.sha256(f"spells:{digest}\n".encode()).hexdigest()


def test_parquet_stays_lazy_and_rows_stay_in_order(tmp_path: Path) -> None:
    months = [dt.date(2017 + n // 12, n % 12 + 1, 1) for n in range(8)]
    rows = [(f"p{n}", month, 150.0) for month in months for n in range(700)]
    frame = pl.DataFrame(rows, schema=["employee_id", "period", "hours"], orient="row")
    frame.write_parquet(tmp_path / "w.parquet")
    tables = load_tables(write_study(tmp_path, '[tables.workload]\npath = "w.parquet"\n'))
    assert "PARQUET" in tables["workload"].explain().upper()
    key = study_key(tables.study)
    got = tables["workload"].select("employee_id", "period").collect().rows()
    assert got == [(pseudonym(key, person), month) for person, month, _ in rows]


def test_a_number_of_a_row_is_nobodys_id(tmp_path: Path) -> None:
    text = "unit_type,name,value\nperson,x,1\nperson,x,2\n"
    section = '[tables.{0}]\npart_of = "outcomes"\npath = "{0}.csv"\nduplicates = "keep"\n{1}'
    named = "unit_type,unit_id,name,value\nperson,sentinel,x,1\nteam,one,x,1\n"
    study = write_study(
        tmp_path,
        section.format("one", "row_id = true\n") + section.format("two", ""),
        one_csv=text, two_csv=named,
    )  # fmt: skip
    key = study_key(study)
    ids = load_tables(study)["outcomes"].collect()["unit_id"].to_list()
    assert ids == ["one:1", "one:2", pseudonym(key, "sentinel"), "one"]


def test_people_numbered_in_one_table_and_named_in_another_still_join(tmp_path: Path) -> None:
    numbered = '[tables.people]\npath = "p.csv"\nrow_id = true\n'
    people = "birth_year\n1980\n1990\n"
    alone = load_tables(write_study(tmp_path, numbered, p_csv=people))
    assert alone["people"].collect()["employee_id"].to_list() == ["1", "2"]
    both = load_tables(
        write_study(
            tmp_path, numbered + '[tables.spells]\npath = "spells.csv"\n', p_csv=people, spells_csv=SPELLS
        )
    )
    assert both["people"].join(both["spells"], on="employee_id").collect().height == 2
    assert all(len(i) == HEX_DIGITS for i in both["people"].collect()["employee_id"])


def test_two_people_never_share_a_pseudonym(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = {"spells": pl.LazyFrame({"employee_id": [str(n) for n in range(40)]})}
    assert pseudonymise(frames, b"k", numbered={})["spells"].collect()["employee_id"].n_unique() == 40
    monkeypatch.setattr(module, "HEX_DIGITS", 1)
    with pytest.raises(TablesError, match="same pseudonym"):
        pseudonymise(frames, b"k", numbered={})


def test_frames_made_by_hand_keep_their_ids() -> None:
    tables = Tables.from_frames(make_study(), {"spells": good_frames()["spells"]})
    assert set(tables["spells"].collect()["employee_id"]) == {"1", "2", "3"}
