"""Small decoders of many forms, and models without a step form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import decoder_attention as attention
import decoder_positions as positions
import torch
from decoder_attention import HEADS, SIZE, WIDTH, distances, scaled_scores
from decoder_positions import Cut
from torch import Tensor, nn

VOCABULARY = 40
PADDING = 0

Mix = Callable[[Tensor, Tensor, Tensor], Tensor]


class Block(nn.Module):
    """Attention and an MLP; ``mix`` makes (B, H, S, D) of a query like it, keys and values (B, G, S, D)."""

    def __init__(self, mix: Mix, key_heads: int) -> None:
        super().__init__()
        self.query, self.output = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.key, self.value = (nn.Linear(WIDTH, key_heads * SIZE) for _ in range(2))
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.mix = mix

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        q, k, v = (
            layer(y).unflatten(-1, (-1, SIZE)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        x = x + self.output(self.mix(q, k, v).transpose(1, 2).flatten(2))  # (B, S, W)
        return x + self.down(nn.functional.gelu(self.up(x)))


class Decoder(nn.Module):
    """Blocks of one kind; ``place`` gives positions to (B, S, W)."""

    def __init__(
        self, mix: Mix, place: Callable[[Tensor], Tensor], key_heads: int = HEADS, blocks: int = 1
    ) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)
        self.place = place
        self.blocks = nn.Sequential(*(Block(mix, key_heads) for _ in range(blocks)))

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        return {"logits": self.head(self.blocks(self.place(self.embed(tokens))))}


class ByPadding(nn.Module):
    """A decoder whose mask also masks out the padding among its own tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        x = self.embed(tokens).unflatten(-1, (HEADS, SIZE)).transpose(1, 2)
        masked_out = (distances(x) < 0) | (tokens == PADDING)[:, None, None, :]
        mixed = scaled_scores(x, x).masked_fill(masked_out, -1e9).softmax(-1) @ x
        return {"logits": self.head(mixed.transpose(1, 2).flatten(2))}


class Cross(nn.Module):
    """Attention by hand from x to memory."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x: Tensor, memory: Tensor, masked_out: Tensor) -> Tensor:
        q, k, v = (
            layer(t).unflatten(-1, (HEADS, SIZE)).transpose(1, 2)
            for layer, t in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        mixed = scaled_scores(q, k).masked_fill(masked_out, -math.inf).softmax(-1) @ v
        return x + self.output(mixed.transpose(1, 2).flatten(2))


class EncoderDecoder(nn.Module):
    """One block each; the source's padding is masked out."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)
        self.place = Cut()
        self.encode, self.decode, self.cross = Cross(), Cross(), Cross()

    def forward(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        padding = (source == PADDING)[:, None, None, :]
        memory = self.place(self.embed(source))
        memory = self.encode(memory, memory, padding)
        x = self.place(self.embed(target))
        future = torch.ones(x.size(1), x.size(1), dtype=torch.bool).triu(1)
        return {"logits": self.head(self.cross(self.decode(x, x, future), memory, padding))}


MODELS: Mapping[str, Callable[[], nn.Module]] = {
    "learned": lambda: Decoder(attention.Lower(), positions.Learned(), blocks=2),
    "indexed": lambda: Decoder(attention.causal, positions.Indexed()),
    "cut": lambda: Decoder(attention.upper, positions.Cut()),
    "computed": lambda: Decoder(attention.causal, positions.computed),
    "offset": lambda: Decoder(attention.causal, positions.Learned(offset=2)),
    "rotary": lambda: Decoder(attention.rotary, nn.Identity(), key_heads=2, blocks=2),
    "single": lambda: Decoder(attention.single, positions.computed, key_heads=1, blocks=2),
    "alibi": lambda: Decoder(attention.alibi, nn.Identity()),
    "alibi from the end": lambda: Decoder(attention.AlibiTable(attention.from_the_end), nn.Identity()),
    "alibi picked": lambda: Decoder(attention.AlibiTable(attention.picked), nn.Identity()),
    "relative": lambda: Decoder(attention.Relative(), nn.Identity()),
    "window": lambda: Decoder(attention.window, positions.Cut()),
    "sink": lambda: Decoder(attention.Sink(), positions.Cut()),
    "sink and grouped heads": lambda: Decoder(attention.Sink(), positions.Cut(), key_heads=2),
    "sink of each token": lambda: Decoder(attention.own_sink, positions.Cut()),
    "bidirectional": lambda: Decoder(attention.everywhere, positions.Learned()),
    "shifted": lambda: Decoder(attention.causal, positions.shifted),
    "weighed": lambda: Decoder(attention.weighed_twice, positions.computed),
    "padding": ByPadding,
    "translation": EncoderDecoder,
}


def sample_of(name: str, length: int) -> dict[str, Tensor]:
    """Return one input of a model: no token is padding."""
    generator = torch.Generator().manual_seed(length)
    tokens = torch.randint(1, VOCABULARY, (1, length), generator=generator)
    if name != "translation":
        return {"tokens": tokens}
    source = torch.randint(1, VOCABULARY, (1, length + length % 4), generator=generator)
    return {"source": source, "target": tokens}
