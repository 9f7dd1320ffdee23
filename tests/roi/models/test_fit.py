"""The sampled model of counts: it recovers, agrees with the estimate, is weighed by priors, is calibrated."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest

from tests.recovery.calibration import QUANTITIES, judge, ranks
from tests.roi.decision_builders import make_effects, make_frame, make_section
from tests.roi.models.made import posterior_around, rows_of
from wellperf_models.roi import model_posterior
from wellperf_models.roi.model_posterior import fit_posterior, intention_to_treat

FITS = 8


@functools.cache
def _fitted():
    # a value makes all four sets of priors count
    value = {"channel": "absence", "amount": 1.0, "currency": "EUR", "source": "s", "tier": "measured"}
    section = make_section({"o": {"likelihood": "count", "higher_is": "worse", "value": value}})
    rows = replace(rows_of("count", seed=4, n=1500), declared=section.outcomes["o"])
    effects = make_effects([rows])
    with pytest.MonkeyPatch.context() as patch:
        # tests/roi/test_posterior.py samples the Gaussian model
        patch.setattr(
            model_posterior,
            "_gaussian",
            lambda rows, _, told, *__: {p: posterior_around(rows, None, p) for p in told},
        )
        return rows, effects, fit_posterior(make_frame(section, [rows]), effects, section)


def test_the_posterior_of_counts_lies_at_the_estimate_and_recovers_the_ratio():
    _, effects, posteriors = _fitted()
    effect, flat = intention_to_treat(effects, "o"), posteriors["o", "flat"]
    assert abs(flat.mean - effect.value) < 0.5 * effect.std_error
    assert flat.sd == pytest.approx(effect.std_error, rel=0.15)
    assert flat.draws.size == 20_000
    told = flat.modelled.told
    assert told["ratio"].low < np.exp(0.3) < told["ratio"].high
    assert told["shape"].low < 1.5 < told["shape"].high
    # the Gaussian posterior stands beside it
    assert abs(flat.beside.mean - effect.value) < 0.05 * effect.std_error


def test_a_relative_prior_is_about_the_ratio_itself():
    _, _, posteriors = _fitted()
    flat, sceptical = posteriors["o", "flat"], posteriors["o", "sceptical"]
    # far from these data: sampled anew; the wide one weighs the draws there are
    assert not sceptical.modelled.resampled
    assert posteriors["o", "organisational"].modelled.resampled
    log_ratio = [np.log(p.modelled.told["ratio"].middle) for p in (flat, sceptical)]
    told = flat.modelled.told["ratio"]
    error = np.log(told.high / told.low) / 3.92
    precision = error**-2 + 0.08**-2
    expected = (log_ratio[0] * error**-2 - 0.02 * 0.08**-2) / precision
    assert log_ratio[1] == pytest.approx(expected, abs=0.1 * precision**-0.5)


def test_ranks_of_truths_are_uniform_and_those_of_a_planted_fault_are_not():
    found = [r for seed in range(FITS) if (r := ranks("count", seed)) is not None]
    assert len(found) >= FITS - 1
    judged = judge(found)
    assert {name: c.inside for name, c in judged.items()} == dict.fromkeys(QUANTITIES, True)
    # draws of the prior in place of the posterior: ranks of parameters can't tell, that of the likelihood can
    faulty = judge([r for s in range(FITS) if (r := ranks("count", s, fault="prior")) is not None])
    assert not faulty["log-likelihood"].inside
