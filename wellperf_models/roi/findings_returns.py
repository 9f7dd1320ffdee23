"""Tables of what comes back: by set of priors and year, at several hurdles, with what somebody would pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, interval_measures
from wellperf_models.roi.checks_effects import labels_of
from wellperf_models.roi.prior_words import words_of
from wellperf_models.roi.returns import DecisionResult, Paid, Return
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.roi.summaries import QUANTILES, Drawn, expected_losses, payback_years, quantiles, share
from wellperf_models.study import Decision

ENDS: Final = (0.5, 0.025, 0.975)
# of what was said one unit is worth
_MULTIPLES: Final = (0.0, 0.5, 1.0, 1.5, 2.0)
_PARTY: Final = {"employer": "the employer", "employee": "the employees", "others": "others"}


def tables_of_returns(
    frame: RoiFrame, decision: DecisionResult, declared: Decision, support: Support
) -> tuple[Table, ...]:
    """Every table on what comes back.

    Args:
        frame: The return frame.
        decision: From `fit_decision`.
        declared: The rule.
        support: What a number rests on that all channels make.
    """
    tables = [
        _by_prior(decision, support),
        _quantiles(decision, support),
        _cumulative(decision, support),
        _payback(decision, support),
        _acceptability(decision, declared, support),
    ]
    if decision.paid:
        tables += [_paid(frame, decision, support), _paid_curve(frame, decision, support)]
    return tuple(tables)


def row_of(key: tuple[str, ...], told: Sequence[Drawn | str | None], support: Support) -> Row:
    """A row of sampled numbers and words."""
    values: list[CellValue] = [t.value if isinstance(t, Drawn) else t for t in told]
    errors = [t.error if isinstance(t, Drawn) else None for t in told]
    return Row(key=key, values=tuple(values), support=support, monte_carlo_errors=tuple(errors))


def in_percent(told: Drawn) -> Drawn:
    """A share as per cent."""
    return Drawn(value=100 * told.value, error=100 * told.error)


def _sampled(
    name: str, title: str, keys: tuple[str, ...], measures: Sequence[Measure], rows: Sequence[Row]
) -> Table:
    return Table(
        name=name,
        title=title,
        keys=keys,
        measures=tuple(measures),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _columns(decision: DecisionResult, unit: str) -> tuple[Measure, ...]:
    """A column for each set of priors."""
    return tuple(
        Measure(name=prior, kind="model", unit=unit, label=words_of(prior, decision).capitalize())
        for prior in decision.returns
    )


def _by_prior(decision: DecisionResult, support: Support) -> Table:
    rows = []
    for prior, back in decision.returns.items():
        funded, stopped = expected_losses(back.npv, back.n_effective)
        rows.append(
            row_of(
                (words_of(prior, decision),),
                (
                    *quantiles(back.npv, ENDS, back.n_effective),
                    in_percent(share(back.npv > 0, back.n_effective)),
                    funded,
                    stopped,
                    decision.answers[prior],
                    "yes" if prior in decision.judged_by else "no: shown beside",
                ),
                support,
            )
        )
    return _sampled(
        "by_prior",
        "The answer under each set of priors, and what being wrong would cost on average "
        f"({decision.currency})",
        ("prior",),
        (
            *interval_measures("npv", "Net present value", decision.currency),
            Measure(name="p_positive", kind="model", unit="%", label="Returns more than it costs (%)"),
            Measure(name="loss_fund", kind="model", unit=decision.currency, label="Loss expected if funded"),
            Measure(name="loss_stop", kind="model", unit=decision.currency, label="If not funded"),
            Measure(name="answer", kind="text", label="Answer alone"),
            Measure(name="judges", kind="text", label="Judges"),
        ),
        rows,
    )


def _quantiles(decision: DecisionResult, support: Support) -> Table:
    found = {p: quantiles(r.npv, QUANTILES, r.n_effective) for p, r in decision.returns.items()}
    rows = [
        row_of((f"{100 * q:.0f} %",), [one[k] for one in found.values()], support)
        for k, q in enumerate(QUANTILES)
    ]
    title = f"Net present value: with this probability it is below the value given ({decision.currency})"
    return _sampled("npv_quantiles", title, ("probability",), _columns(decision, decision.currency), rows)


def _cumulative(decision: DecisionResult, support: Support) -> Table:
    rows = [
        row_of(
            (f"{year + 1}", words_of(prior, decision)),
            quantiles(back.cash.cumulative[:, year], ENDS, back.n_effective),
            support,
        )
        for prior, back in decision.returns.items()
        for year in range(decision.terms.horizon_years)
    ]
    return _sampled(
        "cumulative",
        f"Benefits less costs up to the end of each year, in money of the first ({decision.currency})",
        ("year", "prior"),
        interval_measures("cumulative", "Benefits less costs so far", decision.currency),
        rows,
    )


def _payback(decision: DecisionResult, support: Support) -> Table:
    horizon = decision.terms.horizon_years
    years = {p: payback_years(r.cash.cumulative) for p, r in decision.returns.items()}
    keys = {year: f"in year {year}" for year in range(1, horizon + 1)} | {0: f"not within {horizon} years"}
    rows = [
        row_of(
            (words,),
            [in_percent(share(years[p] == year, r.n_effective)) for p, r in decision.returns.items()],
            support,
        )
        for year, words in keys.items()
    ]
    title = "When what was spent is back, and stays back (probability, %)"
    return _sampled("payback", title, ("back",), _columns(decision, "%"), rows)


def _acceptability(decision: DecisionResult, declared: Decision, support: Support) -> Table:
    rows = [
        row_of(
            (f"{100 * hurdle:g} %",),
            [in_percent(share(r.roi >= hurdle, r.n_effective)) for r in decision.returns.values()],
            support,
        )
        for hurdle in sorted(declared.hurdle_rates)
    ]
    title = "Probability that it returns at least so much on top of what is spent (%)"
    return _sampled("acceptability", title, ("return asked",), _columns(decision, "%"), rows)


def _paid(frame: RoiFrame, decision: DecisionResult, support: Support) -> Table:
    """What somebody would pay for what has no price; it is in no other number."""
    labels, rows = labels_of(frame.outcomes), []
    for paid in decision.paid:
        for prior in paid.worth:
            back = decision.returns[prior]
            added: tuple[Drawn | None, ...] = (None,) * 4
            if paid.counts:
                own = share(paid.npv[prior] > 0, back.n_effective)
                added = (*quantiles(paid.npv[prior], ENDS, back.n_effective), in_percent(own))
            rows.append(
                row_of(
                    (paid.name, labels[paid.channel.outcome], words_of(prior, decision)),
                    (
                        *quantiles(paid.worth[prior], ENDS, back.n_effective),
                        *added,
                        f"{paid.asked} ({paid.channel.source})",
                        _PARTY[paid.party] + ("" if paid.counts else ": not counted from this point of view"),
                    ),
                    support,
                )
            )
    return _sampled(
        "willingness_to_pay",
        "With what somebody would pay for what has no price: told apart, in no other number "
        f"({decision.currency})",
        ("named", "outcome", "prior"),
        (
            *interval_measures("worth", "Present value", decision.currency),
            *interval_measures("with_it", "Net present value with it", decision.currency),
            Measure(name="p_positive", kind="model", unit="%", label="Then returns more than it costs (%)"),
            Measure(name="asked", kind="text", label="Who was asked"),
            Measure(name="party", kind="text", label="Whose money"),
        ),
        rows,
    )


def _paid_curve(frame: RoiFrame, decision: DecisionResult, support: Support) -> Table:
    """Acceptability over what one unit of an outcome is worth to somebody."""
    rows = []
    sets: list[PriorName] = [p for p in decision.returns if any(p in paid.worth for paid in decision.paid)]
    for paid in decision.paid:
        if not paid.counts:
            continue
        for multiple in _MULTIPLES:
            amount = multiple * paid.channel.amount
            rows.append(
                row_of(
                    (paid.name, f"{amount:g}"),
                    [_at(paid, p, amount, decision.returns[p]) for p in sets],
                    support,
                )
            )
    return _sampled(
        "willingness_to_pay_curve",
        "Probability that it returns more than it costs if one unit of the outcome is worth so much "
        f"({decision.currency})",
        ("named", "worth of one unit"),
        [m for m in _columns(decision, "%") if m.name in sets],
        rows,
    )


def _at(paid: Paid, prior: PriorName, amount: float, back: Return) -> Drawn | None:
    if prior not in paid.worth:
        return None
    rest = paid.npv[prior] - paid.channel.share * paid.worth[prior]
    return in_percent(share(rest + amount * paid.per_amount[prior] > 0, back.n_effective))
