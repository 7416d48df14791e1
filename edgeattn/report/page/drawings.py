"""What the page draws itself: a sample's curves, the dots of modules' errors; and SVG files as images."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from edgeattn.report.number_words import LEAST_ERROR

WIDTH, HEIGHT = 300, 80  # of the picture, in its own units
_LARGEST = 1.0  # all of a tensor; more is drawn at the end of the axis


def image_source(picture: bytes) -> str:
    """Return an SVG file as the source of an image.

    A bundle's may be a stranger's: as an image it runs no script and fetches nothing, which markup would.
    """
    return f"data:image/svg+xml;base64,{b64encode(picture).decode()}"


@dataclass(frozen=True, slots=True)
class Curves:
    """A picture's lines.

    Attributes:
        points: By line, its points as SVG takes them.
        zero: Where 0 lies, from the top; None where it lies outside.
    """

    points: tuple[str, ...]
    zero: float | None


def curves(lines: Sequence[Sequence[float]]) -> Curves:
    """Lay out lines, at least one, each of at least one number."""
    low, high = min(map(min, lines)), max(map(max, lines))
    reach = high - low or 1.0

    def down(value: float) -> float:
        return round(HEIGHT * (0.95 - 0.9 * (value - low) / reach), 1)

    return Curves(
        tuple(
            " ".join(f"{WIDTH * i / max(len(line) - 1, 1):.1f},{down(value)}" for i, value in enumerate(line))
            for line in lines
        ),
        down(0.0) if low < 0 < high else None,
    )


def share_of_axis(error: float | None) -> float | None:
    """Return where an error of a module lies, in percent of the axis; None where there is none to draw."""
    if error is None or error < LEAST_ERROR:
        return None
    least, largest = math.log(LEAST_ERROR), math.log(_LARGEST)
    return round(100 * (min(math.log(error), largest) - least) / (largest - least), 1)
