"""A decoder from elsewhere, whose masks are spelled in twenty operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.incremental import Steps, derive_steps
from edgeattn_export.recover import recover

TOLERANCE = 1e-5  # of the logits' scale
VOCABULARY, POSITIONS = 60, 24

Arrays = Mapping[str, NDArray[np.generic]]


class GPT2(nn.Module):
    """transformers' own, its logits alone."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import GPT2Config, GPT2LMHeadModel

        config = GPT2Config(
            vocab_size=VOCABULARY,
            n_positions=POSITIONS,
            n_embd=16,
            n_layer=1,
            n_head=2,
            bos_token_id=0,
            eos_token_id=0,
            attn_implementation="eager",  # the other one is in tests/generation
        )
        self.model = GPT2LMHeadModel(config)

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        return {"logits": self.model(input_ids=tokens, use_cache=False).logits}


def test_steps_say_what_transformers_says(
    exported: Callable[..., tuple[Captured, Samples]],
    stepped: Callable[[Steps, Arrays, Sequence[int]], Arrays],
    scaled_error: Callable[[Arrays, Arrays], float],
) -> None:
    torch.manual_seed(0)
    texts = [torch.randint(VOCABULARY, (1, length)) for length in (5, 12, 9)]
    captured, samples = exported(GPT2(), [{"tokens": text} for text in texts])
    steps = derive_steps(captured, recover(captured, samples), samples)
    assert isinstance(steps, Steps), steps
    assert steps.positions == POSITIONS
    inputs = sized_inputs(samples, captured.axes, {"batch": 2, "sequence": 10})
    taken = stepped(steps, inputs, (3, 1, 1, 5))
    assert scaled_error(captured.reference(inputs), taken) < TOLERANCE
