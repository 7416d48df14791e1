"""What edgeattn-kernels computes in one node is what it and stock operators compute in several.

``make kernels`` installs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.functions import write_bodies
from edgeattn_export.graph.rule import Rule
from edgeattn_export.quantize.forms.ort_cpu.kernel.attention import kernel_attention
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import ACTIVATIONS, NORMS
from edgeattn_export.quantize.forms.ort_cpu.kernel.linear_kernel import KERNEL_INT4_BLOCKS
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import blocks_of
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.targets.cpu import FORMS

edgeattn_kernels = pytest.importorskip("edgeattn_kernels", reason="make kernels installs it")

WIDTH, CHANNELS = 12, 8
SUMS = 1e-5  # of the largest number: what float32 sums in another order, and a kernel's own GELU, add


def _session(model: ir.Model) -> onnxruntime.InferenceSession:
    write_bodies(model, FORMS.bodies)
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(str(edgeattn_kernels.library()))
    return onnxruntime.InferenceSession(serialize(model), options, providers=["CPUExecutionProvider"])


def _finished(model: ir.Model, rules: Sequence[Rule] = FORMS.finish) -> ir.Model:
    for rule in rules:
        apply(rule, model)
    return model


def _assert_close(model: ir.Model, expected: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(_answer(model), expected, rtol=0, atol=SUMS * np.abs(expected).max())


def _answer(model: ir.Model) -> NDArray[np.float32]:
    generator = np.random.default_rng(drawn_seed(1))
    inputs = {
        name: generator.standard_normal((5, width)).astype(np.float32)
        for name, width in (("x", WIDTH), ("residual", CHANNELS))
    }
    answer: NDArray[np.float32] = _session(model).run(["y"], inputs)[0]
    return answer


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("norm", ["none", *NORMS])
@pytest.mark.parametrize("has_residual", [False, True])
@pytest.mark.parametrize(
    "factor", [None, np.linspace(0.5, 2, WIDTH).astype(np.float32)], ids=["", "smoothed"]
)
def test_one_node_answers_as_several(
    activation: str,
    norm: str,
    has_residual: bool,
    factor: NDArray[np.float32] | None,
    around: Callable[..., ir.Model],
) -> None:
    def build(tape: Tape, residual: ir.Value, y: ir.Value) -> ir.Value:
        y = ACTIVATIONS[activation](tape, y)
        y.shape, y.type = residual.shape, residual.type
        y = tape.op("Sum", [y, residual]) if has_residual else y
        y.shape, y.type = residual.shape, residual.type
        if norm == "none":
            return tape.op("Identity", [y])
        scale = embed(tape, np.linspace(0.5, 2, CHANNELS).astype(np.float32), "norm_scale")
        return tape.op(NORMS[norm], [y, scale], {"axis": -1})

    expected = _answer(around(build, factor))
    model = _finished(around(build, factor))
    assert [node.op_type for node in model.graph if node.op_type != "Identity"] == ["Int8Linear"]
    _assert_close(model, expected)


def test_what_is_read_beside_its_norm_is_a_second_output(around: Callable[..., ir.Model]) -> None:
    def build(tape: Tape, residual: ir.Value, y: ir.Value) -> ir.Value:
        added = tape.op("Sum", [y, residual])
        added.shape, added.type = residual.shape, residual.type
        scale = embed(tape, np.linspace(0.5, 2, CHANNELS).astype(np.float32), "norm_scale")
        return tape.op("Sub", [tape.op("LayerNormalization", [added, scale], {"axis": -1}), added])

    expected = _answer(around(build))
    model = _finished(around(build))
    assert [node.op_type for node in model.graph] == ["Int8Linear", "Sub"]
    _assert_close(model, expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_gated_node_answers_as_two(activation: str, around: Callable[..., ir.Model]) -> None:
    def build(tape: Tape, residual: ir.Value, y: ir.Value) -> ir.Value:
        halves = tape.op_multi_out("Split", [y], {"axis": -1, "num_outputs": 2}, num_outputs=2)
        for half in halves:
            half.shape, half.type = ir.Shape(("rows", CHANNELS // 2)), residual.type
        gated = tape.op("Mul", [ACTIVATIONS[activation](tape, halves[0]), halves[1]])
        return tape.op("Concat", [gated, gated], {"axis": -1})

    expected = _answer(around(build))
    model = _finished(around(build))
    assert [node.op_type for node in model.graph] == ["Int8Linear", "Concat"]
    _assert_close(model, expected)


@pytest.mark.parametrize("finish", [(), FORMS.finish], ids=["scales in float32", "scales in bfloat16"])
def test_weights_of_4_bits_are_as_exact_as_those_of_their_body(
    finish: Sequence[Rule], written: Callable[..., ir.Model]
) -> None:
    generator = np.random.default_rng(drawn_seed(0))
    weight = generator.standard_normal((64, 24)).astype(np.float32)
    linear = Linear(weight, None, KERNEL_INT4_BLOCKS.grid)
    model = _finished(written(KERNEL_INT4_BLOCKS, linear), finish)
    assert operators(model).get("Cast", 0) == bool(finish)
    x = {"x": generator.standard_normal((2, 7, 64)).astype(np.float32)}
    answer = _session(model).run(["y"], x)[0]
    stored, scale = blocks_of(linear)
    right = x["x"] @ (stored * scale[..., None]).reshape(24, 64).T
    step = (x["x"].max(-1) - x["x"].min(-1)).max() / 255  # of an activation, by row
    assert np.abs(answer - right).max() < step * np.abs(weight).sum(0).max() / 2


def test_an_attention_answers_as_stock_ones_by_rows_and_by_parts() -> None:
    heads, size = 3, 8
    inputs = {
        "rows": np.random.default_rng(drawn_seed(0))
        .standard_normal((2, 5, 3 * heads * size))
        .astype(np.float32),
        "mask": np.tri(5, dtype=bool),
    }

    def attention(*, parts_are_used: bool) -> ir.Model:
        tape = Tape()
        values = {
            name: ir.val(name, ir.DataType.from_numpy(array.dtype), array.shape)
            for name, array in inputs.items()
        }
        parts = tape.op_multi_out("Split", [values["rows"]], {"axis": -1, "num_outputs": 3}, num_outputs=3)
        for part in parts:
            part.shape, part.type = ir.Shape((2, 5, heads * size)), values["rows"].type
        counts = {"q_num_heads": heads, "kv_num_heads": heads}
        y = tape.op("Attention", [*parts, values["mask"]], counts)
        y = tape.op("Add", [y, parts[0]]) if parts_are_used else y
        y.name, y.type = "y", values["rows"].type
        return model_of(tape, list(values.values()), [y])

    for parts_are_used, expected in ((False, ["Attention"]), (True, ["Split", "Attention", "Add"])):
        stock, model = (attention(parts_are_used=parts_are_used) for _ in range(2))
        apply(kernel_attention, model)
        assert [node.op_type for node in model.graph] == expected
        answer, wanted = (_session(each).run(["y"], inputs)[0] for each in (model, stock))
        np.testing.assert_allclose(answer, wanted, rtol=0, atol=SUMS * np.abs(wanted).max())
