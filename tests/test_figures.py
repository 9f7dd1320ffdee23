from __future__ import annotations

import base64

import pytest

from wellperf_models.errors import WellperfError
from wellperf_models.figures import LINE_STYLES, MARKERS, PALETTE, Picture, new_figure, style


def _picture() -> Picture:
    with style():
        figure, axes = new_figure()
        axes.plot([0, 1], [1, 2])
        axes.set_title("It rises by $1")
    return Picture(figure=figure, alt="A line that rises from 1 to 2.", title="It rises")


def _contrast_on_white(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def test_same_bytes_without_date_or_software() -> None:
    first = _picture().png()
    assert first == _picture().png()
    for trace in (b"Software", b"tEXt", b"iTXt", b"tIME"):
        assert trace not in first


def test_a_readers_matplotlibrc_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    expected = _picture().png()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        assert _picture().png() == expected
        assert mpl.rcParams["font.size"] == 30


def test_alt_text_travels_with_the_picture() -> None:
    data, metadata = _picture()._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == "A line that rises from 1 to 2."


@pytest.mark.parametrize(("alt", "title"), [("", "t"), ("a", " "), ("a" * 1201, "t")])
def test_a_picture_needs_words(alt: str, title: str) -> None:
    with style():
        figure, _ = new_figure()
    with pytest.raises(WellperfError):
        Picture(figure=figure, alt=alt, title=title)


def test_every_colour_has_its_own_second_cue() -> None:
    assert len(set(PALETTE)) == len(PALETTE) == len(set(map(str, LINE_STYLES))) == len(set(MARKERS))
    # WCAG asks 3:1 of graphics; lighter ones come last, always with another dash and a direct label
    assert all(_contrast_on_white(c) >= 3 for c in PALETTE[:3])


def test_importing_figures_does_not_import_matplotlib() -> None:
    import subprocess
    import sys

    code = "import sys, wellperf_models.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
