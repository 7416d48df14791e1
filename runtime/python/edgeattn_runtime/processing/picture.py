"""Pictures: a file, an image of Pillow's or an array becomes opaque levels of 8 bits."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import InputError, require_extra
from edgeattn_runtime.limits import PIXELS

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


_SIGNATURE: Final = 8  # bytes before the first chunk
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by color type
_WHOLE: Final = ((0, 0, 1, 1),)
_ADAM7: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # of each pass the first column and row, and the steps to the next ones
_PIECE: Final = 2**16  # bytes decompressed at once


def holds_all_rows(path: Path) -> bool:
    """Say whether the data of a PNG file, which Pillow has read, are as many as its size asks for."""
    header, data, size = b"", zlib.decompressobj(), 0
    for kind, content in _chunks(path):
        if kind == b"IHDR":
            header = content
        elif kind == b"IDAT":
            while content:
                size += len(data.decompress(content, _PIECE))
                content = data.unconsumed_tail
    return size >= _expected(header)


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    with path.open("rb") as file:
        file.seek(_SIGNATURE)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            yield kind, file.read(length)
            file.seek(4, 1)  # the checksum, which Pillow compares


def _expected(header: bytes) -> int:
    """Return how many bytes the rows are, each with the byte that names its filter."""
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    total = 0
    for left, top, across, down in _ADAM7 if interlaced else _WHOLE:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * _CHANNELS[color] * depth // 8))
    return total
