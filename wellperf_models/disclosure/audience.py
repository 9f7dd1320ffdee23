"""What of a released answer a reader's role may see; the rest is taken away before anything displays it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wellperf_models.disclosure.released import _SEAL, Released, Suppressed
from wellperf_models.evidence import Evidence, Measure, Table
from wellperf_models.study import Reach, Study, current_role

NOT_FOR_ROLE: Final = "not for this role"
_NO_ANSWER: Final = "Not for this role."
_PARTLY: Final = "For this role: what is shown below."
_FROM_A_MODEL: Final = "Columns that come from a model are not for this role."


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who reads.

    Attributes:
        reach: What the role may see.
    """

    reach: Reach

    def restrict(self, released: Released) -> Released:
        """Takes away what the role may not see; says that something was taken, not what it was.

        Args:
            released: After the gate; not changed.

        Returns:
            The same answer, with less in it; restricting it again changes nothing.
        """
        reach = self.reach
        if reach.everything:
            return released
        if reach.answers is not None and released.id not in reach.answers:
            return _nothing_of(released)
        notes = dict(released.notes)
        tables = [kept for t in released.tables if (kept := self._table(t, notes)) is not None]
        names = {table.name for table in tables}
        estimates = released.estimates if "estimates" in reach.parts else ()
        curves = released.curves if "curves" in reach.parts else ()
        checks = released.checks if "checks" in reach.parts else ()
        told = "answer" in reach.parts
        taken = [
            what
            for what, gone in (
                ("answer in words", not told),
                ("estimates", len(estimates) < len(released.estimates)),
                ("tables", len(tables) < len(released.tables)),
                ("curves", len(curves) < len(released.curves)),
                ("checks", len(checks) < len(released.checks)),
            )
            if gone
        ]
        answer = released.answer
        if not told:
            answer = _PARTLY if tables or estimates or curves or checks else _NO_ANSWER
        return dataclasses.replace(
            released,
            answer=answer,
            estimates=estimates,
            tables=tuple(tables),
            curves=curves,
            checks=checks,
            # what they assume says how estimates were made
            assumptions=released.assumptions if told else (),
            suppressed=(*self._of_kept(released.suppressed, names), *_taken(released, taken)),
            held=self._of_kept(released.held, names),
            notes={name: lines for name, lines in notes.items() if name in names},
            seal=_SEAL,
        )

    def sees(self, evidence: Evidence, what: str) -> bool:
        """Whether anything of a number reaches the reader, so that the ledger has to remember it.

        Args:
            evidence: Before the gate.
            what: As the gate names it: "estimate NAME", "table NAME: KEY", "curve NAME of GROUP",
                "check NAME".
        """
        reach = self.reach
        if reach.everything:
            return True
        if reach.answers is not None and evidence.id not in reach.answers:
            return False
        kind, _, name = what.partition(" ")
        if kind == "table":
            tables = {t.name: t for t in evidence.tables}
            return self._columns_of(tables[name.partition(":")[0]]) is not None
        # the answer in words tells estimates too
        by_kind = {"estimate": {"estimates", "answer"}, "curve": {"curves"}, "check": {"checks"}}
        parts = by_kind.get(kind, set())
        return bool(parts & reach.parts)

    def _table(self, table: Table, notes: dict[str, tuple[str, ...]]) -> Table | None:
        """The table as the role may see it; None where it may not. A column left out is noted."""
        chosen = self._columns_of(table)
        if chosen is None:
            return None
        if len(chosen) < len(table.measures):
            notes[table.name] = (*notes.get(table.name, ()), _FROM_A_MODEL)
        return _columns(table, chosen)

    def _columns_of(self, table: Table) -> list[int] | None:
        """Indices of the measures the role may see; None: not even the rows."""
        whole = "tables" in self.reach.parts
        if not table.level:
            return list(range(len(table.measures))) if whole else None
        if "groups" not in self.reach.parts:
            return None
        chosen = [i for i, m in enumerate(table.measures) if whole or not _of_a_model(m, table)]
        return chosen if whole or any(table.measures[i].kind != "text" for i in chosen) else None

    def _of_kept(self, items: Sequence[Suppressed], tables: set[str]) -> tuple[Suppressed, ...]:
        """What the gate said of the parts the role may see."""
        return tuple(i for i in items if i.reason == NOT_FOR_ROLE or self._may_hear_of(i.what, tables))

    def _may_hear_of(self, what: str, tables: set[str]) -> bool:
        kind, _, name = what.partition(" ")
        if kind == "table":
            return name.partition(":")[0] in tables
        return {"estimate": "estimates", "curve": "curves", "check": "checks"}.get(
            kind, ""
        ) in self.reach.parts


def audience_of(study: Study) -> Audience:
    """The audience this process works for: what the run says; a researcher where nobody says anything.

    Args:
        study: Declares what each role may see.

    Raises:
        StudyError: The run names a role that does not exist.
    """
    return Audience(reach=study.roles.reach(current_role()))


def _nothing_of(released: Released) -> Released:
    """The question alone."""
    return dataclasses.replace(
        released,
        answer=_NO_ANSWER,
        estimand="",
        population="",
        design="",
        estimates=(),
        tables=(),
        curves=(),
        checks=(),
        assumptions=(),
        limits=(),
        suppressed=(Suppressed(what="answer", reason=NOT_FOR_ROLE),),
        held=(),
        notes={},
        seal=_SEAL,
    )


def _taken(released: Released, taken: Sequence[str]) -> list[Suppressed]:
    said = {item.what for item in released.suppressed if item.reason == NOT_FOR_ROLE}
    return [Suppressed(what=what, reason=NOT_FOR_ROLE) for what in taken if what not in said]


def _of_a_model(measure: Measure, table: Table) -> bool:
    """Whether a column was fitted: so it says; or a fit went into its table, and it is no plain count."""
    return measure.kind == "model" or (measure.kind not in ("count", "rate") and table.computation != "exact")


def _columns(table: Table, chosen: Sequence[int]) -> Table:
    """Some columns of a table, without the tables above it."""
    return dataclasses.replace(
        table,
        wider=None,
        measures=tuple(table.measures[i] for i in chosen),
        rows=tuple(
            dataclasses.replace(
                row,
                values=tuple(row.values[i] for i in chosen),
                monte_carlo_errors=tuple(row.monte_carlo_errors[i] for i in chosen)
                if row.monte_carlo_errors
                else (),
            )
            for row in table.rows
        ),
    )
