"""Where the axes of operands go, by operator: what a graph that continues along tokens or hops follows.

To add an operator, write its ``AxesRule`` here. What keeps time in its order and computes each time by itself
needs no other rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

import onnx_ir as ir
from numpy.typing import NDArray

Axes = tuple[int | None, ...]  # by axis of an operand, that of the output; None where it is joined or picked

ARITHMETIC = frozenset({"Abs", "Add", "Div", "Max", "Min", "Mod", "Mul", "Neg", "Pow", "Sign", "Sub", "Sum"})
ROUNDING = frozenset({"Cast", "Ceil", "Clip", "Floor", "Identity", "Round"})
FUNCTIONS = frozenset({"Cos", "Exp", "Log", "Reciprocal", "Relu", "Sigmoid", "Sin", "Sqrt", "Tanh"})
LOGIC = frozenset(
    {"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or", "Where", "Xor"}
)
ELEMENTWISE = ARITHMETIC | ROUNDING | FUNCTIONS | LOGIC
ACTIVATIONS = frozenset(
    {"Atan", "Celu", "Cosh", "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu"}
    | {"Mish", "PRelu", "Selu", "Sinh", "Softplus", "Softsign", "Swish", "Tan", "ThresholdedRelu"}
)
REDUCTIONS = frozenset(
    f"Reduce{name}"
    for name in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")
)


class Reader(Protocol):
    """Knows the values of a graph."""

    def rank(self, value: ir.Value | None) -> int:
        """Return how many axes a value has; 0 of one that is left out."""

    def constant(self, node: ir.Node, index: int) -> NDArray[Any] | None:
        """Return an operand's value where it is constant; None where it is left out."""


AxesRule = Callable[[ir.Node, Reader], Sequence[Axes]]  # of the first operands; the others have none


def _aligned_at_end(node: ir.Node, read: Reader) -> Sequence[Axes]:
    rank = read.rank(node.outputs[0])
    return [tuple(range(rank - own, rank)) for own in map(read.rank, node.inputs)]


def _all(node: ir.Node, read: Reader) -> Sequence[Axes]:
    return [tuple(range(read.rank(node.inputs[0])))]


def _all_but(axes: Collection[int], rank: int, *, dropped: bool = False) -> Axes:
    """Map axes to themselves but for some, which may be missing in the output."""
    return tuple(
        None if axis in axes else axis - dropped * sum(other < axis for other in axes) for axis in range(rank)
    )


def _axis(node: ir.Node, read: Reader, default: int = 0) -> int:
    return node.attributes.get_int("axis", default) % read.rank(node.inputs[0])


def _numbers(node: ir.Node, read: Reader, index: int, rank: int) -> list[int]:
    """Return the axes that an operand names, counted from the front."""
    given = read.constant(node, index)
    return [] if given is None else [int(axis) % rank for axis in given.ravel()]


def _split(node: ir.Node, read: Reader) -> Sequence[Axes]:
    return [_all_but({_axis(node, read)}, read.rank(node.inputs[0]))]


def _softmax(node: ir.Node, read: Reader) -> Sequence[Axes]:
    return [_all_but({_axis(node, read, -1)}, read.rank(node.inputs[0]))]


def _norm(node: ir.Node, read: Reader) -> Sequence[Axes]:
    rank = read.rank(node.inputs[0])
    return [_all_but(range(_axis(node, read, -1), rank), rank)]


def _channel_norm(node: ir.Node, read: Reader) -> Sequence[Axes]:
    """Follow a norm by each channel's own scale and shift, or over all behind the first axis."""
    rank = read.rank(node.inputs[0])
    return [_all_but(range(1, 2 if node.op_type == "BatchNormalization" else rank), rank)]


def _reduced(node: ir.Node, read: Reader) -> Sequence[Axes]:
    rank = read.rank(node.inputs[0])
    axes = _numbers(node, read, 1, rank) or range(rank)
    return [_all_but(axes, rank, dropped=not node.attributes.get_int("keepdims", 1))]


def _largest(node: ir.Node, read: Reader) -> Sequence[Axes]:
    of_one = node.op_type.startswith("Arg")
    axis = _axis(node, read, 0 if of_one else -1)
    dropped = of_one and not node.attributes.get_int("keepdims", 1)
    return [_all_but({axis}, read.rank(node.inputs[0]), dropped=dropped)]


def _product(node: ir.Node, read: Reader) -> Sequence[Axes]:
    left, right = map(read.rank, node.inputs)
    rank = read.rank(node.outputs[0]) + (right == 1)
    others = (*range(rank - right, rank - 2), None, rank - 1) if right > 1 else (None,)
    return [(*range(rank - left, rank - 1), None), others]


def _gemm(node: ir.Node, read: Reader) -> Sequence[Axes]:
    rows: Axes = (None, None) if node.attributes.get_int("transA", 0) else (0, None)
    return [rows, *((None,) * read.rank(value) for value in node.inputs[1:])]


def _looked_up(node: ir.Node, read: Reader) -> Sequence[Axes]:
    axis, (table, places) = _axis(node, read), map(read.rank, node.inputs)
    behind = range(axis + places, table + places - 1)
    return [(*range(axis), None, *behind), tuple(range(axis, axis + places))]


def _transposed(node: ir.Node, read: Reader) -> Sequence[Axes]:
    rank, given = read.rank(node.inputs[0]), node.attributes.get("perm")
    order = [*given.as_ints()] if given is not None else [*reversed(range(rank))]
    return [tuple(map(order.index, range(rank)))]


def _unsqueezed(node: ir.Node, read: Reader) -> Sequence[Axes]:
    rank = read.rank(node.outputs[0])
    added = _numbers(node, read, 1, rank)
    return [tuple(axis for axis in range(rank) if axis not in added)]


def _joined(node: ir.Node, read: Reader) -> Sequence[Axes]:
    return [_all_but({_axis(node, read)}, read.rank(value)) for value in node.inputs]


def _padded(node: ir.Node, read: Reader) -> Sequence[Axes]:
    pads, rank = read.constant(node, 1), read.rank(node.inputs[0])
    axes = _numbers(node, read, 3, rank) or range(rank)
    if pads is None:
        return []
    return [
        _all_but({axis for axis, own in zip(axes, pads.reshape(2, -1).T, strict=True) if own.any()}, rank)
    ]


def _sliced(node: ir.Node, read: Reader) -> Sequence[Axes]:
    rank = read.rank(node.inputs[0])
    return [_all_but(_numbers(node, read, 3, rank) or range(rank), rank)]


AXES: Mapping[str, AxesRule] = {
    **dict.fromkeys(ELEMENTWISE | ACTIVATIONS, _aligned_at_end),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), _norm),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), _softmax),
    **dict.fromkeys(("BatchNormalization", "InstanceNormalization", "GroupNormalization"), _channel_norm),
    **dict.fromkeys(REDUCTIONS, _reduced),
    **dict.fromkeys(("ArgMax", "ArgMin", "TopK"), _largest),
    "Concat": _joined,
    "Gather": _looked_up,
    "Gemm": _gemm,
    "MatMul": _product,
    "Pad": _padded,
    "RotaryEmbedding": _all,
    "Slice": _sliced,
    "Split": _split,
    "Transpose": _transposed,
    "Unsqueeze": _unsqueezed,
}
