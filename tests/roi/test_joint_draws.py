"""Effects and the bias of a comparison drawn together: the linear-normal case is known in closed form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.decision_builders import make_section, two_channels
from wellperf_models.roi.joint_draws import JointDraws
from wellperf_models.roi.model_decision import fit_decision
from wellperf_models.roi.model_posterior import intention_to_treat

BELIEVED = (-0.3, 0.5)
# mean and spread believed of each effect
PRIORS = {"sick_days": (-0.02, 0.05), "spending": (3.0, 30.0)}


@pytest.fixture(scope="module")
def parts():
    """Two outcomes whose comparison group has mean 0, so that the bias is linear in b; not by lot."""
    section, frame, effects, posteriors = two_channels(shared=True, rho=0.0)
    bias = {"mean": BELIEVED[0], "sd": BELIEVED[1], "source": "s"}
    section = make_section(
        {n: o.model_dump() for n, o in section.outcomes.items()},
        section.decision.model_dump(),
        design="controlled_before_after",
        bias=bias,
    )
    frame = dataclasses.replace(frame, section=section)
    of = {}
    for name, one in effects.of.items():
        effect = dataclasses.replace(intention_to_treat(effects, name), control_mean=-1.0, df=np.inf)
        of[name] = dataclasses.replace(one, intention_to_treat=effect)
    effects = dataclasses.replace(effects, of=of)
    told = {}
    for (name, prior), one in posteriors.items():
        mean, sd = PRIORS[name]
        told[name, prior] = one if prior == "flat" else dataclasses.replace(one, prior_mean=mean, prior_sd=sd)
    return section, frame, effects, told


def _closed_form(effects) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of (δ₁, δ₂, b) given both differences."""
    names = list(PRIORS)
    found = [intention_to_treat(effects, n) for n in names]
    mean = np.array([PRIORS[n][0] for n in names] + [BELIEVED[0]])
    prior = np.diag([PRIORS[n][1] ** 2 for n in names] + [BELIEVED[1] ** 2])
    # more is worse in both: the bias is +b standard deviations of the comparison group
    seen = np.column_stack([np.eye(2), [e.control_sd for e in found]])
    error = np.diag([e.std_error**2 for e in found])
    gain = prior @ seen.T @ np.linalg.inv(seen @ prior @ seen.T + error)
    left = np.array([e.value for e in found]) - seen @ mean
    return mean + gain @ left, prior - gain @ seen @ prior


def test_effects_and_bias_are_the_joint_posterior(parts):
    section, frame, effects, posteriors = parts
    channels = fit_decision(frame, effects, posteriors, section).channels
    joint = JointDraws(frame=frame, effects=effects, posteriors=posteriors, money={})
    differences, biases = joint.of("sceptical", channels, np.eye(2))
    spreads = [intention_to_treat(effects, n).control_sd for n in PRIORS]
    drawn = np.column_stack(
        [
            differences[:, 0] - biases["bias.sick_days"],
            differences[:, 1] - biases["bias.spending"],
            biases["bias.sick_days"] / spreads[0],
        ]
    )
    assert biases["bias.spending"] / spreads[1] == pytest.approx(drawn[:, 2])
    mean, covariance = _closed_form(effects)
    sd = np.sqrt(np.diag(covariance))
    assert (drawn.mean(axis=0) - mean) / sd == pytest.approx(np.zeros(3), abs=0.03)
    assert drawn.std(axis=0) == pytest.approx(sd, rel=0.03)
    expected = covariance / np.outer(sd, sd)
    assert np.corrcoef(drawn, rowvar=False) == pytest.approx(expected, abs=0.03)


def test_without_a_belief_the_bias_keeps_its_own_distribution(parts):
    section, frame, effects, posteriors = parts
    channels = fit_decision(frame, effects, posteriors, section).channels
    joint = JointDraws(frame=frame, effects=effects, posteriors=posteriors, money={})
    differences, biases = joint.of("flat", channels, np.eye(2))
    assert np.sort(differences[:, 0]) == pytest.approx(np.sort(posteriors["sick_days", "flat"].draws))
    spread = intention_to_treat(effects, "sick_days").control_sd
    b = biases["bias.sick_days"] / spread
    assert b.mean() == pytest.approx(BELIEVED[0], abs=0.02)
    assert b.std() == pytest.approx(BELIEVED[1], rel=0.03)
    assert abs(np.corrcoef(b, differences[:, 0])[0, 1]) < 0.03
