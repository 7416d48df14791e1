"""Reading attention scores against their direction: the product, the scales and the masks laid on it.

A mask of 0 and 1 may mute them by arithmetic: scores * visible + number * (1 - visible). So GPT (Radford et
al. 2018) and many after it: where ``visible`` is 0, the score is ``number``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import (
    constant,
    dims,
    fill_value,
    is_constant,
    producer,
    same_dims,
    scalar,
    scaled_operand,
)
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.recover.rules.attention.mask import EXCLUDED
from edgeattn_export.recover.rules.attention.scores import (
    Bias,
    Fill,
    Floor,
    GroupedBias,
    Scores,
    TensorScale,
)

EXCLUDES = -1e3  # a fill at or below it leaves a softmax weight of exactly 0 in float32


def read_scores(value: ir.Value | None) -> Scores | Refusal | None:
    """Read what a softmax is taken of; None where it is no product of two values, so no attention."""
    node = None if value is None else producer(value, *_READERS)
    return _READERS[node.op_type](node) if node is not None else None


def _product(node: ir.Node) -> Scores | None:
    query, keys = node.inputs
    return Scores(query, keys, node.outputs[0]) if query is not None and keys is not None else None


def _scaled(node: ir.Node) -> Scores | Refusal | None:
    number = scaled_operand(node)
    if number:
        inner = read_scores(number[0])
        return inner.scaled(number[1]) if isinstance(inner, Scores) else inner
    left, right = node.inputs
    for side, factor in ((left, right), (right, left)):
        inner = read_scores(side)
        if isinstance(inner, Scores) and factor is not None:
            return _scaled_by_tensor(inner, TensorScale(node.op_type, factor), divisor=factor is right)
    return None


def _scaled_by_tensor(scores: Scores, scale: TensorScale, *, divisor: bool) -> Scores | Refusal:
    """Move a factor to the query: exact where it is the same for all keys, and nothing is masked yet."""
    size = dims(scale.factor)
    late = scores.masks or scores.cap is not None
    if late or (size and size[-1] != 1) or (scale.op_type == "Div" and not divisor):
        return Refusal("its scores are scaled by a tensor that differs between keys, or after a mask or cap")
    return replace(scores, factors=(*scores.factors, scale))


def _capped(node: ir.Node) -> Scores | Refusal | None:
    """Read tanh(scores), which a factor makes c tanh(scores / c) (Gemma Team 2024, section 2)."""
    inner = read_scores(node.inputs[0])
    if not isinstance(inner, Scores):
        return inner
    if inner.masks or inner.cap is not None:
        return Refusal("its scores are capped by tanh after a mask; mask them after the cap")
    return replace(inner, cap=1.0)


def _biased(node: ir.Node) -> Scores | Refusal | None:
    muting = read_muting(node)
    if muting is not None:
        inner = read_scores(muting.scores)
        return _fill(inner, muting.visible, False, muting.value) if isinstance(inner, Scores) else inner
    left, right = node.inputs
    for side, mask in ((left, right), (right, left)):
        inner = read_scores(side)
        if isinstance(inner, Scores) and mask is not None:
            return inner if fill_value(mask) == 0.0 else inner.with_mask(Bias(mask))
        if isinstance(inner, Refusal):
            return inner
    return None


def _lowered(node: ir.Node) -> Scores | Refusal | None:
    """Read Sub(scores, bias), as a penalty that grows with the distance."""
    if read_muting(node) is not None:
        return _biased(node)
    inner, mask = read_scores(node.inputs[0]), node.inputs[1]
    return (
        inner.with_mask(Bias(mask, factor=-1.0)) if isinstance(inner, Scores) and mask is not None else inner
    )


def _filled(node: ir.Node) -> Scores | Refusal | None:
    condition, if_true, if_false = node.inputs
    for when, fill, side in ((True, if_true, if_false), (False, if_false, if_true)):
        inner = read_scores(side)
        if isinstance(inner, Refusal):
            return inner
        if inner is None or condition is None:
            continue
        return _fill(inner, condition, when, fill_value(fill))
    return None


def _floored(node: ir.Node) -> Scores | Refusal | None:
    """Read max(scores, lowest number), by which OPT and XGLM keep masks that are added from overflowing."""
    for side, number in (node.inputs, node.inputs[::-1]) if len(node.inputs) == 2 else ():
        floor = fill_value(number)
        inner = read_scores(side) if floor is not None and floor <= EXCLUDED else None
        if isinstance(inner, Scores) and floor is not None:
            return inner.with_mask(Floor(floor)) if inner.masks else inner
        if isinstance(inner, Refusal):
            return inner
    return None


def _fill(scores: Scores, condition: ir.Value, when: bool, number: float | None) -> Scores | Refusal:
    if number is None or number > EXCLUDES:
        return Refusal(
            f"its mask fills scores with {'a tensor' if number is None else number}, which does not "
            f"exclude them; expected {EXCLUDES:g} or below"
        )
    return scores.with_mask(Fill(condition, when, number))


def _regrouped(node: ir.Node) -> Scores | Refusal | None:
    """Read Reshape(Add(Reshape(scores), mask)): scores seen by groups, where masks are added to each."""
    value, masks = node.inputs[0], []
    while (add := producer(value, "Add")) is not None:
        by_group = [side for side in add.inputs if side is not None and _is_by_group(side)]
        if len(by_group) != 1:
            break
        masks.append(GroupedBias(by_group[0]))
        value = next(side for side in add.inputs if side is not by_group[0])
    group = producer(value, "Reshape") if masks else None
    inner = read_scores(group.inputs[0]) if group else None
    if isinstance(inner, Refusal):
        return inner
    if inner is not None and same_dims(dims(inner.product), dims(node.outputs[0])):
        return replace(inner, masks=(*inner.masks, *reversed(masks)))
    if isinstance(read_scores(node.inputs[0]), Scores):
        return Refusal("its scores are reshaped between the product and the softmax")
    return None


def _is_by_group(mask: ir.Value) -> bool:
    sizes = dims(mask)
    return len(sizes) == 5 and sizes[0] == 1 and all(isinstance(size, int) for size in sizes)


@dataclass(frozen=True, slots=True)
class Muting:
    """``scores`` where ``visible``, 0 or 1, is 1, else ``value``."""

    scores: ir.Value
    visible: ir.Value
    value: float


def read_muting(node: ir.Node) -> Muting | None:
    """Read an Add or Sub of that form."""
    left, right = node.inputs
    sides = ((left, right), (right, left)) if node.op_type == "Add" else ((left, right),)
    for product, rest in sides:
        muted = producer(product, "Mul")
        for scores, visible in (muted.inputs, muted.inputs[::-1]) if muted else ():
            number = _times_complement(rest, visible)
            if scores is not None and visible is not None and number is not None and is_binary(visible):
                return Muting(scores, visible, number if node.op_type == "Add" else -number)
    return None


def _times_complement(value: ir.Value | None, visible: ir.Value | None) -> float | None:
    """Return n where a value is n * (1 - shown)."""
    node = producer(value, "Mul", "Sub")
    if node is None:
        return None
    left, right = node.inputs
    if node.op_type == "Sub":
        if right is visible and scalar(left) == 1.0:
            return 1.0
        return -1.0 if left is visible and scalar(right) == 1.0 else None
    for number, rest in ((scalar(left), right), (scalar(right), left)):
        inner = None if number is None else _times_complement(rest, visible)
        if number is not None and inner is not None:
            return number * inner
    return None


def is_binary(value: ir.Value | None) -> bool:
    """Say whether a value holds only 0 and 1, by how it is made; a mask of integers counts as such."""
    if is_constant(value):
        array = constant(value)
        return array is not None and bool(((array == 0) | (array == 1)).all())
    node = producer(
        value, "Cast", "Reshape", "Transpose", "Unsqueeze", "Squeeze", "Slice", "Gather", "Expand", "Mul"
    )
    if node is None:
        return False
    source = node.inputs[0]
    if node.op_type == "Cast":
        return source is not None and (
            source.dtype in (ir.DataType.BOOL, ir.DataType.INT64) or is_binary(source)
        )
    return is_binary(source) and (node.op_type != "Mul" or is_binary(node.inputs[1]))


_READERS = {
    "MatMul": _product,
    "Mul": _scaled,
    "Div": _scaled,
    "Add": _biased,
    "Sub": _lowered,
    "Tanh": _capped,
    "Where": _filled,
    "Max": _floored,
    "Reshape": _regrouped,
}
