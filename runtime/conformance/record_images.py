"""Records files of images, and the numbers that a bundle makes of what they show.

    python runtime/conformance/record_images.py    # needs edgeattn[image]; then make.py --record

Compressed bytes differ from release to release of the libraries that write them, and so do the pixels that
decoders of JPEG make, by a level or two: files and numbers are kept. The pixels of a JPEG are Pillow's.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import image_cases
import numpy as np
import PIL.Image
import PIL.ImageOps
from resampled import Levels

ORIENTATION = 0x0112  # EXIF's tag

Files = Iterator[tuple[str, bytes, Levels | None]]


def main() -> None:
    """Write the files, and the numbers of those that are no refusal."""
    image_cases.RECORDED.mkdir(parents=True, exist_ok=True)
    _, image = image_cases.IMAGES[image_cases.OF_FILES]
    lines = []
    for name, data, levels in (*pngs(), *jpegs()):
        (image_cases.RECORDED / name).write_bytes(data)
        numbers = None if levels is None else image_cases.numbers_of([levels], image)
        lines.append(f'"{name}": {json.dumps(numbers, separators=(",", ":"))}')
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    image_cases.NUMBERS.write_text(text, encoding="ascii", newline="\n")


def pngs() -> Files:
    """Yield PNG files with what they show, then those that are refused."""
    draw = np.random.default_rng(11)
    color = draw.integers(0, 256, (13, 9, 3), np.uint8)
    grey = color[..., 0]
    opaque = np.dstack([color, np.full_like(grey, 255)])
    picture = PIL.Image.fromarray(color)
    yield "rgb.png", _saved(picture), color
    yield "grey.png", _saved(PIL.Image.fromarray(grey)), grey
    yield "alpha.png", _saved(PIL.Image.fromarray(opaque)), color
    yield "grey-alpha.png", _saved(PIL.Image.fromarray(opaque[..., 2:].copy(), "LA")), color[..., 2]
    palette = picture.quantize(12)
    yield "palette-4.png", _saved(palette, bits=4), np.asarray(palette.convert("RGB"))
    palette = picture.quantize(100)
    yield "palette-8.png", _saved(palette), np.asarray(palette.convert("RGB"))
    ink = grey > 99
    yield "black-and-white.png", _saved(PIL.Image.fromarray(ink)), np.where(ink, 255, 0).astype(np.uint8)
    for bits in (2, 4):
        levels = grey >> (8 - bits)
        shown = (levels * (255 // (2**bits - 1))).astype(np.uint8)
        yield f"grey-{bits}.png", _png(9, 13, bits, 0, [_packed(row, bits) for row in levels]), shown
    yield "interlaced.png", _interlaced(color), color
    yield "profile.png", _saved(picture, icc_profile=b"none"), color
    for orientation in (3, 6, 7):
        exif = PIL.Image.Exif()
        exif[ORIENTATION] = orientation
        file = _saved(picture, exif=exif)
        yield f"orientation-{orientation}.png", file, np.asarray(_upright(file))
    whole = _saved(picture)
    glass = opaque.copy()
    glass[4, 4, 3] = 254
    rows = [b"\0" + row.tobytes() for row in color]
    yield "transparent.png", _saved(PIL.Image.fromarray(glass)), None
    yield "transparent-color.png", _saved(picture, transparency=tuple(color[2, 2].tolist())), None
    yield "transparent-palette.png", _saved(palette, transparency=3), None
    yield "grey-16.png", _saved(PIL.Image.fromarray(grey.astype(np.uint16) * 257)), None
    yield "rgb-16.png", _png(9, 13, 16, 2, [np.repeat(row, 2, 1).tobytes() for row in color]), None
    yield "fewer-rows.png", _png(9, 13, 8, 2, [row[1:] for row in rows[:12]]), None
    yield "fewer-bytes.png", _png(9, 13, 8, 2, [row[1:] for row in rows[:12]] + [rows[12][1:-1]]), None
    yield "cut.png", whole[: len(whole) // 2], None
    yield "damaged.png", whole.replace(b"IDAT", b"IDAT\xff", 1), None
    yield "checksum.png", whole[:60] + bytes([whole[60] ^ 1]) + whole[61:], None
    yield "header-alone.png", whole[:33], None
    yield "no-header.png", whole[:8] + whole[33:], None
    yield "empty.png", b"", None
    yield "text.png", b"no image\n", None
    yield "no-width.png", _png(0, 13, 8, 2, [b""] * 13), None
    yield "beyond-all-pixels.png", _png(8193, 4097, 1, 0, [bytes(1025)] * 4097), None
    frames = [picture, picture.rotate(180)]
    yield "frames.png", _saved(picture, save_all=True, append_images=frames[1:]), None


def jpegs() -> Files:
    """Yield JPEG files with what they show, then those that are refused."""
    y, x = np.mgrid[0:40, 0:56]
    smooth = np.stack([3 * x + y, 2 * y + x + 40, 160 - 2 * x + y], -1).clip(0, 255).astype(np.uint8)
    picture = PIL.Image.fromarray(smooth)
    grey = picture.convert("L")
    exif = PIL.Image.Exif()
    settings: dict[str, tuple[PIL.Image.Image, dict[str, Any]]] = {
        "grey": (grey, {}),
        "whole-color": (picture, {"subsampling": "4:4:4"}),
        "half-color": (picture, {"subsampling": "4:2:2"}),
        "quarter-color": (picture, {"subsampling": "4:2:0"}),
        "progressive": (picture, {"progressive": True}),
        "restarts": (picture, {"restart_marker_blocks": 2}),
    }
    for name, (shown, how) in settings.items():
        file = _saved(shown, "JPEG", quality=95, **how)
        yield f"{name}.jpg", file, np.asarray(_upright(file))
    for orientation in (2, 5, 8):
        exif[ORIENTATION] = orientation
        file = _saved(picture, "JPEG", quality=95, subsampling=0, exif=exif)
        yield f"orientation-{orientation}.jpg", file, np.asarray(_upright(file))
    whole = _saved(picture, "JPEG", quality=95)
    yield "behind.jpg", whole + b"what follows is no part of it", np.asarray(_upright(whole))
    yield "cmyk.jpg", _saved(picture.convert("CMYK"), "JPEG"), None
    yield "cut.jpg", whole[: len(whole) // 2], None
    yield "header-alone.jpg", whole[:20], None
    yield "no-frame.jpg", b"\xff\xd8\xff\xd9", None


def _upright(file: bytes) -> PIL.Image.Image:
    return PIL.ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(file)))


def _saved(picture: PIL.Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def _png(width: int, height: int, bits: int, color: int, rows: list[bytes], interlaced: int = 0) -> bytes:
    """Return a PNG file of rows as they are, each behind the filter of none."""
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return _chunks(width, height, bits, color, data, interlaced)


def _chunks(width: int, height: int, bits: int, color: int, data: bytes, interlaced: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlaced)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def _interlaced(color: Levels) -> bytes:
    """Return a PNG file of seven passes: each of some columns of some rows."""
    left = ((0, 8), (4, 8), (0, 4), (2, 4), (0, 2), (1, 2), (0, 1))  # first column, and the step to the next
    top = ((0, 8), (0, 8), (4, 8), (0, 4), (2, 4), (0, 2), (1, 2))
    passes = [color[y::down, x::across] for (x, across), (y, down) in zip(left, top, strict=True)]
    rows = [row.tobytes() for part in passes if part.size for row in part]
    return _png(color.shape[1], color.shape[0], 8, 2, rows, interlaced=1)


def _packed(levels: Levels, bits: int) -> bytes:
    """Return numbers of so many bits, the first in the highest bits of a byte."""
    digits = "".join(f"{level:0{bits}b}" for level in levels)
    digits += "0" * (-len(digits) % 8)
    return int(digits, 2).to_bytes(len(digits) // 8, "big")


if __name__ == "__main__":
    main()
