"""How a pack may be used: on its first page and as data; and the one page of groups."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from tests.report.samples import PROVENANCE, code_cell, notebook, output, released
from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.report.governance import compare_governance, governance_facts
from wellperf_models.report.html import render_index, render_page
from wellperf_models.report.page import PackInfo, Page
from wellperf_models.study import ALWAYS_PROHIBITED, BASIS_WORDS, Study, load_study

HEAD = '[study]\nname = "tiny"\nas_of = 2024-12-31\nseed = 1\n{general}\n[tables.spells]\npath = "s.csv"\n'
GOVERNANCE = """
[governance]
controller = "Acme"
purpose = "Less strain"
overseer = "Works council"
contest = "Write to the works council"
retention = "A year"
prohibited_uses = ["ranking teams"]
overrides = "log.toml"
[governance.legal_basis]
spells = "works_agreement"
[governance.dpia]
reference = "D-1"
date = 2024-05-01
by = "Officer"
residual_risk = "medium"
"""
ENTRY = '[[override]]\ndate = 2025-01-{day}\nwho = "HR director"\ndecision = "goes on"\nreason = "{why}"\n'
NASTY = "<script>alert(1)</script>"
STATEMENTS = ("Acme", "Less strain", "Works council", "Write to the works council", "A year")


def load(folder: Path, sections: str = GOVERNANCE, general: str = "", why: str = "agreed") -> Study:
    (folder / "log.toml").write_text(ENTRY.format(day=15, why=why), encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(HEAD.format(general=general) + sections, encoding="utf-8")
    return load_study(path)


def facts(study: Study, role: str = "researcher") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(governance_facts(study, study.roles.reach(role))))
    return found


def index(study: Study, role: str = "researcher", *evidence: dict[str, Any]) -> str:
    reach = study.roles.reach(role)
    cells = [code_cell(output({MIME_TYPE: e})) for e in evidence or (released(),)]
    page = Page(stem="30_turnover", name="turnover", title="Staying", state="done", notebook=notebook(*cells))
    pack = PackInfo(
        title="A tiny study",
        run_id="r",
        provenance=PROVENANCE,
        role=role,
        one_page=reach.one_page,
        governance=governance_facts(study, reach),
    )
    if not reach.one_page:
        render_page(page, [page], pack)
    return render_index([page], pack)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


def test_first_page_says_how_it_may_be_used(tmp_path: Path) -> None:
    text = text_of(index(load(tmp_path)))
    assert "How this may be used" in text
    for part in (*STATEMENTS, *ALWAYS_PROHIBITED, "ranking teams", BASIS_WORDS["works_agreement"]):
        assert part in text, part
    assert "D-1, 2024-05-01, by Officer; residual risk: medium" in text
    assert "2025-01-15 HR director goes on agreed" in text
    assert "not declared" not in text


def test_private_study_without_a_declaration_says_so_for_each(tmp_path: Path) -> None:
    study = load(tmp_path, "")
    text = text_of(index(study))
    assert "does not say on what grounds" in text
    # five statements, the assessment, the basis of the one table, the log
    assert text.count("not declared") == 8
    assert all(use in text for use in ALWAYS_PROHIBITED)
    assert facts(study)["declared"] is False


@pytest.mark.parametrize(
    "general", ["synthetic = true", 'public_microdata = true\nlicence = "CC0"\nsource = "x"']
)
def test_made_up_and_published_data_need_no_declaration(tmp_path: Path, general: str) -> None:
    assert "How this may be used" not in index(load(tmp_path, "", general))
    assert "How this may be used" in index(load(tmp_path, GOVERNANCE, general))


def test_partly_declared_is_said_where_it_is_missing(tmp_path: Path) -> None:
    partly = GOVERNANCE.partition("[governance.dpia]")[0].replace('overrides = "log.toml"\n', "")
    text = text_of(index(load(tmp_path, partly + '[tables.absences]\npath = "a.csv"\n')))
    assert text.count("not declared") == 3
    assert re.search(r"Impact assessment \(DPIA\) not declared", text)
    assert "absences not declared" in text


def test_countries_are_shown_beside_the_basis(tmp_path: Path) -> None:
    countries = (
        '[countries.DE]\nmin_group_size = 20\nallowed_attributes = ["site"]\nnote = "Agreement of 2023"\n'
        '[countries.DE.legal_basis]\nspells = "contract"\n[countries.AT]\n'
    )
    text = text_of(index(load(tmp_path, GOVERNANCE + countries)))
    assert "In DE" in text
    assert "In AT" not in text
    assert BASIS_WORDS["contract"] in text
    assert "DE 20 site Agreement of 2023" in text
    assert "AT — all —" in text
    assert "Smallest group shown 20 people" in text


def test_what_does_not_fit_is_remarked(tmp_path: Path) -> None:
    text = text_of(index(load(tmp_path, GOVERNANCE.replace('"works_agreement"', '"consent"'))))
    assert "Legal basis of spells: consent, but rows without consent are used" in text


def test_nothing_a_study_writes_is_markup(tmp_path: Path) -> None:
    nasty = GOVERNANCE.replace("Acme", NASTY).replace("ranking teams", NASTY)
    page = index(load(tmp_path, nasty, why=NASTY))
    assert "<script" not in page
    assert page.count(str(escape(NASTY))) == 3


def test_the_manager_gets_one_page_of_groups(tmp_path: Path) -> None:
    seen = released(
        answer="For this role: what is shown below.",
        estimates=[], curves=[], checks=[], assumptions=[],
        suppressed=[{"what": "estimates", "reason": "not for this role"}],
    )  # fmt: skip
    empty = released(id="roi.effects", question="What did it change?", tables=[], limits=["Secret limit."])
    page = index(load(tmp_path), "manager", seen, empty)
    text = text_of(page)
    assert "Made for managers." in page
    for part in ("How long do people stay?", "Nursing", "1 200", "It does not say why anyone leaves."):
        assert part in text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\xa0", " "), part
    assert "counts are rounded to base 5" in text
    for part in ("What did it change?", "Secret limit", "Checks", "<nav", "30_turnover"):
        assert part not in page, part
    # the log is the committee's; that there is one is not
    assert "the log is read by the committee" in text
    assert "HR director" not in page
    assert facts(load(tmp_path), "manager")["overrides"] is None
    assert "Works council" in text


def test_a_manager_without_a_table_is_told(tmp_path: Path) -> None:
    assert "No table by group could be shown." in index(load(tmp_path), "manager", released(tables=[]))


@pytest.mark.parametrize(("role", "stamp"), [("researcher", None), ("committee", "Made for the committee.")])
def test_the_role_is_on_the_page(tmp_path: Path, role: str, stamp: str | None) -> None:
    page = index(load(tmp_path), role)
    assert ('<p class="stamp made-for"' in page) == (stamp is not None)
    assert stamp is None or stamp in page
    assert f"Made for {'researchers' if role == 'researcher' else 'the committee'}" in text_of(page)


def test_a_log_may_grow_and_nothing_else_may_change(tmp_path: Path) -> None:
    old = facts(load(tmp_path))
    assert compare_governance(old, facts(load(tmp_path))) == ([], [])
    (tmp_path / "log.toml").write_text(ENTRY.format(day=15, why="agreed") + ENTRY.format(day=10, why="x"))
    study = load_study(tmp_path)
    assert compare_governance(old, facts(study)) == ([], ["entries in the override log since the pack: 1"])
    assert compare_governance(facts(study), old)[0] == ["overrides"]
    assert compare_governance(old, facts(load(tmp_path, why="rewritten")))[0] == ["overrides"]
    changed = GOVERNANCE.replace("Acme", "Other")
    assert compare_governance(old, facts(load(tmp_path, changed)))[0] == ["controller"]
    assert compare_governance({**old, "extra": 1}, old)[0] == ["extra"]
    assert set(compare_governance({}, old)[0]) == set(old)
