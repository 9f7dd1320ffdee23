"""The burnout pillar's own pipeline on simulated organisations of the study's shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from wellperf_models.burnout import BurnoutFrame, Forecasts, fit_forecasts, forecast
from wellperf_models.burnout.frame import period_of
from wellperf_models.burnout.model import Forecast
from wellperf_models.burnout.tried import predictors_of
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Estimate, Evidence, Support, Unanswered
from wellperf_models.inference.design import NOT_MEASURED, fit_encoding
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.method_check.answers import (
    AnswerShape,
    AnswerWorld,
    Simulated,
    shape_of_answers,
    simulate_answers,
)
from wellperf_models.method_check.answers_truth import Population, other_people, plant_effect, same_people
from wellperf_models.method_check.asked import asked
from wellperf_models.method_check.detectable import detectable_gain
from wellperf_models.method_check.recovered import Recovered, Share, Target, recover
from wellperf_models.method_check.result import Claims, MethodCheckResult
from wellperf_models.method_check.trial import NOWHERE, Trial
from wellperf_models.method_check.words import words_of_answers
from wellperf_models.panel import members_of
from wellperf_models.study import Burnout, MethodCheck, Study

_SEED: Final = 85
# answers fitted in all the worlds of a stream, for a few seconds' work; never fewer worlds than these
_MOST_FITTED, _LEAST_WORLDS = 105_000, 20
_ADDS: Final = re.compile(r"adds \{delta_auc_\w+\.estimate\}")

# a pipeline gives the fitted models too: the truth of an interval is what they reach among others
Pipeline = Callable[[BurnoutFrame, Burnout], tuple[Forecasts, Evidence]]


def forecast_world(frame: BurnoutFrame, section: Burnout) -> tuple[Forecasts, Evidence]:
    """What the page says about foreseeing strain: the pillar's own functions, from fit to finding."""
    forecasts = fit_forecasts(frame, section)
    return forecasts, forecast(frame, forecasts, (), provenance=NOWHERE)


def try_burnout(
    frame: BurnoutFrame | Unanswered, study: Study, *, forecasting: Pipeline = forecast_world
) -> MethodCheckResult:
    """Runs the pipeline on `[method_check] worlds` organisations with a planted effect, and as many without.

    The effect acts on the outcome through the first covariate of the first declared model that can be used:
    through its standard deviation or, of a category, the level that differs most. Nothing else has an effect
    beyond the last score. Fewer worlds are tried, but at least 20, where each takes many refits.

    Args:
        frame: The burnout frame of the study, or why there is none.
        study: Gives `[method_check]`.
        forecasting: The pipeline; a test breaks it on purpose.

    Raises:
        NotAskedError: The study does not ask for forecasts.
        DesignError: There is nothing that could be tried.
        ConvergenceError: More than half of the fits failed.
    """
    frame = asked(frame)
    model = _usable_model(frame)
    shape = shape_of_answers(frame, model)
    planted, x = _planted(shape, model)
    trial = Trial(seed=(frame.seed, _SEED), n_worlds=_affordable(shape, study.method_check))
    world = plant_effect(shape, x, study.method_check.effect)
    none = AnswerWorld(shape=shape, x=x, effect=0.0)
    runs = [_Run(world=w, model=model, forecasting=forecasting) for w in (world, none)]
    told = [
        trial.run(name, n, r.one) for n, (name, r) in enumerate(zip(("adds", "nothing"), runs, strict=True))
    ]
    trial.refuse_if_failing()
    support = _support(frame, shape, model)
    recovered = _recover(frame, model, *told, support=support, share=shape.share)
    claims = _claims(planted, *told, effect=study.method_check.effect)
    return MethodCheckResult(
        pillar="burnout",
        n_worlds=trial.n_worlds,
        recovered=tuple(recovered),
        claims=claims,
        no_claims="" if claims else "Too few simulated organisations had an answer.",
        n_failed=dict(trial.failed),
        n_tried=trial.n_tried,
        part=shape.n_people / shape.n_of,
        members=members_of(
            None if frame.roster is None else frame.roster.during(period_of(frame.waves)),
            frame.answers.person,
            frame.answers.person[frame.answers.strain >= shape.cut],
        ),
        words=words_of_answers(frame, model, planted, study.method_check, trial.n_worlds, shape.share),
    )


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the pipeline said about one world: its estimates, their truths, and whether it claims a gain."""

    estimates: Mapping[str, Estimate]
    truths: Mapping[str, float]
    claimed: bool


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One world after the other; populations that were needed once are kept."""

    world: AnswerWorld
    model: str
    forecasting: Pipeline
    known: dict[tuple[bytes, float], Population] = field(default_factory=dict)

    def one(self, rng: np.random.Generator) -> _Told:
        made = simulate_answers(self.world, rng)
        frame = made.frame
        forecasts, found = self.forecasting(frame, frame.section)
        fitted = forecasts.models[self.model]
        if isinstance(fitted, Unanswered):
            raise DesignError(fitted.reason.rstrip(".") + ".", remedy=fitted.remedy)
        estimates = {e.name: e for e in found.estimates}
        gains = f"auc_{self.model}" if forecasts.last_score is None else f"delta_auc_{self.model}"
        low = estimates[gains].low
        # across people the page claims nothing in words: an interval above a coin is read as a claim
        claimed = bool(_ADDS.search(found.answer)) if forecasts.last_score else (low or 0.0) > 0.5
        truths = self._truths(made, forecasts, fitted)
        return _Told(estimates=estimates, truths=truths, claimed=claimed)

    def _truths(self, made: Simulated, forecasts: Forecasts, fitted: Forecast) -> dict[str, float]:
        """What the fitted models reach: in time, among all that the people scored could have answered.

        Who is scored in time is mostly who was trained on, and the page's gain is about these people. Over
        folds they are others, and what is reached is the mean over the folds of one repeat.
        """
        reached: dict[str, list[float]] = {}
        frame, last = made.frame, forecasts.last_score
        folds = 1 if frame.time_split else frame.section.validation.folds
        for number, split in enumerate(forecasts.splits[:folds]):
            own = fitted.tried.fits[number]
            base = None if last is None else last.tried.fits[number]
            if own is None:
                continue
            cut = float(frame.answers.strain[split.case].min())
            population = (
                same_people(self.world, made, split, cut)
                if frame.time_split
                else self._others(frame.answers.wave[split.test], cut)
            )
            eta = population.log_odds(own, fitted.covariates)
            auc = population.auc(eta)
            found = {f"auc_{self.model}": auc}
            if self.world.effect:
                found[f"calibration_slope_{self.model}"] = population.slope(eta)
            if base is not None:
                alone = population.auc(population.log_odds(base, ()))
                found |= {"auc_last_score": alone, f"delta_auc_{self.model}": auc - alone}
            for name, value in found.items():
                reached.setdefault(name, []).append(value)
        return {name: float(np.mean(values)) for name, values in reached.items()}

    def _others(self, waves: Ints, cut: float) -> Population:
        present = np.unique(waves)
        key = (present.tobytes(), cut)
        if key not in self.known:
            rows = np.flatnonzero(np.isin(self.world.shape.answers.wave, present))
            self.known[key] = other_people(self.world, rows, cut)
        return self.known[key]


def _usable_model(frame: BurnoutFrame) -> str:
    """The first declared model that the design can bear."""
    for name, covariates in frame.sets.items():
        if covariates and not (frame.design == "forward" and frame.during.get(name)):
            return name
    raise DesignError(
        "No declared model has predictors that could be tried.", where="method_check: burnout.models"
    )


def _planted(shape: AnswerShape, model: str) -> tuple[str, Floats]:
    """In words what has an effect, and its values, shape (n,): of the first covariate, what differs most."""
    frame, answers = shape.frame, shape.answers
    for name in frame.sets[model]:
        column = predictors_of(frame, [name]).select(name)
        encoding = fit_encoding(column, answers.person, min_people=frame.min_group_size)
        columns = [i for i, c in enumerate(encoding.columns) if not c.endswith(f": {NOT_MEASURED}")]
        if not columns:
            continue
        X = encoding.apply(column)
        chosen = max(columns, key=lambda i: float(X[:, i].var()))
        level = encoding.columns[chosen].removeprefix(name)
        what = level if level else " (per standard deviation)"
        # the effect is the same whatever the mean of x; centred, about as many are cases with it as without
        return frame.label_of(name) + what, X[:, chosen] - X[:, chosen].mean()
    raise DesignError(
        "No covariate of the model differs between people.", where=f"method_check: burnout.models.{model}"
    )


def _affordable(shape: AnswerShape, asked_for: MethodCheck) -> int:
    """Worlds of each kind: as many as declared, unless each takes many refits."""
    plan = shape.frame.section.validation
    refits = 1 if shape.frame.time_split else plan.folds * plan.repeats
    bearable = _MOST_FITTED // (shape.answers.person.size * refits)
    return min(asked_for.worlds, max(_LEAST_WORLDS, bearable))


def _support(frame: BurnoutFrame, shape: AnswerShape, model: str) -> Support:
    """What the numbers are functions of: everybody with an answer, and those of them who are a case."""
    answers = frame.answers
    people = answers.n_people
    cases = int(np.unique(answers.person[answers.strain >= shape.cut]).size)
    data = predictors_of(shape.frame, shape.frame.sets[model])
    parameters = fit_encoding(data, shape.answers.person, min_people=frame.min_group_size).n_parameters
    return Support(
        n_people=people,
        n_events=cases,
        n_non_events=people - cases,
        residual_df=min(cases, people - cases) - parameters,
        n_parameters=parameters,
        n_clusters=int(np.unique(answers.cluster).size) if frame.time_split else None,
    )


def _recover(
    frame: BurnoutFrame,
    model: str,
    adds: Sequence[_Told],
    nothing: Sequence[_Told],
    *,
    support: Support,
    share: float,
) -> list[Recovered]:
    forward = frame.answers.last is not None
    gain = f"delta_auc_{model}" if forward else f"auc_{model}"
    words = "gain in AUC over the last score" if forward else "AUC"
    name = frame.name_of(model)
    wanted = [
        ("auc_last_score", "auc_last_score", "AUC of the last score alone", adds, False, False),
        (gain, gain, f"{words}: {name}", adds, True, True),
        (gain, f"{gain}_nothing", f"{words} where nothing is there: {name}", nothing, False, True),
        (f"calibration_slope_{model}",) * 2 + (f"calibration slope: {name}", adds, False, False),
    ]
    least = None
    if min(len(_truths(adds, gain)), len(_truths(nothing, gain))) > 1:
        worth = float(np.mean(_truths(adds, gain))) - (0.0 if forward else 0.5)
        least = detectable_gain(_estimates(adds, gain), _estimates(nothing, gain), worth, share)
    made = []
    for key, own, label, told, planted, effect in wanted:
        target = Target(
            name=own, label=label, scale="identity", planted=planted, effect=effect, support=support
        )
        found, truths = _estimates(told, key), _truths(told, key)
        if len(found) > 1:
            # over folds an interval is for models fitted to other people too: their mean is the truth
            fixed = truths if frame.time_split else [float(np.mean(truths))] * len(truths)
            made.append(recover(target, fixed, found, least if planted else None))
    return made


def _estimates(told: Sequence[_Told], name: str) -> list[Estimate]:
    return [t.estimates[name] for t in told if name in t.estimates and name in t.truths]


def _truths(told: Sequence[_Told], name: str) -> list[float]:
    return [t.truths[name] for t in told if name in t.estimates and name in t.truths]


def _claims(planted: str, adds: Sequence[_Told], nothing: Sequence[_Told], *, effect: float) -> Claims | None:
    if not adds or not nothing:
        return None
    return Claims(
        planted=planted,
        effect=effect,
        found=Share(count=sum(t.claimed for t in adds), n=len(adds)),
        false_alarms=Share(count=sum(t.claimed for t in nothing), n=len(nothing)),
        n_looked_at=1,
    )
