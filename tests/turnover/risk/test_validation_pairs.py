"""Cox and the hazard are compared on the same rows and folds, and the Brier score is what it says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.turnover.builders import PROVENANCE
from tests.turnover.risk.worlds import dated, durations
from wellperf_models.disclosure import release
from wellperf_models.inference.cox import fit_cox
from wellperf_models.inference.ipcw import fit_censoring, weights_at
from wellperf_models.turnover import ValidationResult, build_frame, check_validation, predict, validate
from wellperf_models.turnover.model_cox import require_rows
from wellperf_models.turnover.model_validation_hazard import BrierGrid, hazard_rows

TABLES = durations(1)


@pytest.fixture(scope="module")
def result() -> ValidationResult:
    return validate(build_frame(TABLES), TABLES.study.turnover)


def test_the_difference_is_paired_by_fold(result: ValidationResult) -> None:
    assert result.hazard is not None
    assert result.gain is not None
    assert result.brier is not None
    np.testing.assert_allclose(result.gain.scores, result.hazard.scores - result.concordance.scores)
    np.testing.assert_allclose(result.brier.gain.scores, result.brier.hazard.scores - result.brier.cox.scores)
    assert result.gain.scores.size == 8
    # a score that matters: both models beat everybody alike, and are near each other
    assert result.brier.cox.mean < result.brier.average.mean - 0.01
    assert result.brier.hazard.mean < result.brier.average.mean - 0.01
    assert abs(result.gain.mean) < 0.04
    # pairing takes out what folds share
    assert result.gain.std_error < 0.6 * result.hazard.std_error


def test_the_integrated_brier_score_by_hand() -> None:
    frame = build_frame(TABLES)
    rows = require_rows(frame)
    grid = BrierGrid.of(rows)
    assert grid is not None
    assert grid.until == int(np.quantile(rows.exit, 0.9))
    test = np.arange(rows.exit.size) % 4 == 0
    fit = fit_cox(rows.entry, rows.exit, rows.event == 1, rows.design.X)
    curves = grid.of_cox(fit, rows.design.X[test] @ fit.beta)
    assert (np.diff(curves, axis=1) <= 0).all()
    censoring = fit_censoring(rows.entry, rows.exit, rows.event)
    losses = []
    for i, t in enumerate(grid.times):
        w = weights_at(censoring, t, rows.entry, rows.exit, rows.event)[test]
        stays = rows.exit[test] > t
        # who is censored at a horizon has not left by it
        stays |= (rows.exit[test] == t) & (rows.event[test] == 0)
        losses.append(np.mean(w * (stays - curves[:, i]) ** 2))
    area = sum((a + b) / 2 for a, b in itertools.pairwise(losses)) / (grid.until - 1)
    assert grid.score(rows, test, curves) == pytest.approx(area, rel=1e-10)


def test_the_hazard_reads_the_rows_cox_has() -> None:
    tables = dated(1, n=300)
    frame = build_frame(tables)
    rows, own = require_rows(frame), hazard_rows(frame, tables.study.turnover)
    assert rows.varying
    assert own.words.height == rows.exit.size
    assert (own.tenure == rows.entry).all()
    score, column = own.words["exhaustion"].to_numpy(), rows.unpooled.names.index("exhaustion")
    assert np.corrcoef(score, rows.unpooled.X[:, column])[0, 1] == pytest.approx(1.0)
    # other causes are leaving too: Cox of one cause foretells no curve
    assert BrierGrid.of(rows) is None


def test_the_answer_says_what_guessing_gives(result: ValidationResult) -> None:
    frame = build_frame(TABLES)
    evidence = predict(frame, result, check_validation(result), provenance=PROVENANCE)
    shown = release(evidence, TABLES.study)
    assert "Shown two people of the same tenure" in shown.answer
    assert "Guessing would give 0.5" in shown.answer
    assert "coin" not in shown.answer
    assert "as well as Cox's model, as far as these data can tell" in shown.answer
    assert {"concordance", "concordance_hazard", "concordance_gain", "brier_gain"} <= {
        e.name for e in shown.estimates
    }
