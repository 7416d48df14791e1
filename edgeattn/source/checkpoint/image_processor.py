"""The image processor of a transformers folder."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from PIL.Image import Resampling
from torch import Tensor
from transformers import AutoImageProcessor

from edgeattn.source.checkpoint.from_folder import load_processor
from edgeattn.source.checkpoint.pixels import Pixels, UnpreparedError, opened
from edgeattn_runtime.fields import Field
from edgeattn_runtime.processing.image import FILTERS
from edgeattn_runtime.processing.resize import Resize

WARPED = 384  # from this size on, ConvNext stretches whole images
MULTIPLE = 16  # of pixels, to which YOLOS's processor cuts both sides
RESAMPLE = {Resampling[name.upper()].value: name for name in FILTERS}
PILLOW: dict[str, Any] = {"backend": "pil"} if version("transformers") >= "5" else {"use_fast": False}


class ImageProcessor(Pixels):
    """Images as a network of transformers takes them.

    Args:
        folder: Holds the settings of the image processor.
        is_masked: Whether the network reads a pixel_mask, which no bundle gives it.

    Raises:
        ValueError: There is no image processor.
    """

    def __init__(self, folder: Path, *, is_masked: bool = False) -> None:
        self.processor = load_processor(AutoImageProcessor, folder, **PILLOW)
        super().__init__("pixel_values", type(self.processor).__name__)
        self.settings: dict[str, Any] = self.processor.to_dict()
        self.is_masked = is_masked

    def processed(self, image: Path) -> Tensor:
        """Return an image as the processor prepares it, float32 (1, C, H, W)."""
        pixels: Tensor = self.processor(images=opened(image), return_tensors="pt")["pixel_values"]
        return pixels.to(torch.float32)

    def resizing(self) -> dict[str, Any]:
        """Return its settings in a bundle's words.

        Raises:
            UnpreparedError: Another filter, no resizing or a size that a bundle has no words for; or a border
                that the network is given.
        """
        settings = self.settings
        if not settings.get("do_resize", True):
            raise UnpreparedError("do_resize false found, a size expected")
        number = settings.get("resample", Resampling.BILINEAR)
        if number not in RESAMPLE:
            raise UnpreparedError(f"resample {number} found, one of {', '.join(FILTERS)} expected")
        normalized = settings.get("do_normalize", True)
        scale = settings.get("rescale_factor", 1 / 255) if settings.get("do_rescale", True) else 1.0
        mean = list(settings["image_mean"]) if normalized else [0.0, 0.0, 0.0]
        std = list(settings["image_std"]) if normalized else [1.0, 1.0, 1.0]
        black = [(0 * scale - m) / s for m, s in zip(mean, std, strict=True)]
        return {
            "input": self.name,
            "channels": "RGB",
            "layout": "NCHW",
            "resample": RESAMPLE[number],
            "scale": scale,
            "mean": mean,
            "std": std,
            **self._frame(black),
        }

    def _frame(self, black: list[float]) -> dict[str, Any]:
        """Return the size of the input, and how images are resized and laid into it."""
        edge = self._size("size").get("shortest_edge")
        if edge is not None and self.settings.get("crop_pct"):  # as ConvNext and PoolFormer have it
            kept = {"height": edge, "width": edge}
            whole = {"shorter": int(edge / self.settings["crop_pct"])}
            return kept if edge >= WARPED else {**kept, "resize": whole, "align": "center"}
        resize = self._resize()
        if self.settings.get("do_center_crop"):
            return self._cropped(resize, black)
        padded = self._size("pad_size") if self.settings.get("do_pad") else {}
        if padded and padded != resize:
            if self.is_masked:
                raise UnpreparedError("pad_size found, whose border pixel_mask shows to the network")
            return {**padded, "resize": resize, "align": "start", "border": [0.0] * len(black)}
        return resize if "height" in resize else {"height": None, "width": None, "resize": resize}

    def _cropped(self, resize: dict[str, int], black: list[float]) -> dict[str, Any]:
        kept = self._size("crop_size")
        if resize == kept:
            return kept
        least = Resize.from_field(Field("resize", resize)).covered
        filled = least[0] < kept["height"] or least[1] < kept["width"]
        return {**kept, "resize": resize, "align": "center", **({"border": black} if filled else {})}

    def _resize(self) -> dict[str, int]:
        size = self._size("size")
        names = {"shortest_edge": "shorter", "longest_edge": "longer"}
        if size.keys() == {"height", "width"}:
            return size
        if not {"shortest_edge"} <= size.keys() <= names.keys():
            raise UnpreparedError(f"size {size} found, height and width or shortest_edge expected")
        resize = {names[name]: side for name, side in size.items()}
        return {**resize, "multiple": MULTIPLE} if self.kind.startswith("Yolos") else resize

    def _size(self, name: str) -> dict[str, int]:
        size = self.settings.get(name)
        if isinstance(size, int):
            return {"height": size, "width": size}
        return {name: number for name, number in dict(size or {}).items() if number is not None}
