"""Money that would be counted twice, refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wellperf_models.study.roi_money import Channel, Value

# presenteeism is self-reported productivity
EXCLUSIVE_CHANNELS: Final[tuple[frozenset[Channel], ...]] = (frozenset({"productivity", "presenteeism"}),)


@dataclass(frozen=True, kw_only=True)
class Priced:
    """An outcome with a value, and what it is a measurement of.

    Attributes:
        value: What one unit is worth.
        measurement: Where it comes from: table, name and period; two outcomes with the same are the same.
    """

    value: Value
    measurement: tuple[str, str, str]


def refuse_counted_twice(priced: Mapping[str, Priced]) -> None:
    """Refuses two outcomes that bring the same money.

    Args:
        priced: Outcome → its value, in the order declared.

    Raises:
        ValueError: Two outcomes use one channel, measured and self-reported output are both valued, or one
            measurement is valued under two names: a cost of replacement holds the lost output of the vacancy
            already, so that a second line for it is the same money.
    """
    channels: dict[Channel, str] = {}
    measured: dict[tuple[str, str, str], str] = {}
    for name, one in priced.items():
        channel = one.value.channel
        if channel != "other":
            if channel in channels:
                raise ValueError(
                    f"outcomes {channels[channel]} and {name} both count money through {channel}: keep one"
                )
            channels[channel] = name
        if one.value.tier == "asserted":
            # in no sum
            continue
        if one.measurement in measured:
            other = measured[one.measurement]
            held = ""
            if "turnover" in (channel, priced[other].value.channel):
                held = " (replacement cost holds the lost output of the vacancy already)"
            raise ValueError(
                f"outcomes {other} and {name} are one measurement, valued twice{held}: keep one, and put all "
                "that a unit is worth into its amount"
            )
        measured[one.measurement] = name
    for pair in EXCLUSIVE_CHANNELS:
        if pair <= set(channels):
            both = " and ".join(sorted(pair))
            raise ValueError(f"{both} are the same money measured twice: keep one")
