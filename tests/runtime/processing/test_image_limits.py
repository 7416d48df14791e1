"""What an image, or what a bundle says of images, must not cost."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from edgeattn_runtime import BundleError, InputError, load
from edgeattn_runtime.processing.picture import read_picture

Edited = Callable[[str, Callable[[Any], None]], Path]


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("image", "height", 12_000),
        ("image", "width", 2**53 - 1),
        ("image", "layout", "NCHW"),
        ("image", "channels", "L"),
    ],
)
def test_an_image_is_of_the_graphs_sizes(part: str, key: str, value: object, edited: Edited) -> None:
    def change(manifest: Any) -> None:
        image = manifest["processing"][part]
        image[key] = value
        for name in ("mean", "std") if key == "channels" else ():
            image[name] = image[name][:1]

    with pytest.raises(BundleError, match=r"processing\.image\.\w+: .* expected by pixels: float32"):
        load(edited("bicubic", change))


def test_an_image_of_any_size_has_a_limit(edited: Edited) -> None:
    def change(manifest: Any) -> None:
        manifest["symbols"] |= {"height": {"min": 1, "max": None}, "width": {"min": 1, "max": None}}
        manifest["graphs"]["model"]["inputs"][0]["dims"][1:3] = ["height", "width"]
        manifest["processing"]["image"] |= {"height": 2**13, "width": 2**12 + 1}

    with pytest.raises(BundleError, match=r"8,192 x 4,097 pixels found, at most 33,554,432"):
        load(edited("bicubic", change))


def _png(path: Path, width: int, height: int, rows: int) -> Path:
    """Write a grey PNG that may say it has more rows than it has."""
    return _written(path, width, height, (b"\0" + b"\xff" * width) * rows, interlaced=False)


def _written(path: Path, width: int, height: int, data: bytes, *, interlaced: bool) -> Path:

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced))
    levels = chunk(b"IDAT", zlib.compress(data, 9))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + levels + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize(("rows", "whole"), [(8, True), (7, False), (3, False), (0, False)])
def test_a_png_has_all_of_its_rows(rows: int, whole: bool, tmp_path: Path) -> None:
    path = _png(tmp_path / "x.png", 5, 8, rows)
    if whole:
        assert np.asarray(read_picture(path)).tolist() == [[255] * 5] * 8
    else:
        with pytest.raises(InputError, match=r"x\.png: "):
            read_picture(path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (9, 17), (640, 480)])
def test_a_whole_png_of_every_kind_is_read(mode: str, size: tuple[int, int], tmp_path: Path) -> None:
    Pillow.new(mode, size).save(tmp_path / "x.png")
    if mode in ("LA", "RGBA"):  # transparent: all of it was read, before that was seen
        with pytest.raises(InputError, match="transparent"):
            read_picture(tmp_path / "x.png")
    else:
        assert read_picture(tmp_path / "x.png").size == size


def test_a_whole_interlaced_png_is_read(tmp_path: Path) -> None:
    # The rows of the seven passes over 5 x 5 pixels, by how many of them there are and how long they are.
    passes = ((1, 1), (1, 1), (1, 2), (2, 1), (1, 3), (3, 2), (2, 5))
    data = b"".join((b"\0" + b"\xff" * columns) * rows for rows, columns in passes)
    whole = _written(tmp_path / "whole.png", 5, 5, data, interlaced=True)
    assert np.asarray(read_picture(whole)).tolist() == [[255] * 5] * 5
    with pytest.raises(InputError, match=r"fewer rows than its 5"):
        read_picture(_written(tmp_path / "cut.png", 5, 5, data[:-6], interlaced=True))


def test_pixels_are_counted_before_they_are_decoded(tmp_path: Path) -> None:
    path = _png(tmp_path / "vast.png", 2**13, 2**12 + 1, 1)
    with pytest.raises(InputError, match=r"8,192 x 4,097 pixels found, at most 33,554,432"):
        read_picture(path)


def test_an_image_is_bounded_in_its_first_pass_too(edited: Edited) -> None:
    def change(manifest: Any) -> None:
        manifest["symbols"] |= {"width": {"min": 1, "max": None}}
        manifest["graphs"]["model"]["inputs"][0]["dims"][2] = "width"
        manifest["processing"]["image"]["width"] = 2**20

    model = load(edited("bicubic", change))
    with pytest.raises(InputError, match=r"100 rows found, 32 at most"):
        model.prepare(image=np.zeros((100, 1), np.uint8))


@pytest.mark.parametrize("name", ["x.bmp", "x.gif", "x.tiff", "x.ppm", "x.ico"])
def test_other_files_are_refused(name: str, tmp_path: Path) -> None:
    Pillow.new("RGB", (16, 16)).save(tmp_path / name)
    with pytest.raises(InputError, match="image"):
        read_picture(tmp_path / name)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.webp"])
def test_these_are_read(name: str, tmp_path: Path) -> None:
    Pillow.new("RGB", (16, 16)).save(tmp_path / name)
    assert read_picture(tmp_path / name).size == (16, 16)
