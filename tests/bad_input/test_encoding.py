"""Bad encodings: letters that are lost, doubled, or not what they look like."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from tests.bad_input.case import (
    PEOPLE,
    SECRET,
    SOURCE,
    Bad,
    Good,
    accept,
    attribute,
    judge,
    people,
    spells,
)
from tests.tables.folder import SPELLS

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Café") for form in ("NFC", "NFD"))
CYRILLIC_A = "\N{CYRILLIC CAPITAL LETTER A}"


CASES = (
    Bad(name="latin text declared utf-8", rule="encoding", rows=(3,),
        content=(spells("3,2020-01-01,,") + "Köln\n").encode("cp1252")),
    Bad(name="utf-8 text declared cp1252", rule="encoding", content=spells("3,2020-01-01,,ñ\n"),
        sections=SOURCE + 'encoding = "cp1252"\n'),
    Bad(name="utf-16 declared utf-8", rule="encoding", content=SPELLS.encode("utf-16")),
    Bad(name="encoding that does not exist", rule="encoding", sections=SOURCE + 'encoding = "utf-9"\n'),
    Bad(name="wrong separator", rule="separator", content=SPELLS.replace(",", ";")),
    Bad(name="trailing blank in an id", rule="no_edge_blanks", content=spells("3 ,2020-01-01,,\n"),
        rows=(3,)),
    Bad(name="trailing blank in a group", rule="no_edge_blanks", content=people("dept", "Alpha", "Alpha "),
        sections=PEOPLE + '[tables.people.attributes]\ndept = "dept"\n', rows=(2,)),
    Bad(name="text direction in a group", rule="control_characters",
        content=people("dept", "Alpha", f"\u202e{SECRET}"), rows=(2,),
        sections=PEOPLE + '[tables.people.attributes]\ndept = "dept"\n'),
    Bad(name="zero-width space in an id", rule="control_characters", rows=(3,),
        content=spells("3\u200b,2020-01-01,,\n")),
    Bad(name="byte-order mark", rule="byte_order_mark", content=b"\xef\xbb\xbf" + SPELLS.encode(),
        says="note"),
    Bad(name="byte-order mark declared cp1252", rule="encoding", content=b"\xef\xbb\xbf" + SPELLS.encode(),
        sections=SOURCE + 'encoding = "cp1252"\n'),
    Bad(name="two byte-order marks", rule="missing_column", content=b"\xef\xbb\xbf" * 2 + SPELLS.encode()),
    Bad(name="NUL in a cell", rule="encoding", content=spells("3,2020-01-01,,\x00\n"), rows=(3,), also="NUL"),
    Bad(name="tail of NULs", rule="encoding", content=SPELLS.encode() + b"\x00" * 64, also="cut off"),
    Bad(name="one letter composed in two ways", rule="unicode_twins", sections=attribute(), rows=(1,),
        content=people("dept", COMPOSED, DECOMPOSED)),
    Bad(name="ids composed in two ways", rule="unicode_twins",
        content=f"employee_id,start\n{COMPOSED},2020-01-01\n{DECOMPOSED},2020-01-01\n"),
    Bad(name="letters that look alike in an id", rule="look_alikes", rows=(2,),
        content=f"employee_id,start\nA1,2020-01-01\n{CYRILLIC_A}1,2020-01-01\n"),
    Bad(name="letters that look alike in a group", rule="look_alikes", sections=attribute(), rows=(2,),
        content=people("dept", "ABC", f"{CYRILLIC_A}BC")),
    Bad(name="two alphabets in one word", rule="mixed_alphabets", sections=attribute(), says="note",
        content=people("dept", f"{CYRILLIC_A}BC", "other")),
    Bad(name="no-break space in a group", rule="unicode_twins", sections=attribute(), rows=(2,),
        content=people("dept", "North East", "North\u00a0East")),
    Bad(name="two blanks in a group", rule="look_alikes", sections=attribute(),
        content=people("dept", "North East", "North  East")),
    Bad(name="letters read in the wrong encoding and saved", rule="garbled_text", sections=attribute(),
        rows=(2,),
        content=people("dept", "Ulm", f"K\u00c3\u00b6ln {SECRET}")),
    Bad(name="letters that were lost", rule="garbled_text", sections=attribute(), rows=(2,),
        content=people("dept", "Ulm", "K\ufffdln")),
    Bad(name="soft hyphen in a group", rule="control_characters", sections=attribute(), rows=(2,),
        content=people("dept", "Ulm", "K\u00adln")),
    Bad(name="tab in a group", rule="control_characters", sections=attribute(), rows=(2,),
        content=people("dept", "Ulm", "K\tln")),
    Bad(name="UTF-16 without a mark", rule="encoding", content=SPELLS.encode("utf-16-le")),
    Bad(name="compressed file called CSV", rule="encoding",
        content=b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb"),
)  # fmt: skip

TWINS = (
    Good(name="letters beyond ASCII", sections=attribute(), content=people("dept", "Köln", "Ærø", "北京",
        "Ñuñoa"),
         not_said="mixed_alphabets"),
    Good(name="a whole word in another alphabet", sections=attribute(), content=people("dept", "Москва",
        "ABC"),
         not_said="mixed_alphabets"),
    Good(name="UTF-16 declared", content=SPELLS.encode("utf-16"), sections=SOURCE + 'encoding = "utf-16"\n'),
    Good(name="header composed in another way", content=people(DECOMPOSED, "a", "b"),
         sections=PEOPLE + f'[tables.people.attributes]\ndept = "{COMPOSED}"\n'),
    Good(name="no byte-order mark", not_said="byte_order_mark"),
)  # fmt: skip


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_encoding(bad: Bad, tmp_path: Path) -> None:
    judge(bad, tmp_path)


@pytest.mark.parametrize("good", TWINS, ids=lambda good: good.name)
def test_twins_pass(good: Good, tmp_path: Path) -> None:
    accept(good, tmp_path)
