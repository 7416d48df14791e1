"""Pixels of images as a network takes them, and as a bundle makes them."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from PIL import ImageOps
from PIL.Image import Image as Picture
from PIL.Image import open as open_picture
from torch import Tensor

from edgeattn_runtime.errors import SampleError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.limits import PIXELS
from edgeattn_runtime.processing.image import Image, prepare_image


class UnpreparedError(ValueError):
    """What a checkpoint does to images that no bundle does."""


class Pixels(ABC):
    """Images as a checkpoint's library prepares them, by Pillow.

    Args:
        name: The input.
        kind: What prepares them, for messages.
    """

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.image: Image | None = None

    @abstractmethod
    def processed(self, image: Path) -> Tensor:
        """Return an image as the library prepares it, float32 (1, C, H, W)."""

    @abstractmethod
    def resizing(self) -> dict[str, Any]:
        """Return its settings in a bundle's words.

        Raises:
            UnpreparedError: They ask for what a bundle cannot do.
        """

    def prepare(self, image: Path) -> dict[str, Tensor]:
        """Return the input of an image, float32 (1, C, H, W)."""
        return {self.name: self.processed(image) if self.image is None else resized(image, self.image)}

    def processing(self, files: Iterable[Path]) -> dict[str, Any] | None:
        """Return what a bundle says of images; None, with a warning, where it would prepare them otherwise.

        From then on images are prepared as the bundle says: where Pillow resizes both axes in another order,
        a level may differ by one.
        """
        try:
            image = Image.from_field(Field("processing.image", self.resizing()))
            for file in files:
                self._check_resized(file, image)
        except UnpreparedError as reason:
            warnings.warn(f"{self.kind}: {reason}; the bundle takes pixels, and no image", stacklevel=2)
            return None
        self.image = image
        return image.to_table()

    @property
    def dims(self) -> tuple[str | None, ...]:
        """The names of the input's axes, None for those of one size."""
        keeps_size = self.image is not None and self.image.height is None
        return "batch", None, *(("height", "width") if keeps_size else (None, None))

    def _check_resized(self, file: Path, image: Image) -> None:
        ours, theirs = resized(file, image), self.processed(file)
        if ours.shape != theirs.shape:
            sizes = " and ".join(f"{each.shape[2]} x {each.shape[3]}" for each in (theirs, ours))
            raise UnpreparedError(f"{file.name} becomes {sizes} in a bundle")
        difference = (ours - theirs).abs().amax(dim=(0, 2, 3))  # (C,)
        level = abs(image.scale) / torch.tensor(image.std)
        if not (difference <= 1.01 * level).all():
            raise UnpreparedError(f"prepares {file.name} in a way that no bundle has words for")


def opened(file: Path) -> Picture:
    """Return an image, upright and in RGB.

    Raises:
        SampleError: It has more pixels than a runtime takes; none is decoded then.
    """
    with open_picture(file) as picture:
        if picture.width * picture.height > PIXELS:
            raise SampleError(
                f"{file}: {picture.width:,} x {picture.height:,} pixels found, at most {PIXELS:,} expected; "
                "give a smaller image"
            )
        return ImageOps.exif_transpose(picture).convert("RGB")


def resized(file: Path, image: Image) -> Tensor:
    """Return an image as a bundle prepares it, float32 (1, 3, H, W)."""
    return torch.from_numpy(prepare_image(image, [opened(file)]))
