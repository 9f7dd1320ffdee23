"""Public real data by address and sha256. Nothing is downloaded but by `fetch`, and nothing is shipped.

    wp.datasets.available()                      # what there is, with licence and source
    wp.datasets.fetch("illinois", "real_data")   # downloads into real_data/illinois, each file checked

A study file finds the files through `data_dirs = ["$WELLPERF_DATA_DIR"]`, with that variable set to the
folder (here `real_data`). Where the variable is set already and `$WELLPERF_DATA_DIR/illinois` holds files,
these are used as they are, be they cut or changed: `local_sha256` says which, and a pack prints their hash.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from wellperf_models.errors import TablesError

_DATA_DIR = "WELLPERF_DATA_DIR"
_PUBLISHED = "published file"
_CUT_COPY = "cut copy, not the published file"
# in the words of pooch
_CAME = re.compile(r"but got ([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a dataset.

    Attributes:
        name: Its name in the dataset's folder.
        url: Where it is published.
        sha256: Of the published file, in hexadecimal digits.
    """

    name: str
    url: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A public dataset.

    Attributes:
        name: What `fetch` takes, and the folder of its files.
        title: What it is.
        files: Its files.
        licence: Under which it is published.
        source: Who is to be cited.
        note: What whoever uses it must know.
    """

    name: str
    title: str
    files: tuple[File, ...]
    licence: str
    source: str
    note: str

    def __repr__(self) -> str:
        """What it is and under which licence."""
        return f"Dataset({self.name!r}: {self.title}, {len(self.files)} files, {self.licence})"


@dataclass(frozen=True, kw_only=True)
class LocalFile:
    """A file as it lies on this machine.

    Attributes:
        name: Its name, `FOLDER/FILE`.
        sha256: Its own hash.
        published: True: it is the published file, byte for byte.
    """

    name: str
    sha256: str
    published: bool

    @property
    def status(self) -> str:
        """In words: the published file, or a cut copy."""
        return _PUBLISHED if self.published else _CUT_COPY


_ILLINOIS_URL = "https://reifjulian.github.io/illinois-wellness-data/data/csv/"
# of the files at commit d94e43c
_ILLINOIS_SHA256 = {
    "claims.csv": "51104a5dd4b0b26cffb5411f33c4bf7ab26d279f1f95ddc239880a7133dadc63",
    "firm_admin.csv": "9d8f4d074a63163154f40580edae53318b5f342b5a3a1f8b81b2330c0811f808",
    "online_surveys.csv": "e1f985da88e67432b020550904db8077390d4568220598877fa1a62deec10e6d",
    "participation.csv": "d4b82debec144ac6938e0708bf7939378640893fd507603c7cb4a10b83dfe213",
    "marathon.csv": "92323f9dbe32c9de326265347214f2b713d23587e5cb6273117aaad7d5b1e750",
}
_DATASETS = (
    Dataset(
        name="illinois",
        title="Illinois Workplace Wellness Study, 4,834 university employees, randomised",
        files=tuple(
            File(name=name, url=_ILLINOIS_URL + name, sha256=sha256)
            for name, sha256 in _ILLINOIS_SHA256.items()
        ),
        licence="CC0",
        source=(
            "D. Jones, D. Molitor, J. Reif, What Do Workplace Wellness Programs Do? Evidence from the "
            "Illinois Workplace Wellness Study, Quarterly Journal of Economics 134(4), 2019; "
            "repository reifjulian/illinois-wellness-data, commit d94e43c"
        ),
        note="De-identified microdata: do not try to re-identify anybody, and link them with no other data.",
    ),
)


def available() -> tuple[Dataset, ...]:
    """Every dataset, with licence and source."""
    return _DATASETS


def fetch(name: str, folder: str | Path | None = None) -> Path:
    """Makes the files of a public dataset available on this machine.

    Args:
        name: One of `available()`, such as "illinois".
        folder: The files come into `folder/name`. None: `$WELLPERF_DATA_DIR`, where that is set; what lies in
            `$WELLPERF_DATA_DIR/name` is then used as it is (see `local_sha256`), and nothing is downloaded.
            Where neither is given, the user's cache.

    Returns:
        The folder of the files, `…/name`. Files that are there already are not downloaded again.

    Raises:
        TablesError: The name is not known, a file can't be downloaded, or its hash is not the published one.
    """
    dataset = _dataset(name)
    root = _root(folder)
    target = root / dataset.name
    if (
        folder is None
        and os.environ.get(_DATA_DIR)
        and any((target / f.name).is_file() for f in dataset.files)
    ):
        return target
    for file in dataset.files:
        here = target / file.name
        if not here.is_file():
            _download(file, target)
        elif _hash(here) != file.sha256:
            raise TablesError(
                "A file that is there already is not the published one.",
                where=str(here),
                expected=f"sha256 {file.sha256}",
                got=f"sha256 {_hash(here)}",
                remedy="name another folder, or move the file away; to use a cut copy as it is, set "
                f"{_DATA_DIR} to the folder that holds the dataset's",
            )
    return target


def local_sha256(name: str, folder: str | Path | None = None) -> tuple[LocalFile, ...]:
    """Hashes of the files of a dataset that lie on this machine; downloads nothing.

    Args:
        name: One of `available()`.
        folder: As of `fetch`.

    Returns:
        One line for each file that is there, in the dataset's order.

    Raises:
        TablesError: The name is not known.
    """
    dataset = _dataset(name)
    target = _root(folder) / dataset.name
    found = []
    for file in dataset.files:
        here = target / file.name
        if here.is_file():
            own = _hash(here)
            local = LocalFile(name=f"{dataset.name}/{file.name}", sha256=own, published=own == file.sha256)
            found.append(local)
    return tuple(found)


def identify(name: str, sha256: str) -> str:
    """What is known of a file.

    Args:
        name: `FOLDER/FILE`, as a study file names it.
        sha256: The file's own hash.

    Returns:
        "published file", where a dataset has a file of this hash; "cut copy, not the published file", where
        one has a file of this name but of another hash; "" where no dataset knows it.
    """
    files = {f"{dataset.name}/{file.name}": file.sha256 for dataset in _DATASETS for file in dataset.files}
    if sha256 in files.values():
        return _PUBLISHED
    return _CUT_COPY if name in files else ""


def _dataset(name: str) -> Dataset:
    known = {dataset.name: dataset for dataset in _DATASETS}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    raise TablesError(
        f"There is no dataset {name!r}.",
        expected=f"one of {', '.join(known)}",
        remedy=f"did you mean {close[0]!r}?" if close else "wellperf_models.datasets.available() lists them",
    )


def _root(folder: str | Path | None) -> Path:
    """The folder that holds the datasets' folders."""
    if folder is not None:
        return Path(folder)
    if os.environ.get(_DATA_DIR):
        return Path(os.environ[_DATA_DIR])
    import pooch

    return Path(pooch.os_cache("wellperf"))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(file: File, target: Path) -> None:
    """One file, checked before it comes under its name."""
    import pooch

    try:
        pooch.retrieve(
            url=file.url,
            known_hash=f"sha256:{file.sha256}",
            fname=file.name,
            path=target,
            progressbar=sys.stderr.isatty(),
        )
    except ValueError as error:  # what pooch raises for another hash
        raise TablesError(
            "What was downloaded is not the published file; it was not kept.",
            where=file.url,
            expected=f"sha256 {file.sha256}",
            got=f"sha256 {came[1]}" if (came := _CAME.search(str(error))) else type(error).__name__,
            remedy="try again; if it stays so, the file has changed at its address: get the version that the "
            "source of the dataset names",
        ) from error
    except OSError as error:  # requests' errors are OSErrors too
        raise TablesError(
            "A file can't be downloaded.",
            where=file.url,
            got=type(error).__name__,
            remedy=f"check the network; or get the file on another machine, put it into a folder "
            f"{target.name} and set {_DATA_DIR} to the folder above",
        ) from error
