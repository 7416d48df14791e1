"""Pixels of images as a network takes them, and as a bundle makes them."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor


class Pixels(ABC):
    """Images as a checkpoint's library prepares them, by Pillow.

    Args:
        name: The input.
        kind: What prepares them, for messages.
    """

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.table: dict[str, Any] | None = None

    @abstractmethod
    def processed(self, image: Path) -> Tensor:
        """Return an image as the library prepares it, float32 (1, C, H, W)."""

    @abstractmethod
    def resizing(self) -> dict[str, Any] | None:
        """Return its settings in a bundle's words; None where they say what a bundle cannot do."""

    @abstractmethod
    def describe(self) -> str:
        """Say what size images are made, and how, such as "{'shortest_edge': 256}, cut to 224 x 224"."""

    def prepare(self, image: Path) -> dict[str, Tensor]:
        """Return the input of an image, float32 (1, C, H, W)."""
        return {self.name: self.processed(image) if self.table is None else resized(image, self.table)}

    def processing(self, images: Iterable[Path]) -> dict[str, Any] | None:
        """Return what a bundle says of images; None, with a warning, where it would prepare them otherwise.

        From then on images are prepared as the bundle says: where Pillow resizes both axes in another order,
        a level may differ by one.

        Args:
            images: Those of the samples.
        """
        table = self.resizing()
        if table is not None and all(self._is_resized(image, table) for image in images):
            self.table = table
        else:
            warnings.warn(
                f"{self.kind} makes images {self.describe()}; a bundle stretches them to one size, or keeps "
                "the middle of a larger one: it takes pixels, and no image",
                stacklevel=2,
            )
        return self.table

    def _is_resized(self, image: Path, table: dict[str, Any]) -> bool:
        ours, theirs = resized(image, table), self.processed(image)
        if ours.shape != theirs.shape:
            return False
        difference = (ours - theirs).abs().amax(dim=(0, 2, 3))  # (C,)
        level = abs(table["scale"]) / torch.tensor(table["std"])
        return bool((difference <= 1.01 * level).all())


def opened(file: Path) -> Image.Image:
    """Return an image, upright and in RGB."""
    with Image.open(file) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def resized(file: Path, table: dict[str, Any]) -> Tensor:
    """Return an image as a bundle prepares it, float32 (1, 3, H, W): one axis after the other, by Pillow."""
    image, resample = opened(file), Image.Resampling[table["resample"].upper()]
    height, width = whole_size(table, image)
    wide = image.resize((width, image.height), resample)
    levels = np.asarray(wide.resize((width, height), resample), np.float64)  # (H, W, 3)
    top, left = middle(table, height, table["height"]), middle(table, width, table["width"])
    kept = levels[top : top + table["height"], left : left + table["width"]]
    numbers = (kept * table["scale"] - np.array(table["mean"])) / np.array(table["std"])
    return torch.from_numpy(numbers.astype(np.float32)).permute(2, 0, 1)[None].contiguous()


def whole_size(table: dict[str, Any], image: Image.Image) -> tuple[int, int]:
    """Return the height and width of an image before its middle is kept."""
    crop = table.get("crop", table)
    if "shorter" not in crop:
        return crop["height"], crop["width"]
    shorter = min(image.size)
    return crop["shorter"] * image.height // shorter, crop["shorter"] * image.width // shorter


def middle(table: dict[str, Any], size: int, kept: int) -> int:
    """Return the first of ``size`` places that is kept."""
    half = (size - kept) / 2
    return round(half) if "crop" in table and table["crop"]["rounding"] == "even" else int(half)
