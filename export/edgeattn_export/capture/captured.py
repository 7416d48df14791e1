"""What every later stage starts from: a float graph, its contract, and the original to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import onnx_ir as ir

from edgeattn_export.capture.own_cache.cache import OwnCache
from edgeattn_export.capture.trained_grids import FLOAT_TRAINED, Trained
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.dataflow import axis_of, dims, is_constant, producer, same_dims
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples
from edgeattn_runtime.bundle.manifest import INTEGERS, Graph, Symbol, Tensor
from edgeattn_runtime.errors import CaptureError

OPSET = 23  # the first that holds attention as one operator
EXPORT_TOLERANCE = 1e-3  # of what a channel varies by: two engines' float sums, not a changed computation


# What gives all integers of its first input as they are.
_VIEWS = ("Cast", "Expand", "Flatten", "Identity", "Reshape", "Squeeze", "Tile", "Transpose", "Unsqueeze")
_INDEX_TYPES = (ir.DataType.INT32, ir.DataType.INT64)  # of Gather


def contract_of(model: ir.Model, axes: Axes, samples: Samples) -> tuple[Graph, dict[str, Symbol]]:
    """Return what a call of a float graph takes and gives, and the bounds of every symbol in it.

    Raises:
        CaptureError: An end of the graph has no dtype.
    """
    inputs = tuple(_input(value, axes, samples) for value in model.graph.inputs)
    outputs = tuple(Tensor(value.name or "", _dtype(value), _dims(value)) for value in model.graph.outputs)
    computed = (dim for tensor in outputs for dim in tensor.dims if isinstance(dim, str))
    symbols = dict.fromkeys((*axes.symbols, *computed))
    return Graph(inputs, outputs), {name: Symbol(1, _largest_size(model, name)) for name in symbols}


def _input(value: ir.Value, axes: Axes, samples: Samples) -> Tensor:
    name, dtype = value.name or "", _dtype(value)
    rows = _table_rows(value) if dtype in INTEGERS else None
    # Of an ONNX file an index below 0 counts from the table's end: a real one says that it is meant so.
    if rows is not None and any(int(np.min(sample.inputs[name])) < 0 for sample in samples):
        rows = None
    return Tensor(name, dtype, axes.dims[name], rows, axes.lengths.get(name))


def _table_rows(indices: ir.Value) -> int | None:
    """Return the rows of the smallest constant table in which every integer of a value is looked up.

    Only Gather is a lookup: PyTorch's ``Embedding`` and ``index_select`` become it, which refuse an index
    below 0. ``table[ids]``, to which -1 is the last row, becomes GatherND. Nothing is known of integers that
    are replaced, clipped, added to or cut on their way: there, -1 may be padding.

    Returns:
        None where there is no such table.
    """
    rows: list[int | None] = []
    for node, place in indices.uses():
        if node.domain or node.graph is not indices.graph:  # a branch of If may not be run
            continue
        if node.op_type == "Gather" and place == 1 and _is_table(node.inputs[0]):
            size = dims(node.inputs[0])[axis_of(node, 0)]
            rows.append(size if isinstance(size, int) else None)
        elif _keeps_integers(node, place):
            rows.append(_table_rows(node.outputs[0]))
    return min((size for size in rows if size is not None), default=None)


def _keeps_integers(node: ir.Node, place: int) -> bool:
    if node.op_type == "Slice":  # one that cuts nothing off
        return place == 0 and same_dims(dims(node.inputs[0]), dims(node.outputs[0]))
    if node.op_type == "Cast" and node.outputs[0].dtype not in _INDEX_TYPES:
        return False
    return node.op_type == "Concat" or (node.op_type in _VIEWS and place == 0)


def _is_table(value: ir.Value | None) -> bool:
    """Say whether a value is a constant, perhaps transposed or cast, which folding leaves of a large one."""
    while (node := producer(value, "Cast", "Identity", "Reshape", "Transpose")) is not None:
        value = node.inputs[0]
    return is_constant(value)


def _dtype(value: ir.Value) -> str:
    if value.dtype is None:
        raise CaptureError(f"{value.name!r}: the export gives it no dtype; return it as a plain tensor")
    return str(value.dtype.numpy())


def _dims(value: ir.Value) -> tuple[int | str, ...]:
    return tuple(dim if isinstance(dim, int) else str(dim.value) for dim in value.shape or ())


def _largest_size(model: ir.Model, symbol: str) -> int | None:
    """Read a symbol's bound off the tables that it slices: 512 positions cut to ``sequence`` of them."""
    rows = [
        full
        for node in model.graph
        if node.op_type == "Slice" and node.inputs[0] is not None
        for full, cut in zip(node.inputs[0].shape or (), node.outputs[0].shape or (), strict=False)
        if isinstance(full, int) and str(cut) in (symbol, f"Min({full}, {symbol})")
    ]
    return min(rows, default=None)


@dataclass(frozen=True, slots=True)
class Captured:
    """A module as a float graph, its contract, and the original to compare with.

    A cache that the module's own ``forward`` takes and returns is no part of the graph.

    Attributes:
        reference: The module, or the ONNX file that was handed over instead.
        engine: Runs the graph on this machine, wherever something is to be proven of it.
        cache: The module's own.
        passed: By name, what the module returns of its inputs unchanged, and which: no outputs of the graph.
        notes: What the model author should know of it, a line each.
        trained: What training has quantized of it.
        decided: The largest size of an axis at which forward decides as at the samples' sizes, by symbol.
    """

    model: ir.Model
    graph: Graph
    symbols: Mapping[str, Symbol]
    axes: Axes
    reference: Runner
    engine: Engine
    cache: OwnCache | None = None
    passed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    trained: Trained = FLOAT_TRAINED
    decided: Mapping[str, int] = field(default_factory=dict)

    def on_grids(self) -> Captured:
        """Return the same, its weights on the grids that training left them: what becomes int8."""
        if not self.trained.weights:
            return self
        model = self.model.clone()
        for name, weight in self.trained.weights.items():
            model.graph.initializers[name].const_value = ir.tensor(weight, name=name)
        return replace(self, model=model)
