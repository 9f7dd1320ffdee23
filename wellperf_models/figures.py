"""The one look of every figure: palette, line styles, type, and a picture that carries its alt text.

Figures are made without pyplot, so nothing is kept open and nothing appears by itself in a notebook;
only a `Picture` displays, and a `Picture` has alt text.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wellperf_models.disclosure import Released
from wellperf_models.disclosure.shown import digest_of, record_shown
from wellperf_models.disclosure.wording import print_estimate
from wellperf_models.errors import DesignError, DisclosureError, WellperfError
from wellperf_models.evidence import NOT_ASKED, Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito (2008), ordered so that neighbours differ in lightness too; without yellow (1.3:1 on white)
PALETTE: Final[tuple[str, ...]] = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
    "#1A1A1A",
)
# second cue: a reader who sees no colour, or prints grey, still tells the lines apart
LINE_STYLES: Final[tuple[Any, ...]] = (
    "-",
    (0, (6, 2)),
    (0, (1, 1.4)),
    (0, (6, 2, 1, 2)),
    (0, (3, 1.4)),
    (0, (9, 2)),
    (0, (6, 1.5, 1, 1.5, 1, 1.5)),
)
MARKERS: Final[tuple[str, ...]] = ("o", "s", "^", "D", "v", "P", "X")

INK: Final = "#1A1A1A"
QUIET: Final = "#5A6169"
RULE: Final = "#D5D9DE"
DPI: Final = 150
_MAX_ALT: Final = 1200


def _settings() -> dict[str, Any]:
    from cycler import cycler

    return {
        "figure.dpi": DPI,
        "savefig.dpi": DPI,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.constrained_layout.use": True,
        # ships with matplotlib: the same bytes on every machine
        "font.family": ["DejaVu Sans"],
        "mathtext.fontset": "dejavusans",
        "font.size": 10.0,
        "axes.titlesize": 12.0,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 12.0,
        "axes.labelsize": 10.0,
        "axes.labelcolor": INK,
        "axes.edgecolor": QUIET,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=LINE_STYLES),
        "axes.formatter.useoffset": False,
        "axes.unicode_minus": True,
        "grid.color": RULE,
        "grid.linewidth": 0.7,
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "lines.linewidth": 1.9,
        "lines.markersize": 6.0,
        "legend.frameon": False,
        "legend.fontsize": 9.5,
        "svg.hashsalt": "wellperf",
    }


@contextmanager
def style() -> Iterator[None]:
    """The look, for as long as the block lasts.

    Starts from matplotlib's own defaults, so that a reader's `matplotlibrc` can't change a figure.
    """
    import matplotlib as mpl

    with mpl.rc_context():
        # the backend is the session's own affair
        plain: Any = {k: v for k, v in mpl.rcParamsDefault.items() if "backend" not in k}
        mpl.rcParams.update(plain | _settings())
        yield


def new_figure(*, width: float = 7.0, height: float = 4.2) -> tuple[Figure, Axes]:
    """An empty figure with one axes; call it inside `style()`.

    Args:
        width, height: In inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def require_evidence(released: Released, identifier: str) -> None:
    """A picture is made from the answer it was written for.

    Raises:
        DesignError: It is another answer.
    """
    if released.id != identifier:
        raise DesignError(f"This picture is made from {identifier}.", got=released.id)


def draw_estimate(
    axes: Axes,
    estimate: Estimate,
    position: int,
    *,
    colour: str,
    hollow: bool,
    marker: str = MARKERS[0],
    width: float = 1.8,
) -> None:
    """An estimate as a dot on its interval, its printed value at the right edge.

    Args:
        axes: Where.
        estimate: Released.
        position: Height on the axes.
        colour, marker, width: Of dot and line.
        hollow: A second cue beside the colour.
    """
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    axes.plot([low, high], [position, position], color=colour, linestyle="-", lw=width)
    axes.plot(
        estimate.value,
        position,
        marker=marker,
        linestyle="none",
        color=colour,
        markerfacecolor="white" if hollow else colour,
    )
    axes.annotate(
        print_estimate(estimate),
        (1.0, position),
        xycoords=("axes fraction", "data"),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        annotation_clip=False,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A finished figure with the words that replace it for a reader who can't see it.

    Attributes:
        figure: The matplotlib figure.
        alt: What it shows, in words, finding first; not empty.
        title: States the finding.

    Raises:
        WellperfError: Alt text or title is missing.
    """

    figure: Figure
    alt: str
    title: str

    def __post_init__(self) -> None:
        for what, text in (("alt", self.alt), ("title", self.title)):
            if not text.strip():
                raise WellperfError(
                    "A picture needs words.",
                    where=what,
                    expected="what the figure shows, in a sentence or two",
                    got="nothing",
                )
        if len(self.alt) > _MAX_ALT:
            raise WellperfError(
                "The alt text of a picture is too long to listen to.",
                where=self.title,
                expected=f"at most {_MAX_ALT} characters",
                got=f"{len(self.alt)}",
            )

    def png(self) -> bytes:
        """The picture as PNG, the same bytes every time: no date, no software."""
        buffer = io.BytesIO()
        with style():
            self.figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"Picture({self.title!r})"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        png, words = base64.b64encode(self.png()).decode("ascii"), {"alt": self.alt, "title": self.title}
        record_shown(digest_of({"image/png": png, **words}))
        return {"image/png": png, "text/plain": self.alt}, {"image/png": words}


def show(*shown: Released | Picture | None) -> None:
    """Displays an answer and its pictures below each other.

    Nothing is displayed for a question that the study file does not ask, nor for a picture that was not made
    because its numbers were kept back.

    Args:
        shown: Released answers, pictures made from them, or None.

    Raises:
        DisclosureError: Something else: only what passed the gate is displayed.
    """
    from IPython.display import display

    for item in shown:
        if item is None:
            continue
        if not isinstance(item, Released | Picture):
            raise DisclosureError(
                "Only released answers and their pictures are displayed.",
                expected="Released, or Picture",
                got=type(item).__name__,
                where="show",
            )
        if isinstance(item, Picture) or item.design != NOT_ASKED:
            display(item)
