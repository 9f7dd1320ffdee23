"""Answers as arrays: scores, clusters, groups and covariates of every row that is modelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.errors import StudyError
from wellperf_models.inference.design import as_declared
from wellperf_models.inference.risk_sets import Floats, Ints
from wellperf_models.panel import NO_GROUP, Level, levels_above
from wellperf_models.study import Burnout, Study

# column of the cluster a person was first known in
FIRST_SEEN_IN = "cluster_first_seen_in"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """One row per answer that is modelled; arrays of shape (n,).

    Attributes:
        person, fold_group, cluster: Codes of the person, of what must not be split between folds, and of the
            independent unit of the errors. A person has one cluster: the one they were first seen in.
        wave: Position of the wave among those modelled, 0 the oldest.
        strain: The outcome's score, turned so that more is worse.
        last: The last score before the wave, turned likewise; None where nothing is before.
        group: As of the wave ("not assigned" where there was none), or None without groups.
        above: The levels above the group, the narrowest first; () without groups.
        leave_out: Which of the groups that the ladder leaves out a row is of, as of the wave; None where none
            is declared, or nobody is in one.
        late: What is known with the answer or after it, n rows; no model is given any of it, the ladder alone
            shows how good one would look. Empty where none is declared.
        covariates: Every declared covariate that is used, as floats and words, n rows.
        places: Covariate → (place of its values, place of the wave), of the values that have one.
    """

    person: Ints
    fold_group: Ints
    cluster: Ints
    wave: Ints
    strain: Floats
    last: Floats | None
    group: NDArray[np.str_] | None
    covariates: pl.DataFrame
    places: dict[str, tuple[Floats, Floats]]
    above: tuple[Level, ...] = ()
    leave_out: NDArray[np.str_] | None = None
    late: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def n_people(self) -> int:
        """Distinct people."""
        return int(np.unique(self.person).size)

    def take(self, rows: Ints) -> Answers:
        """Some of the rows.

        Args:
            rows: Their numbers; people of whom none is left keep their code.
        """
        return replace(
            self,
            person=self.person[rows],
            fold_group=self.fold_group[rows],
            cluster=self.cluster[rows],
            wave=self.wave[rows],
            strain=self.strain[rows],
            last=None if self.last is None else self.last[rows],
            group=None if self.group is None else self.group[rows],
            covariates=self.covariates[rows] if self.covariates.width else self.covariates,
            above=tuple(level[rows] for level in self.above),
            leave_out=None if self.leave_out is None else self.leave_out[rows],
            late=self.late[rows] if self.late.width else self.late,
        )

    def __repr__(self) -> str:
        """Shapes only."""
        return f"Answers({self.person.size} rows × {self.covariates.width} covariates)"


def build_answers(
    rows: pl.DataFrame, study: Study, section: Burnout, names: Sequence[str], *, forward: bool, sign: int
) -> Answers:
    """Arrays of the rows that are modelled.

    Args:
        rows: From `build_waves`, with person and wave_order as codes, and from `with_first_seen_in`.
        study: Declares the covariates.
        section: Its `[burnout]`.
        names: Covariates of any model.
        forward: Whether the last score lies before the wave.
        sign: −1 where a lower score is worse.

    Raises:
        StudyError: A covariate is not of its declared type, or groups or clusters are nowhere to be found.
    """
    covariates = as_declared(rows, names, study.covariates) if names else pl.DataFrame()
    places = {
        name: (known[f"{name}_place"].to_numpy(), known["place"].to_numpy())
        for name in names
        if f"{name}_place" in rows.columns
        for known in (rows.filter(pl.col(name).is_not_null()),)
    }
    late = section.ladder.late
    cluster = _cluster(rows, section)
    group = _group(rows, section)
    own = None if group is None else Level(name=str(section.group_by), groups=group)
    return Answers(
        person=rows["person"].to_numpy(),
        fold_group=_fold_group(rows, covariates, section, cluster),
        cluster=cluster,
        wave=rows["wave_order"].to_numpy(),
        strain=sign * rows["score"].to_numpy(),
        last=sign * rows["last_score"].to_numpy() if forward else None,
        group=group,
        covariates=covariates,
        places=places,
        above=() if own is None else levels_above(rows, own, study.disclosure.widen),
        leave_out=_leave_out(rows, section.ladder.leave_out),
        late=as_declared(rows, late, study.covariates) if late else pl.DataFrame(),
    )


def with_first_seen_in(rows: pl.DataFrame, section: Burnout) -> pl.DataFrame:
    """The cluster a person was first known in, before any row is left out: the same in every answer.

    Args:
        rows: From `build_waves`, sorted by wave, with person as a code.
        section: Declares the cluster.
    """
    if section.cluster in (None, "person"):
        return rows
    named = pl.col(str(section.cluster)).cast(pl.String)
    return rows.with_columns(named.drop_nulls().first().over("person").alias(FIRST_SEEN_IN))


def _leave_out(rows: pl.DataFrame, column: str | None) -> NDArray[np.str_] | None:
    """A rung that can't be climbed says so; it stops nothing."""
    if column is None or rows[column].null_count() == rows.height:
        return None
    return rows[column].cast(pl.String).fill_null(NO_GROUP).to_numpy().astype(str)


def _cluster(rows: pl.DataFrame, section: Burnout) -> Ints:
    """The person, or the declared cluster they were first seen in: nobody is in two."""
    if section.cluster in (None, "person"):
        return rows["person"].to_numpy()
    first = rows[FIRST_SEEN_IN]
    if first.null_count() == first.len():
        raise StudyError(
            "The cluster of the errors is nowhere to be found.",
            where="burnout.cluster",
            got=section.cluster,
            expected="a column of assignments or people, and dated waves for assignments",
        )
    return (first.fill_null(NO_GROUP).rank("dense") - 1).cast(pl.Int64).to_numpy()


def _fold_group(rows: pl.DataFrame, covariates: pl.DataFrame, section: Burnout, cluster: Ints) -> Ints:
    chosen = section.validation.group_by
    if chosen == "person":
        return rows["person"].to_numpy()
    if chosen == "cluster":
        if section.cluster is None:
            raise StudyError(
                "Folds are grouped by cluster, but there is none.",
                where="burnout.validation.group_by",
                remedy="name burnout.cluster",
            )
        return cluster
    if not covariates.width:
        return rows["person"].to_numpy()
    columns = [pl.col(c).cast(pl.String).fill_null("\x00") for c in sorted(covariates.columns)]
    pattern = covariates.select(pl.concat_str(columns, separator="\x1f").alias("pattern"))["pattern"]
    return (pattern.rank("dense") - 1).cast(pl.Int64).to_numpy()


def _group(rows: pl.DataFrame, section: Burnout) -> NDArray[np.str_] | None:
    if section.group_by is None:
        return None
    named = rows[section.group_by].cast(pl.String)
    if named.null_count() == named.len():
        raise StudyError(
            "The group of the table by group is nowhere to be found.",
            where="burnout.group_by",
            got=section.group_by,
            expected="a column of assignments or people, and dated waves for assignments",
        )
    return named.fill_null(NO_GROUP).to_numpy().astype(str)
