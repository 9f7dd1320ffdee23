"""Countries: the strictest minimum holds, what one does not allow is refused, a basis for every stream."""

from pathlib import Path

import pytest

from wellperf_models.errors import StudyError
from wellperf_models.study import Study, load_study

HEAD = """
[study]
name = "acme"
as_of = 2024-12-31
seed = 1
[tables.people]
path = "p.csv"
[tables.people.attributes]
age_group = "Age"
[tables.spells]
path = "s.csv"
[tables.consent]
path = "c.csv"
[covariates.age]
table = "people"
column = "age_group"
timing = "before"
"""


def load(folder: Path, sections: str) -> Study:
    path = folder / "study.toml"
    path.write_text(HEAD + sections, encoding="utf-8")
    return load_study(path)


def test_strictest_minimum_of_all_countries_holds_for_the_study(tmp_path: Path) -> None:
    countries = "[countries.DE]\nmin_group_size = 12\n[countries.FR]\nmin_group_size = 8\n[countries.AT]\n"
    study = load(tmp_path, countries)
    assert study.disclosure.min_group_size == 12
    assert load(tmp_path, "[disclosure]\nmin_group_size = 20\n" + countries).disclosure.min_group_size == 20
    assert load(tmp_path, "").disclosure.min_group_size == 10
    # nothing else of the section is lost
    kept = load(tmp_path, "[disclosure]\nmin_model_people = 50\n" + countries).disclosure
    assert (kept.min_model_people, kept.min_group_size) == (50, 12)


@pytest.mark.parametrize(
    ("use", "place"),
    [
        ('[turnover]\ngroup_by = "age_group"\n', "turnover.group_by"),
        ('[turnover]\ncovariates = ["age"]\n', "turnover.covariates (age)"),
        ('[turnover]\nstrata = ["age"]\n', "turnover.strata (age)"),
        (
            '[tables.surveys]\npath = "q.csv"\n[measures.strain]\nlow = 0\nhigh = 6\n'
            '[burnout]\noutcome = "strain"\ncase_at = 3\ngroup_by = "age_group"\n'
            '[burnout.models.a]\ncovariates = ["age"]\n',
            "burnout.models.a.covariates (age)",
        ),
        (
            '[roi]\nprogramme = "p"\ndesign = "before_after"\nlevel = "person"\ntreated = "t"\n'
            '[roi.outcomes.days]\nadjust_for = ["age"]\n',
            "roi.outcomes.days.adjust_for (age)",
        ),
    ],
)
def test_attribute_a_country_does_not_allow_is_refused(tmp_path: Path, use: str, place: str) -> None:
    open_ = '[countries.AT]\n[countries.DE]\nallowed_attributes = ["age_group", "site"]\n'
    load(tmp_path, use + open_)
    with pytest.raises(StudyError) as caught:
        # the covariate's own name is not the attribute
        load(tmp_path, use + '[countries.AT]\n[countries.DE]\nallowed_attributes = ["age", "site"]\n')
    assert place in str(caught.value)
    assert "'age_group', which [countries.DE] does not allow" in str(caught.value)


def test_a_stream_without_a_basis_in_a_country_that_declares_bases_is_refused(tmp_path: Path) -> None:
    both = '[countries.DE.legal_basis]\npeople = "contract"\nspells = "works_agreement"\n'
    load(tmp_path, both + '[countries.AT]\nnote = "no bases declared here"\n')
    with pytest.raises(StudyError, match=r"'spells', but \[countries.DE.legal_basis\] gives no basis"):
        load(tmp_path, '[countries.DE.legal_basis]\npeople = "contract"\n')


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ("[countries.Germany]\n", "countries.Germany"),
        ("[countries.DE]\nmin_group_size = 4\n", "greater than or equal to 5"),
        ('[countries.DE.legal_basis]\npeople = "because"\n', "countries.DE.legal_basis.people"),
        ('[countries.DE.legal_basis]\npeeple = "contract"\n', "did you mean 'people'?"),
        ('[countries.DE]\nholiday = ["2024-12-25"]\n', "did you mean 'holidays'?"),
    ],
)
def test_wrong_words_are_named(tmp_path: Path, sections: str, expected: str) -> None:
    with pytest.raises(StudyError) as caught:
        load(tmp_path, sections)
    assert expected in str(caught.value)


def test_holidays_are_dates(tmp_path: Path) -> None:
    study = load(tmp_path, "[countries.DE]\nholidays = [2024-12-25, 2024-12-26]\n")
    assert [day.day for day in study.countries["DE"].holidays] == [25, 26]
