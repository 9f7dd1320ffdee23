"""`[reporting]`: what a report has to say and no data can tell."""

from typing import Annotated

from pydantic import Field

from wellperf_models.study.base import Section

Words = Annotated[str, Field(max_length=600)]


class Reporting(Section):
    """`[reporting]`: plain texts; what is left out stands in the reporting lists as not done.

    Attributes:
        rationale: Why there is a model at all, and which ones exist already.
        intended_use: What it is for; default the purpose in `[governance]`.
        intended_users: Who would use it.
        not_for: What it must not be used for, beside what `[governance]` prohibits.
        setting: Where people work, how many sites.
        inequalities: Known differences between groups in strain, or in how it is answered.
        treatments: Programmes that ran meanwhile, and how they were handled.
        predictor_choice: Why these predictors.
        sample_size: How the size of the study came about, and why it is enough.
        ethics: Who approved it, and how people agreed.
        funding, conflicts: Who paid, and who gains.
        protocol, registration: Where they can be read; or that there is none.
        data_access, code_access: Who can have the data, and the code.
        involvement: How employees took part in planning and reading it; or that they did not.
        input_quality: What to do where a predictor is missing or poor when the model is used.
        expertise: What a user has to know or do.
        next_steps: What has to be studied next.
        background: Why the programme is evaluated, and which decision hangs on it.
        comparators: What the programme is compared with, and why with that.
        perspective, time_horizon, discounting: Why this point of view, these years, this discount rate.
        price_date: Of which year prices are, and how those of other years were converted.
        subgroups: For whom the result was looked at apart; or that it was for nobody.
        distribution: Who gains and who pays, and who is reached least.
        involvement_effect: What the involvement of those concerned changed; or that it changed nothing.
    """

    rationale: Words = ""
    intended_use: Words = ""
    intended_users: Words = ""
    not_for: Words = ""
    setting: Words = ""
    inequalities: Words = ""
    treatments: Words = ""
    predictor_choice: Words = ""
    sample_size: Words = ""
    ethics: Words = ""
    funding: Words = ""
    conflicts: Words = ""
    protocol: Words = ""
    registration: Words = ""
    data_access: Words = ""
    code_access: Words = ""
    involvement: Words = ""
    input_quality: Words = ""
    expertise: Words = ""
    next_steps: Words = ""
    background: Words = ""
    comparators: Words = ""
    perspective: Words = ""
    time_horizon: Words = ""
    discounting: Words = ""
    price_date: Words = ""
    subgroups: Words = ""
    distribution: Words = ""
    involvement_effect: Words = ""
