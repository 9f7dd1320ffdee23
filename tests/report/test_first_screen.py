"""What a committee reads before it scrolls."""

from __future__ import annotations

import pytest

from tests.report.samples import PNG, code_cell, output, released
from tests.report.test_html import MIME, _pack, _page
from wellperf_models.errors import DisclosureError
from wellperf_models.figures import show
from wellperf_models.report.html import render_page


def test_the_first_screen_holds_answer_three_checks_and_one_figure() -> None:
    shown = released()
    check = shown["checks"][0]
    states = (None, True, False, True, True)
    shown["checks"] = [
        {**check, "name": f"c{i}", "passed": p, "text": f"Check {i}."} for i, p in enumerate(states)
    ]
    about = {"image/png": {"alt": "A falling curve", "title": "Falls"}}
    pictures = [output({"image/png": PNG}, about)] * 2
    page = render_page(_page(code_cell(output({MIME: shown}), *pictures)), [], _pack())
    first = page[page.index('<div class="first pictured">') : page.index("<h3>Numbers</h3>")]
    said, drawn = first.split('<div class="drawn">')
    assert [f"Check {i}." in said for i in range(5)] == [False, True, True, True, False]
    assert drawn[: drawn.index("</div>")].count("<img") == 1
    assert first.count("<img") == 2


def test_only_what_passed_the_gate_is_displayed() -> None:
    show(None)
    with pytest.raises(DisclosureError, match="Only released answers"):
        show({"id": "turnover.description"})  # type: ignore[arg-type]
