"""What packs of a synthetic organisation would claim, month after month, from what was known by then."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from tests.disclosure.published import as_of, claim, publish, states
from wellperf_models.disclosure.claims import Claim
from wellperf_models.disclosure.history import History

BEGIN = dt.date(2022, 1, 1)
QUARTERS = ("2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31")
MONTHS = tuple(
    (dt.date(2024 + m // 12, m % 12 + 1, 1) - dt.timedelta(days=1)).isoformat() for m in range(1, 13)
)
TURNOVER, BURNOUT = "turnover.description", "burnout.groups"


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """Tables of a synthetic organisation, and how exits reach them.

    Attributes:
        folder: Of the tables.
        late_share: Share of exits that are registered a few weeks to three months late.
        merged: New name → departments that are one from a day on.
        merged_from: That day.
    """

    folder: Path
    late_share: float = 0.15
    merged: dict[str, tuple[str, ...]] = field(default_factory=dict)
    merged_from: str = "2024-07-01"

    @cached_property
    def spells(self) -> pl.DataFrame:
        found = pl.read_csv(self.folder / "spells.csv", try_parse_dates=True)
        first = (
            pl.read_csv(self.folder / "assignments.csv", try_parse_dates=True)
            .sort("employee_id", "start")
            .group_by("employee_id", maintain_order=True)
            .first()
            .select("employee_id", "department", "site")
        )
        rng = np.random.default_rng(4)
        late = np.where(rng.random(len(found)) < self.late_share, rng.integers(20, 100, len(found)), 0)
        return (
            found.with_columns(pl.col("end").cast(pl.Date), pl.Series("late", late))
            .filter(pl.col("end").is_null() | (pl.col("end") >= BEGIN))
            .join(first, on="employee_id")
            .with_columns((pl.col("end") + pl.duration(days=pl.col("late"))).alias("registered"))
        )

    @cached_property
    def answers(self) -> pl.DataFrame:
        return (
            pl.scan_parquet(self.folder / "surveys.parquet")
            .filter(pl.col("measure") == "exhaustion")
            .select("employee_id", "wave", "date", "value")
            .collect()
        )

    def known(self, day: str) -> pl.DataFrame:
        """Spells as the tables of a day have them: who was hired by then, who had left as far as known."""
        today = dt.date.fromisoformat(day)
        department = pl.col("department")
        for name, parts in (self.merged if day >= self.merged_from else {}).items():
            department = pl.when(department.is_in(parts)).then(pl.lit(name)).otherwise(department)
        gone = pl.col("registered") <= today
        return (
            self.spells.filter(pl.col("start") <= today)
            .with_columns(department.alias("department"), gone.fill_null(False).alias("left"))
            .with_columns(
                pl.when("left").then("exit_reason").alias("cause"),
                pl.when("left").then("end").otherwise(pl.lit(today)).alias("until"),
            )
        )


def _who(rows: pl.DataFrame) -> frozenset[str]:
    return frozenset(rows["employee_id"].to_list())


@dataclass(frozen=True, kw_only=True)
class Item:
    """One number, row or curve of a pack, and whether the gate would show it by counts."""

    claim: Claim
    eligible: bool
    level: str


def items(organisation: Organisation, day: str) -> Iterator[Item]:
    """Every item of the turnover description and the burnout groups of a day."""
    spells = organisation.known(day)
    everyone, left = _who(spells), _who(spells.filter("left"))

    def described(key: str, subject: str, who: frozenset[str], events: frozenset[str], level: str) -> Item:
        whole = claim(key, who, events=events, subject=subject)
        eligible = len(who) >= 10 and (who == everyone or len(everyone - who) >= 10)
        return Item(claim=whole, eligible=eligible, level=level)

    def modelled(key: str, subject: str, who: frozenset[str], events: frozenset[str]) -> Item:
        eligible = len(who) >= 30 and 10 <= len(events) <= len(who) - 10
        return Item(
            claim=claim(key, who, events=events, subject=subject), eligible=eligible, level="organisation"
        )

    table = f"{TURNOVER}/table/exits_by_group"
    yield described("organisation: all", table, everyone, left, "organisation")
    for group in sorted(spells["department"].unique()):
        own = spells.filter(pl.col("department") == group)
        for subject in (table, f"{TURNOVER}/curve/survival_by_group"):
            yield described(group, subject, _who(own), _who(own.filter("left")), "department")
    yield modelled("", f"{TURNOVER}/curve/survival", everyone, left)
    for cause in ("voluntary", "involuntary", "other"):
        of_cause = _who(spells.filter(pl.col("cause") == cause))
        yield described(cause, f"{TURNOVER}/table/exits_by_cause", of_cause, of_cause, "organisation")
        yield modelled("", f"{TURNOVER}/curve/incidence_{cause}", everyone, of_cause)
    tenure = spells.with_columns(
        ((pl.max_horizontal("start", pl.lit(BEGIN)) - pl.col("start")).dt.total_days() / 30.4).alias("entry"),
        ((pl.col("until") - pl.col("start")).dt.total_days() / 30.4).alias("duration"),
    )
    for horizon in (12, 24, 36):
        behind = tenure.filter(pl.col("entry") < horizon)
        gone = behind.filter(pl.col("left") & (pl.col("duration") <= horizon))
        yield modelled("", f"{TURNOVER}/estimate/survival_{horizon}_months", _who(behind), _who(gone))
    yield from _burnout(organisation, spells, day)


def _burnout(organisation: Organisation, spells: pl.DataFrame, day: str) -> Iterator[Item]:
    answers = organisation.answers.filter(pl.col("date") <= dt.date.fromisoformat(day)).join(
        spells.select("employee_id", "department").unique("employee_id"), on="employee_id"
    )
    cases = answers.filter(pl.col("value") >= 3.5)
    everyone = _who(answers)

    def item(
        key: str, subject: str, own: Callable[[pl.DataFrame], pl.DataFrame], level: str, period: str = ""
    ) -> Item:
        who, events = _who(own(answers)), _who(own(cases))
        eligible = len(who) >= 10 and (who == everyone or len(everyone - who) >= 10) and len(events) > 0
        return Item(
            claim=claim(key, who, events=events, subject=subject, period=period),
            eligible=eligible,
            level=level,
        )

    yield item("", f"{BURNOUT}/estimate/case_rate", lambda rows: rows, "organisation")
    for group in sorted(answers["department"].unique()):
        for name in ("cases_by_group", "auc_by_group"):
            yield item(
                group,
                f"{BURNOUT}/table/{name}",
                lambda rows, group=group: rows.filter(pl.col("department") == group),  # type: ignore[misc]
                "department",
            )
    for wave in sorted(answers["wave"].unique()):
        yield item(
            wave,
            f"{BURNOUT}/table/response",
            lambda rows, wave=wave: rows.filter(pl.col("wave") == wave),  # type: ignore[misc]
            "organisation",
            f"wave {wave}",
        )


@dataclass(frozen=True, kw_only=True)
class Pack:
    """What became of the eligible items of a pack: state by definition, and their level."""

    day: str
    states: dict[str, str]
    levels: dict[str, str]

    def shown(self, level: str = "") -> float:
        """Share that is shown, now or as it was published before."""
        return self._share(level, "fresh", "held")

    def fresh(self, level: str = "") -> float:
        """Share that is shown as of the day itself."""
        return self._share(level, "fresh")

    def _share(self, level: str, *wanted: str) -> float:
        chosen = [s for d, s in self.states.items() if level in ("", self.levels[d])]
        return sum(s in wanted for s in chosen) / len(chosen)


def packs(folder: Path, organisation: Organisation, days: tuple[str, ...]) -> list[Pack]:
    """Publishes a pack for each day."""
    found = []
    for day in days:
        study = as_of(folder, day)
        eligible = [i for i in items(organisation, day) if i.eligible]
        claims = [i.claim for i in eligible]
        judged = states(History.of(study).judge(claims, data=day))
        publish(study, [c for c, s in zip(claims, judged, strict=True) if s == "fresh"], data=day)
        names = [c.definition for c in claims]
        found.append(
            Pack(
                day=day,
                states=dict(zip(names, judged, strict=True)),
                levels=dict(zip(names, (i.level for i in eligible), strict=True)),
            )
        )
    return found
