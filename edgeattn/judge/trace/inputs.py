"""The inputs that a trace runs: evaluation samples, and some of them again with padding at their end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from edgeattn.judge.padding import Padded
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.fixed import Sizes
from edgeattn_runtime.graph import Tensor

MOST_SAMPLES = 64  # an error that none of so many shows is seldom where a model's loss comes from
PADDED_SAMPLES = 8  # of them, the longest, that come again
VISIBLE_SHARE = 2 / 3  # of their positions, which then stay


@dataclass(frozen=True, slots=True)
class TraceInput:
    """One input.

    Attributes:
        name: Of the evaluation sample, for a person: "12", or "12 padded".
        inputs: By name.
        counting: Where its positions count, bool (batch, sequence); None where all do.
        real: Whether it is a sample as it came.
    """

    name: str
    inputs: Inputs
    counting: NDArray[np.bool_] | None = None
    real: bool = True

    def counted(self, tensor: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return a tensor (batch, sequence, ...) without padded positions; any other as it is."""
        if self.counting is None or tensor.shape[:2] != self.counting.shape:
            return tensor
        return tensor[self.counting]


def trace_inputs(
    samples: Samples, padded: Padded, axes: Axes, sizes: Sizes, pad: int, *, most: int = MOST_SAMPLES
) -> Iterator[TraceInput]:
    """Yield samples spread over all, and the longest again with padding in their last third.

    Samples that come one by one are seldom padded, and a mask that hides nothing shows no fault.

    Args:
        samples: The evaluation samples.
        padded: How padding is marked; where no input marks it, tokens may.
        axes: The samples' axes.
        sizes: Those that the graphs fix, to which samples are cut and joined; empty where they fix none.
        pad: The token that stands for padding.
        most: How many samples to take.
    """
    picked = np.unique(np.linspace(0, len(samples) - 1, most).astype(int)).tolist()
    inputs = {
        i: sized_inputs(samples[i : i + 1], axes, sizes) if sizes else samples[i].inputs for i in picked
    }
    for i in picked:
        yield TraceInput(str(i), inputs[i], _counting(inputs[i], padded))
    longest = sorted(picked, key=lambda i: -sum(array.size for array in inputs[i].values()))
    for i in longest[:PADDED_SAMPLES]:
        changed = {**inputs[i], **dict(_with_padding(inputs[i], padded, pad))}
        if any(changed[name] is not array for name, array in inputs[i].items()):
            yield TraceInput(f"{i} padded", changed, _counting(changed, padded), real=False)


def pad_token(module: nn.Module) -> int:
    """Return the token that a model's embeddings keep for padding; 0, the usual one, where they keep none."""
    paddings = (it.padding_idx for it in module.modules() if isinstance(it, nn.Embedding))
    return next((token for token in paddings if token is not None), 0)


def _counting(inputs: Inputs, padded: Padded) -> NDArray[np.bool_] | None:
    return None if padded.padding is None else inputs[padded.padding.mask] != padded.padding.masked_out


def _with_padding(inputs: Inputs, padded: Padded, pad: int) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Yield the input that marks padding, or else all of tokens, with padding in its last third."""
    padding = padded.padding
    for tensor in padded.graph.inputs:
        array = inputs[tensor.name]
        marks_padding = _is_tokens(tensor) if padding is None else tensor.name == padding.mask
        if marks_padding and array.shape[1] > 1:
            changed = array.copy()
            changed[:, max(1, round(array.shape[1] * VISIBLE_SHARE)) :] = (
                pad if padding is None else padding.masked_out
            )
            yield tensor.name, changed


def _is_tokens(tensor: Tensor) -> bool:
    return np.dtype(tensor.dtype).kind in "iu" and len(tensor.dims) == 2 and isinstance(tensor.dims[1], str)
