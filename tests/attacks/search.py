"""Looks for values in every byte of a folder: also inside what is encoded, compressed or escaped."""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import re
import struct
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

# shorter runs are words; longer ones hold an id
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}(?:(?:\\n|\s)*[A-Za-z0-9+/_-]{4,})*={0,2}")
_LONG_RUN = re.compile(
    rb"[A-Za-z0-9+/_-]{400,}={0,2}|(?:[A-Za-z0-9+/]{60,80}(?:\\n|\r?\n)){4,}[A-Za-z0-9+/]*={0,2}"
)
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){6,}")
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})|\\([\"\\/])")
_PNG = b"\x89PNG\r\n\x1a\n"
_CONTAINERS = (_PNG, b"%PDF", b"PK\x03\x04", b"\x1f\x8b")
_DEEPEST = 4


def search_folder(folder: Path, needles: dict[str, list[bytes]]) -> list[str]:
    """What was found, as `file: needle`; file names are searched too.

    Args:
        folder: Every file below it.
        needles: Name → byte strings any of which gives the value away.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        parts = [name.encode()]
        if path.is_file():
            parts.append(path.read_bytes())
        found += [f"{name}: {needle}" for needle in search_bytes(parts, needles)]
    return found


def search_bytes(parts: Iterable[bytes], needles: dict[str, list[bytes]]) -> set[str]:
    """Names of the needles that are anywhere in the bytes."""
    layers = [layer for part in parts for layer in unfold(part)]
    return {
        name for name, forms in needles.items() if any(form in layer for layer in layers for form in forms)
    }


def unfold(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes themselves, and whatever they hold in another form, down to a few levels."""
    yield content
    if depth >= _DEEPEST:
        return
    if inner := list(_container(content)):
        for part in inner:
            yield from unfold(part, depth + 1)
        return
    # long runs are taken out, so that they are decoded once and not again in every form of the rest
    rest = _LONG_RUN.sub(b"", content)
    for run in _LONG_RUN.finditer(content):
        for part in _base64(run[0], offsets=1):
            yield from unfold(part, depth + 1)
    for part in _unescape(rest):
        if part != rest:
            yield from unfold(part, depth + 1)
    for run in _BASE64.finditer(rest):
        for part in _base64(run[0], offsets=4):
            yield from unfold(part, depth + 1) if part.startswith(_CONTAINERS) else [part]
    for run in _HEX.finditer(rest):
        yield binascii.unhexlify(run[0])


def text_needles(value: str) -> list[bytes]:
    """A text as it is and in UTF-16; other forms are undone by `unfold`."""
    return [value.encode(), value.encode("utf-16-le"), value.encode("utf-16-be")]


def number_needles(value: float) -> list[bytes]:
    """A number to five digits and more, with a point or comma and any thousands separator, and as a float."""
    digits = [f"{value:.{n}g}" for n in range(6, 18)] + [repr(value), f"{value:.6e}"]
    texts = {text for text in digits if sum(c.isdigit() for c in text) >= 6}
    cut = f"{abs(value):.12f}".replace(".", "", 1).lstrip("0")[:6]
    whole = len(str(int(abs(value))))
    if abs(value) >= 1:
        texts.add(f"{cut[:whole]}.{cut[whole:]}" if whole < 6 else cut)
    texts |= {text.replace(".", ",") for text in texts}
    if abs(value) >= 1000:
        for separator in (",", "'", "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}", " "):
            texts.add(f"{int(abs(value)):,}".replace(",", separator))
    found = [form for text in texts for form in text_needles(text)]
    return [*found, struct.pack("<d", value), struct.pack(">d", value)]


def _container(content: bytes) -> Iterator[bytes]:
    """Parts of a picture, a PDF or an archive; nothing where it is none."""
    if content.startswith(_PNG):
        yield from _png(content)
    elif content.startswith(b"%PDF"):
        yield from (_inflate(found[1]) or found[1] for found in _PDF_STREAM.finditer(content))
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)


def _unescape(content: bytes) -> Iterator[bytes]:
    if b"\\" in content:
        yield _ESCAPED.sub(lambda m: _character(m[1]) if m[1] else m[2], content)
    if b"&" in content:
        yield html.unescape(content.decode("utf-8", "replace")).encode("utf-8", "replace")
    if b"%" in content:
        yield urllib.parse.unquote_to_bytes(content)


def _character(code: bytes) -> bytes:
    return chr(int(code, 16)).encode("utf-8", "replace")


def _base64(text: bytes, offsets: int) -> Iterator[bytes]:
    """Decoded; at each of four offsets where letters before it may have been taken for a part of it."""
    plain = re.sub(rb"\\n|\s|=", b"", text).replace(b"-", b"+").replace(b"_", b"/")
    for offset in range(offsets):
        part = plain[offset:]
        part = part[:-1] if len(part) % 4 == 1 else part
        yield base64.b64decode(part + b"=" * (-len(part) % 4))


def _png(content: bytes) -> Iterator[bytes]:
    """Every chunk, texts inflated; of the pixels, megabytes of no text, only the bytes as they stand."""
    place = len(_PNG)
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
        yield kind + body
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            for start in range(len(body)):
                if body[start : start + 1] == b"x" and (inner := _inflate(body[start:])):
                    yield inner
        place += 12 + size


def _inflate(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content)
    except zlib.error:
        return b""
