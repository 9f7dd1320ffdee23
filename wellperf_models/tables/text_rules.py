"""What text in keys, categories and attributes must not hold: blanks at its ends, characters nobody sees."""

from __future__ import annotations

BLANKS_TEXT = "no blanks before or after the text, and no empty text"
BLANKS_TO_DO = (
    "trim the cells in the source, or map them in values: 'A' and 'A ' would be two people or two groups"
)
CONTROLS_TEXT = (
    "no control characters and no invisible formatting characters (tabs, line ends, text direction)"
)
CONTROLS_TO_DO = "remove them in the source: they split groups unseen, and reorder what a reader sees"

# Unicode 15.1: categories Cc and Cf, without the zero-width joiner U+200D that some scripts spell words with.
# Written out because Python's regular expressions, on which the pandas engine runs, know no categories.
_RANGES = (
    (0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F),
    (0x890, 0x891), (0x8E2, 0x8E2), (0x180E, 0x180E), (0x200B, 0x200C), (0x200E, 0x200F), (0x202A, 0x202E),
    (0x2060, 0x2064), (0x2066, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x110BD, 0x110BD),
    (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0001, 0xE0001),
    (0xE0020, 0xE007F),
)  # fmt: skip
CONTROLS = "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES) + "]"
"""A regular expression that Polars and Python read alike."""
