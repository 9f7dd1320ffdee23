"""Whether a published model was learnt from the very answers it is held to: then nothing is validated."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wellperf_models.burnout.declared import LAST_SCORE
from wellperf_models.burnout.external.published import LEVEL, VALUE, Part, Predictor, PublishedModel
from wellperf_models.burnout.frame import BurnoutFrame
from wellperf_models.disclosure.wording import decimals_of

# digits of a keyed hash; anything else is none
_HASH = 64
# of what is told in three digits, and in two decimals
_SPREAD_ERROR, _SHARE_ERROR = 0.005, 0.0075
# shares that tell one study from another where there is no number
_SHARES = 3


def same_data(model: PublishedModel, data_hmac: str) -> bool:
    """Whether it was published with the same keyed hash of the data. Another key gives another hash.

    Args:
        model: Of a pack.
        data_hmac: Of the data here.
    """
    return len(data_hmac) == _HASH and data_hmac == model.data_hmac


def learnt_from(frame: BurnoutFrame, model: PublishedModel) -> bool:
    """Whether the answers here, in the waves it was learnt from, have all its means, spreads and shares.

    Names say little: two studies may bear the same, and have waves of the same names. Means that agree to the
    last digit told are those of the same answers; this sees an old pack after a new wave has come, too.

    Args:
        frame: Of this study.
        model: Of a pack.
    """
    names = np.array(frame.waves)
    if not model.waves or not set(model.waves) <= {str(n) for n in names}:
        return False
    own = np.isin(names[frame.answers.wave], model.waves)
    if not own.any():
        return False
    alike: list[bool] = []
    numbers = 0
    for predictor in model.predictors:
        values = _values(frame, predictor, own)
        if values is None:
            continue
        if predictor.kind == "number":
            alike.append(_same_number(values, predictor.parts[VALUE]))
            numbers += 1
        else:
            alike += _same_shares(values, predictor)
    return all(alike) and (numbers > 0 or (len(alike) >= _SHARES))


def _values(frame: BurnoutFrame, predictor: Predictor, own: NDArray[np.bool_]) -> pl.Series | None:
    answers = frame.answers
    if predictor.name == LAST_SCORE and answers.last is not None:
        return pl.Series(answers.last[own])
    known = answers.covariates
    if predictor.name not in known.columns:
        return None
    values = known[predictor.name].filter(pl.Series(own))
    return values if values.dtype.is_float() == (predictor.kind == "number") else None


def _same_number(values: pl.Series, part: Part) -> bool:
    numbers = values.drop_nulls().to_numpy()
    if not numbers.size or part.centre is None or part.scale is None:
        return False
    unit = 0.0
    if part.centre_low is not None and part.centre_high is not None and part.centre_low < part.centre_high:
        unit = 10.0 ** -decimals_of(part.centre_low, part.centre_high)
    # where few had no value, these were set to the mean
    spreads = (float(numbers.std()), float(values.fill_null(float(numbers.mean())).to_numpy().std()))
    return abs(float(numbers.mean()) - part.centre) <= unit + 1e-9 and any(
        abs(spread / part.scale - 1) <= _SPREAD_ERROR for spread in spreads
    )


def _same_shares(values: pl.Series, predictor: Predictor) -> list[bool]:
    """Of the levels that hold nobody of another."""
    return [
        abs(float((values == name.removeprefix(LEVEL)).fill_null(False).to_numpy().mean()) - part.share)
        <= _SHARE_ERROR
        for name, part in predictor.parts.items()
        if name.startswith(LEVEL) and part.share is not None and not part.stands_for
    ]
