"""A small decoder whose ``forward`` takes and returns its cache, in the ways in which this is written."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from draws import drawn_seed
from torch import Tensor, nn

WIDTH, HEADS, SIZE = 16, 4, 4
VOCABULARY, LONGEST, LAYERS = 40, 48, 2

Layer = tuple[Tensor, Tensor]  # keys and values


class Block(nn.Module):
    """Attention by hand; keys and values are kept (B, H, S, D)."""

    length_axis = 2

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor, past: Layer | None) -> tuple[Tensor, Layer]:
        y = self.norm(x)
        q, k, v = (self.heads(layer(y)) for layer in (self.query, self.key, self.value))
        if past is not None:
            k, v = (torch.cat(pair, self.length_axis) for pair in zip(past, (k, v), strict=True))
        return x + self.output(self.mix(q, k, v)), (k, v)

    def heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (HEADS, SIZE)).transpose(1, 2)  # (B, H, S, D)

    def mix(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        new, total = q.size(2), k.size(2)
        later = torch.ones(new, total, dtype=torch.bool).triu(1 + total - new)
        scores = (q @ k.mT / math.sqrt(SIZE)).masked_fill(later, -math.inf)  # (B, H, S, T)
        return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)  # (B, S, W)


class LengthFirst(Block):
    """The same with keys and values (B, S, H, D)."""

    length_axis = 1

    def heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (HEADS, SIZE))  # (B, S, H, D)

    def mix(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return super().mix(*(x.transpose(1, 2) for x in (q, k, v)))


class Decoder(nn.Module):
    """Two blocks; the cache is a tuple of pairs."""

    def __init__(self, block: type[Block] = Block) -> None:
        super().__init__()
        self.embed, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.blocks = nn.ModuleList(block() for _ in range(LAYERS))
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens: Tensor, past: Sequence[Layer] | None = None) -> object:
        logits, present = self.run(tokens, past, self.length(past))
        return logits, tuple(present)

    def run(
        self, tokens: Tensor, past: Sequence[Layer] | None, first: int | Tensor
    ) -> tuple[Tensor, list[Layer]]:
        x = self.embed(tokens) + self.places(torch.arange(tokens.size(1)) + first)  # (B, S, W)
        present = []
        for block, layer in zip(self.blocks, past or [None] * LAYERS, strict=True):
            x, kept = block(x, layer)
            present.append(kept)
        return self.head(x), present

    def length(self, past: Sequence[Layer] | None) -> int:
        return 0 if past is None else past[0][0].size(self.blocks[0].length_axis)


class Flat(Decoder):
    """The cache is one tuple of tensors."""

    def forward(self, tokens: Tensor, past: tuple[Tensor, ...] | None = None) -> object:
        pairs = None if past is None else list(zip(past[::2], past[1::2], strict=True))
        logits, present = self.run(tokens, pairs, self.length(pairs))
        return logits, tuple(tensor for pair in present for tensor in pair)


class Lists(Decoder):
    """The cache is a list of lists, and must be given, None at first."""

    def forward(self, tokens: Tensor, past: list[list[Tensor]] | None) -> object:
        logits, present = self.run(tokens, past, self.length(past))
        return {"logits": logits, "present": [list(pair) for pair in present]}


class Stacked(Decoder):
    """Two tensors (layers, B, H, S, D), one of keys and one of values."""

    def forward(self, tokens: Tensor, keys: Tensor | None = None, values: Tensor | None = None) -> object:
        past = None if keys is None else list(zip(keys, values, strict=True))
        logits, present = self.run(tokens, past, self.length(past))
        return (logits, *(torch.stack(kept) for kept in zip(*present, strict=True)))


class Told(Decoder):
    """The place of the first token is told by a number."""

    def forward(self, tokens: Tensor, past: Sequence[Layer] | None = None, start: int = 0) -> object:
        logits, present = self.run(tokens, past, start)
        return logits, tuple(present)


class Counted(Decoder):
    """Each token's place is an input."""

    def forward(self, tokens: Tensor, positions: Tensor, past: Sequence[Layer] | None = None) -> object:
        logits, present = self.run(tokens, past, positions[..., :1])
        return logits, tuple(present)


class Forgetful(Decoder):
    """It takes its cache, but not to heart: all but the last token's keys and values are dropped."""

    def forward(self, tokens: Tensor, past: Sequence[Layer] | None = None) -> object:
        logits, present = self.run(tokens, past, self.length(past))
        return logits, tuple((k[:, :, -1:], v[:, :, -1:]) for k, v in present)


def text(length: int, batch: int = 1) -> Tensor:
    """Return tokens (batch, length)."""
    generator = torch.Generator().manual_seed(drawn_seed(length))
    return torch.randint(1, VOCABULARY, (batch, length), generator=generator)
