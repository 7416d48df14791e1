"""A small GPT that continues a story: rotary positions, grouped-query attention, all written by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, silu

HERE = Path(__file__).parent
LENGTHS = (32, 48, 64, 96, 128, 256)  # tokens of the samples
SHOWN = 3  # continuations that `pretty` names

dynamic = {"tokens": ("batch", "sequence")}
budget = {"r2": 0.98, "metric_drop": 0.002}
card = {
    "description": "Continues a story in the manner of Jane Austen.",
    "license": "apache-2.0",
    "language": "en",
}
processing = {
    "text": {
        "tokenizer": HERE / "tokenizer.json",
        "ids": "tokens",
        "mask": None,
        "types": None,
        "longest": None,  # a long beginning is to be cut at its front, by whoever knows what matters in it
    }
}


@dataclass(frozen=True)
class Config:
    """The network's sizes."""

    vocabulary: int = 1024
    positions: int = 1024  # tokens: the longest text
    width: int = 128
    depth: int = 4
    heads: int = 4
    groups: int = 2  # heads of keys and values: two query heads share one
    hidden: int = 256  # width of the MLP
    base: float = 10_000.0  # rotary wavelengths run from 2 pi to almost 2 pi base, in tokens


class RMSNorm(nn.Module):
    """Division by the root mean square (Zhang & Sennrich 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Bring the vectors `x` (..., W) to one size; the shape stays."""
        return x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + 1e-6) * self.weight


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn each pair (i, i + D/2) of `x` (B, H, S, D) by its position's angle (Su et al. 2021, 3.4)."""
    first, second = x.chunk(2, dim=-1)  # (B, H, S, D/2) each
    return x * cosine + torch.cat((-second, first), dim=-1) * sine


class Attention(nn.Module):
    """Causal self-attention whose query heads share keys and values in groups (Ainslie et al. 2023)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads, self.groups = config.heads, config.groups
        self.dim = config.width // config.heads
        self.query = nn.Linear(config.width, config.width, bias=False)
        self.key = nn.Linear(config.width, config.groups * self.dim, bias=False)
        self.value = nn.Linear(config.width, config.groups * self.dim, bias=False)
        self.output = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, future: Tensor) -> Tensor:
        """Mix the tokens `x` (B, S, W), each with those before it; the shape stays.

        Args:
            x: tokens, float32 (B, S, W).
            cosine: of the positions' angles, float32 (S, D).
            sine: of the same angles, float32 (S, D).
            future: true where a key lies after its query, bool (S, S).
        """
        batch, length, _ = x.shape
        q = self.query(x).view(batch, length, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        k = self.key(x).view(batch, length, self.groups, self.dim).transpose(1, 2)  # (B, G, S, D)
        v = self.value(x).view(batch, length, self.groups, self.dim).transpose(1, 2)  # (B, G, S, D)
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        k = k.repeat_interleave(self.heads // self.groups, dim=1)  # (B, H, S, D)
        v = v.repeat_interleave(self.heads // self.groups, dim=1)  # (B, H, S, D)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.dim)  # (B, H, S, S)
        scores = scores.masked_fill(future, float("-inf"))
        mixed = torch.matmul(torch.softmax(scores, dim=-1), v)  # (B, H, S, D)
        mixed = mixed.transpose(1, 2).reshape(batch, length, self.heads * self.dim)  # (B, S, W)
        return self.output(mixed)


class MLP(nn.Module):
    """SwiGLU: a SiLU gate times a linear map (Shazeer 2020)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.hidden, bias=False)
        self.up = nn.Linear(config.width, config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Work on each token of `x` (B, S, W) alone; the shape stays."""
        return self.down(silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    """A pre-norm transformer block: attention, then an MLP, each added to what came in."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm1 = RMSNorm(config.width)
        self.attention = Attention(config)
        self.norm2 = RMSNorm(config.width)
        self.mlp = MLP(config)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, future: Tensor) -> Tensor:
        """Refine the tokens `x` (B, S, W); the shape stays."""
        x = x + self.attention(self.norm1(x), cosine, sine, future)
        return x + self.mlp(self.norm2(x))


class StoryTransformer(nn.Module):
    """A causal decoder in the manner of Llama (Touvron et al. 2023), its head tied to its embedding."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.positions = config.positions
        self.embed = nn.Embedding(config.vocabulary, config.width)
        nn.init.normal_(self.embed.weight, std=0.02)  # as a head, it starts with nearly equal odds
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.depth)])
        self.norm = RMSNorm(config.width)
        dim = config.width // config.heads
        speed = config.base ** (-torch.arange(0, dim, 2) / dim)  # (D/2), radians a token
        angle = torch.outer(torch.arange(config.positions), torch.cat((speed, speed)))  # (positions, D)
        self.register_buffer("cosine", angle.cos(), persistent=False)
        self.register_buffer("sine", angle.sin(), persistent=False)

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Score what follows each token, given it and those before it.

        Args:
            tokens: pieces of text, int64 (B, S), S at most 1,024.

        Returns:
            `logits`, float32 (B, S, 1024): a score a piece of the vocabulary.

        Raises:
            ValueError: The text is longer than the positions.
        """
        length = tokens.size(1)
        if length > self.positions:
            raise ValueError(f"{length} tokens; expected at most {self.positions}: cut the text's beginning")
        cosine, sine = self.cosine[:length], self.sine[:length]  # (S, D)
        future = torch.ones(length, length, dtype=torch.bool, device=tokens.device).triu(1)  # (S, S)
        x = self.embed(tokens)  # (B, S, W)
        for block in self.blocks:
            x = block(x, cosine, sine, future)
        return {"logits": linear(self.norm(x), self.embed.weight)}  # (B, S, vocabulary)


def model() -> nn.Module:
    """Return the trained network, in eval mode."""
    network = StoryTransformer(Config())
    network.load_state_dict(load_file(HERE / "weights.safetensors"))
    return network.eval()


@cache
def tokenizer() -> Tokenizer:
    """Return the vocabulary: 1,024 pieces of 1 to 11 bytes, which spell any text."""
    return Tokenizer.from_file(str(HERE / "tokenizer.json"))


def encode(text: str) -> Tensor:
    """Return the tokens of `text`, int64 (1, S)."""
    return torch.tensor([tokenizer().encode(text).ids], dtype=torch.int64)


def decode(tokens: Tensor) -> str:
    """Return the text of `tokens`, int64 (S) or (1, S)."""
    return tokenizer().decode(tokens.flatten().tolist())


def held_out() -> str:
    """Return the chapters that took no part in training, a paragraph a line."""
    return (HERE / "held_out.txt").read_text(encoding="utf-8")


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Yield held-out passages of 32 to 256 tokens: `tokens` and what follows each, both int64 (1, S)."""
    text, start = encode(held_out()), 0  # (1, all)
    for length in cycle(LENGTHS):  # one after another: no two share a word
        end = start + length + 1
        if end > text.size(1):
            return
        yield {"tokens": text[:, start : end - 1]}, text[:, start + 1 : end]
        start = end


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    """Return the mean probability of the token that follows: how often a draw of the odds is right."""
    odds = torch.softmax(outputs["logits"], dim=-1)  # (1, S, vocabulary)
    return odds.gather(-1, target[..., None]).mean().item()


@torch.no_grad()
def bits_per_byte(network: nn.Module, text: str) -> float:
    """Return the mean of -log2 of the probability of each byte of `text`, read 1,024 tokens at a time."""
    tokens = encode("\n" + text)  # (1, S + 1)
    nats = 0.0
    for start in range(0, tokens.size(1) - 1, Config.positions):
        window = tokens[0, start : start + Config.positions + 1]
        logits = network(window[None, :-1])["logits"][0]  # (positions or less, vocabulary)
        nats += cross_entropy(logits, window[1:], reduction="sum").item()
    return nats / math.log(2) / len(text.encode())


def pretty(outputs: dict[str, Tensor]) -> str:
    """Name the likeliest continuations, such as `" of" (61 %), " to" (7 %), "," (5 %)`."""
    odds = torch.softmax(outputs["logits"][0, -1], dim=-1).topk(SHOWN)
    pairs = zip(odds.indices, odds.values.tolist(), strict=True)
    return ", ".join(f'"{decode(token)}" ({certainty:.0%})'.replace("%", " %") for token, certainty in pairs)
