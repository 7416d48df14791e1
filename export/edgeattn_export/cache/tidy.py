"""What every graph made here ends with: nothing unused, nothing twice, every name once."""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes import Sequential
from onnx_ir.passes.common import (
    CommonSubexpressionEliminationPass,
    DeduplicateInitializersPass,
    NameFixPass,
    RemoveUnusedNodesPass,
)


def tidied(model: ir.Model) -> ir.Model:
    """Return the model, put in order in place."""
    Sequential(
        NameFixPass(),
        RemoveUnusedNodesPass(),
        DeduplicateInitializersPass(),
        CommonSubexpressionEliminationPass(),
        RemoveUnusedNodesPass(),
    )(model)
    return model
