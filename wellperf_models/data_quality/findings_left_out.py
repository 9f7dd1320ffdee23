"""Left out + checks → Evidence."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.data_quality.left_out import LeftOut, StreamCoverage
from wellperf_models.data_quality.weighting import Share, Weighted
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
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.study import Study
from wellperf_models.tables import Tables
from wellperf_models.tables.consent import SetAside

_ID = "data_quality.consent"
_QUESTION = "Whom do the personal streams leave out, and what could that change?"
_POPULATION = "Everybody employed in the observed time; for answers, everybody employed at the newest wave."
_Z95 = 1.959963984540054
_REASONS = {
    "no consent": "never agreed",
    "withdrawn": "has withdrawn since",
    "after withdrawal": "had withdrawn before",
    "outside its time": "agrees, but not for that time",
}


def describe_left_out(
    tables: Tables, left_out: LeftOut, checks: Sequence[Check], *, provenance: Provenance
) -> Evidence:
    """Whom consent and silence leave out, and what that could change.

    Args:
        tables: Checked tables.
        left_out: From `measure_left_out`.
        checks: From `check_left_out`.
        provenance: Where the numbers come from.

    Returns:
        Evidence "data_quality.consent"; without a table of consents and without answers that can be compared
        with who was employed, an evidence that says so.
    """
    if not left_out.streams and left_out.weighted is None:
        why = Unanswered(
            reason="the study has no table of consents, and no dated answers of people known to be employed.",
            remedy="add [tables.consent], or surveys with dates and spells with start and end",
        )
        return unanswered(
            _ID, _QUESTION, why, population=_POPULATION, provenance=provenance, checks=tuple(checks)
        )
    study = tables.study
    found = (_coverage_table(left_out), _exits_table(left_out), _set_aside_table(tables, left_out))
    return Evidence(
        id=_ID,
        question=_QUESTION,
        answer=" ".join((*_consent_words(study, left_out), *_weighted_words(study, left_out.weighted))),
        estimand="Share of people and of person-months that a consent covers; exits per 100 person-years "
        "without consent minus with it; share of cases (or mean score) among everybody employed at the "
        "newest wave.",
        population=_POPULATION,
        design="description",
        estimates=(*_weighted_estimates(study, left_out), *_consent_estimates(left_out)),
        tables=tuple(t for t in found if t is not None),
        checks=tuple(checks),
        assumptions=_assumptions(left_out),
        limits=_limits(left_out),
        provenance=provenance,
    )


def _consent_words(study: Study, left_out: LeftOut) -> list[str]:
    if not left_out.streams:
        return ["The study has no table of consents: nothing was filtered."]
    applied = [s.stream for s in left_out.streams if s.applied]
    if not applied:
        return ["No stream is based on consent; what the table of consents says is reported only."]
    back = study.consent is None or study.consent.withdrawal == "all"
    taken = " Whoever has withdrawn is left out altogether." if back else ""
    first = applied[0]
    return [
        f"Used with consent only: {', '.join(applied)}.{taken}",
        f"[Of {{n_people_{first}}} people, {{n_consent_{first}}} agree to the use of their {first}.]",
    ]


def _weighted_words(study: Study, weighted: Weighted | None) -> list[str]:
    if weighted is None:
        return [
            "What the answers say of those who gave none can't be worked out: dates or spells are missing."
        ]
    scale = study.measures[weighted.measure]
    label = plain(scale.label or weighted.measure).lower()
    if weighted.case_at is None:
        what, extremes = f"the mean {label} is {{as_answered}}", "been at one end of the scale or the other"
    else:
        extremes = "been cases, or none of them"
        end = "or less" if scale.higher_is == "better" else "or more"
        what = f"{{as_answered}} score {label} {weighted.case_at:g} {end}"
    return [
        f"[Of those who answered wave {plain(weighted.wave)}, {what}; weighted to everybody employed then, "
        "{weighted.estimate}.]",
        f"[Had all the others {extremes}: {{at_worst.interval}}.]",
    ]


def _consent_estimates(left_out: LeftOut) -> list[Estimate]:
    first = next((s for s in left_out.streams if s.applied), None)
    if first is None:
        return []
    covered = _coverage_support(first, left_out)
    everybody = Support(n_people=first.n_people)
    named = (
        (f"n_people_{first.stream}", "People observed", first.n_people, everybody),
        (f"n_consent_{first.stream}", f"Of them, with consent for {first.stream}", first.n_covered, covered),
    )
    return [
        Estimate(
            name=name, label=label, value=float(n), unit="people", kind="count", computation="exact",
            support=support,
        )
        for name, label, n, support in named
    ]  # fmt: skip


def _coverage_support(stream: StreamCoverage, left_out: LeftOut) -> Support:
    return Support(
        n_people=stream.n_covered,
        n_complement=stream.n_people - stream.n_covered,
        members=Members(people=stream.covered, stable=left_out.stable),
    )


def _weighted_estimates(study: Study, left_out: LeftOut) -> list[Estimate]:
    found = left_out.weighted
    if found is None:
        return []
    unit = "points" if found.case_at is None else "share"
    name = plain(study.measures[found.measure].label or found.measure)
    what = f"Mean {name.lower()}" if found.case_at is None else f"Cases of {name.lower()}"
    support = _answers_support(found, left_out)
    floor, ceiling = _range(found, study)

    def of(identifier: str, label: str, share: Share) -> Estimate:
        return Estimate(
            name=identifier, label=f"{what}: {label}", value=share.value, se=share.se, support=support,
            low=max(floor, share.value - _Z95 * share.se), high=min(ceiling, share.value + _Z95 * share.se),
            unit=unit, coverage=0.95, interval="confidence", computation="exact",
        )  # fmt: skip

    return [
        of("as_answered", "of those who answered", found.as_answered),
        of("weighted", "weighted to everybody employed at the wave", found.weighted),
        Estimate(
            name="at_worst",
            label=f"{what}: whatever the others would have answered (value: as answered)",
            value=found.as_answered.value, low=found.low, high=found.high, coverage=1.0, interval="bounds",
            unit=unit, support=support, computation="exact",
        ),
    ]  # fmt: skip


def _range(found: Weighted, study: Study) -> tuple[float, float]:
    scale = study.measures[found.measure]
    return (scale.low, scale.high) if found.case_at is None else (0.0, 1.0)


def _answers_support(found: Weighted, left_out: LeftOut) -> Support:
    cases = found.n_cases
    return Support(
        n_people=found.n_answered,
        n_complement=found.n_people - found.n_answered,
        n_events=cases,
        n_non_events=None if cases is None else found.n_answered - cases,
        smallest_level=found.smallest_cell,
        n_clusters=found.n_clusters,
        members=Members(
            people=found.answered, events=found.cases, period=f"wave {found.wave}", stable=left_out.stable
        ),
    )


def _coverage_table(left_out: LeftOut) -> Table | None:
    if not left_out.streams:
        return None
    dated = all(s.n_months is not None for s in left_out.streams)
    measures = (
        Measure(name="n_people", kind="count", label="People observed"),
        Measure(name="n_covered", kind="count", label="With consent"),
        Measure(
            name="people_share", kind="rate", numerator="n_covered", denominator="n_people", per=100,
            label="Of people", unit="%",
        ),
        Measure(name="n_months", kind="count", label="Person-months observed"),
        Measure(name="n_covered_months", kind="count", label="With consent (months)"),
        Measure(
            name="months_share", kind="rate", numerator="n_covered_months", denominator="n_months", per=100,
            label="Of person-months", unit="%",
        ),
    )  # fmt: skip
    keep = 6 if dated else 3
    return Table(
        name="consent",
        title="Consent by stream, over the observed time",
        keys=("stream", "use"),
        measures=measures[:keep],
        rows=tuple(
            Row(
                key=(s.stream, "with consent only" if s.applied else "another basis"),
                values=(s.n_people, s.n_covered, None, s.n_months, s.n_covered_months, None)[:keep],
                support=_coverage_support(s, left_out),
            )
            for s in left_out.streams
        ),
        partition=False,
    )


def _exits_table(left_out: LeftOut) -> Table | None:
    gaps = [(s, s.gap) for s in left_out.streams if s.gap is not None]
    if not gaps:
        return None
    rows = []
    for stream, gap in gaps:
        support = Support(
            n_people=stream.n_people,
            n_events=min(gap.n_exits),
            smallest_level=min(gap.n_people),
            members=Members(people=stream.covered, events=stream.left, stable=left_out.stable),
        )
        rows.append(Row(key=(stream.stream,), values=(gap.value, gap.low, gap.high), support=support))
    unit = "exits per 100 person-years"
    return Table(
        name="exits",
        title="Exits in time without consent, minus exits in time with it",
        keys=("stream",),
        measures=(
            Measure(name="difference", kind="model", label="Difference", unit=unit),
            Measure(name="difference_low", kind="model", label="95 % from", unit=unit),
            Measure(name="difference_high", kind="model", label="95 % to", unit=unit),
        ),
        rows=tuple(rows),
        partition=False,
    )


def _set_aside_table(tables: Tables, left_out: LeftOut) -> Table | None:
    if not left_out.set_aside:
        return None

    def row(part: SetAside) -> Row:
        return Row(
            key=(part.stream, _REASONS[part.reason]),
            values=(part.n_rows, part.n_people),
            support=Support(n_people=part.n_people),
        )

    return Table(
        name="set_aside",
        title="Rows in the extract that were not used: no consent covers them",
        keys=("stream", "the person"),
        measures=(
            Measure(name="n_rows", kind="count", label="Rows"),
            Measure(name="n_people", kind="count", label="People"),
        ),
        rows=tuple(row(part) for part in left_out.set_aside),
        partition=False,
    )


def _assumptions(left_out: LeftOut) -> tuple[str, ...]:
    if left_out.weighted is None:
        return ()
    return (
        "The weighted number holds if, within a department and a band of tenure, those without an answer "
        "would have answered like the others; the bounds need no assumption.",
    )


def _limits(left_out: LeftOut) -> tuple[str, ...]:
    limits = [
        "Whoever is left out of a stream is still counted as employed or gone; what they said is missing."
    ]
    if any(s.gap is not None for s in left_out.streams):
        limits.append(
            "More exits without consent do not say that refusing makes people leave: who stays longer has "
            "more time to agree, and to withdraw."
        )
    if left_out.weighted is not None:
        limits.append(
            "Weights mend what department and tenure explain. Those who keep silent because of what they "
            "would have said are seen by the bounds alone."
        )
    return tuple(limits)
