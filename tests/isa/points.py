"""Points, embedded and gathered: a product of few inputs and many outputs, which CPUs differ in.

Of a product of 4 inputs int8 saves little; what it adds, to scale each of 256 outputs, costs more on some.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

COORDINATES = 4
WIDTH = 256
POINTS = 256

budget = {"cosine": 0.95}


class Points(nn.Module):
    """Each point alone, then one query that gathers them."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(COORDINATES, WIDTH, bias=False)
        self.query = nn.Parameter(torch.randn(1, 1, 1, WIDTH))

    def forward(self, points: Tensor) -> Tensor:
        """Gather ``points`` (B, P, C) into one vector (B, W)."""
        keys = self.embed(points).relu()[:, None]  # (B, 1, P, W)
        query = self.query.expand(len(points), -1, -1, -1)  # (B, 1, 1, W)
        return nn.functional.scaled_dot_product_attention(query, keys, keys)[:, 0, 0]  # (B, W)


def model() -> nn.Module:
    torch.manual_seed(0)
    return Points().eval()


def samples() -> Iterator[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(1)
    for _ in range(64):
        yield {"points": torch.randn(1, POINTS, COORDINATES, generator=draw)}
