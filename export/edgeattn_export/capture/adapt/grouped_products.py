"""Products with a matrix for each group of rows, as a mixture of experts has them, one after the other.

Before: grouped_mm(x, W, offs=e)               x (R, D), sorted by group; W (G, D, N); e (G), where groups end
After:  Concat(x[:e[0]] @ W[0], x[e[0]:e[1]] @ W[1], ...)

Before: any_library.any_name(x, W, e)          which answers a probe as grouped_mm does
After:  edgeattn.grouped_mm(x, W, e)

Each is a linear layer then, over as many rows as its expert was given: none at all, where it was given none.
PyTorch cannot look into a library's own operator, so that one is recognized by its answer to a probe.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import onnx_ir as ir
import onnxscript
import torch
from torch import Tensor

op: Any = onnxscript.opset23
LAST = sys.maxsize  # of a slice, its end where there is none

Function = Callable[..., Tensor]
_PYTORCHS = ("aten", "prims", "prim", "higher_order")
_AXES = [2, 3, 1]  # of rows, of matrices, and of where groups end


@torch.library.custom_op("edgeattn::grouped_mm", mutates_args=())
def grouped_mm(x: Tensor, weight: Tensor, ends: Tensor) -> Tensor:
    """Return the rows of ``x`` (R, D), each times its group's matrix of ``weight`` (G, D, N): (R, N).

    Stands for PyTorch's operator in an exported program, where that one is only for bfloat16. Rows behind
    the last group, which PyTorch leaves undefined, count among it.
    """
    starts = [0, *ends.tolist()[:-1], x.size(0)]
    rows = (x[start:end] for start, end in pairwise(starts))
    return torch.cat([part @ matrix for part, matrix in zip(rows, weight, strict=True)])


@grouped_mm.register_fake
def _(x: Tensor, weight: Tensor, ends: Tensor) -> Tensor:  # noqa: ARG001 (the operator's own signature)
    return x.new_empty(x.size(0), weight.size(2))


def grouped_mm_in_turn(x: ir.Value, weight: ir.Value, ends: ir.Value) -> ir.Value:
    """Write ``grouped_mm`` in ONNX."""
    groups = weight.shape[0] if weight.shape is not None else None
    if not isinstance(groups, int):
        raise TypeError(f"grouped_mm: {groups} groups found; expected a number that no input changes")
    at = op.Cast(ends, to=ir.DataType.INT64)
    bounds = [[0], *(op.Slice(at, [group], [group + 1]) for group in range(groups - 1)), [LAST]]
    products = [
        op.MatMul(op.Slice(x, start, end, [0]), op.Gather(weight, group, axis=0))
        for group, (start, end) in enumerate(pairwise(bounds))
    ]
    joined: ir.Value = op.Concat(*products, axis=0)  # (R, N)
    return joined


def product_by_group(
    func: Function, x: Tensor, weight: Tensor, *, offs: Tensor | None = None, **rest: Any
) -> Tensor:
    """Call the operator that takes PyTorch's place where rows are grouped, and nothing else is asked."""
    if offs is None or (x.dim(), weight.dim()) != (2, 3) or any(value is not None for value in rest.values()):
        return func(x, weight, offs=offs, **rest)
    product: Tensor = grouped_mm(x, weight, offs)
    return product


def name_hidden_operators(program: torch.export.ExportedProgram) -> None:
    """Replace, in place, operators of no known parts by the known ones that answer alike."""
    for node in program.graph.nodes:
        arguments = (*node.args, *node.kwargs.values())
        if node.op == "call_function" and _is_hidden(node.target) and _is_grouped(node.target, arguments):
            node.target, node.args, node.kwargs = torch.ops.edgeattn.grouped_mm.default, arguments, {}


def _is_hidden(target: Any) -> bool:
    hidden = isinstance(target, torch._ops.OpOverload) and target.namespace not in _PYTORCHS
    return hidden and not target._schema.is_mutable


def _is_grouped(target: Any, arguments: tuple[Any, ...]) -> bool:
    """Say whether an operator takes rows, matrices and ends, and answers a probe as ``grouped_mm`` does."""
    values = [each.meta.get("val") if isinstance(each, torch.fx.Node) else None for each in arguments]
    tensors = [value for value in values if isinstance(value, Tensor)]
    if len(tensors) < len(arguments) or [value.dim() for value in tensors] != _AXES:
        return False
    draw = torch.Generator().manual_seed(0)
    x, weight = torch.randn(5, 4, generator=draw), torch.randn(3, 4, 3, generator=draw)
    probe = x, weight, torch.tensor([2, 2, 5], dtype=tensors[2].dtype)  # groups of two rows, none and three
    try:
        answer, expected = target(*probe), grouped_mm(*probe)
    except Exception:  # whatever a library raises: it takes something else
        return False
    return isinstance(answer, Tensor) and answer.shape == expected.shape and torch.allclose(answer, expected)
