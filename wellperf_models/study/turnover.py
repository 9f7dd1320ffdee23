"""`[turnover]`: how long people stay and why they leave."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wellperf_models.study.base import Section
from wellperf_models.study.covariates import Name
from wellperf_models.study.suggest import suggest
from wellperf_models.study.turnover_questions import Policy, Risk, Transition
from wellperf_models.study.validation import Validation


class Turnover(Section):
    """`[turnover]`.

    Attributes:
        causes: Exit reasons analysed as competing causes; the first is the one modelled.
        horizons_months: Tenures at which survival and cumulative incidence are reported.
        group_by: Group of the described curves, a column of assignments or people; None: no groups.
        covariates: Names from `[covariates]`.
        strata: Covariates that get their own baseline hazard.
        cluster: What errors are clustered by; "person" where people come back, as a person with several
            spells is not several people.
        period_edges_months: Tenure bands of the person-period hazard; None: one band per month.
        policies: "What if" questions by name; none is asked where there are none.
        risk: How cumulative incidence is foretold and judged, forward in time.
        pooled_by: Groups whose hazards are partially pooled; None: not asked.
        transition: The question of transitional employment; None: not asked.
    """

    causes: Annotated[tuple[str, ...], Field(min_length=1)] = ("voluntary", "involuntary", "other")
    horizons_months: Annotated[tuple[float, ...], Field(min_length=1)] = (12.0, 24.0)
    group_by: str | None = None
    covariates: tuple[Name, ...] = ()
    strata: tuple[Name, ...] = ()
    cluster: Literal["person", "team", "department", "site", "covariate_pattern"] | None = None
    period_edges_months: tuple[float, ...] | None = None
    validation: Validation = Validation()
    policies: dict[Name, Policy] = Field(default_factory=dict)
    risk: Risk = Risk()
    pooled_by: Literal["team", "department", "site"] | None = None
    transition: Transition | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if any(h <= 0 for h in self.horizons_months) or list(self.horizons_months) != sorted(
            set(self.horizons_months)
        ):
            raise ValueError("horizons_months are positive, increasing and distinct")
        edges = self.period_edges_months
        if edges is not None and (list(edges) != sorted(set(edges)) or any(e <= 0 for e in edges)):
            raise ValueError("period_edges_months are positive, increasing and distinct")
        if both := set(self.strata) & set(self.covariates):
            raise ValueError(f"{', '.join(sorted(both))}: a covariate is either a predictor or a stratum")
        for name, policy in self.policies.items():
            if policy.covariate not in self.covariates:
                raise ValueError(
                    f"policies.{name} changes {policy.covariate!r}, which is not among turnover.covariates"
                    + suggest(policy.covariate, self.covariates)
                )
        if self.transition is not None and self.transition.cause not in self.causes:
            raise ValueError(
                f"transition.cause is {self.transition.cause!r}, which is not among turnover.causes"
                + suggest(self.transition.cause, self.causes)
            )
        return self
