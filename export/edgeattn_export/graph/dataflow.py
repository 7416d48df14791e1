"""Reading a graph against its direction: who made a value, and what is known of it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import zip_longest

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

Dims = tuple[int | str | None, ...]  # sizes, symbolic expressions, None where unknown

_UNNAMED = re.compile(r"\b(_d|unk__)\d+\b")  # onnx-shape-inference and ONNX, of what they do not know


def producer(value: ir.Value | None, *op_types: str) -> ir.Node | None:
    """Return the node that makes ``value`` where it is one of the operators, else None."""
    node = None if value is None else value.producer()
    return node if node is not None and node.op_type in op_types and node.domain == "" else None


def sources(node: ir.Node) -> tuple[ir.Value, ...]:
    """Return a node's inputs, but for those that are left out."""
    return tuple(value for value in node.inputs if value is not None)


def operand(node: ir.Node, index: int) -> ir.Value | None:
    """Return one of a node's inputs, None where it is left out."""
    return node.inputs[index] if index < len(node.inputs) else None


def constant(value: ir.Value | None) -> NDArray[np.generic] | None:
    """Return the value of an initializer or Constant, else None."""
    tensor = None if value is None else ir.convenience.get_const_tensor(value)
    return None if tensor is None else tensor.numpy()


def is_constant(value: ir.Value | None) -> bool:
    """Say whether a value is known now, without loading it."""
    return value is not None and ir.convenience.get_const_tensor(value) is not None


def scalar(value: ir.Value | None) -> float | None:
    """Return a constant of one element as a number, else None."""
    if value is None or not is_constant(value):
        return None
    array = constant(value)
    return float(array.reshape(())) if array is not None and array.size == 1 else None


def split_constant(node: ir.Node) -> tuple[ir.Value | None, ir.Value | None]:
    """Return what a node of two inputs combines with a constant, and the constant; None twice without one."""
    left, right = node.inputs
    if is_constant(right):
        return left, right
    return (right, left) if is_constant(left) else (None, None)


def scaled_operand(node: ir.Node) -> tuple[ir.Value, float] | None:
    """Return what a Mul or Div scales by a constant number, and the number that it multiplies with, not 0."""
    left, right = node.inputs
    if left is not None and (number := scalar(right)):
        return left, number if node.op_type == "Mul" else 1 / number
    if right is not None and node.op_type == "Mul" and (number := scalar(left)):
        return right, number
    return None


def fill_value(value: ir.Value | None) -> float | None:
    """Return the number that a value holds throughout, whatever its dims, else None."""
    number = scalar(value)
    node = producer(value, "Expand", "Mul", "Add", "Sub") if number is None else None
    if node is None:
        return number
    if node.op_type == "Expand":
        return fill_value(node.inputs[0])
    left, right = map(fill_value, node.inputs)
    if left is None or right is None:
        return None
    return {"Mul": left * right, "Add": left + right, "Sub": left - right}[node.op_type]


def only_user(value: ir.Value) -> ir.Node | None:
    """Return the one node that uses ``value``, or None where it has several, none, or leaves the graph."""
    users = [use.node for use in value.uses()]
    return users[0] if len(users) == 1 and not value.is_graph_output() else None


def dims(value: ir.Value | None) -> Dims:
    """Return a value's dims: sizes, symbolic expressions, None where unknown; nothing without a shape."""
    if value is None or value.shape is None:
        return ()
    return tuple(dim if isinstance(dim, int) else dim.value for dim in value.shape)


def same_dim(a: int | str | None, b: int | str | None) -> bool:
    """Say whether two dims are known to be equal."""
    return a is not None and a == b


def same_dims(actual: Dims, expected: Dims) -> bool:
    """Say whether all dims of two values are known to be equal, and as many."""
    return len(actual) == len(expected) and all(map(same_dim, actual, expected))


def broadcast_dims(*each: Dims) -> Dims:
    """Return the dims of values that are laid on one another."""
    axes = zip_longest(*map(reversed, each), fillvalue=1)
    return tuple(next((size for size in axis if size != 1), 1) for axis in axes)[::-1]


def is_unnamed(dim: int | str | None) -> bool:
    """Say whether a dim is neither a size nor made of names that the user knows."""
    return dim is None or (isinstance(dim, str) and _UNNAMED.search(dim) is not None)


def dims_text(sizes: Dims) -> str:
    """Return dims for a message, ``?`` where one has no name: ``batch, 4, ?, 32``."""
    return ", ".join("?" if is_unnamed(dim) else str(dim) for dim in sizes)


def embed(tape: Tape, array: NDArray[np.generic], name: str) -> ir.Value:
    """Record a constant on the tape."""
    return tape.initializer(ir.tensor(array, name=name), name)


def permutation(node: ir.Node) -> tuple[int, ...]:
    """Return the order of axes of a Transpose."""
    rank = len(dims(node.inputs[0]))
    perm = node.attributes.get("perm")
    return tuple(perm.as_ints()) if perm is not None else tuple(reversed(range(rank)))


def swaps_matrix(node: ir.Node | None) -> bool:
    """Say whether a node is a Transpose of the last two axes, the others kept."""
    if node is None or node.op_type != "Transpose":
        return False
    perm = permutation(node)
    return len(perm) > 1 and perm == (*range(len(perm) - 2), len(perm) - 1, len(perm) - 2)


def axis_of(node: ir.Node, default: int) -> int:
    """Return a node's ``axis``, counted from the front."""
    axis = node.attributes.get_int("axis", default)
    return axis + len(dims(node.inputs[0])) if axis < 0 else axis


def size_source(value: ir.Value, axis: int, size: int | str | None) -> tuple[ir.Value, int]:
    """Return where to ask for the size of an axis: an input of the graph that has it, else the value itself.

    Asked of an input, layers that need one size share what is computed of it.

    Args:
        value: Has the axis.
        axis: Counted from the front.
        size: What is known of it.
    """
    graph = value.graph
    for source in graph.inputs if graph is not None and isinstance(size, str) else ():
        if size in dims(source):
            return source, dims(source).index(size)
    return value, axis


def operators(model: ir.Model) -> dict[str, int]:
    """Return how often each operator occurs, the most frequent first."""
    return dict(Counter(node.op_type for node in model.graph.all_nodes()).most_common())
