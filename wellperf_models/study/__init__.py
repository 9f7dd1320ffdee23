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
from wellperf_models.study.roi import CAUSAL_DESIGNS, Design, Likelihood, Outcome, Roi
from wellperf_models.study.roi_beliefs import (
    PACKAGED_FACTORS,
    PRIOR_SETS,
    Bias,
    EvidencePrior,
    Factor,
    PriorSet,
)
from wellperf_models.study.roi_decision import (
    Believed,
    Budget,
    Decision,
    Initiative,
    Pilot,
    Scenario,
    WillingnessToPay,
)
from wellperf_models.study.roi_money import BORNE_BY_EMPLOYER, Channel, Cost, Party, Tier, Value
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
    "BORNE_BY_EMPLOYER",
    "CAUSAL_DESIGNS",
    "HARD_FLOOR",
    "PACKAGED_FACTORS",
    "PARTS",
    "PERSONAL_STREAMS",
    "PRIOR_SETS",
    "ROLE_VARIABLE",
    "Believed",
    "Bias",
    "Budget",
    "Burnout",
    "Candidates",
    "Channel",
    "Consent",
    "Cost",
    "Country",
    "Covariate",
    "Decision",
    "DeclaredCutOff",
    "Design",
    "Disclosure",
    "Dpia",
    "EvidencePrior",
    "Explanation",
    "Factor",
    "General",
    "Governance",
    "Initiative",
    "Instrument",
    "Ladder",
    "LearnerName",
    "Likelihood",
    "MethodCheck",
    "Money",
    "NonResponse",
    "Outcome",
    "Override",
    "OwnScale",
    "Party",
    "Pilot",
    "Policy",
    "PredictorSet",
    "PriorSet",
    "Rate",
    "Reach",
    "Reporting",
    "Risk",
    "Roi",
    "Role",
    "RoleName",
    "Roles",
    "Scale",
    "Scenario",
    "Section",
    "Study",
    "TableSource",
    "Tier",
    "Transition",
    "Turnover",
    "Use",
    "Validation",
    "Value",
    "Wide",
    "WillingnessToPay",
    "current_role",
    "cut_offs_of",
    "key_of",
    "load_study",
    "prohibited_word",
    "read_overrides",
    "role_named",
]
