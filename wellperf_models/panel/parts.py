"""A study too large for memory, a part of its people at a time.

People are independent of one another given what is known of them, so what is counted over the parts adds up
to what is counted over all of them; how many parts there are changes the memory it takes and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import narwhals as nw

from wellperf_models.errors import DesignError
from wellperf_models.panel.engine import Source, table, to_polars
from wellperf_models.study import Study


class Part:
    """The tables of some of the people: a `Source`, as lazy as the tables are.

    Attributes:
        study: The study the tables belong to.
    """

    def __init__(self, tables: Source, names: tuple[str, ...], chosen: nw.Expr) -> None:
        self.study: Study = tables.study
        self._frames: dict[str, Any] = {
            name: table(tables, name).filter(chosen).to_native() for name in names if name in tables
        }

    def __contains__(self, name: object) -> bool:
        """Whether the study has the table."""
        return name in self._frames

    def __getitem__(self, name: str) -> Any:
        """The table's rows of these people."""
        return self._frames[name]

    def __repr__(self) -> str:
        """Names of tables only: the bounds of a part are ids of people."""
        return f"Part({', '.join(self._frames)})"


_OF_PEOPLE = ("people", "spells", "assignments", "workload", "surveys")


def parts_of(tables: Source, n_parts: int) -> Iterator[Part]:
    """The people in parts of about equal size, by ranges of their ids.

    Ranges rather than a hash, so that a Parquet file written in the order of its people is read in part too.

    Args:
        tables: Holds `spells`; any engine Narwhals knows, lazy or not.
        n_parts: How many; fewer come where there are fewer people.

    Yields:
        The parts, in the order of the ids.

    Raises:
        DesignError: `n_parts` below 1.
    """
    if n_parts < 1:
        raise DesignError("People come in one part at least.", where="parts_of", got=f"n_parts {n_parts}")
    ids = to_polars(table(tables, "spells").select("employee_id").unique())["employee_id"].sort()
    starts = sorted({place * len(ids) // n_parts for place in range(n_parts)})
    bounds = [ids[start] for start in starts if start] if len(ids) else []
    person = nw.col("employee_id")
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        chosen = ~person.is_null() if low is None else person >= low
        yield Part(tables, _OF_PEOPLE, chosen if high is None else chosen & (person < high))
