"""A linear layer as it was; written anew only where it takes over what other layers need.

Before: x W + b
After:  Add(MatMul(x, W'), b')
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.forms.form import LinearForm
from edgeattn_export.quantize.layers.linear import Linear


class LinearFloat(LinearForm):
    """The exact form, which takes no technique."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the product and its bias."""
        weight = embed(tape, np.ascontiguousarray(linear.weight), f"{name}.float")
        product = tape.op("MatMul", [x, weight])
        if linear.bias is None:
            return product
        return tape.op("Add", [product, embed(tape, linear.bias, f"{name}.bias")])


FLOAT = LinearFloat("float", paired=False, bytes_per_weight=4.0)
