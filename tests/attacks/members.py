"""Who was in the data? What a record and a released number say about it.

A released mean moves by `(record - mean) / n` when the record joins: whoever is in the data leans a little
towards what was released. The best linear attack adds these up over everything released, each weighted by how
precisely it is known (Homer et al. 2008, PLoS Genetics 4:e1000167; Dwork et al. 2015, FOCS, "Robust
traceability from trace amounts").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from wellperf_models.inference.auc import clustered_auc

Table = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Records:
    """What an attacker knows of each candidate: group, tenure seen, exit and its cause, waves answered.

    Attributes:
        group: Department they were first seen in. Shape (n,).
        entry, duration: Months of tenure at the first and last day of observation. Shape (n,).
        cause: Of the exit; "" where there was none. Shape (n,).
        answered: Wave → whether they answered. Shape (n,) each.
        scores: Mean exhaustion; nan without an answer. Shape (n,).
    """

    group: np.ndarray
    entry: np.ndarray
    duration: np.ndarray
    cause: np.ndarray
    answered: Mapping[str, np.ndarray]
    scores: np.ndarray

    @property
    def n(self) -> int:
        return int(self.group.size)


def records_of(tables: Mapping[str, pl.DataFrame], start: Any, as_of: Any) -> Records:
    """Records of everybody in a made-up organisation.

    Args:
        tables: From `generate`.
        start, as_of: First and last day of observation.
    """
    first = (
        tables["assignments"]
        .sort("employee_id", "start")
        .group_by("employee_id", maintain_order=True)
        .first()
    )
    spells = (
        tables["spells"].join(first.select("employee_id", "department"), on="employee_id").sort("employee_id")
    )
    month = 365.25 / 12
    last = pl.col("end").fill_null(as_of)
    spells = spells.with_columns(
        entry=((pl.max_horizontal(pl.lit(start), "start") - pl.col("start")).dt.total_days() / month),
        duration=((last - pl.col("start")).dt.total_days() / month),
    )
    answers = tables["surveys"].filter(
        (pl.col("measure") == "exhaustion") & pl.col("item").is_null() & pl.col("value").is_not_null()
    )
    means = answers.group_by("employee_id").agg(pl.col("value").mean())
    scores = spells.join(means, on="employee_id", how="left", maintain_order="left")["value"]
    ids = spells["employee_id"]
    answered = {
        str(wave): ids.is_in(part["employee_id"].implode()).to_numpy()
        for (wave,), part in answers.group_by("wave")
    }
    return Records(
        group=spells["department"].to_numpy(),
        entry=spells["entry"].to_numpy(),
        duration=spells["duration"].to_numpy(),
        cause=spells["exit_reason"].fill_null("").to_numpy(),
        answered=answered,
        scores=scores.cast(pl.Float64).fill_null(float("nan")).to_numpy(),
    )


def curve_of(answer: Table, group: str, series: str) -> Table | None:
    """A released curve; None where it was kept back."""
    found = [c for c in answer["curves"] if c["group"] == group and c["series"] == series]
    return found[0] if found else None


def table_of(answer: Table, name: str) -> dict[str, dict[str, float]]:
    """Rows of a released table that are shown: key → measure → value."""
    (table,) = [t for t in answer["tables"] if t["name"] == name]
    names = [m["name"] for m in table["measures"]]
    return {
        "|".join(row["key"]): dict(zip(names, row["values"], strict=True))
        for row in table["rows"]
        if row["values"][0] is not None
    }


def lean(records: Records, reference: Records, answers: Mapping[str, Table]) -> np.ndarray:
    """The best linear attack: how far each record leans towards what was released.

    Args:
        records: Candidates.
        reference: People of the same world who are known not to be in the data: what was to be expected.
        answers: What was released, by id.

    Returns:
        Score, shape (n,): higher is more likely a member.
    """
    parts = [*_blocks(records, reference, answers), *_counts(records, reference, answers)]
    own = np.column_stack([p[0] for p in parts])
    others = np.column_stack([p[1] for p in parts])
    released = np.array([p[2] for p in parts])
    covariance = np.cov(others, rowvar=False) + 1e-9 * np.eye(len(parts))
    weights = np.linalg.lstsq(covariance, released, rcond=1e-8)[0]
    return np.asarray((own - others.mean(axis=0)) @ weights)


_Part = tuple[np.ndarray, np.ndarray, float]


def _blocks(records: Records, reference: Records, answers: Mapping[str, Table]) -> list[_Part]:
    """Exits in each block of each group's curve beyond those expected, of each record and as released."""
    answer, found = answers["turnover.description"], []
    for group in ["", *sorted(set(reference.group))]:
        curve = curve_of(answer, group, "survival_by_group" if group else "survival")
        if curve is None:
            continue
        hazard = -np.diff(np.log(np.maximum(curve["y"], 1e-9)))
        for k, (low, high) in enumerate(zip(curve["x"], curve["x"][1:], strict=False)):
            own, others = (_exits(r, group, low, high) for r in (records, reference))
            rate = others[0].sum() / max(others[1].sum(), 1e-9)
            beyond = (hazard[k] - rate * (high - low)) * curve["at_risk"][k]
            found.append((own[0] - rate * own[1], others[0] - rate * others[1], beyond / curve["n_people"]))
    return found


def _exits(records: Records, group: str, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Whether each left in a block of tenure, and the months they were seen in it."""
    inside = (records.group == group) if group else np.ones(records.n, bool)
    left = inside & (records.cause != "") & (records.duration > low) & (records.duration <= high)
    months = np.clip(np.minimum(records.duration, high) - np.maximum(records.entry, low), 0, None)
    return left.astype(float), np.where(inside, months, 0.0)


def _counts(records: Records, reference: Records, answers: Mapping[str, Table]) -> list[_Part]:
    """Members of groups, leavers of causes and answers to waves, beyond those expected."""
    turnover, quality = answers["turnover.description"], answers["data_quality.description"]
    groups = table_of(turnover, "exits_by_group")
    n = sum(row["people"] for row in groups.values())
    features = [(lambda r, g=g: r.group == g, row["people"] / n) for g, row in groups.items()]
    features += [
        (lambda r, g=g: (r.group == g) & (r.cause != ""), row["exits"] / n) for g, row in groups.items()
    ]
    for cause, row in table_of(turnover, "exits_by_cause").items():
        features.append((lambda r, c=cause: r.cause == c, row["exits"] / n))
    for wave, row in table_of(quality, "response").items():
        features.append((lambda r, w=wave: r.answered[w], row["n_answered"] / n))
    found = []
    for holds, share in features:
        own, others = (np.asarray(holds(r), float) for r in (records, reference))
        found.append((own - others.mean(), others - others.mean(), share - others.mean()))
    return found


def resemblance(records: Records, answers: Mapping[str, Table]) -> np.ndarray:
    """What needs no reference: how likely a record is under what was released.

    Returns:
        Log-likelihood of the tenure seen under the group's curve, of the cause, and of the group. Shape (n,).
    """
    answer = answers["turnover.description"]
    groups, causes = table_of(answer, "exits_by_group"), table_of(answer, "exits_by_cause")
    total = sum(row["people"] for row in groups.values())
    score = np.zeros(records.n)
    for group in set(records.group):
        own = records.group == group
        curve = curve_of(answer, group, "survival_by_group") or curve_of(answer, "", "survival")
        assert curve is not None
        x, cumulated = np.array(curve["x"]), -np.log(np.maximum(curve["y"], 1e-9))
        seen = np.interp(records.duration, x, cumulated) - np.interp(records.entry, x, cumulated)
        rate = np.interp(records.duration, x, np.gradient(cumulated, x))
        left = records.cause != ""
        score[own] = (np.where(left, np.log(np.maximum(rate, 1e-6)), 0.0) - seen)[own]
        if group in groups:
            score[own] += np.log(groups[group]["people"] / total)
    for cause, row in causes.items():
        score[records.cause == cause] += np.log(row["share"] / 100)
    return score


@dataclass(frozen=True, kw_only=True)
class Found:
    """How well an attack tells members from others.

    Attributes:
        auc, upper: Area under the ROC curve, and the end of its one-sided 95 % interval (DeLong).
        hits: Share of members among whom it finds at 1 % false positives.
        chance: What chance alone reaches there in 99 of 100 such samples.
    """

    auc: float
    upper: float
    hits: float
    chance: float


def judge(members: np.ndarray, others: np.ndarray) -> Found:
    """Compares the scores of members with those of others."""
    event = np.repeat([True, False], [members.size, others.size])
    scores = np.concatenate([members, others])[:, None]
    made = clustered_auc(event, scores, np.arange(event.size))
    error = float(np.sqrt(made.covariance[0, 0]))
    hits = float(np.mean(members > np.quantile(others, 0.99)))
    spread = np.sqrt(0.01 * 0.99 * (1 / members.size + 1 / others.size))
    return Found(
        auc=float(made.auc[0]),
        upper=float(made.auc[0]) + 1.645 * error,
        hits=hits,
        chance=0.01 + 2.326 * spread,
    )
