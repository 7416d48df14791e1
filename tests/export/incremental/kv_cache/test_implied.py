"""Masks and positions of a decoder's own tokens: its step form takes tokens alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from decoder_parts import WIDTH
from draws import drawn_seed
from step_models import VOCABULARY, Block
from torch import Tensor, nn

from edgeattn_export.capture import Captured, read_samples
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.samples import Samples
from edgeattn_export.incremental import Steps, derive_steps
from edgeattn_export.incremental.stages import is_decoder
from edgeattn_export.recover import recover

TOLERANCE = 1e-5  # of the logits' scale
LONGEST, LENGTHS = 32, (6, 9, 12)

Export = Callable[..., tuple[Captured, Samples]]


class Masked(nn.Module):
    """A causal decoder that is also told which tokens are padding, and where each stands."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.block, self.head = Block(self.mix, 4), nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens: Tensor, mask: Tensor, positions: Tensor) -> dict[str, Tensor]:
        length = tokens.size(1)
        self.seen = torch.ones(length, length, dtype=torch.bool).tril() & (mask != 0)[:, None, None, :]
        return {"logits": self.head(self.block(self.embed(tokens) + self.places(positions)))}

    def mix(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=self.seen)


def _sample(length: int, shown: slice) -> dict[str, Tensor]:
    tokens = torch.randint(
        1, VOCABULARY, (2, length), generator=torch.Generator().manual_seed(drawn_seed(length))
    )
    mask = torch.ones_like(tokens)
    mask[1] = 0
    mask[1, shown] = 1
    return {"tokens": tokens, "mask": mask, "positions": torch.arange(length)}


@pytest.fixture(scope="module")
def masked(exported: Export) -> Captured:
    torch.manual_seed(drawn_seed(0))
    return exported(Masked(), [_sample(length, slice(None)) for length in LENGTHS])[0]


def _samples(masked: Captured, shown: slice) -> Samples:
    return read_samples(masked.reference.module, [_sample(length, shown) for length in LENGTHS])


@pytest.mark.parametrize("shown", [slice(None), slice(-2)])  # no padding, and padding that stands last
def test_steps_take_tokens_alone_and_say_what_pytorch_says(
    shown: slice,
    masked: Captured,
    stepped_error: Callable[..., float],
) -> None:
    samples = _samples(masked, shown)
    assert [tensor.name for tensor in masked.graph.inputs] == ["tokens", "mask", "positions"]
    assert is_decoder(masked, samples)
    steps = derive_steps(masked, recover(masked, samples), samples)
    assert isinstance(steps, Steps), steps
    generation = steps.generation
    assert (generation.kind, generation.tokens, generation.sources) == ("decoder", "tokens", ())
    inputs = {name: np.asarray(value) for name, value in _sample(10, slice(None)).items()}
    assert stepped_error(masked, steps, inputs, (4, 1, 5)) < TOLERANCE


def test_padding_that_stands_first_is_refused(masked: Captured) -> None:
    samples = _samples(masked, slice(2, None))
    refused = derive_steps(masked, recover(masked, samples), samples)
    assert isinstance(refused, Refusal)
    assert refused.reason.startswith("inputs of the output's length 'sequence'")
