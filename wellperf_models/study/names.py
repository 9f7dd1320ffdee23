"""What a study file names, and where: covariates, attributes, and everything that says what is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wellperf_models.study.file import Study


def named_covariates(study: Study) -> dict[str, tuple[str, ...]]:
    """Place in the study file → names that must be declared covariates.

    Args:
        study: The study.
    """
    named = {
        "turnover.covariates": study.turnover.covariates,
        "turnover.strata": study.turnover.strata,
    }
    for name, chosen in (study.burnout.models if study.burnout else {}).items():
        named[f"burnout.models.{name}.covariates"] = chosen.covariates
    if study.burnout is not None and study.burnout.ladder.late:
        named["burnout.ladder.late"] = study.burnout.ladder.late
    outcomes = study.roi.outcomes if study.roi else {}
    for name, outcome in outcomes.items():
        others = tuple(c for c in outcome.adjust_for if c not in outcomes)
        named[f"roi.outcomes.{name}.adjust_for"] = others
    return named


def attributes_used(study: Study) -> dict[str, str]:
    """Place in the study file → column used there as a group or a covariate.

    Args:
        study: The study; every covariate it names is declared.
    """
    used = {
        f"{section} ({name})": study.covariates[name].column or name
        for section, names in named_covariates(study).items()
        for name in names
    }
    if study.turnover.group_by is not None:
        used["turnover.group_by"] = study.turnover.group_by
    if study.turnover.pooled_by is not None:
        used["turnover.pooled_by"] = study.turnover.pooled_by
    if study.burnout is not None and study.burnout.group_by is not None:
        used["burnout.group_by"] = study.burnout.group_by
    if study.burnout is not None and study.burnout.ladder.leave_out is not None:
        used["burnout.ladder.leave_out"] = study.burnout.ladder.leave_out
    return used


def names_in(study: Study) -> dict[str, tuple[str, ...]]:
    """Place in the study file → every name and header written there that says what is measured.

    Args:
        study: The study.
    """
    names: dict[str, tuple[str, ...]] = {}
    for key, source in study.tables.items():
        at = f"tables.{key}"
        names[at] = (key, source.part_of or "")
        names[f"{at}.columns"] = (*source.columns, *source.columns.values())
        names[f"{at}.attributes"] = (*source.attributes, *source.attributes.values())
        names[f"{at}.constants"] = tuple(str(v) for v in source.constants.values())
        if source.wide is not None:
            beside = [h for headers in source.wide.beside.values() for h in headers.values()]
            names[f"{at}.wide"] = (*source.wide.columns, *source.wide.columns.values(), *beside)
    for key, scale in study.measures.items():
        names[f"measures.{key}"] = (key, scale.label, scale.instrument, scale.items_under or "", *scale.items)
    for key, instrument in study.instruments.items():
        labels = [text for name, own in instrument.scales.items() for text in (name, own.label, *own.items)]
        names[f"instruments.{key}"] = (key, instrument.source, *labels)
    for key, covariate in study.covariates.items():
        names[f"covariates.{key}"] = (key, covariate.column or "", covariate.label)
    for key, chosen in (study.burnout.models if study.burnout else {}).items():
        names[f"burnout.models.{key}"] = (key, chosen.label)
    for key, outcome in (study.roi.outcomes if study.roi else {}).items():
        names[f"roi.outcomes.{key}"] = (key, outcome.name or "", outcome.label)
    return names
