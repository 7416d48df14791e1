"""A checkpoint's image processor: pixels as a network takes them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from transformers import AutoImageProcessor

RESAMPLE = {0: "nearest", 2: "bilinear", 3: "bicubic"}  # Pillow's numbers
PILLOW: dict[str, Any] = {"backend": "pil"} if version("transformers") >= "5" else {"use_fast": False}


class Pixels:
    """Images as a network takes them, by Pillow.

    Args:
        folder: Holds preprocessor_config.json.
        name: The input.

    Raises:
        ValueError: There is no image processor.
    """

    def __init__(self, folder: Path, name: str = "pixel_values") -> None:
        file = folder / "preprocessor_config.json"
        if not file.is_file():
            raise ValueError(
                "no preprocessor_config.json found; save the image processor with save_pretrained"
            )
        self.name = name
        self.settings: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        auto: Any = AutoImageProcessor
        self.processor = auto.from_pretrained(folder, local_files_only=True, **PILLOW)
        self.table: dict[str, Any] | None = None

    def prepare(self, image: Path) -> dict[str, Tensor]:
        """Return the input of an image, float32 (1, C, H, W)."""
        return {self.name: self._processed(image) if self.table is None else stretched(image, self.table)}

    def _processed(self, image: Path) -> Tensor:
        pixels: Tensor = self.processor(images=opened(image), return_tensors="pt")["pixel_values"]
        return pixels.to(torch.float32)

    def processing(self, images: Iterable[Path]) -> dict[str, Any] | None:
        """Return what a bundle says of images; None, with a warning, where it would prepare them otherwise.

        From then on images are prepared as the bundle says: where Pillow resizes both axes in another order,
        a level may differ by one.

        Args:
            images: Those of the samples.
        """
        table = self._table()
        if table is not None and all(self._is_stretched(image, table) for image in images):
            self.table = table
        else:
            size, crop = self.settings.get("size"), self.settings.get("crop_size")
            made = f"{size}, cut to {crop}" if self.settings.get("do_center_crop") else str(size)
            warnings.warn(
                f"{type(self.processor).__name__} makes images {made}; a bundle stretches them to one size: "
                "it takes pixels, and no image",
                stacklevel=2,
            )
        return self.table

    def _is_stretched(self, image: Path, table: dict[str, Any]) -> bool:
        difference = (stretched(image, table) - self._processed(image)).abs().amax(dim=(0, 2, 3))  # (C,)
        level = abs(table["scale"]) / torch.tensor(table["std"])
        return bool((difference <= 1.01 * level).all())

    def _table(self) -> dict[str, Any] | None:
        """Return preprocessor_config.json in a bundle's words; None where it says more than stretching."""
        settings, size = self.settings, self.settings.get("size")
        resample = RESAMPLE.get(settings.get("resample", 2))
        if isinstance(size, int):
            size = {"height": size, "width": size}
        if not isinstance(size, dict) or size.keys() != {"height", "width"} or resample is None:
            return None
        if not settings.get("do_resize", True) or settings.get("do_center_crop") or settings.get("do_pad"):
            return None
        normalized = settings.get("do_normalize", True)
        return {
            "input": self.name,
            "height": size["height"],
            "width": size["width"],
            "channels": "RGB",
            "layout": "NCHW",
            "resample": resample,
            "scale": settings.get("rescale_factor", 1 / 255) if settings.get("do_rescale", True) else 1.0,
            "mean": settings["image_mean"] if normalized else [0.0, 0.0, 0.0],
            "std": settings["image_std"] if normalized else [1.0, 1.0, 1.0],
        }


def opened(file: Path) -> Image.Image:
    """Return an image, upright and in RGB."""
    with Image.open(file) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def stretched(file: Path, table: dict[str, Any]) -> Tensor:
    """Return an image as a bundle prepares it, float32 (1, 3, H, W): one axis after the other, by Pillow."""
    image, resample = opened(file), Image.Resampling[table["resample"].upper()]
    wide = image.resize((table["width"], image.height), resample)
    levels = np.asarray(wide.resize((table["width"], table["height"]), resample), np.float64)  # (H, W, 3)
    numbers = (levels * table["scale"] - np.array(table["mean"])) / np.array(table["std"])
    return torch.from_numpy(numbers.astype(np.float32)).permute(2, 0, 1)[None].contiguous()
