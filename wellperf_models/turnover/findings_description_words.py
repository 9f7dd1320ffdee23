"""What the description takes for granted, by which rules it counts, and what it does not show."""

from __future__ import annotations

import numpy as np

from wellperf_models.inference.influence import count_clusters
from wellperf_models.inference.jackknife import FEW_CLUSTERS
from wellperf_models.panel import what_a_group_needs
from wellperf_models.turnover.causes import ANOTHER
from wellperf_models.turnover.findings_shown import withheld_causes
from wellperf_models.turnover.model import Description
from wellperf_models.turnover.rows import TurnoverFrame


def assumptions_of(frame: TurnoverFrame) -> tuple[str, ...]:
    """What must hold for the curves."""
    what = frame.spells.clustered_by.replace("_", " ")
    return (
        "Who enters observation late stays as long as who of the same tenure was there already.",
        "Censoring (the day of the extract) has nothing to do with the wish to leave.",
        "Bands take people as independent of each other."
        if not what
        else "Bands take the spells of one person as belonging together, and people as independent."
        if what == "person"
        else f"Bands take what happens in one {what} as belonging together (the one that people were first "
        "seen in), and nothing else.",
    )


def _rules(frame: TurnoverFrame) -> tuple[str, ...]:
    """By which rule rehires, overlaps, ties and the end of observation count."""
    spells = frame.spells
    rules = [
        "People who leave at the same tenure are counted as leaving together; ties are not broken by chance."
    ]
    if frame.dated:
        rules.append(
            "Who is still employed on the day of the extract is followed up to that day, the study's and not "
            "the last date in the data; spells of one person that overlap are refused before anything is "
            "counted."
        )
    if np.unique(spells.person).size < spells.person.size:
        together = (
            "the bands take the spells of a person as belonging together"
            if spells.clustered_by == "person"
            else f"the bands are made by {spells.clustered_by.replace('_', ' ')}"
            if spells.clustered_by
            else "the bands take them as different people"
        )
        rules.append(f"Who came back begins again at tenure 0, as a spell of its own; {together}.")
    if spells.cluster is not None and count_clusters(spells.cluster) < FEW_CLUSTERS:
        rules.append(f"Bands rest on fewer than {FEW_CLUSTERS} clusters: they may be too narrow.")
    return tuple(rules)


def limits_of(frame: TurnoverFrame, description: Description) -> tuple[str, ...]:
    """What the curves do not show, and by which rules they were made."""
    limits = ["Describes who left; it says nothing about what would keep people."]
    if frame.delayed_entry:
        limits.append(
            "People hired before observation began are seen only because they had stayed until then; the "
            "curves count them from the tenure at which they come into sight. A table shows what ignoring "
            "that would give: it flatters."
        )
    if description.start > 0:
        limits.append(
            f"Nothing can be said about the first {description.start:g} months: too few people were "
            "observed in them."
        )
    if description.horizons_left_out:
        asked = ", ".join(f"{h:g}" for h in description.horizons_left_out)
        limits.append(f"Not answered, too few people at risk: {asked} months.")
    if description.groups_left_out:
        limits.append(
            "Groups without a curve of their own, because too few people were under observation together or "
            f"nobody left: {description.groups_left_out}."
        )
    if description.groups_later:
        since = f"{description.start:g} months" if description.start > 0 else "hire"
        limits.append(
            f"Groups without a curve of their own, because it could not begin at {since} like the others' "
            f"(too few people were observed early): {description.groups_later}."
        )
    for horizon in description.horizons:
        withheld = withheld_causes(frame, description, horizon)
        if words := [c.words for c in description.shown if c.name in withheld]:
            limits.append(
                f"Kept back at {horizon:g} months, because a smaller number would follow: {'; '.join(words)}."
            )
    if any(len(c.members) > 1 for c in description.shown):
        limits.append("Reasons that too few people left for are counted together.")
    if ANOTHER in frame.causes:
        limits.append(
            "Who left for a reason the study does not model is not counted as still employed; models of one "
            "cause follow them up to that day."
        )
    if frame.group_by:
        limits.append("People stay in the group they were first seen in, also after a move.")
        limits.append("The curves of groups are not adjusted for who works there.")
        if not frame.in_full:
            limits.append(what_a_group_needs(frame.group_by.replace("_", " "), frame.min_group_size))
    return (*limits, *_rules(frame))
