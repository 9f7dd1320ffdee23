"""What passed the gate. Only this displays values."""

from __future__ import annotations

import dataclasses
import html
from dataclasses import dataclass
from typing import Any, Final

from wellperf_models.disclosure.shown import displayed
from wellperf_models.disclosure.wording import print_estimate, significant
from wellperf_models.errors import DisclosureError
from wellperf_models.evidence import CellValue, Check, Curve, Estimate, Provenance, Table

MIME_TYPE: Final = "application/vnd.wellperf.released+json"
NOT_SHOWN: Final = "—"

# proof that a Released was made by `release` or `read`, not by hand
_SEAL: Final = object()


@dataclass(frozen=True, kw_only=True)
class Suppressed:
    """Something the gate kept back: what it was and why, in words."""

    what: str
    reason: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Released:
    """An answer that may be shown; built by `release()` or `read()` only.

    Attributes are those of `Evidence`, after the gate: estimates that passed, tables with counts rounded
    and suppressed values None, curves at the ends of blocks of events, checks with their text filled in.
    `held` names what is shown as an earlier pack had it, and why; `notes` says per table what the gate did.
    """

    id: str
    question: str
    answer: str
    estimand: str
    population: str
    design: str
    estimates: tuple[Estimate, ...]
    tables: tuple[Table, ...]
    curves: tuple[Curve, ...]
    checks: tuple[Check, ...]
    assumptions: tuple[str, ...]
    limits: tuple[str, ...]
    suppressed: tuple[Suppressed, ...]
    held: tuple[Suppressed, ...]
    notes: dict[str, tuple[str, ...]]
    provenance: Provenance
    seal: dataclasses.InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise DisclosureError(
                "A Released can't be built by hand.", remedy="call release(evidence, study) on an Evidence"
            )

    def estimate(self, name: str) -> Estimate:
        """The released estimate of that name.

        Raises:
            DisclosureError: It does not exist or was kept back; the reason is named.
        """
        return self._find("estimate", name, {e.name: e for e in self.estimates})

    def has(self, name: str) -> bool:
        """Whether an estimate of that name was released."""
        return any(e.name == name for e in self.estimates)

    def table(self, name: str) -> Table:
        """The released table of that name."""
        return self._find("table", name, {t.name: t for t in self.tables})

    def curves_of(self, series: str) -> tuple[Curve, ...]:
        """All released curves of a series, in order."""
        return tuple(c for c in self.curves if c.series == series)

    def _find[T](self, kind: str, name: str, known: dict[str, T]) -> T:
        if name in known:
            return known[name]
        for item in self.suppressed:
            if item.what == f"{kind} {name}":
                raise DisclosureError(f"The {kind} {name} is not shown.", where=self.id, got=item.reason)
        raise DisclosureError(
            f"There is no {kind} of that name.",
            where=self.id,
            expected=", ".join(known) or "(none released)",
            got=name,
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form, also what the notebook carries; floats to ten significant digits."""
        return {
            "id": self.id,
            "question": self.question,
            "answer": self.answer,
            "estimand": self.estimand,
            "population": self.population,
            "design": self.design,
            "estimates": [_estimate_dict(e) for e in self.estimates],
            "tables": [_table_dict(t, self.notes.get(t.name, ())) for t in self.tables],
            "curves": [_curve_dict(c) for c in self.curves],
            "checks": [_check_dict(c) for c in self.checks],
            "assumptions": list(self.assumptions),
            "limits": list(self.limits),
            "suppressed": [dataclasses.asdict(s) for s in self.suppressed],
            "held": [dataclasses.asdict(s) for s in self.held],
            "provenance": dataclasses.asdict(self.provenance),
        }

    def __repr__(self) -> str:
        lines = [self.question, f"  {self.answer}"]
        lines += [f"  {e.label or e.name}: {print_estimate(e)} {_unit(e)}".rstrip() for e in self.estimates]
        lines += [f"  [{_state(c.passed)}] {c.text}" for c in self.checks]
        lines += [f"  not shown: {s.what} ({s.reason})" for s in self.suppressed]
        lines += [f"  from an earlier pack: {s.what} ({s.reason})" for s in self.held]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For JupyterLab; the report has its own template."""
        escape = html.escape
        estimates = "".join(
            f"<tr><th scope='row' style='text-align:left'>{escape(e.label or e.name)}</th>"
            f"<td>{escape(print_estimate(e))}</td><td style='text-align:left'>{escape(_unit(e))}</td></tr>"
            for e in self.estimates
        )
        tables = "".join(_table_html(t, self.notes.get(t.name, ())) for t in self.tables)
        checks = "".join(f"<li><b>{_state(c.passed)}</b> {escape(c.text)}</li>" for c in self.checks)
        hidden = "".join(
            f"<li>{why}: {escape(s.what)} ({escape(s.reason)})</li>"
            for why, items in (("not shown", self.suppressed), ("from an earlier pack", self.held))
            for s in items
        )
        return (
            f"<section><h3>{escape(self.question)}</h3><p><b>{escape(self.answer)}</b></p>"
            f"<table>{estimates}</table>{tables}<ul>{checks}{hidden}</ul></section>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return displayed(
            {MIME_TYPE: self.to_dict(), "text/html": self._repr_html_(), "text/plain": repr(self)}
        )


def _state(passed: bool | None) -> str:
    return {True: "passed", False: "FAILED", None: "informative"}[passed]


def _unit(estimate: Estimate) -> str:
    return "" if estimate.unit in ("probability", "share", "rate") else estimate.unit


def _number(value: CellValue) -> CellValue:
    return significant(value) if isinstance(value, float) else value


def _estimate_dict(estimate: Estimate) -> dict[str, Any]:
    low, high = estimate.low, estimate.high
    return {
        "name": estimate.name,
        "label": estimate.label,
        "value": significant(estimate.value),
        "low": None if low is None else significant(low),
        "high": None if high is None else significant(high),
        "coverage": estimate.coverage,
        "interval": estimate.interval,
        "unit": estimate.unit,
        "scale": estimate.scale,
        "n_people": estimate.support.n_people,
        "kind": estimate.kind,
        "computation": estimate.computation,
        "monte_carlo_error": estimate.monte_carlo_error,
        "printed": print_estimate(estimate),
    }


def _table_dict(table: Table, notes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "keys": list(table.keys),
        "measures": [
            {"name": m.name, "label": m.label, "kind": m.kind, "unit": m.unit} for m in table.measures
        ],
        "rows": [
            {
                "key": list(row.key),
                "values": [_number(v) for v in row.values],
                "shown": any(v is not None for v in row.values),
                **({"monte_carlo_errors": list(row.monte_carlo_errors)} if row.monte_carlo_errors else {}),
            }
            for row in table.rows
        ],
        "about_people": table.about_people,
        "computation": table.computation,
        "notes": list(notes),
    }


def _curve_dict(curve: Curve) -> dict[str, Any]:
    return {
        "name": curve.name,
        "label": curve.label,
        "group": curve.group,
        "series": curve.series,
        "x": [significant(v) for v in curve.x],
        "y": [significant(v) for v in curve.y],
        "low": [significant(v) for v in curve.low],
        "high": [significant(v) for v in curve.high],
        "at_risk": list(curve.at_risk),
        "events": list(curve.events),
        "x_unit": curve.x_unit,
        "y_unit": curve.y_unit,
        "coverage": curve.coverage,
        "interval": curve.interval,
        "computation": curve.computation,
        "n_people": curve.support.n_people,
    }


def _check_dict(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "passed": check.passed,
        "value": None if check.value is None else significant(check.value),
        "threshold": check.threshold,
        "text": check.text,
        "computation": check.computation,
        "monte_carlo_error": check.monte_carlo_error,
    }


def _table_html(table: Table, notes: tuple[str, ...]) -> str:
    escape = html.escape
    head = "".join(f"<th>{escape(k)}</th>" for k in table.keys)
    head += "".join(f"<th>{escape(m.label or m.name)}</th>" for m in table.measures)
    body = "".join(
        "<tr>"
        + "".join(f"<th scope='row' style='text-align:left'>{escape(k)}</th>" for k in row.key)
        + "".join(f"<td>{escape(_cell(v))}</td>" for v in row.values)
        + "</tr>"
        for row in table.rows
    )
    foot = "".join(f"<p><small>{escape(n)}</small></p>" for n in notes)
    caption = f"<caption>{escape(table.title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


def _cell(value: CellValue) -> str:
    if value is None:
        return NOT_SHOWN
    return f"{value:.4g}" if isinstance(value, float) else str(value)
