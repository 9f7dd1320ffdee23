"""The study file: everything organisation-specific, one section a file."""

from wellperf_models.study.base import Section
from wellperf_models.study.burnout import Burnout, PredictorSet
from wellperf_models.study.burnout_questions import (
    Candidates,
    Explanation,
    Ladder,
    LearnerName,
    NonResponse,
    Use,
)
from wellperf_models.study.consent import PERSONAL_STREAMS, Consent
from wellperf_models.study.countries import Country
from wellperf_models.study.covariates import Covariate, DeclaredCutOff, Scale
from wellperf_models.study.disclosure import HARD_FLOOR, Disclosure
from wellperf_models.study.file import Study, load_study
from wellperf_models.study.general import General
from wellperf_models.study.governance import ALWAYS_PROHIBITED, BASIS_WORDS, Dpia, Governance, Override
from wellperf_models.study.instruments import Instrument, OwnScale, cut_offs_of, key_of
from wellperf_models.study.method_check import MethodCheck
from wellperf_models.study.money import Money, Rate
from wellperf_models.study.overrides import read_overrides
from wellperf_models.study.prohibited import prohibited_word
from wellperf_models.study.reporting import Reporting
from wellperf_models.study.roi import Cost, Decision, Outcome, Roi, Value
from wellperf_models.study.roles import (
    ANSWERS,
    PARTS,
    ROLE_VARIABLE,
    Reach,
    Role,
    RoleName,
    Roles,
    current_role,
    role_named,
)
from wellperf_models.study.table_source import TableSource, Wide
from wellperf_models.study.turnover import Turnover
from wellperf_models.study.turnover_questions import Policy, Risk, Transition
from wellperf_models.study.validation import Validation

__all__ = [
    "ALWAYS_PROHIBITED",
    "ANSWERS",
    "BASIS_WORDS",
    "HARD_FLOOR",
    "PARTS",
    "PERSONAL_STREAMS",
    "ROLE_VARIABLE",
    "Burnout",
    "Candidates",
    "Consent",
    "Cost",
    "Country",
    "Covariate",
    "Decision",
    "DeclaredCutOff",
    "Disclosure",
    "Dpia",
    "Explanation",
    "General",
    "Governance",
    "Instrument",
    "Ladder",
    "LearnerName",
    "MethodCheck",
    "Money",
    "NonResponse",
    "Outcome",
    "Override",
    "OwnScale",
    "Policy",
    "PredictorSet",
    "Rate",
    "Reach",
    "Reporting",
    "Risk",
    "Roi",
    "Role",
    "RoleName",
    "Roles",
    "Scale",
    "Section",
    "Study",
    "TableSource",
    "Transition",
    "Turnover",
    "Use",
    "Validation",
    "Value",
    "Wide",
    "current_role",
    "cut_offs_of",
    "key_of",
    "load_study",
    "prohibited_word",
    "read_overrides",
    "role_named",
]
