"""The image processing of the specification, written out once more: what expected pixels are computed by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
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
    if 0 in (height, width):
        return None
    wide = _along(color.swapaxes(0, 1), width, image["resample"]).swapaxes(0, 1)
    sized = _along(wide, height, image["resample"])
    ordered = sized[..., ::-1] if image["channels"] == "BGR" else sized
    numbers = (ordered * np.float64(image["scale"]) - np.array(image["mean"])) / np.array(image["std"])
    framed = _framed(numbers, image)
    if framed is None:
        return None
    laid = framed if image["layout"] == "NHWC" else np.moveaxis(framed, -1, 0)
    return laid.astype(np.float32)[np.newaxis]


def _size(image: Mapping[str, Any], height: int, width: int) -> tuple[int, int]:
    """Return what size (height, width) an image of this one is made."""
    resize = image.get("resize", image)
    if "shorter" in resize:
        return _by_shorter(resize, height, width)
    box = resize["height"], resize["width"]
    if "fit" not in resize:
        return box
    ratio = {"contain": max, "cover": min}[resize["fit"]](height / box[0], width / box[1])
    return round(height / ratio), round(width / ratio)  # Python rounds halves to the even number


def _by_shorter(resize: Mapping[str, int], height: int, width: int) -> tuple[int, int]:
    short, long = sorted((height, width))
    sides = resize["shorter"], int(Fraction(resize["shorter"] * long, short))
    if long / short * resize["shorter"] > resize.get("longer", np.inf):
        bound = resize["longer"] * short / long
        sides = round(bound), int(bound * long / short)
    if sides[0] == short:
        sides = short, long
    cut = [side - side % resize.get("multiple", 1) for side in sides]
    return (cut[0], cut[1]) if height <= width else (cut[1], cut[0])


def _framed(numbers: NDArray[np.float64], image: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return an image (height, width, channels) in its border, or its middle; None where it is too large."""
    if "align" not in image:
        return numbers
    kept = image["height"], image["width"]
    if image["align"] == "start" and any(
        side > most for side, most in zip(numbers.shape[:2], kept, strict=True)
    ):
        return None
    border = image.get("border", [np.nan] * numbers.shape[2])
    framed = np.broadcast_to(np.array(border, np.float64), (*kept, len(border)))
    places = [_places(image["align"], size, most) for size, most in zip(numbers.shape[:2], kept, strict=True)]
    framed = framed.copy()
    framed[np.ix_(*(to for _, to in places))] = numbers[np.ix_(*(source for source, _ in places))]
    return framed


def _places(align: str, size: int, kept: int) -> tuple[range, range]:
    """Return which places of ``size`` are kept, and where they lie among ``kept``."""
    if size <= kept:
        odd = (kept - size) % 2 if align == "center" else 0
        before = 0 if align == "start" else (kept - size) // 2 + odd
        return range(size), range(before, before + size)
    half = Fraction(size - kept, 2)
    first = round(half) if align == "center-even" else int(half)
    return range(first, first + kept), range(kept)


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
    k = _coefficients(len(levels), size, resample)
    total = (1 << (_BITS - 1)) + k @ levels.reshape(len(levels), -1).astype(np.int64)
    return np.clip(total >> _BITS, 0, 255).astype(np.uint8).reshape(size, *levels.shape[1:])


def _nearest(n: int, m: int) -> list[int]:
    step = n / m
    x, places = step * 0.5, []
    for _ in range(m):
        places.append(int(x))
        x += step
    return places


@cache
def _coefficients(n: int, m: int, resample: str) -> NDArray[np.int64]:
    """Return the weights of ``n`` values, for each of ``m`` places: (m, n)."""
    weight, reach = _FILTERS[resample]
    scale = n / m
    stretch = max(scale, 1.0)
    support = reach * stretch
    coefficients = np.zeros((m, n), np.int64)
    for i in range(m):
        center = (i + 0.5) * scale
        first = max(int(center - support + 0.5), 0)
        stop = min(int(center + support + 0.5), n)
        weights = [weight((j - center + 0.5) * (1.0 / stretch)) for j in range(first, stop)]
        total = 0.0
        for w in weights:
            total += w
        coefficients[i, first:stop] = [
            int(math.copysign(abs(w / total * (1 << _BITS)) + 0.5, w / total)) for w in weights
        ]
    return coefficients


def _triangle(x: float) -> float:
    return max(1 - abs(x), 0.0)


def _hamming(x: float) -> float:
    window = float(np.float32(0.54)) + float(np.float32(0.46)) * math.cos(x * math.pi)
    return _sinc(x) * window if abs(x) < 1 else 0.0


def _cubic(x: float) -> float:
    x = abs(x)
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * -0.5 if x < 2 else 0.0


def _lanczos(x: float) -> float:
    return _sinc(x) * _sinc(x / 3) if -3 <= x < 3 else 0.0


def _sinc(x: float) -> float:
    return math.sin(x * math.pi) / (x * math.pi) if x else 1.0


_FILTERS: dict[str, tuple[Callable[[float], float], float]] = {
    "box": (lambda x: float(-0.5 < x <= 0.5), 0.5),
    "bilinear": (_triangle, 1.0),
    "hamming": (_hamming, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}
