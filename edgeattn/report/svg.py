"""Pictures as SVG: one look, and the same bytes for the same numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType  # younger than the matplotlib that is asked for

INK, PALE = "#2b3440", "#c9d0d8"

_STYLE: Mapping[RcKeyType, object] = {
    "svg.hashsalt": "edgeattn",  # the same ids, so the same bytes, every time
    "svg.fonttype": "path",  # the same look on machines without the font
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 9.5,
    "text.parse_math": False,  # a recipe's name may hold a $
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.dpi": 72,  # a pixel is a point, as for the svg backend
}
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


def svg(draw: Callable[[], Figure]) -> bytes:
    """Return what ``draw`` draws, 72 points an inch, whatever the user's own matplotlib settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        file = io.BytesIO()
        draw().savefig(file, format="svg", metadata=_NO_METADATA)
    return file.getvalue()
