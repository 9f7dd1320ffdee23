"""What may be shown, held against what the study has published before; and noted for the check at publish."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wellperf_models.disclosure.audience import audience_of
from wellperf_models.disclosure.checks import fill_check
from wellperf_models.disclosure.claims import Claim, record_claims
from wellperf_models.disclosure.history import History, Verdict
from wellperf_models.disclosure.released import Suppressed
from wellperf_models.disclosure.rules import Rules
from wellperf_models.disclosure.tables import ReleasedTable, hidden_row
from wellperf_models.evidence import CellValue, Check, Curve, Estimate, Evidence, Members, Row, Support, Table
from wellperf_models.study import Study

_PARTS_OF_A_CURVE = 6
_TWO_WAYS = "its rows add up two ways, and some of them have too few people"


@dataclass(kw_only=True)
class Shown:
    """The parts of an evidence that passed its own rules, on their way through the memory of the study.

    Attributes:
        estimates, tables, curves, checks: As they would be shown.
        kept_back: What is not shown and why.
        held: What is shown as an earlier pack had it, and why.
    """

    estimates: list[Estimate]
    tables: list[ReleasedTable]
    curves: list[Curve]
    checks: list[Check]
    kept_back: list[Suppressed]
    held: list[Suppressed]


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """One number (or row, or curve) with its claim, and what happens to it; silent: it is no number shown."""

    what: str
    claim: Claim
    hold: Callable[[Verdict], None]
    drop: Callable[[], None]
    silent: bool = False


def remember(evidence: Evidence, shown: Shown, study: Study) -> None:
    """Holds or keeps back what would give few people away together with earlier packs; notes the rest.

    Args:
        evidence: Before the gate: names who is behind each number.
        shown: After it; changed in place.
        study: Whose ledger is asked.
    """
    if study.study.public_microdata:
        return
    _all_or_nothing(shown)
    cells = [
        *_estimates(evidence, shown),
        *_rows(evidence, shown),
        *_curves(evidence, shown),
        *_checks(evidence, shown, Rules.of(study)),
    ]
    # what the reader's role takes away afterwards is published to nobody
    audience = audience_of(study)
    cells = [cell for cell in cells if audience.sees(evidence, cell.what)]
    claims = [cell.claim for cell in cells]
    verdicts = History.of(study).judge(claims, data=evidence.provenance.data_hmac)
    fresh = []
    for cell, verdict in zip(cells, verdicts, strict=True):
        if verdict.state == "fresh":
            fresh.append(cell.claim)
        elif cell.silent:
            continue
        elif verdict.state == "held" and verdict.values is not None:
            cell.hold(verdict)
            shown.held.append(Suppressed(what=cell.what, reason=verdict.reason))
        else:
            cell.drop()
            shown.kept_back.append(Suppressed(what=cell.what, reason=verdict.reason))
    gone = tuple(f"{evidence.id}/table/{name}/" for name in _all_or_nothing(shown))
    fresh = [claim for claim in fresh if not claim.definition.startswith(gone)]
    shown.estimates = [e for e in shown.estimates if e is not _GONE]
    shown.curves = [c for c in shown.curves if c is not _GONE_CURVE]
    record_claims(study, fresh)


def _claim(
    evidence: Evidence, definition: str, subject: str, support: Support, values: Sequence[CellValue]
) -> Claim:
    own = support.members if support.members and support.members.people else None
    members = own or evidence.members
    return Claim(
        definition=definition,
        subject=subject,
        # a row of several numbers is judged by the fewest people behind one, and rests on all of them
        n_people=len(own.people) if own else support.n_people,
        people=members.people if members else frozenset(),
        events=members.events if members else frozenset(),
        period=members.period if members else "",
        stable=members.stable if members else False,
        values=tuple(values),
    )


def _estimates(evidence: Evidence, shown: Shown) -> list[_Cell]:
    exact = {e.name: e.support for e in evidence.estimates}
    cells = []
    for place, item in enumerate(shown.estimates):
        name = f"{evidence.id}/estimate/{item.name}"
        values = (item.value, item.low, item.high, item.support.n_people)

        def hold(verdict: Verdict, place: int = place, item: Estimate = item) -> None:
            value, low, high, people = verdict.values or (None,) * 4
            shown.estimates[place] = dataclasses.replace(
                item,
                value=_real(value),
                low=None if low is None else _real(low),
                high=None if high is None else _real(high),
                label=f"{item.label or item.name} (as of {verdict.as_of})",
                support=Support(n_people=int(_real(people))),
            )

        def drop(place: int = place) -> None:
            shown.estimates[place] = _GONE

        claim = _claim(evidence, name, name, exact[item.name], values)
        cells.append(_Cell(what=f"estimate {item.name}", claim=claim, hold=hold, drop=drop))
    return cells


def _rows(evidence: Evidence, shown: Shown) -> list[_Cell]:
    cells = []
    for number, item in enumerate(shown.tables):
        table = item.table
        if not table.about_people:
            continue
        base = len(table.rows) - item.n_wider
        slices = _slices_share_people(item)
        if table.partition and (everybody := _everybody_in(item)):
            cells.append(_everyone(evidence, table, everybody))
        # a level above first: what it shows bounds what may be shown below it
        for place in (*range(base, len(table.rows)), *range(base)):
            row = table.rows[place]
            if all(v is None for v in row.values):
                continue
            definition = f"{evidence.id}/table/{table.name}/{'|'.join(row.key)}"
            subject = _statistic(evidence, table, slices, row) if table.partition else definition

            def change(
                values: tuple[CellValue, ...] | None, number: int = number, place: int = place
            ) -> None:
                former = shown.tables[number]
                rows = list(former.table.rows)
                old = rows[place]
                rows[place] = hidden_row(old) if values is None else dataclasses.replace(old, values=values)
                table: Table = dataclasses.replace(former.table, rows=tuple(rows))
                shown.tables[number] = dataclasses.replace(former, table=table)

            cells.append(
                _Cell(
                    what=f"table {table.name}: {' · '.join(row.key)}",
                    claim=_claim(evidence, definition, subject, item.exact[place].support, row.values),
                    hold=lambda verdict, change=change: change(verdict.values),  # type: ignore[misc]
                    drop=lambda change=change: change(None),  # type: ignore[misc]
                )
            )
    return cells


def _everyone(evidence: Evidence, table: Table, everybody: Members) -> _Cell:
    """The sum of a table's rows over everybody: estimates, curves and other answers tell it anyway."""
    subject = f"{evidence.id}/table/{'+'.join(m.name for m in table.measures)}"
    support = Support(n_people=len(everybody.people), members=everybody)
    claim = _claim(evidence, f"{subject}/everyone", subject, support, ())
    what = f"table {table.name}: everyone"
    return _Cell(what=what, claim=claim, hold=lambda _: None, drop=lambda: None, silent=True)


def _everybody_in(item: ReleasedTable) -> Members | None:
    """Who is in any row of a table; None where that is not known by name."""
    rows = [row.support for row in item.exact[: len(item.exact) - item.n_wider] if row.support.n_people]
    known = [s.members for s in rows if s.members and s.members.people]
    if not known or len(known) < len(rows):
        return None
    people = frozenset[str]().union(*(m.people for m in known))
    events = frozenset[str]().union(*(m.events for m in known))
    return dataclasses.replace(known[0], people=people, events=events)


def _statistic(evidence: Evidence, table: Table, share: bool, row: Row) -> str:
    """Which numbers a row can be subtracted from: those of every table of the answer with the same measures.

    Rows that split one population are one statistic, however it is split: by department, by site, by both.
    Where a table splits the same people several times (once for each model), each time is one of its own.
    """
    measures = "+".join(m.name for m in table.measures)
    own = (table.name, *row.key[:-1]) if share else ()
    return "|".join((f"{evidence.id}/table/{measures}", *own))


def _all_or_nothing(shown: Shown) -> list[str]:
    """Keeps back every table by two keys of which a row is kept back; names them.

    Its rows add up two ways, and other tables of the answer may hold either sum: from what is left of it, a
    row can often be told to within a few people.
    """
    names = []
    for number, item in enumerate(shown.tables):
        table = item.table
        hidden = any(all(v is None for v in row.values) for row in table.rows)
        if len(table.keys) < 2 or not (table.about_people and table.partition and hidden):
            continue
        if _slices_share_people(item):
            continue
        rows = tuple(hidden_row(row) for row in table.rows)
        shown.tables[number] = dataclasses.replace(item, table=dataclasses.replace(table, rows=rows))
        what = Suppressed(what=f"table {table.name}: every row", reason=_TWO_WAYS)
        if what not in shown.kept_back:
            shown.kept_back.append(what)
        names.append(table.name)
    return names


def _slices_share_people(item: ReleasedTable) -> bool:
    """Whether rows of different slices (all but the last key) are about the same people."""
    seen: dict[tuple[str, ...], set[str]] = {}
    for row in item.exact[: len(item.exact) - item.n_wider]:
        members = row.support.members
        if row.support.n_people == 0:
            continue
        if members is None or not members.people:
            return len(row.key) > 1
        seen.setdefault(row.key[:-1], set()).update(members.people)
    return len(seen) > 1 and sum(map(len, seen.values())) > len(set().union(*seen.values()))


def _curves(evidence: Evidence, shown: Shown) -> list[_Cell]:
    exact = {(c.name, c.group): c.support for c in evidence.curves}
    cells = []
    for place, curve in enumerate(shown.curves):
        subject = f"{evidence.id}/curve/{curve.name}"
        parts = (curve.x, curve.y, curve.low, curve.high, curve.at_risk, curve.events)
        values = tuple(v for part in parts for v in part)

        def hold(verdict: Verdict, place: int = place, curve: Curve = curve) -> None:
            old = verdict.values or ()
            n = len(old) // _PARTS_OF_A_CURVE
            x, y, low, high, at_risk, events = (
                tuple(_real(v) for v in old[i * n : (i + 1) * n]) for i in range(_PARTS_OF_A_CURVE)
            )
            shown.curves[place] = dataclasses.replace(
                curve,
                x=x,
                y=y,
                low=low,
                high=high,
                at_risk=tuple(int(v) for v in at_risk),
                events=tuple(int(v) for v in events),
                label=f"{curve.label} (as of {verdict.as_of})",
            )

        def drop(place: int = place) -> None:
            shown.curves[place] = _GONE_CURVE

        name = f"curve {curve.name}" + (f" of {curve.group}" if curve.group else "")
        claim = _claim(evidence, f"{subject}/{curve.group}", subject, exact[curve.name, curve.group], values)
        cells.append(_Cell(what=name, claim=claim, hold=hold, drop=drop))
    return cells


def _checks(evidence: Evidence, shown: Shown, rules: Rules) -> list[_Cell]:
    """A check may repeat a number that is held; where it is held itself only its state is told."""
    cells = []
    for place, (check, filled) in enumerate(zip(evidence.checks, shown.checks, strict=True)):
        if filled.value is None:
            continue
        definition = f"{evidence.id}/check/{check.name}"
        everybody = len(evidence.members.people) if evidence.members else 0
        support = check.support or Support(n_people=everybody)

        def drop(place: int = place, check: Check = check) -> None:
            shown.checks[place] = fill_check(check, rules, hidden=True)

        def hold(_: Verdict, drop: Callable[[], None] = drop) -> None:
            drop()

        claim = _claim(evidence, definition, definition, support, (filled.value,))
        cells.append(_Cell(what=f"check {check.name}", claim=claim, hold=hold, drop=drop))
    return cells


def _real(value: CellValue) -> float:
    if not isinstance(value, int | float):
        raise TypeError("a number of the ledger is no number")
    return float(value)


_GONE = Estimate(name="gone", value=0.0, support=Support(n_people=0), unit="")
_GONE_CURVE = Curve(
    name="gone", label="", x=(), y=(), low=(), high=(), at_risk=(), events=(), support=Support(n_people=0),
    x_unit="", y_unit="",
)  # fmt: skip
