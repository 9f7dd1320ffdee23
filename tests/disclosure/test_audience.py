"""What a role may not see is not in the answer: not as a value, a text, a note or a name."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.disclosure.builders import curve, estimate, evidence, headcount, study
from wellperf_models.burnout import plots as burnout_plots
from wellperf_models.data_quality import plots as data_quality_plots
from wellperf_models.disclosure import CLAIMS_VARIABLE, Released, Rules, read, release
from wellperf_models.disclosure.audience import Audience, audience_of
from wellperf_models.disclosure.released import _SEAL, Suppressed
from wellperf_models.errors import StudyError
from wellperf_models.evidence import Check, Evidence, Measure, Row, Support, Table
from wellperf_models.roi import plots as roi_plots
from wellperf_models.study import PARTS, ROLE_VARIABLE, Reach, Study
from wellperf_models.turnover import plots as turnover_plots

EXAMPLE = Path(__file__).resolve().parents[2] / "reports" / "example"
SECRETS = ("0.5123", "0.512", "51.2", "0.777", "66.6", "the causes", "proportional")


def groups(*, computation: str = "exact") -> Table:
    """Counts and a rate by department, with a fitted column beside them."""
    plain = headcount({"Nursing": 200, "Research": 150, "Board": 6, "Legal": 90}, exits=30)
    fitted = Measure(name="fitted", kind="model", label="Fitted rate")
    rows = tuple(
        dataclasses.replace(
            row, values=(*row.values, 66.6), support=dataclasses.replace(row.support, n_events=30)
        )
        for row in plain.rows
    )
    return dataclasses.replace(
        plain,
        measures=(*plain.measures, fitted),
        rows=rows,
        level="department",
        computation=computation,
    )


def causes() -> Table:
    """A table without a level."""
    row = Row(key=("resigned",), values=(77,), support=Support(n_people=77, n_complement=300))
    return Table(
        name="causes",
        title="the causes",
        keys=("cause",),
        measures=(Measure(name="n", kind="count"),),
        rows=(row,),
        partition=False,
    )


def full(identifier: str = "turnover.description", **parts: Any) -> Evidence:
    plain = {
        "id": identifier,
        "question": "How long do people stay?",
        "answer": "{effect.estimate} of people stay.",
        "estimates": (estimate(value=0.5123, unit="probability"),),
        "tables": (groups(), causes()),
        "curves": (curve([0, 20, 30, 25]),),
        "checks": (
            Check(name="proportional", passed=False, value=0.777, text="proportional hazards: {value}"),
        ),
        "assumptions": ("Censoring is independent.",),
        "limits": ("It does not say why.",),
    }
    return evidence(**{**plain, **parts})


def as_role(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    monkeypatch.setenv(ROLE_VARIABLE, role)


def everything(released: Released) -> str:
    return json.dumps(released.to_dict()) + repr(released) + released._repr_html_()


def test_researcher_and_committee_see_what_passed_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ROLE_VARIABLE, raising=False)
    one = release(full(), study(tmp_path))
    as_role(monkeypatch, "committee")
    other = release(full(), study(tmp_path))
    assert one.to_dict() == other.to_dict()
    assert [t.name for t in one.tables] == ["headcount", "causes"]
    assert one.estimates
    assert one.curves


def test_manager_sees_groups_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_role(monkeypatch, "manager")
    seen = release(full(), study(tmp_path))
    (table,) = seen.tables
    assert table.name == "headcount"
    assert [m.name for m in table.measures] == ["n_people", "n_exits", "exit_rate"]
    assert table.rows[0].values[:2] == (200, 30)
    assert any("from a model" in note for note in seen.notes["headcount"])
    assert (seen.estimates, seen.curves, seen.checks, seen.assumptions) == ((), (), (), ())
    assert seen.question == "How long do people stay?"
    assert seen.limits == ("It does not say why.",)
    shown = everything(seen)
    for secret in SECRETS:
        assert secret not in shown, secret
    # the gate's own word on the table that is shown stays, and what was taken is named by its kind
    told = {(s.what, s.reason) for s in seen.suppressed}
    assert any(what.startswith("table headcount: Board") for what, _ in told)
    assert {what for what, why in told if why == "not for this role"} == {
        "answer in words", "estimates", "tables", "curves", "checks",
    }  # fmt: skip


def test_what_the_gate_said_of_unseen_parts_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ROLE_VARIABLE, raising=False)
    plain = release(full(), study(tmp_path))
    told = tuple(
        Suppressed(what=what, reason="why")
        for what in (
            "table headcount: Board", "table causes: pay", "estimate effect", "curve survival of Board",
            "check proportional", "something new",
        )
    )  # fmt: skip
    both = dataclasses.replace(plain, suppressed=told, held=told, seal=_SEAL)
    seen = Audience(reach=reach(parts=frozenset({"groups"}))).restrict(both)
    assert [i.what for i in seen.held] == ["table headcount: Board"]
    assert [i.what for i in seen.suppressed if i.reason == "why"] == ["table headcount: Board"]
    seen = Audience(reach=reach(parts=frozenset({"curves", "tables"}))).restrict(both)
    assert [i.what for i in seen.held] == ["table causes: pay", "curve survival of Board"]


def test_manager_sees_nothing_of_other_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_role(monkeypatch, "manager")
    seen = release(full("roi.effects"), study(tmp_path))
    assert seen.answer == "Not for this role."
    assert not any((seen.estimates, seen.tables, seen.curves, seen.checks, seen.limits, seen.notes))
    assert [(s.what, s.reason) for s in seen.suppressed] == [("answer", "not for this role")]
    shown = everything(seen)
    for secret in (*SECRETS, "Nursing", "Board", "200"):
        assert secret not in shown, secret


def test_a_column_of_a_table_that_was_fitted_is_a_model_unless_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_role(monkeypatch, "manager")
    table = groups(computation="iterative")
    kinds = (*table.measures[:3], Measure(name="predicted", kind="mean"))
    seen = release(full(tables=(dataclasses.replace(table, measures=kinds),)), study(tmp_path))
    assert [m.name for m in seen.tables[0].measures] == ["n_people", "n_exits", "exit_rate"]
    exact = dataclasses.replace(groups(), measures=kinds)
    seen = release(full(tables=(exact,)), study(tmp_path))
    assert [m.name for m in seen.tables[0].measures][-1] == "predicted"
    alone = dataclasses.replace(
        table,
        measures=(Measure(name="auc", kind="model"), Measure(name="note", kind="text")),
        rows=tuple(dataclasses.replace(r, values=(0.777, "the causes")) for r in table.rows),
    )
    assert release(full(tables=(alone,)), study(tmp_path)).tables == ()


def test_a_declared_role_sees_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_role(monkeypatch, "committee")
    declared = '[roles.committee]\nanswers = ["turnover.description"]\nparts = ["answer", "checks"]\n'
    seen = release(full(), study(tmp_path, extra=declared))
    assert seen.answer.startswith("51.2 % (41.2 to 61.2 %)")
    assert len(seen.checks) == 1
    assert not any((seen.estimates, seen.tables, seen.curves))
    whole = '[roles.committee]\nparts = ["tables", "groups", "curves", "estimates"]\n'
    seen = release(full(), study(tmp_path, extra=whole))
    assert [len(t.measures) for t in seen.tables] == [4, 1]
    assert seen.answer == "For this role: what is shown below."


def test_restricting_twice_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for extra in ("", '[roles.manager]\nparts = ["groups", "checks"]\n'):
        as_role(monkeypatch, "manager")
        here = study(tmp_path, extra=extra)
        for identifier in ("turnover.description", "roi.effects"):
            once = release(full(identifier), here)
            assert audience_of(here).restrict(once).to_dict() == once.to_dict()


def test_every_field_of_an_answer_is_dealt_with() -> None:
    """A new field would reach every role untouched: decide in audience.py, then name it here."""
    assert {f.name for f in dataclasses.fields(Released)} == {
        "id", "question", "answer", "estimand", "population", "design", "estimates", "tables", "curves",
        "checks", "assumptions", "limits", "suppressed", "held", "notes", "provenance",
    }  # fmt: skip


def test_the_gate_judges_by_the_minimum_of_the_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = study(tmp_path, extra="[roles.manager]\nmin_group_size = 15\n")
    monkeypatch.delenv(ROLE_VARIABLE, raising=False)
    assert Rules.of(here).min_group_size == 10
    as_role(monkeypatch, "manager")
    assert Rules.of(here).min_group_size == 15
    assert Rules.of(here).curve_block_events == 15
    small = headcount({"Nursing": 200, "Research": 150, "Board": 12, "Legal": 90}, exits=5)
    seen = release(full(tables=(dataclasses.replace(small, level="department"),)), here)
    assert seen.tables[0].rows[2].values == (None, None, None)


def test_a_role_nobody_knows_is_shown_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_role(monkeypatch, "boss")
    with pytest.raises(StudyError, match="no such role"):
        release(full(), study(tmp_path))


def reach(**parts: Any) -> Reach:
    plain = {"role": "manager", "answers": None, "parts": frozenset(PARTS), "notebooks": None}
    return Reach(**{**plain, **parts})


def test_the_ledger_remembers_what_was_seen_alone() -> None:
    found = full()
    manager = Audience(reach=reach(parts=frozenset({"groups"})))
    assert manager.sees(found, "table headcount: Nursing")
    for what in ("table causes: resigned", "estimate effect", "curve survival"):
        assert not manager.sees(found, what), what
    # numbers of the answer in words are estimates
    assert Audience(reach=reach(parts=frozenset({"answer"}))).sees(found, "estimate effect")
    assert not Audience(reach=reach(answers=frozenset({"roi.effects"}))).sees(found, "estimate effect")
    assert Audience(reach=reach()).sees(found, "curve survival of Nursing")


def test_only_what_was_seen_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = tmp_path / "claims"
    claims.mkdir()
    monkeypatch.setenv(CLAIMS_VARIABLE, str(claims))
    as_role(monkeypatch, "manager")
    release(full(), study(tmp_path))
    release(full("roi.effects"), study(tmp_path))
    written = "".join(p.read_text(encoding="utf-8") for p in claims.rglob("*") if p.is_file())
    assert "table/headcount" in written
    for unseen in ("roi.effects", "estimate/effect", "table/causes", "curve/survival"):
        assert unseen not in written, unseen


def all_answers() -> list[dict[str, Any]]:
    bundles = sorted((EXAMPLE / "bundles").glob("*.json"))
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in bundles if path.stem != "sha256"]
    return [e for content in contents for e in content["evidence"]]


PLOTS = {
    "data_quality.description": (data_quality_plots.plot_response,),
    "burnout.forecast": (burnout_plots.plot_auc, burnout_plots.plot_calibration),
    "turnover.description": (
        turnover_plots.plot_survival, turnover_plots.plot_survival_by_group, turnover_plots.plot_incidence,
    ),
    "turnover.explained": (turnover_plots.plot_hazard_ratios,),
    "roi.effects": (roi_plots.plot_effects,),
    "roi.contrast": (roi_plots.plot_contrast,),
    "roi.decision": (roi_plots.plot_posterior, roi_plots.plot_net_present_value),
}  # fmt: skip


@pytest.mark.parametrize("content", all_answers(), ids=lambda c: c["id"])
def test_pictures_of_what_was_taken_are_left_out_and_nothing_stops(content: dict[str, Any]) -> None:
    """A notebook runs to its end whatever its reader may not see."""
    released = read({"held": [], **content})
    sets = [frozenset(), frozenset({"groups"})]
    sets += [
        frozenset(s) for n in (1, 2) for s in itertools.combinations(("estimates", "tables", "curves"), n)
    ]
    for parts in sets:
        seen = Audience(reach=reach(parts=parts)).restrict(released)
        for plot in PLOTS.get(seen.id, ()):
            picture = plot(seen)
            if parts <= {"groups", "answer", "checks"}:
                assert picture is None, (parts, plot)
    nothing = Audience(reach=reach(answers=frozenset({"none.at_all"}))).restrict(released)
    assert all(plot(nothing) is None for plot in PLOTS.get(nothing.id, ()))


def test_audience_of_a_study_reads_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here: Study = study(tmp_path)
    monkeypatch.delenv(ROLE_VARIABLE, raising=False)
    assert audience_of(here).reach.role == "researcher"
    as_role(monkeypatch, "manager")
    assert audience_of(here).reach.role == "manager"
