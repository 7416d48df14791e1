"""Where two activations are multiplied, and what lies between their product and a softmax, or after one."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, is_constant, producer, same_dim

ELEMENTWISE = ("Mul", "Div", "Add", "Sub", "Where")  # what lays scales and masks on scores
# Beyond these nobody would say that a value is still made of one product, and of nothing else that matters.
PASSED = frozenset(
    {
        *ELEMENTWISE,
        *("Abs", "Cast", "Clip", "Concat", "Conv", "Einsum", "Exp", "Expand", "Gather", "Identity", "IsNaN"),
        *("Log", "MatMul", "Max", "Min", "Neg", "Pad", "Pow", "ReduceMean", "ReduceSum", "Relu", "Reshape"),
        *("Sigmoid", "Slice", "Softplus", "Split", "Sqrt", "Squeeze", "Tanh", "Transpose", "Unsqueeze"),
    }
)

Path = tuple[ir.Node, ...]


def is_product(value: ir.Value | None) -> bool:
    """Say whether a value is a product of two activations, scaled and masked or not."""
    node = producer(value, "MatMul", *ELEMENTWISE)
    if node is None or node.op_type == "MatMul":
        return node is not None and _multiplies(node)
    return any(map(is_product, node.inputs))


def is_softmax(value: ir.Value | None) -> bool:
    """Say whether a value is a softmax, scaled, masked and guarded or not."""
    node = producer(value, "Softmax", *ELEMENTWISE)
    return node is not None and (node.op_type == "Softmax" or any(map(is_softmax, node.inputs)))


def products_before(value: ir.Value | None) -> Iterator[tuple[ir.Value, Path]]:
    """Yield the nearest products of two activations that a value is made of, and the nodes between."""
    queue: list[tuple[ir.Value | None, Path]] = [(value, ())]
    visited: set[ir.Value | None] = set()
    while queue:
        current, path = queue.pop(0)
        node = producer(current, *PASSED) if current not in visited else None
        visited.add(current)
        if node is not None and current is not None and _multiplies(node):
            yield current, path
        elif node is not None:
            queue += [(source, (node, *path)) for source in node.inputs]


def products_after(value: ir.Value) -> Iterator[tuple[ir.Node, ir.Value, Path]]:
    """Yield the nearest products that a value enters, as what it enters them, and the nodes between."""
    queue: list[tuple[ir.Value, Path]] = [(value, ())]
    visited: set[ir.Value] = set()
    while queue:
        current, path = queue.pop(0)
        for use in current.uses() if current not in visited else ():
            if use.node.op_type in ("MatMul", "Einsum") and _multiplies(use.node):
                yield use.node, current, path
            elif use.node.op_type in PASSED:
                queue += [(output, (*path, use.node)) for output in use.node.outputs]
        visited.add(current)


def _multiplies(node: ir.Node) -> bool:
    """Say whether a node is a product of two activations: a MatMul, an Einsum, or a sum of one by one."""
    if node.op_type == "ReduceSum":
        node = producer(node.inputs[0], "Mul") or node
        spread = [dims(source) for source in node.inputs]
        ones = all(1 in size for size in spread) and len(spread) == 2
        return node.op_type == "Mul" and ones and not any(map(is_constant, node.inputs))
    has_constant = any(map(is_constant, node.inputs))
    return node.op_type in ("MatMul", "Einsum") and len(node.inputs) == 2 and not has_constant


def mixes(scores: ir.Value, weights: ir.Value) -> bool:
    """Say whether weights (..., S, T) could be made of scores: those have both dims."""
    score_dims = dims(scores)
    return all(any(same_dim(size, other) for other in score_dims) for size in dims(weights)[-2:])
