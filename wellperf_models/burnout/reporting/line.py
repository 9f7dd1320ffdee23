"""A line of the lists on a prediction model that no answer fills by its name alone."""

from __future__ import annotations

from wellperf_models.burnout.reporting.frame import RunFacts
from wellperf_models.guidelines import Line, from_answer, not_done, reported


def the_model(facts: RunFacts) -> Line:
    """Reported where every coefficient was released: without one of them nobody can use the model."""
    found = facts.table("burnout.explained", "model")
    if found is None:
        return (
            from_answer("burnout.explained", "coefficients")(facts)
            if not facts.given("burnout.explained")
            else not_done("burnout.explained has no table of coefficients")
        )
    if all(value is None for row in found.rows for value in row.values):
        return not_done("coefficients: kept back (too few people)")
    return reported("burnout.explained: coefficients, centres and scales")
