"""A reader of whole packs: every count of every answer as a cell, and what is known to add up to what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tests.attacks.algebra import BAND, System

# sums of the same people in different answers; `*` is every row of a table
SAME = (
    ("turnover.description/exits_by_group/people/*", "data_quality.description/n_people"),
    ("turnover.description/exits_by_group/exits/*", "data_quality.description/n_exits"),
    ("turnover.description/exits_by_cause/exits/*", "data_quality.description/n_exits"),
    ("turnover.description/exits_by_cause/exits/*", "turnover.description/exits_by_group/exits/*"),
    ("burnout.groups/cases_by_group/answers/*", "burnout.forecast/calibration/answers/Last score alone|*"),
    ("burnout.groups/cases_by_group/cases/*", "burnout.forecast/calibration/cases/Last score alone|*"),
    *(
        (
            f"burnout.forecast/calibration/{count}/Last score alone|*",
            f"burnout.forecast/calibration/{count}/Last score and work situation|*",
        )
        for count in ("answers", "cases")
    ),
)
# in every row of a table the first count is part of the second
PARTS = (
    ("cases", "answers"),
    ("n_answered", "n_invited"),
    ("measured", "assigned"),
    ("with_it", "measured"),
    ("n_missing", "n_rows"),
)


class Pack:
    """Everything a pack, or several of the same day, say about how many.

    Attributes:
        system: Of all counts.
        hidden: Names of the cells that were kept back.
    """

    def __init__(self, answers: Sequence[dict[str, Any]]) -> None:
        self._shown: dict[str, float | None] = {}
        for answer in answers:
            self._collect(answer)
        self.system = System(self._shown)
        for name, value in self._shown.items():
            if value is not None:
                self.system.add_total([name], value)
        self.hidden = tuple(name for name, value in self._shown.items() if value is None)
        self._add_same()
        self._add_parts()
        for answer in answers:
            self._add_curves(answer)

    def interval(self, name: str) -> tuple[float, float]:
        """Between which numbers a cell lies."""
        return self.system.interval([name])

    def _collect(self, answer: dict[str, Any]) -> None:
        for estimate in answer["estimates"]:
            if estimate["kind"] == "count":
                self._shown[f"{answer['id']}/{estimate['name']}"] = estimate["value"]
        for table in answer["tables"]:
            kinds = {m["name"]: m["kind"] for m in table["measures"]}
            # the only row of a table is the total, which is no secret
            for row in table["rows"] if table["about_people"] and len(table["rows"]) > 1 else []:
                for (measure, kind), value in zip(kinds.items(), row["values"], strict=True):
                    if kind == "count" and (value is not None or not row["shown"]):
                        self._shown[f"{answer['id']}/{table['name']}/{measure}/{'|'.join(row['key'])}"] = (
                            value
                        )

    def _rows(self, pattern: str) -> list[str]:
        """Cells of a pattern; rows of a level above, "site: north", are sums of others and no cells here."""
        return [name for name in self._shown if fnmatchcase(name, pattern) and ": " not in name]

    def _add_same(self) -> None:
        for left, right in SAME:
            if (one := self._rows(left)) and (other := self._rows(right)):
                self.system.add_equal(one, other)
        # the organisation's row is the sum of all
        for name in self._shown:
            table, _, key = name.rpartition("/")
            if key.startswith("organisation: "):
                self.system.add_equal(self._rows(f"{table}/*"), [name])
        # every row of the causes repeats all exits
        repeated = self._rows("turnover.description/exits_by_cause/all_exits/*")
        for name in repeated:
            self.system.add_equal([name], self._rows("turnover.description/exits_by_cause/exits/*"))

    def _add_parts(self) -> None:
        for part, whole in PARTS:
            for name in self._rows(f"*/*/{part}/*"):
                evidence, table, _, key = name.split("/", 3)
                if (other := f"{evidence}/{table}/{whole}/{key}") in self._shown:
                    self.system.add_at_most([name], [other])

    def _add_curves(self, answer: dict[str, Any]) -> None:
        """People of a group's curve are some of the group's, and so are its exits."""
        for curve in answer["curves"]:
            table = f"{answer['id']}/exits_by_group"
            exits = sum(curve["events"]) - BAND * len(curve["events"])
            if f"{table}/people/{curve['group']}" in self._shown:
                self.system.add_at_least([f"{table}/people/{curve['group']}"], curve["n_people"] - BAND)
                self.system.add_at_least([f"{table}/exits/{curve['group']}"], exits)


def exact_counts(evidences: Iterable[Any]) -> dict[str, float]:
    """The same cells before the gate."""
    found: dict[str, float] = {}
    for evidence in evidences:
        for estimate in evidence.estimates:
            if estimate.kind == "count":
                found[f"{evidence.id}/{estimate.name}"] = estimate.value
        for table in evidence.tables:
            for row in table.rows:
                for measure, value in zip(table.measures, row.values, strict=True):
                    if measure.kind == "count":
                        found[f"{evidence.id}/{table.name}/{measure.name}/{'|'.join(row.key)}"] = value
    return found
