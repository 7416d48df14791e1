"""Which positions of an output are padding, as the model's own mask tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.manifest import Graph, Tensor

Arrays = Mapping[str, NDArray[Any]]


def without_padding(graph: Graph, inputs: Arrays, outputs: Arrays) -> dict[str, NDArray[Any]]:
    """Return the outputs with the positions left out that a mask among the inputs hides.

    What a model answers at a padded position is read by nobody, and int8 need not repeat it. A mask is an
    input (B, S) named like one, of bool or of the integers 0 and 1; it speaks for outputs (B, S, ...).

    Returns:
        By name, an output (B, S, ...) as (N, ...), N its positions that count; others as they are.
    """
    kept = {}
    for tensor in graph.outputs:
        output = outputs[tensor.name]
        mask = _mask_of(tensor, graph, inputs)
        kept[tensor.name] = output if mask is None else output[mask]  # (N, ...)
    return kept


def _mask_of(output: Tensor, graph: Graph, inputs: Arrays) -> NDArray[np.bool_] | None:
    for tensor in graph.inputs:
        if "mask" in tensor.name and _aligned(tensor, output):
            values = inputs[tensor.name]
            if values.dtype.kind in "biu" and bool(((values == 0) | (values == 1)).all()):
                return values.astype(np.bool_)
    return None


def _aligned(mask: Tensor, output: Tensor) -> bool:
    # (1, 10) logits beside a mask of 10 fixed positions are no sequence: sizes alone prove little.
    alike = len(mask.dims) == 2 and output.dims[:2] == mask.dims
    return alike and (isinstance(mask.dims[1], str) or len(output.dims) > 2)
