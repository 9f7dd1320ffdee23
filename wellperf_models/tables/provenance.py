"""Where the numbers of a study come from, in a form that confirms nothing about a person."""

from __future__ import annotations

import hashlib
import hmac
import importlib.metadata
import platform
from functools import cache
from pathlib import Path

from wellperf_models.evidence import Provenance
from wellperf_models.tables.key import study_key
from wellperf_models.tables.read import Tables


def build_provenance(tables: Tables) -> Provenance:
    """Describes study, data, code and environment of a fit.

    Args:
        tables: The checked tables.

    Returns:
        Provenance whose `data_hmac` is a keyed hash of every source file.

    Raises:
        StudyError: The study's key can't be used (`study_key`).
    """
    study = tables.study
    section = study.study
    return Provenance(
        study=section.name,
        as_of=section.as_of.isoformat(),
        data_hmac=hmac.new(study_key(study), tables.fingerprint.encode(), hashlib.sha256).hexdigest(),
        synthetic=section.synthetic,
        public_microdata=section.public_microdata,
        seed=section.seed,
        package_version=importlib.metadata.version("wellperf"),
        lock_sha256=environment_sha256(),
        python=".".join(platform.python_version_tuple()[:2]),
        licence=section.licence,
        source=section.source,
    )


@cache
def environment_sha256() -> str:
    """Hash of the lock in a clone; of the installed versions where there is none (a wheel)."""
    lock = Path(__file__).resolve().parents[2] / "requirements.lock"
    if lock.is_file():
        return hashlib.sha256(lock.read_bytes()).hexdigest()
    installed = sorted(f"{d.name.lower()}=={d.version}" for d in importlib.metadata.distributions())
    return hashlib.sha256("\n".join(installed).encode()).hexdigest()
