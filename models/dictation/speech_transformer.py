"""A small speech recognizer: an encoder over sound, and a decoder that spells what it hears."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    """The network's sizes."""

    vocabulary: int
    features: int = 160  # numbers a token of sound
    positions: int = 192  # tokens of sound, and characters: 7.7 s
    width: int = 128
    encoder_depth: int = 3
    decoder_depth: int = 2
    heads: int = 4
    hidden: int = 192  # inside the feed-forward network


def padding_mask(sound: Tensor) -> Tensor:
    """Return where `sound` (B, S, F) is filled up with zeros, as attention takes it: bool (B, 1, 1, S)."""
    return (sound == 0).all(dim=-1)[:, None, None, :]  # (B, 1, 1, S)


def sinusoids(positions: int, width: int) -> Tensor:
    """Return a table of positions, float32 (positions, width) (Vaswani et al. 2017, section 3.5)."""
    places = torch.arange(positions).unsqueeze(1)  # (P, 1)
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))  # (W / 2,)
    angles = places * rates  # (P, W / 2)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)  # (P, W)


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
    """The same two layers at every position."""

    def __init__(self, config: Config) -> None:
        super().__init__(
            nn.Linear(config.width, config.hidden), nn.GELU(), nn.Linear(config.hidden, config.width)
        )


class EncoderBlock(nn.Module):
    """Self-attention, then a feed-forward network, each of what is normalized, and added to what came in."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.width)
        self.feed_forward = FeedForward(config)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Refine the sound `x` (B, S, W); the shape stays."""
        normed = self.norm1(x)
        x = x + self.attention(normed, normed, mask)
        return x + self.feed_forward(self.norm2(x))


class DecoderBlock(nn.Module):
    """As the encoder's, with attention to the encoder's output in between."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.self_attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.width)
        self.cross_attention = Attention(config)
        self.norm3 = nn.LayerNorm(config.width)
        self.feed_forward = FeedForward(config)

    def forward(self, x: Tensor, memory: Tensor, future: Tensor, mask: Tensor) -> Tensor:
        """Refine the text `x` (B, T, W) by what it has said and by `memory` (B, S, W); the shape stays."""
        normed = self.norm1(x)
        x = x + self.self_attention(normed, normed, future)
        x = x + self.cross_attention(self.norm2(x), memory, mask)
        return x + self.feed_forward(self.norm3(x))


class Encoder(nn.Module):
    """Listens."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embed = nn.Linear(config.features, config.width)
        self.register_buffer("positions", sinusoids(config.positions, config.width), persistent=False)
        self.blocks = nn.ModuleList([EncoderBlock(config) for _ in range(config.encoder_depth)])
        self.norm = nn.LayerNorm(config.width)

    def forward(self, sound: Tensor) -> Tensor:
        """Return the memory of `sound`, float32 (B, S, F): a vector each 40 ms, float32 (B, S, W)."""
        mask = padding_mask(sound)
        x = self.embed(sound) + self.positions[: sound.size(1)]  # (B, S, W)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


class Decoder(nn.Module):
    """Spells, each character by those before it and by what the encoder heard."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.characters = nn.Embedding(config.vocabulary, config.width)
        self.register_buffer("positions", sinusoids(config.positions, config.width), persistent=False)
        self.blocks = nn.ModuleList([DecoderBlock(config) for _ in range(config.decoder_depth)])
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.vocabulary)

    def forward(self, text: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Score what follows each character of `text`, int64 (B, T).

        Args:
            text: START and what has been spelled so far.
            memory: the encoder's, float32 (B, S, W).
            mask: true where the sound is filled up, bool (B, 1, 1, S).

        Returns:
            float32 (B, T, V): a score a character of the vocabulary.
        """
        length = text.size(1)
        future = torch.ones(length, length, dtype=torch.bool, device=text.device).triu(1)  # (T, T)
        x = self.characters(text) + self.positions[:length]  # (B, T, W)
        for block in self.blocks:
            x = block(x, memory, future, mask)
        return self.head(self.norm(x))


class SpeechTransformer(nn.Module):
    """Speech to text as in "Speech-Transformer" (Dong et al. 2018), small and pre-norm."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def forward(self, sound: Tensor, text: Tensor) -> dict[str, Tensor]:
        """Score the next character at every place of a known text (teacher forcing).

        Args:
            sound: log-mel features, 40 ms a token, zeros after the shorter ones, float32 (B, S, 160).
            text: START and the characters of the phrase, int64 (B, T).

        Returns:
            `logits`, float32 (B, T, 30): at each place, a score for every character that may follow.
        """
        return {"logits": self.decoder(text, self.encoder(sound), padding_mask(sound))}
