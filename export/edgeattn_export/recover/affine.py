"""An elementwise operator with constants as an affine map of each channel: gain * x + shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.dataflow import constant, split_constant

BATCH_NORM_EPSILON = 1e-5  # the operator's default

Channels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Affine:
    """``gain * x + shift``, each (C); x has its channels behind the batch, or last where it has two axes."""

    x: ir.Value
    gain: Channels
    shift: Channels

    def of(self, inner: Affine) -> Affine:
        """Return the map of what ``inner`` is one of."""
        return Affine(inner.x, self.gain * inner.gain, self.gain * inner.shift + self.shift)


def read_affine(node: ir.Node, rank: int, channels: int) -> Affine | None:
    """Read a Mul, Div, Add, Sub or BatchNormalization with constants.

    Args:
        node: The operator.
        rank: Of what it maps.
        channels: C.

    Returns:
        The map; None where constants differ within a channel, or there are none.
    """
    if node.op_type == "BatchNormalization":
        return read_batch_norm(node)
    if node.op_type not in ("Mul", "Div", "Add", "Sub"):
        return None
    x, value = split_constant(node)
    array = constant(value)
    if x is None or array is None or array.dtype != np.float32:
        return None
    number = _by_channel(array, rank, channels)
    if number is None:
        return None
    one, zero, is_negated = np.ones(channels), np.zeros(channels), x is not node.inputs[0]
    match node.op_type:
        case "Mul":
            return Affine(x, number, zero)
        case "Div":
            return None if is_negated or not number.all() else Affine(x, 1 / number, zero)
        case "Sub":
            return Affine(x, -one, number) if is_negated else Affine(x, one, -number)
        case _:
            return Affine(x, one, number)


def read_batch_norm(node: ir.Node) -> Affine | None:
    """Read a batch norm by constants (Ioffe and Szegedy 2015, section 3.1: linear at inference)."""
    x, *parameters = node.inputs[:5]
    arrays = [constant(value) for value in parameters]
    if x is None or node.attributes.get_int("training_mode") or any(each is None for each in arrays):
        return None
    gain, shift, mean, variance = (np.asarray(each, np.float64) for each in arrays)
    gain = gain / np.sqrt(variance + node.attributes.get_float("epsilon", BATCH_NORM_EPSILON))
    return Affine(x, gain, shift - gain * mean)


def _by_channel(array: NDArray[np.generic], rank: int, channels: int) -> Channels | None:
    """Return a constant that is laid on (B, C, ...) as (C), or None where it differs elsewhere."""
    sizes = (*(1,) * (rank - array.ndim), *array.shape)
    if len(sizes) != rank or any(size != 1 for axis, size in enumerate(sizes) if axis != 1):
        return None
    if sizes[1] not in (1, channels):
        return None
    return np.broadcast_to(array.reshape(-1).astype(np.float64), (channels,))
