"""Reporting guidelines as lists of lines, each filled by rule from what a run released.

facts.py (the run as a list sees it) · line.py (a line, and the ways in which a run fills it) · page.py
(words, tables and the check that every list has). The lists themselves belong to the pillars.
"""

from wellperf_models.guidelines.facts import Facts
from wellperf_models.guidelines.line import (
    Item,
    Line,
    Rule,
    Status,
    all_of,
    always_not_applicable,
    either,
    from_answer,
    from_numbers,
    from_words,
    not_applicable,
    not_done,
    reported,
)
from wellperf_models.guidelines.page import (
    Filled,
    every_line_reported,
    fill,
    lines_in_words,
    table_of_lines,
    table_of_words,
)

__all__ = [
    "Facts",
    "Filled",
    "Item",
    "Line",
    "Rule",
    "Status",
    "all_of",
    "always_not_applicable",
    "either",
    "every_line_reported",
    "fill",
    "from_answer",
    "from_numbers",
    "from_words",
    "lines_in_words",
    "not_applicable",
    "not_done",
    "reported",
    "table_of_lines",
    "table_of_words",
]
