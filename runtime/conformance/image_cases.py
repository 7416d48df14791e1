"""Cases of bundles that take images: odd sizes, colors and alphas, ones at a limit, and recorded files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import resampled
from bundles import adding
from case import Case, Files, accepted, numbers
from preparation import Preparation, batch, of_files
from resampled import Levels

from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.limits import PIXELS
from edgeattn_runtime.processing import Image, Processing
from edgeattn_runtime.processing.resize import Resize

RECORDED = Path(__file__).parent / "recorded" / "images"  # by record_images.py
NUMBERS = RECORDED.with_suffix(".json")
OF_FILES = "bilinear"  # the bundle that takes files as well
_LEVELS = 3  # by which decoders of JPEG may differ here

_HALVES = {"mean": (0.5,) * 3, "std": (0.5,) * 3}
_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def image(
    sides: tuple[int | None, int | None], channels: str, layout: str, resample: str, **settings: Any
) -> Image:
    """Return how an image becomes ``pixels``, its numbers from 0 to 1 where settings say no other."""
    count, (height, width) = len(channels), sides
    settings = {"scale": 1 / 255, "mean": (0,) * count, "std": (1,) * count, **settings}
    return Image(
        input="pixels",
        height=height,
        width=width,
        channels=channels,
        layout=layout,
        resample=resample,
        **settings,
    )


def _resize(align: str = "center-even", **sides: Any) -> dict[str, Any]:
    return {"resize": Resize(**sides), "align": align}


_OWN_SIZE = Resize(shorter=8, longer=15, multiple=2)
_LETTERBOX = {"border": (0.0021, -0.25, 1e-50), **_IMAGENET, **_resize(height=9, width=13, fit="contain")}
_BORDERED = {"mean": (0.5,), "std": (0.5,), "border": (-1,), **_resize("center", shorter=6)}
_CORNERED = {"border": (0,) * 3, **_IMAGENET, **_resize("start", shorter=7, longer=11)}
IMAGES = {
    "bilinear": (
        "images in RGB, bilinear, channels first",
        image((5, 7), "RGB", "NCHW", "bilinear", **_IMAGENET),
    ),
    "bicubic": (
        "images in BGR, bicubic, channels last",
        image((6, 4), "BGR", "NHWC", "bicubic", scale=1, mean=(103.939, 116.779, 123.68)),
    ),
    "nearest": (
        "images in grey, nearest, ink as high numbers",
        image((8, 8), "L", "NCHW", "nearest", scale=-1, mean=(-255,), std=(240,)),
    ),
    "shorter": (
        "the middle of images that keep their aspect",
        image((7, 5), "RGB", "NCHW", "bicubic", **_HALVES, **_resize(shorter=8)),
    ),
    "middle": (
        "the middle of images that are stretched",
        image((6, 4), "L", "NHWC", "bilinear", scale=1, **_resize("center", height=9, width=7)),
    ),
    "cover": (
        "the middle of images that keep their aspect and cover a box",
        image((5, 8), "RGB", "NCHW", "bicubic", **_resize(height=6, width=9, fit="cover")),
    ),
    "letterbox": (
        "images within a box, hamming, in the middle of a border",
        image((8, 11), "BGR", "NHWC", "hamming", **_LETTERBOX),
    ),
    "bordered": (
        "the middle of images that may be smaller than it, in a border",
        image((8, 7), "L", "NCHW", "bilinear", **_BORDERED),
    ),
    "cornered": (
        "images of a longest side, box, before a border",
        image((12, 10), "RGB", "NCHW", "box", **_CORNERED),
    ),
    "own-size": (
        "images of a size of their own, lanczos, in multiples of 2",
        image((None, None), "RGB", "NCHW", "lanczos", resize=_OWN_SIZE, **_IMAGENET),
    ),
    "long": (
        "images that may be longer than they may be made",
        image((2, 2), "L", "NCHW", "nearest", scale=1, **_resize("center", shorter=1024)),
    ),
    "wide": (
        "images that may have more rows than they may be made wide",
        image((1, 4096), "L", "NHWC", "nearest", scale=1),
    ),
}


def cases() -> Iterator[Case]:
    """Yield the cases."""
    odd, rows, columns = _pictures(), PIXELS // 4096, PIXELS // 1024**2  # as wide and long make them
    row = [np.arange(count, dtype=np.uint8)[np.newaxis] for count in (3, columns + 1)]
    column = [(np.arange(count) % 251).astype(np.uint8)[:, np.newaxis] for count in (rows, rows + 1)]
    others = {"long": ("long-images", "long.numbers", row), "wide": ("tall", "tall.numbers", column)}
    for name, (why, how) in IMAGES.items():
        given, expected, pictures = others.get(name, ("images", f"{name}.numbers", odd))
        fitting = pictures[:1] if name in others else pictures
        results = [numbers_of(batch(item), how) for item in fitting]
        results += [None] * (len(pictures) - len(fitting))
        prepare = [Preparation("image", given, [_raw(item) for item in pictures], expected, results)]
        if name == OF_FILES:
            near = _LEVELS * how.scale / min(how.std)
            prepare += [_recorded("png"), _recorded("jpg", tolerance=near)]
        yield accepted(name, why, _bundle(name, how), prepare=prepare)


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


def _bundle(name: str, how: Image) -> Files:
    """Return a bundle whose network adds up the numbers of each how."""
    sizes = (how.height or "height", how.width or "width")
    if name == "wide":  # the graph takes any sizes
        sizes = ("height", "width")
    channels = len(how.channels)
    dims = (channels, *sizes) if how.layout == "NCHW" else (*sizes, channels)
    return adding((Tensor("pixels", "float32", ("batch", *dims)),), Processing(image=how))


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
