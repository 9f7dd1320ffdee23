"""What a business case is made of before any effect is known: outcomes without the programme, and costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wellperf_models.errors import StudyError
from wellperf_models.evidence import Support, Unanswered, attempt
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.panel import Source
from wellperf_models.roi.comparison import spread_a_year
from wellperf_models.roi.costs import read_costs, shown_people
from wellperf_models.roi.findings_words import members_offered
from wellperf_models.roi.lots import read_programme
from wellperf_models.roi.rows import CostLine, OutcomeRows, RoiFrame
from wellperf_models.study import CAUSAL_DESIGNS, Outcome, Roi, Study

DECLARED = "declared in the study file"


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """An outcome without the programme.

    Attributes:
        mean, sd: In its unit; None where not known.
        source: Where they come from, in words.
        support: Whom they were measured on; None where they are declared, or nobody was measured.
    """

    mean: float | None
    sd: float | None
    source: str
    support: Support | None = None

    def __repr__(self) -> str:
        """Where it comes from; its values have not passed the gate."""
        return f"Baseline({self.source!r}; not released)"


@dataclass(frozen=True, kw_only=True)
class CaseFrame:
    """What the business case eats.

    Attributes:
        section: `[roi]`.
        baselines: Outcome with a value in the money → what it is without the programme.
        costs: The cost ledger, or why it can't be read; () where nothing is known about costs.
        currency: Reporting currency; "" without `[money]`.
        money_rates: Currency → factor to the reporting currency.
        people: People it is about; None: not known.
        people_support: Whom they were counted from; None where the study file says how many.
        local: "effect" where these data hold a comparison that gives an effect, "contrast" where they hold
            one that does not, "" where they hold none.
        population: Who it is about, in words.
        seed: The study's.
        in_full: Published microdata.
    """

    section: Roi
    baselines: dict[str, Baseline]
    costs: tuple[CostLine, ...] | Unanswered
    currency: str
    money_rates: dict[str, float]
    people: int | None
    people_support: Support | None
    local: str
    population: str
    seed: int
    in_full: bool

    def __repr__(self) -> str:
        """Names only."""
        return f"CaseFrame({self.section.programme!r}: {', '.join(self.baselines)})"


def build_case(tables: Source, frame: RoiFrame | Unanswered) -> CaseFrame:
    """Gathers what is known without any effect; needs no table.

    Args:
        tables: May hold `costs` and `programmes`; its study has `[roi]`.
        frame: From `build_frame`, or why there is none, as before any programme.

    Raises:
        StudyError: No `[roi]`, or prices without a currency or a rate.
    """
    study = tables.study
    section = study.roi
    if section is None:
        raise StudyError("The study says nothing of a programme.", where="[roi]", remedy="add the section")
    valued = {n: o for n, o in section.outcomes.items() if o.value is not None and o.value.tier != "asserted"}
    people, counted = _people(section, frame)
    costs: tuple[CostLine, ...] | Unanswered
    if isinstance(frame, RoiFrame):
        costs, rates, population = frame.costs, frame.money_rates, frame.population
        local = "effect" if section.design in CAUSAL_DESIGNS and frame.has_control else "contrast"
    else:
        costs, rates = _declared_costs(tables, study, section, people)
        local = ""
        study_name = study.study.title or study.study.name
        population = f"People of the study “{study_name}” who would be offered the programme"
    return CaseFrame(
        section=section,
        baselines={name: _baseline(name, declared, frame) for name, declared in valued.items()},
        costs=costs,
        currency="" if study.money is None else study.money.reporting_currency,
        money_rates=rates,
        people=people,
        people_support=counted,
        local=local,
        population=population,
        seed=study.study.seed,
        in_full=study.study.public_microdata,
    )


def _people(section: Roi, frame: RoiFrame | Unanswered) -> tuple[int | None, Support | None]:
    """People it is about, and whom they were counted from."""
    if section.decision is not None and section.decision.people is not None:
        return section.decision.people, None
    if isinstance(frame, Unanswered) or not frame.of_people:
        return None, None
    support = Support(n_people=frame.n_offered, members=members_offered(frame))
    return shown_people(frame.n_offered, in_full=frame.in_full), support


def _declared_costs(
    tables: Source, study: Study, section: Roi, people: int | None
) -> tuple[tuple[CostLine, ...] | Unanswered, dict[str, float]]:
    """The ledger and the rates where there is no frame; prices are those of today where nothing has begun."""
    begun = attempt(read_programme, tables, section)
    changed: dict[str, object] = {}
    if isinstance(begun, Unanswered) or begun.start is None:
        changed["start"] = study.study.as_of
    if section.decision is not None:
        # what was booked is what it costs for the people declared: nobody counted whom it was offered to
        changed["decision"] = section.decision.model_copy(update={"people": None})
    found = attempt(read_costs, tables, section.model_copy(update=changed), None)
    if isinstance(found, Unanswered):
        # what is declared has a price all the same
        declared = {k: v for k, v in changed.items() if k != "decision"} | {"decision": None}
        _, rates = read_costs(tables, section.model_copy(update=declared), None)
        return found, rates
    return found


def _baseline(name: str, declared: Outcome, frame: RoiFrame | Unanswered) -> Baseline:
    """What is declared comes first; what these data say fills in what is not."""
    measured = None if isinstance(frame, Unanswered) else _measured(name, declared, frame)
    if declared.baseline is not None and (declared.baseline_sd is not None or measured is None):
        return Baseline(mean=declared.baseline, sd=declared.baseline_sd, source=DECLARED)
    if measured is None:
        return Baseline(mean=None, sd=declared.baseline_sd, source="not known")
    if declared.baseline is None and declared.baseline_sd is None:
        return measured
    mean = measured.mean if declared.baseline is None else declared.baseline
    sd = measured.sd if declared.baseline_sd is None else declared.baseline_sd
    source = f"{DECLARED}; the rest {measured.source}"
    return Baseline(mean=mean, sd=sd, source=source, support=measured.support)


def _measured(name: str, declared: Outcome, frame: RoiFrame) -> Baseline | None:
    """Mean and spread of those without the programme, or of all before it; None where there are none."""
    rows = frame.outcomes.get(name)
    if rows is not None and rows.time_unsaid:
        # a month's days are no baseline for an amount of a year
        return None
    if rows is not None and frame.section.design != "before_after" and not rows.treated.all():
        who = {
            "participation": "those who did not take part",
            "controlled_before_after": "the comparison group",
            "staggered": "those where it had not begun yet",
        }.get(frame.section.design, "those who were not offered the programme")
        return _summary(rows, ~rows.treated, f"measured on {who}")
    before = next((n for n in declared.adjust_for if n in frame.outcomes), None)
    if before is None:
        return None
    earlier = frame.outcomes[before]
    return _summary(earlier, np.ones(earlier.value.size, bool), "measured before the programme")


def _summary(rows: OutcomeRows, chosen: np.ndarray, source: str) -> Baseline:
    value, weight, unit = rows.value[chosen], rows.weight[chosen], rows.unit[chosen]
    mean = float(np.average(value, weights=weight))
    spread = spread_a_year(rows, chosen)
    return Baseline(
        mean=mean, sd=spread, source=source, support=_support(rows, chosen, unit, np.abs(value * weight))
    )


def _support(rows: OutcomeRows, chosen: np.ndarray, unit: np.ndarray, amounts: Floats) -> Support:
    """Whom a mean rests on: nobody's value follows from it."""
    codes, place = np.unique(unit, return_inverse=True)
    with_it = int(np.unique(unit[rows.value[chosen] > 0]).size)
    cases = rows.counts_cases
    own = np.sort(np.bincount(place, amounts))[::-1]
    return Support(
        n_people=codes.size,
        n_events=with_it if cases else None,
        n_non_events=codes.size - with_it if cases else None,
        residual_df=codes.size - 1,
        n_parameters=1,
        smallest_level=codes.size,
        total=None if cases else float(own.sum()),
        largest=None if cases else float(own[0]),
        second=None if cases else float(own[1]) if own.size > 1 else 0.0,
        members=rows.members(chosen),
    )
