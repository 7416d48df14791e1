"""What rules share that take an operator into the kernel beside it: without the kernel no bit changes.

The node's body holds the same operators in the same order. With it, a pass over the numbers is spared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import only_user
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import NONE, Int8Linear


@dataclass(frozen=True, slots=True)
class Match:
    """A node as it is to be, and the values that its outputs replace."""

    linear: Int8Linear
    outputs: tuple[ir.Value, ...]


class Fusion:
    """Writes the one node."""

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the node."""
        return dict(zip(match.outputs, match.linear.emit(tape), strict=True))


def layer_behind(value: ir.Value | None, user: ir.Node) -> Int8Linear | None:
    """Return the layer that makes a value for one user alone, where no norm is fused yet."""
    if value is None or only_user(value) is not user:
        return None
    return layer_of(value)


def layer_of(value: ir.Value) -> Int8Linear | None:
    """Return the layer that makes a value, where no norm is fused yet."""
    linear = Int8Linear.of(value.producer())
    return linear if linear is not None and linear.norm == NONE else None
