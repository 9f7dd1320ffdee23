"""`[instruments.NAME]`, instruments of one's own, and the key by which a measure is scored from its items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from wellperf_models.errors import StudyError
from wellperf_models.instruments import KEYS, CutOff, Direction, Scoring, ScoringKey, scoring_key
from wellperf_models.study.base import Section
from wellperf_models.study.covariates import DeclaredCutOff, ItemNames, Name, Scale
from wellperf_models.study.suggest import suggest

if TYPE_CHECKING:
    from wellperf_models.study.file import Study


class OwnScale(Section):
    """`[instruments.NAME.scales.SCALE]`.

    Attributes:
        items: Names of its items, as they stand in `surveys.item`.
        reversed_items: Those that run against the score.
        label: What a reader sees.
        higher_is: What a high score means.
        cut_offs: Lines on it.
    """

    items: Annotated[ItemNames, Field(min_length=1)]
    reversed_items: ItemNames = ()
    label: str = ""
    higher_is: Direction = "worse"
    cut_offs: dict[str, DeclaredCutOff] = Field(default_factory=dict)


class Instrument(Section):
    """`[instruments.NAME]`: an instrument of one's own; its scales are then "NAME.SCALE" in `scored_from`.

    Attributes:
        low, high: Lowest and highest answer to an item.
        scoring: How a score is made of the items.
        min_answered_share: Share of a scale's items that must be answered for a score.
        source: Where it comes from.
        scales: Its scales.
    """

    low: float
    high: float
    scoring: Scoring = "mean"
    min_answered_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    source: str = ""
    scales: Annotated[dict[Name, OwnScale], Field(min_length=1)]

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            self.keys("own")
        except StudyError as error:
            raise ValueError(f"{error.where}: {error.got}") from None
        return self

    def keys(self, name: str) -> dict[str, ScoringKey]:
        """Key of each scale by "NAME.SCALE".

        Args:
            name: Of the instrument.

        Raises:
            StudyError: A scale can't be scored as declared.
        """
        made = {}
        for scale, own in self.scales.items():
            # ten items of which .8 must be answered are eight, whatever .8 is in binary
            least = max(1, -int(-(len(own.items) * self.min_answered_share - 1e-9) // 1))
            made[f"{name}.{scale}"] = ScoringKey(
                name=f"{name}.{scale}",
                label=own.label or scale.replace("_", " "),
                items=own.items,
                low=self.low,
                high=self.high,
                reversed_items=own.reversed_items,
                scoring=self.scoring,
                higher_is=own.higher_is,
                min_answered=least,
                rule_source="the study file",
                cut_offs=_cut_offs(own.cut_offs),
                source=self.source or "the study file",
            )
        return made


def _cut_offs(declared: dict[str, DeclaredCutOff]) -> tuple[CutOff, ...]:
    return tuple(
        CutOff(name=name.replace("_", " "), at=line.at, status=line.status, source=line.source)
        for name, line in declared.items()
    )


def key_of(study: Study, measure: str) -> ScoringKey | None:
    """The key a measure is scored by, with what the study file says otherwise; None: it has no items.

    The score runs as `higher_is` of the measure says: where the key's runs the other way it is turned.

    Args:
        study: The study.
        measure: Name of a declared measure.

    Raises:
        StudyError: There is no such key.
    """
    scale = study.measures[measure]
    if not scale.scored_from:
        return None
    own = {k: v for name, found in study.instruments.items() for k, v in found.keys(name).items()}
    key = scoring_key(scale.scored_from, own)
    changed = {
        name: value
        for name in ("reversed_items", "scoring", "min_answered")
        if (value := getattr(scale, name)) is not None
    }
    key = replace(key, **changed) if changed else key
    # a list of reversed items is taken as it stands; the key's own are turned with the score
    if scale.higher_is in ("neither", key.higher_is):
        return key
    turned = key.turned()
    return turned if scale.reversed_items is None else replace(turned, reversed_items=scale.reversed_items)


def cut_offs_of(study: Study, measure: str) -> tuple[CutOff, ...]:
    """Lines on a measure's scale: those of its key, and those the study file declares (which come first).

    Args:
        study: The study.
        measure: Name of a declared measure.
    """
    declared = _cut_offs(study.measures[measure].cut_offs)
    key = key_of(study, measure)
    known = () if key is None or key.scoring != _published_scoring(study, measure) else key.cut_offs
    names = {line.name for line in declared}
    return (*declared, *(line for line in known if line.name not in names))


def _published_scoring(study: Study, measure: str) -> Scoring | None:
    """How the key itself makes the score: its cut-offs are on that scale."""
    scale = study.measures[measure]
    plain = scale.model_copy(update={"scoring": None})
    key = key_of(study.model_copy(update={"measures": {measure: plain}}), measure)
    return None if key is None else key.scoring


def check_instruments(study: Study) -> None:
    """Holds `[instruments]` and what measures say of their items against each other.

    Raises:
        ValueError: Named by its place in the study file.
    """
    for name in study.instruments:
        if any(key.partition(".")[0] == name for key in KEYS):
            raise ValueError(f"instruments.{name} bears the name of a published instrument")
    for name, scale in study.measures.items():
        for other in scale.shares_items_with:
            if other not in study.measures:
                raise ValueError(
                    f"measures.{name}.shares_items_with names {other!r}, which is not in [measures]"
                    + suggest(other, study.measures)
                )
        for line, cut in scale.cut_offs.items():
            if not scale.low <= cut.at <= scale.high:
                raise ValueError(
                    f"measures.{name}.cut_offs.{line} is {cut.at:g}, outside of {scale.low:g} to "
                    f"{scale.high:g}"
                )
        if scale.scored_from:
            _check_key(study, name, scale)
        elif scale.items or scale.items_under or scale.reversed_items is not None or scale.coded:
            raise ValueError(
                f"measures.{name} says how items are scored, but not from which key (scored_from)"
            )


def _check_key(study: Study, name: str, scale: Scale) -> None:
    try:
        key = key_of(study, name)
    except StudyError as error:
        told = error.got or f"expected {error.expected}"
        raise ValueError(f"measures.{name}.scored_from: {error.summary} ({told})") from None
    assert key is not None
    low, high = key.range
    if (scale.low, scale.high) != (low, high):
        raise ValueError(
            f"measures.{name} runs from {scale.low:g} to {scale.high:g}, but {scale.scored_from} gives "
            f"scores from {low:g} to {high:g}: correct low and high, or say scoring (mean, sum or percent)"
        )
    if stray := [theirs for theirs, ours in scale.items.items() if ours not in key.items]:
        raise ValueError(
            f"measures.{name}.items.{stray[0]} is no item of {scale.scored_from}, which has "
            + ", ".join(key.items)
        )
    if len(set(scale.items.values())) < len(scale.items):
        raise ValueError(f"measures.{name}.items gives two of them the same number")
