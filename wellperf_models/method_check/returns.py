"""The return pillar's own pipeline on simulated trials of the study's shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from wellperf_models.errors import DesignError
from wellperf_models.evidence import Estimate, Unanswered, attempt
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.method_check.asked import asked
from wellperf_models.method_check.quick_posterior import DRAWS, quick_posteriors
from wellperf_models.method_check.recovered import Recovered, Share, Target, recover
from wellperf_models.method_check.result import Claims, MethodCheckResult
from wellperf_models.method_check.trial import Trial
from wellperf_models.method_check.trial_shape import TrialShape, shape_of_trial, simulate_trial
from wellperf_models.method_check.verdicts import Verdicts, believed_set
from wellperf_models.method_check.words_returns import words_of_returns
from wellperf_models.roi import DecisionResult, Effect, Effects, RoiFrame, fit_decision, fit_effects
from wellperf_models.roi.checks_effects import labels_of, support_of
from wellperf_models.roi.findings_words import members_of_outcomes, unit_of
from wellperf_models.roi.priors import prior_of
from wellperf_models.roi.rows import PriorName
from wellperf_models.roi.terms import cash_of, unknown
from wellperf_models.study import CAUSAL_DESIGNS, Factor, Roi, Study

_SEED: Final = 87
_HOPED: Final[PriorName] = "optimistic"
_SURE: Final = 0.05

# a test breaks it on purpose
Pipeline = Callable[[RoiFrame, Roi], Effects]


def try_roi(
    frame: RoiFrame | Unanswered, study: Study, *, estimating: Pipeline = fit_effects
) -> MethodCheckResult:
    """Runs the pipeline on `[method_check] worlds` trials with planted changes, as many without, and as many
    with changes drawn from what is believed.

    Planted is what the optimistic set of priors expects of every outcome. Where there is a decision rule it
    is applied to each: how often it says "fund" where nothing is there, and where the programme works; and in
    trials of programmes drawn from the first set of priors that judges and holds a belief, whether they pay
    as often as their probabilities say.

    Args:
        frame: The return frame of the study, or why there is none.
        study: Gives `[roi]` and `[method_check]`.
        estimating: Estimates the effects.

    Raises:
        NotAskedError: The study says nothing of a programme.
        DesignError: The design allows no effect, or no trial of it can be simulated.
        ConvergenceError: More than half of the fits failed.
    """
    frame = asked(frame)
    section = _without_correlation(frame.section)
    shape = _shape(frame)
    seen = _seen(shape, section)
    labels = labels_of(shape.frame.outcomes)
    hoped = {name: _planted(shape, name, effect, section) for name, effect in seen.items()}
    run, why = _ready(_Run(shape=shape, section=section, estimating=estimating, believed=None, seen=seen))
    believed = run.believed
    trial = Trial(seed=(frame.seed, _SEED), n_worlds=study.method_check.worlds)
    works = trial.run("works", 0, lambda rng: run.one(hoped, rng))
    nothing = trial.run("nothing there", 1, lambda rng: run.one({}, rng))
    drawn = [] if believed is None else trial.run("as believed", 2, run.drawn)
    trial.refuse_if_failing()
    primary = section.primary
    rows = shape.frame.outcomes[primary]
    verdicts = None if believed is None else _verdicts(run, hoped, works, nothing, drawn)
    return MethodCheckResult(
        pillar="roi",
        n_worlds=trial.n_worlds,
        recovered=tuple(_recover(shape, frame, seen, hoped, works, nothing)),
        claims=Claims(
            planted=labels[primary],
            effect=hoped[primary],
            found=Share(count=sum(t.claimed for t in works), n=len(works)),
            false_alarms=Share(count=sum(t.claimed for t in nothing), n=len(nothing)),
            n_looked_at=1,
        ),
        no_claims="",
        n_failed=dict(trial.failed),
        n_tried=trial.n_tried,
        part=shape.share,
        members=members_of_outcomes(frame),
        words=words_of_returns(
            frame, labels[primary], rows, None if verdicts is None else believed, shape.share
        ),
        verdicts=verdicts,
        no_verdicts=why,
    )


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the pipeline said of one trial: its effects, whether the first one is clear, and its decision."""

    effects: Mapping[str, Effect]
    claimed: bool
    decision: DecisionResult | None
    pays: bool = False


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One simulated trial after the other.

    Attributes:
        shape, section: What a trial shares with the study's, and what is asked.
        estimating: Estimates the effects.
        believed: Set of priors that probabilities are tried under; None: no decision is asked for.
        seen: The study's own effects: priors are in the unit of an outcome by its control arm.
        unsure: Draws of everything unknown but the effects, the same in every trial.
    """

    shape: TrialShape
    section: Roi
    estimating: Pipeline
    believed: PriorName | None
    seen: Mapping[str, Effect]
    unsure: Mapping[str, Floats] = field(default_factory=dict)

    def one(self, changes: Mapping[str, float], rng: np.random.Generator) -> _Told:
        """A trial of a programme that changes this."""
        frame = simulate_trial(self.shape, changes, rng)
        found = self.estimating(frame, self.section)
        effects = {}
        for name in self.shape.after:
            effect = found.of[name].intention_to_treat
            if isinstance(effect, Effect):
                truth = self.shape.outcomes[name].true_change(changes.get(name, 0.0))
                effects[name] = _of_the_whole(effect, truth, self.shape)
            elif name == self.section.primary:
                raise DesignError(effect.reason.rstrip(".") + ".", remedy=effect.remedy)
        decision = None if self.believed is None else self._decide(frame, found, effects, rng)
        return _Told(effects=effects, claimed=_clear(effects[self.section.primary]), decision=decision)

    def drawn(self, rng: np.random.Generator) -> _Told:
        """A trial of a programme that changes what is believed, and whether that programme pays."""
        assert self.believed is not None
        place = int(rng.integers(DRAWS))
        one = {name: draws[place : place + 1] for name, draws in self.unsure.items()}
        changes, true = {}, {}
        for name, effect in self.seen.items():
            declared = self.section.outcomes[name]
            prior = prior_of(name, declared, effect, self.believed, self.section)
            # a comparison without lots shows the change and what it is off by
            bias = float(one.get(unknown("bias", name), np.zeros(1))[0])
            changes[name] = prior.mean + prior.sd * float(rng.normal()) + bias
            true[name] = self.shape.outcomes[name].true_change(changes[name]) - bias
        told = self.one(changes, rng)
        assert told.decision is not None
        return replace(told, pays=_worth(told.decision, true, one) > 0)

    def _decide(
        self, frame: RoiFrame, found: Effects, effects: dict[str, Effect], rng: np.random.Generator
    ) -> DecisionResult:
        assert self.believed is not None
        assert self.section.decision is not None
        of = {
            name: replace(one, intention_to_treat=effects.get(name, one.intention_to_treat))
            for name, one in found.of.items()
        }
        sets = tuple(dict.fromkeys((*self.section.decision.judged_by, "flat", self.believed)))
        posteriors = quick_posteriors(frame, effects, sets, self.section, rng)
        return fit_decision(frame, replace(found, of=of), posteriors, self.section)


def _without_correlation(section: Roi) -> Roi:
    """Simulated outcomes do not go together, and the decision is told so."""
    if section.decision is None:
        return section
    decision = section.decision.model_copy(update={"correlation": 0.0})
    return section.model_copy(update={"decision": decision})


def _shape(frame: RoiFrame) -> TrialShape:
    """The shape of a trial, or of a comparison that allows an effect."""
    if frame.section.design not in CAUSAL_DESIGNS or not frame.has_control:
        raise DesignError(
            "Nothing can be tried where nobody is compared: a contrast of those who chose is no effect.",
            where="method_check: roi.design",
            got=frame.section.design,
            remedy="draw lots for who is offered the programme next",
        )
    return shape_of_trial(frame)


def _seen(shape: TrialShape, section: Roi) -> dict[str, Effect]:
    """The study's own effects, for their support and their control arms."""
    effects = fit_effects(shape.frame, section)
    if effects.no_effect is not None:
        raise DesignError(effects.no_effect.reason.rstrip(".") + ".", remedy=effects.no_effect.remedy)
    found = {name: effects.of[name].intention_to_treat for name in shape.after}
    first = found[section.primary]
    if isinstance(first, Unanswered):
        raise DesignError(first.reason.rstrip(".") + ".", remedy=first.remedy)
    return {name: effect for name, effect in found.items() if isinstance(effect, Effect)}


def _planted(shape: TrialShape, name: str, effect: Effect, section: Roi) -> float:
    """What the optimistic set of priors expects of an outcome."""
    prior = prior_of(name, section.outcomes[name], effect, _HOPED, section)
    return shape.outcomes[name].true_change(prior.mean)


def _ready(run: _Run) -> tuple[_Run, str]:
    """With a set of priors that decisions are tried under, or without one and why they can't be tried."""
    if run.section.decision is None:
        return run, ""
    ready = replace(run, believed=believed_set(run.section.decision.judged_by), estimating=fit_effects)
    found = attempt(ready.one, {}, np.random.default_rng([run.shape.frame.seed, _SEED]))
    if isinstance(found, Unanswered):
        return run, found.reason
    assert found.decision is not None
    draws = next(iter(found.decision.returns.values())).draws
    unsure = {name: values for name, values in draws.items() if not name.startswith("effect")}
    return replace(ready, estimating=run.estimating, unsure=unsure), ""


def _of_the_whole(effect: Effect, truth: float, shape: TrialShape) -> Effect:
    """An effect in a part of a large trial as it would be in all of it: errors shrink by the root."""
    if shape.share == 1:
        return effect
    less = float(np.sqrt(shape.share))
    value = truth + less * (effect.value - truth)
    influence = effect.influence
    return replace(
        effect,
        value=value,
        std_error=less * effect.std_error,
        low=value - less * (effect.value - effect.low),
        high=value + less * (effect.high - effect.value),
        influence=None if influence is None else (influence[0], less * influence[1]),
    )


def _clear(effect: Effect) -> bool:
    """Whether the page says that something changed."""
    p = effect.randomisation_p
    return not effect.low <= 0 <= effect.high and (p is None or p < _SURE)


def _worth(decision: DecisionResult, changes: Mapping[str, float], money: Mapping[str, Floats]) -> float:
    """Net present value of a programme that truly changes this, at these amounts; each of shape (1,)."""
    known = {name: draws for name, draws in money.items() if not name.startswith("bias")}
    for channel in decision.terms.channels:
        known[unknown("effect", channel.outcome)] = np.array([changes[channel.outcome]])
    return float(cash_of(known, decision.terms).npv[0])


def _median(factor: Factor) -> float:
    from scipy import stats

    if factor.median is not None:
        return factor.median
    return float(stats.beta.median(factor.a, factor.b))


def _verdicts(
    run: _Run,
    hoped: Mapping[str, float],
    works: Sequence[_Told],
    nothing: Sequence[_Told],
    drawn: Sequence[_Told],
) -> Verdicts | None:
    def funded(told: Sequence[_Told]) -> Share:
        made = [t.decision for t in told if t.decision is not None]
        return Share(count=sum(d.answer == "fund" for d in made), n=len(made))

    if min(len(works), len(nothing), len(drawn)) < 2:
        return None
    assert run.believed is not None
    decision = works[0].decision
    assert decision is not None
    # amounts and costs as declared, factors at their medians; three digits are more than is known
    middle = {unknown("factor", name): np.array([_median(f)]) for name, f in decision.factors.items()}
    return Verdicts(
        nothing=funded(nothing),
        works=funded(works),
        worth=float(f"{_worth(decision, hoped, middle):.3g}"),
        currency=decision.currency,
        believed=run.believed,
        p_positive=np.array([t.decision.returns[run.believed].p_positive for t in drawn if t.decision]),
        positive=np.array([float(t.pays) for t in drawn]),
        support=support_of(min((run.seen[c.outcome] for c in decision.terms.channels), key=_size)),
    )


def _size(effect: Effect) -> int:
    return effect.smallest_side


def _recover(
    shape: TrialShape,
    frame: RoiFrame,
    seen: Mapping[str, Effect],
    hoped: Mapping[str, float],
    works: Sequence[_Told],
    nothing: Sequence[_Told],
) -> list[Recovered]:
    """Every outcome the programme may have changed, the first one first."""
    made = []
    primary, labels = shape.frame.section.primary, labels_of(shape.frame.outcomes)
    for name in sorted(seen, key=lambda n: n != primary):
        rows = frame.outcomes[name]
        target = Target(
            name=f"change_{name}",
            label=labels[name],
            scale="identity",
            planted=name == primary,
            effect=True,
            support=support_of(seen[name]),
        )
        found = [_estimate(t.effects[name], target, unit_of(rows)) for t in works if name in t.effects]
        null = [t.effects[name] for t in nothing if name in t.effects]
        if min(len(found), len(null)) > 1:
            truth = [hoped[name]] * len(found)
            made.append(recover(target, truth, found, _detectable(null)))
    return made


def _estimate(effect: Effect, target: Target, unit: str) -> Estimate:
    return Estimate(
        name=target.name,
        label=target.label,
        value=effect.value,
        low=effect.low,
        high=effect.high,
        coverage=0.95,
        interval="confidence",
        unit=unit,
        se=effect.std_error,
        support=target.support,
    )


def _detectable(found: Sequence[Effect]) -> tuple[float, float]:
    """The change that is found in 8 of 10, and its Monte Carlo error: (t + z_.8) standard errors."""
    from scipy import stats

    needed = np.array(
        [(e.high - e.low) / 2 + float(stats.t.ppf(0.8, e.df)) * e.std_error for e in found], float
    )
    return float(needed.mean()), float(needed.std(ddof=1)) / float(np.sqrt(needed.size))
