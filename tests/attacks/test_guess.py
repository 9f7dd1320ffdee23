"""Who knows all rows but one, and every candidate for it, can't confirm which it is."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.attacks.search import unfold
from tests.attacks.sentinel import PERSON
from wellperf_models.study import load_study
from wellperf_models.tables import load_tables, provenance
from wellperf_models.tables.pseudonymise import HEX_DIGITS, pseudonym

_HEX = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{8,128}(?![0-9a-fA-F])")
_PLAIN = ("md5", "sha1", "sha256", "sha512", "blake2b")


def hex_strings(folder: Path) -> set[str]:
    """Every run of hex digits in a pack, whatever it is encoded in."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            for layer in unfold(path.read_bytes()):
                found |= {m[0].decode().lower() for m in _HEX.finditer(layer)}
    return found


def guessed_keys(pack: Path, study: Path) -> list[bytes]:
    """What a key might be for somebody who has the pack and the program."""
    manifest = json.loads((pack / "manifest.json").read_text(encoding="utf-8"))
    texts = {"", "key", "wellperf", "secret", "password", study.parent.name, study.name, PERSON}
    general = load_study(study).study
    texts |= {general.name, general.title, str(general.seed), general.as_of.isoformat()}
    texts |= {f"no secret: {general.name}", "no secret: "}

    def walk(part: object) -> None:
        if isinstance(part, dict | list):
            for item in part.values() if isinstance(part, dict) else part:
                walk(item)
        elif isinstance(part, str | int):
            texts.add(str(part))

    walk(manifest)
    keys = [text.encode() for text in sorted(texts)]
    return keys + [hashlib.sha256(key).digest() for key in keys] + [b"\0" * 32]


def digests(content: bytes, keys: Iterable[bytes]) -> set[str]:
    """Plain and keyed hashes of some bytes, in hex."""
    found = {hashlib.new(name, content).hexdigest() for name in _PLAIN}
    return found | {hmac.digest(key, content, "sha256").hex() for key in keys}


def confirmed(guesses: Iterable[str], shown: set[str]) -> list[str]:
    """Guesses that stand in the pack, whole or cut to as few as 8 digits."""
    known = shown | {text[:n] for text in shown for n in (8, 12, 16, 32) if len(text) >= n}
    return [g for g in guesses if any(g[:n] in known for n in (8, 12, 16, 32, len(g)))]


@pytest.fixture(scope="module")
def candidates(sentinel_run: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Copies of the study that differ in the last row of the spells alone; the first is the truth."""
    found = []
    lines = (sentinel_run / "study" / "spells.csv").read_text(encoding="utf-8").splitlines()
    for last in (lines[-1], lines[-2].replace("E0", "E1"), lines[-1].replace("-0", "-1")):
        folder = tmp_path_factory.mktemp("candidate") / "study"
        shutil.copytree(sentinel_run / "study", folder, ignore=shutil.ignore_patterns(".wellperf", "reports"))
        (folder / "spells.csv").write_text("\n".join([*lines[:-1], last]) + "\n", encoding="utf-8")
        found.append(folder)
    return found


def test_no_hash_of_a_candidate_file_is_in_the_pack(sentinel_run: Path, candidates: list[Path]) -> None:
    shown = hex_strings(sentinel_run / "pack")
    assert len(shown) > 5
    keys = guessed_keys(sentinel_run / "pack", sentinel_run / "study" / "study.toml")
    for folder in candidates:
        for path in folder.iterdir():
            # the study file is the committee's; it holds no row
            if path.suffix in (".csv", ".parquet"):
                content = path.read_bytes()
                plain = hashlib.sha256(content).hexdigest().encode()
                assert confirmed(digests(content, keys) | digests(plain, keys), shown) == [], path.name


def test_the_hash_of_the_data_is_confirmed_by_no_guessed_key(
    sentinel_run: Path, candidates: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program is known, so its own hash of the data is tried, with every key that could be guessed."""
    shown = hex_strings(sentinel_run / "pack")
    truth = load_tables(load_study(candidates[0] / "study.toml"))
    keys = guessed_keys(sentinel_run / "pack", sentinel_run / "study" / "study.toml")
    guesses = []
    for key in keys:
        monkeypatch.setattr(provenance, "study_key", lambda study, key=key: key)
        guesses.append(provenance.build_provenance(truth).data_hmac)
    assert confirmed(guesses, shown) == []
    # with the key itself the guess is confirmed: the attack looks at the right thing
    secret = (sentinel_run / "study" / ".wellperf" / "key").read_bytes()
    monkeypatch.setattr(provenance, "study_key", lambda study: secret)
    assert confirmed([provenance.build_provenance(truth).data_hmac], shown)


def test_no_pseudonym_of_a_guessed_id_is_in_the_pack(sentinel_run: Path) -> None:
    shown = hex_strings(sentinel_run / "pack")
    keys = guessed_keys(sentinel_run / "pack", sentinel_run / "study" / "study.toml")
    guesses: set[str] = set()
    for identifier in (PERSON, *(f"E{n:05d}" for n in range(400))):
        guesses |= {pseudonym(key, identifier) for key in keys[:40]}
        guesses |= {text[:HEX_DIGITS] for text in digests(identifier.encode(), keys[:5])}
    assert not guesses & {text[:HEX_DIGITS] for text in shown}
    secret = (sentinel_run / "study" / ".wellperf" / "key").read_bytes()
    real = {pseudonym(secret, identifier) for identifier in (PERSON, "E00000", "E00001")}
    assert not real & {text[:HEX_DIGITS] for text in shown}


def test_a_plain_hash_would_be_confirmed(sentinel_run: Path, tmp_path: Path) -> None:
    """The attack has power: a pack that lists a plain hash of a source file gives the last row away."""
    content = (sentinel_run / "study" / "spells.csv").read_bytes()
    page = f'<td title="sha256">{hashlib.sha256(content).hexdigest()}</td>'
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    shown = hex_strings(tmp_path)
    assert confirmed(digests(content, [b""]), shown)
    assert not confirmed(digests(content[:-2], [b""]), shown)
    (tmp_path / "index.html").write_text(hmac.digest(b"acme", content, "sha256").hex(), encoding="utf-8")
    assert confirmed(digests(content, [b"acme"]), hex_strings(tmp_path))
