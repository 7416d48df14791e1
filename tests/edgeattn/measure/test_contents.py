from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn.measure.contents import module_parts, read_contents
from edgeattn.results.graph import ModulePart
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.scopes import MODULE
from edgeattn_runtime.errors import BadInput

HEADS, SIZE = 3, 4
APART: tuple[int | str, ...] = ("batch", HEADS, "sequence", SIZE)
TOGETHER: tuple[int | str, ...] = ("batch", "sequence", HEADS * SIZE)


def _saved(folder: Path, *attentions: tuple[tuple[int | str, ...], dict[str, int]]) -> Path:
    """Save a graph of attentions, each with the dims of its operands and its attributes."""
    tape = Tape()
    inputs, outputs = [], []
    for i, (dims, attributes) in enumerate(attentions):
        q, k, v = (ir.val(f"{name}{i}", ir.DataType.FLOAT, dims) for name in "qkv")
        y = ir.val(f"y{i}", ir.DataType.FLOAT, dims)
        tape.op("Attention", [q, k, v], attributes, output=y)
        inputs += [q, k, v]
        outputs.append(y)
    weight = tape.initializer(ir.tensor([1.0, 2.0], name="weight", dtype=ir.DataType.FLOAT))
    graph = ir.Graph(
        inputs, outputs, nodes=tape.nodes, initializers=[weight], opset_imports={"": 23}, name="attentions"
    )
    ir.save(ir.Model(graph, ir_version=10), folder / "model.onnx")
    return folder / "model.onnx"


@pytest.mark.parametrize(
    "attention",
    [(APART, {}), (TOGETHER, {"q_num_heads": HEADS, "kv_num_heads": HEADS})],
    ids=["heads apart", "heads side by side"],
)
def test_an_attentions_heads_are_counted(
    attention: tuple[tuple[int | str, ...], dict[str, int]], tmp_path: Path
) -> None:
    assert read_contents(_saved(tmp_path, attention)).heads == HEADS


def test_the_most_heads_count(tmp_path: Path) -> None:
    more: tuple[int | str, ...] = ("batch", HEADS + 1, "sequence", SIZE)
    contents = read_contents(_saved(tmp_path, (APART, {}), (more, {})))
    assert contents.heads == HEADS + 1
    assert contents.operators == {"Attention": 2}


@pytest.mark.parametrize("attentions", [(), ((("batch", "heads", "sequence", SIZE), {}),)])
def test_where_none_are_known_there_is_one(
    attentions: tuple[tuple[tuple[int | str, ...], dict[str, int]], ...], tmp_path: Path
) -> None:
    contents = read_contents(_saved(tmp_path, *attentions))
    assert contents.heads == 1
    assert contents.weights_mb == {"float": 8e-6}


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"model\.ort: "):
        read_contents(tmp_path / "model.ort")


SIDE = 100


def _of(module: str, node: ir.Node | None) -> None:
    assert node is not None
    node.metadata_props[MODULE] = module


def _model() -> ir.Model:
    """Two products whose int8 weights are made float before either, the last one's first."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (1, SIDE))
    weights = {}
    for module in ("second", "first"):
        stored = embed(tape, np.zeros((SIDE, SIDE), np.int8), f"{module}.int8")
        scale = embed(tape, np.array(1, np.float32), f"{module}.scale")
        weights[module] = tape.op("DequantizeLinear", [stored, scale])
        _of(module, weights[module].producer())
    value = x
    for module in ("first", "second"):
        value = tape.op("MatMul", [value, weights[module]])
        _of(module, value.producer())
    graph = ir.Graph([x], [value], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 21})
    return ir.Model(graph, ir_version=10)


def test_modules_stand_in_the_order_in_which_they_compute() -> None:
    megabytes = (SIDE * SIDE + 4) / 1e6
    assert module_parts([_model()]) == (ModulePart("first", 2, megabytes), ModulePart("second", 2, megabytes))
