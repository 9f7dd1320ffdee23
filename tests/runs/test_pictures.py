"""Pictures are the same where no eye could tell them apart, and never where a stroke changed."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from wellperf_models.runs.compare_notebooks import _same_to_the_eye


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
