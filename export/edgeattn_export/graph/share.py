"""What several layers compute alike, such as their mask, is computed once."""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes import Sequential
from onnx_ir.passes.common import (
    CommonSubexpressionEliminationPass,
    DeduplicateInitializersPass,
    RemoveUnusedNodesPass,
)


def share(model: ir.Model) -> None:
    """Merge equal constants and equal computations, in place."""
    Sequential(DeduplicateInitializersPass(), CommonSubexpressionEliminationPass(), RemoveUnusedNodesPass())(
        model
    )
