"""Small findings to put before the gate."""

from pathlib import Path
from typing import Any

from wellperf_models.evidence import Curve, Estimate, Evidence, Measure, Provenance, Row, Support, Table
from wellperf_models.study import Study, load_study


def study(folder: Path, *, name: str = "acme", extra: str = "", general: str = "") -> Study:
    path = folder / f"{name}.toml"
    path.write_text(f'[study]\nname = "{name}"\nas_of = 2024-12-31\nseed = 1\n{general}\n{extra}')
    return load_study(path)


def provenance(**changes: Any) -> Provenance:
    plain = {
        "study": "acme", "as_of": "2024-12-31", "data_hmac": "0" * 64, "synthetic": True,
        "public_microdata": False, "seed": 1, "package_version": "0",
        "lock_sha256": "0" * 64, "python": "3.13",
    }  # fmt: skip
    return Provenance(**{**plain, **changes})


def evidence(**parts: Any) -> Evidence:
    plain = {
        "id": "test.question", "question": "How many?", "answer": "Nothing is said.", "estimand": "e",
        "population": "p", "design": "description", "provenance": provenance(),
    }  # fmt: skip
    return Evidence(**{**plain, **parts})


def estimate(
    name: str = "effect", *, value: float = 0.5, support: Support | None = None, **more: Any
) -> Estimate:
    plain = {
        "low": value - 0.1, "high": value + 0.1, "coverage": 0.95, "interval": "confidence", "unit": "points",
    }  # fmt: skip
    support = support or Support(n_people=203, n_events=50, n_non_events=153)
    return Estimate(name=name, value=value, support=support, **{**plain, **more})


def headcount(people: dict[str, int], *, exits: int = 3, partition: bool = True) -> Table:
    total = sum(people.values())
    return Table(
        name="headcount",
        title="Headcount",
        keys=("department",),
        measures=(
            Measure(name="n_people", kind="count"),
            Measure(name="n_exits", kind="count"),
            Measure(name="exit_rate", kind="rate", numerator="n_exits", denominator="n_people", per=100),
        ),
        rows=tuple(
            Row(
                key=(name,),
                values=(n, exits, 100 * exits / n if n else None),
                support=Support(n_people=n, n_complement=total - n),
            )
            for name, n in people.items()
        ),
        partition=partition,
    )


def curve(events: list[int], *, people: int | None = None, n_complement: int | None = None) -> Curve:
    people = people if people is not None else sum(events) + 50
    at_risk, y, alive = [], [], people
    for n in events:
        at_risk.append(alive)
        alive -= n
        y.append(alive / people)
    return Curve(
        name="survival", label="Still employed", x=tuple(float(i) for i in range(len(events))), y=tuple(y),
        low=tuple(v - 0.01 for v in y), high=tuple(v + 0.01 for v in y), at_risk=tuple(at_risk),
        events=tuple(events), x_unit="months", y_unit="probability",
        support=Support(n_people=people, n_complement=n_complement),
    )  # fmt: skip
