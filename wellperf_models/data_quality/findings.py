"""Coverage + checks → Evidence."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.data_quality.coverage import Coverage
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Measure,
    Members,
    Provenance,
    Row,
    Support,
    Table,
)
from wellperf_models.tables import SCHEMA, Tables
from wellperf_models.tables.questions import build_questions

_ROWS = Measure(name="n_rows", kind="count", label="Rows")


def describe(
    tables: Tables, coverage: Coverage, checks: Sequence[Check], *, provenance: Provenance
) -> Evidence:
    """What the extract holds and can answer.

    Args:
        tables: Checked tables.
        coverage: From `measure_coverage`.
        checks: From `check_coverage`.
        provenance: Where the numbers come from.

    Returns:
        Evidence "data_quality.description".
    """
    found = (
        _tables_table(coverage),
        _files_table(coverage),
        _response_table(coverage),
        _missing_table(coverage),
        _questions_table(tables),
    )
    return Evidence(
        id="data_quality.description",
        question="What do the data hold, and which questions can they answer?",
        answer=_answer(coverage, provenance.public_microdata),
        estimand="None: a description of the extract as of the study's day.",
        population="Everybody who appears in any table of the study.",
        design="description",
        estimates=_estimates(coverage),
        tables=tuple(t for t in found if t is not None),
        checks=tuple(checks),
        assumptions=("Every declared rule holds; a study that breaks one does not run.",),
        limits=(
            "Rules say what is possible, not what is true: a plausible wrong number passes them.",
            "People who left before observation began are in no table.",
        ),
        provenance=provenance,
    )


def _answer(coverage: Coverage, in_full: bool) -> str:
    how = "" if in_full else " (counts are rounded to multiples of five)"
    if coverage.at_least:
        return (
            f"The extract covers at least {{n_people}} people{how}: its files have no common ids, so the "
            "same people may be in each."
        )
    if coverage.n_employed is None:
        return f"The extract covers {{n_people}} people{how}."
    return (
        "The extract covers {n_people} people; {n_employed} were employed on the study's day and {n_exits} "
        f"exits are recorded{how}."
    )


def _estimates(coverage: Coverage) -> tuple[Estimate, ...]:
    counts = (
        ("n_people", "People in the extract", coverage.n_people, _members(coverage, coverage.people)),
        (
            "n_employed",
            "Employed on the study's day",
            coverage.n_employed,
            _members(coverage, coverage.people, coverage.employed),
        ),
        ("n_exits", "Exits recorded", coverage.n_exits, _members(coverage, coverage.people, coverage.left)),
    )
    found = [
        Estimate(
            name=name, label=label, value=float(n), unit="people" if name != "n_exits" else "exits",
            support=Support(n_people=coverage.n_people, members=members), kind="count", computation="exact",
        )
        for name, label, n, members in counts
        if n is not None
    ]  # fmt: skip
    gap = coverage.gap
    if gap is not None:
        found.append(
            Estimate(
                name="silence_gap_points",
                label=f"Earlier {gap.measure} of people who then did not answer, against those who did",
                value=gap.value, low=gap.low, high=gap.high, coverage=0.95, interval="confidence",
                unit="points", se=gap.se, computation="exact",
                support=Support(
                    n_people=gap.n_people, n_events=gap.n_silent, n_non_events=gap.n_people - gap.n_silent,
                    members=_members(coverage, gap.people, gap.silent),
                ),
            )
        )  # fmt: skip
    return tuple(found)


def _members(
    coverage: Coverage, people: frozenset[str], events: frozenset[str] = frozenset(), *, period: str = ""
) -> Members | None:
    """Who a number rests on; None where nobody has an id."""
    if not people:
        return None
    return Members(people=people, events=events, period=period, stable=coverage.stable)


def _tables_table(coverage: Coverage) -> Table:
    return Table(
        name="tables",
        title="Tables of the study",
        keys=("table", "one row is"),
        measures=(
            _ROWS,
            Measure(name="n_people", kind="count", label="People"),
            Measure(name="n_dropped", kind="count", label="Duplicate rows dropped"),
        ),
        rows=tuple(
            Row(
                key=(t.table, SCHEMA[t.table].grain),
                values=(t.n_rows, t.n_people, t.n_dropped),
                support=Support(
                    n_people=coverage.n_people if t.n_people is None else t.n_people,
                    # those who are in other tables only: consent or its lack may be why
                    n_complement=None if t.n_people is None else max(0, coverage.n_people - t.n_people),
                    members=_members(coverage, t.people or coverage.people),
                ),
            )
            for t in coverage.tables
        ),
        partition=False,
    )


def _files_table(coverage: Coverage) -> Table | None:
    if not coverage.files:
        return None
    return Table(
        name="files",
        title="Files that were read",
        keys=("file",),
        measures=(
            _ROWS,
            Measure(name="sha256", kind="text", label="sha256"),
            Measure(name="status", kind="text", label="Compared with the published file"),
        ),
        rows=tuple(
            Row(key=(f.name,), values=(f.n_rows, f.sha256, f.status), support=Support(n_people=0))
            for f in coverage.files
        ),
        partition=False,
        about_people=False,
    )


def _response_table(coverage: Coverage) -> Table | None:
    waves = [w for w in coverage.waves if w.n_invited]
    if not waves:
        return None
    return Table(
        name="response",
        title="Who answered, by survey wave",
        keys=("wave",),
        measures=(
            Measure(name="n_invited", kind="count", label="Employed at the wave"),
            Measure(name="n_answered", kind="count", label="Answered"),
            Measure(
                name="response_rate", kind="rate", numerator="n_answered", denominator="n_invited", per=100,
                label="Response", unit="%",
            ),
        ),
        rows=tuple(
            Row(
                key=(w.wave,),
                values=(w.n_invited, w.n_answered, None),
                support=Support(
                    n_people=w.n_answered,
                    n_complement=max((w.n_invited or 0) - w.n_answered, 0),
                    members=_members(coverage, w.answered, period=f"wave {w.wave}"),
                ),
            )
            for w in waves
        ),
        partition=False,
    )  # fmt: skip


def _missing_table(coverage: Coverage) -> Table | None:
    if not coverage.missing:
        return None
    people = {t.table: t.people for t in coverage.tables}
    return Table(
        name="missing",
        title="Missing cells, where at least ten but not all are missing",
        keys=("table", "column"),
        measures=(
            _ROWS,
            Measure(name="n_missing", kind="count", label="Missing"),
            Measure(
                name="missing_rate", kind="rate", numerator="n_missing", denominator="n_rows", per=100,
                label="Missing", unit="%",
            ),
        ),
        rows=tuple(
            Row(
                key=(m.table, m.column),
                values=(m.n_rows, m.n_missing, None),
                support=Support(n_people=m.n_people, members=_members(coverage, people[m.table])),
            )
            for m in coverage.missing
        ),
        partition=False,
    )  # fmt: skip


def _questions_table(tables: Tables) -> Table:
    text = (
        Measure(name="now", kind="text", label="Answerable now"),
        Measure(name="pooled", kind="text", label="After pooling"),
        Measure(name="needs", kind="text", label="Needs"),
    )
    return Table(
        name="questions",
        title="Which questions these data can answer",
        keys=("question",),
        measures=text,
        rows=tuple(
            Row(key=(q.question,), values=(q.now, q.after_pooling, q.needs), support=Support(n_people=0))
            for q in build_questions({name: tables[name] for name in tables.names}, tables.study)
        ),
        partition=False,
        about_people=False,
    )
