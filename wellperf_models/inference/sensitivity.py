"""How strong unmeasured confounding would have to be (VanderWeele & Ding 2017, Annals 167:268)."""

from __future__ import annotations

import math


def e_value_of_hazard_ratio(hazard_ratio: float, *, rare: bool) -> float:
    """Smallest risk ratio a confounder needs with both predictor and outcome to explain the association away.

    Args:
        hazard_ratio: Of the association, or the end of its interval nearer to 1.
        rare: True where fewer than 15 % have the outcome by the end of follow-up; otherwise the hazard ratio
            is turned into a risk ratio by (1 − .5^√HR) / (1 − .5^√(1/HR)).

    Returns:
        E-value, ≥ 1.
    """
    ratio = hazard_ratio if hazard_ratio >= 1 else 1 / hazard_ratio
    if not rare:
        ratio = (1 - 0.5 ** math.sqrt(ratio)) / (1 - 0.5 ** math.sqrt(1 / ratio))
    return _e_value(ratio)


def e_value_of_odds_ratio(odds_ratio: float, *, rare: bool) -> float:
    """The same for an odds ratio, of which the square root is about the risk ratio of a common outcome.

    Args:
        odds_ratio: Of the association, or the end of its interval nearer to 1.
        rare: True where fewer than 15 % have the outcome.

    Returns:
        E-value, ≥ 1.
    """
    ratio = odds_ratio if odds_ratio >= 1 else 1 / odds_ratio
    return _e_value(ratio if rare else math.sqrt(ratio))


def _e_value(ratio: float) -> float:
    return ratio + math.sqrt(ratio * (ratio - 1))
