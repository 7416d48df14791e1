"""Which positions of an output are padding, as the input that marks padding has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.capture import Captured
from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.padding import find_padding
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_runtime.bundle.rows import Padding
from edgeattn_runtime.graph import Graph, Tensor


@dataclass(frozen=True, slots=True)
class Padded:
    """A contract, and how padding is marked in it.

    Attributes:
        graph: Inputs and outputs.
        padding: Found by ``edgeattn_export.graph.padding``; None where no input marks it.
        notes: Why it was not looked for to the end.
    """

    graph: Graph
    padding: Padding | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, captured: Captured, samples: Samples) -> Padded:
        """Find how padding is marked for a model, on real samples."""
        answer = captured.engine.runner(captured.model)
        inputs = [sample.inputs for sample in samples]
        padding, notes = with_fallback(
            "the reading of padding", lambda: find_padding(answer, captured.graph, inputs), None
        )
        return cls(captured.graph, padding, notes)

    def without_padding(self, inputs: Inputs, outputs: Outputs) -> Outputs:
        """Return the outputs without padded positions.

        What a model answers at a padded position is read by nobody, and int8 need not repeat it.

        Returns:
            By name, an output (B, S, ...) as (N, ...), N its positions that count; others as they are. Where
            it has S twice, as attention weights (B, H, S, S) do, N are the pairs whose positions both count.
        """
        return {
            tensor.name: self.counted(inputs, tensor, outputs[tensor.name]) for tensor in self.graph.outputs
        }

    def counted_dims(self, tensor: Tensor) -> tuple[int | str, ...]:
        """Return the dims of what ``counted`` returns of an output: positions first, then the others."""
        axes = self._padded_axes(tensor, len(tensor.dims))
        if not axes:
            return tensor.dims
        return ("positions", *(dim for axis, dim in enumerate(tensor.dims) if axis and axis not in axes))

    def counted(self, inputs: Inputs, tensor: Tensor, array: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return what counts of an array whose first dims are those of an output."""
        axes = self._padded_axes(tensor, array.ndim)
        if self.padding is None or not axes:
            return array
        positions = inputs[self.padding.mask] != self.padding.masked_out  # (B, S)
        valid = positions
        for _ in axes[1:]:
            valid = valid[..., None] & positions.reshape(len(positions), *(1,) * (valid.ndim - 1), -1)
        counts: NDArray[np.generic] = np.moveaxis(array, axes, range(1, len(axes) + 1))[valid]
        return counts

    def _padded_axes(self, tensor: Tensor, ndim: int) -> list[int]:
        """Return the axes that have a place for each position of the input that marks padding."""
        if self.padding is None:
            return []
        batch, symbol = next(given.dims for given in self.graph.inputs if given.name == self.padding.mask)
        if tensor.dims[:1] != (batch,):
            return []
        return [axis for axis, dim in enumerate(tensor.dims[:ndim]) if axis and dim == symbol]
