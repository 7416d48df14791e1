"""A transformer that hears one of ten spoken words; from samples of sound to the word, in one graph."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from mel import LogMel
from noise import RATE, TEST_SNR, noisy, placed
from safetensors.torch import load_file
from torch import Tensor, nn

HERE = Path(__file__).parent
NOISE_SEED = 0
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
LABELS = (*WORDS, "another word", "no word")

dynamic = {"audio": ("batch", None)}
budget = {"r2": 0.98, "metric_drop": 0.005}
card = {
    "description": "Hears one of ten spoken words in a second of sound.",
    "license": "apache-2.0",
}
processing = {
    "audio": {"input": "audio", "rate": RATE, "channels": 1},
    "labels": {"output": "logits", "names": LABELS},
    "prediction": {"kind": "classes", "scores": "softmax"},
}


@dataclass(frozen=True)
class Config:
    """The network's sizes."""

    samples: int = RATE  # a second
    frame: int = 200  # samples: 25 ms
    hop: int = 80  # samples: 10 ms, so that a second has 98 frames
    mels: int = 40
    stack: int = 2  # frames a token: 49 tokens
    width: int = 128
    depth: int = 3
    heads: int = 4
    hidden: int = 384  # inside the feed-forward network


class Attention(nn.Module):
    """Multi-head self-attention, step by step as the paper has it (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.dim = config.width // config.heads
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, config.width)

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
    """A pre-norm transformer block: attention, then an MLP, each added to what came in.

    Args:
        width: Of a token.
        hidden: Inside the MLP.
        attention: Mixes the tokens (B, S, W).
    """

    def __init__(self, width: int, hidden: int, attention: nn.Module) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = attention
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        """Refine the tokens `x` (B, S, W); the shape stays."""
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class KeywordTransformer(nn.Module):
    """A keyword transformer (Berg et al. 2021): log-mel frames are the tokens, their mean is classified."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        frames = 1 + (config.samples - config.frame) // config.hop
        self.stack = config.stack
        self.log_mel = LogMel(RATE, config.frame, config.hop, config.mels)
        self.embed = nn.Linear(config.stack * config.mels, config.width)
        self.position = nn.Parameter(0.02 * torch.randn(1, frames // config.stack, config.width))
        self.blocks = nn.ModuleList(
            [Block(config.width, config.hidden, Attention(config)) for _ in range(config.depth)]
        )
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, len(LABELS))

    def forward(self, audio: Tensor) -> dict[str, Tensor]:
        """Hear which word was said.

        Args:
            audio: a second of sound from -1 to 1, 8,000 samples, float32 (B, 8000).

        Returns:
            `logits`, float32 (B, 12): a score a label.
        """
        frames = self.log_mel(audio)  # (B, 98, mels)
        frames = frames - frames.mean(dim=(1, 2), keepdim=True)  # as loud as any other
        x = self.embed(frames.unflatten(1, (-1, self.stack)).flatten(2))  # (B, 49, W)
        x = x + self.position
        for block in self.blocks:
            x = block(x)
        return {"logits": self.head(self.norm(x).mean(dim=1))}  # (B, labels)


def model() -> nn.Module:
    """Return the trained network, in eval mode."""
    network = KeywordTransformer(Config())
    network.load_state_dict(load_file(HERE / "weights.safetensors"))
    return network.eval()


def decoded(codes: Tensor) -> Tensor:
    """Return the sound of 8-bit mu-law `codes` (ITU-T G.711), float32 from -1 to 1, in the shape given."""
    bent = codes.float() / 127.5 - 1
    return bent.sign() * (256 ** bent.abs() - 1) / 255


def clips() -> tuple[Tensor, Tensor]:
    """Return clips of the test's voices in noise, float32 (N, 8000) from -1 to 1, and labels, int64 (N,)."""
    kept = load_file(HERE / "words.safetensors")
    words = decoded(kept["audio"]).split(kept["lengths"].tolist())
    draw = torch.Generator().manual_seed(NOISE_SEED)
    return noisy(placed(list(words), kept["starts"]), TEST_SNR, draw), kept["labels"].long()


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Yield clips of voices never heard in training: `audio` float32 (1, 8000), and its label, int64 (1,)."""
    for audio, label in zip(*clips(), strict=True):
        yield {"audio": audio[None]}, label[None]


def raw() -> Iterator[dict[str, object]]:
    """Yield the same clips as sounds: their rate, and their samples, float32 (8000,)."""
    for audio in clips()[0]:
        yield {"audio": {"rate": RATE, "samples": audio}}


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    """Return the accuracy: the share of clips whose highest logit is the label."""
    return (outputs["logits"].argmax(dim=-1) == target).float().mean().item()


def pretty(outputs: dict[str, Tensor]) -> str:
    """Say what was heard and how surely, such as "left (98 %)"."""
    certainty, label = torch.softmax(outputs["logits"], dim=-1)[0].max(dim=-1)
    return f"{LABELS[label.item()]} ({certainty.item():.0%})".replace("%", " %")
