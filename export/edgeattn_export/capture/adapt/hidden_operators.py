"""Operators of a library's own are told by what they answer: PyTorch cannot look into them.

Before: any_library.any_name(x, W, e)          which answers a probe as grouped_mm does
After:  edgeattn.grouped_mm(x, W, e)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from edgeattn_export.capture.adapt.grouped_products import grouped_mm

_PYTORCHS = ("aten", "prims", "prim", "higher_order")
_AXES = [2, 3, 1]  # of rows, of matrices, and of where groups end


def name_hidden_operators(program: torch.export.ExportedProgram) -> None:
    """Replace, in place, operators of no known parts by the known ones that answer alike."""
    for node in program.graph.nodes:
        given = (*node.args, *node.kwargs.values())
        if node.op == "call_function" and _is_hidden(node.target) and _is_grouped(node.target, given):
            node.target, node.args, node.kwargs = torch.ops.edgeattn.grouped_mm.default, given, {}


def _is_hidden(target: Any) -> bool:
    hidden = isinstance(target, torch._ops.OpOverload) and target.namespace not in _PYTORCHS
    return hidden and not target._schema.is_mutable


def _is_grouped(target: Any, given: tuple[Any, ...]) -> bool:
    """Say whether an operator takes rows, matrices and ends, and answers a probe as ``grouped_mm`` does."""
    values = [each.meta.get("val") if isinstance(each, torch.fx.Node) else None for each in given]
    tensors = [value for value in values if isinstance(value, Tensor)]
    if len(tensors) < len(given) or [value.dim() for value in tensors] != _AXES:
        return False
    draw = torch.Generator().manual_seed(0)
    x, weight = torch.randn(5, 4, generator=draw), torch.randn(3, 4, 3, generator=draw)
    probe = x, weight, torch.tensor([2, 2, 5], dtype=tensors[2].dtype)  # groups of two rows, none and three
    try:
        found, expected = target(*probe), grouped_mm(*probe)
    except Exception:  # whatever a library raises: it takes something else
        return False
    return isinstance(found, Tensor) and found.shape == expected.shape and torch.allclose(found, expected)
