"""Reading attention scores against their direction: the product, the scales and the masks laid on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn_export.fuse.dataflow import producer, scalar
from edgeattn_export.fuse.rule import Refusal

EXCLUDES = -1e3  # a fill at or below it leaves a softmax weight of exactly 0 in float32


@dataclass(frozen=True, slots=True)
class Bias:
    """``mask * factor`` is added to the scores."""

    mask: ir.Value
    factor: float


@dataclass(frozen=True, slots=True)
class Fill:
    """Scores are replaced by ``value`` where ``condition`` is ``when``."""

    condition: ir.Value
    when: bool
    value: float


@dataclass(frozen=True, slots=True)
class Scores:
    """QK^T * scale, with ``masks`` laid on it from the first to the last."""

    query: ir.Value
    keys_transposed: ir.Value
    product: ir.Value
    scale: float = 1.0
    masks: tuple[Bias | Fill, ...] = ()

    def scaled(self, factor: float) -> Scores:
        """Return the scores multiplied as a whole, masks included."""
        masks = tuple(
            replace(m, factor=m.factor * factor)
            if isinstance(m, Bias)
            else replace(m, value=m.value * factor)
            for m in self.masks
        )
        return replace(self, scale=self.scale * factor, masks=masks)

    def masked(self, mask: Bias | Fill) -> Scores:
        """Return the scores with one more mask."""
        return replace(self, masks=(*self.masks, mask))


def read_scores(value: ir.Value | None) -> Scores | Refusal | None:
    """Read what a softmax is taken of; None where it is no product of two values, so no attention."""
    if value is None:
        return None
    node = producer(value, "MatMul", "Mul", "Div", "Add", "Where")
    match node.op_type if node else None:
        case "MatMul":
            return _product(node) if node else None
        case "Mul" | "Div":
            return _scaled(node) if node else None
        case "Add":
            return _biased(node) if node else None
        case "Where":
            return _filled(node) if node else None
    return None


def unscaled(value: ir.Value) -> tuple[ir.Value, float]:
    """Strip multiplications and divisions by a constant number; return the rest and the number."""
    node = producer(value, "Mul", "Div")
    factor = _factor(node) if node else None
    if factor is None:
        return value, 1.0
    inner, more = unscaled(factor[0])
    return inner, factor[1] * more


def _product(node: ir.Node) -> Scores | None:
    query, keys = node.inputs
    return Scores(query, keys, node.outputs[0]) if query is not None and keys is not None else None


def _scaled(node: ir.Node) -> Scores | Refusal | None:
    factor = _factor(node)
    if factor:
        inner = read_scores(factor[0])
        return inner.scaled(factor[1]) if isinstance(inner, Scores) else inner
    if any(isinstance(read_scores(side), Scores) for side in node.inputs):
        return Refusal("its scores are scaled by a tensor; the operator takes one constant number")
    return None


def _factor(node: ir.Node) -> tuple[ir.Value, float] | None:
    left, right = node.inputs
    number = scalar(right)
    if number is not None and left is not None:
        return left, number if node.op_type == "Mul" else 1 / number
    number = scalar(left)
    if number is not None and right is not None and node.op_type == "Mul":
        return right, number
    return None


def _biased(node: ir.Node) -> Scores | Refusal | None:
    left, right = node.inputs
    for side, mask in ((left, right), (right, left)):
        inner = read_scores(side)
        if isinstance(inner, Scores) and mask is not None:
            return inner.masked(Bias(mask, 1.0))
        if isinstance(inner, Refusal):
            return inner
    return None


def _filled(node: ir.Node) -> Scores | Refusal | None:
    condition, if_true, if_false = node.inputs
    if condition is None:
        return None
    for when, fill, side in ((True, if_true, if_false), (False, if_false, if_true)):
        inner = read_scores(side)
        if not isinstance(inner, Scores):
            continue
        number = scalar(fill)
        if number is None or number > EXCLUDES:
            return Refusal(
                f"its mask fills scores with {'a tensor' if number is None else number}, which does not "
                f"exclude them; expected {EXCLUDES:g} or below"
            )
        return inner.masked(Fill(condition, when, number))
    return None
