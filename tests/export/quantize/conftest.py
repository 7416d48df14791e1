"""Layers of every kind that quantization meets, in one module: one capture serves them all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from edgeattn_export import Captured, Fused, Quantized, Samples, fuse, quantize

ROWS, WIDTH = 2048, 32  # 64 Ki elements: what an embedding needs to be worth int8
SHARED = 48  # large enough that the exporter leaves a shared weight's transpose in the graph


class Layers(nn.Module):
    """Each output is one kind of layer's."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.words, self.segments = nn.Embedding(ROWS, WIDTH), nn.Embedding(2, WIDTH)
        self.biased, self.unbiased = nn.Linear(WIDTH, 24), nn.Linear(WIDTH, 24, bias=False)
        self.flat = nn.Linear(WIDTH, 12)
        self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.second.weight = self.first.weight
        self.shared = nn.Linear(SHARED * 4, SHARED * 4)
        self.offset = nn.Parameter(torch.ones(1))
        self.norm, self.gelu = nn.LayerNorm(WIDTH), nn.GELU()

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        words = self.words(tokens)  # (B, S, W)
        x = self.norm(words + self.segments(tokens % 2))
        wide = torch.cat([x] * (SHARED * 4 // WIDTH), -1)  # (B, S, 4 * SHARED)
        return {
            "words.output": words,
            "biased.output": self.biased(x),
            "unbiased.output": self.unbiased(x),
            "flat.output": self.flat(x[:, 0]),
            "tied.output": self.second(self.first(x)),
            "shared.output": self.shared(self.shared(wide)),
            "offset.output": self.unbiased(x + 1) + self.offset,
            "gelu.output": self.gelu(self.biased(x)),
        }


@pytest.fixture(scope="session")
def layers(exported: Callable[..., tuple[Captured, Samples]]) -> tuple[Captured, Samples, Fused]:
    """The layers, captured and fused, with their samples."""
    generator = torch.Generator().manual_seed(0)
    raw = [{"tokens": torch.randint(0, ROWS, (1, n), generator=generator)} for n in (5, 9, 3, 12)]
    captured, samples = exported(Layers(), raw)
    return captured, samples, fuse(captured, samples)


@pytest.fixture(scope="session")
def int8(layers: tuple[Captured, Samples, Fused]) -> Quantized:
    """The layers in int8."""
    return quantize(layers[2], layers[1])
