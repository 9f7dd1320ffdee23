"""Which run this is: a hash of data, parameters, code and environment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wellperf_models.runs.notebooks import Notebook

if TYPE_CHECKING:
    from wellperf_models.evidence import Provenance

_SOURCES = ("*.py", "*.j2", "*.css", "*.json", "*.toml")
_LENGTH = 12


def code_sha256(notebooks: Sequence[Notebook]) -> str:
    """Hash of the package's sources and of the notebooks that run."""
    package = Path(__file__).resolve().parents[1]
    files = sorted(
        path
        for pattern in _SOURCES
        for path in package.rglob(pattern)
        if "_notebooks" not in path.relative_to(package).parts
    )
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for notebook in notebooks:
        digest.update(f"{notebook.stem}\0{notebook.sha256}".encode())
    return digest.hexdigest()


def identify_run(
    provenance: Provenance,
    notebooks: Sequence[str],
    parameters: Mapping[str, Mapping[str, Any]],
    code: str,
    role: str,
) -> str:
    """The run id: same data, parameters, code, environment and reader, same id.

    Args:
        provenance: Its data hash is keyed, so the id confirms no guess about the data.
        notebooks: Names of those chosen.
        parameters: Beyond the defaults, with portable paths.
        code: From `code_sha256`.
        role: Who the pack is made for.
    """
    content = [
        provenance.study,
        provenance.as_of,
        provenance.seed,
        provenance.data_hmac,
        provenance.lock_sha256,
        provenance.python,
        list(notebooks),
        parameters,
        code,
        role,
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
