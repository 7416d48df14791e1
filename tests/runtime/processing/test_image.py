from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from resampled import prepared as specified

from edgeattn_runtime import InputError
from edgeattn_runtime.processing.image import FILTERS, Image, image_levels, prepare_image
from edgeattn_runtime.processing.resize import Resize

GREY = Image(
    input="pixels",
    height=2,
    width=2,
    channels="L",
    layout="NHWC",
    resample="bilinear",
    scale=1,
    mean=(0,),
    std=(1,),
)
RGB = replace(GREY, channels="RGB", mean=(0, 0, 0), std=(1, 1, 1))
PIXELS = np.array([[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [100, 110, 120]]], np.uint8)
LEVELS = np.array([[1, 2], [3, 4]], np.uint8)


SIDE = st.integers(1, 70)


@given(SIDE, SIDE, SIDE, SIDE, st.sampled_from(FILTERS), st.booleans())
def test_every_size_is_as_specified_to_the_bit(
    height: int, width: int, to_height: int, to_width: int, resample: str, hard: bool
) -> None:
    levels = np.random.default_rng(drawn_seed(height * width)).integers(0, 256, (height, width, 3), np.uint8)
    levels = np.where(levels > 127, np.uint8(255), np.uint8(0)) if hard else levels
    image = replace(
        RGB,
        height=to_height,
        width=to_width,
        resample=resample,
        scale=1 / 255,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    )
    np.testing.assert_array_equal(prepare_image(image, [levels]), specified(levels, image.to_table()))


@given(SIDE, SIDE, st.integers(1, 9), st.integers(1, 9), st.integers(9, 40), st.booleans(), st.booleans())
def test_every_middle_is_as_specified_to_the_bit(
    height: int, width: int, kept_height: int, kept_width: int, side: int, keeps_aspect: bool, even: bool
) -> None:
    levels = np.random.default_rng(drawn_seed(height * width)).integers(0, 256, (height, width, 3), np.uint8)
    resize = Resize(shorter=side) if keeps_aspect else Resize(height=side, width=side + 1)
    image = replace(RGB, height=kept_height, width=kept_width, resize=resize)
    image = replace(image, align="center-even" if even else "center")
    np.testing.assert_array_equal(prepare_image(image, [levels]), specified(levels, image.to_table()))


RESIZES = (
    Resize(shorter=9),
    Resize(shorter=9, longer=12),
    Resize(shorter=9, longer=17, multiple=4),
    Resize(height=7, width=11, fit="contain"),
    Resize(height=7, width=11, fit="cover"),
)


@given(SIDE, SIDE, st.sampled_from(RESIZES), st.sampled_from(["start", "center", "center-even", None]))
def test_every_border_and_size_is_as_specified_to_the_bit(
    height: int, width: int, resize: Resize, align: str | None
) -> None:
    levels = np.random.default_rng(drawn_seed(height * width)).integers(0, 256, (height, width, 3), np.uint8)
    image = replace(RGB, height=None, width=None, resize=resize)
    if align is not None:
        image = replace(image, height=10, width=13, align=align, border=(-1, 0.5, 1e-50))
    expected = specified(levels, image.to_table())
    if expected is None:
        with pytest.raises(InputError, match="give one"):
            prepare_image(image, [levels])
    else:
        np.testing.assert_array_equal(prepare_image(image, [levels]), expected)


def test_images_of_their_own_size_are_a_batch_where_it_is_one() -> None:
    image = replace(RGB, height=None, width=None, resize=Resize(shorter=2))
    assert prepare_image(image, [PIXELS, PIXELS]).shape == (2, 2, 2, 3)
    with pytest.raises(InputError, match="2 x 2 and 2 x 3 found in a batch"):
        prepare_image(image, [PIXELS, np.zeros((4, 6), np.uint8)])


def test_a_border_lies_around_an_image() -> None:
    image = replace(GREY, height=4, width=4, resize=Resize(shorter=2), border=(7,), align="center-even")
    assert np.squeeze(_opened(image, LEVELS)).tolist() == [[7] * 4, [7, 1, 2, 7], [7, 3, 4, 7], [7] * 4]
    start = np.squeeze(_opened(replace(image, align="start"), LEVELS)).tolist()
    assert start == [[1, 2, 7, 7], [3, 4, 7, 7], [7] * 4, [7] * 4]
    assert np.squeeze(_opened(replace(image, height=3, width=3), LEVELS)).tolist()[2] == [7] * 3
    assert (
        np.squeeze(_opened(replace(image, height=3, width=3, align="center"), LEVELS)).tolist()[0] == [7] * 3
    )


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("channels", ["RGB", "BGR", "L"])
def test_the_levels_of_an_input_are_those_it_was_made_of(channels: str, layout: str) -> None:
    pixels = LEVELS if channels == "L" else PIXELS
    count = len(channels)
    mean, std = (0.5, 0.25, 0.125)[:count], (0.2, 0.4, 0.8)[:count]
    image = replace(GREY, channels=channels, layout=layout, scale=1 / 255, mean=mean, std=std)
    (row,) = prepare_image(image, [pixels])
    np.testing.assert_allclose(image_levels(image, row), pixels, atol=1e-4)


def _opened(image: Image, source: object) -> list[Any]:
    pixels: list[Any] = prepare_image(image, [source])[0].tolist()
    return pixels


def test_files_pillow_and_arrays_are_one(tmp_path: Path) -> None:
    Pillow.fromarray(PIXELS).save(tmp_path / "rgb.png")
    expected = PIXELS.astype(np.float32).tolist()
    for source in (PIXELS, Pillow.fromarray(PIXELS), tmp_path / "rgb.png", str(tmp_path / "rgb.png")):
        assert _opened(RGB, source) == expected


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "PA"])
def test_colors_of_eight_bits_are_read_as_what_they_show(mode: str, tmp_path: Path) -> None:
    black_and_white = LEVELS * np.uint8(0) + np.array([[0, 255], [255, 0]], np.uint8)
    picture = Pillow.fromarray(black_and_white).convert("P" if mode == "PA" else mode)
    picture = picture.convert("PA") if mode == "PA" else picture
    assert np.squeeze(_opened(GREY, picture)).tolist() == [[0, 255], [255, 0]]
    if mode != "PA":  # PNG has none
        picture.save(tmp_path / "p.png")
        assert np.squeeze(_opened(GREY, tmp_path / "p.png")).tolist() == [[0, 255], [255, 0]]


@pytest.mark.parametrize("mode", ["I;16", "I", "F", "CMYK", "YCbCr", "LAB", "HSV", "RGBa", "RGBX"])
def test_other_colors_and_depths_are_refused(mode: str) -> None:
    with pytest.raises(InputError, match=f" {re.escape(mode)} pixels"):
        prepare_image(GREY, [Pillow.new(mode, (2, 2))])


def test_an_image_of_pillow_is_left_as_it_is() -> None:
    picture = Pillow.fromarray(LEVELS).convert("P")
    prepare_image(GREY, [picture])
    assert picture.mode == "P"


def _animated(path: Path) -> None:
    frames = [Pillow.fromarray(LEVELS * np.uint8(i)) for i in (1, 60)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("name", "write", "pattern"),
    [
        ("two.webp", _animated, "2 frames"),
        ("folder.png", Path.mkdir, ""),
        ("none.png", lambda path: None, ""),
        ("empty.png", Path.touch, ""),
    ],
)
def test_files_that_are_refused(
    name: str, write: Callable[[Path], None], pattern: str, tmp_path: Path
) -> None:
    write(tmp_path / name)
    with pytest.raises(InputError, match=f"{re.escape(name)}: .*{pattern}"):
        prepare_image(GREY, [tmp_path / name])


def test_a_jpeg_of_several_pictures_is_its_first(tmp_path: Path) -> None:
    frames = [Pillow.new("RGB", (8, 8), (level,) * 3) for level in (100, 200)]
    frames[0].save(tmp_path / "phone.jpg", format="MPO", save_all=True, append_images=frames[1:])
    assert abs(np.array(_opened(GREY, tmp_path / "phone.jpg")) - 100).max() <= 2


@pytest.mark.parametrize(
    "source",
    [
        LEVELS.astype(np.float32),
        LEVELS.astype(np.int64),
        LEVELS[0],
        LEVELS[np.newaxis, ..., np.newaxis],
        LEVELS[:0],
        b"bytes",
        7,
        None,
    ],
)
def test_what_is_no_image_is_refused(source: object) -> None:
    with pytest.raises(InputError, match="image: "):
        prepare_image(GREY, [source])


def test_a_number_beyond_float32_is_an_infinity_that_nothing_warns_of() -> None:
    assert np.isinf(prepare_image(replace(GREY, scale=1e300), [LEVELS])).all()
