"""What may be shown, held against what the study has published before; and noted for the check at publish."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wellperf_models.disclosure.audience import audience_of
from wellperf_models.disclosure.claims import Claim, record_claims
from wellperf_models.disclosure.history import History, Verdict
from wellperf_models.disclosure.released import Suppressed
from wellperf_models.disclosure.tables import ReleasedTable, hidden_row
from wellperf_models.evidence import CellValue, Curve, Estimate, Evidence, Support, Table
from wellperf_models.study import Study

_PARTS_OF_A_CURVE = 6


@dataclass(kw_only=True)
class Shown:
    """The parts of an evidence that passed its own rules, on their way through the memory of the study.

    Attributes:
        estimates, tables, curves: As they would be shown.
        kept_back: What is not shown and why.
        held: What is shown as an earlier pack had it, and why.
    """

    estimates: list[Estimate]
    tables: list[ReleasedTable]
    curves: list[Curve]
    kept_back: list[Suppressed]
    held: list[Suppressed]


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """One number (or row, or curve) with its claim, and what happens to it."""

    what: str
    claim: Claim
    hold: Callable[[Verdict], None]
    drop: Callable[[], None]


def remember(evidence: Evidence, shown: Shown, study: Study) -> None:
    """Holds or keeps back what would give few people away together with earlier packs; notes the rest.

    Args:
        evidence: Before the gate: names who is behind each number.
        shown: After it; changed in place.
        study: Whose ledger is asked.
    """
    if study.study.public_microdata:
        return
    cells = [*_estimates(evidence, shown), *_rows(evidence, shown), *_curves(evidence, shown)]
    # what the reader's role takes away afterwards is published to nobody
    audience = audience_of(study)
    cells = [cell for cell in cells if audience.sees(evidence, cell.what)]
    claims = [cell.claim for cell in cells]
    verdicts = History.of(study).judge(claims, data=evidence.provenance.data_hmac)
    fresh = []
    for cell, verdict in zip(cells, verdicts, strict=True):
        if verdict.state == "fresh":
            fresh.append(cell.claim)
        elif verdict.state == "held" and verdict.values is not None:
            cell.hold(verdict)
            shown.held.append(Suppressed(what=cell.what, reason=verdict.reason))
        else:
            cell.drop()
            shown.kept_back.append(Suppressed(what=cell.what, reason=verdict.reason))
    shown.estimates = [e for e in shown.estimates if e is not _GONE]
    shown.curves = [c for c in shown.curves if c is not _GONE_CURVE]
    record_claims(study, fresh)


def _claim(
    evidence: Evidence, definition: str, subject: str, support: Support, values: Sequence[CellValue]
) -> Claim:
    members = support.members or evidence.members
    return Claim(
        definition=definition,
        subject=subject,
        # a row of several numbers is judged by the fewest people behind one, and rests on all of them
        n_people=len(support.members.people) if support.members else support.n_people,
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
        # a level above first: what it shows bounds what may be shown below it
        for place in (*range(base, len(table.rows)), *range(base)):
            row = table.rows[place]
            if all(v is None for v in row.values):
                continue
            subject = f"{evidence.id}/table/{table.name}"
            definition = f"{subject}/{'|'.join(row.key)}"
            # rows that split one population are one statistic; other rows are a statistic each
            subject = "|".join((subject, *row.key[:-1])) if table.partition else definition

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


def _real(value: CellValue) -> float:
    if not isinstance(value, int | float):
        raise TypeError("a number of the ledger is no number")
    return float(value)


_GONE = Estimate(name="gone", value=0.0, support=Support(n_people=0), unit="")
_GONE_CURVE = Curve(
    name="gone", label="", x=(), y=(), low=(), high=(), at_risk=(), events=(), support=Support(n_people=0),
    x_unit="", y_unit="",
)  # fmt: skip
