"""The network of encoder-decoder.edge in PyTorch, as a model's author would hand it over."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

WORDS, WIDTH, HEADS, LONGEST = 16, 16, 2, 12
PADDING = 0  # the source's token that nothing attends to


class Attention(nn.Module):
    """Attention from x to memory."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(
        self, x: Tensor, memory: Tensor, *, mask: Tensor | None = None, is_causal: bool = False
    ) -> Tensor:
        """Attend from ``x`` (B, T, W) to ``memory`` (B, S, W)."""
        q, k, v = (
            layer(y).unflatten(-1, (HEADS, -1)).transpose(1, 2)  # (B, H, S, D)
            for layer, y in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=is_causal)
        return self.output(mixed.transpose(1, 2).flatten(2))


class Translator(nn.Module):
    """Scores what follows each token of the target, with the source before it."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(WORDS, WIDTH), nn.Embedding(WORDS, WIDTH)
        self.places = nn.Embedding(LONGEST, WIDTH)
        self.read, self.cross, self.write = Attention(), Attention(), Attention()
        self.head = nn.Linear(WIDTH, WORDS)

    def forward(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Take ``source`` (B, S) and ``target`` (B, T); ``logits`` are (B, T, V)."""
        visible = (source != PADDING)[:, None, None]  # (B, 1, 1, S)
        memory = self.source(source)
        memory = memory + self.read(memory, memory, mask=visible)
        x = self.target(target) + self.places.weight[: target.shape[1]]
        x = x + self.write(x, x, is_causal=True)
        return {"logits": self.head(x + self.cross(x, memory, mask=visible))}


def model() -> nn.Module:
    """Return the trained network, as it were."""
    torch.manual_seed(0)
    return Translator().eval()


def samples() -> Iterator[dict[str, Tensor]]:
    """Yield pairs of a source, the second padded, and its target."""
    draw = torch.Generator().manual_seed(1)
    for length in range(3, 9):
        source = torch.randint(1, WORDS, (2, length + length % 3), generator=draw)
        source[1, -1] = PADDING
        yield {"source": source, "target": torch.randint(WORDS, (2, length), generator=draw)}
