"""The images of a timm folder, as its pretrained_cfg has them prepared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timm.data import create_transform, resolve_data_config
from torch import Tensor

from edgeattn.source.checkpoint.pixels import Pixels, UnpreparedError, opened
from edgeattn_runtime.processing.image import FILTERS

ALIGN = "center-even"


class TimmTransform(Pixels):
    """Images as timm's own evaluation prepares them.

    Args:
        settings: pretrained_cfg of config.json.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__("pixels", "timm")
        self.config: dict[str, Any] = resolve_data_config(pretrained_cfg=dict(settings))
        self.transform: Any = create_transform(**self.config, is_training=False)

    def processed(self, image: Path) -> Tensor:
        """Return an image as the transform prepares it, float32 (1, C, H, W)."""
        pixels: Tensor = self.transform(opened(image))[None]
        return pixels.float()

    def resizing(self) -> dict[str, Any]:
        """Return its settings in a bundle's words.

        Raises:
            UnpreparedError: Another filter, other channels, or a border that is trimmed.
        """
        config = self.config
        if config["interpolation"] not in FILTERS:
            filters = ", ".join(FILTERS)
            raise UnpreparedError(f"interpolation {config['interpolation']} found, one of {filters} expected")
        if config["input_size"][0] != 3:
            raise UnpreparedError(f"{config['input_size'][0]} channels found, 3 expected")
        if config.get("crop_border_pixels"):
            raise UnpreparedError("crop_border_pixels found, which trims images before they are resized")
        mean, std = list(config["mean"]), list(config["std"])
        return {
            "input": self.name,
            "channels": "RGB",
            "layout": "NCHW",
            "resample": config["interpolation"],
            "scale": 1 / 255,
            "mean": mean,
            "std": std,
            **self._frame(mean, std),
        }

    def _frame(self, mean: list[float], std: list[float]) -> dict[str, Any]:
        """Return the size of the input, and how images are resized and laid into it."""
        config = self.config
        kept = dict(zip(("height", "width"), config["input_size"][1:], strict=True))
        whole: dict[str, Any] = {side: math.floor(size / config["crop_pct"]) for side, size in kept.items()}
        if config["crop_mode"] == "border":
            fill = [round(255 * each) for each in mean]
            border = [(level / 255 - m) / s for level, m, s in zip(fill, mean, std, strict=True)]
            return {**kept, "resize": {**whole, "fit": "contain"}, "align": ALIGN, "border": border}
        if config["crop_mode"] == "squash":
            return kept if whole == kept else {**kept, "resize": whole, "align": ALIGN}
        is_square = whole["height"] == whole["width"]
        cover = {"shorter": whole["height"]} if is_square else {**whole, "fit": "cover"}
        return {**kept, "resize": cover, "align": ALIGN}
