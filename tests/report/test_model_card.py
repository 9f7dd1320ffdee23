"""The model card: from released answers alone, escaped, hashed with the pack, not for every reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tests.runs.fake as fake
from tests.report.samples import PROVENANCE, code_cell, notebook, output, released
from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.report.html import render_card, render_index, render_page
from wellperf_models.report.model_card import CARD_FILE, CARD_PAGE, build_card
from wellperf_models.report.page import PackInfo, Page
from wellperf_models.runs import run_study, verify_pack
from wellperf_models.runs.publish import hash_files

NASTY = "<script>alert(1)</script>"
GOVERNANCE = {
    "shown": False,
    "controller": "Acme",
    "purpose": "Less strain",
    "overseer": "Works council",
    "contest": None,
    "retention": "A year",
    "dpia": None,
    "prohibited_uses": ["ranking teams"],
}


def words(name: str, keys: list[str], *rows: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "title": name,
        "keys": keys[:1],
        "measures": [{"name": k, "label": k, "kind": "text", "unit": ""} for k in keys[1:]],
        "rows": [{"key": [r[0]], "values": r[1:], "shown": True} for r in rows],
        "about_people": False,
        "computation": "exact",
        "notes": [],
    }


def answers(**forecast: Any) -> list[dict[str, Any]]:
    calibration = released()["tables"][0] | {"name": "calibration", "title": "By group of risk"}
    return [
        released(**({"id": "burnout.forecast", "design": "prediction", "tables": [calibration]} | forecast)),
        released(
            id="burnout.groups",
            question="By department?",
            limits=["Alone."],
            tables=[calibration | {"name": n, "title": n} for n in ("auc_by_group", "use_by_group")],
        ),
        released(id="burnout.use", question="Is it of use?", answer="Hardly.", design="decision"),
        released(id="burnout.external", answer="Not asked: no model.", design="not asked", estimates=[]),
        released(
            id="burnout.explained",
            design="association",
            tables=[words("model", ["term", "log_odds"], ["last score", "1.2"]), words("other", ["a", "b"])],
        ),
        released(
            id="burnout.reporting",
            design="reporting lists filled from the run",
            answer="40 of 44 lines are reported.",
            tables=[words("declared", ["what", "text"], ["Outcome", f"Exhaustion {NASTY}"])],
            estimates=[],
        ),
    ]


def page_of(*evidence: dict[str, Any], name: str = "burnout") -> Page:
    cells = [code_cell(output({MIME_TYPE: e})) for e in evidence]
    return Page(stem=f"20_{name}", name=name, title="Strain", state="done", notebook=notebook(*cells))


def pack_of(**changes: Any) -> PackInfo:
    plain: dict[str, Any] = {
        "title": "A study",
        "run_id": "abc",
        "provenance": PROVENANCE,
        "governance": GOVERNANCE,
    }
    return PackInfo(**(plain | changes))


def card_of(*evidence: dict[str, Any], **pack: Any) -> dict[str, Any]:
    card = build_card([page_of(*evidence)], pack_of(**pack))
    assert card is not None
    return card


def test_card_holds_what_was_released_and_nothing_else() -> None:
    card = card_of(*answers())
    assert card["schema"] == "wellperf.model_card/1"
    assert card["declared"] == [{"what": "Outcome", "text": f"Exhaustion {NASTY}"}]
    assert [e["printed"] for e in card["performance"]] == [e["printed"] for e in released()["estimates"]]
    assert [t["name"] for t in card["calibration"]] == ["calibration"]
    assert [t["name"] for t in card["coefficients"]] == ["model"]
    assert [t["name"] for t in card["by_group"]] == ["auc_by_group"]
    assert [item["id"] for item in card["also"]] == ["burnout.use", "burnout.reporting"]
    assert card["limits"] == ["It does not say why anyone leaves.", "Alone."]
    assert "ranking teams" in card["not_for"]
    assert any("single person" in use for use in card["not_for"])
    assert card["oversight"]["overseer"] == "Works council"
    assert card["failed_checks"]
    json.dumps(card, allow_nan=False)


def test_page_is_escaped_and_says_what_is_not_declared() -> None:
    card = card_of(*answers())
    page = render_card(card, [page_of(*answers())], pack_of(model_card_of="20_burnout.html"))
    assert NASTY not in page
    assert "&lt;script&gt;" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "not declared" in page
    for word in ("Not to be used for", "By group", "The model itself", "What this does not show"):
        assert word in page
    assert f'href="{CARD_FILE}"' in page


@pytest.mark.parametrize("synthetic", [True, False])
def test_synthetic_data_are_stamped(synthetic: bool) -> None:
    pack = pack_of(provenance=PROVENANCE | {"synthetic": synthetic})
    card = build_card([page_of(*answers())], pack)
    assert card is not None
    assert (card["stamp"] == "synthetic data: not evidence") is synthetic
    page = render_card(card, [page_of(*answers())], pack)
    assert ("Synthetic data: not evidence." in page) is synthetic


@pytest.mark.parametrize(
    "page",
    [
        page_of(released(), name="turnover"),
        page_of(*answers(design="not answered", estimates=[])),
        # a role that may not see the forecast is shown its question alone
        page_of(*answers(design="", estimates=[], tables=[], answer="Not for this reader.")),
        Page(stem="20_burnout", name="burnout", title="Strain", state="not run", note="no surveys"),
    ],
)
def test_no_model_no_card(page: Page) -> None:
    assert build_card([page], pack_of()) is None


def test_one_page_of_groups_has_no_card() -> None:
    assert build_card([page_of(*answers())], pack_of(one_page=True)) is None


def test_card_is_linked_from_its_page_and_the_first_one() -> None:
    pages = [page_of(*answers()), page_of(released(), name="turnover")]
    pack = pack_of(model_card_of="20_burnout.html")
    link = f'href="{CARD_PAGE}"'
    assert link in render_page(pages[0], pages, pack)
    assert link not in render_page(pages[1], pages, pack)
    assert link in render_index(pages, pack)
    assert link not in render_index(pages, pack_of())


def test_card_is_hashed_with_the_pack_and_made_again_by_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "NAME", "20_burnout")
    study, notebooks = fake.fake_runs(monkeypatch, tmp_path, *answers())
    pack = tmp_path / "pack"
    run_study(study, out=pack, notebooks_dir=notebooks)
    manifest = json.loads((pack / "manifest.json").read_text())
    assert {CARD_PAGE, CARD_FILE} <= set(manifest["files"])
    assert verify_pack(pack, notebooks_dir=notebooks).ok
    card = json.loads((pack / CARD_FILE).read_text())
    card["performance"][0]["printed"] = "99 %"
    (pack / CARD_FILE).write_text(json.dumps(card))
    manifest["files"] = hash_files(pack)
    (pack / "manifest.json").write_text(json.dumps(manifest))
    # the manifest fits, the card does not follow from the notebooks
    report = verify_pack(pack, notebooks_dir=notebooks)
    assert not report.ok
    assert {d.where for d in report.drifts} == {CARD_FILE}


def test_a_pack_without_the_question_has_no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, notebooks = fake.fake_runs(monkeypatch, tmp_path, released())
    run_study(study, out=tmp_path / "pack", notebooks_dir=notebooks)
    assert not (tmp_path / "pack" / CARD_PAGE).exists()
    assert not (tmp_path / "pack" / CARD_FILE).exists()
