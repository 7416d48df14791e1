"""Which positions of an output are padding, as the input that tells padding has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.capture import Captured
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.padding import find_padding
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.rows import Padding


@dataclass(frozen=True, slots=True)
class Padded:
    """A contract, and how padding is told in it.

    Attributes:
        graph: Inputs and outputs.
        padding: Found by ``edgeattn_export.graph.padding``; None where no input tells it.
        notes: Why it was not looked for to the end.
    """

    graph: Graph
    padding: Padding | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, captured: Captured, samples: Samples) -> Padded:
        """Find how a model is told of padding, on real samples."""
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

    def counted(self, inputs: Inputs, tensor: Tensor, array: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return what counts of an array whose first dims are those of an output."""
        if self.padding is None:
            return array
        batch, symbol = next(given.dims for given in self.graph.inputs if given.name == self.padding.mask)
        axes = [axis for axis, dim in enumerate(tensor.dims[: array.ndim]) if axis and dim == symbol]
        if tensor.dims[:1] != (batch,) or not axes:
            return array
        positions = inputs[self.padding.mask] != self.padding.masked_out  # (B, S)
        valid = positions
        for _ in axes[1:]:
            valid = valid[..., None] & positions.reshape(len(positions), *(1,) * (valid.ndim - 1), -1)
        counts: NDArray[np.generic] = np.moveaxis(array, axes, range(1, len(axes) + 1))[valid]
        return counts
