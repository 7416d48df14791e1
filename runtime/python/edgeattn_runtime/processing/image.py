"""Images: what the manifest says of them, and how pixels become an input."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import require_extra
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.picture import read_picture
from edgeattn_runtime.processing.tensors import check_kind, find_tensor

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_CHANNELS = re.compile("RGB|BGR|L")
_LAYOUT = re.compile("NCHW|NHWC")
_RESAMPLE = re.compile("nearest|bilinear|bicubic")


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

    def __str__(self) -> str:
        return f"{self.channels} image of {self.height} x {self.width} into {self.input}"

    @classmethod
    def from_field(cls, field: Field) -> Image:
        """Read the manifest's ``processing.image``."""
        fields = field.record(*cls.__dataclass_fields__)
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
        )

    def check(self, inputs: Mapping[str, Tensor]) -> None:
        """Check that its input is there, float32 of four dims."""
        check_kind("image.input", find_tensor("image.input", self.input, inputs), ("float32",), 4)


def prepare_image(image: Image, sources: Sequence[object]) -> NDArray[np.float32]:
    """Return pixels as an input takes them: float32, (N, C, H, W) or (N, H, W, C).

    Args:
        image: What the manifest says.
        sources: Files, Pillow's images or arrays, see ``read_picture``.

    Raises:
        InputError: One is no image, or of another kind than 8 bits of grey or RGB, opaque.
        EdgeAttnError: The extra ``image`` is not installed.
    """
    levels = np.stack([_resized(image, read_picture(source)) for source in sources])  # (N, H, W, C)
    if image.channels == "BGR":
        levels = levels[..., ::-1]
    with np.errstate(over="ignore"):
        numbers = (levels * np.float64(image.scale) - np.array(image.mean)) / np.array(image.std)
        floats = numbers.astype(np.float32)
    return np.ascontiguousarray(floats if image.layout == "NHWC" else np.moveaxis(floats, -1, 1))


def _resized(image: Image, picture: Picture) -> NDArray[np.uint8]:
    """Return the levels (H, W, C) of an image in the bundle's color and size."""
    with require_extra("image", "PIL"):
        from PIL.Image import Resampling
    how = Resampling[image.resample.upper()]
    color = picture.convert("L" if image.channels == "L" else "RGB")
    # One axis at a time: which of them Pillow takes first varies with the sizes and with its version.
    size = color.resize((image.width, color.height), how).resize((image.width, image.height), how)
    return np.asarray(size, np.uint8).reshape(image.height, image.width, -1)


def _by_channel(field: Field, channels: str) -> tuple[float, ...]:
    numbers = tuple(item.number() for item in field.items())
    if len(numbers) != len(channels):
        raise field.refusal(f"{len(channels)} number(s), one a channel of {channels}")
    return numbers
