"""A graph with sizes bound to its symbols, and all that follows from them computed once.

Before: x (batch, sequence), Range(0, Shape(x), 1)       {"batch": 1, "sequence": 4}
After:  x (1, 4), [0, 1, 2, 3]

Weights stay the tensors that they were, and quantized constants as they are stored: graphs bound to several
sizes are written with one file of weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir
import sympy
from onnx_ir.passes.common import RemoveUnusedNodesPass
from onnxscript.optimizer import fold_constants

from edgeattn_export.capture.dims import name_dims
from edgeattn_export.graph.dataflow import Dims, dims
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.share import share
from edgeattn_export.graph.views import size_of
from edgeattn_runtime.errors import ModelError

ANY_SIZE = 2**31  # elements of a constant: a table of positions too is cut to those that there are


def bind(model: ir.Model, sizes: Mapping[str, int]) -> ir.Model:
    """Return a copy of a graph in which no size is left open.

    Args:
        model: Of dynamic sizes; left as it is.
        sizes: Of every symbol in its inputs.

    Raises:
        ModelError: A size follows from an input's numbers, not from the symbols.
    """
    bound = model.clone()
    for value in (*bound.graph.inputs, *(v for node in bound.graph for v in node.outputs)):
        if value.shape is not None:
            value.shape = ir.Shape([_size(dim, sizes) for dim in dims(value)])
    name_dims(bound)
    fold_constants(bound, input_size_limit=ANY_SIZE, output_size_limit=ANY_SIZE)
    name_dims(bound)
    RemoveUnusedNodesPass()(bound)
    share(bound)
    _check(bound, sizes)
    return bound


def _size(dim: int | str | None, sizes: Mapping[str, int]) -> int | str | None:
    """Return the size that a dim such as ``2*sequence`` comes to, or the dim where that is not known."""
    expression = size_of(dim)
    if expression is None:
        return dim
    known = {sympy.Symbol(name, integer=True, positive=True): size for name, size in sizes.items()}
    found = expression.subs(known)
    return int(found) if found.is_Integer else dim


def _check(model: ir.Model, sizes: Mapping[str, int]) -> None:
    for node in model.graph:
        open_dims: list[Dims] = [dims(value) for value in node.outputs if not _is_fixed(value)]
        if open_dims:
            fixed = ", ".join(f"{symbol} {size}" for symbol, size in sizes.items())
            raise ModelError(
                f"{node.op_type} in {module_of(node) or 'the model'}: its size is open with {fixed}, as "
                "it follows from an input's numbers; export for a target of dynamic sizes, such as cpu"
            )


def _is_fixed(value: ir.Value) -> bool:
    return value.shape is not None and all(isinstance(dim, int) for dim in value.shape)
