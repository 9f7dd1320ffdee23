"""Roles: what each may see, and that every wrong word is an error with a suggestion."""

import json
import re
from pathlib import Path

import pytest

from wellperf_models.errors import StudyError
from wellperf_models.study import ANSWERS, PARTS, ROLE_VARIABLE, Study, current_role, load_study

HEAD = '[study]\nname = "acme"\nas_of = 2024-12-31\nseed = 1\n'
ROOT = Path(__file__).resolve().parents[2]


def load(folder: Path, sections: str) -> Study:
    path = folder / "study.toml"
    path.write_text(HEAD + sections, encoding="utf-8")
    return load_study(path)


def test_without_a_declaration_only_the_manager_sees_less(tmp_path: Path) -> None:
    roles = load(tmp_path, "").roles
    for name in ("researcher", "committee"):
        reach = roles.reach(name)
        assert reach.everything
        assert not reach.one_page
        assert reach.notebooks is None
    manager = roles.reach("manager")
    assert manager.parts == {"groups"}
    assert manager.one_page
    assert manager.answers == {"turnover.description", "burnout.groups"}
    assert manager.notebooks == ("turnover", "burnout")


def test_a_declared_role_sees_what_it_declares(tmp_path: Path) -> None:
    roles = load(
        tmp_path,
        '[roles.committee]\nanswers = ["roi.decision", "roi.effects"]\nparts = ["answer", "checks"]\n',
    ).roles
    reach = roles.reach("committee")
    assert reach.answers == {"roi.decision", "roi.effects"}
    assert reach.parts == {"answer", "checks"}
    assert reach.notebooks == ("roi",)
    assert not reach.one_page
    assert roles.reach("researcher").everything


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ('[roles.manger]\nparts = ["groups"]', "roles.manger: unknown key; did you mean 'manager'?"),
        ('[roles.manager]\npart = ["groups"]', "roles.manager.part: unknown key; did you mean 'parts'?"),
        ('[roles.manager]\nparts = ["group"]', "there is no part 'group'; did you mean 'groups'?"),
        ('[roles.manager]\nanswers = ["burnout.group"]', "'burnout.group'; did you mean 'burnout.groups'?"),
        ("[roles.manager]\nparts = []", "roles.manager.parts"),
        ("[roles.manager]\nmin_group_size = 4", "greater than or equal to 5"),
        ("[roles.manager]\nmin_group_size = 9", "can only raise disclosure.min_group_size, which is 10"),
    ],
)
def test_wrong_words_are_named(tmp_path: Path, sections: str, expected: str) -> None:
    with pytest.raises(StudyError) as caught:
        load(tmp_path, sections)
    assert expected in str(caught.value)


def test_a_role_only_raises_the_minimum(tmp_path: Path) -> None:
    study = load(tmp_path, "[roles.manager]\nmin_group_size = 15\n[countries.DE]\nmin_group_size = 20\n")
    assert study.min_group_size_for("manager") == 20
    study = load(tmp_path, "[roles.manager]\nmin_group_size = 15\n")
    assert (study.min_group_size_for("manager"), study.min_group_size_for("committee")) == (15, 10)


def test_unknown_role_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match="did you mean 'manager'"):
        load(tmp_path, "").roles.reach("manger")
    monkeypatch.delenv(ROLE_VARIABLE, raising=False)
    assert current_role() == "researcher"
    monkeypatch.setenv(ROLE_VARIABLE, "")
    with pytest.raises(StudyError, match="no such role"):
        current_role()


def test_answer_ids_are_those_the_pillars_give() -> None:
    """A new answer that no role knows of would be out of everybody's reach but the researcher's."""
    pattern = re.compile(
        r"(?m)(?:\bid=|^_?[A-Z_]*(?:ID|EVIDENCE)(?:: Final)? = |\n\s*)"
        r'"((?:data_quality|burnout|turnover|roi|method_check)\.[a-z_]+)"'
    )
    found = {
        identifier
        for pillar in ("data_quality", "burnout", "turnover", "roi", "method_check")
        for path in sorted((ROOT / "wellperf_models" / pillar).rglob("findings*.py"))
        for identifier in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert found == set(ANSWERS)
    shown = json.loads((ROOT / "reports" / "example" / "results.json").read_text(encoding="utf-8"))
    assert {e["id"] for e in shown["evidence"]} <= set(ANSWERS)


def test_parts_are_closed() -> None:
    assert PARTS == ("answer", "estimates", "groups", "tables", "curves", "checks")
