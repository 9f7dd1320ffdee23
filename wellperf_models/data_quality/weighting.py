"""What the answers of some say of everybody: as given, weighted to the whole, and at worst.

Weighted: each cell of department and tenure counts by the people in it, not by the answers from it (weighting
by inverse response propensity with the cells as propensity model; Little 1986, Int Stat Review 54). At worst:
those without an answer all have the same extreme score (Manski 1990, Am Econ Review 80).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import polars as pl

from wellperf_models.study import Scale, Study
from wellperf_models.tables import Tables

# tenure at the wave, upper ends in months
_TENURE_MONTHS: Final = (12, 36)
_DAYS_A_MONTH: Final = 365.25 / 12
# a cell with fewer answers than this is joined with others: its mean says little, and its weight runs away
SMALLEST_CELL: Final = 10
# below this many teams an error clustered by team is too small (statistics.md); then by person
_FEWEST_CLUSTERS: Final = 40
_REST: Final = "\x00"


@dataclass(frozen=True, kw_only=True, repr=False)
class Share:
    """A share of cases or a mean score, with its standard error."""

    value: float
    se: float


@dataclass(frozen=True, kw_only=True, repr=False)
class Weighted:
    """The newest wave of one scale, as answered, weighted and at worst.

    Attributes:
        measure, wave: Which answers.
        case_at: A case scores this or worse; None: the numbers are mean scores.
        as_answered, weighted: Of those who answered; of everybody employed at the wave.
        change, change_se: Weighted minus as answered.
        low, high: Ends of what those without an answer could make of it.
        n_people, n_answered, n_cases: Employed at the wave; answers that are used; cases among them (None for
            means).
        n_cells, smallest_cell: Cells after joining, and answers in the smallest one.
        n_clusters, cluster: What errors are clustered by.
        answered, cases: Ids, for the ledger.
    """

    measure: str
    wave: str
    case_at: float | None
    as_answered: Share
    weighted: Share
    change: float
    change_se: float
    low: float
    high: float
    n_people: int
    n_answered: int
    n_cases: int | None
    n_cells: int
    smallest_cell: int
    n_clusters: int
    cluster: str
    answered: frozenset[str]
    cases: frozenset[str]


def weigh_answers(tables: Tables) -> Weighted | None:
    """Weights the answers of the newest wave to everybody employed in it.

    The scale is the outcome of `[burnout]`, else the first on which more is worse; cases are those of
    `[burnout]`; without a cut-off the numbers are mean scores.

    Args:
        tables: Checked tables; `surveys` with dates, and dated spells.

    Returns:
        None where there is no such scale, no dated answer, or nobody is known to have been employed then.
    """
    chosen = _scale(tables.study)
    if chosen is None or "surveys" not in tables or "spells" not in tables:
        return None
    if "start" not in tables["spells"].collect_schema().names():
        return None
    measure, scale, case_at = chosen
    scores = (
        tables["surveys"]
        .filter(
            (pl.col("measure") == measure)
            & pl.col("item").is_null()
            & pl.col("date").is_not_null()
            & pl.col("value").is_not_null()
        )
        .select("employee_id", "wave", "date", "value")
        .collect()
    )
    if scores.is_empty():
        return None
    waves = scores.group_by("wave").agg(
        pl.col("date").min().alias("opens"), pl.col("date").max().alias("closes")
    )
    wave, opens, closes = waves.sort("opens", "wave").row(-1)
    people = _employed(tables, opens, closes).join(
        scores.filter(pl.col("wave") == wave).select("employee_id", "value"), on="employee_id", how="left"
    )
    return weigh(people, measure=measure, wave=str(wave), scale=scale, case_at=case_at)


def weigh(
    people: pl.DataFrame, *, measure: str, wave: str, scale: Scale, case_at: float | None
) -> Weighted | None:
    """As `weigh_answers`, of people who are known.

    Args:
        people: One row for each person employed: employee_id, department, tenure (a band), team, value
            (score; missing: no answer that may be used).
        measure, wave: Names.
        scale: Its range, and which end is bad.
        case_at: A case scores this or worse; None: mean scores.

    Returns:
        None where fewer than `SMALLEST_CELL` answered.
    """
    score = pl.col("value")
    if case_at is not None:
        score = (score <= case_at if scale.higher_is == "better" else score >= case_at).cast(pl.Float64)
    rows = join_cells(people.with_columns(score.alias("y")).sort("employee_id"))
    seen = rows.filter(pl.col("y").is_not_null())
    n_people, n = rows.height, seen.height
    if n < SMALLEST_CELL:
        return None
    cells = rows.group_by("cell").agg(
        (pl.len() / n_people).alias("share"), pl.col("y").count().alias("n"), pl.col("y").mean().alias("mean")
    )
    mean = float(seen["y"].mean())  # type: ignore[arg-type]
    weighted = float((cells["share"] * cells["mean"]).sum())
    cluster, n_clusters = _cluster(seen)
    errors = seen.join(cells, on="cell").with_columns(
        # a cell of n answers has n − 1 degrees of freedom
        ((pl.col("y") - pl.col("mean")) * (pl.col("n") / (pl.col("n") - 1)).sqrt()).alias("residual"),
        (pl.col("share") / pl.col("n")).alias("weight"),
    )
    low, high = (scale.low, scale.high) if case_at is None else (0.0, 1.0)
    total, silent = float(seen["y"].sum()), n_people - n
    cases = frozenset(seen.filter(pl.col("y") == 1.0)["employee_id"]) if case_at is not None else frozenset()
    return Weighted(
        measure=measure,
        wave=wave,
        case_at=case_at,
        as_answered=Share(value=mean, se=_error(errors, (pl.col("y") - mean) / n, cluster)),
        weighted=Share(value=weighted, se=_error(errors, pl.col("weight") * pl.col("residual"), cluster)),
        change=weighted - mean,
        change_se=_error(errors, (pl.col("weight") - 1 / n) * pl.col("residual"), cluster),
        low=(total + silent * low) / n_people,
        high=(total + silent * high) / n_people,
        n_people=n_people,
        n_answered=n,
        n_cases=None if case_at is None else len(cases),
        n_cells=cells.height,
        smallest_cell=int(cells["n"].min()),  # type: ignore[arg-type]
        n_clusters=n_clusters,
        cluster="team" if cluster == "team" else "person",
        answered=frozenset(seen["employee_id"]),
        cases=cases,
    )


def join_cells(people: pl.DataFrame) -> pl.DataFrame:
    """Adds `cell`: department and tenure, joined until every cell has enough answers.

    First the small cells of a department with each other, then with those of other departments, and at last
    with the smallest cell that is left.
    """
    department = pl.col("department").fill_null("")
    rows = people.with_columns(pl.concat_str(department, pl.lit("\x01"), "tenure").alias("cell"))
    for wider in (department, pl.lit(_REST)):
        answers = pl.col("y").count().over("cell")
        rows = rows.with_columns(pl.when(answers < SMALLEST_CELL).then(wider).otherwise("cell").alias("cell"))
    counts = rows.group_by("cell").agg(pl.col("y").count().alias("n")).sort("n", "cell")
    rest = dict(counts.iter_rows()).get(_REST)
    others = [cell for cell in counts["cell"] if cell != _REST]
    if rest is not None and rest < SMALLEST_CELL and others:
        rows = rows.with_columns(pl.col("cell").replace(others[0], _REST))
    return rows


def _scale(study: Study) -> tuple[str, Scale, float | None] | None:
    if study.burnout is not None:
        scale = study.measures[study.burnout.outcome]
        if scale.higher_is != "neither":
            return study.burnout.outcome, scale, study.burnout.case_at
    return next(
        ((name, scale, None) for name, scale in study.measures.items() if scale.higher_is == "worse"), None
    )


def _employed(tables: Tables, opens: dt.date, closes: dt.date) -> pl.DataFrame:
    """Everybody employed on a day of the wave, with department, team and tenure as of it."""
    spells = (
        tables["spells"]
        .filter((pl.col("start") <= closes) & (pl.col("end").is_null() | (pl.col("end") >= opens)))
        .group_by("employee_id")
        .agg(pl.col("start").max())
        .collect()
    )
    months = (pl.lit(opens) - pl.col("start")).dt.total_days() / _DAYS_A_MONTH
    band = (
        pl.when(months < _TENURE_MONTHS[0])
        .then(pl.lit("a"))
        .when(months < _TENURE_MONTHS[1])
        .then(pl.lit("b"))
    )
    people = spells.select("employee_id", band.otherwise(pl.lit("c")).alias("tenure"))
    nowhere = [pl.lit(None, dtype=pl.String).alias(name) for name in ("department", "team")]
    if "assignments" not in tables:
        return people.with_columns(nowhere)
    places = (
        tables["assignments"]
        .filter((pl.col("start") <= closes) & (pl.col("end").is_null() | (pl.col("end") >= opens)))
        .sort("employee_id", "start")
        .group_by("employee_id", maintain_order=True)
        .agg(pl.col("department").last(), pl.col("team").last())
        .collect()
    )
    return people.join(places, on="employee_id", how="left")


def _cluster(seen: pl.DataFrame) -> tuple[str, int]:
    """Teams share a manager and a mood; where they are too few, or not everybody's is known, people."""
    teams = seen["team"]
    if teams.null_count() == 0 and teams.n_unique() >= _FEWEST_CLUSTERS:
        return "team", teams.n_unique()
    return "employee_id", seen.height


def _error(rows: pl.DataFrame, influence: pl.Expr, cluster: str) -> float:
    """Linearised standard error: influences summed within clusters."""
    sums = (
        rows.select(cluster, influence.alias("u"))
        .group_by(cluster, maintain_order=True)
        .agg(pl.col("u").sum())
    )
    n = sums.height
    small = n / (n - 1) if cluster == "team" else 1.0
    return math.sqrt(float((sums["u"] ** 2).sum()) * small)
