"""An array as a person sees it, by its shape alone: a picture, lines, or numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.worst.worst_sample import Seen

Array = NDArray[np.generic]

LEAST = 8  # rows and columns of a picture, and points of a line
LARGEST = 96  # pixels of a side of a picture that is kept
LINES = 8  # that are drawn over one another at most
POINTS = 240  # of a line that is kept
NUMBERS = 12  # that are written out
COLORS = (1, 3)  # channels that a picture may have
DIGITS = 4


def drawn(name: str, array: Array) -> Seen:
    """Return one row of an input, without its batch, as a picture, lines or numbers."""
    values = np.asarray(array, np.float64)
    dims = "x".join(map(str, values.shape)) or "a number"
    if values.size and not np.isfinite(values).all():
        return Seen(name=name, text=f"{dims}, with NaN or infinity: {numbers(array)}")
    if (pixels := _pixels(values)) is not None:
        return picture(name, pixels, f"{dims}, {values.min():.3g} to {values.max():.3g}")
    if (lines := _lines(values, array.dtype.kind)) is not None:
        told = f"{dims}, {values.min():.3g} to {values.max():.3g}"
        return Seen(name=name, text=told, curves=tuple(map(shortened, lines)))
    return Seen(name=name, text=numbers(array))


def picture(name: str, pixels: Array, text: str) -> Seen:
    """Return pixels (H, W) or (H, W, 3) as a picture, from black, the least of them, to white."""
    from PIL import Image  # comes with matplotlib

    values = np.asarray(pixels, np.float64)
    low, high = values.min(), values.max()
    levels = ((values - low) * (255 / (high - low or 1))).round().astype(np.uint8)
    image = Image.fromarray(levels)
    image.thumbnail((LARGEST, LARGEST))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return Seen(name=name, text=text, picture=base64.b64encode(file.getvalue()).decode())


def numbers(array: Array) -> str:
    """Write the first numbers of an array."""
    flat = array.ravel()
    written = " ".join(f"{float(value):.3g}" for value in flat[:NUMBERS])
    return f"{written} … ({flat.size} in all)" if flat.size > NUMBERS else written


def shortened(line: NDArray[np.float64]) -> tuple[float, ...]:
    """Return a line of at most ``POINTS``: of each part of a longer one, its least and its largest number."""
    if line.size > POINTS:
        parts = np.array_split(line, POINTS // 2)
        line = np.array([end for part in parts for end in (part.min(), part.max())])
    return tuple(float(f"{value:.{DIGITS}g}") for value in line)


def _pixels(values: NDArray[np.float64]) -> Array | None:
    """Return an array as pixels (H, W) or (H, W, 3), where it can be some."""
    if values.ndim == 3 and values.shape[0] in COLORS:
        values = np.moveaxis(values, 0, -1)
    if values.ndim == 3 and values.shape[-1] in COLORS:
        values = values[..., 0] if values.shape[-1] == 1 else values
    elif values.ndim != 2:
        return None
    return values if min(values.shape[:2]) > LINES - (values.ndim == 3) else None


def _lines(values: NDArray[np.float64], kind: str) -> Sequence[NDArray[np.float64]] | None:
    """Return an array as lines, where it can be some: integers are tokens more often than a curve."""
    if kind != "f" or values.ndim not in (1, 2) or values.shape[-1] == 0:
        return None
    across = np.atleast_2d(values)
    across = across if across.shape[0] <= across.shape[1] else across.T  # what is more is time
    fits = across.shape[0] <= LINES and across.shape[1] >= LEAST
    return list(across) if fits else None
