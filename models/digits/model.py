"""A small vision transformer that reads handwritten digits, with its attention written by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

HERE = Path(__file__).parent
PIXEL_MAX = 16  # each pixel counts the dark dots of a 4x4 cell

dynamic = {"image": ("batch",)}
budget = {"r2": 0.98, "metric_drop": 0.05}
card = {
    "description": "Reads handwritten digits of 8x8 pixels.",
    "license": "apache-2.0",
}
processing = {
    # A picture of dark ink on white paper: 255 is no ink, 15 is all of a cell's dots, black a little more.
    "image": {
        "input": "image",
        "height": 8,
        "width": 8,
        "channels": "L",
        "layout": "NCHW",
        "resample": "bilinear",
        "scale": -1,
        "mean": [-255],
        "std": [15 * PIXEL_MAX],
    },
    "labels": {"output": "logits", "names": list("0123456789")},
    "prediction": {"kind": "classes", "scores": "softmax"},
}


@dataclass(frozen=True)
class Config:
    """The network's sizes."""

    image: int = 8  # pixels a side
    patch: int = 2  # pixels a side: 16 patches an image
    width: int = 128
    depth: int = 4
    heads: int = 4
    head: int = 32  # channels of a head
    hidden: int = 512  # neurons of an MLP
    classes: int = 10


class Attention(nn.Module):
    """Multi-head self-attention, step by step as the paper has it (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads, self.dim = config.heads, config.head
        inner = config.heads * config.head
        self.query = nn.Linear(config.width, inner)
        self.key = nn.Linear(config.width, inner)
        self.value = nn.Linear(config.width, inner)
        self.output = nn.Linear(inner, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the tokens `x` (B, S, W); the shape stays."""
        batch = x.size(0)
        q = self.query(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        k = self.key(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        v = self.value(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.dim)  # (B, H, S, S)
        mixed = torch.matmul(torch.softmax(scores, dim=-1), v)  # (B, H, S, D)
        mixed = mixed.transpose(1, 2).contiguous().view(batch, -1, self.heads * self.dim)  # (B, S, W)
        return self.output(mixed)


class Block(nn.Module):
    """A pre-norm transformer block: attention, then an MLP, each added to what came in."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.width)
        self.mlp = nn.Sequential(
            nn.Linear(config.width, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, config.width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Refine the tokens `x` (B, S, W); the shape stays."""
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class DigitTransformer(nn.Module):
    """A vision transformer (Dosovitskiy et al. 2021) over the 2x2 patches of an 8x8 image."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        tokens = (config.image // config.patch) ** 2
        self.embed = nn.Conv2d(1, config.width, kernel_size=config.patch, stride=config.patch)
        self.position = nn.Parameter(0.02 * torch.randn(1, tokens, config.width))
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.depth)])
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Read one digit an image.

        Args:
            image: ink from 0 (bare paper) to 1, float32 (B, 1, 8, 8).

        Returns:
            `logits`, float32 (B, 10): a score a digit.
        """
        x = self.embed(image).flatten(2).transpose(1, 2)  # (B, S, W)
        x = x + self.position
        for block in self.blocks:
            x = block(x)
        return {"logits": self.head(self.norm(x).mean(dim=1))}  # (B, 10)


def model() -> nn.Module:
    """Return the trained network, in eval mode."""
    network = DigitTransformer(Config())
    network.load_state_dict(load_file(HERE / "weights.safetensors"))
    return network.eval()


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Yield the held-out digits one by one: `image` float32 (1, 1, 8, 8) and its label, int64 (1,)."""
    held_out = load_file(HERE / "digits.safetensors")
    for pixels, label in zip(held_out["images"], held_out["labels"], strict=True):
        yield {"image": pixels.view(1, 1, 8, 8).float() / PIXEL_MAX}, label.view(1).long()


def raw() -> Iterator[dict[str, Tensor]]:
    """Yield the same digits as pictures, uint8 (8, 8): white paper is 255, and each dot takes 15 of it."""
    for pixels in load_file(HERE / "digits.safetensors")["images"]:
        yield {"image": 255 - 15 * pixels.view(8, 8)}


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    """Return the accuracy: the share of images whose highest logit is the label."""
    return (outputs["logits"].argmax(dim=-1) == target).float().mean().item()


def pretty(outputs: dict[str, Tensor]) -> str:
    """Say what was read and how surely, such as "7 (99 %)"."""
    certainty, digit = torch.softmax(outputs["logits"], dim=-1)[0].max(dim=-1)
    return f"{digit.item()} ({certainty.item():.0%})".replace("%", " %")
