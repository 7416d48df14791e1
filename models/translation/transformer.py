"""The Transformer of 2017, encoder and decoder, with its attention written by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

PAD = 0  # the id that fills the shorter sources of a batch


@dataclass(frozen=True)
class Config:
    """The network's sizes."""

    vocabulary: int
    positions: int = 96  # the longest source of the training text has 72 characters
    width: int = 128
    depth: int = 2  # blocks of the encoder, and of the decoder
    heads: int = 4
    hidden: int = 256  # inside the feed-forward network


def padding_mask(source: Tensor) -> Tensor:
    """Return where `source` (B, S) is padding, as attention takes it: bool (B, 1, 1, S)."""
    return (source == PAD)[:, None, None, :]  # (B, 1, 1, S)


def sinusoids(positions: int, width: int) -> Tensor:
    """Return the paper's table of positions, float32 (positions, width) (section 3.5)."""
    places = torch.arange(positions).unsqueeze(1)  # (P, 1)
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))  # (W / 2,)
    angles = places * rates  # (P, W / 2)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)  # (P, W)


class Embedding(nn.Module):
    """Characters to vectors, with sinusoids for their places (Vaswani et al. 2017, sections 3.4, 3.5)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.scale = math.sqrt(config.width)
        self.characters = nn.Embedding(config.vocabulary, config.width)
        nn.init.normal_(self.characters.weight, std=config.width**-0.5)
        self.register_buffer("positions", sinusoids(config.positions, config.width), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed `tokens`, int64 (B, S), as float32 (B, S, W)."""
        return self.characters(tokens) * self.scale + self.positions[: tokens.size(1)]  # (B, S, W)


class Attention(nn.Module):
    """Multi-head attention, step by step as the paper has it (section 3.2)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.dim = config.width // config.heads
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Let `x` (B, T, W) gather from `memory` (B, S, W), but not where `mask`, bool, is true.

        The mask broadcasts to (B, H, T, S). The shape of `x` stays.
        """
        batch = x.size(0)
        q = self.query(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, T, D)
        k = self.key(memory).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        v = self.value(memory).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.dim)  # (B, H, T, S)
        scores = scores.masked_fill(mask, -math.inf)
        mixed = torch.matmul(torch.softmax(scores, dim=-1), v)  # (B, H, T, D)
        mixed = mixed.transpose(1, 2).contiguous().view(batch, -1, self.heads * self.dim)  # (B, T, W)
        return self.output(mixed)


class FeedForward(nn.Sequential):
    """The same two layers at every position (section 3.3)."""

    def __init__(self, config: Config) -> None:
        super().__init__(
            nn.Linear(config.width, config.hidden), nn.ReLU(), nn.Linear(config.hidden, config.width)
        )


class EncoderBlock(nn.Module):
    """Self-attention, then a feed-forward network, each added to what came in and then normalized."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.norm1 = nn.LayerNorm(config.width)
        self.feed_forward = FeedForward(config)
        self.norm2 = nn.LayerNorm(config.width)

    def forward(self, x: Tensor, source_mask: Tensor) -> Tensor:
        """Refine the source `x` (B, S, W); the shape stays."""
        x = self.norm1(x + self.attention(x, x, source_mask))
        return self.norm2(x + self.feed_forward(x))


class DecoderBlock(nn.Module):
    """As the encoder's, with attention to the encoder's output in between."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.self_attention = Attention(config)
        self.norm1 = nn.LayerNorm(config.width)
        self.cross_attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.width)
        self.feed_forward = FeedForward(config)
        self.norm3 = nn.LayerNorm(config.width)

    def forward(self, x: Tensor, memory: Tensor, future: Tensor, source_mask: Tensor) -> Tensor:
        """Refine the target `x` (B, T, W) by what it has said and by `memory` (B, S, W); the shape stays."""
        x = self.norm1(x + self.self_attention(x, x, future))
        x = self.norm2(x + self.cross_attention(x, memory, source_mask))
        return self.norm3(x + self.feed_forward(x))


class Encoder(nn.Module):
    """Reads the source."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embed = Embedding(config)
        self.blocks = nn.ModuleList([EncoderBlock(config) for _ in range(config.depth)])

    def forward(self, source: Tensor) -> Tensor:
        """Return the memory of `source`, int64 (B, S): a vector a character, float32 (B, S, W)."""
        source_mask = padding_mask(source)
        x = self.embed(source)
        for block in self.blocks:
            x = block(x, source_mask)
        return x


class Decoder(nn.Module):
    """Writes the target, each character by those before it and by the encoder's memory."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embed = Embedding(config)
        self.blocks = nn.ModuleList([DecoderBlock(config) for _ in range(config.depth)])
        self.head = nn.Linear(config.width, config.vocabulary)

    def forward(self, target: Tensor, memory: Tensor, source_mask: Tensor) -> Tensor:
        """Score what follows each character of `target`, int64 (B, T).

        Args:
            target: START and what has been said so far.
            memory: the encoder's, float32 (B, S, W).
            source_mask: true at padding, bool (B, 1, 1, S).

        Returns:
            float32 (B, T, V): a score a character of the vocabulary.
        """
        length = target.size(1)
        future = torch.ones(length, length, dtype=torch.bool, device=target.device).triu(1)  # (T, T)
        x = self.embed(target)
        for block in self.blocks:
            x = block(x, memory, future, source_mask)
        return self.head(x)


class Transformer(nn.Module):
    """Encoder and decoder of "Attention Is All You Need" (Vaswani et al. 2017), their embeddings untied."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def forward(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Score the next character at every place of a known target (teacher forcing).

        Args:
            source: characters, with PAD after the shorter ones, int64 (B, S); no row is all PAD.
            target: START and the characters of the answer, int64 (B, T).

        Returns:
            `logits`, float32 (B, T, V): at each place, a score for every character that may follow.
        """
        return {"logits": self.decoder(target, self.encoder(source), padding_mask(source))}
