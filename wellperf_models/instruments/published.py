"""Scoring keys of published instruments, as data; no item text, which belongs to their authors.

What could not be ascertained is left out: missing-item rules of MBI, BAT and OLBI (the workbench's own rule
stands in and says so), cut-offs of the MBI-SS, and which items of the BAT-23 make the BAT-12 (items are
numbered within each form). Items of the CBI, the BAT and the MBI-SS are numbered scale by scale in the order
of the paper; questionnaires mix them, so their own names are mapped in the study file.
"""

from __future__ import annotations

from wellperf_models.instruments.key import CutOff, Scoring, ScoringKey, Status

_MBI = "Maslach, Jackson & Leiter (1996), Maslach Burnout Inventory manual, 3rd edition (General Survey)"
_TERTILES = (
    "upper third of the manual's own sample: " + _MBI + "; the 4th edition (2016) no longer gives cut-offs"
)
_MBI_SS = "Schaufeli et al. (2002), Journal of Cross-Cultural Psychology 33:464"
_BAT = "Schaufeli, Desart & De Witte (2020), Int. J. Environ. Res. Public Health 17:9495"
_BAT_12 = "Hadžibajramović, Schaufeli & De Witte (2022), BMC Public Health 22"
_BAT_CUTS = (
    "Schaufeli et al. (2023), Scand. J. Work Environ. Health 49:293, against people with a diagnosis "
    "(the Netherlands, Flanders, Finland)"
)
_CBI = "Kristensen, Borritz, Villadsen & Christensen (2005), Work & Stress 19:192"
_OLBI = "Demerouti & Bakker (2008), in Halbesleben (ed.), Handbook of Stress and Burnout in Health Care"
_OLBI_CUTS = "Peterson et al. (2008), Journal of Advanced Nursing 62:84"


def _numbers(*numbers: int) -> tuple[str, ...]:
    return tuple(map(str, numbers))


def _run(first: int, last: int) -> tuple[str, ...]:
    return _numbers(*range(first, last + 1))


def _cuts(status: Status, source: str, **lines: float) -> tuple[CutOff, ...]:
    return tuple(
        CutOff(name=name.replace("_", " "), at=at, status=status, source=source) for name, at in lines.items()
    )


def _most(items: tuple[str, ...]) -> int:
    """All items but one in five, rounded towards more answers: four of five, seven of eight."""
    return len(items) - len(items) // 5


def _mbi(
    form: str, scale: str, label: str, items: tuple[str, ...], source: str, high_at: float | None
) -> ScoringKey:
    efficacy = scale == "efficacy"
    # of efficacy a low score is the bad one: below the lower third's border
    told = "low (lowest third)" if efficacy else "high (highest third)"
    cuts = () if high_at is None else (CutOff(name=told, at=high_at, status="contested", source=_TERTILES),)
    return ScoringKey(
        name=f"{form}.{scale}",
        label=label,
        items=items,
        low=0,
        high=6,
        higher_is="better" if efficacy else "worse",
        min_answered=_most(items),
        cut_offs=cuts,
        source=source,
    )


def _bat(form: str, scale: str, label: str, items: tuple[str, ...], cuts: tuple[CutOff, ...]) -> ScoringKey:
    return ScoringKey(
        name=f"{form}.{scale}",
        label=label,
        items=items,
        low=1,
        high=5,
        min_answered=_most(items),
        cut_offs=cuts,
        source=_BAT_12 if form == "bat_12" else _BAT,
    )


def _cbi(
    scale: str, label: str, items: tuple[str, ...], least: int, reversed_items: tuple[str, ...] = ()
) -> ScoringKey:
    scoring: Scoring = "percent"
    return ScoringKey(
        name=f"cbi.{scale}",
        label=label,
        items=items,
        low=0,
        high=100,
        reversed_items=reversed_items,
        scoring=scoring,
        min_answered=least,
        rule_source=_CBI + ": with fewer answers than this the person counts as not having answered",
        cut_offs=_cuts("convention", "in use since the PUMA study; " + _CBI + " gives none", high=50.0),
        source=_CBI,
    )


def _olbi(
    scale: str, label: str, items: tuple[str, ...], reversed_items: tuple[str, ...], at: float
) -> ScoringKey:
    # 1 is "strongly agree": agreeing with a complaint is then the low answer, so complaints are reversed.
    # Where 1 is "strongly disagree" the study file says coded = [4, 1]
    return ScoringKey(
        name=f"olbi.{scale}",
        label=label,
        items=items,
        low=1,
        high=4,
        reversed_items=reversed_items,
        min_answered=_most(items),
        cut_offs=_cuts("convention", _OLBI_CUTS, high=at),
        source=_OLBI,
    )


_KEYS = (
    _mbi("mbi_gs", "exhaustion", "Exhaustion", _numbers(1, 2, 3, 4, 6), _MBI, 3.2),
    _mbi("mbi_gs", "cynicism", "Cynicism", _numbers(8, 9, 13, 14, 15), _MBI, 2.2),
    _mbi("mbi_gs", "efficacy", "Professional efficacy", _numbers(5, 7, 10, 11, 12, 16), _MBI, 4.0),
    _mbi("mbi_ss", "exhaustion", "Exhaustion", _run(1, 5), _MBI_SS, None),
    _mbi("mbi_ss", "cynicism", "Cynicism", _run(6, 9), _MBI_SS, None),
    _mbi("mbi_ss", "efficacy", "Academic efficacy", _run(10, 15), _MBI_SS, None),
    _bat("bat_23", "exhaustion", "Exhaustion", _run(1, 8), ()),
    _bat("bat_23", "mental_distance", "Mental distance", _run(9, 13), ()),
    _bat("bat_23", "cognitive_impairment", "Cognitive impairment", _run(14, 18), ()),
    _bat("bat_23", "emotional_impairment", "Emotional impairment", _run(19, 23), ()),
    _bat(
        "bat_23",
        "total",
        "Burnout (BAT-23)",
        _run(1, 23),
        _cuts("validated", _BAT_CUTS, at_risk=2.59, severe=3.02),
    ),
    _bat("bat_12", "exhaustion", "Exhaustion", _run(1, 3), ()),
    _bat("bat_12", "mental_distance", "Mental distance", _run(4, 6), ()),
    _bat("bat_12", "cognitive_impairment", "Cognitive impairment", _run(7, 9), ()),
    _bat("bat_12", "emotional_impairment", "Emotional impairment", _run(10, 12), ()),
    _bat(
        "bat_12",
        "total",
        "Burnout (BAT-12)",
        _run(1, 12),
        _cuts("validated", _BAT_CUTS, at_risk=2.54, severe=2.96),
    ),
    _cbi("personal", "Personal burnout", _run(1, 6), 3),
    _cbi("work", "Work-related burnout", _run(7, 13), 4, _numbers(13)),
    _cbi("client", "Client-related burnout", _run(14, 19), 3),
    _olbi("exhaustion", "Exhaustion", _numbers(2, 4, 5, 8, 10, 12, 14, 16), _numbers(2, 4, 8, 12), 2.25),
    _olbi("disengagement", "Disengagement", _numbers(1, 3, 6, 7, 9, 11, 13, 15), _numbers(3, 6, 9, 11), 2.1),
)
KEYS: dict[str, ScoringKey] = {key.name: key for key in _KEYS}
