"""Checks, evidence and picture of the outcome models, from posteriors made by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.roi.builders import PROVENANCE, make_study
from tests.roi.models.made import (
    make_effects,
    make_frame,
    make_section,
    modelled_of,
    posterior_around,
    rows_of,
)
from wellperf_models.disclosure import release
from wellperf_models.errors import DesignError
from wellperf_models.evidence import Unanswered
from wellperf_models.roi.model_posterior import intention_to_treat, why_not_declared
from wellperf_models.roi.models.checks import agrees, check_models, fits
from wellperf_models.roi.models.findings import describe_models
from wellperf_models.roi.models.plots import plot_models
from wellperf_models.roi.models.predictive import BETWEEN, LARGEST, SPREAD, ZEROS, predictive_p

EMPTY = np.zeros((1200, 0))
COUNT = {"level_first": np.log(5.0), "effect_first": 0.0, "log_shape": np.log(1.5)}


def _counts(seed: int, zeros: float = 0.0, between: float = 0.0, clusters: int = 0):
    rng = np.random.default_rng([seed, 5])
    cluster = np.arange(1200) % clusters if clusters else np.arange(1200)
    spread = between * rng.normal(size=cluster.max() + 1)[cluster] - between**2 / 2
    value = rng.poisson(5 * np.exp(spread) * rng.gamma(1.5, 1 / 1.5, 1200)) * (
        rng.uniform(size=1200) >= zeros
    )
    return rows_of("count", n=1200, clusters=clusters, value=value, X=EMPTY)


def _line(found: dict[str, float]) -> bool:
    effect = intention_to_treat(make_effects([_counts(0)]), "o")
    return bool(fits("o", "Days", found, effect).passed)


def test_replicated_data_notice_zeros_that_the_model_has_not_and_leave_clean_ones_alone():
    model = modelled_of("count", **COUNT)
    clean = [_line(predictive_p(_counts(seed), model, 1)) for seed in range(20)]
    faulty = [_line(predictive_p(_counts(seed, zeros=0.15), model, 1)) for seed in range(20)]
    assert np.mean(clean) >= 0.9
    assert np.mean(faulty) <= 0.1
    found = predictive_p(_counts(3), model, 1)
    assert set(found) == {ZEROS, SPREAD, LARGEST}


def test_replicated_data_notice_clusters_that_differ_more_than_the_model_says():
    model = modelled_of("count", n_clusters=40, spread_first=0.1, **COUNT)
    clean = [predictive_p(_counts(s, between=0.1, clusters=40), model, 1)[BETWEEN] for s in range(10)]
    faulty = [predictive_p(_counts(s, between=0.6, clusters=40), model, 1)[BETWEEN] for s in range(10)]
    assert np.mean([0.005 < p < 0.995 for p in clean]) >= 0.9
    assert np.mean([0.005 < p < 0.995 for p in faulty]) <= 0.1


def test_yes_or_no_one_by_one_has_nothing_to_miss():
    assert (
        predictive_p(rows_of("hazard", X=np.zeros((240, 0))), modelled_of("hazard", level_first=-1.0), 1)
        == {}
    )
    assert fits("o", "Left", {}, None).passed is None


def _evidence():
    rows = _counts(2)
    frame, effects = make_frame(_section(), [rows]), make_effects([rows])
    model = modelled_of("count", **COUNT)
    posteriors = {("o", p): posterior_around(rows, model, p) for p in ("flat", "sceptical")}
    checks = check_models(frame, effects, posteriors)
    return frame, effects, describe_models(frame, effects, posteriors, checks, provenance=PROVENANCE)


def _section(likelihood: str = "count", **more):
    return make_section({"o": {"likelihood": likelihood, "label": "Days", "unit": "days"}}, **more)


def test_the_answer_compares_model_and_plain_comparison_through_the_gate():
    _, _, evidence = _evidence()
    released = release(evidence, make_study())
    assert released.answer.startswith("Yes: for every outcome")
    assert "negative binomial" in released.answer
    assert "{" not in released.answer
    table = next(t for t in released.tables if t.name == "models")
    assert [row.key[1] for row in table.rows] == [
        "plain comparison of means",
        "Gaussian model, flat prior",
        "negative binomial, flat prior",
        "Gaussian model, sceptical prior",
        "negative binomial, sceptical prior",
    ]
    picture = plot_models(released)
    assert picture is not None
    assert "Days" in picture.alt
    assert plot_models(release(dataclasses.replace(evidence, tables=()), make_study())) is None


def test_without_a_posterior_the_evidence_says_why():
    frame, effects, _ = _evidence()
    why = Unanswered(reason="the chains do not agree.", remedy="more rows")
    assert check_models(frame, effects, why) == ()
    told = describe_models(frame, effects, why, (), provenance=PROVENANCE)
    assert "chains do not agree" in told.answer
    assert not told.estimates


def test_a_model_far_from_the_estimate_is_told_but_no_failure():
    rows = _counts(2)
    effect = intention_to_treat(make_effects([rows]), "o")
    near = posterior_around(rows, modelled_of("count", **COUNT))
    far = dataclasses.replace(near, mean=effect.value + effect.std_error)
    assert agrees("o", "Days", near, effect).passed is None
    assert "agree" in agrees("o", "Days", near, effect).text
    assert "lie {value} standard errors apart" in " ".join(agrees("o", "Days", far, effect).text.split())


def test_where_the_declared_model_can_t_be_trusted_the_estimate_stands_in_and_says_so():
    rows = _counts(2)
    effect = intention_to_treat(make_effects([rows]), "o")
    assert why_not_declared(rows, effect, _section()) is None
    gaussian = dataclasses.replace(rows, declared=_section("gaussian").outcomes["o"])
    assert why_not_declared(gaussian, effect, _section("gaussian")) == ""
    staggered = _section(design="staggered")
    assert "no plain comparison" in why_not_declared(rows, effect, staggered)
    few, many = (dataclasses.replace(effect, n_clusters=n) for n in (20, 40))
    clustered = _counts(2, clusters=20)
    assert "too few" in why_not_declared(clustered, few, _section())
    assert why_not_declared(clustered, many, _section()) is None
    alone = dataclasses.replace(effect, n_clusters=30)
    assert "So few people" in why_not_declared(rows, alone, _section())


def test_another_evidence_is_not_drawn():
    _, _, evidence = _evidence()
    with pytest.raises(DesignError):
        plot_models(release(dataclasses.replace(evidence, id="roi.effects"), make_study()))
