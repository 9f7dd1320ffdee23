import json

import numpy as np
import polars as pl
import pytest

from wellperf_models.errors import DesignError
from wellperf_models.synth import DEFINITIONS, PRESETS, Truth, World, auc_last_score, truth
from wellperf_models.synth.dynamics import Policy, advance, roll_out
from wellperf_models.synth.forecast import auc_of
from wellperf_models.synth.large_sample import SHAPE, fit_levels, fit_slopes, tenure_steps
from wellperf_models.synth.path import begin, live_block
from wellperf_models.synth.programmes import build_outcomes
from wellperf_models.synth.tallies import tally_block
from wellperf_models.synth.trial import tally_trial, trial_effects

# short history and extract: what is compared here does not need more
BASE = PRESETS["default"].but(months=12, history_months=24)
EFFECTS = [
    "programme_effect_exhaustion_12_months",
    "programme_effect_voluntary_exits_per_100_person_years",
    *(
        f"overtime_{policy}_{what}"
        for policy in ("cap_20_hours", "minus_5_weekly_hours")
        for what in ("voluntary_exits_averted_per_100", "exits_averted_per_100", "months_gained")
    ),
    *(
        f"programme_effect_{name}"
        for name in (
            "exhaustion_follow_up",
            "exhaustion_follow_up_unadjusted",
            "absence_days_a_year",
            "left_voluntarily",
        )
    ),
    *(f"rating_gap_{group}_{stage}" for group in ("women", "temporary") for stage in ("before", "after")),
]


@pytest.fixture(scope="module")
def known() -> Truth:
    return truth(BASE, seed=1, n_people=20_000)


@pytest.fixture(scope="module")
def null() -> Truth:
    return truth(BASE.variant("null"), seed=1, n_people=10_000)


def test_every_estimand_has_an_error_and_a_definition(known):
    assert list(known.estimands) == list(known.monte_carlo_error) == list(DEFINITIONS)
    assert all(np.isfinite(v) for v in known.estimands.values())
    assert all(error > 0 for error in known.monte_carlo_error.values())
    assert known.n_people == 20_000


def test_effects_point_where_the_world_says(known):
    value, error = known.estimands, known.monte_carlo_error
    for name in EFFECTS:
        # four months of a trial make few leavers
        times = 2 if name == "programme_effect_left_voluntarily" else 4
        assert abs(value[name]) > times * error[name], name
    assert value["programme_effect_exhaustion_12_months"] < 0
    assert value["programme_effect_voluntary_exits_per_100_person_years"] < 0
    for what in ("voluntary_exits_averted_per_100", "exits_averted_per_100", "months_gained"):
        cap, less = (value[f"overtime_{p}_{what}"] for p in ("cap_20_hours", "minus_5_weekly_hours"))
        assert 0 < cap < less
    assert value["rating_gap_women_before"] < value["rating_gap_women_after"] < 0
    assert value["log_hazard_ratio_exhaustion_voluntary"] > 4 * error["log_hazard_ratio_exhaustion_voluntary"]
    assert value["log_hazard_ratio_overtime_voluntary"] > 4 * error["log_hazard_ratio_overtime_voluntary"]


def test_null_truths_are_null(null):
    for name in EFFECTS:
        assert null.estimands[name] == 0, name
        assert null.monte_carlo_error[name] == 0, name
    for name in ("log_hazard_ratio_exhaustion_voluntary", "log_hazard_ratio_overtime_voluntary"):
        # 3.3: the 99.9 % interval
        assert abs(null.estimands[name]) < 3.3 * null.monte_carlo_error[name]


def test_confounding_shows_as_association_and_not_as_effect(known):
    confounded = truth(BASE.variant("confounded"), seed=1, n_people=10_000).estimands
    name = "log_hazard_ratio_exhaustion_voluntary"
    assert confounded[name] > known.estimands[name] + 0.1
    # the same structural effect: the programme averts no more exits
    effect = "programme_effect_voluntary_exits_per_100_person_years"
    assert abs(confounded[effect]) < 1.3 * abs(known.estimands[effect])


def test_feedback_makes_an_overtime_policy_do_more(known):
    looped = truth(BASE.variant("feedback"), seed=1, n_people=10_000).estimands
    for name in ("voluntary_exits_averted_per_100", "exits_averted_per_100", "months_gained"):
        assert (
            looped[f"overtime_cap_20_hours_{name}"] > 1.5 * known.estimands[f"overtime_cap_20_hours_{name}"]
        )


def test_the_trial_finds_its_target_and_the_target_is_an_effect(known):
    """Independent trials, analysed as they are, scatter around the truth; teams that chose do not."""
    found = {
        how: [_contrasts(BASE.but(programme_assignment=how), 60 + b) for b in range(12)]
        for how in ("randomised", "self_selected")
    }
    for name in TRIAL:
        values = np.array([contrasts[name] for contrasts in found["randomised"]])
        error = values.std(ddof=1) / len(values) ** 0.5
        # Student's t with 11 degrees of freedom, three estimands, family-wise .001
        assert abs(values.mean() - known.estimands[name]) < 5.5 * error, name
    # tired teams ask for it first: what they show is not what it did
    chosen = np.mean([contrasts[TRIAL[0]] for contrasts in found["self_selected"]])
    assert chosen > known.estimands[TRIAL[0]] + 0.1
    effect = truth(BASE.but(programme_assignment="self_selected"), seed=1, n_people=10_000).estimands
    assert effect[TRIAL[0]] == pytest.approx(known.estimands[TRIAL[0]], abs=0.02)


TRIAL = [
    "programme_effect_exhaustion_follow_up_unadjusted",
    "programme_effect_absence_days_a_year",
    "programme_effect_left_voluntarily",
]


def _contrasts(world: World, block: int) -> dict[str, float]:
    """Plain weighted differences between the arms, from the table a study would hold."""
    rows = build_outcomes(live_block(world, 1, block, 3000)).filter(pl.col("value").is_not_null())
    mean = (pl.col("value") * pl.col("weight")).sum() / pl.col("weight").sum()
    by_arm = {(n, a): m for n, a, m in rows.group_by("name", "arm").agg(mean).iter_rows()}
    names = ("exhaustion_follow_up", "absence_days", "left_voluntarily")
    return {
        target: by_arm[name, "programme"] - by_arm[name, "waiting"]
        for target, name in zip(TRIAL, names, strict=True)
    }


def test_adjusting_is_regression_on_arm_and_first_score():
    world = BASE.but(consent_refusal=0.0, consent_withdrawal=0.0)
    path = live_block(world, 1, 3, 2000)
    sums = tally_trial(path, path)
    wide = build_outcomes(path).pivot("name", index=["unit_id", "arm"], values="value")
    wide = wide.drop_nulls(["exhaustion_before", "exhaustion_follow_up"])
    x = np.column_stack([np.ones(wide.height), wide["arm"] == "programme", wide["exhaustion_before"]])
    beta = np.linalg.lstsq(x.astype(float), wide["exhaustion_follow_up"].to_numpy(), rcond=None)[0]
    # the same world twice has no effect; against an empty one the sums give the regression itself
    assert set(trial_effects(sums).values()) == {0.0}
    nothing = {name: np.stack([part[0], np.full(2, part[0][0])]) for name, part in sums.items()}
    assert trial_effects(nothing)["programme_effect_exhaustion_follow_up"] == pytest.approx(
        beta[1], abs=1e-10
    )


def test_the_last_score_foretells_what_persists(known):
    """AUC by its definition, over all pairs, and in worlds where nothing lasts."""
    counts = np.zeros((4, 31, 2), dtype=np.int64)
    rng = np.random.default_rng(0)
    score, case = rng.integers(0, 31, (3, 60)), rng.integers(0, 2, (3, 60))
    for wave in range(3):
        np.add.at(counts[wave + 1], (score[wave], case[wave]), 1)
    # a third of the answers are in the newest wave: enough
    x, y = score[2], case[2]
    pairs = x[y == 1][:, None] - x[y == 0][None, :]
    assert auc_of(counts) == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean(), abs=1e-12)
    value, error = auc_last_score(BASE.variant("no_persistence"), seed=2, n_people=20_000)
    assert abs(value - 0.5) < 4.3 * error
    value, error = auc_last_score(BASE, seed=2, n_people=20_000)
    assert value > 0.7
    both = (error**2 + known.monte_carlo_error["auc_last_score"] ** 2) ** 0.5
    assert abs(value - known.estimands["auc_last_score"]) < 4.3 * both


def test_causes_and_survival_add_up(known):
    for months in (12, 24, 36):
        parts = [
            known.estimands[f"cumulative_incidence_{c}_{months}_months"]
            for c in ("voluntary", "involuntary", "other")
        ]
        assert sum(parts) + known.estimands[f"survival_{months}_months"] == pytest.approx(1, abs=1e-12)


def test_constant_hazards_give_the_exponential():
    """With one constant hazard, survival and restricted mean have a closed form."""
    rate = 0.2
    world = PRESETS["default"].variant("null").but(
        history_months=48, voluntary_rate_year=rate, involuntary_rate_year=1e-12, other_rate_year=1e-12,
        voluntary_tenure=0.0, involuntary_tenure=0.0, other_tenure=0.0, voluntary_team_sd=0.0,
    )  # fmt: skip
    found = truth(world, seed=2, n_people=40_000)
    # half of the hires start up to 27 days before they are at risk, mean 7 days over all
    for months in (12, 24, 36):
        days = np.concatenate([np.zeros(27), np.arange(1, 28)])
        expected = float(np.exp(-rate * (months / 12 - days / 365.25)).mean())
        name = f"survival_{months}_months"
        assert abs(found.estimands[name] - expected) < 3.3 * found.monte_carlo_error[name]
    assert found.estimands["exits_per_100_person_years_voluntary"] == pytest.approx(
        100 * rate, abs=3.3 * found.monte_carlo_error["exits_per_100_person_years_voluntary"] + 0.1
    )


def test_common_random_numbers_lower_the_error(known):
    """The same difference from independent runs is noisier by far."""
    first = [tally_block(BASE, 1, 50 + b, 3000) for b in range(6)]
    second = [tally_block(BASE, 2, 50 + b, 3000) for b in range(6)]
    paired = [100 * float(a["programme.exits"] - a["none.exits"]) / 3000 for a in first]
    unpaired = [
        100 * float(b["programme.exits"] - a["none.exits"]) / 3000 for a, b in zip(first, second, strict=True)
    ]
    assert np.std(paired) < 0.5 * np.std(unpaired)


def test_a_policy_moves_no_draw_of_anyone_it_does_not_touch():
    structure, streams, state = begin(BASE.variant("null"), 3, 0, 600)
    lives = []
    for policy in (Policy(programme="none"), Policy(programme="all", overtime_reduction=20.0)):
        own = state.copy()
        roll_out(BASE, structure, streams, own, policy)
        months = [advance(BASE.variant("null"), structure, streams, own, m, policy) for m in range(6)]
        lives.append(months)
    for one, other in zip(*lives, strict=True):
        np.testing.assert_array_equal(one.end_day, other.end_day)
        np.testing.assert_array_equal(one.exhaustion, other.exhaustion)
    assert not np.array_equal(lives[0][3].overtime, lives[1][3].overtime)


def test_hazard_fit_recovers_what_cells_were_made_from():
    rng = np.random.default_rng(0)
    at_risk = np.zeros(SHAPE, dtype=np.int64)
    cells = rng.integers(0, SHAPE[0] * 31 * 60, 3000)
    band, score, overtime = np.unravel_index(cells, (SHAPE[0], 31, 60))
    at_risk[band, score, overtime] = 4000
    eta = -4.0 - 0.1 * np.arange(SHAPE[0])[:, None, None] + 0.3 * np.arange(SHAPE[1])[None, :, None] / 5
    p = -np.expm1(-np.exp(eta + 0.02 * np.arange(SHAPE[2])[None, None, :] / 2))
    events = rng.binomial(at_risk, np.minimum(p, 1))
    slopes = fit_slopes(at_risk, events)
    assert slopes["log_hazard_ratio_exhaustion_voluntary"] == pytest.approx(0.3, abs=0.01)
    assert slopes["log_hazard_ratio_overtime_voluntary"] == pytest.approx(0.02, abs=0.002)
    spread = np.average(np.square(np.arange(31) / 5), weights=at_risk.sum(axis=(0, 2))[:31])
    spread -= np.average(np.arange(31) / 5, weights=at_risk.sum(axis=(0, 2))[:31]) ** 2
    assert slopes["log_hazard_ratio_exhaustion_voluntary_per_sd"] == pytest.approx(
        0.3 * spread**0.5, rel=0.03
    )
    levels = fit_levels(at_risk, events)
    # scores are spread evenly: 1.6 to 2.4 against 0 to 1.4 and 2.6 to 3.4
    assert levels["log_hazard_ratio_exhaustion_up_to_1.5_against_1.5_to_2.5"] == pytest.approx(
        -0.39, abs=0.05
    )
    assert levels["log_hazard_ratio_exhaustion_2.5_to_3.5_against_1.5_to_2.5"] == pytest.approx(0.3, abs=0.05)


def test_tenure_counts_anniversaries_as_whole_months():
    days = np.array(["2024-02-29", "2023-01-15", "2022-12-31"], dtype="datetime64[D]").astype(np.int64)
    hired = np.array(["2022-02-28", "2022-01-15", "2022-12-01"], dtype="datetime64[D]").astype(np.int64)
    np.testing.assert_array_equal(tenure_steps(days, hired), [24 * 31 + 1, 12 * 31, 30])


def test_truth_does_not_depend_on_processes_or_size_of_the_organisation():
    small = BASE.but(months=4, history_months=6)
    one = truth(small, seed=4, n_people=4000)
    assert one.estimands == truth(small, seed=4, n_people=4000, processes=2).estimands
    assert one.estimands == truth(small.but(people=300), seed=4, n_people=4000).estimands
    assert one.estimands != truth(small, seed=5, n_people=4000).estimands


def test_too_few_people_or_months_are_refused():
    with pytest.raises(DesignError, match="Too few"):
        truth(World(), n_people=100)
    with pytest.raises(DesignError, match="too short"):
        truth(World(months=3))


def test_json_says_how_to_make_it_again(known):
    content = json.loads(known.to_json())
    assert content["command"] == "wellperf simulate DIR --preset default --seed 1 --truth 20000"
    assert content["estimands"]["survival_12_months"]["value"] == pytest.approx(
        known.estimands["survival_12_months"]
    )
    assert content["world"]["exhaustion_on_voluntary"] == BASE.exhaustion_on_voluntary
