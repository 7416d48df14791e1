"""Attention over a cache in int8 by a kernel: without it, what it was made of, bit by bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.functions import DOMAIN, inlined, write_bodies
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_attention import kernel_int8_attention
from edgeattn_export.targets.cpu import FORMS

BATCH, HEADS, KEY_HEADS, NEW, CAPACITY, SIZE = 2, 4, 2, 3, 7, 8
Arrays = dict[str, NDArray[np.generic]]
Change = Callable[[ir.Model], object]


def _inputs(*, masked: bool = True) -> Arrays:
    random = np.random.default_rng(drawn_seed(0))
    inputs: Arrays = {"q": random.standard_normal((BATCH, HEADS, NEW, SIZE)).astype(np.float32)}
    for name in ("k", "v"):
        inputs[name] = random.integers(-127, 128, (BATCH, KEY_HEADS, CAPACITY, SIZE)).astype(np.int8)
        inputs[f"{name}_scale"] = random.random((BATCH, KEY_HEADS, CAPACITY, 1)).astype(np.float32) / 64
    if masked:
        inputs["mask"] = np.where(np.tri(NEW, CAPACITY, 2) > 0, 0, -np.inf).astype(np.float32)
    return inputs


def _model(inputs: Arrays, **attributes: float) -> ir.Model:
    tape = Tape()
    values = {
        name: ir.val(name, ir.DataType.from_numpy(array.dtype), array.shape) for name, array in inputs.items()
    }
    restored = [
        tape.op("Mul", [tape.op("Cast", [values[name]], {"to": ir.DataType.FLOAT}), values[f"{name}_scale"]])
        for name in ("k", "v")
    ]
    masks = [values["mask"]] if "mask" in values else []
    y = tape.op("Attention", [values["q"], *restored, *masks], attributes)
    y.name, y.type = "y", ir.TensorType(ir.DataType.FLOAT)
    return model_of(tape, list(values.values()), [y])


@pytest.mark.parametrize("attributes", [{"scale": 1.0}, {"scale": 0.5, "softcap": 20.0}, {}])
@pytest.mark.parametrize("masked", [True, False])
def test_without_the_kernel_it_answers_as_before(attributes: dict[str, float], masked: bool) -> None:
    inputs = _inputs(masked=masked)
    model = _model(inputs, **attributes)
    expected = ORT_CPU.runner(model)(inputs)["y"]
    assert len(apply(kernel_int8_attention, model).sites) == 1
    write_bodies(model, FORMS.bodies)
    assert [(node.domain, node.op_type) for node in model.graph] == [(DOMAIN, "Int8Attention")]
    for way in (model, inlined(model)):
        np.testing.assert_array_equal(ORT_CPU.runner(way)(inputs)["y"], expected)


def test_bodies_with_a_mask_and_without_have_names_of_their_own() -> None:
    models = [_model(_inputs(masked=masked), scale=1.0) for masked in (True, False)]
    for model in models:
        apply(kernel_int8_attention, model)
    assert len({model.graph[0].overload for model in models}) == 2


def _in_16_bits(model: ir.Model) -> None:
    model.graph.inputs[1].dtype = ir.DataType.INT16


def _causal(model: ir.Model) -> None:
    model.graph[-1].attributes["is_causal"] = ir.AttrInt64("is_causal", 1)


def _float_values(model: ir.Model) -> None:
    attention = model.graph[-1]
    attention.replace_input_with(2, attention.inputs[0])


@pytest.mark.parametrize("change", [_in_16_bits, _causal, _float_values])
def test_what_the_kernel_does_not_compute_stays(change: Change) -> None:
    model = _model(_inputs(), scale=1.0)
    change(model)
    assert apply(kernel_int8_attention, model).sites == ()
