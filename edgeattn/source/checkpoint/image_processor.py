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

WARPED = 384  # from this size on, ConvNext stretches whole images
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

    def resizing(self) -> dict[str, Any] | None:
        """Return its settings in a bundle's words; None where they say what a bundle cannot do."""
        settings, sizes = self.settings, self._sizes()
        resample = RESAMPLE.get(settings.get("resample", 2))
        if sizes is None or resample is None or not settings.get("do_resize", True) or settings.get("do_pad"):
            return None
        normalized = settings.get("do_normalize", True)
        kept, crop = sizes
        return {
            "input": self.name,
            **kept,
            "channels": "RGB",
            "layout": "NCHW",
            "resample": resample,
            "scale": settings.get("rescale_factor", 1 / 255) if settings.get("do_rescale", True) else 1.0,
            "mean": list(settings["image_mean"]) if normalized else [0.0, 0.0, 0.0],
            "std": list(settings["image_std"]) if normalized else [1.0, 1.0, 1.0],
            **({} if crop is None else {"crop": {**crop, "rounding": "down"}}),
        }

    def _sizes(self) -> tuple[dict[str, int], dict[str, int] | None] | None:
        """Return what is kept, and of which larger size, if any; None for what a bundle cannot do."""
        whole = self._size("size")
        edge = whole.get("shortest_edge")
        if not {*whole} <= {"height", "width", "shortest_edge"} or not whole:
            return None
        if edge is not None and self.settings.get("crop_pct"):  # as ConvNext and PoolFormer have it
            share, kept = self.settings["crop_pct"], {"height": edge, "width": edge}
            return kept, None if edge >= WARPED else {"shorter": int(edge / share)}
        if not self.settings.get("do_center_crop"):
            return None if edge is not None else (whole, None)
        kept = self._size("crop_size")
        if any(whole.get(side, edge or 0) < kept[side] for side in kept):
            return None  # and filled up with black
        return kept, {"shorter": edge} if edge is not None else None if whole == kept else whole

    def describe(self) -> str:
        """Say its size, and what is cut."""
        cut = f", cut to {self.settings.get('crop_size')}" if self.settings.get("do_center_crop") else ""
        return f"{self._size('size')}{cut}"

    def _size(self, name: str) -> dict[str, int]:
        size = self.settings.get(name)
        if isinstance(size, int):
            return {"height": size, "width": size}
        return {name: number for name, number in dict(size or {}).items() if number is not None}
