"""Small encoder-decoders whose sources are no tokens alone: pixels, a sound and its mask, waves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from decoder_parts import HEADS, SIZE, WIDTH, Cut, scaled_scores
from draws import drawn_seed
from step_models import PADDING, VOCABULARY
from torch import Tensor, nn

PIXELS, PATCH = 8, 4
BANDS, STRIDE = 6, 2  # of a sound's spectrogram, and of its encoder's convolution


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


class Decoder(nn.Module):
    """One block over the tokens, and what they take from a memory (B, S, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)
        self.place = Cut()
        self.decode, self.cross = Cross(), Cross()

    def forward(self, target: Tensor, memory: Tensor, masked_out: Tensor) -> Tensor:
        x = self.place(self.embed(target))
        future = torch.ones(x.size(1), x.size(1), dtype=torch.bool).triu(1)
        return self.head(self.cross(self.decode(x, x, future), memory, masked_out))


class Translator(nn.Module):
    """Reads tokens, told which of them are padding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(VOCABULARY, WIDTH), Cut()
        self.encode, self.decoder = Cross(), Decoder()

    def forward(self, source: Tensor, seen: Tensor, target: Tensor) -> dict[str, Tensor]:
        masked_out = (seen == PADDING)[:, None, None]  # (B, 1, 1, S)
        memory = self.place(self.embed(source))
        return {"logits": self.decoder(target, self.encode(memory, memory, masked_out), masked_out)}


class Unmasked(Translator):
    """Sees itself which tokens of its source are padding."""

    def forward(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        return super().forward(source, source, target)


class Captioner(nn.Module):
    """Reads a picture of one size; its decoder stands first among the inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.encode, self.decoder = Cross(), Decoder()

    def forward(self, target: Tensor, pixels: Tensor) -> dict[str, Tensor]:
        memory = self.patches(pixels).flatten(2).mT  # (B, patches, W)
        shown = torch.zeros(target.size(0), 1, 1, memory.size(1), dtype=torch.bool)
        return {"logits": self.decoder(target, self.encode(memory, memory, shown), shown)}


class Listener(nn.Module):
    """Reads a sound in fewer frames than it has, and answers with what it has read too."""

    def __init__(self) -> None:
        super().__init__()
        self.frames = nn.Conv1d(BANDS, WIDTH, 7, STRIDE, padding=3)
        self.encode, self.decoder = Cross(), Decoder()

    def forward(self, sound: Tensor, shown: Tensor, target: Tensor) -> dict[str, Tensor]:
        masked_out = ~shown[:, None, None, ::STRIDE]  # (B, 1, 1, frames)
        memory = self.frames((sound * shown[..., None]).mT).mT  # (B, frames, W)
        memory = self.encode(memory, memory, masked_out)
        return {"logits": self.decoder(target, memory, masked_out), "memory": memory}


class Waves(nn.Module):
    """Reads a sound whose frames are longer than any small size: 50 numbers each."""

    def __init__(self) -> None:
        super().__init__()
        self.frames, self.decoder = nn.Conv1d(1, WIDTH, 50, 25), Decoder()

    def forward(self, sound: Tensor, target: Tensor) -> Tensor:
        memory = self.frames(sound[:, None]).mT  # (B, frames, W)
        return self.decoder(target, memory, torch.zeros(1, 1, 1, 1, dtype=torch.bool))


class Gated(Captioner):
    """Is also told which words to prefer: its decoder alone reads that."""

    def forward(self, target: Tensor, pixels: Tensor, gate: Tensor) -> dict[str, Tensor]:
        return {"logits": super().forward(target, pixels)["logits"] + gate}


class Verbose(Captioner):
    """Also answers with something of its tokens."""

    def forward(self, target: Tensor, pixels: Tensor) -> dict[str, Tensor]:
        return {**super().forward(target, pixels), "embedded": self.decoder.embed(target)}


class OnePicture(Captioner):
    """Reads one picture for the whole batch."""

    def forward(self, target: Tensor, pixels: Tensor) -> dict[str, Tensor]:
        return super().forward(target, pixels.expand(target.size(0), -1, -1, -1))


SOURCE_MODELS: Mapping[str, Callable[[], nn.Module]] = {
    "translation": Unmasked,
    "two sources": Translator,
    "pixels": Captioner,
    "sound": Listener,
    "waves": Waves,
    "gated": Gated,
    "verbose": Verbose,
    "one picture": OnePicture,
}


def source_sample_of(name: str, length: int) -> dict[str, Tensor]:
    """Return one input of a model."""
    draw = torch.Generator().manual_seed(drawn_seed(length))
    target = {"target": torch.randint(1, VOCABULARY, (1, length), generator=draw)}
    read = length + length % 4  # other lengths than the target's
    if name in ("translation", "two sources"):
        source = torch.randint(1, VOCABULARY, (1, read), generator=draw)
        seen = {"seen": torch.ones_like(source)} if name == "two sources" else {}
        return {"source": source, **seen, **target}
    if name == "sound":
        sound = torch.randn(1, 2 * read, BANDS, generator=draw)
        return {"sound": sound, "shown": torch.ones(sound.shape[:2], dtype=torch.bool), **target}
    if name == "waves":
        return {"sound": torch.randn(1, 40 * read, generator=draw), **target}
    if name == "one picture":
        target["target"] = target["target"].repeat(1 + length % 2, 1)
    if name == "gated":
        target["gate"] = torch.randn(1, 1, VOCABULARY, generator=draw)
    return {**target, "pixels": torch.randn(1, 3, PIXELS, PIXELS, generator=draw)}
