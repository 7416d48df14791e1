"""Reading attention scores against their direction: the product, the scales and the masks laid on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, fill_value, is_constant, producer, same_dims, scalar
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.recover.rules.attention.muting import read_muting

EXCLUDES = -1e3  # a fill at or below it leaves a softmax weight of exactly 0 in float32
_LAYER_AXES = 2  # of a linear layer's weights; keys have one more, for their heads or their batch


@dataclass(frozen=True, slots=True)
class Bias:
    """``mask * factor`` is added to the scores."""

    mask: ir.Value
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class GroupedBias:
    """``mask`` (1, G, 1|H, S, T) is added to scores (B*G, H, S, T), as to the G windows of B images."""

    mask: ir.Value


@dataclass(frozen=True, slots=True)
class Fill:
    """Scores are replaced by ``value`` where ``condition`` is ``when``."""

    condition: ir.Value
    when: bool
    value: float


@dataclass(frozen=True, slots=True)
class Fade:
    """Weights are multiplied by ``factor`` after softmax, and brought back to a sum of 1."""

    factor: ir.Value


Mask = Bias | GroupedBias | Fill | Fade


@dataclass(frozen=True, slots=True)
class TensorScale:
    """The scores are multiplied or divided, by ``op_type``, with a factor that is the same for all keys."""

    op_type: str
    factor: ir.Value


@dataclass(frozen=True, slots=True)
class Scores:
    """QK^T * scale * factors, with ``masks`` laid on it from the first to the last.

    With a ``cap``, the masks are laid on cap * tanh(QK^T * scale * factors / cap).
    """

    query: ir.Value
    keys_transposed: ir.Value
    product: ir.Value
    scale: float = 1.0
    factors: tuple[TensorScale, ...] = ()
    masks: tuple[Mask, ...] = ()
    cap: float | None = None

    @property
    def of_layer(self) -> bool:
        """Whether a linear layer makes them, as where tokens are pooled by its softmax: there are no keys."""
        keys = unscaled(self.keys_transposed)[0]
        return is_constant(keys) and len(dims(keys)) <= _LAYER_AXES

    def scaled(self, factor: float) -> Scores | Refusal:
        """Return the scores multiplied as a whole, masks included."""
        masks: list[Mask] = []
        for mask in self.masks:
            match mask:
                case Bias():
                    masks.append(replace(mask, factor=mask.factor * factor))
                case Fill():
                    masks.append(replace(mask, value=mask.value * factor))
                case GroupedBias():
                    return Refusal("its scores are scaled after a mask by groups; scale the query instead")
                case Fade():  # comes after softmax, so after every scale
                    masks.append(mask)
        cap = None if self.cap is None else self.cap * factor
        return replace(self, scale=self.scale * factor, masks=tuple(masks), cap=cap)

    def hidden(self, condition: ir.Value, when: bool) -> Scores | None:
        """Return the scores with a fill of this condition at minus infinity, None where there is none."""
        fills = [mask for mask in self.masks if isinstance(mask, Fill)]
        same = [fill for fill in fills if fill.condition is condition and fill.when is when]
        masks = (replace(mask, value=-math.inf) if mask in same else mask for mask in self.masks)
        return replace(self, masks=tuple(masks)) if same else None

    def masked(self, mask: Mask) -> Scores:
        """Return the scores with one more mask."""
        return replace(self, masks=(*self.masks, mask))


def read_scores(value: ir.Value | None) -> Scores | Refusal | None:
    """Read what a softmax is taken of; None where it is no product of two values, so no attention."""
    node = None if value is None else producer(value, *_READERS)
    return _READERS[node.op_type](node) if node is not None else None


def unscaled(value: ir.Value) -> tuple[ir.Value, float]:
    """Strip multiplications and divisions by a constant number; return the rest and the number."""
    node = producer(value, "Mul", "Div")
    factor = _number(node) if node else None
    if factor is None:
        return value, 1.0
    inner, more = unscaled(factor[0])
    return inner, factor[1] * more


def _product(node: ir.Node) -> Scores | None:
    query, keys = node.inputs
    return Scores(query, keys, node.outputs[0]) if query is not None and keys is not None else None


def _scaled(node: ir.Node) -> Scores | Refusal | None:
    number = _number(node)
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


def _number(node: ir.Node) -> tuple[ir.Value, float] | None:
    left, right = node.inputs
    number = scalar(right)
    if number is not None and left is not None:
        return left, number if node.op_type == "Mul" else 1 / number
    number = scalar(left)
    if number is not None and right is not None and node.op_type == "Mul":
        return right, number
    return None


def _biased(node: ir.Node) -> Scores | Refusal | None:
    muting = read_muting(node)
    if muting is not None:
        inner = read_scores(muting.scores)
        return _fill(inner, muting.visible, False, muting.value) if isinstance(inner, Scores) else inner
    left, right = node.inputs
    for side, mask in ((left, right), (right, left)):
        inner = read_scores(side)
        if isinstance(inner, Scores) and mask is not None:
            return inner if fill_value(mask) == 0.0 else inner.masked(Bias(mask))
        if isinstance(inner, Refusal):
            return inner
    return None


def _lowered(node: ir.Node) -> Scores | Refusal | None:
    """Read Sub(scores, bias), as a penalty that grows with the distance."""
    if read_muting(node) is not None:
        return _biased(node)
    inner, mask = read_scores(node.inputs[0]), node.inputs[1]
    return inner.masked(Bias(mask, factor=-1.0)) if isinstance(inner, Scores) and mask is not None else inner


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


def _fill(scores: Scores, condition: ir.Value, when: bool, number: float | None) -> Scores | Refusal:
    if number is None or number > EXCLUDES:
        return Refusal(
            f"its mask fills scores with {'a tensor' if number is None else number}, which does not "
            f"exclude them; expected {EXCLUDES:g} or below"
        )
    return scores.masked(Fill(condition, when, number))


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
        return Refusal("its scores are seen in other dims between the product and the softmax")
    return None


def _is_by_group(mask: ir.Value) -> bool:
    sizes = dims(mask)
    return len(sizes) == 5 and sizes[0] == 1 and all(isinstance(size, int) for size in sizes)


_READERS = {
    "MatMul": _product,
    "Mul": _scaled,
    "Div": _scaled,
    "Add": _biased,
    "Sub": _lowered,
    "Tanh": _capped,
    "Where": _filled,
    "Reshape": _regrouped,
}
