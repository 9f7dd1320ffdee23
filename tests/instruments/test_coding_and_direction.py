"""Answers coded otherwise than the key has them, blocks that came reversed, constant items, lost waves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from tests.instruments.items import MEASURE, answers, item_lines
from tests.instruments.test_bad_input import report, rules, score_lines
from tests.tables.folder import write_study
from wellperf_models.instruments import KEYS
from wellperf_models.study import load_study
from wellperf_models.tables import check_study
from wellperf_models.tables.items import look_at_items
from wellperf_models.tables.items_together import look_together
from wellperf_models.tables.rules import ROW
from wellperf_models.tables.scored import Keyed

OWN = (
    '[instruments.house]\nlow = 0\nhigh = 100\nscoring = "percent"\n'
    "[instruments.house.scales.fatigue]\nitems = [1, 2, 3, 4, 5, 6]\n"
)


def section(key: str, low: float, high: float, more: str = "") -> str:
    return (
        f'[tables.surveys]\npath = "s.csv"\n[measures.tired]\nlow = {low}\nhigh = {high}\n'
        f'higher_is = "worse"\nscored_from = "{key}"\n{more}'
    )


CBI = section("cbi.personal", 0, 100)


def lines(given: NDArray[np.int64], key: str = "cbi.personal", wave: str = "w1") -> list[str]:
    return item_lines(given, measure="tired", items=KEYS[key].items, wave=wave)


@pytest.mark.parametrize(
    ("low", "high", "share", "remedy"),
    [
        (0, 4, 1, "coded = [0, 4]"),
        (1, 5, 1, "coded = [1, 5]"),
        (0, 4, 0.25, "coded = [0, 1]"),
    ],
)
def test_answers_by_their_numbers_are_named_with_the_remedy(
    tmp_path: Path, low: int, high: int, share: float, remedy: str
) -> None:
    given = answers(k=6, low=low, high=high) * share
    found = report(tmp_path, lines(given), CBI)  # type: ignore[arg-type]
    (violation,) = [v for v in found.violations if v.rule == "item_coding"]
    assert violation.count == given.size
    assert "are 0, 25, 50, 75 or 100" in violation.text
    assert violation.what_to_do.endswith(remedy)
    # and saying so in the study file mends it
    assert not report(tmp_path, lines(given), CBI + remedy + "\n").violations  # type: ignore[arg-type]


def test_one_wave_coded_otherwise_and_single_odd_answers_are_counted(tmp_path: Path) -> None:
    right, wrong = 25 * answers(k=6, low=0, high=4), answers(k=6, seed=1, low=0, high=4)
    found = report(tmp_path, lines(right) + lines(wrong, wave="w2"), CBI)
    (violation,) = [v for v in found.violations if v.rule == "item_coding"]
    assert violation.count == (wrong > 0).sum()
    assert "all of them in wave w2" in violation.text
    assert "bring the answers to one coding" in violation.what_to_do
    right[3, 2] = 60
    (violation,) = report(tmp_path, lines(right), CBI).violations
    assert (violation.rule, violation.count) == ("item_coding", 1)


def test_a_wide_scale_of_ones_own_may_have_any_answer_but_not_only_the_lowest(tmp_path: Path) -> None:
    sections = OWN + section("house.fatigue", 0, 100)
    assert not report(tmp_path, lines(13 * answers(k=6, low=0, high=7)), sections).violations
    (violation,) = report(tmp_path, lines(answers(k=6, low=0, high=7)), sections).violations
    assert violation.rule == "item_coding"
    assert "coded = [LOWEST, HIGHEST]" in violation.what_to_do
    # too few to say so
    assert not report(tmp_path, lines(answers(20, k=6, low=0, high=7)), sections).violations


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "key", ["cbi.personal", "cbi.work", "olbi.exhaustion", "bat_12.total", "bat_23.total"]
)
def test_clean_answers_to_published_instruments_are_left_alone(tmp_path: Path, key: str, seed: int) -> None:
    k = KEYS[key]
    step = 25 if key.startswith("cbi") else 1
    given = [
        step * answers(k=len(k.items), seed=seed + 9 * w, low=int(k.low) // step, high=int(k.high) // step)
        for w in (0, 1)
    ]
    turn = np.isin(k.items, k.reversed_items)
    written = [np.where(turn, int(k.low + k.high) - g, g) for g in given]
    rows = lines(written[0], key) + lines(written[1], key, wave="w2")
    found = report(tmp_path, rows, section(key, k.low, k.high))
    assert not found.violations, str(found)
    assert {note.rule for note in found.notes} <= {"missing_cells", "scored_from_items"}


def test_a_block_that_came_reversed_is_named_as_a_whole(tmp_path: Path) -> None:
    given, olbi = answers(300, k=8, low=1, high=4), section("olbi.exhaustion", 1, 4)
    rows = lines(given, "olbi.exhaustion")
    (violation,) = report(tmp_path, rows, olbi).violations
    assert (violation.rule, violation.count) == ("reversed_items", 4)
    assert "reversed already when they came, or not to be reversed: 2, 4, 8, 12;" in violation.text
    assert "all the others, which are as many" in violation.text
    # with scores of the source it is a note, and saying so in the study file mends it
    scores = [row.replace(",exhaustion,", ",tired,") for row in score_lines(given)]
    found = report(tmp_path, [*rows, *scores], olbi)
    assert "reversed_items" not in rules(found)
    assert "reversed_items" in {note.rule for note in found.notes}
    assert not report(tmp_path, rows, olbi + "reversed_items = []\n").violations


OLBI = Keyed(
    measure="tired",
    carrier="tired",
    key=KEYS["olbi.exhaustion"],
    names={item: item for item in KEYS["olbi.exhaustion"].items},
    low=1,
    high=4,
)
TURNED = np.isin(OLBI.key.items, OLBI.key.reversed_items)


def told(rng: np.random.Generator, n: int, turned: NDArray[np.bool_], *, common: float = 1.0) -> list[str]:
    """What is said of answers whose wording (key-turned or not) has a factor of its own."""
    raw = common * rng.normal(size=(n, 1)) + 0.9 * rng.normal(size=(n, 8))
    raw += 0.5 * np.where(TURNED, rng.normal(size=(n, 1)), rng.normal(size=(n, 1)))
    aligned = np.clip(np.round(2.5 + 0.7 * raw), 1, 4)
    aligned = np.where(turned, 5 - aligned, aligned)
    wrong, _ = look_together(pl.DataFrame(aligned, schema=list(OLBI.key.items)), OLBI)
    return [note.text for _, note in wrong]


@pytest.mark.parametrize("n", [120, 400])
@pytest.mark.parametrize(
    "items", [("2", "4", "8", "12"), ("2", "4", "8"), ("5", "10", "14"), ("2", "4", "5", "16")]
)
def test_blocks_are_named_in_nine_of_ten_faulty_worlds(n: int, items: tuple[str, ...]) -> None:
    turned = np.isin(OLBI.key.items, items)
    others = [i for i in OLBI.key.items if i not in items]
    found = [told(np.random.default_rng((seed, n)), n, turned) for seed in range(40)]

    def names(text: str) -> set[str]:
        return {word for word in text.replace(",", " ").replace(";", " ").split() if word.isdigit()}

    right = [bool(texts) and names(texts[0]) in (set(items), set(others)) for texts in found]
    assert np.mean(right) >= 0.9


@pytest.mark.parametrize("n", [30, 120, 2_000])
@pytest.mark.parametrize("common", [0.0, 0.4, 1.0])
def test_clean_worlds_are_left_alone_however_weak_the_scale(n: int, common: float) -> None:
    """Items that share nothing are not reversed either; each wording has its own factor."""
    none = np.zeros(8, bool)
    assert not any(told(np.random.default_rng((seed, n)), n, none, common=common) for seed in range(40))


def test_constant_items_are_noted_without_their_answer(tmp_path: Path) -> None:
    given = answers()
    given[:, 1] = 5
    found = report(tmp_path, item_lines(given))
    assert not found.violations
    (note,) = [note for note in found.notes if note.rule == "constant_items"]
    assert "the same answer to item 2:" in note.text
    assert note.count == 1
    found = report(tmp_path, item_lines(np.full((60, 5), 3)))
    assert not found.violations
    assert "any of its items" in next(note.text for note in found.notes if note.rule == "constant_items")


def waves_without(found: object) -> list[str]:
    return [note.text for note in getattr(found, "notes") if note.rule == "empty_wave"]  # noqa: B009


def test_a_wave_without_an_answer_is_told_where_others_are_answered(tmp_path: Path) -> None:
    other = MEASURE + "[measures.mood]\nlow = 0\nhigh = 6\n"
    mood = [f"p{i},{wave},mood,,2024-01-10,3" for i in range(60) for wave in ("w1", "w2")]
    (text,) = waves_without(report(tmp_path, item_lines(answers(60)) + mood, other))
    assert text.startswith("in wave w2 people answered, but no item of exhaustion")
    both = item_lines(answers(60)) + item_lines(answers(60, seed=1), wave="w2") + mood
    assert not waves_without(report(tmp_path, both, other))


@pytest.mark.parametrize("empty", [True, False])
def test_a_wave_of_a_wide_file_that_is_empty_is_told(tmp_path: Path, empty: bool) -> None:
    header = "employee_id,wave," + ",".join(f"q{i}" for i in (1, 2, 3, 4, 6))
    given = answers(40)
    rows = [f"p{i},w1,{','.join(map(str, row))}" for i, row in enumerate(given)]
    rows += [f"p{i},w2,{',,,,' if empty else ','.join(map(str, row))}" for i, row in enumerate(given)]
    columns = "".join(f'q{i} = "exhaustion/{i}"\n' for i in (1, 2, 3, 4, 6))
    sections = MEASURE.replace(
        'path = "s.csv"\n',
        'path = "s.csv"\n[tables.surveys.wide]\nname = "measure"\nvalue = "value"\n'
        f"[tables.surveys.wide.columns]\n{columns}",
    )
    found = check_study(write_study(tmp_path, sections, s_csv="\n".join([header, *rows]) + "\n"))
    assert not found.violations
    assert [text[:10] for text in waves_without(found)] == (["in wave w2"] if empty else [])


def test_a_wave_that_is_dropped_since_all_its_answers_are_missing_is_told(tmp_path: Path) -> None:
    sections = MEASURE.replace('path = "s.csv"\n', 'path = "s.csv"\ndrop_missing = ["value"]\n')
    lost = [row.rpartition(",")[0] + "," for row in item_lines(answers(40), wave="w2")]
    (text,) = waves_without(report(tmp_path, item_lines(answers(40)) + lost, sections))
    assert text.startswith("in wave w2 nobody answered anything")


def test_the_default_study_is_left_alone() -> None:
    path = Path(__file__).parents[2] / "data_synthetic" / "study.toml"
    if not path.exists():
        pytest.skip("data_synthetic is not made yet")
    study = load_study(path)
    # its columns bear the declared names
    surveys = pl.scan_parquet(path.with_name("surveys.parquet")).with_row_index(ROW, offset=1)
    violations, notes = look_at_items(study, {"surveys": surveys})
    assert not {found.rule for found in (*violations, *notes)}
