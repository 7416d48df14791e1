from __future__ import annotations

from collections.abc import Callable

import onnx
import onnx_ir as ir
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.rule import Emit
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Quantized, Recipe, quantize
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.forms.form import rewrite
from edgeattn_export.quantize.forms.ort_cpu.gelu_tanh import gelu_tanh
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import LinearInt8
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.targets.cpu import DYNAMIC_INT8, FORMS
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.errors import QuantizeError

Calibrated = Callable[[ir.Model, Samples], Calibration]

CLOSE = 0.995  # cosine of a whole encoder of random weights


@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (3, 5), (2, 32)])
def test_the_int8_encoder_answers_close_to_pytorch(
    sizes: tuple[int, int], encoder: Captured, samples: Samples, quantized: Quantized
) -> None:
    inputs = dict(sized_inputs(samples, encoder.axes, dict(zip(("batch", "sequence"), sizes, strict=True))))
    inputs["mask"][-1, 1:] = 0
    expected, found = encoder.reference(inputs), ORT_CPU.runner(quantized.model)(inputs)
    assert all(CLOSE < cosine(expected[name], found[name]) < 1 for name in expected)


def test_what_must_not_be_int8_is_float(quantized: Quantized) -> None:
    found = operators(quantized.model)
    assert found["MatMulIntegerToFloat"] == 3  # query, key and value, of one input
    assert found["DynamicQuantizeMatMul"] == 3
    assert found["Attention"] == 1
    assert found["LayerNormalization"] == 2
    assert not {"MatMul", "Gemm", "MatMulInteger", "QAttention", "QuantizeLinear"} & set(found)


def test_it_is_a_quarter_of_the_size(recovered: Recovered, quantized: Quantized) -> None:
    assert len(serialize(quantized.model)) < 0.35 * len(serialize(recovered.model))


def test_the_file_is_valid(quantized: Quantized) -> None:
    proto = onnx.load_from_string(serialize(quantized.model))
    onnx.checker.check_model(proto)
    assert {entry.domain for entry in proto.opset_import} == {"", "com.microsoft"}


def test_the_float_graph_is_left_as_it_is_and_the_way_is_the_same(
    recovered: Recovered, samples: Samples, calibrated: Calibrated
) -> None:
    before = serialize(recovered.model)
    once, again = (quantize(calibrated(recovered.model, samples), DYNAMIC_INT8) for _ in range(2))
    assert serialize(recovered.model) == before
    assert serialize(once.model) == serialize(again.model)
    assert once.layers == again.layers


def test_a_recipe_of_fewer_forms(recovered: Recovered, samples: Samples, calibrated: Calibrated) -> None:
    recipe = Recipe("rows", (), ("int8 rows",))
    rows = quantize(calibrated(recovered.model, samples), recipe)
    assert rows.recipe == recipe
    assert {layer.module: layer.form for layer in rows.layers} == {
        "tokens": "int8 rows",
        "query+key+value": "float",
        "output": "float",
        "up": "float",
        "down": "float",
    }
    assert operators(rows.model)["MatMul"] == 4


def test_a_constant_that_lies_transposed_in_memory(exported: Export, calibrated: Calibrated) -> None:
    class Offset(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.offset = nn.Linear(4, 4), nn.Parameter(torch.ones(4, 3))

        def forward(self, x: Tensor) -> Tensor:
            return self.linear(x) + self.offset.T

    captured, samples = exported(Offset(), [{"x": torch.ones(n, 3, 4)} for n in (2, 5, 3)])
    known = calibrated(recover(captured, samples).model, samples)
    assert [layer.form for layer in quantize(known, DYNAMIC_INT8).layers] == ["int8"]


def test_a_result_that_does_not_run_is_refused(
    recovered: Recovered, samples: Samples, calibrated: Calibrated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LinearInt8, "emit", lambda _, tape, x, *__: tape.op("NoSuchOperator", [x]))
    with pytest.raises(QuantizeError, match="NoSuchOperator"):
        quantize(calibrated(recovered.model, samples), DYNAMIC_INT8)


def test_a_result_that_answers_nan_is_refused(
    recovered: Recovered, samples: Samples, calibrated: Calibrated, monkeypatch: pytest.MonkeyPatch
) -> None:
    @rewrite(gelu_tanh.name, gelu_tanh.noun, "Gelu")
    def wrong(node: ir.Node) -> Emit:
        return lambda tape: {node.outputs[0]: tape.op("Log", [tape.op("Neg", [tape.op("Abs", node.inputs)])])}

    monkeypatch.setitem(FORMS.rewrites, wrong.name, wrong)
    with pytest.raises(QuantizeError, match=r"^output 'embedding' .*NaN"):
        quantize(calibrated(recovered.model, samples), DYNAMIC_INT8)


def test_every_layer_is_reported_by_its_pytorch_name(int8: Quantized) -> None:
    found = sorted((layer.module, layer.form) for layer in int8.layers)
    assert found == [
        ("biased", "int8"),
        ("first", "int8"),
        ("flat", "int8"),
        ("gelu", "gelu tanh"),
        ("second", "int8"),
        ("segments", FLOAT.name),
        ("shared", "int8"),
        ("shared", "int8"),
        ("unbiased", "int8"),
        ("unbiased", "int8"),
        ("words", "int8 rows"),
    ]


def test_each_has_moved_a_little(int8: Quantized) -> None:
    moved = {layer.module: layer.r2 for layer in int8.layers if layer.form != FLOAT.name}
    assert all(r2 is not None and 0.999 < r2 < 1 for r2 in moved.values()), moved


def test_a_float_layer_before_all_others_has_not(int8: Quantized) -> None:
    assert [layer.r2 for layer in int8.layers if layer.module == "segments"] == [1.0]
