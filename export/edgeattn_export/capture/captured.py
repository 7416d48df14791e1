"""What every later stage starts from: a float graph, its contract, and the original to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx_ir as ir

from edgeattn_export.capture.own_cache.own import OwnCache
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_runtime.manifest import Graph, Symbol

OPSET = 23  # the first that holds attention as one operator
EXPORT_TOLERANCE = 1e-3  # of the output's scale: two engines' float sums, not a changed computation


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
