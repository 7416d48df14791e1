"""Images: their entry in the manifest, and how a file, a Pillow image or an array becomes an input."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import BundleError, InputError, require_extra
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.limits import PIXELS
from edgeattn_runtime.processing.crop import Crop
from edgeattn_runtime.processing.png import holds_all_rows
from edgeattn_runtime.processing.tensors import check_kind, check_size, find_tensor

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_CHANNELS = re.compile("RGB|BGR|L")
_LAYOUT = re.compile("NCHW|NHWC")
_RESAMPLE = re.compile("nearest|bilinear|bicubic")

_ARRAY_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MODES = {"L": "L", "RGB": "RGB", "1": "L", "P": "RGB", "LA": "LA", "RGBA": "RGBA", "PA": "RGBA"}
_OPAQUE = (255, 255)
_FORMATS = ("PNG", "JPEG", "WEBP")  # of files: each decoder more is one more to trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """How an image of 0 to 255 becomes an input: resized, then (value * scale - mean) / std by channel."""

    input: str
    height: int
    width: int
    channels: str
    layout: str
    resample: str
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    crop: Crop | None = None

    def __str__(self) -> str:
        kept = "" if self.crop is None else "the middle of an image, "
        return f"{kept}{self.channels} image of {self.height} x {self.width} into {self.input}"

    def to_table(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        table = asdict(self) | {"crop": self.crop and self.crop.to_table()}
        return {name: value for name, value in table.items() if value is not None}

    @classmethod
    def from_field(cls, field: Field) -> Image:
        """Read the manifest's ``processing.image``."""
        names = [name for name in cls.__dataclass_fields__ if name != "crop"]
        fields = field.record(*names, optional=["crop"])
        channels = fields["channels"].text(_CHANNELS, '"RGB", "BGR" or "L"')
        std = _by_channel(fields["std"], channels)
        if min(std) <= 0:
            raise fields["std"].refusal("numbers above 0")
        return cls(
            input=fields["input"].text(),
            height=fields["height"].integer(1),
            width=fields["width"].integer(1),
            channels=channels,
            layout=fields["layout"].text(_LAYOUT, '"NCHW" or "NHWC"'),
            resample=fields["resample"].text(_RESAMPLE, '"nearest", "bilinear" or "bicubic"'),
            scale=fields["scale"].number(),
            mean=_by_channel(fields["mean"], channels),
            std=std,
            crop=Crop.from_field(fields["crop"]) if "crop" in fields else None,
        )

    def check(self, inputs: Mapping[str, Tensor]) -> None:
        """Check that its input is there, float32 of four dims, and of its sizes where these are fixed.

        Raises:
            BundleError: It is not, or the image has more pixels than a runtime makes.
        """
        tensor = find_tensor("image.input", self.input, inputs)
        check_kind("image.input", tensor, ("float32",), 4)
        check_size("image.channels", len(self.channels), tensor, self.layout.index("C"))
        check_size("image.height", self.height, tensor, self.layout.index("H"))
        check_size("image.width", self.width, tensor, self.layout.index("W"))
        if self.height * self.width > PIXELS:
            size = f"{self.height:,} x {self.width:,}"
            raise BundleError(f"processing.image: {size} pixels found, at most {PIXELS:,} expected")
        if self.crop is not None:
            self._check_crop(self.crop)

    def _check_crop(self, crop: Crop) -> None:
        height, width = crop.size(1, 1)
        if height < self.height or width < self.width or height * width > PIXELS:
            raise BundleError(
                f"processing.image.crop: {height:,} x {width:,} found, at least {self.height:,} x "
                f"{self.width:,} and at most {PIXELS:,} pixels expected"
            )


def prepare_image(image: Image, sources: Sequence[object]) -> NDArray[np.float32]:
    """Return pixels as an input takes them: float32, (N, C, H, W) or (N, H, W, C).

    Args:
        image: What the manifest says.
        sources: Files, Pillow's images or arrays, see ``read_picture``.

    Raises:
        InputError: One is no image, or of another kind than 8 bits of grey or RGB, opaque; or it has more
            than ``PIXELS``, also when it is as wide as the input.
        EdgeAttnError: The extra ``image`` is not installed.
    """
    levels = np.stack([_resized(image, read_picture(source)) for source in sources])  # (N, H, W, C)
    if image.channels == "BGR":
        levels = levels[..., ::-1]
    with np.errstate(over="ignore"):
        numbers = (levels * np.float64(image.scale) - np.array(image.mean)) / np.array(image.std)
        floats = numbers.astype(np.float32)
    return np.ascontiguousarray(floats if image.layout == "NHWC" else np.moveaxis(floats, -1, 1))


def image_levels(image: Image, row: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the levels, (H, W) or (H, W, 3), that a row of an input was made of: ``prepare_image`` undone.

    Args:
        image: What the manifest says.
        row: One image as the input has it, (C, H, W) or (H, W, C).
    """
    numbers = np.asarray(row, np.float64)
    planes = np.moveaxis(numbers, 0, -1) if image.layout == "NCHW" else numbers
    levels: NDArray[np.float64] = (planes * np.array(image.std) + np.array(image.mean)) / image.scale
    levels = levels[..., ::-1] if image.channels == "BGR" else levels
    return levels[..., 0] if image.channels == "L" else levels


def _resized(image: Image, picture: Picture) -> NDArray[np.uint8]:
    """Return the levels (H, W, C) of an image in the bundle's color and size."""
    with require_extra("image", "PIL"):
        from PIL.Image import Resampling
    resampling = Resampling[image.resample.upper()]
    size = (image.height, image.width)
    height, width = size if image.crop is None else image.crop.size(picture.height, picture.width)
    rows = max(picture.height, height)
    if width * rows > PIXELS:
        raise InputError(
            f"image: {rows:,} rows found, {PIXELS // width:,} at most expected of an image "
            f"that is made {width:,} wide; give a smaller one"
        )
    with refusing(
        InputError, "image", f"cannot be made {height} x {width}", "give a smaller one, or export again"
    ):
        color = picture.convert("L" if image.channels == "L" else "RGB")
        # One axis at a time: which of them Pillow takes first varies with the sizes and with its version.
        wide = color.resize((width, color.height), resampling)
        sized = wide.resize((width, height), resampling)
        levels = np.asarray(sized, np.uint8).reshape(height, width, -1)
    if image.crop is None:
        return levels
    top, left = (image.crop.begin(*sides) for sides in zip((height, width), size, strict=True))
    return levels[top : top + image.height, left : left + image.width]


def _by_channel(field: Field, channels: str) -> tuple[float, ...]:
    numbers = tuple(item.number() for item in field.items())
    if len(numbers) != len(channels):
        raise field.refusal(f"{len(channels)} number(s), one a channel of {channels}")
    return numbers


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
