"""The form of edgeattn's own kernel: where the kernel is missing, the numbers of a stock form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed

from edgeattn_export.graph.functions import DOMAIN, inlined, write_bodies
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.arithmetic.grid import INT8 as INT8_GRID
from edgeattn_export.quantize.arithmetic.grid import Grid
from edgeattn_export.quantize.forms import LinearForm
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import OP_TYPE, int8_linear_body
from edgeattn_export.quantize.forms.ort_cpu.kernel.linear_kernel import (
    KERNEL_INT4_BLOCKS,
    KERNEL_INT4_BLOCKS_OF_64,
    KERNEL_INT8,
    KERNEL_INT8_PER_TOKEN,
    KERNEL_RESIDUAL_INT8,
)
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import INT4_BLOCKS, INT4_BLOCKS_OF_64
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import INT8_PER_TOKEN
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.targets.cpu import FORMS

STOCK = {KERNEL_INT8: INT8, KERNEL_INT8_PER_TOKEN: INT8_PER_TOKEN, KERNEL_RESIDUAL_INT8: RESIDUAL_INT8}
BLOCKS = {KERNEL_INT4_BLOCKS: INT4_BLOCKS, KERNEL_INT4_BLOCKS_OF_64: INT4_BLOCKS_OF_64}
Write = Callable[..., ir.Model]


def _linear(width: int = 33, grid: Grid = INT8_GRID, *, bias: bool = True) -> Linear:
    generator = np.random.default_rng(drawn_seed(0))
    weight, shift = (generator.standard_normal(dims).astype(np.float32) for dims in ((width, 17), (17,)))
    return Linear(weight, shift if bias else None, grid, paired=grid is INT8_GRID)


def _kernel(written: Write, form: LinearForm, linear: Linear) -> ir.Model:
    model = written(form, linear)
    write_bodies(model, FORMS.bodies)
    return model


@pytest.mark.parametrize("form", STOCK | BLOCKS, ids=lambda form: form.name)
@pytest.mark.parametrize("bias", [True, False])
def test_without_the_kernel_it_answers_as_its_stock_form(
    form: LinearForm, bias: bool, written: Write
) -> None:
    width = 64 if form in BLOCKS else 33
    linear = _linear(width, form.grid, bias=bias)
    x = {"x": np.random.default_rng(drawn_seed(1)).standard_normal((2, 7, width)).astype(np.float32)}
    expected = ORT_CPU.runner(written((STOCK | BLOCKS)[form], linear))(x)["y"]
    answer = ORT_CPU.runner(inlined(_kernel(written, form, linear)))(x)["y"]
    np.testing.assert_array_equal(answer, expected)


@pytest.mark.parametrize("form", STOCK | BLOCKS, ids=lambda form: form.name)
def test_onnxruntime_inlines_the_body_as_it_is(form: LinearForm, written: Write, plainly: Callable) -> None:
    model = _kernel(written, form, _linear(64, form.grid))
    x = {"x": np.random.default_rng(drawn_seed(2)).standard_normal((1, 5, 64)).astype(np.float32)}
    np.testing.assert_array_equal(plainly(model)(x)["y"], plainly(inlined(model))(x)["y"])


def test_the_node_holds_the_weight_by_rows_of_output_channels(written: Write) -> None:
    linear = _linear()
    (node,) = _kernel(written, KERNEL_INT8, linear).graph
    assert (node.domain, node.op_type) == (DOMAIN, OP_TYPE)
    x, weight, scale, smoothing, bias = node.inputs
    assert (x.name, smoothing) == ("x", None)
    np.testing.assert_array_equal(weight.const_value.numpy(), linear.rounded.T, strict=True)  # (N, K)
    np.testing.assert_array_equal(scale.const_value.numpy(), linear.steps[0], strict=True)
    np.testing.assert_array_equal(bias.const_value.numpy(), linear.bias, strict=True)


def test_weights_of_4_bits_lie_two_a_byte_with_a_scale_for_each_block(written: Write) -> None:
    linear = _linear(64, INT4_BLOCKS.grid)
    (node,) = _kernel(written, KERNEL_INT4_BLOCKS, linear).graph
    _, weight, scale, _, _ = node.inputs
    assert (tuple(weight.shape), tuple(scale.shape)) == ((17, 32), (17, 2))
    stored = weight.const_value.numpy()
    values = np.stack([stored & 15, stored >> 4], axis=-1).reshape(17, 2, 32).astype(np.float32) - 8
    kept = (values * scale.const_value.numpy()[..., None]).reshape(17, 64).T
    np.testing.assert_array_equal(kept, linear.dequantized)
    assert KERNEL_INT4_BLOCKS.megabytes(64, 17) == INT4_BLOCKS.megabytes(64, 17)


def test_layers_of_4_bits_have_bodies_by_their_dims(written: Write) -> None:
    layers = {
        (width, form): _kernel(written, form, _linear(width, form.grid)).graph[0].overload
        for width in (64, 128)
        for form in BLOCKS
    }
    assert len(set(layers.values())) == len(layers)


def test_a_body_of_another_operator_is_refused() -> None:
    node = ir.node("Relu", [ir.val("x", ir.DataType.FLOAT, (1,))])
    with pytest.raises(TypeError, match="Relu"):
        int8_linear_body(node, 23)
