"""The study file: everything organisation-specific, one section a file."""

from wellperf_models.study.base import Section
from wellperf_models.study.burnout import Burnout, PredictorSet
from wellperf_models.study.covariates import Covariate, Scale
from wellperf_models.study.disclosure import HARD_FLOOR, Disclosure
from wellperf_models.study.file import Study, load_study
from wellperf_models.study.general import General
from wellperf_models.study.money import Money, Rate
from wellperf_models.study.roi import Cost, Decision, Outcome, Roi, Value
from wellperf_models.study.table_source import TableSource, Wide
from wellperf_models.study.turnover import Turnover
from wellperf_models.study.validation import Validation

__all__ = [
    "HARD_FLOOR",
    "Burnout",
    "Cost",
    "Covariate",
    "Decision",
    "Disclosure",
    "General",
    "Money",
    "Outcome",
    "PredictorSet",
    "Rate",
    "Roi",
    "Scale",
    "Section",
    "Study",
    "TableSource",
    "Turnover",
    "Validation",
    "Value",
    "Wide",
    "load_study",
]
