"""A module's own cache at work: a text taken in several calls, each with what the one before it returned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.capture.adapt.tracing import slow_path
from edgeattn_export.capture.original.answer import named_outputs
from edgeattn_export.capture.original.reference import Call, Reference
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import ModelError

ONE_BY_ONE = 32  # tokens; further ones come as one chunk, so that a proof's time is bounded
Array = NDArray[np.generic]
PositionArgument = Callable[[int, int], object]  # the first new token's place, and the place after the last


def chunkings(length: int) -> Iterator[tuple[int, ...]]:
    """Yield ways to cut a text: all one by one, half and then one by one, and in thirds."""
    half, third = length // 2, length // 3
    yield _one_by_one(length)
    if half:
        yield half, *_one_by_one(length - half)
    if third:
        yield third, third, length - 2 * third


def chunk_text(chunks: tuple[int, ...]) -> str:
    """Return the lengths of the chunks for a message, the first few of many."""
    first = ", ".join(map(str, chunks[:4]))
    return first if len(chunks) <= 4 else f"{first}, ..."


def _one_by_one(length: int) -> tuple[int, ...]:
    single = (1,) * min(length, ONE_BY_ONE)
    return single if length <= ONE_BY_ONE else (*single, length - ONE_BY_ONE)


@dataclass(frozen=True, slots=True)
class TextRoles:
    """The roles in a module's call.

    Attributes:
        tokens: Name of the input of integer tokens (batch, sequence).
        logits: Name of the output (batch, sequence, vocabulary).
        masks: Inputs (batch, sequence) that speak of past and new tokens together.
        axes: The axes of all inputs.
        beginning: What the module is given in addition to its inputs where there is no past.
    """

    tokens: str
    logits: str
    masks: frozenset[str]
    axes: Axes
    beginning: Mapping[str, object]

    def length(self, inputs: Inputs) -> int:
        """Return the number of tokens."""
        length: int = inputs[self.tokens].shape[1]
        return length

    def call(self, module: nn.Module, inputs: Inputs) -> Mapping[str, object]:
        """Return what a call without a past returns, by name; raises ModelError where the module fails."""
        return call_outputs(module, self.beginning, inputs)

    def whole_logits(self, module: nn.Module, inputs: Inputs) -> Array:
        """Return the logits of a call without a past; raises ModelError where the module fails."""
        return output_array(self.call(module, inputs), self.logits)

    def cut(self, inputs: Inputs, begin: int, end: int) -> Inputs:
        """Return the inputs of the call for the tokens from ``begin`` to ``end``."""
        return {name: self._cut(name, value, begin, end) for name, value in inputs.items()}

    def _cut(self, name: str, value: Array, begin: int, end: int) -> Array:
        for axis in self.grown_axes(name):
            value = np.take(value, range(0 if name in self.masks else begin, end), axis)
        return value

    def grown_axes(self, name: str) -> tuple[int, ...]:
        """Return the axes of an input that grow with the tokens."""
        tokens, dims = self.axes.dims[self.tokens], self.axes.dims[name]
        if isinstance(tokens[1], str):
            return tuple(axis for axis, dim in enumerate(dims) if dim == tokens[1])
        return (1,) if dims[:2] == tokens else ()  # of one length in all samples: only a size proves little


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCache:
    """How a module's cache goes from one call into the next.

    Attributes:
        module: Called in inference mode.
        text: The roles in its call.
        outputs: Names of the outputs that are the cache.
        parameters: In their order, the parameters that take them.
        positions: Parameters that are given the places of the new tokens, and how.
        left_out: Outputs that are no answer for the tokens: the cache, and what follows only from a source.
        objection: Why the cache cannot be relied on, or None where it is proven.
    """

    module: nn.Module
    text: TextRoles
    outputs: tuple[str, ...]
    parameters: tuple[str, ...]
    positions: Mapping[str, PositionArgument]
    left_out: frozenset[str]
    objection: str | None = None

    def logits(self, inputs: Inputs, chunks: Sequence[int]) -> Array:
        """Return the logits of a text (batch, sequence, vocabulary), made in chunks of these lengths.

        Raises:
            ModelError: The module failed.
        """
        logits = [output_array(pieces, self.text.logits) for pieces in self.walk(inputs, chunks)]
        return np.concatenate(logits, axis=1)

    def walk(self, inputs: Inputs, chunks: Sequence[int]) -> Iterator[Mapping[str, object]]:
        """Yield what each call returns, by name.

        Raises:
            ModelError: The module failed.
        """
        past: Mapping[str, object] = {}
        for chunk, end in zip(chunks, np.cumsum(chunks).tolist(), strict=True):
            begin = end - chunk
            positions = {name: position(begin, end) for name, position in self.positions.items() if begin}
            arguments = {**self.text.beginning, **positions, **past}
            pieces = call_outputs(self.module, arguments, self.text.cut(inputs, begin, end))
            past = {
                name: pieces.get(output) for name, output in zip(self.parameters, self.outputs, strict=True)
            }
            yield pieces


def call_outputs(module: nn.Module, arguments: Mapping[str, object], inputs: Inputs) -> Mapping[str, object]:
    """Return what one call returns, by name.

    Raises:
        ModelError: The module failed.
    """
    with slow_path():
        return named_outputs(Reference(module, Call(arguments)).bind(inputs)())


def output_array(pieces: Mapping[str, object], name: str) -> Array:
    """Return one of what a call returned as an array.

    Raises:
        ModelError: There is no such tensor.
    """
    value = pieces.get(name)
    if not isinstance(value, torch.Tensor):
        raise ModelError(
            f"output {name!r}: {type(value).__name__} found, a tensor expected, as in the first call"
        )
    return value.cpu().numpy()
