"""Counting a graph's operators."""

from __future__ import annotations

from collections import Counter

import onnx_ir as ir


def operators(model: ir.Model) -> dict[str, int]:
    """Return how often each operator occurs, the most frequent first."""
    return dict(Counter(node.op_type for node in model.graph.all_nodes()).most_common())
