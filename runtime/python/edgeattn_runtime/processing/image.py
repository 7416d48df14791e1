"""Images: their entry in the manifest, and how a picture becomes an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import BundleError, InputError, require_extra
from edgeattn_runtime.fields import Field, Positive, Record, choice
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.limits import PIXELS
from edgeattn_runtime.processing.picture import read_picture
from edgeattn_runtime.processing.resize import Resize, first_kept
from edgeattn_runtime.processing.tensors import check_kind, check_size, find_tensor

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FILTERS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")  # Pillow's


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Record):
    """How an image of 0 to 255 becomes an input: resized, then (value * scale - mean) / std by channel.

    Attributes:
        height: Of the input; None where it is the resized image's own.
        width: Likewise.
        resize: What size an image is made; None makes it ``height`` x ``width``.
        align: Which part of a resized image is kept, or where it lies in its border.
        border: The input's number around an image, one a channel; None where every image fills the input.
    """

    input: str
    height: Positive | None
    width: Positive | None
    channels: Annotated[str, choice("RGB", "BGR", "L")]
    layout: Annotated[str, choice("NCHW", "NHWC")]
    resample: Annotated[str, choice(*FILTERS, expected=f"one of {', '.join(FILTERS)}")]
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: Resize | None = None
    align: Annotated[str, choice("start", "center", "center-even")] | None = None
    border: tuple[float, ...] | None = None

    def __str__(self) -> str:
        kept = "" if self.resize is None else "resized, "
        size = "its own size" if self.height is None else f"{self.height} x {self.width}"
        return f"{kept}{self.channels} image of {size} into {self.input}"

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check that there is a number a channel, and which keys stand together."""
        for name in ("std", "mean", "border"):
            if name in values and len(getattr(self, name)) != len(self.channels):
                raise values[name].refusal(
                    f"{len(self.channels)} number(s), one a channel of {self.channels}"
                )
        if min(self.std) <= 0:
            raise values["std"].refusal("numbers above 0")
        for name in ("height", "width"):
            if (self.height is None) != (self.width is None):
                values[name].integer(1)
        self._check_frame(values["input"].key.removesuffix(".input"))

    @property
    def is_laid(self) -> bool:
        """Whether an input shows a part of its image, or more, by how it is aligned."""
        return self.align is not None

    def frame(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Return what an input shows of an image: left, top, right and bottom in the image's own pixels.

        Raises:
            InputError: The image is too narrow.
        """
        if self.align is None or self.resize is None or self.height is None or self.width is None:
            return 0.0, 0.0, float(width), float(height)
        rows, columns = self.resize.size(height, width)
        if 0 in (rows, columns):
            raise InputError(f"size: {width:,} x {height:,} found, which becomes {columns} x {rows}")
        left, top = first_kept(self.align, columns, self.width), first_kept(self.align, rows, self.height)
        return (
            left * width / columns,
            top * height / rows,
            (left + self.width) * width / columns,
            (top + self.height) * height / rows,
        )

    def _check_frame(self, key: str) -> None:
        """Check which of ``resize``, ``align`` and ``border`` stand together."""
        if self.height is None and not (self.resize is not None and self.resize.keeps_aspect):
            raise BundleError(
                f"{key}.resize: one that keeps the aspect expected, as height and width are null"
            )
        is_laid = self.resize is not None and self.height is not None
        if is_laid and self.align is None:
            raise BundleError(f"{key}.align: missing, as images are resized to another size than the input's")
        if self.align is not None and not is_laid:
            raise BundleError(f"{key}.align: none expected, as images are resized to the input's size")
        if self.border is not None and not is_laid:
            raise BundleError(f"{key}.border: none expected, as images are resized to the input's size")

    def check(self, inputs: Mapping[str, Tensor]) -> None:
        """Check that its input is there, float32 of four dims, and of its sizes where these are fixed."""
        tensor = find_tensor("image.input", self.input, inputs)
        check_kind("image.input", tensor, ("float32",), 4)
        check_size("image.channels", len(self.channels), tensor, self.layout.index("C"))
        for name, side in (("height", self.height), ("width", self.width)):
            axis = self.layout.index(name[0].upper())
            if side is not None:
                check_size(f"image.{name}", side, tensor, axis)
            elif isinstance(tensor.dims[axis], int):
                raise BundleError(f"processing.image.{name}: null found, a size expected by {tensor}")
        if self.height is not None and self.width is not None and self.height * self.width > PIXELS:
            size = f"{self.height:,} x {self.width:,}"
            raise BundleError(f"processing.image: {size} pixels found, at most {PIXELS:,} expected")
        if self.resize is not None:
            self._check_resize(self.resize)

    def _check_resize(self, resize: Resize) -> None:
        height, width = resize.box
        if height * width > PIXELS:
            raise BundleError(
                f"processing.image.resize: {height:,} x {width:,} found, at most {PIXELS:,} pixels expected"
            )
        least, wanted = resize.covered, (self.height or 0, self.width or 0)
        if self.border is None and (self.align == "start" or least[0] < wanted[0] or least[1] < wanted[1]):
            raise BundleError(
                f"processing.image: no border found, one expected around images that do not fill "
                f"{self.height} x {self.width}"
            )


def prepare_image(image: Image, sources: Sequence[object]) -> NDArray[np.float32]:
    """Return what ``read_picture`` reads as an input takes it: float32, (N, C, H, W) or (N, H, W, C).

    Raises:
        InputError: One is no image, or of another kind than 8 bits of grey or RGB, opaque; or it has more
            than ``PIXELS``, also when it is as wide as the input.
        EdgeAttnError: The extra ``image`` is not installed.
    """
    frames = [_framed(image, _resized(image, read_picture(source))) for source in sources]  # (H, W, C) each
    for frame in frames:
        if frame.shape != frames[0].shape:
            sizes = " and ".join(f"{each.shape[0]} x {each.shape[1]}" for each in (frames[0], frame))
            raise InputError(f"image: {sizes} found in a batch, one size expected; give them one by one")
    floats = np.stack(frames)
    return np.ascontiguousarray(floats if image.layout == "NHWC" else np.moveaxis(floats, -1, 1))


def image_levels(image: Image, row: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the levels, (H, W) or (H, W, 3), that a row of an input is made of: ``prepare_image`` undone."""
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
    if image.resize is not None:
        height, width = image.resize.size(picture.height, picture.width)
    else:
        height, width = image.height or 0, image.width or 0
    if 0 in (height, width):
        raise InputError(
            f"image: {picture.height:,} x {picture.width:,} found, which becomes {height} x {width}; "
            "give one that is less narrow"
        )
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
        return np.asarray(sized, np.uint8).reshape(height, width, -1)


def _framed(image: Image, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the numbers (H, W, C) of a resized image, laid into the input's height and width."""
    if image.align is None or image.height is None or image.width is None:
        return _numbers(image, levels)
    height, width = levels.shape[:2]
    if image.align == "start" and (height > image.height or width > image.width):
        raise InputError(
            f"image: {height:,} x {width:,} found once it is resized, at most {image.height:,} x "
            f"{image.width:,} expected; give one of another aspect"
        )
    top, left = first_kept(image.align, height, image.height), first_kept(image.align, width, image.width)
    numbers = _numbers(image, levels[max(top, 0) : top + image.height, max(left, 0) : left + image.width])
    if image.border is None:
        return numbers
    frame = np.empty((image.height, image.width, len(image.channels)), np.float32)
    with np.errstate(over="ignore"):
        frame[:] = np.array(image.border, np.float64)
    top, left = max(-top, 0), max(-left, 0)
    frame[top : top + numbers.shape[0], left : left + numbers.shape[1]] = numbers
    return frame


def _numbers(image: Image, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
    ordered = levels[..., ::-1] if image.channels == "BGR" else levels
    with np.errstate(over="ignore"):
        numbers = (ordered * np.float64(image.scale) - np.array(image.mean)) / np.array(image.std)
        floats: NDArray[np.float32] = numbers.astype(np.float32)
        return floats
