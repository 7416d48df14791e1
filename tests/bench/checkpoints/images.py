"""Checkpoints of images: scikit-learn's handwritten digits, 8 x 8."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from checkpoints.example import BATCH, Example, fit
from sklearn.datasets import load_digits
from torch import Tensor, nn

sys.path.append(str(Path(__file__).parents[2] / "edgeattn" / "source" / "checkpoint"))
import folders
import sample_files

TESTED = 300


def digits(place: Path) -> Example:
    """Train a ViT of transformers."""
    folder, data = folders.digits(place / "digits", steps=400), sample_files.digit_images(place / "images")
    return Example("image classification", "accuracy", folder, data)


class WithLoss(nn.Module):
    """A classifier that returns its loss."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor, labels: Tensor) -> Any:
        """Compare logits with labels."""
        loss = nn.functional.cross_entropy(self.network(pixels), labels)
        return type("Loss", (), {"loss": loss})


def strokes(place: Path) -> Example:
    """Train a ViT of timm."""
    torch.manual_seed(0)
    sizes = {"img_size": 8, "patch_size": 2, "embed_dim": 64, "depth": 2, "num_heads": 4}
    network = timm.create_model("vit_tiny_patch16_224", num_classes=10, **sizes)
    loaded = load_digits()
    levels = torch.from_numpy(loaded.images[:-TESTED]).float() * 255 / 16  # (N, 8, 8)
    shown = (levels.floor() / 255 - 0.5)[:, None].expand(-1, 3, -1, -1) / 0.5
    labels = torch.from_numpy(loaded.target[:-TESTED])

    def batch() -> Mapping[str, Any]:
        drawn = torch.randint(len(shown), (BATCH,))
        return {"pixels": shown[drawn], "labels": labels[drawn]}

    fit(WithLoss(network), batch, 400)
    images = {"crop_mode": "squash", "crop_pct": 1.0, "interpolation": "bilinear"}
    timm.models.save_for_hf(
        network,
        place / "strokes",
        model_config={"label_names": [str(i) for i in range(10)], "pretrained_cfg": images},
        model_args=sizes,
        safe_serialization=True,
    )
    return Example("image classification, timm", "accuracy", place / "strokes", place / "images")
