"""Pictures are the same where no eye could tell them apart, and never where a stroke changed."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.report.samples import code_cell, notebook, output, released
from wellperf_models.disclosure.released import MIME_TYPE
from wellperf_models.runs.compare_notebooks import NotebookComparison, _same_to_the_eye


def png(
    *, size: tuple[int, int] = (60, 40), dot: tuple[int, int, int] | None = None, compress: int = 6
) -> str:
    image = Image.new("RGB", size, (250, 250, 250))
    if dot is not None:
        image.putpixel((20, 20), dot)
    buffer = io.BytesIO()
    image.save(buffer, format="png", compress_level=compress)
    return base64.b64encode(buffer.getvalue()).decode()


def test_other_bytes_of_the_same_picture_and_a_rounded_edge_are_the_same() -> None:
    assert png(compress=1) != png(compress=9)
    assert _same_to_the_eye(png(compress=1), png(compress=9))
    assert _same_to_the_eye(png(), png(dot=(240, 250, 250)))


@pytest.mark.parametrize("other", [png(dot=(0, 0, 0)), png(size=(61, 40)), "no picture", "!!!!", ""])
def test_one_black_pixel_another_size_or_no_picture_are_not(other: str) -> None:
    assert not _same_to_the_eye(png(), other)


def _pack(value: float, picture: str) -> dict[str, Any]:
    answer = released()
    answer["estimates"][2]["value"] = value
    return notebook(code_cell(output({MIME_TYPE: answer}), output({"image/png": picture})))


def test_a_picture_of_numbers_drawn_again_is_a_note_and_else_a_drift() -> None:
    def compare(value: float) -> tuple[list[str], list[str]]:
        comparison = NotebookComparison(file="n", same_code=True, same_environment=True)
        drifts = comparison.compare(_pack(12.0, png()), _pack(value, png(dot=(0, 0, 0))))
        return [d.tolerance for d in drifts], comparison.notes

    drifts, notes = compare(12.0)
    assert drifts == ["the same picture"]
    assert notes == []
    drifts, notes = compare(12.5)
    assert drifts == []
    assert "drawn again" in notes[0]
