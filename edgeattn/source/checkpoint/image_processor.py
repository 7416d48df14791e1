"""The image processor of a transformers folder."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoImageProcessor

from edgeattn.source.checkpoint.pixels import Pixels, opened
from edgeattn.source.checkpoint.processor import load_processor

RESAMPLE = {0: "nearest", 2: "bilinear", 3: "bicubic"}  # Pillow's numbers
PILLOW: dict[str, Any] = {"backend": "pil"} if version("transformers") >= "5" else {"use_fast": False}


class ImageProcessor(Pixels):
    """Images as a network of transformers takes them.

    Args:
        folder: Holds the settings of the image processor.

    Raises:
        ValueError: There is no image processor.
    """

    def __init__(self, folder: Path) -> None:
        self.processor = load_processor(AutoImageProcessor, folder, **PILLOW)
        super().__init__("pixel_values", type(self.processor).__name__)
        self.settings: dict[str, Any] = self.processor.to_dict()

    def processed(self, image: Path) -> Tensor:
        """Return an image as the processor prepares it, float32 (1, C, H, W)."""
        pixels: Tensor = self.processor(images=opened(image), return_tensors="pt")["pixel_values"]
        return pixels.to(torch.float32)

    def stretching(self) -> dict[str, Any] | None:
        """Return its settings in a bundle's words; None where they say more than stretching."""
        settings, size = self.settings, self._size
        resample = RESAMPLE.get(settings.get("resample", 2))
        if size.keys() != {"height", "width"} or resample is None:
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
            "mean": list(settings["image_mean"]) if normalized else [0.0, 0.0, 0.0],
            "std": list(settings["image_std"]) if normalized else [1.0, 1.0, 1.0],
        }

    def describe(self) -> str:
        """Say its size, and what is cut."""
        cut = f", cut to {self.settings.get('crop_size')}" if self.settings.get("do_center_crop") else ""
        return f"{self._size}{cut}"

    @property
    def _size(self) -> dict[str, int]:
        size = self.settings.get("size")
        if isinstance(size, int):
            return {"height": size, "width": size}
        return {name: number for name, number in dict(size or {}).items() if number is not None}
