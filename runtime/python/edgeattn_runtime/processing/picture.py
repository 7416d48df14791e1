"""A file, an image of Pillow's or an array, as 8 bits of grey or RGB, upright and opaque."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeattn_runtime.errors import InputError, require_extra

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_ARRAY_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MODES = {"L": "L", "RGB": "RGB", "1": "L", "P": "RGB", "LA": "LA", "RGBA": "RGBA", "PA": "RGBA"}
_OPAQUE = (255, 255)


def read_picture(source: object) -> Picture:
    """Return an image of Pillow's, of mode L or RGB.

    Args:
        source: The path of a file, an image of Pillow's, or an array of uint8, (H, W) of grey or (H, W, C)
            of grey, grey and alpha, RGB or RGBA.

    Raises:
        InputError: It is none of these, cannot be decoded, has several frames, another depth or color, or
            anything transparent.
        EdgeAttnError: The extra ``image`` is not installed.
    """
    with require_extra("image", "PIL"):
        from PIL import Image
    if isinstance(source, Image.Image):
        return _opaque("image", source)
    if isinstance(source, str | os.PathLike):
        return _opaque(str(source), _open_file(Path(source)))
    return _opaque("image", _from_array(source))


def _open_file(path: Path) -> Picture:
    from PIL import Image, ImageOps

    if not path.is_file():
        raise InputError(f"{path}: no such file; the file of an image expected")
    try:
        with Image.open(path) as picture:
            # A JPEG of several pictures (MPO), such as phones write, is its first.
            frames = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
            # Pillow halves the depth of 16-bit colors without a word; how it reads them is in the tiles.
            deep = any(";16" in str(tile[-1]) for tile in picture.tile)
            upright = ImageOps.exif_transpose(picture)
    except Exception as error:  # decoders raise whatever a broken file leads them to
        raise InputError(f"{path}: no image that can be read ({error}); give another file") from error
    if frames > 1:
        raise InputError(f"{path}: {frames} frames found, one expected; give one of them alone")
    if deep:
        raise InputError(f"{path}: 16 bits a channel found, 8 expected; convert the image")
    return upright


def _from_array(source: object) -> Picture:
    from PIL import Image

    array = np.asarray(source)
    shape, channels = array.shape, array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or channels not in _ARRAY_MODES or 0 in shape:
        raise InputError(
            f"image: {array.dtype} {list(shape)} found, uint8 of [height, width] or [height, width, 1 to 4] "
            "expected"
        )
    rows = np.ascontiguousarray(array if channels > 1 else array.reshape(shape[:2]))
    return Image.frombytes(_ARRAY_MODES[channels], (shape[1], shape[0]), rows.tobytes())


def _opaque(name: str, picture: Picture) -> Picture:
    if picture.mode not in _MODES:
        raise InputError(
            f"{name}: {picture.mode} pixels found, 8 bits of grey or RGB expected; convert the image"
        )
    if 0 in picture.size:
        raise InputError(f"{name}: {picture.width} x {picture.height} pixels found, at least 1 x 1 expected")
    keyed = "transparency" in picture.info  # one color, or places of the palette, are transparent
    shown = picture.convert("RGBA" if keyed else _MODES[picture.mode])
    if shown.mode in ("L", "RGB"):
        return shown
    if shown.getchannel("A").getextrema() != _OPAQUE:
        raise InputError(
            f"{name}: transparent pixels found, an opaque image expected; lay it on a background first"
        )
    return shown.convert("L" if shown.mode == "LA" else "RGB")
