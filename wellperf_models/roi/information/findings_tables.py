"""Tables of the value of information: groups of unknowns, trials, the tornado, shares of variance."""

from __future__ import annotations

from typing import Final

from wellperf_models.evidence import CellValue, Measure, Row, Support, Table, plain
from wellperf_models.inference.moment_independent import NOTHING
from wellperf_models.inference.value_of_information import Gain
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.findings_words import unit_of
from wellperf_models.roi.information.advice import trials_of
from wellperf_models.roi.information.results import BY_TRIAL, Information, Swing
from wellperf_models.roi.information.unknowns import JUDGED
from wellperf_models.roi.prior_words import PRIOR_WORDS
from wellperf_models.roi.rows import PriorName, RoiFrame

_Z95: Final = 1.959963984540054
# of an unknown that hardly moves anything; those that somebody judged are told however small
_MOST_SWINGS: Final = 12
# as it is read: ".03"
_NOTHING: Final = f"{NOTHING:.2f}".lstrip("0")
_NO_PEOPLE: Final = Support(n_people=0)


def tables_of(frame: RoiFrame, information: Information, support: Support) -> tuple[Table, ...]:
    """Every table of the evidence.

    Args:
        frame, information: As of `judge_information`.
        support: What a number rests on that all channels make.
    """
    found = [_groups(information, support), _tornado(information, support)]
    if trials_of(next(iter(information.under.values()))):
        found[1:1] = [_trials(frame, information, support), _spreads(frame, information)]
    if information.shares:
        found.append(_shares(information, support))
    return tuple(found)


def level_of(frame: RoiFrame) -> str:
    """What lots of a trial would be drawn among, in a word."""
    return "team" if frame.section.level == "person" else frame.section.level


def _money(name: str, label: str, unit: str) -> Measure:
    return Measure(name=name, kind="model", unit=unit, label=label)


def _groups(information: Information, support: Support) -> Table:
    """What it would be worth to know each group of unknowns, and everything."""
    rows = []
    for prior, under in information.under.items():
        whole = under.perfect
        told: list[tuple[str, Gain, str]] = [("Everything", whole, "")]
        told += [
            (group.label, gain, "yes" if group.kind in BY_TRIAL else "no") for group, gain in under.groups
        ]
        for label, gain, by_trial in told:
            share = 100 * gain.value / whole.value if whole.value > 0 else None
            error = 100 * gain.std_error / whole.value if whole.value > 0 else None
            values: tuple[CellValue, ...] = (gain.value, _Z95 * gain.std_error, share, by_trial)
            errors = (gain.std_error, gain.std_error, error, None)
            rows.append(
                Row(
                    key=(label, PRIOR_WORDS[prior]),
                    values=values,
                    support=support,
                    monte_carlo_errors=_positive(errors),
                )
            )
    currency = information.decision.currency
    return Table(
        name="groups",
        title=f"What knowing it before deciding would be worth ({currency}, for everybody)",
        keys=("known", "prior"),
        measures=(
            _money("value", "Value of knowing it", currency),
            _money("error", "±", currency),
            Measure(name="share", kind="model", unit="%", label="Of everything (%)"),
            Measure(name="by_trial", kind="text", label="A trial tells it"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _trials(frame: RoiFrame, information: Information, support: Support) -> Table:
    """What each trial would bring."""
    rows = []
    for prior, under in information.under.items():
        for one in trials_of(under):
            trial = one.trial
            among = (
                f"{trial.clusters:,} {level_of(frame)}s" if trial.clusters is not None else "person by person"
            )
            error = one.net_error
            values = (one.gain.value, one.cost, one.waiting, one.net, _Z95 * error)
            errors = (one.gain.std_error, error, error, error, error)
            rows.append(
                Row(
                    key=(f"{trial.people:,}", among, PRIOR_WORDS[prior]),
                    values=values,
                    support=support,
                    monte_carlo_errors=_positive(errors),
                )
            )
    currency = information.decision.currency
    return Table(
        name="trials",
        title=f"Trials that could be run first: what each would be expected to bring ({currency})",
        keys=("people", "lots among", "prior"),
        measures=(
            _money("told", "Worth of what it tells", currency),
            _money("cost", "Its cost, programme included", currency),
            _money("waiting", "Lost by waiting, less what its treated half gains", currency),
            _money("net", "Net", currency),
            _money("error", "±", currency),
        ),
        rows=tuple(rows),
        partition=False,
        computation="sampled",
    )


def _spreads(frame: RoiFrame, information: Information) -> Table:
    """What outcomes vary by: it says how surely a trial would tell an effect."""
    labels = labels_of(frame.outcomes)
    rows = []
    for name, spread in information.spreads.items():
        effect = information.decision.effects[name]
        how = "these data, or declared" if spread.told else "assumed: these data can't tell"
        values = (spread.sd, unit_of(frame.outcomes[name]), 100 * spread.icc, how)
        rows.append(Row(key=(labels[name],), values=values, support=support_of(effect)))
    return Table(
        name="spreads",
        title="What a person's outcome varies by over a year, which says how surely a trial would tell an "
        "effect",
        keys=("outcome",),
        measures=(
            Measure(name="sd", kind="model", label="Standard deviation"),
            Measure(name="unit", kind="text", label="Unit"),
            Measure(
                name="shared", kind="model", unit="%", label=f"Between {level_of(frame)}s (% of variance)"
            ),
            Measure(name="how", kind="text", label="That share: how known"),
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def told_swings(swings: tuple[Swing, ...]) -> list[Swing]:
    """The largest swings, and those of what somebody judged, however small."""
    return [s for k, s in enumerate(swings) if k < _MOST_SWINGS or s.unknown.status in JUDGED]


def _swing(swing: Swing, prior: PriorName, support: Support) -> Row:
    one, errors = swing.unknown, swing.errors
    money, ends = (swing.npv_low, swing.npv_high), (swing.low, swing.high)
    return Row(
        key=(plain(one.label), PRIOR_WORDS[prior]),
        values=(*money, *ends, plain(one.unit), one.status, swing.delta.value),
        support=support,
        monte_carlo_errors=(errors[2], errors[3], errors[0], errors[1], None, None, swing.delta.std_error),
    )


def _tornado(information: Information, support: Support) -> Table:
    """Net present value with one unknown at the ends of its interval."""
    rows = tuple(
        _swing(swing, prior, support)
        for prior, under in information.under.items()
        for swing in told_swings(under.swings)
    )
    currency = information.decision.currency
    return Table(
        name="tornado",
        title=f"Net present value with one number at the ends of its 95 % interval ({currency}); Delta: how "
        f"much it moves the whole distribution, from 0 (not at all; up to {_NOTHING} is nothing) to 1",
        keys=("unknown", "prior"),
        measures=(
            _money("npv_at_low", "Net present value at its 2.5 %", currency),
            _money("npv_at_high", "at its 97.5 %", currency),
            Measure(name="at_low", kind="model", label="2.5 %"),
            Measure(name="at_high", kind="model", label="97.5 %"),
            Measure(name="unit", kind="text", label="Unit"),
            Measure(name="status", kind="text", label="How known"),
            Measure(name="delta", kind="model", label="Delta"),
        ),
        rows=rows,
        partition=False,
        computation="sampled",
    )


def _shares(information: Information, support: Support) -> Table:
    """Shares of variance of what is independent of the data."""
    rows = tuple(
        Row(
            key=(plain(share.unknown.label),),
            values=(100 * share.first, 100 * share.total, share.unknown.status),
            support=support,
            monte_carlo_errors=(100 * share.first_error, 100 * share.total_error, None),
        )
        for share in information.shares
    )
    return Table(
        name="variance_shares",
        title="Of what is no effect: shares of the variance of the net present value, effects at their mean",
        keys=("unknown",),
        measures=(
            Measure(name="first", kind="model", unit="%", label="By itself (%)"),
            Measure(name="total", kind="model", unit="%", label="With all it does together with others (%)"),
            Measure(name="status", kind="text", label="How known"),
        ),
        rows=rows,
        partition=False,
        computation="sampled",
    )


def _positive(errors: tuple[float | None, ...]) -> tuple[float | None, ...]:
    """Monte Carlo errors of drawn numbers are above 0, if only by rounding."""
    return tuple(None if error is None else max(error, 1e-12) for error in errors)
