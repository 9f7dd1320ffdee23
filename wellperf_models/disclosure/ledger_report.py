"""What `wellperf ledger` prints: what a study has published, without a person and without an exact number."""

from __future__ import annotations

from wellperf_models.disclosure.entries import Entry, ledger_path, printable, read_ledger
from wellperf_models.disclosure.rules import COUNT_BASE
from wellperf_models.study import Study


def render_ledger(study: Study) -> str:
    """The ledger of a study as text: its runs, then its cells.

    Raises:
        DisclosureError: The ledger can't be read.
    """
    name = ledger_path(study).name
    if study.study.public_microdata:
        return f"{name}: published microdata need no ledger; everything may be shown"
    entries = read_ledger(study)
    lines = [f"{name}: {len(entries)} published cells"]
    if not entries:
        return "\n".join([*lines, "nothing has been published: `wellperf run` does"])
    runs: dict[tuple[str, str, str], int] = {}
    cells: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        run, cell = (entry.study, entry.as_of, entry.run_id), (entry.study, entry.definition, entry.period)
        runs[run] = runs.get(run, 0) + 1
        cells.setdefault(cell, []).append(entry)
    lines += ["", "runs (cells a pack shows as they were published before are not new, and not counted)"]
    lines += [
        f"  {printable(study_name)} as of {printable(as_of)}, run {printable(run_id)}: {n} new cells"
        for (study_name, as_of, run_id), n in runs.items()
    ]
    lines += ["", f"cells (people to the nearest {COUNT_BASE})"]
    several = len({study_name for study_name, _, _ in cells}) > 1
    for (study_name, definition, period), versions in sorted(cells.items()):
        last = max(versions, key=lambda e: e.as_of)
        about = f" ({printable(period)})" if period else ""
        whose = f"{printable(study_name)}: " if several else ""
        lines.append(
            f"  {whose}{printable(definition)}{about}: published {_times(len(versions))}, last as of "
            f"{printable(last.as_of)}, about {_rounded(last.n_people)} people"
        )
    return "\n".join(lines)


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def _rounded(n: int) -> int:
    return int((n + COUNT_BASE / 2) // COUNT_BASE) * COUNT_BASE
