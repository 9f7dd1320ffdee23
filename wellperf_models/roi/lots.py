"""Who was assigned to what: units, arms, receipt, and what was assigned as a whole."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import polars as pl

from wellperf_models.errors import DesignError, StudyError
from wellperf_models.panel import Source, to_polars
from wellperf_models.panel.engine import table
from wellperf_models.study import CAUSAL_DESIGNS, Roi

# the finest first: a unit can only belong to something coarser
LEVELS = ("person", "team", "department", "site")
# whole groups in one arm are taken for chance above this probability
_CHANCE = 1e-4
# share of units in the other arm than their group that does not speak against lots of groups
_FEW_ODD = 0.02


@dataclass(frozen=True, kw_only=True)
class Programme:
    """What the table programmes says; empty where it says nothing."""

    start: dt.date | None
    assigned_by: tuple[str, ...]
    level: tuple[str, ...]


def read_programme(tables: Source, section: Roi) -> Programme:
    """The programme's first day, and how its owner says it was assigned.

    Args:
        tables: May hold `programmes`.
        section: `[roi]`; its `start` comes first.

    Raises:
        DesignError: It had not started on the study's as-of date.
    """
    start, assigned_by, level = section.start, (), ()
    if "programmes" in tables:
        own = to_polars(table(tables, "programmes")).filter(pl.col("programme") == section.programme)
        start = start or own["start"].min()  # type: ignore[assignment]
        assigned_by = tuple(sorted(own["assigned_by"].drop_nulls().unique()))
        level = tuple(sorted(own["level"].drop_nulls().unique()))
    as_of = tables.study.study.as_of
    if start is not None and start > as_of:
        raise DesignError(
            "The programme had not started when the data were taken.",
            where="[roi] start" if section.start else "programmes.start",
            expected=f"on or before the as-of date {as_of}",
            got=str(start),
        )
    return Programme(start=start, assigned_by=assigned_by, level=level)


def assign(rows: pl.DataFrame, tables: Source, section: Roi, programme: Programme) -> pl.DataFrame:
    """Adds what the lots decided.

    What a unit's own rows leave out is taken from its other rows: a baseline file need not repeat the arm.

    Args:
        rows: Rows of the table outcomes, with `unit_type, unit_id, arm, received, cluster, block`.
        tables: May hold `assignments`, where teams are looked up on the programme's first day.
        section: `[roi]`.
        programme: From `read_programme`.

    Returns:
        The rows with `unit` (code), `known_arm`, `treated` (missing: another arm, or none), `got` (1, 0,
        missing), `whole` (code of what was assigned as a whole; missing: not found) and `lots` (code of the
        block).

    Raises:
        StudyError: Units are coarser than the level, or whole groups share an arm at a finer level.
        DesignError: A unit is in two arms, clusters or blocks; nobody is in the treated arm; the assignment
            level is nowhere to be found; a cluster holds both arms.
    """
    _check_units(rows, section)
    rows = rows.with_columns(
        _code(pl.concat_str(["unit_type", "unit_id"], separator="\x1f")).alias("unit"),
        pl.col("received").replace_strict({"yes": 1.0, "no": 0.0}, default=None, return_dtype=pl.Float64),
    )
    rows = _fill(rows, "arm", "arms", "roi.treated")
    rows = _fill(rows, "cluster", "clusters", "outcomes.cluster")
    rows = _fill(rows, "block", "blocks", "outcomes.block")
    rows = _arms(_receipt(rows, section), section)
    rows = _wholes(rows, tables, section, programme.start)
    if section.design == "randomised":
        _check_level(rows, tables, section, programme.start)
    if section.design in CAUSAL_DESIGNS:
        _check_clusters(rows, section)
    block = pl.col("block").cast(pl.String).fill_null("")
    return rows.with_columns(_code(block).alias("lots"))


def _code(text: pl.Expr) -> pl.Expr:
    """Dense codes in the order of the text: nothing depends on the order of the rows."""
    return (text.rank("dense") - 1).cast(pl.Int64)


def _check_units(rows: pl.DataFrame, section: Roi) -> None:
    found = set(rows["unit_type"].unique())
    allowed = set(LEVELS[: LEVELS.index(section.level) + 1])
    if coarser := sorted(found - allowed):
        raise StudyError(
            "Units are larger than what is said to have been assigned.",
            where=f"[roi] level = {section.level!r}",
            expected=f"outcomes.unit_type among {', '.join(LEVELS[: LEVELS.index(section.level) + 1])}",
            got=", ".join(coarser),
            remedy="declare the level at which lots were drawn, or measure smaller units",
        )


def _fill(rows: pl.DataFrame, column: str, what: str, where: str) -> pl.DataFrame:
    """Fills a unit's missing values from its other rows; a unit has one value."""
    own = rows.drop_nulls(column).group_by("unit").agg(pl.col(column).n_unique().alias("n"), pl.first(column))
    if split := own.filter(pl.col("n") > 1).height:
        raise DesignError(
            f"Some units are in several {what}.",
            where=where,
            expected="one for each unit",
            got=f"{split} of {own.height} units",
            remedy="a unit stays in the arm, cluster and block of its lot, whatever it did later",
        )
    return rows.drop(column).join(own.select("unit", column), on="unit", how="left")


def _receipt(rows: pl.DataFrame, section: Roi) -> pl.DataFrame:
    """Receipt, filled from the unit's other rows where these agree; in the control arm missing is no."""
    agreed = (
        rows.drop_nulls("received")
        .group_by("unit")
        .agg(pl.col("received").n_unique().alias("n"), pl.first("received").alias("once"))
        .filter(pl.col("n") == 1)
    )
    rows = rows.join(agreed.select("unit", "once"), on="unit", how="left")
    got = pl.coalesce("received", "once")
    if section.control is not None:
        got = got.fill_null(pl.when(pl.col("arm") == section.control).then(0.0))
    return rows.with_columns(got.alias("got")).drop("once")


def _arms(rows: pl.DataFrame, section: Roi) -> pl.DataFrame:
    arm = pl.col("arm")
    treated: pl.Expr = (
        pl.when(arm == section.treated)
        .then(True)
        .when(arm == section.control if section.control is not None else pl.lit(False))
        .then(False)
    )
    known = arm.is_not_null()
    if section.design == "participation":
        if rows["received"].null_count() == rows.height:
            # arms are all that says who took part
            others = (arm == section.control) if section.control is not None else arm.is_not_null()
            took = pl.when(arm == section.treated).then(1.0).when(others).then(0.0)
            rows = rows.with_columns(took.alias("got"))
        treated, known = pl.col("got") == 1.0, pl.col("got").is_not_null()
    elif section.design == "before_after":
        nowhere = rows["arm"].null_count() == rows.height
        treated = pl.lit(True) if nowhere else pl.when(arm == section.treated).then(True)
        known = pl.lit(True) if nowhere else known
    rows = rows.with_columns(treated.alias("treated"), known.alias("known_arm"))
    if not rows["treated"].any():
        arms = ", ".join(repr(a) for a in sorted(rows["arm"].drop_nulls().unique())[:5]) or "none"
        raise DesignError(
            "Nobody took part." if section.design == "participation" else "Nobody is in the treated arm.",
            where=f"[roi] treated = {section.treated!r}",
            expected="units in that arm of the table outcomes",
            got=f"arms: {arms}",
            remedy="correct roi.treated, or map the arms in the values of [tables.outcomes]",
        )
    return rows


def _wholes(rows: pl.DataFrame, tables: Source, section: Roi, start: dt.date | None) -> pl.DataFrame:
    """What was assigned as a whole and holds the unit: itself, its declared cluster, its team on day one."""
    found = _places_of(rows, tables, section, start)
    return found.with_columns(_code(pl.col("place")).alias("whole")).drop("place")


def place_units(rows: pl.DataFrame, tables: Source, section: Roi, start: dt.date | None) -> pl.DataFrame:
    """Adds the name of what was assigned as a whole and holds the unit, `place`; missing: not found.

    Args:
        rows: Rows of the table outcomes, with `unit_type, unit_id, cluster`.
        tables: May hold `assignments`, where teams are looked up on the programme's first day.
        section: `[roi]`.
        start: That day.

    Raises:
        StudyError: Units are coarser than the level.
        DesignError: A unit is in two clusters; the assignment level is nowhere to be found.
    """
    _check_units(rows, section)
    coded = rows.with_columns(_code(pl.concat_str(["unit_type", "unit_id"], separator="\x1f")).alias("unit"))
    return _places_of(_fill(coded, "cluster", "clusters", "outcomes.cluster"), tables, section, start)


def _places_of(rows: pl.DataFrame, tables: Source, section: Roi, start: dt.date | None) -> pl.DataFrame:
    alone = pl.col("unit_type") == section.level
    itself = pl.when(alone).then(pl.col("unit_id").cast(pl.String))
    if rows.select(alone.all()).item():
        return rows.with_columns(itself.alias("place"))
    found = rows.with_columns(pl.lit(None, pl.String).alias("_place"))
    if (places := _places(tables, section.level, rows["unit_type"].unique().to_list(), start)) is not None:
        found = rows.join(places, on=["unit_type", "unit_id"], how="left", maintain_order="left")
    name = pl.coalesce(itself, pl.col("cluster").cast(pl.String), "_place")
    found = found.with_columns(name.alias("place")).drop("_place")
    if found.filter(~alone)["place"].null_count() == found.filter(~alone).height:
        raise DesignError(
            "The assignment level cannot be found.",
            where=f"[roi] level = {section.level!r}",
            expected="outcomes.cluster, or the table assignments and the programme's first day",
            got=f"{', '.join(sorted(rows['unit_type'].unique()))}: {section.level} unknown",
            remedy="fill outcomes.cluster, or give [tables.assignments] and roi.start",
        )
    return found


def _places(tables: Source, level: str, kinds: list[str], start: dt.date | None) -> pl.DataFrame | None:
    """(unit_type, unit_id) → `_place`, the team, department or site on the programme's first day."""
    if "assignments" not in tables or start is None:
        return None
    held = to_polars(table(tables, "assignments")).filter(
        pl.col("start") <= start, pl.col("end").is_null() | (pl.col("end") >= start)
    )
    parts = []
    for kind in kinds:
        key = "employee_id" if kind == "person" else kind
        if key not in held.columns or level not in held.columns or kind == level:
            continue
        held = held.sort("start", level)
        place = pl.col(level).last()
        if kind != "person":
            # a team that belongs to two departments belongs to none
            place = pl.when(pl.col(level).n_unique() == 1).then(place)
        one = held.drop_nulls([key, level]).group_by(key).agg(place.cast(pl.String).alias("_place"))
        parts.append(
            one.select(
                pl.lit(kind).alias("unit_type"), pl.col(key).cast(pl.String).alias("unit_id"), "_place"
            )
        )
    return pl.concat(parts) if parts else None


def _check_clusters(rows: pl.DataFrame, section: Roi) -> None:
    held = rows.drop_nulls(["whole", "treated"]).group_by("whole").agg(pl.col("treated").n_unique())
    if mixed := held.filter(pl.col("treated") > 1).height:
        raise DesignError(
            f"A {section.level} was assigned as a whole, yet some hold both arms.",
            where=f"[roi] level = {section.level!r}",
            expected="one arm for everybody in it",
            got=f"both arms in {mixed} of {held.height}",
            remedy="declare the level at which lots were drawn; people keep the arm of their first day",
        )
    across = rows.drop_nulls("whole").group_by("whole").agg(pl.col("block").n_unique())
    if mixed := across.filter(pl.col("block") > 1).height:
        raise DesignError(
            f"Lots were drawn within blocks, yet some {section.level}s are in several.",
            where="outcomes.block",
            expected="one block for everything that was assigned together",
            got=f"{mixed} of {across.height}",
        )


def _check_level(rows: pl.DataFrame, tables: Source, section: Roi, start: dt.date | None) -> None:
    """Refuses a level finer than the lots: where teams share an arm, errors by person are too small."""
    units = rows.drop_nulls(["treated", "whole"]).unique("unit")
    above = LEVELS[LEVELS.index(section.level) + 1 :]
    groups = {"cluster (outcomes.cluster)": units.select("whole", "treated", group=pl.col("cluster"))}
    for level in reversed(above):
        if (places := _places(tables, level, units["unit_type"].unique().to_list(), start)) is not None:
            placed = units.join(places, on=["unit_type", "unit_id"], how="left")
            groups[level] = placed.select("whole", "treated", group=pl.col("_place"))
    for name, grouped in groups.items():
        if _wholly_in_one_arm(grouped.drop_nulls("group")):
            raise StudyError(
                f"Every {name} is wholly in one arm, which chance would not do.",
                where=f"[roi] level = {section.level!r}",
                expected=f"the level at which lots were drawn, a {name.partition(' ')[0]} it seems",
                remedy="correct roi.level: errors at a finer level than the lots are far too small",
            )


def _wholly_in_one_arm(units: pl.DataFrame) -> bool:
    """Whether groups are so wholly in one arm that lots drawn inside them would hardly ever do it."""
    wholes = units.unique("whole")
    held = wholes.group_by("group").agg(pl.len().alias("n"), pl.col("treated").sum().alias("k"))
    # a few who moved, or are listed elsewhere, do not make lots of people out of lots of teams
    pure = held.with_columns(k=pl.when(2 * pl.col("k") > pl.col("n")).then(pl.col("n")).otherwise(0))
    odd = int((pure["k"].cast(pl.Int64) - held["k"].cast(pl.Int64)).abs().sum())
    if not held.height or odd > _FEW_ODD * wholes.height:
        return False
    share = float(wholes["treated"].to_numpy().mean())
    if share in (0.0, 1.0):
        return False
    log_chance = sum(math.log(share**n + (1 - share) ** n) for n in held["n"])
    return bool(log_chance < math.log(_CHANCE))
