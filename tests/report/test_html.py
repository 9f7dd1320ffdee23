from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.report.samples import PNG, PROVENANCE, code_cell, markdown_cell, notebook, output, released
from wellperf_models.errors import RunError
from wellperf_models.report.html import render_index, render_page
from wellperf_models.report.page import PackInfo, Page

MIME = "application/vnd.wellperf.released+json"
SUMMARY = "application/vnd.wellperf.summary+json"
NASTY = '<script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*7 }}&"\''
_INSIDE = re.compile(r"#[a-z-]+|[\w/.]+\.(html|ipynb|json|csv|xlsx)|data:image/png;base64,[\w+/=]+")
_VOID = {"meta", "img", "link", "br", "hr", "input", "path", "circle", "rect"}


class _Reader(HTMLParser):
    """Tags, attributes and text of a page; notes whether elements are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.unbalanced: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and (not self._open or self._open.pop() != tag):
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "style":
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.tags if t == tag]

    @property
    def words(self) -> str:
        return re.sub(r"[ \n\u00a0]+", " ", "".join(self.text))


def _page(*cells: dict[str, Any], **changes: Any) -> Page:
    values: dict[str, Any] = {
        "stem": "30_turnover",
        "name": "turnover",
        "title": "How long people stay",
        "state": "done",
        "notebook": notebook(*cells),
    }
    return Page(**(values | changes))


def _pack(**provenance: Any) -> PackInfo:
    return PackInfo(title="A tiny study", run_id="abc123", provenance={**PROVENANCE, **provenance})


def _full_page() -> Page:
    return _page(
        markdown_cell("# How long people stay\n\n**Question.** How long?"),
        code_cell(output({MIME: released(), "text/plain": "not this"}), source="secret_call()"),
        code_cell(output({"image/png": PNG}, {"image/png": {"alt": "A falling curve", "title": "Falls"}})),
        code_cell(output({"text/plain": "Study('tiny')"})),
        markdown_cell("## Loading\n\nText.\n\n## What this does not show\n\nWho leaves."),
    )


def _all_pages() -> dict[str, str]:
    page = _full_page()
    gone = _page(
        stem="40_absence",
        name="absence",
        title="Absence",
        state="not run",
        note="not run: needs absences (table)",
        notebook=None,
    )
    line = {
        "evidence_id": "turnover.description",
        "question": "Q?",
        "answer": "A.",
        "n_passed": 1,
        "n_failed": 1,
        "n_informative": 0,
        "failed": ["it failed"],
        "not_shown": 2,
        "limits": ["L"],
    }
    groups = [
        _group("absence", state="not run", note="not run: no [absence] section in the study file"),
        _group("turnover", title="Staying", lines=[line, {**line, "question": "R?", "limits": ["L", "M"]}]),
        # gathered without a notebook
        _group("", lines=[{**line, "question": "S?", "failed": [], "limits": []}]),
    ]
    summary = _page(
        code_cell(output({SUMMARY: {"groups": groups}})),
        stem="90_committee_summary",
        name="committee_summary",
        title="Summary",
    )
    pages = [page, gone, summary]
    rendered = {p.file: render_page(p, pages, _pack(synthetic=True)) for p in pages}
    return {**rendered, "index.html": render_index(pages, _pack(synthetic=True))}


def _group(notebook: str, **changes: Any) -> dict[str, Any]:
    plain = {"notebook": notebook, "title": notebook.title(), "state": "done", "note": "", "lines": []}
    return {**plain, **changes}


@pytest.mark.parametrize("name", ["30_turnover", "40_absence", "90_committee_summary", "index"])
def test_pages_hold_no_script_and_nothing_from_outside(name: str) -> None:
    text = _all_pages()[f"{name}.html"]
    page = _Reader(text)
    assert not page.unbalanced
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("iframe")
    for tag, attributes in page.tags:
        for key, value in attributes.items():
            assert not key.startswith("on"), (tag, key)
            if key in ("href", "src"):
                assert value is not None
                assert re.fullmatch(
                    r"#[a-z-]+|[\w/.]+\.(html|ipynb|json|csv|xlsx)|data:image/png;base64,[\w+/=]+", value
                )
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text
    assert "@import" not in text
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


@pytest.mark.parametrize("name", ["30_turnover", "40_absence", "90_committee_summary", "index"])
def test_pages_are_built_for_everyone(name: str) -> None:
    page = _Reader(_all_pages()[f"{name}.html"])
    assert page.all("html")[0]["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1, landmark
    assert page.all("a")[0]["href"] == "#content"
    levels = [int(t[1]) for t, _ in page.tags if re.fullmatch("h[1-6]", t)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), levels
    assert all(a.get("alt") for a in page.all("img"))
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    assert len(page.all("table")) == len(page.all("caption"))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        assert attributes.get("aria-labelledby") in (*ids, None)


def test_a_released_answer_is_shown_in_full() -> None:
    page = _Reader(_all_pages()["30_turnover.html"])
    words = page.words
    for text in (
        "How long do people stay?",
        "61 % (58 to 64 %) of people stay a year.",
        "1.31 (1.02 to 1.68)",
        "95 % confidence interval",
        "1\N{NARROW NO-BREAK SPACE}200",
        "12.5",
        "counts are rounded to base 5",
        "fewer than 10 people",
        "It does not say why anyone leaves.",
        "Censoring is independent of leaving.",
        "Probability of still being employed at 12 months of tenure",
        "Who leaves.",
    ):
        assert text in words, text
    assert "not this" not in words
    # printed by a cell, passed no gate
    assert "Study('tiny')" not in words
    assert "secret_call" not in words
    images = page.all("img")
    assert [i["alt"] for i in images] == ["A falling curve"]


def test_question_answer_interval_and_checks_come_before_the_figure() -> None:
    text = _all_pages()["30_turnover.html"]
    order = [
        "How long do people stay?",
        'class="answer"',
        "In brackets|in brackets",
        "1 check failed",
        "<figure",
        "<caption>All estimates",
        ">What this does not show",
        ">What must hold",
        ">What was estimated",
        ">Where the numbers come from",
    ]
    places = [found.start() for part in order if (found := re.search(part, text))]
    assert len(places) == len(order)
    assert places == sorted(places)


def test_checks_say_their_state_in_words() -> None:
    words = _Reader(_all_pages()["30_turnover.html"]).words
    for text in ("1 check passed", "1 check failed", "1 check for information", "Read this with care."):
        assert text in words
    assert "failed The effect of overtime changes with tenure" in words
    assert "for information Exits are dated by month." in words


def test_suppressed_cells_are_dashes_with_a_footnote() -> None:
    text = _all_pages()["30_turnover.html"]
    assert text.count('<span aria-label="no value">—</span>') == 2
    assert "— not shown, to protect people (too few people in the group or outside it)" in text
    shown = released()
    shown["tables"][0]["rows"].pop()
    assert "too few people" not in render_page(_page(code_cell(output({MIME: shown}))), [], _pack())


def test_a_notebook_that_did_not_run_says_what_it_needs() -> None:
    pages = _all_pages()
    assert "not run: needs absences (table)" in pages["40_absence.html"]
    assert "not run: needs absences (table)" in pages["index.html"]


def test_a_summary_is_read_in_blocks() -> None:
    """A heading a notebook, its answers, what failed in words, and what they do not show, said once."""
    text = _all_pages()["90_committee_summary.html"]
    order = [
        ">Absence</h2>", "Not run: no [absence] section", ">Staying</h2>", ">Q?</h3>", ">A.</p>",
        "1 check failed", "<li>it failed</li>", "2 things are not shown", ">R?</h3>",
        ">What this does not show, among other things</h3>", "<li>L</li>", "<li>M</li>",
        'href="30_turnover.html">In full: How long people stay', ">Answers</h2>", ">S?</h3>",
    ]  # fmt: skip
    places = [text.find(part, text.find('<main id="content"')) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert text.count("<li>L</li>") == 1
    # what was not run has no page worth going to
    assert 'href="40_absence.html">In full: Absence' not in text


def test_the_first_page_follows_the_summary() -> None:
    text = _all_pages()["index.html"]
    main = text[text.find('<main id="content"') :]
    headings = re.findall(r'<h2 class="group-title"[^>]*>(.*?)</h2>', main)
    assert headings == ["Absence", "How long people stay"]
    assert "Not run: needs absences (table)" in main
    # without a summary: in the order of the pages
    pages = [_full_page(), _page(stem="40_absence", name="absence", title="Absence", note="x", notebook=None)]
    plain = render_index(pages, _pack())
    assert re.findall(r'<h2 class="group-title"[^>]*>(.*?)</h2>', plain) == [
        "How long people stay",
        "Absence",
    ]


def test_stamps() -> None:
    page = _full_page()
    assert "Synthetic data: not evidence" in render_index([page], _pack(synthetic=True))
    assert "Synthetic data: not evidence" in render_page(page, [page], _pack(synthetic=True))
    plain = render_index([page], _pack())
    assert "Synthetic data" not in plain
    assert "Published microdata:" not in plain
    public = render_index([page], _pack(public_microdata=True, licence="CC0", source="Babushkin 2018"))
    assert "CC0, Babushkin 2018" in public


@pytest.mark.parametrize("part", ["question", "answer", "estimand", "population", "design"])
def test_nasty_texts_are_escaped(part: str) -> None:
    _require_escaped(released(**{part: NASTY}))


def test_nasty_texts_deep_inside_are_escaped() -> None:
    evidence = released(limits=[NASTY], assumptions=[NASTY], suppressed=[{"what": NASTY, "reason": NASTY}])
    evidence["estimates"][0] |= {"label": NASTY, "printed": NASTY, "unit": NASTY}
    evidence["tables"][0] |= {"title": NASTY, "keys": [NASTY], "notes": [NASTY]}
    evidence["tables"][0]["rows"][0] |= {"key": [NASTY], "values": [NASTY, 1.0]}
    evidence["tables"][0]["measures"][0] |= {"label": NASTY, "unit": NASTY}
    evidence["curves"][0] |= {"label": NASTY, "group": NASTY, "x_unit": NASTY}
    evidence["checks"][1]["text"] = NASTY
    _require_escaped(evidence)


def _require_escaped(evidence: dict[str, Any]) -> None:
    cells = (
        markdown_cell(f"# t\n\n{NASTY}"),
        code_cell(output({MIME: evidence})),
        code_cell(output({"image/png": PNG}, {"image/png": {"alt": NASTY, "title": NASTY}})),
        code_cell(output({"text/plain": NASTY}), output({"text/markdown": NASTY})),
    )
    page = _page(*cells, title=NASTY, parameters={"note": NASTY})
    pack = PackInfo(title=NASTY, run_id="r", provenance={**PROVENANCE, "source": NASTY})
    for text in (render_page(page, [page], pack), render_index([page], pack)):
        read = _Reader(text)
        assert not read.all("script")
        assert not any(k.startswith("on") for _, a in read.tags for k in a)
        assert all((a["src"] or "").startswith("data:") for a in read.all("img"))
        assert "49" not in read.words.replace("7*7", "")


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))",
        "[a](https://evil.example)",
        "![a](https://evil.example/x.png)",
        "<https://evil.example>",
        "[a](data:text/html,x)",
        "<iframe src='https://evil.example'></iframe>",
        '[a](x "onmouseover=alert(1)")',
    ],
)
def test_markdown_points_nowhere(text: str) -> None:
    page = _Reader(render_page(_page(markdown_cell(f"# t\n\n{text}")), [], _pack()))
    assert not page.all("iframe")
    assert not page.all("img")
    assert all(re.fullmatch(r"#content|[\w./]+", a["href"] or "") for a in page.all("a"))


def test_a_damaged_picture_is_refused() -> None:
    bad = code_cell(output({"image/png": '"><script>'}, {"image/png": {"alt": "a"}}))
    with pytest.raises(RunError):
        render_page(_page(bad), [], _pack())


def test_same_input_same_page() -> None:
    assert _all_pages() == _all_pages()


def test_text_is_readable() -> None:
    """WCAG AA: 4.5:1 for every text colour on its ground."""
    style = _all_pages()["index.html"]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", style))
    pairs = [
        ("ink", "paper"),
        ("quiet", "paper"),
        ("link", "paper"),
        ("quiet", "tint"),
        ("good", "good-tint"),
        ("bad", "bad-tint"),
        ("info", "info-tint"),
        ("ink", "bad-tint"),
    ]
    for text, ground in pairs:
        one, other = sorted((_luminance(colours[text]), _luminance(colours[ground])))
        assert (other + 0.05) / (one + 0.05) >= 4.5, (text, ground)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_invisible_characters_rearrange_nothing() -> None:
    hidden = "\u202e\u2066\u200b\ufeff\u00ad\x07"
    evidence = released(answer=f"A{hidden}B", question=f"C{hidden}D")
    evidence["tables"][0]["rows"][0]["key"] = [f"Nur{hidden}sing \u05d0"]
    evidence["curves"][0]["group"] = f"E{hidden}F"
    cells = (
        markdown_cell(f"# t\n\nG{hidden}H, family \U0001f468\u200d\U0001f469"),
        code_cell(output({MIME: evidence})),
        code_cell(output({"image/png": PNG}, {"image/png": {"alt": f"I{hidden}J", "title": "t"}})),
    )
    page = _page(*cells, title=f"K{hidden}L")
    for text in (render_page(page, [page], _pack()), render_index([page], _pack())):
        assert not set(hidden) & set(text)
        for words in ("AB", "CD", "KL"):
            assert words in text
    text = render_page(page, [page], _pack())
    for words in ("EF", "GH", 'alt="IJ"', "\U0001f468\u200d\U0001f469", "<bdi>Nursing \u05d0</bdi>"):
        assert words in text


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Net 12.0 (2.0 to 22.0), and 61 % stay.", ["net_benefit", "survival_12_months"]),
        ("A ratio of 1.31 (1.02 to 1.68).", ["hazard_ratio_overtime"]),
        (
            "Nothing of it: 161 %, 1.312, 12.05.",
            ["survival_12_months", "hazard_ratio_overtime", "net_benefit"],
        ),
    ],
)
def test_the_numbers_shown_large_are_those_of_the_answer(answer: str, expected: list[str]) -> None:
    evidence = released(answer=answer)
    text = render_page(_page(code_cell(output({MIME: evidence}))), [], _pack())
    lead = text.split('<dl class="lead">')[1].split("</dl>")[0]
    labels = {e["label"]: e["name"] for e in evidence["estimates"]}
    assert [labels[found] for found in re.findall(r"<bdi>(.*?)</bdi>", lead)] == expected
