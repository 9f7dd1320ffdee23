"""Which notebooks run for a reader."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.errors import RunError
from wellperf_models.runs.notebooks import Notebook, select_notebooks
from wellperf_models.study import Reach


def notebooks_for(every: Sequence[Notebook], only: Sequence[str], reach: Reach) -> tuple[Notebook, ...]:
    """The notebooks asked for, all of which must be for the role; with what they need.

    Args:
        every: All there are.
        only: Names; all that are for the role where empty.
        reach: What the role may see.

    Raises:
        RunError: There is no such notebook, or it is not for the role.
    """
    if reach.notebooks is None:
        return select_notebooks(every, only)
    allowed = select_notebooks(every, reach.notebooks)
    chosen = select_notebooks(every, only) if only else allowed
    if others := [n.name for n in chosen if n not in allowed]:
        raise RunError(
            f"A notebook is not for the role {reach.role}.",
            expected=", ".join(n.name for n in allowed),
            got=", ".join(others),
            remedy=f"leave it out, or declare it in [roles.{reach.role}] notebooks",
        )
    return chosen
