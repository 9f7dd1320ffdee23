"""Random organisations and every table one may publish of them, with the cells each number is the sum of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from tests.disclosure.builders import evidence
from wellperf_models.evidence import Curve, Estimate, Evidence, Measure, Members, Row, Support, Table

# (site, department, band): the finest cell anything is the sum of
Atom = tuple[str, str, str]
MEASURES = (
    Measure(name="n_people", kind="count"),
    Measure(name="n_exits", kind="count"),
    Measure(name="exit_rate", kind="rate", numerator="n_exits", denominator="n_people", per=100),
)


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """People and exits of every atom.

    Attributes:
        people, exits: By atom.
        named: Whether answers say, for the ledger alone, who everybody is.
    """

    people: dict[Atom, int]
    exits: dict[Atom, int]
    named: bool = True

    def size(self, atoms: Iterable[Atom]) -> int:
        return sum(self.people[a] for a in atoms)

    def left(self, atoms: Iterable[Atom]) -> int:
        return sum(self.exits[a] for a in atoms)

    def atoms_of(self, *parts: str) -> list[Atom]:
        """Atoms that hold all these names: a site, a department, a band."""
        return [a for a in self.people if set(parts) <= set(a)]

    def names(self, place: int) -> list[str]:
        """Sites (0), departments (1) or bands (2)."""
        return sorted({a[place] for a in self.people})


def draw(rng: np.random.Generator) -> Organisation:
    """2 to 12 departments in 1 to 3 sites, in 1 to 3 bands; 1 to 60 people in each part."""
    sites, bands = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    people, exits = {}, {}
    for number in range(int(rng.integers(2, 13))):
        site, size = f"site {number % sites}", int(rng.integers(1, 61))
        parts = rng.multinomial(size, rng.dirichlet([2.0] * bands))
        for band, n in enumerate(parts):
            atom = (site, f"department {number:02d}", f"band {band}")
            people[atom] = int(n)
            exits[atom] = int(rng.binomial(n, rng.choice([0.02, 0.2, 0.5])))
    return Organisation(people=people, exits=exits)


def table(org: Organisation, name: str, *places: int, wider: Table | None = None, level: str = "") -> Table:
    """People and exits by site (0), department (1) or band (2), or by two of them.

    Args:
        org: The organisation.
        name: Of the table.
        places: What the keys are.
        wider: The same one level up.
        level: What a row is about.
    """
    keys = sorted({tuple(a[p] for p in places) for a in org.people})
    rows = []
    for key in keys:
        atoms = org.atoms_of(*key)
        rows.append(
            Row(
                key=key,
                values=_values(org, atoms),
                support=_support(org, atoms),
                parent=_parent(atoms, wider) if wider else "",
            )
        )
    return Table(
        name=name,
        title=name,
        keys=tuple(("site", "department", "band")[p] for p in places),
        measures=MEASURES,
        rows=tuple(rows),
        level=level,
        wider=wider,
    )


def everyone(org: Organisation) -> Table:
    """One row: the organisation."""
    atoms = list(org.people)
    row = Row(key=("everyone",), values=_values(org, atoms), support=_support(org, atoms))
    return Table(
        name="everyone",
        title="everyone",
        keys=("organisation",),
        measures=MEASURES,
        rows=(row,),
        level="organisation",
    )


def nested(org: Organisation) -> Table:
    """Departments within sites within the organisation."""
    whole = everyone(org)
    sites = table(org, "by_site", 0, wider=whole, level="site")
    return table(org, "by_department", 1, wider=sites, level="department")


def totals(org: Organisation) -> tuple[Estimate, ...]:
    """How many people and exits there are in all."""
    atoms = list(org.people)
    support = Support(n_people=org.size(atoms), members=_support(org, atoms).members)
    return tuple(
        Estimate(name=name, value=float(n), unit="people", kind="count", support=support)
        for name, n in (("n_people", org.size(atoms)), ("n_exits", org.left(atoms)))
    )


def curves(org: Organisation) -> tuple[Curve, ...]:
    """A survival curve of each department, one exit a month, and of everyone."""
    groups = {"": list(org.people)} | {d: org.atoms_of(d) for d in org.names(1)}
    return tuple(_curve(org, group, atoms) for group, atoms in groups.items() if org.size(atoms))


def publish(org: Organisation, rng: np.random.Generator) -> Evidence:
    """An answer with a random choice of tables that share their margins."""
    choices: dict[str, Callable[[], Table]] = {
        "nested": lambda: nested(org),
        "departments": lambda: table(org, "departments", 1),
        "sites": lambda: table(org, "sites", 0),
        "bands": lambda: table(org, "bands", 2),
        "departments_bands": lambda: table(org, "departments_bands", 1, 2),
        "sites_bands": lambda: table(org, "sites_bands", 0, 2),
    }
    names = [n for n in choices if rng.random() < 0.5] or ["departments"]
    return evidence(
        tables=tuple(choices[n]() for n in names),
        estimates=totals(org) if rng.random() < 0.7 else (),
        curves=curves(org) if rng.random() < 0.3 else (),
    )


def _values(org: Organisation, atoms: list[Atom]) -> tuple[float | None, ...]:
    n, left = org.size(atoms), org.left(atoms)
    return (n, left, 100 * left / n if n else None)


def _support(org: Organisation, atoms: list[Atom]) -> Support:
    n, left = org.size(atoms), org.left(atoms)
    return Support(
        n_people=n,
        n_complement=org.size(org.people) - n,
        n_events=left,
        n_non_events=n - left,
        members=Members(people=_names(org.people, atoms), events=_names(org.exits, atoms))
        if org.named
        else None,
    )


def _names(counts: dict[Atom, int], atoms: list[Atom]) -> frozenset[str]:
    """The first so many of each atom: leavers come first."""
    return frozenset("/".join((*atom, str(i))) for atom in atoms for i in range(counts[atom]))


def _parent(atoms: list[Atom], wider: Table) -> str:
    above = {row.key[-1] for row in wider.rows}
    return next(iter({name for a in atoms for name in (*a, "everyone") if name in above}))


def _curve(org: Organisation, group: str, atoms: list[Atom]) -> Curve:
    n, left = org.size(atoms), org.left(atoms)
    alive = [n, *range(n, n - left, -1)]
    y = [1.0, *((n - i - 1) / n for i in range(left))]
    return Curve(
        name="survival", label=group or "everyone", group=group, series="survival",
        x=tuple(float(i) for i in range(left + 1)), y=tuple(y), low=tuple(y), high=tuple(y),
        at_risk=tuple(alive), events=(0, *(1,) * left), x_unit="months", y_unit="probability",
        support=_support(org, atoms),
    )  # fmt: skip
