"""Characters no one sees that change what everyone reads: bidirectional controls, zero-width characters."""

from __future__ import annotations

import json
import re
import unicodedata

_KEPT = frozenset("\t\n\N{ZERO WIDTH JOINER}")
_HIDDEN = ("Cc", "Cf")
# the same, with separators of lines that no editor shows and halves of characters, and without ASCII
_IN_JSON = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200c\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001-\U000e007f]"
)


def strip_controls(text: str) -> str:
    """A text without control and format characters: with one, a label could rearrange the page around it.

    The zero-width joiner stays, because words of several scripts and composed emoji need it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in _HIDDEN)


def escape_hidden(text: str) -> str:
    """JSON text with such characters written as escapes: the same content, and an editor shows that they are
    there.
    """
    return _IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], text)
