from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.affine import dequantize
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT7
from edgeattn_export.quantize.grid import Grid
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.pairs import can_saturate

ROUNDING = 1e-3  # of a step, and of the output's scale: what float32 adds

WEIGHT = np.random.default_rng(0).standard_normal((64, 32)).astype(np.float32)


def test_the_largest_weights_just_fit() -> None:
    same = np.full((8, 2), 3.0, np.float32)
    assert can_saturate(Linear(same, None).rounded)
    assert not can_saturate(Linear(same, None, INT7.grid).rounded)
    assert can_saturate(Linear(same, None, Grid.symmetric(INT7.grid.highest + 1)).rounded)


def test_it_is_the_operator_of_int8_with_smaller_numbers(written: Callable[..., ir.Model]) -> None:
    model = written(INT7, Linear(WEIGHT, None, INT7.grid))
    (node,) = (node for node in model.graph if node.domain == MICROSOFT)
    assert node.op_type == "DynamicQuantizeMatMul"
    assert np.abs(node.inputs[1].const_value.numpy()).max() == INT7.grid.highest


def test_the_error_is_the_rounding_of_the_weights_and_one_activation_step(
    written: Callable[..., ir.Model],
) -> None:
    linear = Linear(WEIGHT, np.ones(32, np.float32), INT7.grid)
    x = np.random.default_rng(1).standard_normal((1, 8, 64)).astype(np.float32)
    rounded = dequantize(linear.rounded, linear.steps)
    found = ORT_CPU.runner(written(INT7, linear))({"x": x})["y"]
    step = (x.max() - x.min()) / 255
    bound = (0.5 + ROUNDING) * step * np.abs(rounded).sum(0) + ROUNDING
    assert (np.abs(found - (x @ rounded + 1)) <= bound).all()
