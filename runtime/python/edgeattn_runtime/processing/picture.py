"""Pictures: a file, an image of Pillow's or an array becomes opaque levels of 8 bits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import InputError, require_extra
from edgeattn_runtime.limits import PIXELS
from edgeattn_runtime.processing.png import holds_all_rows

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_ARRAY_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MODES = {"L": "L", "RGB": "RGB", "1": "L", "P": "RGB", "LA": "LA", "RGBA": "RGBA", "PA": "RGBA"}
_OPAQUE = (255, 255)
_FORMATS = ("PNG", "JPEG", "WEBP")  # of files: each decoder more is one more to trust


def read_picture(source: object) -> Picture:
    """Return an image of Pillow's, of mode L or RGB.

    Args:
        source: The path of a PNG, JPEG or WebP file, an image of Pillow's, or an array of uint8, (H, W) of
            grey or (H, W, C) of grey, grey and alpha, RGB or RGBA.

    Raises:
        InputError: It is none of these, cannot be decoded whole, has several frames, another depth or color,
            more than ``PIXELS``, or anything transparent.
        EdgeAttnError: The extra ``image`` is not installed.
    """
    with require_extra("image", "PIL"):
        import PIL.Image
    name = str(source) if isinstance(source, str | os.PathLike) else "image"
    with refusing(InputError, name, "no image that can be read", "give another"):
        if isinstance(source, PIL.Image.Image):
            return _opaque(name, source)
        if isinstance(source, str | os.PathLike):
            return _opaque(name, _open_file(Path(source)))
        return _opaque(name, _from_array(source))


def _open_file(path: Path) -> Picture:
    import PIL.Image
    import PIL.ImageOps

    if not path.is_file():
        raise InputError(f"{path}: no such file; the file of an image expected")
    with PIL.Image.open(path, formats=_FORMATS) as picture:
        _check_pixels(str(path), picture)  # before they are decoded
        # A JPEG of several pictures (MPO), such as phones write, is its first.
        frames = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
        # Pillow halves the depth of 16-bit colors without a word; how it reads them is in the tiles.
        deep = any(";16" in str(tile[-1]) for tile in picture.tile)
        upright = PIL.ImageOps.exif_transpose(picture)
        cut = picture.format == "PNG" and not holds_all_rows(path)
    if frames > 1:
        raise InputError(f"{path}: {frames} frames found, one expected; give one of them alone")
    if cut:
        raise InputError(f"{path}: fewer rows than its {upright.height:,} found (cut?); save it again")
    if deep:
        raise InputError(f"{path}: 16 bits a channel found, 8 expected; convert the image")
    return upright


def _from_array(source: object) -> Picture:
    import PIL.Image

    array = np.asarray(source)
    shape, channels = array.shape, array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or channels not in _ARRAY_MODES or 0 in shape:
        raise InputError(
            f"image: {array.dtype} {list(shape)} found, uint8 of [height, width] or [height, width, 1 to 4] "
            "expected"
        )
    rows = np.ascontiguousarray(array if channels > 1 else array.reshape(shape[:2]))
    return PIL.Image.frombytes(_ARRAY_MODES[channels], (shape[1], shape[0]), rows.tobytes())


def _check_pixels(name: str, picture: Picture) -> None:
    if picture.width * picture.height > PIXELS:
        size = f"{picture.width:,} x {picture.height:,}"
        raise InputError(f"{name}: {size} pixels found, at most {PIXELS:,} expected; give a smaller image")


def _opaque(name: str, picture: Picture) -> Picture:
    if picture.mode not in _MODES:
        raise InputError(
            f"{name}: {picture.mode} pixels found, 8 bits of grey or RGB expected; convert the image"
        )
    _check_pixels(name, picture)
    if 0 in picture.size:
        raise InputError(f"{name}: {picture.width} x {picture.height} pixels found, at least 1 x 1 expected")
    keyed = "transparency" in picture.info  # one color, or places of the palette, are transparent
    converted = picture.convert("RGBA" if keyed else _MODES[picture.mode])
    if converted.mode in ("L", "RGB"):
        return converted
    if converted.getchannel("A").getextrema() != _OPAQUE:
        raise InputError(
            f"{name}: transparent pixels found, an opaque image expected; lay it on a background first"
        )
    return converted.convert("L" if converted.mode == "LA" else "RGB")
