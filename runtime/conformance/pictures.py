"""Odd images: sizes, colors and alphas that readers take, and those that they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
from resampled import Levels

Raw = dict[str, Any]


def pictures() -> list[Levels | list[Levels]]:
    """Return the images, uint8 (height, width) or (height, width, channels); a list is a batch."""
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


def raw(levels: Levels) -> Raw:
    """Return what images.json holds of one."""
    return {"dims": list(levels.shape), "pixels": levels.tobytes().hex()}
