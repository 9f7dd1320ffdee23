"""Characters no one sees that change what everyone reads: bidirectional controls, zero-width characters."""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\t\n\N{ZERO WIDTH JOINER}")
_HIDDEN = ("Cc", "Cf")


def strip_controls(text: str) -> str:
    """A text without control and format characters: with one, a label could rearrange the page around it.

    The zero-width joiner stays, because words of several scripts and composed emoji need it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in _HIDDEN)
