from __future__ import annotations

import numpy as np
import onnx_ir as ir
import torch
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.gelu_tanh import gelu_tanh

CLAIMED = 5e-4  # the largest difference to the exact function, as the form's docstring says
ROUNDING = 1e-6
X = np.linspace(-8, 8, 20_001, dtype=np.float32)


def _gelu(approximate: str) -> ir.Model:
    tape = Tape()
    x, y = ir.val("x", ir.DataType.FLOAT, ("n",)), ir.val("y", ir.DataType.FLOAT, ("n",))
    tape.op("Gelu", [x], {"approximate": approximate}, output=y)
    return ir.Model(ir.Graph([x], [y], nodes=tape.nodes, opset_imports={"": 23}, name="gelu"), ir_version=10)


def test_the_approximation_is_pytorchs_and_close_to_the_exact() -> None:
    model = _gelu("none")
    assert len(apply(gelu_tanh, model).sites) == 1
    assert apply(gelu_tanh, model).sites == ()  # it is approximate already
    found = ORT_CPU.runner(model)({"x": X})["y"]
    x = torch.from_numpy(X)
    tanh, exact = (torch.nn.functional.gelu(x, approximate=kind).numpy() for kind in ("tanh", "none"))
    np.testing.assert_allclose(found, tanh, atol=ROUNDING)
    assert ROUNDING < np.abs(found - exact).max() < CLAIMED
