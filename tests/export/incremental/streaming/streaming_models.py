"""Small encoders that only look back, each in its own way, and ones that do not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, pad

WIDTH, HEADS, WINDOW = 8, 2, 5


class Attention(nn.Module):
    """Multi-head self-attention under a mask that ``mask(times)`` returns, as it is added to scores."""

    def __init__(self, mask: Callable[[Tensor], Tensor | None], *, rotary: bool = False) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.mask = mask
        self.rotary = rotary

    def forward(self, x: Tensor) -> Tensor:
        batch, times, _ = x.shape
        q, k, v = self.qkv(x).view(batch, times, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        place = torch.arange(times)
        if self.rotary:
            q, k = rotated(q, place), rotated(k, place)
        scores = q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS)
        mask = self.mask(place)
        weights = torch.softmax(scores if mask is None else scores + mask, -1)
        mixed: Tensor = self.out((weights @ v).transpose(1, 2).reshape(batch, times, WIDTH))
        return mixed


def rotated(x: Tensor, place: Tensor) -> Tensor:
    """Rotate halves of the channels by their place."""
    half = x.size(-1) // 2
    angles = place.float().unsqueeze(1) * torch.tensor([1.0, 0.1])[:half]
    one, other = x.chunk(2, -1)
    cosine, sine = angles.cos(), angles.sin()
    return torch.cat((one * cosine - other * sine, one * sine + other * cosine), -1)


def hidden(where: Tensor) -> Tensor:
    return torch.zeros(where.shape).masked_fill(where, -math.inf)


def band(place: Tensor) -> Tensor:
    back = place.unsqueeze(1) - place
    return hidden((back < 0) | (back >= WINDOW))


def alibi(place: Tensor) -> Tensor:
    back = place.unsqueeze(1) - place
    slopes = torch.tensor([0.5, 0.25]).view(HEADS, 1, 1)
    return band(place) - slopes * back


def chunks(size: int) -> Callable[[Tensor], Tensor]:
    """Let each time see its chunk and the one before."""

    def mask(place: Tensor) -> Tensor:
        chunk = torch.div(place, size, rounding_mode="floor")
        apart = chunk.unsqueeze(1) - chunk
        return hidden((apart < 0) | (apart > 1))

    return mask


def chunked_causal(size: int) -> Callable[[Tensor], Tensor]:
    """Let each time see what has been of its chunk."""

    def mask(place: Tensor) -> Tensor:
        chunk = torch.div(place, size, rounding_mode="floor")
        return hidden((place.unsqueeze(1) < place) | (chunk.unsqueeze(1) != chunk))

    return mask


def causal(place: Tensor) -> Tensor:
    return hidden(place.unsqueeze(1) < place)


def subtracted_mean(x: Tensor) -> Tensor:
    return x - x.mean(1, keepdim=True)


def open_to_all(_: Tensor) -> None:
    return None


class Attending(nn.Module):
    """Two layers of attention with a norm and an MLP."""

    def __init__(self, mask: Callable[[Tensor], Tensor | None], *, rotary: bool = False) -> None:
        super().__init__()
        self.embed = nn.Linear(3, WIDTH)
        self.layers = nn.ModuleList(Attention(mask, rotary=rotary) for _ in range(1))
        self.norm = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 4))

    def forward(self, frames: Tensor) -> Tensor:
        x = self.embed(frames)
        for layer in self.layers:
            x = x + layer(x)
        answer: Tensor = self.mlp(self.norm(x))
        return answer


class Convolving(nn.Module):
    """Causal convolutions: strided, dilated, with padding cut off behind, and a pool; then a shift by one."""

    def __init__(self) -> None:
        super().__init__()
        self.strided = nn.Conv1d(3, WIDTH, 5, stride=2)
        self.dilated = nn.Conv1d(WIDTH, WIDTH, 3, dilation=2)
        self.cut = nn.Conv1d(WIDTH, WIDTH, 4, padding=3, groups=2)

    def forward(self, frames: Tensor) -> Tensor:
        x = torch.relu(self.strided(pad(frames.transpose(1, 2), (3, 0))))
        x = x + self.dilated(pad(x, (4, 0), value=0.5))
        x = torch.tanh(self.cut(x)[..., :-3])
        x = x + avg_pool1d(pad(x, (2, 0)), 3, 1)
        x = x.transpose(1, 2)
        return x - pad(x, (0, 0, 1, 0))[:, :-1]


class Running(nn.Module):
    """Subtracts from each frame the mean of all that were heard so far; stacks two frames."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 4)

    def forward(self, frames: Tensor) -> Tensor:
        heard = torch.arange(1, frames.size(1) + 1).unsqueeze(1)
        x = frames - frames.cumsum(1) / heard
        answer: Tensor = self.head(x.reshape(x.size(0), -1, 6))
        return answer


class Frames(nn.Module):
    """Answers each frame by what it is told to do with frames (B, S, 3)."""

    def __init__(self, answer: Callable[[Tensor], Tensor], layer: nn.Module | None = None) -> None:
        super().__init__()
        self.causal = nn.Conv1d(3, 3, 3)
        self.layer = layer or nn.Identity()
        self.answer = answer

    def forward(self, frames: Tensor) -> Tensor:
        x = self.causal(pad(frames.transpose(1, 2), (2, 0))).transpose(1, 2)
        return self.answer(self.layer(x))


class Positions(nn.Module):
    """Adds learned positions."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(200, 3)

    def forward(self, x: Tensor) -> Tensor:
        table: Tensor = self.table(torch.arange(x.size(1)))
        return x + table


class ChannelsFirst(nn.Module):
    """Applies a layer of (B, C, S) to (B, S, C)."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        inner: Tensor = self.inner(x.transpose(1, 2))
        return inner.transpose(1, 2)


class Each(nn.Module):
    """Encoders side by side, of the same frames (B, S, 3): an output each."""

    def __init__(self, encoders: Mapping[str, Callable[[], nn.Module]]) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({name: build() for name, build in encoders.items()})

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        return {f"{name}_answer": encoder(frames) for name, encoder in self.encoders.items()}


HOP = 4
STREAMING: dict[str, Callable[[], nn.Module]] = {
    "band": lambda: Attending(band),
    "distance": lambda: Attending(alibi),
    "rotary": lambda: Attending(band, rotary=True),
    "chunk": lambda: Attending(chunks(HOP)),
    "half_chunk": lambda: Attending(chunks(HOP // 2)),
    "triple_chunk": lambda: Attending(chunked_causal(3 * HOP)),
    "convolutions": Convolving,
    "sums": Running,
}

REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "all_to_all": (lambda: Attending(open_to_all), r"Attention of layer '.*layers.0' looks \d+ times ahead"),
    "all_before": (lambda: Attending(causal), "looks back over all .* without a limit"),
    "double_chunk": (lambda: Attending(chunks(2 * HOP)), "looks 4 times ahead of a hop"),
    "mean": (lambda: Frames(subtracted_mean), "ReduceMean of layer '.*' looks over all time at once"),
    "padded_twice": (
        lambda: Frames(torch.relu, ChannelsFirst(nn.Conv1d(3, 3, 3, padding=1))),
        r"Conv of layer '.*layer.inner' looks 1 values ahead: its window of 3 is padded by 1 before",
    ),
    "unpadded": (
        lambda: Frames(torch.relu, ChannelsFirst(nn.Conv1d(3, 3, 3))),
        "first answers after 3 values, 2 later than a stream .* pad 2 before the first",
    ),
    "positions": (
        lambda: Frames(torch.relu, Positions()),
        "looks positions up in a table of 200 rows, which a stream runs past",
    ),
    "last": (lambda: Frames(lambda x: x[:, -1]), "takes frames by their place in the whole|picks frames"),
    "norm": (lambda: Frames(torch.relu, ChannelsFirst(nn.InstanceNorm1d(3))), "looks over all time at once"),
    "backwards": (lambda: Frames(lambda x: x.flip(1)), "takes every other frame|takes frames by"),
}
