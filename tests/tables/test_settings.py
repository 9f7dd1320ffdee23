"""Names of `[roi]` and `[burnout]` that no table answers to; suggestions never list what a column holds."""

from __future__ import annotations

from pathlib import Path

from tests.tables.folder import write_study
from wellperf_models.tables import Violation, check_study

SECRET = "Zyxwvut"
OUTCOMES = '[tables.outcomes]\npath = "o.csv"\n'
TEXT = "unit_type,unit_id,period,name,value,arm\nperson,1,y1,sick_days,1,t\nperson,2,y1,sick_days,2,c\n"
ROI = (
    '[roi]\nprogramme = "p"\ndesign = "randomised"\nlevel = "person"\ntreated = "t"\ncontrol = "c"\n'
    "[roi.outcomes.sick_days]\n"
)


def _found(folder: Path, sections: str, text: str = TEXT) -> list[Violation]:
    return list(check_study(write_study(folder, OUTCOMES + sections, o_csv=text)).violations)


def test_names_that_rows_answer_to_are_right(tmp_path: Path) -> None:
    assert not _found(tmp_path, ROI)
    assert not _found(tmp_path, ROI + 'period = "y1"\n')
    assert not _found(tmp_path, ROI.replace("outcomes.sick_days", "outcomes.days") + 'name = "sick_days"\n')


def test_a_likely_outcome_is_suggested(tmp_path: Path) -> None:
    (found,) = _found(tmp_path, ROI.replace("sick_days", "sickdays"))
    assert (found.table, found.rule) == ("outcomes", "name_in_outcomes")
    assert "roi.outcomes.sickdays names 'sickdays'" in found.text
    assert "did you mean 'sick_days'?" in found.text


def test_a_likely_period_is_suggested(tmp_path: Path) -> None:
    text = TEXT.replace("y1", "year 1")
    (found,) = _found(tmp_path, ROI + 'period = "year1"\n', text)
    assert (found.rule, found.column) == ("period_in_outcomes", "period")
    assert "did you mean 'year 1'?" in found.text


def test_the_names_in_a_column_are_not_listed(tmp_path: Path) -> None:
    """A column mapped by mistake may hold people's names."""
    (found,) = _found(tmp_path, ROI, TEXT.replace("sick_days", SECRET))
    assert SECRET not in repr(found)


def test_every_undeclared_currency_is_named(tmp_path: Path) -> None:
    cost = (
        '[[roi.costs]]\nkind = "other"\namount = 1.0\nper = "once"\ncurrency = "USD"\nsource = "s"\n'
        'tier = "measured"\n'
    )
    value = (
        'higher_is = "worse"\n[roi.outcomes.sick_days.value]\nchannel = "absence"\namount = 1.0\n'
        'currency = "USD"\nsource = "s"\ntier = "measured"\n'
    )
    found = _found(tmp_path, ROI + value + cost)
    assert [v.rule for v in found] == ["roi_currency", "roi_currency"]
    assert "roi.outcomes.sick_days.value is in USD" in found[0].text
    assert "roi.costs, number 1 is in USD" in found[1].text
    assert not _found(tmp_path, ROI + value + cost + '[money]\nreporting_currency = "USD"\n')


def test_a_covariate_may_be_an_attribute_of_any_part(tmp_path: Path) -> None:
    sections = (
        '[tables.a]\npart_of = "outcomes"\npath = "a.csv"\n'
        '[tables.b]\npart_of = "outcomes"\npath = "b.csv"\n[tables.b.attributes]\nage = "age"\n'
        '[covariates.age]\ntable = "outcomes"\ntiming = "before"\n'
    )
    texts = {"a_csv": TEXT, "b_csv": "unit_type,unit_id,name,value,age\nperson,3,spend,1,40\n"}
    assert check_study(write_study(tmp_path, sections, **texts)).ok
    wrong = sections.replace("\nage =", "\nyears =")
    (found,) = check_study(write_study(tmp_path, wrong, **texts)).violations
    assert found.rule == "covariate_column"
