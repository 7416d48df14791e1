"""Attention by a kernel: without it, the standard operator, bit by bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.functions import DOMAIN, inlined, write_bodies
from edgeattn_export.lower import Lowered
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.kernel.attention import kernel_attention
from edgeattn_export.targets.cpu import FORMS

BATCH, HEADS, WIDTH = 2, 4, 8
Arrays = dict[str, NDArray[np.generic]]


def _model(inputs: Arrays, outputs: int = 1, **attributes: float) -> ir.Model:
    """Return an attention of (batch, heads, sequence, width); inputs by their roles, in order."""
    roles = ("q", "k", "v", "mask", "past_key", "past_value")
    tape = Tape()
    values = {
        name: ir.val(name, ir.DataType.from_numpy(array.dtype), array.shape) for name, array in inputs.items()
    }
    given = [values.get(name) for name in roles]
    while given[-1] is None:
        given.pop()
    answers = tape.op_multi_out("Attention", given, attributes, num_outputs=outputs)
    for number, answer in enumerate(answers):
        answer.name, answer.type = f"answer{number}", ir.TensorType(ir.DataType.FLOAT)
    return model_of(tape, list(values.values()), answers)


def _inputs(**lengths: int) -> Arrays:
    generator = np.random.default_rng(drawn_seed(0))
    return {
        name: generator.standard_normal((BATCH, HEADS, length, WIDTH)).astype(np.float32)
        for name, length in lengths.items()
    }


CASES: dict[str, tuple[Arrays, int, dict[str, float]]] = {
    "plain": (_inputs(q=5, k=7, v=7), 1, {}),
    "causal": (_inputs(q=5, k=5, v=5), 1, {"is_causal": 1, "scale": 0.5}),
    "a mask": (_inputs(q=5, k=7, v=7) | {"mask": np.tri(5, 7, 2).astype(bool)}, 1, {"softcap": 20.0}),
    "as torch writes it": (_inputs(q=5, k=7, v=7), 1, {"qk_matmul_output_mode": 0, "softcap": 0.0}),
    "a cache": (_inputs(q=1, k=1, v=1, past_key=6, past_value=6), 3, {}),
}


@pytest.mark.parametrize(("inputs", "outputs", "attributes"), CASES.values(), ids=CASES)
def test_without_the_kernel_it_answers_as_the_standard_one(
    inputs: Arrays, outputs: int, attributes: dict[str, float]
) -> None:
    model = _model(inputs, outputs, **attributes)
    expected = ORT_CPU.runner(model)(inputs)
    assert len(apply(kernel_attention, model).sites) == 1
    write_bodies(model, FORMS.bodies)
    assert [node.domain for node in model.graph] == [DOMAIN]
    for way in (model, inlined(model)):
        answers = ORT_CPU.runner(way)(inputs)
        assert answers.keys() == expected.keys()
        for name, answer in answers.items():
            np.testing.assert_array_equal(answer, expected[name])


def _packed_model(
    *,
    sizes: Sequence[int] | None = None,
    axis: int = -1,
    key_heads: int = HEADS,
    shared: bool = False,
    mask: Sequence[int | str] | None = None,
) -> ir.Model:
    """Return an attention of (batch, length, heads * width) in three parts of one input."""
    sizes_or_equal = sizes or [HEADS * WIDTH] * 3
    tape = Tape()
    packed = ir.val("packed", ir.DataType.FLOAT, (BATCH, "length", sum(sizes_or_equal)))
    masks = [] if mask is None else [ir.val("mask", ir.DataType.BOOL, mask)]
    counts = [] if sizes is None else [tape.initializer(ir.tensor(np.array(sizes), name="sizes"))]
    equal = {} if counts else {"num_outputs": 3}
    parts = tape.op_multi_out("Split", [packed, *counts], {"axis": axis, **equal}, num_outputs=3)
    for part, size, name in zip(parts, sizes_or_equal, "qkv", strict=True):
        part.name, part.shape = name, ir.Shape((BATCH, "length", size))
        part.type = ir.TensorType(ir.DataType.FLOAT)
    heads = {"q_num_heads": HEADS, "kv_num_heads": key_heads}
    answers = [tape.op("Attention", [*parts, *masks], heads)]
    if shared:
        answers.append(tape.op("Neg", [parts[1]]))
    for number, answer in enumerate(answers):
        answer.name, answer.type = f"answer{number}", ir.TensorType(ir.DataType.FLOAT)
    graph = ir.Graph([packed, *masks], answers, nodes=tape.nodes, opset_imports={"": 23}, name="attention")
    for constant in counts:
        graph.register_initializer(constant)
    return ir.Model(graph, ir_version=10)


MASKS: dict[str, tuple[Sequence[int | str] | None, Arrays]] = {
    "no mask": (None, {}),
    "causal": (("length", "length"), {"mask": np.tri(5, dtype=bool)}),
    "padding": ((BATCH, 1, 1, "length"), {"mask": np.tri(BATCH, 5, 3, dtype=bool)[:, None, None]}),
}


@pytest.mark.parametrize(("dims", "mask"), MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("sizes", [None, [HEADS * WIDTH] * 3], ids=["equal parts", "sizes"])
def test_rows_that_are_split_for_it_alone_reach_the_kernel_whole(
    sizes: list[int] | None, dims: Sequence[int | str] | None, mask: Arrays
) -> None:
    rows = (
        np.random.default_rng(drawn_seed(0)).standard_normal((BATCH, 5, 3 * HEADS * WIDTH)).astype(np.float32)
    )
    inputs = {"packed": rows, **mask}
    model = _packed_model(sizes=sizes, mask=dims)
    expected = ORT_CPU.runner(model)(inputs)["answer0"]
    apply(kernel_attention, model)
    write_bodies(model, FORMS.bodies)
    (node,) = model.graph
    given = ["packed", None, None, "mask"] if mask else ["packed"]
    assert [value and value.name for value in node.inputs] == given
    for way in (model, inlined(model)):
        np.testing.assert_array_equal(ORT_CPU.runner(way)(inputs)["answer0"], expected)


@pytest.mark.parametrize(
    "others",
    [
        {"shared": True},
        {"axis": 1},
        {"key_heads": 2, "sizes": [HEADS * WIDTH, 2 * WIDTH, 2 * WIDTH]},
        {"sizes": [HEADS * WIDTH, HEADS * WIDTH, 2 * HEADS * WIDTH]},
    ],
    ids=["used by another", "along the rows", "grouped heads", "wider values"],
)
def test_others_that_are_split_stay_split(others: dict[str, Any]) -> None:
    model = _packed_model(**others)
    assert len(apply(kernel_attention, model).sites) == 1
    (attention,) = (node for node in model.graph if node.op_type == "Attention")
    assert [value and value.name for value in attention.inputs] == ["q", "k", "v"]


def test_attentions_that_differ_have_bodies_of_their_own() -> None:
    bodies = set()
    for inputs, outputs, attributes in CASES.values():
        model = _model(inputs, outputs, **attributes)
        apply(kernel_attention, model)
        write_bodies(model, FORMS.bodies)
        bodies |= model.functions.keys()
    assert len(bodies) == len(CASES)


def test_an_attention_that_is_not_covered_stays() -> None:
    model = _model(_inputs(q=5, k=7, v=7), softmax_precision=1)
    assert apply(kernel_attention, model).sites == ()
    assert apply(kernel_attention, _model(_inputs(q=5, k=7, v=7), 4)).sites == ()


def test_a_recovered_encoder_has_it_and_none_is_taken_twice(lowered: Lowered) -> None:
    model = lowered.model.clone()
    assert len(apply(kernel_attention, model).sites) == 1
    assert apply(kernel_attention, model).sites == ()
