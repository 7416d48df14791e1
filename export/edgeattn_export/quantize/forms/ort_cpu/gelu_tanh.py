"""GELU by its tanh approximation, a quarter faster than the error function.

Before: Gelu(x)
After:  Gelu(x, approximate="tanh")     differs by at most 5e-4, far below the step of an int8 activation

Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
"""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_export.graph.rule import Emit
from edgeattn_export.quantize.forms.form import rewrite


@rewrite("gelu tanh", "activation", "Gelu")
def gelu_tanh(node: ir.Node) -> Emit | None:
    """Match an exact GELU."""
    if node.attributes.get_string("approximate", "none") != "none":
        return None
    return lambda tape: {node.outputs[0]: tape.op("Gelu", [node.inputs[0]], {"approximate": "tanh"})}
