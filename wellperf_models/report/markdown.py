"""Notebook Markdown → safe HTML: raw HTML is shown as text, and nothing points outside the pack."""

from __future__ import annotations

from functools import cache
from typing import Any

import mistune
from markupsafe import Markup, escape

from wellperf_models.report.controls import strip_controls

# a page has its own h1 and h2; the story of the notebook starts below
_HIGHEST, _DEEPEST = 3, 6


class _Renderer(mistune.HTMLRenderer):
    def __init__(self) -> None:
        super().__init__(escape=True)

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        level = min(max(level + 1, _HIGHEST), _DEEPEST)
        return f"<h{level}>{text}</h{level}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        # written out instead of linked: a page that is printed or archived still says where
        plain = str(escape(url))
        return text if text == plain else f"{text} ({plain})"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"<em>{text}</em>"


@cache
def _parser() -> mistune.Markdown:
    return mistune.create_markdown(renderer=_Renderer(), plugins=["table", "footnotes", "strikethrough"])


def render_markdown(text: str) -> Markup:
    """Safe HTML of a Markdown text."""
    return Markup(str(_parser()(strip_controls(text))))


def first_heading(text: str) -> tuple[str | None, str]:
    """The leading `# heading` of a text and the rest; (None, text) where there is none."""
    head, _, rest = text.lstrip().partition("\n")
    return (head[2:].strip(), rest) if head.startswith("# ") else (None, text)
