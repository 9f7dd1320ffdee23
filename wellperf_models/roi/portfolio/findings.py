"""Evidence `roi.portfolio`: which of several initiatives to pay for from one budget."""

from __future__ import annotations

from collections.abc import Sequence

from wellperf_models.disclosure.wording import print_whole
from wellperf_models.evidence import (
    Check,
    Estimate,
    Evidence,
    Provenance,
    Support,
    Unanswered,
    plain,
    unanswered,
)
from wellperf_models.roi.findings_decision import money_unit, support_of_decision
from wellperf_models.roi.findings_returns import ENDS
from wellperf_models.roi.portfolio.candidates import Candidate
from wellperf_models.roi.portfolio.findings_tables import NOT_LOCAL, label_of, listed, tables_of_portfolio
from wellperf_models.roi.portfolio.model import Choice, Portfolio
from wellperf_models.roi.prior_words import BELIEF
from wellperf_models.roi.rows import PriorName, RoiFrame
from wellperf_models.roi.summaries import average, quantiles

_ID = "roi.portfolio"
_QUESTION = "What should the budget be spent on, and how sure is that choice?"


def rank_initiatives(
    frame: RoiFrame | Unanswered,
    portfolio: Portfolio | Unanswered,
    checks: Sequence[Check],
    *,
    provenance: Provenance,
) -> Evidence:
    """Builds the evidence on the choice; aggregates only.

    Args:
        frame: The return frame.
        portfolio: From `fit_portfolio`; an `Unanswered` gives an evidence that says why, without a number.
        checks: From `check_portfolio`.
        provenance: Where the numbers come from.
    """
    if isinstance(frame, Unanswered):
        return unanswered(_ID, _QUESTION, frame, population="", provenance=provenance)
    if isinstance(portfolio, Unanswered):
        return unanswered(
            _ID,
            _QUESTION,
            portfolio,
            population=frame.population,
            provenance=provenance,
            checks=tuple(checks),
        )
    support = support_of_decision(portfolio.decision)
    return Evidence(
        id=_ID,
        question=_QUESTION,
        answer=_answer(frame, portfolio),
        estimand="Of every set of candidates whose expected costs fit into the budget, the one with the "
        "largest expected net present value; the probability that no other set would be better; and the "
        "expected loss of choosing now. Candidates are ranked by the net present value expected for each "
        "unit of money.",
        population=frame.population,
        design=frame.section.design.replace("_", " "),
        provenance=provenance,
        estimates=_estimates(frame, portfolio, support),
        tables=tables_of_portfolio(frame, portfolio, support),
        checks=tuple(checks),
        assumptions=_assumptions(portfolio),
        limits=_limits(frame, portfolio),
        members=support.members,
    )


def _budget(portfolio: Portfolio) -> str:
    if portfolio.budget is None:
        return "no limit being declared"
    return f"a budget of {print_whole(portfolio.budget)} {portfolio.decision.currency}"


def _chosen(frame: RoiFrame, portfolio: Portfolio, choice: Choice) -> str:
    return listed([_stamped(frame, portfolio.candidates[place]) for place in choice.chosen])


def _stamped(frame: RoiFrame, one: Candidate) -> str:
    return label_of(frame, one) + ("" if one.local else f" ({NOT_LOCAL})")


def _answer(frame: RoiFrame, portfolio: Portfolio) -> str:
    judges = portfolio.decision.judged_by
    choices = [portfolio.choices[prior] for prior in judges]
    if not any(portfolio.affordable):
        return f"None: each of them is expected to cost more than {_budget(portfolio)}."
    same = len({choice.chosen for choice in choices}) == 1
    unit = money_unit(portfolio.decision)[1]
    if not same:
        told = "; ".join(
            f"{BELIEF[prior]}, {_chosen(frame, portfolio, choice) or 'none'}"
            for prior, choice in zip(judges, choices, strict=True)
        )
        start = f"That depends on what one believed beforehand. With {_budget(portfolio)}: {told}."
    elif not choices[0].chosen:
        start = (
            f"None: with {_budget(portfolio)}, none of them is expected to return more than it costs, "
            "alone or together."
        )
    else:
        start = (
            f"{_chosen(frame, portfolio, choices[0])}: with {_budget(portfolio)}, that is expected to bring "
            f"most, less what it costs (net present value).{_worth(portfolio, choices[0], unit)}"
        )
    right = " and ".join(f"{{p_choice_{p}}}" for p in judges)
    told_right = (
        f" The probability that no other choice would be better is {right}"
        f"{' respectively' if len(judges) > 1 else ''}; choosing now without knowing costs "
        f"{{regret_{judges[0]}}} {unit} on average, {BELIEF[judges[0]]}."
    )
    first = choices[0].order[0]
    top = _stamped(frame, portfolio.candidates[first])
    rank = (
        f" First in rank by what each unit of money brings is {top}; the probability that it truly is: "
        f"{{p_first_{judges[0]}}}."
        if len(portfolio.candidates) > 1
        else ""
    )
    return start + told_right + rank + _rule(portfolio)


def _worth(portfolio: Portfolio, choice: Choice, unit: str) -> str:
    """What it brings: the mean, by which is chosen, and the middle, under each set that judges."""
    judges = portfolio.decision.judged_by
    whose = {prior: f" {BELIEF[prior]}" for prior in judges}
    if not any(portfolio.candidates[place].local for place in choice.chosen):
        # no data speak of it: it is the same number whoever judges the programme
        judges, whose = judges[:1], dict.fromkeys(judges, "")
    mean = ", and ".join(f"{{expected_{p}}} {unit}{whose[p]}" for p in judges)
    middle = ", and ".join(f"{{worth_{p}.estimate}} {unit}{whose[p]}" for p in judges)
    return f" On average that is {mean}. The middle of what is likely is {middle}."


def _rule(portfolio: Portfolio) -> str:
    answer = portfolio.decision.answer
    return (
        f" By the declared rule the evaluated programme alone is “{answer}”: this ranks by what is expected, "
        "and does not ask whether enough is known."
    )


def _estimates(frame: RoiFrame, portfolio: Portfolio, support: Support) -> tuple[Estimate, ...]:
    found: list[Estimate] = []
    for prior in portfolio.decision.judged_by:
        found += _of_prior(frame, portfolio, prior, support)
    return tuple(found)


def _of_prior(frame: RoiFrame, portfolio: Portfolio, prior: PriorName, support: Support) -> list[Estimate]:
    choice, back = portfolio.choices[prior], portfolio.decision.returns[prior]
    divisor, unit = money_unit(portfolio.decision)
    by = BELIEF[prior]
    top, first = label_of(frame, portfolio.candidates[choice.order[0]]), choice.first[choice.order[0]]
    found = [
        *(
            Estimate(
                name=f"{name}_{prior}",
                label=f"Probability that {what}, {by}",
                value=told.value,
                unit="probability",
                support=support,
                computation="sampled",
                monte_carlo_error=told.error,
            )
            for name, what, told in (
                ("p_choice", "no other choice is better", choice.best_choice),
                ("p_ranking", "the whole ranking is right", choice.right_order),
                ("p_first", f"{top} truly brings most for each unit of money", first),
            )
        ),
        Estimate(
            name=f"regret_{prior}",
            label=f"What choosing now without knowing costs on average, {by}",
            value=choice.regret.value / divisor,
            unit=unit,
            support=support,
            computation="sampled",
            monte_carlo_error=choice.regret.error / divisor,
        ),
    ]
    if choice.chosen:
        middle, low, high = quantiles(choice.together / divisor, ENDS, back.n_effective)
        mean = average(choice.together / divisor, back.n_effective)
        found += [
            Estimate(
                name=f"expected_{prior}",
                label=f"Net present value expected of what is chosen (mean), {by}",
                value=mean.value,
                unit=unit,
                support=support,
                computation="sampled",
                monte_carlo_error=mean.error,
            ),
            Estimate(
                name=f"worth_{prior}",
                label=f"Net present value of what is chosen (median), {by}",
                value=middle.value,
                low=low.value,
                high=high.value,
                coverage=0.95,
                interval="credible",
                unit=unit,
                support=support,
                computation="sampled",
                monte_carlo_error=middle.error,
            ),
        ]
    return found


def _assumptions(portfolio: Portfolio) -> tuple[str, ...]:
    found = [
        "A set can be paid for where its expected costs, as a present value, are within the budget; every "
        "set is looked at. What is not spent is worth what it is.",
        "What one does neither helps nor hinders another: benefits of several add up.",
        "An amount, a factor or the fade-out that several share is one unknown, drawn once for all of them.",
    ]
    if len(portfolio.candidates) > 1:
        found.append(
            "What is believed of initiatives that were not measured here is a normal of the mean and "
            "standard deviation declared, independent of the programme's effects and the same under every "
            "set of priors."
        )
    return tuple(found)


def _limits(frame: RoiFrame, portfolio: Portfolio) -> tuple[str, ...]:
    found = ["A candidate comes whole or not at all: a smaller version is another candidate."]
    if others := [label_of(frame, c) for c in portfolio.candidates if not c.local]:
        found.append(
            f"{listed(others)}: no local evidence. The rank rests on what is believed, and a trial would be "
            "the first thing to pay for."
        )
    return tuple(plain(text) for text in found)
