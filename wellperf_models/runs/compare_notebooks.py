"""Two executed notebooks, cell by cell: what differs by more than its computation allows."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wellperf_models.disclosure.read import read
from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.disclosure.summary import SUMMARY_MIME_TYPE, Summary
from wellperf_models.report.bundle import released_of
from wellperf_models.runs.clean import INJECTED_TAG
from wellperf_models.runs.compare import Drift, compare_released, compare_text

_TEXTS = ("text/html", "text/plain")
# of 255: a last digit that another processor rounds otherwise shifts an edge by less; a changed digit, line
# or label differs by ink on paper
_PIXEL_TOLERANCE = 16
_REDRAWN = "redrawn"


@dataclass(frozen=True, kw_only=True)
class NotebookComparison:
    """Which file is compared, and what may differ in it.

    Attributes:
        file: Of the pack; names it in a drift.
        same_code: Package and notebooks are the pack's: how an answer is laid out must be equal too.
        same_environment: Code, lock and Python are the pack's: pictures must be the same bytes.
        paths: What the notebook was given, (of the pack, of the re-execution): paths that differ by place.
    """

    file: str
    same_code: bool
    same_environment: bool
    paths: Sequence[tuple[str, str]] = ()
    notes: list[str] = field(default_factory=list)

    def compare(self, expected: Mapping[str, Any], got: Mapping[str, Any]) -> list[Drift]:
        """Everything in which two executed notebooks differ; what can't be told goes to `notes`.

        Args:
            expected: Of the pack.
            got: Of the re-execution.
        """
        kinds = _computations(got)
        # drawn numbers that came out otherwise (another processor) are drawn otherwise too
        redrawn = "sampled" in kinds and list(released_of(expected)) != list(released_of(got))
        # the patch version of Python stands there
        old, new = ({**n, "metadata": _without_language(n.get("metadata", {}))} for n in (expected, got))
        old["cells"] = [{**c, "source": "".join(c["source"])} for c in old["cells"]]
        new["cells"] = [{**c, "source": self._source(c)} for c in new["cells"]]
        return list(self._walk("", old, new, kinds | ({_REDRAWN} if redrawn else set())))

    def _walk(self, at: str, old: Any, new: Any, kinds: set[str]) -> Iterator[Drift]:
        if isinstance(old, dict) and isinstance(new, dict):
            for key in [*old, *(k for k in new if k not in old)]:
                place = f"{at}.{key}" if at else str(key)
                if key not in old or key not in new:
                    yield self._drift(place, *(("present", "missing") if key in old else ("absent", "extra")))
                elif key == "data" and isinstance(old[key], dict) and isinstance(new[key], dict):
                    yield from self._data(place, old[key], new[key], kinds)
                else:
                    yield from self._walk(place, old[key], new[key], kinds)
        elif isinstance(old, list) and isinstance(new, list):
            if len(old) != len(new):
                yield self._drift(f"number of {at}", len(old), len(new))
            for i, (one, other) in enumerate(zip(old, new, strict=False), start=1):
                yield from self._walk(f"{at}[{i}]", one, other, kinds)
        elif isinstance(old, str) and isinstance(new, str) and ".metadata.image/png." in at:
            yield from compare_text(self.file, at, old, new, kinds)
        elif type(old) is not type(new) or old != new:
            yield self._drift(at, _short(old), _short(new))

    def _data(
        self, at: str, old: Mapping[str, Any], new: Mapping[str, Any], kinds: set[str]
    ) -> Iterator[Drift]:
        """The forms of one output."""
        for key in [*old, *(k for k in new if k not in old)]:
            place = f"{at}.{key}"
            if key not in old or key not in new:
                yield self._drift(place, *(("present", "missing") if key in old else ("absent", "extra")))
            elif key == MIME_TYPE and old[key].get("id") == new[key].get("id"):
                yield from compare_released(old[key], new[key])
            elif key == SUMMARY_MIME_TYPE:
                yield from self._lines(place, old[key], new[key], kinds)
            elif key == "image/png":
                yield from self._picture(place, old[key], new[key], redrawn=_REDRAWN in kinds)
            elif key in _TEXTS:
                yield from self._text(place, key, old, new, kinds)
            else:
                yield from self._walk(place, old[key], new[key], kinds)

    def _lines(self, at: str, old: Any, new: Any, kinds: set[str]) -> Iterator[Drift]:
        if isinstance(old, str) and isinstance(new, str):
            # the lines are words of other notebooks, whose computations this one does not hold
            yield from compare_text(self.file, at, old, new, kinds or {"iterative"})
        elif isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
            for key in old:
                yield from self._lines(f"{at}.{key}", old[key], new[key], kinds)
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for i, (one, other) in enumerate(zip(old, new, strict=True), start=1):
                yield from self._lines(f"{at}[{i}]", one, other, kinds)
        else:
            yield from self._walk(at, old, new, kinds)

    def _picture(self, at: str, old: Any, new: Any, *, redrawn: bool) -> Iterator[Drift]:
        if old == new:
            return
        if redrawn:
            self.notes.append(f"{self.file}: {at} shows numbers drawn again, and was not compared")
        elif self.same_environment:
            if not _same_to_the_eye(old, new):
                yield self._drift(at, "the picture of the pack", "another picture", "the same picture")
        else:
            self.notes.append(f"{self.file}: {at} is another picture, and was not compared: see above")

    def _text(
        self, at: str, key: str, old: Mapping[str, Any], new: Mapping[str, Any], kinds: set[str]
    ) -> Iterator[Drift]:
        """Beside an answer stands how it displays: that follows from the answer itself, to the letter."""
        follows = _display(old).get(key)
        if follows is None or _display(new).get(key) != new[key]:
            yield from compare_text(self.file, at, old[key], new[key], kinds)
        elif old[key] != follows and self.same_code:
            yield self._drift(at, "as the answer beside it displays", "another text")
        elif old[key] != follows:
            self.notes.append(f"{self.file}: {at} is laid out otherwise, and was not compared")

    def _source(self, cell: Mapping[str, Any]) -> str:
        """The code of a cell of the re-execution, with the paths of the pack where a run injects its own."""
        source = "".join(cell["source"])
        if INJECTED_TAG in cell["metadata"].get("tags", []):
            for of_pack, of_now in self.paths:
                source = source.replace(f'"{of_now}"', f'"{of_pack}"')
        return source

    def _drift(self, name: str, expected: object, got: object, tolerance: str = "equal") -> Drift:
        return Drift(where=self.file, name=name, expected=str(expected), got=str(got), tolerance=tolerance)


def _computations(notebook: Mapping[str, Any]) -> set[str]:
    return {
        item["computation"]
        for released in released_of(notebook)
        for part in ("estimates", "tables", "curves", "checks")
        for item in released.get(part, [])
    }


def _display(data: Mapping[str, Any]) -> dict[str, str]:
    """How the answer or summary of an output displays; empty where there is none, or it is damaged."""
    shown: Any
    try:
        if MIME_TYPE in data:
            shown = read(data[MIME_TYPE])
        elif SUMMARY_MIME_TYPE in data:
            shown = Summary.from_dict(data[SUMMARY_MIME_TYPE])
        else:
            return {}
        return {"text/html": shown._repr_html_(), "text/plain": repr(shown)}
    except Exception:  # what a pack holds may be anything: then it is compared as text
        return {}


def _without_language(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in metadata.items() if k != "language_info"}


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"


def _same_to_the_eye(old: object, new: object) -> bool:
    """Whether two base64 PNGs have the same size and no pixel that differs visibly."""
    from PIL import Image, ImageChops, UnidentifiedImageError

    try:
        one, other = (
            Image.open(io.BytesIO(base64.b64decode(str(text), validate=True)), formats=("PNG",))
            for text in (old, new)
        )
        # sizes first: a small file can unpack to a huge picture
        if one.size != other.size:
            return False
        difference = ImageChops.difference(one.convert("RGBA"), other.convert("RGBA"))
    except (binascii.Error, UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
        return False
    # four bands together: the largest difference of any
    return max(difference.tobytes()) <= _PIXEL_TOLERANCE
