"""Tables of an external validation: where the model is from, what it met here, how it did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wellperf_models.burnout.external.checks import support_of
from wellperf_models.burnout.external.model import AS_PUBLISHED, BOTH, External
from wellperf_models.burnout.findings_tables import COUNT_MEASURES, risk_groups
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.evidence import Measure, Row, Support, Table, interval_measures
from wellperf_models.inference.risk_sets import Floats
from wellperf_models.inference.scores import Score
from wellperf_models.study import HARD_FLOOR

# people of a group of risk, in smallest described groups: fewer would hold too few cases to be shown
_GROUPS_DEEP = 6
_SCORES = {
    "auc": "AUC (0.5 is chance, 1 is perfect)",
    "brier": "Brier score (0 is perfect)",
    "scaled_brier": "Scaled Brier score (0 is the base rate, 1 is perfect)",
    "slope": "Calibration slope (1 is right)",
    "intercept": "Calibration intercept, log odds (0 is right)",
}


def source_table(external: External) -> Table:
    """Where the model is from; released there, so it is about nobody here."""
    model = external.model
    auc, low, high = model.auc
    facts = {
        "Model": model.name,
        "Study": model.study,
        "Run": f"{model.run_id}, version {model.package_version}",
        "Answers it was read from (sha256)": model.sha256[:16],
        "Learnt from": f"{', '.join(model.waves)}; as of {model.as_of}"[:200],
        "A case": model.case,
        "Predictors lie before the outcome": "yes" if model.design == "forward" else f"no: {model.design}",
        "AUC there": f"{auc:.3g} ({low:.3g} to {high:.3g})",
        "Log odds there": f"mean {model.mean:.3g}, standard deviation {model.spread:.3g}",
    }
    return Table(
        name="source",
        title="Where the model is from",
        keys=("what",),
        measures=(Measure(name="words", kind="text", label="As released there"),),
        rows=tuple(Row(key=(k,), values=(v,), support=Support(n_people=0)) for k, v in facts.items()),
        partition=False,
        about_people=False,
    )


def matched_table(frame: BurnoutFrame, external: External) -> Table:
    """What became of each predictor here."""
    everyone = support_of(external)
    person = external.scored.person
    rows = []
    for match in external.applied.matches:
        own = match.lacking
        told = match.how == "used" and _may_be_told(frame, own, external)
        rows.append(
            Row(
                key=(match.predictor.label,),
                values=(
                    match.how,
                    match.predictor.unit or match.unit,
                    match.shift,
                    int(own.sum()) if told else None,
                    person.size if told else None,
                    float(own.mean()) if told else None,
                ),
                support=everyone,
            )
        )
    return Table(
        name="matched",
        title="What the model uses, and what of it is known here",
        keys=("predictor",),
        measures=(
            Measure(name="how", kind="text", label="Here"),
            Measure(name="unit", kind="text", label="Unit"),
            Measure(name="shift", kind="model", label="Mean here, in standard deviations from that there"),
            Measure(name="lacking", kind="count", unit="answers", label="Answers set to its average"),
            Measure(name="answers", kind="count", unit="answers", label="Of answers"),
            Measure(
                name="share",
                kind="rate",
                unit="per 100 answers",
                label="Per 100",
                numerator="lacking",
                denominator="answers",
                per=100.0,
            ),
        ),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def _may_be_told(frame: BurnoutFrame, own: NDArray[np.bool_], external: External) -> bool:
    """Enough people on both sides; nobody, as a rule, is not worth a number."""
    person = external.scored.person
    lacking = np.unique(person[own]).size
    return min(int(lacking), int(np.unique(person[~own]).size)) >= frame.min_group_size


def scores_table(external: External) -> Table:
    """Scores as published, mended here, and of the last score alone."""
    support = support_of(external)
    rows = []
    for name, words in _SCORES.items():
        for item in external.held:
            score: Score | None = getattr(item, name)
            values = (None, None, None) if score is None else (score.value, score.low, score.high)
            own = replace(support, n_parameters=item.n_parameters)
            rows.append(Row(key=(words, item.name), values=values, support=own))
    return Table(
        name="scores",
        title="Scores here; what is mended is scored on people it was not mended with",
        keys=("score", "predictions"),
        measures=(*interval_measures("value", "Value", ends=""),),
        rows=tuple(rows),
        partition=False,
        computation="iterative",
    )


def case_mix_table(external: External) -> Table:
    """The model's log odds there and here: another mean or spread is another mix of people."""
    model, support = external.model, support_of(external)
    given = {"mean": (model.mean, external.mean), "standard deviation": (model.spread, external.spread)}
    return Table(
        name="case_mix",
        title="Log odds the model predicts, in the other study and here",
        keys=("what",),
        measures=(
            Measure(name="there", kind="model", unit="log odds", label="There"),
            Measure(name="here", kind="model", unit="log odds", label="Here"),
        ),
        rows=tuple(Row(key=(what,), values=pair, support=support) for what, pair in given.items()),
        partition=False,
        computation="iterative",
    )


def calibration_table(frame: BurnoutFrame, external: External) -> Table:
    """Predicted and observed cases by group of predicted risk, as published and mended."""
    person = external.scored.person
    rows = []
    for name in (AS_PUBLISHED, BOTH):
        item = external.named(name)
        if item is None:
            continue
        group = risk_groups(
            item.risk, person, np.ones(person.size, bool), _GROUPS_DEEP * frame.min_group_size
        )
        for number in range(int(group.max()) + 1):
            key = (name, f"{number + 1} of {int(group.max()) + 1}")
            rows.append(_counts_row(key, group == number, external, item.risk))
    return Table(
        name="calibration",
        title="Predicted and observed cases by group of predicted risk, the lowest first",
        keys=("predictions", "risk_group"),
        measures=COUNT_MEASURES,
        rows=tuple(rows),
        computation="iterative",
    )


def _counts_row(key: tuple[str, ...], own: NDArray[np.bool_], external: External, risk: Floats) -> Row:
    scored = external.scored
    answers, cases = int(own.sum()), int(scored.case[own].sum())
    people = np.unique(scored.person[own])
    with_case = int(np.unique(scored.person[own & scored.case]).size)
    fewest = min(cases, answers - cases)
    support = Support(
        n_people=people.size,
        n_complement=int(np.unique(scored.person).size) - people.size,
        n_events=with_case,
        n_non_events=people.size - with_case,
        members=scored.members(own),
        # "nearly all of them" tells of each
        smallest_level=fewest if fewest < HARD_FLOOR else None,
    )
    values = (answers, cases, 100 * cases / answers, 100 * float(risk[own].mean()))
    return Row(key=key, values=values, support=support)
