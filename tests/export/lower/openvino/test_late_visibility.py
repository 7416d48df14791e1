from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.lower.decomposed.attention import DecomposeAttention
from edgeattn_export.lower.openvino.late_visibility import LateVisibility
from edgeattn_export.lower.ort_cpu import ORT_CPU

WIDTH, HEADS, LENGTH = 12, 3, 5
FIRST_ROW = 0  # of a batch of two: all of it is masked out

Dims = tuple[int | str, ...]


def _attention(mask: Dims, *, flat: bool = True) -> ir.Model:
    """Return an attention with a mask, decomposed."""
    tape = Tape()
    dims: Dims = ("b", "s", WIDTH) if flat else ("b", HEADS, "s", WIDTH // HEADS)
    inputs = [ir.val(name, ir.DataType.FLOAT, dims) for name in "qkv"]
    inputs.append(ir.val("mask", ir.DataType.BOOL, mask))
    heads = {"q_num_heads": HEADS, "kv_num_heads": HEADS} if flat else {}
    y = tape.op("Attention", inputs, heads)
    y.name, y.type, y.shape = "y", ir.TensorType(ir.DataType.FLOAT), ir.Shape(dims)
    graph = ir.Graph(inputs, [y], nodes=tape.nodes, opset_imports={"": 23}, name="attention")
    model = ir.Model(graph, ir_version=10)
    apply(DecomposeAttention(), model)
    return model


def _fed(mask: Dims) -> dict[str, np.ndarray]:
    draw, sizes = np.random.default_rng(0), {"b": 2, "s": LENGTH}
    found = {name: draw.normal(size=(2, LENGTH, WIDTH)).astype(np.float32) for name in "qkv"}
    shown = draw.random([sizes.get(dim, dim) for dim in mask]) < 0.6
    shown[FIRST_ROW] = False
    return {**found, "mask": shown}


@pytest.mark.parametrize("mask", [("b", 1, 1, "s"), ("b", 1, "s", "s")])
def test_it_zeros_joined_heads(mask: Dims) -> None:
    model, inputs = _attention(mask), _fed(mask)
    expected = ORT_CPU.runner(model)(inputs)["y"]
    assert len(apply(LateVisibility(), model).sites) == 1
    assert operators(model)["Squeeze"] == 1
    (last,) = [node for node in model.graph if node.outputs[0].is_graph_output()]
    assert last.op_type == "Mul"
    found = ORT_CPU.runner(model)(inputs)["y"]
    np.testing.assert_array_equal(found, expected)
    assert not found[FIRST_ROW].any()
    assert found[1].any()


def test_a_mask_a_head_is_refused() -> None:
    model = _attention(("b", HEADS, 1, "s"))
    applied = apply(LateVisibility(), model)
    assert applied.sites == ()
    assert [refused.reason for refused in applied.refused] == [
        "each head has a mask of its own, as far as is known; one for all expected"
    ]


def test_heads_that_are_joined_by_their_sizes_are_refused() -> None:
    model = _attention(("b", 1, 1, "s"))
    (join,) = [node for node in model.graph if node.outputs[0].is_graph_output()]
    sizes = ir.val("sizes", ir.DataType.INT64, (3,))  # known at a call alone
    model.graph.inputs.append(sizes)
    join.replace_input_with(1, sizes)
    applied = apply(LateVisibility(), model)
    assert applied.sites == ()
    assert [refused.reason for refused in applied.refused] == [
        "its heads are not joined right behind it; what zeros them stays before"
    ]


def test_heads_that_stay_apart_are_left_alone() -> None:
    model = _attention(("b", 1, 1, "s"), flat=False)
    before = operators(model)
    assert apply(LateVisibility(), model).sites == ()
    assert operators(model) == before
