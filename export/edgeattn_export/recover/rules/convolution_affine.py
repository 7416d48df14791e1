"""What scales and shifts the channels of a convolution's input or output is part of the convolution.

Behind: Conv(x, w, b) * s + t                        t, s: batch norm, learned affine, layer scale
After:  Conv(x, w * s, b * s + t)

Before: Conv(x * s + t, w, b)
After:  Conv(x, w * s, b + Sum(w * t))               without padding
After:  Conv(x + t / s, w * s, b)                    with padding, whose zeros t does not shift

Batch norms stand behind convolutions (Ioffe and Szegedy 2015, section 3.1), learned affines before them too
(PP-LCNetV3, whose blocks scale and shift what an activation makes).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, only_user, producer, sources
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule
from edgeattn_export.graph.scopes import MODULE, module_of
from edgeattn_export.recover.affine import Affine, read_affine

SHARED = "its weight is another convolution's too, and would be stored twice"


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution of ``x`` by constants: weight (N, C / groups, k...), bias (N), in float64."""

    node: ir.Node
    x: ir.Value
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    @property
    def rank(self) -> int:
        """The rank of its input and output."""
        return self.weight.ndim

    @property
    def groups(self) -> int:
        """The groups of its channels."""
        return self.node.attributes.get_int("group", 1)

    @property
    def channels(self) -> int:
        """C."""
        return int(self.weight.shape[1]) * self.groups

    @property
    def is_padded(self) -> bool:
        """Whether windows reach beyond the input."""
        pads, auto = self.node.attributes.get("pads"), self.node.attributes.get_string("auto_pad", "NOTSET")
        return auto not in ("NOTSET", "VALID") or (pads is not None and any(pads.as_ints()))

    def scaled(self, affine: Affine) -> Convolution:
        """Return what scales and shifts the output."""
        weight = self.weight * affine.gain.reshape(-1, *[1] * (self.rank - 1))
        return replace(self, weight=weight, bias=self.bias * affine.gain + affine.shift)

    def of_scaled(self, affine: Affine) -> Convolution:
        """Return what scales and shifts the input first; the shift is 0 where windows are padded."""
        shift = (self.weight * self._by_input(affine.shift)).reshape(len(self.weight), -1).sum(1)
        return replace(self, weight=self.weight * self._by_input(affine.gain), bias=self.bias + shift)

    def _by_input(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Lay a number for each channel of the input, (C), on the weight."""
        each = len(self.weight) // self.groups  # outputs of a group
        by_group = numbers.reshape(self.groups, -1).repeat(each, axis=0)  # (N, C / groups)
        return by_group.reshape(*by_group.shape, *[1] * (self.rank - 2))

    def emit(self, tape: Tape, x: ir.Value) -> ir.Value:
        """Record it for another input, with its attributes and its module."""
        name = sources(self.node)[1].name
        weight = embed(tape, self.weight.astype(np.float32), f"{name}.folded")
        bias = embed(tape, self.bias.astype(np.float32), f"{name}.shift")
        output = tape.op("Conv", [x, weight, bias], dict(self.node.attributes))
        for node in tape.nodes:
            node.metadata_props[MODULE] = module_of(self.node)
        return described(output, self.node.outputs[0])


@rule("affine behind convolution", "Mul", "Div", "Add", "Sub", "BatchNormalization")
def fold_affine_behind(node: ir.Node) -> Emit | Refusal | None:
    """Match an affine map of what only it reads of a convolution."""
    for source in node.inputs[:2]:
        convolution = _convolution(producer(source, "Conv"))
        if convolution is None or only_user(convolution.node.outputs[0]) is not node:
            continue
        affine = read_affine(node, convolution.rank, len(convolution.weight))
        if affine is None:
            return None
        if _is_shared(convolution):
            return Refusal(SHARED)
        folded = convolution.scaled(affine)
        return lambda tape: {node.outputs[0]: folded.emit(tape, folded.x)}
    return None


@rule("affine before convolution", "Conv")
def fold_affine_before(node: ir.Node) -> Emit | Refusal | None:
    """Match affine maps that only the convolution reads; what shifts a padded one stays, without a scale."""
    convolution = _convolution(node)
    affine = None if convolution is None else _affine_of(convolution)
    if convolution is None or affine is None:
        return None
    left = _unpadded_shift(affine) if convolution.is_padded else np.zeros(convolution.channels)
    if left is None:
        return None
    if _is_shared(convolution):
        return Refusal(SHARED)
    folded = convolution.of_scaled(replace(affine, shift=affine.shift - affine.gain * left))

    def emit(tape: Tape) -> Replaced:
        x = affine.x
        if left.any():
            shift = left.astype(np.float32).reshape(-1, *[1] * (convolution.rank - 2))  # (C, 1...)
            x = described(tape.op("Add", [x, embed(tape, shift, f"{x.name}.shift")]), x)
        return {node.outputs[0]: folded.emit(tape, x)}

    return emit


def _convolution(node: ir.Node | None) -> Convolution | None:
    if node is None or node.op_type != "Conv" or node.domain:
        return None
    x, *constants = sources(node)
    arrays = [constant(value) for value in constants]
    if any(array is None or array.dtype != np.float32 for array in arrays):
        return None
    weight, *bias = (np.asarray(array, np.float64) for array in arrays)
    return Convolution(node, x, weight, bias[0] if bias else np.zeros(len(weight)))


def _affine_of(convolution: Convolution) -> Affine | None:
    """Return the map that stands before a convolution and is read by nothing else, None without one."""
    value, whole = convolution.x, None
    while only_user(value) is not None:
        node = value.producer()
        affine = None if node is None else read_affine(node, convolution.rank, convolution.channels)
        if affine is None or dims(affine.x) != dims(value):
            break
        value, whole = affine.x, affine if whole is None else whole.of(affine)
    return whole


def _unpadded_shift(affine: Affine) -> NDArray[np.float64] | None:
    """Return what is added before a padded convolution behind the scale; None where none is folded."""
    if not affine.shift.any():
        return affine.shift
    is_scaled = affine.gain.all() and (affine.gain != 1).any()
    return affine.shift / affine.gain if is_scaled else None


def _is_shared(convolution: Convolution) -> bool:
    weight = sources(convolution.node)[1]
    return len({use.node for use in weight.uses()}) > 1
