"""The keyword transformer that listens on: it looks back alone, and answers every 20 ms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from mel import LogMel
from model import HERE, LABELS, NOISE_SEED, Block, decoded
from noise import RATE, TEST_SNR, noisy, placed
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import pad

CLIP = 3 * RATE // 2  # samples of a clip: a second with a word in it, and half a second to answer
NO_WORD = LABELS.index("no word")

dynamic = {"audio": ("batch", "samples")}
streaming = {"input": "audio", "hop": 160}
budget = {"cosine": 0.99, "metric_drop": 0.01}
processing = {"audio": {"input": "audio", "rate": RATE, "channels": 1}}
card = {
    "description": "Listens on, and hears ten spoken words, each as it ends.",
    "license": "apache-2.0",
}


@dataclass(frozen=True)
class Config:
    """The network's sizes."""

    frame: int = 200  # samples: 25 ms
    hop: int = 80  # samples: 10 ms
    mels: int = 40
    stack: int = 2  # frames a token, of 20 ms
    loudness: int = 100  # frames that tell how loud it is: a second
    nearby: int = 9  # tokens that tell a token's place
    width: int = 128
    depth: int = 3
    heads: int = 4
    window: int = 32  # tokens that attention sees, its own the last
    hidden: int = 384  # inside the feed-forward network


class Causal(nn.Module):
    """A convolution that reads what has been, and begins after silence."""

    def __init__(self, convolution: nn.Conv1d) -> None:
        super().__init__()
        self.convolution = convolution
        self.past = convolution.kernel_size[0] - convolution.stride[0]

    def forward(self, x: Tensor) -> Tensor:
        """Filter `x` (B, C, S)."""
        return self.convolution(pad(x, (self.past, 0)))


class Loudness(nn.Module):
    """Subtracts from log-mel frames their mean over the last second."""

    ones: Tensor

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.register_buffer("ones", torch.ones(1, 1, frames), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Make `frames` (B, F, mels) as loud as any others."""
        energy = pad(frames.mean(dim=2).unsqueeze(1), (self.frames - 1, 0))  # (B, 1, F - 1 more)
        heard = torch.arange(1, frames.size(1) + 1).clamp(max=self.frames)  # frames that are summed, (F,)
        mean = nn.functional.conv1d(energy, self.ones) / heard  # (B, 1, F)
        return frames - mean.transpose(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention that sees the last tokens alone."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.dim = config.width // config.heads
        self.window = config.window
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the tokens `x` (B, S, W); the shape stays."""
        batch, tokens, _ = x.shape
        q = self.query(x).view(batch, tokens, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        k = self.key(x).view(batch, tokens, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        v = self.value(x).view(batch, tokens, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        place = torch.arange(tokens)
        back = place.unsqueeze(1) - place  # tokens from a query back to a key, (S, S)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.dim)  # (B, H, S, S)
        scores = scores.masked_fill((back < 0) | (back >= self.window), -math.inf)
        mixed = torch.matmul(torch.softmax(scores, dim=-1), v)  # (B, H, S, D)
        return self.output(mixed.transpose(1, 2).reshape(batch, tokens, self.heads * self.dim))  # (B, S, W)


class StreamingKeywordTransformer(nn.Module):
    """A keyword transformer whose every layer looks back alone, a limited way; each token is classified."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.width
        self.past = config.frame - config.hop
        self.log_mel = LogMel(RATE, config.frame, config.hop, config.mels)
        self.loudness = Loudness(config.loudness)
        self.embed = nn.Conv1d(config.mels, width, config.stack, stride=config.stack)
        self.place = Causal(nn.Conv1d(width, width, config.nearby, groups=width))
        self.blocks = nn.ModuleList(
            [Block(config.width, config.hidden, Attention(config)) for _ in range(config.depth)]
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, len(LABELS))

    def forward(self, audio: Tensor) -> dict[str, Tensor]:
        """Hear which words are said.

        Args:
            audio: sound at 8 kHz from -1 to 1, of any length, float32 (B, samples).

        Returns:
            `logits`, float32 (B, samples / 160, 12): a score a label, each 20 ms.
        """
        frames = self.loudness(self.log_mel(pad(audio, (self.past, 0))))  # (B, samples / 80, mels)
        x = self.embed(frames.transpose(1, 2))  # (B, W, S)
        x = (x + self.place(x)).transpose(1, 2)  # (B, S, W)
        for block in self.blocks:
            x = block(x)
        return {"logits": self.head(self.norm(x))}  # (B, S, labels)


def model() -> nn.Module:
    """Return the trained network, in eval mode."""
    network = StreamingKeywordTransformer(Config())
    network.load_state_dict(load_file(HERE / "streaming.safetensors"))
    return network.eval()


def clips() -> tuple[Tensor, Tensor]:
    """Return clips of the test's voices in noise, float32 (N, 12000) from -1 to 1, and labels, int64 (N,)."""
    kept = load_file(HERE / "words.safetensors")
    words = decoded(kept["audio"]).split(kept["lengths"].tolist())
    draw = torch.Generator().manual_seed(NOISE_SEED)
    return noisy(placed(list(words), kept["starts"], CLIP), TEST_SNR, draw), kept["labels"].long()


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Yield clips of voices never heard in training: `audio` float32 (1, 12000); and labels, int64 (1,)."""
    for audio, label in zip(*clips(), strict=True):
        yield {"audio": audio[None]}, label[None]


def raw() -> Iterator[dict[str, object]]:
    """Yield the same clips as sounds: their rate, and their samples, float32 (12000,)."""
    for audio in clips()[0]:
        yield {"audio": {"rate": RATE, "samples": audio}}


def heard(logits: Tensor) -> Tensor:
    """Return by how much each label exceeds "no word", at its best in a clip, (B, S, 12) to (B, 12)."""
    return (logits - logits[..., NO_WORD, None]).amax(dim=1)


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    """Return the accuracy: the share of clips in which the label is heard best."""
    return (heard(outputs["logits"]).argmax(dim=-1) == target).float().mean().item()


def pretty(outputs: dict[str, Tensor]) -> str:
    """Say what was heard and when, such as "left at 0.68 s"."""
    logits = outputs["logits"][0]
    label = int(heard(logits[None]).argmax())
    when = int((logits[:, label] - logits[:, NO_WORD]).argmax())
    said = LABELS[label]
    return said if label == NO_WORD else f"{said} at {(when + 1) * streaming['hop'] / RATE:.2f} s"
