"""Cases of bundles that take images: odd sizes, colors and alphas, ones at a limit, and recorded files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import resampled
from case import Case, numbers
from preparation import Preparation, batch, of_files
from processed import rows
from resampled import Levels

from edgeattn_runtime.limits import PIXELS
from edgeattn_runtime.processing import Image

RECORDED = Path(__file__).parent / "recorded" / "images"  # their numbers by record_images.py
NUMBERS = RECORDED.with_suffix(".json")
OF_FILES = "bilinear"  # the bundle that takes files as well
_LEVELS = 3  # by which decoders of JPEG may differ here


def cases() -> Iterator[Case]:
    """Yield the cases."""
    odd, rows_, columns = _pictures(), PIXELS // 4096, PIXELS // 1024**2  # as wide and long make them
    row = [np.arange(count, dtype=np.uint8)[np.newaxis] for count in (3, columns + 1)]
    column = [(np.arange(count) % 251).astype(np.uint8)[:, np.newaxis] for count in (rows_, rows_ + 1)]
    others = {"long": ("long-images", row), "wide": ("tall", column)}
    for each in rows("images"):
        name, image = each.bundle, each.processing.image
        given, pictures = others.get(name, ("images", odd))
        fitting = pictures[:1] if name in others else pictures
        results = [numbers_of(batch(item), image) for item in fitting]
        results += [None] * (len(pictures) - len(fitting))
        expected = f"{'tall' if name == 'wide' else name}.numbers"
        prepare = [Preparation("image", given, [_raw(item) for item in pictures], expected, results)]
        if name == OF_FILES:
            near = _LEVELS * image.scale / min(image.std)
            prepare += [_recorded("png"), _recorded("jpg", tolerance=near)]
        yield each.case(prepare=prepare)


def numbers_of(images: Sequence[Levels], how: Image) -> list[float] | None:
    """Return the numbers of a batch in C order, as short as float32 reads them back; None where refused.

    Args:
        images: uint8 (height, width) or (height, width, channels).
        how: They are prepared.
    """
    arrays = [resampled.prepared(levels, how.to_table()) for levels in images]
    sizes = {None if array is None else array.shape for array in arrays}
    return None if len(sizes) != 1 or None in sizes else numbers(np.array(arrays))


def _recorded(ending: str, *, tolerance: float = 0) -> Preparation:
    recorded = json.loads(NUMBERS.read_text("ascii"))
    files = [
        (name, (RECORDED / name).read_bytes(), values)
        for name, values in recorded.items()
        if name.endswith(ending)
    ]
    kind = {"png": "pngs", "jpg": "jpegs"}[ending]
    return of_files("image", f"{OF_FILES}.{kind}", files, tolerance=tolerance)


def _pictures() -> list[Levels | list[Levels]]:
    """Return odd images, uint8 (height, width) or (height, width, channels); a list is a batch."""
    draw = np.random.default_rng(10)

    def noise(*shape: int) -> Levels:
        return draw.integers(0, 256, shape, np.uint8)

    def opaque(*shape: int) -> Levels:
        levels = noise(*shape)
        levels[..., -1] = 255
        return levels

    glass = opaque(5, 6, 4)
    glass[2, 3, 3] = 254
    checker = np.indices((9, 11)).sum(0) % 2 * np.uint8(255)
    ramp = np.arange(256, dtype=np.uint8)
    single = [
        *(noise(1, 1), noise(1, 1, 3), opaque(1, 1, 4), noise(1, 1, 1)),
        *(noise(1000, 3), noise(3, 600, 3), noise(1, 9), noise(7, 1, 3)),
        *(noise(5, 7), noise(5, 7, 3), noise(6, 4, 3), noise(8, 8), noise(8, 8, 3), opaque(8, 8, 4)),
        *(noise(2, 2), noise(6, 3, 3), noise(13, 17, 3), noise(48, 64), noise(31, 29, 3)),
        *(np.zeros((4, 4, 3), np.uint8), np.full((10, 3), 255, np.uint8), checker.astype(np.uint8)),
        *(ramp.reshape(1, 256), ramp.reshape(256, 1), np.stack([ramp, ramp[::-1], ramp], -1)[np.newaxis]),
        *(opaque(9, 9, 2), opaque(9, 5, 4), opaque(3, 3, 2)),
        *(glass, noise(4, 4, 4), noise(3, 5, 2)),  # transparent
        *(noise(4, 4, 5), noise(4), noise(2, 2, 3, 1)),  # no images
        *(np.zeros((0, 4, 3), np.uint8), np.zeros((4, 0), np.uint8)),
    ]
    return [*single, [noise(4, 4), noise(9, 2, 3)], [noise(5, 7, 3)], [noise(3, 3), glass], []]


def _raw(item: Levels | list[Levels]) -> Any:
    """Return what images.json holds of an image, or of a batch."""
    if isinstance(item, list):
        return [_raw(levels) for levels in item]
    return {"dims": list(item.shape), "pixels": item.tobytes().hex()}
