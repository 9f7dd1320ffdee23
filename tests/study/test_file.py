"""The study file: every problem is named at once, unknown keys come with a suggestion."""

from pathlib import Path

import pytest

from wellperf_models.errors import StudyError
from wellperf_models.study import load_study

MINIMAL = '[study]\nname = "acme"\nas_of = 2024-12-31\nseed = 1\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problem(folder: Path, text: str) -> str:
    with pytest.raises(StudyError) as caught:
        load_study(write(folder, text))
    return str(caught.value)


def test_minimal_study_loads_from_file_and_folder(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)
    assert load_study(path).study.name == "acme"
    assert load_study(tmp_path) == load_study(path)


def test_utf8_with_bom_loads(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
    assert load_study(path).study.seed == 1


@pytest.mark.parametrize(
    ("addition", "key", "suggestion"),
    [
        ('titel = "x"', "study.titel", "'title'"),
        ('[tables.spells]\npath = "a.csv"\nseparater = ";"', "tables.spells.separater", "'separator'"),
        ("[turnovr]", "turnovr", "'turnover'"),
        ("[turnover]\nhorizon_months = [12]", "turnover.horizon_months", "'horizons_months'"),
        ("[turnover.validation]\nfold = 5", "turnover.validation.fold", "'folds'"),
        ("[disclosure]\nmin_groupsize = 12", "disclosure.min_groupsize", "'min_group_size'"),
    ],
)
def test_unknown_key_is_an_error_with_a_suggestion(
    tmp_path: Path, addition: str, key: str, suggestion: str
) -> None:
    message = problem(tmp_path, MINIMAL + addition)
    assert f"{key}: unknown key; did you mean {suggestion}?" in message


def test_unknown_key_far_from_any_lists_what_is_known(tmp_path: Path) -> None:
    assert "known here: " in problem(tmp_path, MINIMAL + "[disclosure]\nqqqq = 1")


def test_all_problems_are_listed_at_once(tmp_path: Path) -> None:
    message = problem(tmp_path, '[study]\nname = "Not A Slug"\nas_of = "soon"\nsedd = 3\n')
    for part in ("4 problems", "study.name", "study.as_of", "study.sedd", "study.seed: missing"):
        assert part in message


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        ("public_microdata = true", "licence"),
        ("observed_from = 2025-01-01", "before as_of"),
        ("[disclosure]\nmin_group_size = 4", "greater than or equal to 5"),
        ('[tables.spells]\npath = "a"\nquery = "b"', "exactly one of path"),
        ("[tables.spells]\n", "exactly one of path"),
        ('[turnover]\ncovariates = ["stress"]', "[covariates.stress] does not declare"),
        ('[covariates.stress]\ntable = "surveys"\ntiming = "before"', "no [tables.surveys]"),
        ("[turnover]\nhorizons_months = [24, 12]", "increasing"),
        ("[measures.x]\nlow = 6\nhigh = 0", "low must be below high"),
        ('[money]\nreporting_currency = "euro"', "money.reporting_currency"),
        (
            '[tables.surveys]\npath = "a"\n[covariates.s]\ntable = "surveys"\ntiming = "before"\nbins = 1',
            "bins",
        ),
    ],
)
def test_values_that_break_a_rule_are_refused(tmp_path: Path, addition: str, expected: str) -> None:
    assert expected in problem(tmp_path, MINIMAL + addition)


def test_not_toml_and_not_there(tmp_path: Path) -> None:
    assert "not valid TOML" in problem(tmp_path, "name = ")
    with pytest.raises(StudyError, match="no study file"):
        load_study(tmp_path / "absent.toml")


def test_data_dirs_skip_unset_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MINIMAL + 'data_dirs = ["$WELLPERF_TEST_DIR", "data"]\n'
    study = load_study(write(tmp_path, text))
    monkeypatch.delenv("WELLPERF_TEST_DIR", raising=False)
    assert study.data_dirs() == (tmp_path / "data",)
    monkeypatch.setenv("WELLPERF_TEST_DIR", str(tmp_path / "elsewhere"))
    assert study.data_dirs() == (tmp_path / "elsewhere", tmp_path / "data")


def test_study_does_not_change_and_its_repr_shows_shapes(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, MINIMAL))
    with pytest.raises(ValueError, match="frozen"):
        study.study.seed = 2
    assert repr(study) == "Study('acme', as of 2024-12-31, tables: none)"
