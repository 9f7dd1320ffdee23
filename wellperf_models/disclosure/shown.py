"""What the gate itself displayed during a run: of an executed notebook nothing else is kept.

A cell can display a dictionary that looks like a released answer, or any picture with an alt text. Therefore
what displays through the gate leaves its hash in the private folder of the run, and an output without one is
withheld. This stops mistakes and borrowed outputs, not a notebook that calls `record_shown` itself: the code
of a notebook is what its author is trusted with (SECURITY.md).
"""

from __future__ import annotations

import hashlib
import json
import numbers
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wellperf_models.disclosure.claims import CLAIMS_VARIABLE

# below the folder of the claims, whose files end in .json
_FOLDER = "shown"


def digest_of(output: Mapping[str, Any]) -> str:
    """Hash of the forms of an output, the same before and after it travelled as JSON.

    Args:
        output: Form (a MIME type, or a name) → content.
    """
    text = json.dumps(output, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def record_shown(digest: str) -> None:
    """Notes in the private folder of the run that the gate displayed this; does nothing outside a run."""
    folder = os.environ.get(CLAIMS_VARIABLE)
    if not folder:
        return
    own = Path(folder) / _FOLDER
    own.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(own / digest, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))


def displayed(output: dict[str, Any]) -> dict[str, Any]:
    """Notes an output that is about to be displayed, and gives it back."""
    record_shown(digest_of(output))
    return output


def shown(folder: Path) -> frozenset[str]:
    """Hashes of everything noted in the private folder of a run."""
    own = folder / _FOLDER
    return frozenset(path.name for path in own.iterdir()) if own.is_dir() else frozenset()


def _plain(value: object) -> int | float:
    """Numbers of numpy, as they travel."""
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(type(value).__name__)
