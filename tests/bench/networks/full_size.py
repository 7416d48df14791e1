"""Networks at full size with random weights: they tell of time and memory, and nothing of accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    ViTConfig,
    ViTModel,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

SEED = 0
LENGTHS = (32, 128, 64, 100, 128, 40, 80, 128, 60, 20, 90, 50)  # tokens of each sample
SPOKEN = tuple(length // 4 + 1 for length in LENGTHS[:8])  # tokens of each transcript
IMAGES, SIDE = 10, 224  # and pixels a side
MELS, FRAMES = 80, 3000  # of 30 seconds of sound

Samples = Iterator[dict[str, Tensor]]


class Answer(nn.Module):
    """One output of a network, by its name."""

    def __init__(self, network: nn.Module, output: str) -> None:
        super().__init__()
        self.network, self.output = network, output

    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        """Return what the network answers, without its cache."""
        return {self.output: getattr(self.network(**inputs), self.output)}


class Tokens(Answer):
    """Of tokens and their mask."""

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        return super().forward(input_ids=input_ids, attention_mask=attention_mask)


class Text(Answer):
    """Of tokens alone."""

    def forward(self, input_ids: Tensor) -> dict[str, Tensor]:
        return super().forward(input_ids=input_ids)


class Image(Answer):
    """Of pixels."""

    def forward(self, pixel_values: Tensor) -> dict[str, Tensor]:
        return super().forward(pixel_values=pixel_values)


class Speech(Answer):
    """Of sound, and of the tokens said so far."""

    def forward(self, input_features: Tensor, decoder_input_ids: Tensor) -> dict[str, Tensor]:
        return super().forward(input_features=input_features, decoder_input_ids=decoder_input_ids)


@dataclass(frozen=True, slots=True)
class Network:
    """What builds a network, and its samples from drawn numbers."""

    build: Callable[[], nn.Module]
    samples: Callable[[torch.Generator], Samples]

    def module(self) -> nn.Module:
        """Return the network in eval mode, the same every time."""
        torch.manual_seed(SEED)
        return self.build().eval()

    def inputs(self) -> list[dict[str, Tensor]]:
        """Return its samples, the same every time."""
        return list(self.samples(torch.Generator().manual_seed(SEED)))


def _whisper_tiny() -> nn.Module:
    layers = {"encoder_layers": 4, "decoder_layers": 4}
    heads = {"encoder_attention_heads": 6, "decoder_attention_heads": 6}
    widths = {"d_model": 384, "encoder_ffn_dim": 1536, "decoder_ffn_dim": 1536}
    config = WhisperConfig(**layers, **heads, **widths, use_cache=False)
    return Speech(WhisperForConditionalGeneration(config), "logits")


def _vit_small() -> nn.Module:
    config = ViTConfig(hidden_size=384, num_attention_heads=6, intermediate_size=1536)
    return Image(ViTModel(config, add_pooling_layer=False), "last_hidden_state")


def _images(draw: torch.Generator) -> Samples:
    for _ in range(IMAGES):
        yield {"pixel_values": torch.randn(1, 3, SIDE, SIDE, generator=draw)}


def _text(draw: torch.Generator) -> Samples:
    for length in LENGTHS:
        yield {"input_ids": torch.randint(1000, 30000, (1, length), generator=draw)}


def _masked(draw: torch.Generator) -> Samples:
    for inputs in _text(draw):
        yield {**inputs, "attention_mask": torch.ones_like(inputs["input_ids"])}


def _speech(draw: torch.Generator) -> Samples:
    for length in SPOKEN:
        sound = torch.randn(1, MELS, FRAMES, generator=draw)
        yield {
            "input_features": sound,
            "decoder_input_ids": torch.randint(0, 50000, (1, length), generator=draw),
        }


NETWORKS = {
    "vit-small": Network(_vit_small, _images),
    "whisper-tiny": Network(_whisper_tiny, _speech),
    "bert-base": Network(
        lambda: Tokens(BertModel(BertConfig(), add_pooling_layer=False), "last_hidden_state"), _masked
    ),
    "gpt2": Network(lambda: Text(GPT2LMHeadModel(GPT2Config(use_cache=False)), "logits"), _text),
}
