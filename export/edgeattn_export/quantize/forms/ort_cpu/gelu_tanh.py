"""GELU by its tanh approximation, a quarter faster than the error function.

Before: Gelu(x)
After:  Gelu(x, approximate="tanh")     differs by at most 5e-4, far below the step of an int8 activation

Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir
from onnx_ir.tape import Tape


class GeluTanh:
    """Takes the approximation; it changes numbers, so a recipe names it and is measured with it."""

    name = "gelu tanh"
    noun = "activation"
    roots = frozenset({"Gelu"})

    def check(self, node: ir.Node) -> ir.Node | None:
        """Match an exact GELU."""
        return node if node.attributes.get_string("approximate", "none") == "none" else None

    def rewrite(self, tape: Tape, match: ir.Node) -> Mapping[ir.Value, ir.Value]:
        """Emit the approximation."""
        return {match.outputs[0]: tape.op("Gelu", [match.inputs[0]], {"approximate": "tanh"})}
