"""The image processing of the specification, written out once more: what expected pixels are computed by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.uint8]

_BITS = 22  # of a coefficient's fraction


def prepared(levels: Levels, image: Mapping[str, Any]) -> NDArray[np.float32] | None:
    """Return an image as ``processing.image`` says, with a batch of 1; None where it is refused.

    Args:
        levels: uint8 (height, width) or (height, width, channels).
        image: The manifest's.
    """
    if 0 in levels.shape or levels.ndim not in (2, 3):
        return None
    channels = levels.reshape(*levels.shape[:2], -1)
    count = channels.shape[2]
    if count > 4 or (count in (2, 4) and (channels[..., -1] < 255).any()):
        return None
    color = channels[..., : count - 1 if count in (2, 4) else count]
    color = _grey(color) if image["channels"] == "L" else _rgb(color)
    height, width = _size(image, *color.shape[:2])
    wide = _along(color.swapaxes(0, 1), width, image["resample"]).swapaxes(0, 1)
    sized = _along(wide, height, image["resample"])
    for axis, kept in enumerate(("height", "width")):
        sized = _middle(sized.swapaxes(0, axis), image, image[kept]).swapaxes(0, axis)
    ordered = sized[..., ::-1] if image["channels"] == "BGR" else sized
    numbers = (ordered * np.float64(image["scale"]) - np.array(image["mean"])) / np.array(image["std"])
    laid = numbers if image["layout"] == "NHWC" else np.moveaxis(numbers, -1, 0)
    return laid.astype(np.float32)[np.newaxis]


def _size(image: Mapping[str, Any], height: int, width: int) -> tuple[int, int]:
    """Return what size (height, width) an image of this one is made."""
    sides = image.get("crop", image)
    if "shorter" not in sides:
        return sides["height"], sides["width"]
    most = Fraction(sides["shorter"], min(height, width))
    return int(most * height), int(most * width)


def _middle(levels: Levels, image: Mapping[str, Any], kept: int) -> Levels:
    """Return the middle places along the first axis."""
    half = Fraction(len(levels) - kept, 2)
    even = "crop" in image and image["crop"]["rounding"] == "even"
    first = round(half) if even else int(half)  # Python rounds halves to the even number
    return levels[first : first + kept]


def _grey(color: Levels) -> Levels:
    if color.shape[2] == 1:
        return color
    red, green, blue = np.moveaxis(color.astype(np.int64), -1, 0)
    grey = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16
    return grey.astype(np.uint8)[..., np.newaxis]


def _rgb(color: Levels) -> Levels:
    return color if color.shape[2] == 3 else np.repeat(color, 3, axis=2)


def _along(levels: Levels, size: int, resample: str) -> Levels:
    """Return ``levels`` with ``size`` places along the first axis."""
    if len(levels) == size:
        return levels
    if resample == "nearest":
        return levels[_nearest(len(levels), size)]
    weight, reach = {"bilinear": (_triangle, 1.0), "bicubic": (_cubic, 2.0)}[resample]
    out = np.empty((size, *levels.shape[1:]), np.uint8)
    for i, (first, k) in enumerate(_coefficients(len(levels), size, weight, reach)):
        within = levels[first : first + len(k)].astype(np.int64)
        total = (1 << (_BITS - 1)) + np.tensordot(np.array(k), within, 1)
        out[i] = np.clip(total >> _BITS, 0, 255)
    return out


def _nearest(n: int, m: int) -> list[int]:
    step = n / m
    x, places = step * 0.5, []
    for _ in range(m):
        places.append(int(x))
        x += step
    return places


def _coefficients(
    n: int, m: int, weight: Callable[[float], float], reach: float
) -> list[tuple[int, list[int]]]:
    """Return, for each of ``m`` places, the first of ``n`` values that it takes and their weights."""
    scale = n / m
    stretch = max(scale, 1.0)
    support = reach * stretch
    coefficients = []
    for i in range(m):
        center = (i + 0.5) * scale
        first = max(int(center - support + 0.5), 0)
        stop = min(int(center + support + 0.5), n)
        weights = [weight((j - center + 0.5) * (1.0 / stretch)) for j in range(first, stop)]
        total = 0.0
        for w in weights:
            total += w
        coefficients.append((first, [_rounded(w / total * (1 << _BITS)) for w in weights]))
    return coefficients


def _rounded(y: float) -> int:
    return int(y - 0.5) if y < 0 else int(y + 0.5)


def _triangle(x: float) -> float:
    x = abs(x)
    return 1 - x if x < 1 else 0.0


def _cubic(x: float) -> float:
    x = abs(x)
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * -0.5 if x < 2 else 0.0
