"""Attention scores as they are read: the product, the scales and the masks laid on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, is_constant, producer, scaled_operand
from edgeattn_export.graph.rule import Refusal

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


@dataclass(frozen=True, slots=True)
class Floor:
    """What was added to the scores until now is at least ``value``, which itself excludes."""

    value: float


Mask = Bias | GroupedBias | Fill | Fade | Floor


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
    def is_layer(self) -> bool:
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
                case Fill() | Floor():
                    masks.append(replace(mask, value=mask.value * factor))
                case _:  # a Fade comes after softmax, so after every scale
                    return Refusal("its scores are scaled after a mask by groups; scale the query instead")
        cap = None if self.cap is None else self.cap * factor
        return replace(self, scale=self.scale * factor, masks=tuple(masks), cap=cap)

    def with_hidden(self, condition: ir.Value, when: bool) -> Scores | None:
        """Return the scores with a fill of this condition at minus infinity, None where there is none."""
        fills = [mask for mask in self.masks if isinstance(mask, Fill)]
        same = [fill for fill in fills if fill.condition is condition and fill.when is when]
        masks = (replace(mask, value=-math.inf) if mask in same else mask for mask in self.masks)
        return replace(self, masks=tuple(masks)) if same else None

    def with_mask(self, mask: Mask) -> Scores:
        """Return the scores with one more mask."""
        return replace(self, masks=(*self.masks, mask))


def unscaled(value: ir.Value) -> tuple[ir.Value, float]:
    """Strip multiplications and divisions by a constant number; return the rest and the number."""
    node = producer(value, "Mul", "Div")
    factor = scaled_operand(node) if node else None
    if factor is None:
        return value, 1.0
    inner, more = unscaled(factor[0])
    return inner, factor[1] * more
