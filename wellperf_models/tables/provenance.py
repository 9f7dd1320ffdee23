"""Where the numbers of a study come from, in a form that confirms nothing about a person."""

from __future__ import annotations

import hashlib
import hmac
import importlib.metadata
import os
import platform
import secrets
import stat
from functools import cache
from pathlib import Path

from wellperf_models.errors import StudyError
from wellperf_models.evidence import Provenance
from wellperf_models.study import Study
from wellperf_models.tables.read import Tables

_KEY_BYTES = 32


def build_provenance(tables: Tables) -> Provenance:
    """Describes study, data, code and environment of a fit.

    Args:
        tables: The checked tables.

    Returns:
        Provenance whose `data_hmac` is a keyed hash of every source file.

    Raises:
        StudyError: The study's key file can be read by others.
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


def study_key(study: Study) -> bytes:
    """The key of the study's hashes; made on first use, readable by its owner alone.

    Synthetic and published data hold no secret, and their packs must verify in anybody's clone, so their
    key is the study's name.
    """
    if study.study.synthetic or study.study.public_microdata:
        return f"no secret: {study.study.name}".encode()
    path = study.folder / ".wellperf" / "key"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
    except FileExistsError:
        pass
    except OSError as error:
        raise StudyError(
            "The key of the study can't be made.",
            where=str(path),
            got=error.strerror,
            remedy="make the study's folder writable for you; the key stays there and is never published",
        ) from None
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise StudyError(
            "The key of the study can be read by others.",
            where=str(path),
            expected="permissions 600",
            remedy=f"chmod 600 {path.name}, and treat hashes published so far as open to guessing",
        )
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise StudyError(
            "The key of the study is damaged.",
            where=str(path),
            expected=f"{_KEY_BYTES} bytes",
            got=f"{len(key)}",
        )
    return key


@cache
def environment_sha256() -> str:
    """Hash of the lock in a clone; of the installed versions where there is none (a wheel)."""
    lock = Path(__file__).resolve().parents[2] / "requirements.lock"
    if lock.is_file():
        return hashlib.sha256(lock.read_bytes()).hexdigest()
    installed = sorted(f"{d.name.lower()}=={d.version}" for d in importlib.metadata.distributions())
    return hashlib.sha256("\n".join(installed).encode()).hexdigest()
