from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import MICROSOFT, apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.arithmetic.grid import INT8 as INT8_GRID
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import floats, matches_of
from edgeattn_export.quantize.rewrites.write_linear import Prepared, WriteLinear
from edgeattn_export.recover import Recovered

STEP = 0.02  # of the output's scale: two or three int8 steps of an activation
ROUNDING = 1e-4  # of the largest output: what float32 sums add


def _operators(model: ir.Model, module: str) -> list[tuple[str, str]]:
    return [(node.domain, node.op_type) for node in model.graph if module_of(node) == module]


@pytest.mark.parametrize(
    ("module", "operator"),
    [
        ("flat", "DynamicQuantizeMatMul"),
        ("second", "DynamicQuantizeMatMul"),
        ("biased", "MatMulIntegerToFloat"),  # these share their input's quantization
        ("unbiased", "MatMulIntegerToFloat"),
        ("first", "MatMulIntegerToFloat"),
    ],
)
def test_a_linear_layer_becomes_one_operator(module: str, operator: str, int8: Quantized) -> None:
    found = set(_operators(int8.model, module))
    assert (MICROSOFT, operator) in found
    assert not {"MatMul", "Gemm", "Add", "Transpose"} & {op_type for _, op_type in found}


@pytest.mark.parametrize("output", ["biased", "unbiased", "flat", "tied", "shared", "offset"])
def test_answers_close_to_pytorch(
    output: str,
    layers: tuple[Captured, Samples, Recovered],
    int8: Quantized,
    scaled_error: Callable[..., float],
) -> None:
    captured, samples, _ = layers
    name = f"{output}.output"
    for sample in samples:
        expected = captured.reference(sample.inputs)[name]
        found = ORT_CPU.runner(int8.model)(sample.inputs)[name]
        assert 0 < scaled_error({name: expected}, {name: found}) < STEP


def test_the_weight_is_stored_by_channel_and_the_bias_inside(
    layers: tuple[Captured, Samples, Recovered], int8: Quantized
) -> None:
    linear = layers[0].reference.module.flat
    node = next(n for n in int8.model.graph if module_of(n) == "flat" and n.domain == MICROSOFT)
    _, stored, scale, zero_point, bias = node.inputs
    assert zero_point is None
    expected = Linear(linear.weight.detach().numpy().T, None, paired=True)  # (D, N)
    np.testing.assert_array_equal(stored.const_value.numpy(), expected.rounded, strict=True)
    np.testing.assert_array_equal(scale.const_value.numpy(), expected.steps[0], strict=True)
    np.testing.assert_array_equal(bias.const_value.numpy(), linear.bias.detach(), strict=True)


def test_what_is_added_but_is_no_bias_stays_an_addition(int8: Quantized) -> None:
    (offset,) = [v for v in int8.model.graph.outputs if v.name == "offset.output"]
    assert offset.producer().op_type == "Add"


def test_weights_that_layers_share_are_stored_once(int8: Quantized) -> None:
    dims = [tuple(v.shape) for v in int8.model.graph.initializers.values() if v.dtype is ir.DataType.INT8]
    assert dims.count((32, 32)) == 1  # first and second
    assert dims.count((192, 192)) == 1  # one layer, called twice
    floats = [v for v in int8.model.graph.initializers.values() if v.dtype is ir.DataType.FLOAT]
    assert not [v.name for v in floats if tuple(v.shape) in {(32, 32), (192, 192)}]  # and in no other form


@pytest.mark.parametrize("trans_b", [0, 1])
@pytest.mark.parametrize("attributes", [{}, {"alpha": 0.5}, {"beta": 2.0}, {"transA": 1}])
def test_a_gemm_of_either_order(trans_b: int, attributes: Mapping[str, float]) -> None:
    generator = np.random.default_rng(0)
    weight = generator.standard_normal((3, 4) if trans_b else (4, 3)).astype(np.float32)
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (4, 4))
    b = tape.initializer(ir.tensor(weight, name="weight"))
    c = tape.initializer(ir.tensor(np.arange(3, dtype=np.float32), name="bias"))
    y = ir.val("y", ir.DataType.FLOAT, (4, 3))
    tape.op("Gemm", [x, b, c], {"transB": trans_b, **attributes}, output=y)
    model = model_of(tape, [x], [y])
    value = {"x": generator.standard_normal((4, 4)).astype(np.float32)}
    expected = ORT_CPU.runner(model)(value)["y"]
    prepared = {
        name: Prepared(INT8, Linear(match.array, floats(match.bias), paired=True))
        for name, match in matches_of(model).items()
    }
    sites = apply(WriteLinear(prepared), model).sites
    assert len(sites) == (attributes == {})  # scaled or transposed otherwise, it stays float
    found = ORT_CPU.runner(model)(value)["y"]
    assert np.abs(found - expected).max() < STEP * np.abs(expected).max()


def test_the_error_is_the_rounding_of_the_weights_and_one_activation_step(
    written: Callable[..., ir.Model],
) -> None:
    generator = np.random.default_rng(0)
    weight, x, bias = (
        generator.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (1, 8, 64), (32,))
    )
    linear = Linear(weight, bias, paired=True)
    found = ORT_CPU.runner(written(INT8, linear))({"x": x})["y"]
    step = (x.max() - x.min()) / 255
    rounded = linear.dequantized
    error = np.abs(found - (x @ rounded + bias))
    assert (error <= step / 2 * np.abs(rounded).sum(0) + ROUNDING * np.abs(found).max()).all()


def test_a_divided_input_answers_as_the_whole_one(written: Callable[..., ir.Model]) -> None:
    generator = np.random.default_rng(1)
    weight, x = (generator.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (1, 8, 64)))
    divisor = np.exp(generator.standard_normal(64)).astype(np.float32)
    linear = Linear(weight * divisor[:, None], None, paired=True, divisor=divisor)
    found = ORT_CPU.runner(written(INT8, linear))({"x": x})["y"]
    divided = x / divisor
    step = (divided.max() - divided.min()) / 255
    rounded = linear.dequantized
    error = np.abs(found - divided @ rounded)
    assert (error <= step / 2 * np.abs(rounded).sum(0) + ROUNDING * np.abs(found).max()).all()


def test_what_techniques_chose_is_what_is_stored(written: Callable[..., ir.Model]) -> None:
    weight = np.random.default_rng(2).standard_normal((8, 4)).astype(np.float32)
    stored, scale = INT8_GRID.quantize(weight)
    linear = Linear(weight, None, scale=2 * scale, stored=stored // 2)
    (node,) = written(INT8, linear).graph
    np.testing.assert_array_equal(node.inputs[1].const_value.numpy(), stored // 2, strict=True)
    np.testing.assert_array_equal(node.inputs[2].const_value.numpy(), 2 * scale[0], strict=True)


def test_a_layer_without_a_form_stays_float(by_hand: Callable[..., ir.Model]) -> None:
    model = by_hand(np.ones((4, 3), np.float32))
    assert apply(WriteLinear({}), model).sites == ()
    assert [node.op_type for node in model.graph] == ["MatMul"]
