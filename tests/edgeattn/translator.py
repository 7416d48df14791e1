"""An encoder-decoder as its owner hands it over: its bundle holds two graphs."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

VOCABULARY, WIDTH, HEADS = 40, 32, 2


class Attention(nn.Module):
    """Attention from x to memory."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x: Tensor, memory: Tensor, *, is_causal: bool = False) -> Tensor:
        q, k, v = (
            layer(y).unflatten(-1, (HEADS, -1)).transpose(1, 2)  # (B, H, S, D)
            for layer, y in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=is_causal)
        return self.output(mixed.transpose(1, 2).flatten(2))


class Translator(nn.Module):
    """Scores what follows each token of the target, with the source before it."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(VOCABULARY, WIDTH)
        self.read, self.cross, self.write = Attention(), Attention(), Attention()
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Take ``source`` (B, S) and ``target`` (B, T); ``logits`` are (B, T, V)."""
        memory, x = self.source(source), self.target(target)
        memory = memory + self.read(memory, memory)
        x = x + self.write(x, x, is_causal=True)
        return {"logits": self.head(x + self.cross(x, memory))}


def model() -> nn.Module:
    torch.manual_seed(0)
    return Translator().eval()


def samples() -> Iterator[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(1)
    for length in 4 * tuple(range(4, 24, 2)):  # enough for a verdict
        lengths = {"source": length + length % 3, "target": length}
        yield {name: torch.randint(VOCABULARY, (1, size), generator=draw) for name, size in lengths.items()}
