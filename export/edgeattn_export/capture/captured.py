"""What every later stage starts from: a float graph, its contract, and the original to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx_ir as ir

from edgeattn_export.capture.own_cache.cache import OwnCache
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_runtime.errors import CaptureError
from edgeattn_runtime.manifest import Graph, Symbol, Tensor

OPSET = 23  # the first that holds attention as one operator
EXPORT_TOLERANCE = 1e-3  # of the output's scale: two engines' float sums, not a changed computation


def contract_of(model: ir.Model, axes: Axes) -> tuple[Graph, dict[str, Symbol]]:
    """Return what a call of ``model`` takes and gives, and the bounds of every symbol in it.

    Raises:
        CaptureError: An end of the graph has no dtype.
    """
    inputs = tuple(
        Tensor(value.name or "", _dtype(value), axes.dims[value.name or ""]) for value in model.graph.inputs
    )
    outputs = tuple(Tensor(value.name or "", _dtype(value), _dims(value)) for value in model.graph.outputs)
    computed = (dim for tensor in outputs for dim in tensor.dims if isinstance(dim, str))
    symbols = dict.fromkeys((*axes.symbols, *computed))
    return Graph(inputs, outputs), {name: Symbol(1, _largest_size(model, name)) for name in symbols}


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
