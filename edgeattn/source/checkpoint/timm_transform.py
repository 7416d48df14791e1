"""The images of a timm folder, as its pretrained_cfg has them prepared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timm.data import create_transform, resolve_data_config
from torch import Tensor

from edgeattn.source.checkpoint.pixels import Pixels, opened


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

    def resizing(self) -> dict[str, Any] | None:
        """Return its settings in a bundle's words; None where it fills up borders, or by another filter."""
        config = self.config
        channels, height, width = config["input_size"]
        is_resampled = config["interpolation"] in ("nearest", "bilinear", "bicubic")
        whole = {"height": int(height / config["crop_pct"]), "width": int(width / config["crop_pct"])}
        if config["crop_mode"] == "center" and height == width:
            whole = {"shorter": whole["height"]}
        elif config["crop_mode"] != "squash":
            return None
        if channels != 3 or not is_resampled:
            return None
        is_whole = whole == {"height": height, "width": width}
        return {
            "input": self.name,
            "height": height,
            "width": width,
            "channels": "RGB",
            "layout": "NCHW",
            "resample": config["interpolation"],
            "scale": 1 / 255,
            "mean": list(config["mean"]),
            "std": list(config["std"]),
            **({} if is_whole else {"crop": {**whole, "rounding": "even"}}),
        }

    def describe(self) -> str:
        """Say its size, and what is cut."""
        _, height, width = self.config["input_size"]
        crop = ", ".join(f"{name} {self.config[name]}" for name in ("crop_mode", "crop_pct"))
        return f"{height} x {width} ({crop})"
