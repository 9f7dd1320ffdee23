"""Released answers by hand, as `Released.to_dict()` writes them."""

from __future__ import annotations

import copy
from typing import Any

PROVENANCE: dict[str, Any] = {
    "study": "tiny",
    "as_of": "2024-12-31",
    "data_hmac": "ab" * 32,
    "synthetic": False,
    "public_microdata": False,
    "seed": 1,
    "package_version": "0.1.0",
    "lock_sha256": "cd" * 32,
    "python": "3.13",
    "licence": "",
    "source": "",
    "git_commit": "",
}

_RELEASED: dict[str, Any] = {
    "id": "turnover.description",
    "question": "How long do people stay?",
    "answer": "61 % (58 to 64 %) of people stay a year.",
    "estimand": "Probability of still being employed at 12 months of tenure",
    "population": "Everybody hired since 2020",
    "design": "description",
    "estimates": [
        {
            "name": "survival_12_months",
            "label": "Still employed after 12 months",
            "value": 0.6123,
            "low": 0.58,
            "high": 0.64,
            "coverage": 0.95,
            "interval": "confidence",
            "unit": "probability",
            "scale": "identity",
            "n_people": 1250,
            "kind": "model",
            "computation": "exact",
            "monte_carlo_error": None,
            "printed": "61 % (58 to 64 %)",
        },
        {
            "name": "hazard_ratio_overtime",
            "label": "10 more hours of overtime a month",
            "value": 1.31,
            "low": 1.02,
            "high": 1.68,
            "coverage": 0.95,
            "interval": "confidence",
            "unit": "hazard ratio",
            "scale": "log",
            "n_people": 1250,
            "kind": "model",
            "computation": "iterative",
            "monte_carlo_error": None,
            "printed": "1.31 (1.02 to 1.68)",
        },
        {
            "name": "net_benefit",
            "label": "Net benefit",
            "value": 12.0,
            "low": 2.0,
            "high": 22.0,
            "coverage": 0.95,
            "interval": "credible",
            "unit": "EUR per person",
            "scale": "identity",
            "n_people": 1250,
            "kind": "model",
            "computation": "sampled",
            "monte_carlo_error": 0.5,
            "printed": "12.0 (2.0 to 22.0)",
        },
    ],
    "tables": [
        {
            "name": "exits",
            "title": "People and exits by department",
            "keys": ["department"],
            "measures": [
                {"name": "n_people", "label": "People", "kind": "count", "unit": ""},
                {"name": "exit_rate", "label": "Exits", "kind": "rate", "unit": "per 100 people"},
            ],
            "rows": [
                {"key": ["Nursing"], "values": [1200, 12.5], "shown": True},
                {"key": ["Legal"], "values": [None, None], "shown": False},
            ],
            "about_people": True,
            "computation": "exact",
            "notes": ["counts are rounded to base 5"],
        }
    ],
    "curves": [
        {
            "name": "survival",
            "label": "Still employed",
            "group": "",
            "series": "survival",
            "x": [0.0, 6.0, 12.0],
            "y": [1.0, 0.8, 0.61],
            "low": [1.0, 0.77, 0.58],
            "high": [1.0, 0.83, 0.64],
            "at_risk": [1250, 900, 400],
            "events": [0, 100, 90],
            "x_unit": "months of tenure",
            "y_unit": "share of people",
            "coverage": 0.95,
            "interval": "confidence",
            "computation": "exact",
            "n_people": 1250,
        }
    ],
    "checks": [
        {
            "name": "followup",
            "passed": True,
            "value": 0.9,
            "threshold": 0.8,
            "text": "90 % of people are followed to the horizon (at least 80 %).",
            "computation": "exact",
            "monte_carlo_error": None,
        },
        {
            "name": "proportional",
            "passed": False,
            "value": 0.003,
            "threshold": 0.05,
            "text": "The effect of overtime changes with tenure (p = .003).",
            "computation": "iterative",
            "monte_carlo_error": None,
        },
        {
            "name": "ties",
            "passed": None,
            "value": None,
            "threshold": None,
            "text": "Exits are dated by month.",
            "computation": "exact",
            "monte_carlo_error": None,
        },
    ],
    "assumptions": ["Censoring is independent of leaving."],
    "limits": ["It does not say why anyone leaves."],
    "suppressed": [{"what": "table exits, row Legal", "reason": "fewer than 10 people"}],
    "held": [],
    "provenance": PROVENANCE,
}

# 1 × 1 pixel
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def released(**changes: Any) -> dict[str, Any]:
    """A fresh copy, with changed parts."""
    return {**copy.deepcopy(_RELEASED), **changes}


def output(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def code_cell(*outputs: dict[str, Any], source: str = "pass") -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "execution_count": 1,
        "source": source,
        "outputs": list(outputs),
    }


def markdown_cell(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "m", "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
