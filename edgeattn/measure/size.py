"""How many megabytes (10^6 bytes) a module and a graph take."""

from __future__ import annotations

from itertools import chain

import onnx_ir as ir
from torch import nn

from edgeattn_export.graph.serialize import file_mb
from edgeattn_export.quantize.parts import Parts


def module_mb(module: nn.Module) -> float:
    """Return the size of a module's parameters and buffers; what layers share counts once."""
    return sum(tensor.nbytes for tensor in chain(module.parameters(), module.buffers())) / 1e6


def parts_mb(parts: Parts) -> float:
    """Return the size of all graphs of a bundle."""
    return sum(graph_mb(part.quantized.model) for part in parts.graphs.values())


def graph_mb(model: ir.Model) -> float:
    """Return the size of a graph with its weights, as it lies on disk."""
    return file_mb(model)
