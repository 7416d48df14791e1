"""ViT-tiny's shape with random weights: it tells of time and size, and nothing of accuracy."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from transformers import ViTConfig, ViTModel

SEED = 0
SAMPLES = 16
SIDE = 224  # pixels, which are 14 patches of 16
CONFIG = ViTConfig(hidden_size=192, num_hidden_layers=12, num_attention_heads=3, intermediate_size=768)

dynamic = {"pixel_values": ("batch", None, None, None)}


class Hidden(nn.Module):
    """The encoder's last hidden state as the only output."""

    def __init__(self, vit: nn.Module) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, pixel_values: Tensor) -> dict[str, Tensor]:
        """Return `hidden`, float32 (B, 197, 192): a class token and 14 x 14 patches of 16 x 16 pixels."""
        return {"hidden": self.vit(pixel_values=pixel_values).last_hidden_state}


def model() -> nn.Module:
    """Return the network with one output, in eval mode."""
    torch.manual_seed(SEED)
    return Hidden(ViTModel(CONFIG, add_pooling_layer=False)).eval()


def samples() -> Iterator[dict[str, Tensor]]:
    """Yield random images, float32 (1, 3, 224, 224)."""
    draw = torch.Generator().manual_seed(SEED)
    for _ in range(SAMPLES):
        yield {"pixel_values": torch.randn(1, 3, SIDE, SIDE, generator=draw)}
